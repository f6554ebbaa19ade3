//! Sentences about processes that touch memory, and about mappings, tables and pages that come and
//! go.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Level, Pte, PteFlags};
use rangewalk_core::machine::address_space::DirtyMethod;
use rangewalk_core::machine::event::{Access, FaultCause, FaultEnd};
use rangewalk_core::machine::{Event, FileKind, MappingId, MmId, SlotId, VmFlags, VmaId};

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
        Event::TableFree { level, addr, .. } => (
            format!("A {} table is freed.", level.below().map_or("", Level::name)),
            format!("No VMA is left for {} entry {}.", level.name(), level.index(addr)),
        ),
        Event::Cow { addr, .. } => (
            format!("{} gets its own copy of {}.", now.whose(), now.page_words(now.place.mm, addr)),
            "The mapping is private: what is written here never reaches a file.".to_owned(),
        ),
        Event::Install { slot, addr } => install(now, slot, addr),
        Event::Copy { from, to, addr } => copy(now, from, to, addr),
        Event::Move { to, addr, .. } => moved(now, to, addr),
        Event::Mkwrite { mapping, pgoff } => {
            let (who, call) = match now.world().mapping(mapping).kind {
                FileKind::Ext4 => ("file system", "page_mkwrite"),
                _ => ("driver", "pfn_mkwrite"),
            };
            let file = now.file_name(mapping);
            (
                format!("The {who} hears of the write to page {pgoff} of {file}."),
                format!("`{call}` runs before the entry becomes writable."),
            )
        }
        Event::DirtyMethod { mapping, method } => dirty_method(now, mapping, method),
        Event::DirtyTransfer { mapping, first, nr } => (
            format!(
                "The driver hands {} of {} to the device.",
                pages_words(first, nr),
                now.file_name(mapping)
            ),
            "Their bits are cleared: the next scan starts over.".to_owned(),
        ),
        Event::MmNew { mm } => (
            format!("Process {} comes to be.", now.process(mm)),
            "It has a PGD and nothing in it.".to_owned(),
        ),
        Event::MmGone { mm } => (format!("Process {} is gone.", now.process(mm)), String::new()),
        Event::VmaChange { vma } => vma_change(now, vma),
        Event::VmaGone { vma } => (format!("Mapping {} is gone.", now.vma(vma)), String::new()),
        _ => unreachable!("not a step of a process"),
    }
}

fn dirty_method(now: &Now<'_>, mapping: MappingId, method: DirtyMethod) -> Said {
    let file = now.file_name(mapping);
    let (said, why) = match method {
        DirtyMethod::Untracked => ("stops tracking", "Nobody asks what is written any more."),
        DirtyMethod::Pagetable => {
            ("tracks by page table", "Writes are dense: looking at dirty bits beats faulting.")
        }
        DirtyMethod::Mkwrite => {
            ("tracks by write faults", "Writes are sparse: a fault a page beats a scan of all.")
        }
    };
    (format!("The driver {said} what is written into {file}."), why.to_owned())
}

fn pages_words(first: u64, nr: u64) -> String {
    match nr {
        1 => format!("page {first}"),
        _ => format!("pages {first} to {}", first + nr - 1),
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

fn copy(now: &Now<'_>, from: SlotId, to: SlotId, addr: VirtAddr) -> Said {
    let owner = |slot: SlotId| now.world().table(slot.table()).map(|table| table.mm);
    let name = |mm: Option<MmId>| {
        mm.map_or_else(|| "the process".to_owned(), |mm| now.process(mm).to_owned())
    };
    let page = now.page_words(owner(from), addr);
    let parent = now.step.and_then(|step| now.word_change(step, from));
    let why = match parent {
        Some(_) => format!("Both lose [W]: {}'s entry is write-protected too.", name(owner(from))),
        None => "The parent's entry stays as it is.".to_owned(),
    };
    (format!("{} inherits {}'s entry for {page}.", name(owner(to)), name(owner(from))), why)
}

fn moved(now: &Now<'_>, to: SlotId, addr: VirtAddr) -> Said {
    let level = now.world().table(to.table()).and_then(|table| table.level.below());
    match level {
        Some(below) => (
            format!("{}'s {} table moves to `{addr}`.", now.whose(), below.name()),
            "One entry changes its place. The words in the table stay as they are.".to_owned(),
        ),
        None => (
            format!("{}'s entry moves to `{addr}`.", now.whose()),
            "[T] is on: what has moved counts as written.".to_owned(),
        ),
    }
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
