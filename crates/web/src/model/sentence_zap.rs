//! Sentences about what is taken away: entries, pages, tables, mappings, processes.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Level, Pte};
use rangewalk_core::machine::{Event, SlotId, VmaId};

use crate::model::sentence::{Said, count_words, span_words};
use crate::model::stage_now::Now;

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::Zap { slot, addr } => zap(now, slot, addr),
        Event::Keep { addr, .. } => (
            format!(
                "{}'s entry for {} is spared.",
                now.whose(),
                now.page_words(now.place.mm, addr)
            ),
            "It maps a copy on write, which is the process's own and not the file's.".to_owned(),
        ),
        Event::BatchFull { pages, .. } => (
            format!("The gather is full: {pages} pages wait for the flush."),
            "No page is freed before no TLB knows it; so the flush must come now.".to_owned(),
        ),
        Event::CacheDrop { mapping, pgoff, order } => (
            format!(
                "The page cache of {1} drops {0}.",
                span_words(pgoff, pgoff + (1 << order) - 1),
                now.file_name(mapping)
            ),
            "The frames are free. The next access finds zeroes, or the file's end.".to_owned(),
        ),
        Event::FolioSplit { mapping, pgoff } => (
            format!("The folio of {} is split at page {pgoff}.", now.file_name(mapping)),
            "All entries that mapped it went first: pages that stay are faulted in anew."
                .to_owned(),
        ),
        Event::FileSize { mapping, pages } => (
            format!("{} has {} now.", now.file_name(mapping), count_words(pages, "page", "pages")),
            "Whoever faults behind its end from here on gets SIGBUS.".to_owned(),
        ),
        Event::VmaFlags { vma } => vma_flags(now, vma),
        Event::PageFree { page } => (
            format!("Frame `{}` is free again.", page.pfn()),
            "Nobody maps it any more, and no TLB knows it.".to_owned(),
        ),
        Event::TableFree { level, addr, .. } => (
            format!("A {} table is freed.", level.below().map_or("", Level::name)),
            format!("No VMA is left for {} entry {}.", level.name(), level.index(addr)),
        ),
        Event::MmGone { mm } => (format!("Process {} is gone.", now.process(mm)), String::new()),
        Event::VmaDetach { vma } => (
            format!("Mapping {} is taken out of the process.", now.vma(vma)),
            "No fault finds it any more; the tree still does.".to_owned(),
        ),
        Event::VmaGone { vma } => (format!("Mapping {} is gone.", now.vma(vma)), String::new()),
        _ => unreachable!("nothing is taken away"),
    }
}

fn zap(now: &Now<'_>, slot: SlotId, addr: VirtAddr) -> Said {
    let page = now.page_words(now.place.mm, addr);
    let was = now.step.and_then(|step| now.word_change(step, slot)).map(|(was, _)| Pte(was));
    let why = match was {
        Some(was) if was.is_dirty(now.kernel()) && !was.is_special() => {
            "The slot is empty; its dirt goes to the page."
        }
        Some(was) if was.is_dirty(now.kernel()) => {
            "The slot is empty. A raw frame has no page that could be told: its [D] is lost."
        }
        _ => "The slot is empty.",
    };
    (format!("{}'s entry for {page} is zapped.", now.whose()), why.to_owned())
}

fn vma_flags(now: &Now<'_>, id: VmaId) -> Said {
    let vma = now.world().vma(id);
    let fresh = if Pte(vma.prot).is_write() { "writable" } else { "read-only" };
    (
        format!("Flags of mapping {} change.", now.vma(id)),
        format!("`vm_flags` are `{:x}`; a fresh entry will be {fresh}.", vma.flags.bits()),
    )
}
