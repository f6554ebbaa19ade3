//! What keeps the step safe, and what is still stale.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::machine::event::{Lock, Mode};

use crate::model::counters::Ledger;
use crate::model::stage_now::Now;
use crate::parts;

/// One line of *Held*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The kernel's name of a lock, in monospace.
    pub lock: Option<String>,
    /// What more there is to say.
    pub note: String,
    /// False for the line that says what is *not* held.
    pub held: bool,
}

/// Locks and everything pending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Lines.
    pub rows: Vec<Holding>,
}

fn note(note: String) -> Holding {
    Holding { lock: None, note, held: true }
}

impl Held {
    /// The lines for the cursor.
    #[must_use]
    pub fn new(now: &Now<'_>, ledger: &Ledger) -> Self {
        let mut rows: Vec<Holding> =
            ledger.locks.iter().map(|(lock, mode)| row_of(now, *lock, *mode)).collect();
        if let Some((mm, ..)) = ledger.open {
            rows.push(note(format!("notifier open, {}", now.process(mm))));
        }
        if let Some((mm, pending)) = ledger.pending {
            rows.push(note(format!("flush pending {pending}, {}", now.process(mm))));
        }
        if let Some((low, high)) = ledger.hull {
            rows.push(note(format!("hull {}", pages(now, low, high))));
        }
        if now.world().is_smp() {
            let lines = parts::emulator().map(|it| (it.words.cpus)(now));
            rows.extend(lines.unwrap_or_default().into_iter().map(note));
        } else if ledger.stale > 0 {
            rows.push(note(stale(now, ledger)));
        }
        let mmap = ledger.locks.iter().any(|(lock, _)| matches!(lock, Lock::Mmap(_)));
        if now.in_walk() && !mmap {
            let lock = Some("mmap_lock".to_owned());
            rows.push(Holding { lock, note: "not held".to_owned(), held: false });
        }
        Self { rows }
    }
}

fn row_of(now: &Now<'_>, lock: Lock, mode: Mode) -> Holding {
    let mode = match mode {
        Mode::Read => "read",
        Mode::Write => "write",
    };
    let (name, note) = match lock {
        Lock::IMmap(mapping) => {
            let several = now.world().mappings().count() > 1;
            let of = if several { format!(", {}", now.file_name(mapping)) } else { String::new() };
            ("i_mmap_rwsem", format!("{mode}{of}"))
        }
        Lock::Mmap(mm) => ("mmap_lock", format!("{mode}, {}", now.process(mm))),
        Lock::Vma(vma) => ("VMA lock", format!("{mode}, {}", now.vma(vma))),
        Lock::Folio(page) => ("folio lock", format!("of {}", page.pfn())),
        Lock::AnonVma(family) => ("anon_vma", format!("{mode}, family {family}")),
        Lock::PageTable(mm) => ("page_table_lock", now.process(mm).to_owned()),
        Lock::Ptl(table) => {
            let pfn = now.world().table(table).map(|table| table.pfn);
            ("PTL", pfn.map_or_else(|| "of a table".to_owned(), |pfn| format!("of {pfn}")))
        }
    };
    Holding { lock: Some(name.to_owned()), note, held: true }
}

/// The pages from `low` to `high`, in file pages where the VMA at the cursor knows them.
fn pages(now: &Now<'_>, low: VirtAddr, high: VirtAddr) -> String {
    let page = |addr| now.place.vma.and_then(|vma| now.page_at(vma, addr));
    match (page(low), page(high)) {
        (Some(low), Some(high)) if low == high => format!("page {low}"),
        (Some(low), Some(high)) => format!("pages {low}–{high}"),
        _ => format!("{low}–{high}"),
    }
}

fn stale(now: &Now<'_>, ledger: &Ledger) -> String {
    let page = |addr: &VirtAddr| now.place.vma.and_then(|vma| now.page_at(vma, *addr));
    let some: Vec<String> =
        ledger.stale_at.iter().filter_map(page).map(|p| p.to_string()).collect();
    if some.len() as u64 == u64::from(ledger.stale) {
        format!("stale in TLBs: {}", some.join(", "))
    } else {
        format!("stale in TLBs: {} pages", ledger.stale)
    }
}
