//! Sentences about pages and entries that are copied or moved, and about what a driver or a file
//! system learns of writes.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::machine::address_space::DirtyMethod;
use rangewalk_core::machine::{Event, FileKind, MappingId, MmId, SlotId};

use crate::model::sentence::Said;
use crate::model::stage_now::Now;

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::Cow { addr, .. } => (
            format!("{} gets its own copy of {}.", now.whose(), now.page_words(now.place.mm, addr)),
            "The mapping is private: what is written here never reaches a file.".to_owned(),
        ),
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
        _ => unreachable!("nothing is copied or moved, and nobody learns of a write"),
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
