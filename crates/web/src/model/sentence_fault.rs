//! Sentences about processes that touch memory, and about mappings, tables and entries that come to
//! be.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Level, Pte, PteFlags};
use rangewalk_core::machine::event::{Access, FaultCause, FaultEnd};
use rangewalk_core::machine::{Event, MmId, SlotId, VmFlags, VmaId};

use crate::model::entry;
use crate::model::sentence::{Said, count_words, span_words};
use crate::model::stage_now::Now;

const fn verb(access: Access) -> &'static str {
    match access {
        Access::Load => "reads",
        Access::Store => "writes",
    }
}

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::Access { cpu, mm, access, addr } => {
            let on =
                if now.world().is_smp() { format!(" on CPU {}", cpu.0) } else { String::new() };
            let (process, page) = (now.process(mm), now.page_words(Some(mm), addr));
            (
                format!("{process} {} {page}{on}.", verb(access)),
                format!("The CPU looks `{addr}` up: in its TLB, else in the page tables."),
            )
        }
        Event::Hardware { slot, access, addr } => hardware(now, slot, access, addr),
        Event::Fault { mm, access, cause, addr } => fault(now, mm, access, cause, addr),
        Event::FaultEnd { mm, end, .. } => fault_end(now, mm, end),
        Event::TableAlloc { level, addr, .. } => (
            format!("{} gets a {} table.", now.whose(), level.below().map_or("", Level::name)),
            format!("{} entry {} was empty.", level.name(), level.index(addr)),
        ),
        Event::Install { slot, addr } => install(now, slot, addr),
        Event::MmNew { mm } => (
            format!("Process {} comes to be.", now.process(mm)),
            "It has a PGD and nothing in it.".to_owned(),
        ),
        Event::VmaChange { vma } => vma_change(now, vma),
        _ => unreachable!("not a step of a process"),
    }
}

fn hardware(now: &Now<'_>, slot: SlotId, access: Access, addr: VirtAddr) -> Said {
    let page = now.page_words(now.place.mm, addr);
    let change = now.step.and_then(|step| now.word_change(step, slot));
    let come = change.map_or(PteFlags::empty(), |(was, is)| Pte(is & !was).flags());
    let bits = match (come.contains(PteFlags::ACCESSED), come.contains(PteFlags::DIRTY)) {
        (true, true) => "[A] and [D]",
        (true, false) => "[A]",
        _ => "[D]",
    };
    let why = match access {
        Access::Load => "No kernel code runs for it.",
        Access::Store => "The write went through without a fault: only this bit tells of it.",
    };
    (format!("The CPU sets {bits} in {}'s entry for {page}.", now.whose()), why.to_owned())
}

fn fault(now: &Now<'_>, mm: MmId, access: Access, cause: FaultCause, addr: VirtAddr) -> Said {
    let page = now.page_words(Some(mm), addr);
    let name = now.process(mm);
    let verb = match access {
        Access::Load => "reading",
        Access::Store => "writing",
    };
    let why = match cause {
        FaultCause::NotPresent => "No entry maps it yet.",
        FaultCause::Protection => "Its entry is read-only: [W] is off.",
    };
    (format!("Page fault: {name} was {verb} {page}."), why.to_owned())
}

fn fault_end(now: &Now<'_>, mm: MmId, end: FaultEnd) -> Said {
    let name = now.process(mm);
    match end {
        FaultEnd::Retry => {
            ("The fault is dealt with.".to_owned(), format!("{name} tries the access again."))
        }
        FaultEnd::SegvMapErr => {
            (format!("{name} gets SIGSEGV."), "Nothing is mapped at that address.".to_owned())
        }
        FaultEnd::SegvAccErr => {
            (format!("{name} gets SIGSEGV."), "The mapping does not allow the access.".to_owned())
        }
        FaultEnd::Bus => {
            (format!("{name} gets SIGBUS."), "The page lies behind the end of the file.".to_owned())
        }
    }
}

/// The marks of a fresh entry, in words.
fn marks(word: Pte) -> String {
    let flags = word.flags();
    let names = [
        (PteFlags::RW, "writable [W]"),
        (PteFlags::DIRTY, "dirty [D]"),
        (PteFlags::SAVED_DIRTY, "saved-dirty [V]"),
        (PteFlags::SPECIAL, "special [S]"),
    ];
    let on: Vec<&str> =
        names.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name).collect();
    match on.split_last() {
        None => "read-only and clean".to_owned(),
        Some((last, [])) => {
            format!("{last}{}", if word.is_write() { ", clean" } else { ", read-only" })
        }
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

fn install(now: &Now<'_>, slot: SlotId, addr: VirtAddr) -> Said {
    let page = now.page_words(now.place.mm, addr);
    let why = entry::words(now, slot)
        .map_or_else(String::new, |(_, is)| format!("It is {}.", marks(Pte(is))));
    (format!("{}'s entry for {page} is set.", now.whose()), why)
}

fn vma_change(now: &Now<'_>, id: VmaId) -> Said {
    let vma = now.world().vma(id);
    let whose = vma.mm.map_or_else(String::new, |mm| format!(" of {}", now.process(mm)));
    let sharing = if vma.flags.contains(VmFlags::MAYSHARE) { "shared" } else { "private" };
    let why = match vma.mapping() {
        Some(mapping) if vma.end > vma.start => format!(
            "At `{}` it maps {} of {}, {sharing}.",
            vma.start,
            span_words(vma.pgoff, vma.last_pgoff()),
            now.file_name(mapping)
        ),
        None if vma.end > vma.start => format!(
            "At `{}` it has {} of its own, which no file backs.",
            vma.start,
            count_words(vma.pages(), "page", "pages")
        ),
        _ => String::new(),
    };
    (format!("Mapping {}{whose} takes shape.", now.vma(id)), why)
}
