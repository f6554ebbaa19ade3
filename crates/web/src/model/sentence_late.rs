//! Sentences about steps that the run the page opens with has none of. They come with the emulator,
//! without which no other run can be shown.

use rangewalk_core::arch::Level;
use rangewalk_core::machine::Event;
use rangewalk_core::machine::event::Phase;

use crate::model::sentence::Said;
use crate::model::sentence_cache::pages;
use crate::model::stage_now::Now;
use crate::model::{sentence_copy, sentence_disk, sentence_tlb, sentence_zap};

/// What happened, and why.
pub(crate) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::SwitchMm { .. }
        | Event::Lazy { .. }
        | Event::TlbHit { .. }
        | Event::TlbFill { .. }
        | Event::FlushOmitted { .. }
        | Event::Ipi { .. }
        | Event::Resume { .. } => sentence_tlb::said(now, event),
        Event::Readahead { .. }
        | Event::ReadaheadMark { .. }
        | Event::ReadPages { .. }
        | Event::PageClean { .. }
        | Event::Writeback { .. }
        | Event::WritebackEnd { .. }
        | Event::Migration { .. } => sentence_disk::said(now, event),
        Event::Cow { .. }
        | Event::Copy { .. }
        | Event::Move { .. }
        | Event::Mkwrite { .. }
        | Event::DirtyMethod { .. }
        | Event::DirtyTransfer { .. } => sentence_copy::said(now, event),
        _ => sentence_zap::said(now, event),
    }
}

/// What comes next.
pub(crate) fn next(now: &Now<'_>, event: Event) -> String {
    let mm = now.place_of(event).mm.or(now.place.mm);
    let page = |addr| now.page_words(mm, addr);
    match event {
        Event::SwitchMm { cpu, mm, .. } => format!("CPU {} runs {}.", cpu.0, now.process(mm)),
        Event::Lazy { cpu } => format!("a kernel thread runs on CPU {}.", cpu.0),
        Event::TlbHit { cpu, .. } => format!("CPU {} has it cached.", cpu.0),
        Event::TlbFill { cpu, .. } => format!("CPU {} caches the entry.", cpu.0),
        Event::FlushOmitted { .. } => "the flush is left out.".to_owned(),
        Event::Ipi { cpu, .. } => format!("CPU {} is interrupted to flush too.", cpu.0),
        Event::Resume { cpu } => format!("CPU {} goes on.", cpu.0),
        Event::Readahead { pgoff, pages: count, .. } => {
            format!("{} are to be read.", pages(pgoff, count.into()))
        }
        Event::ReadaheadMark { pgoff, .. } => format!("the readahead mark of page {pgoff}."),
        Event::ReadPages { pgoff, pages: count, .. } => {
            format!("the disk delivers {}.", pages(pgoff, count.into()))
        }
        Event::PageClean { .. } => "the page counts as clean.".to_owned(),
        Event::Writeback { .. } => "the disk is given the page.".to_owned(),
        Event::WritebackEnd { .. } => "the disk has the page.".to_owned(),
        Event::Migration { phase: Phase::Begins, .. } => "a migration begins.".to_owned(),
        Event::Migration { .. } => "the migration is over.".to_owned(),
        Event::TableFree { level, .. } => {
            format!("a {} table is freed.", level.below().map_or("", Level::name))
        }
        Event::Cow { .. } => "a copy of the page is made.".to_owned(),
        Event::Zap { addr, .. } => format!("the entry for {} is zapped.", page(addr)),
        Event::Keep { addr, .. } => format!("the entry for {} is spared.", page(addr)),
        Event::BatchFull { .. } => "the gather has no room for more pages.".to_owned(),
        Event::CacheDrop { pgoff, .. } => format!("page {pgoff} leaves the page cache."),
        Event::FolioSplit { pgoff, .. } => format!("the folio is split at page {pgoff}."),
        Event::FileSize { .. } => "the file gets its new size.".to_owned(),
        Event::VmaFlags { vma } => format!("the flags of {} change.", now.vma(vma)),
        Event::PageFree { .. } => "a frame is freed.".to_owned(),
        Event::Copy { addr, .. } => format!("the entry for {} is copied.", page(addr)),
        Event::Move { .. } => "an entry moves.".to_owned(),
        Event::Mkwrite { .. } => "its owner is told of the write.".to_owned(),
        Event::DirtyMethod { .. } => "the driver changes how it tracks writes.".to_owned(),
        Event::DirtyTransfer { .. } => "written pages are handed to the device.".to_owned(),
        Event::MmGone { mm } => format!("process {} is gone.", now.process(mm)),
        Event::VmaDetach { vma } => format!("mapping {} leaves the process.", now.vma(vma)),
        Event::VmaGone { vma } => format!("mapping {} goes.", now.vma(vma)),
        _ => unreachable!("said before"),
    }
}
