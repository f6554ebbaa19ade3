//! How often a page is mapped (`mm/rmap.c`).

use crate::machine::delta::MachineField;
use crate::machine::{Cell, Cpu, Event, MappingId, Page, PageFlags, PageId, PageKind, Sink, Stop};
use crate::mm::filemap::folio_set_flags;
use crate::mm::page_alloc::free_page;

/// `folio_add_file_rmap_ptes` and its kin: one more entry maps the page.
pub(super) fn add_rmap<S: Sink>(cpu: &mut Cpu<S>, page: PageId) {
    let Page { mapcount, flags, .. } = cpu.page(page);
    cpu.set_rmap(page, mapcount + 1, flags);
}

/// `folio_try_dup_anon_rmap_ptes`, `folio_dup_file_rmap_ptes`: the child's entry maps the page too,
/// which is nobody's alone any more.
pub(super) fn dup_rmap<S: Sink>(cpu: &mut Cpu<S>, page: PageId) {
    let Page { mapcount, flags, .. } = cpu.page(page);
    cpu.set_rmap(page, mapcount + 1, flags.difference(PageFlags::ANON_EXCLUSIVE));
}

/// `folio_remove_rmap_ptes`: one entry less. A copy on write that nobody maps any more is freed.
pub(super) fn remove_rmap<S: Sink>(cpu: &mut Cpu<S>, page: PageId) {
    let Page { mapcount, flags, kind, .. } = cpu.page(page);
    let Some(mapcount) = mapcount.checked_sub(1) else {
        unreachable!("an unmapped page loses a mapping");
    };
    cpu.set_rmap(page, mapcount, flags);
    if mapcount == 0 && kind == PageKind::Anon {
        free_page(cpu, page);
    }
}

/// `mm/page-writeback.c:folio_mark_dirty`: the kernel now knows that the page's folio was written.
/// The mark of readahead, which is the same bit as that of reclaim, goes.
pub(super) fn folio_mark_dirty<S: Sink>(cpu: &mut Cpu<S>, page: PageId) -> Result<(), Stop> {
    let folio = cpu.folio(page);
    let flags = cpu.page(folio).flags;
    if flags.contains(PageFlags::READAHEAD) {
        let pgoff = cpu.page(folio).pgoff;
        cpu.event(Event::ReadaheadMark { mapping: MappingId(cpu.page(folio).owner), pgoff })?;
        folio_set_flags(cpu, folio, flags.difference(PageFlags::READAHEAD));
    }
    mark_buffer_dirty(cpu, folio)
}

/// `fs/buffer.c:mark_buffer_dirty`: the same by way of the folio's blocks, as `write` does it.
pub(super) fn mark_buffer_dirty<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<(), Stop> {
    let flags = cpu.page(folio).flags;
    if flags.contains(PageFlags::DIRTY) {
        return Ok(());
    }
    cpu.event(Event::PageDirty { page: folio })?;
    folio_set_flags(cpu, folio, flags | PageFlags::DIRTY);
    Ok(())
}

/// `anon_vma_alloc`: the number of a new family of copies on write.
pub(super) fn anon_vma_alloc<S: Sink>(cpu: &mut Cpu<S>) -> u64 {
    let fresh = cpu.machine_field(MachineField::NextAnonVma);
    cpu.set(Cell::Machine(MachineField::NextAnonVma), fresh + 1);
    fresh
}
