//! Dirty folios go to the disk, and every entry that could write to them is closed first
//! (`mm/page-writeback.c`, `fs/ext4/inode.c:ext4_writepages`).

use crate::machine::{Cpu, Event, Func, MappingId, PageFlags, PageId, Sink, Stop};
use crate::mm::filemap::folio_set_flags;
use crate::mm::rmap::{folio_lock, folio_mark_dirty, folio_mkclean, folio_unlock};

/// `ext4_writepages`: each dirty folio that meets pages `first..end`, in order. The disk is done
/// with it at once.
pub(super) fn ext4_writepages<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::Ext4Writepages, [first, end - first]);
    let mut pgoff = first;
    while let Some((_, page)) = cpu.next_cached(mapping, pgoff).filter(|(at, _)| *at < end) {
        let folio = cpu.folio(page);
        let head = cpu.page(folio);
        if head.flags.contains(PageFlags::DIRTY) {
            folio_lock(cpu, folio)?;
            let dirty = folio_clear_dirty_for_io(cpu, folio)?;
            if dirty {
                cpu.event(Event::Writeback { page: folio })?;
                let flags = cpu.page(folio).flags;
                folio_set_flags(cpu, folio, flags | PageFlags::WRITEBACK);
            }
            folio_unlock(cpu, folio)?;
            if dirty {
                folio_end_writeback(cpu, folio)?;
            }
        }
        pgoff = head.pgoff + head.part.pages();
    }
    Ok(())
}

/// `folio_clear_dirty_for_io`: the folio is clean, and so is every entry that maps it: the next
/// store to it faults. Whatever an entry knew goes to the folio first. True if it was dirty.
fn folio_clear_dirty_for_io<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<bool, Stop> {
    let pgoff = cpu.page(folio).pgoff;
    let cpu = &mut cpu.enter(Func::FolioClearDirtyForIo, [pgoff, 1]);
    if folio_mkclean(cpu, folio)? > 0 {
        folio_mark_dirty(cpu, folio)?;
    }
    let flags = cpu.page(folio).flags;
    if !flags.contains(PageFlags::DIRTY) {
        return Ok(false);
    }
    cpu.event(Event::PageClean { page: folio })?;
    folio_set_flags(cpu, folio, flags.difference(PageFlags::DIRTY));
    for index in 0..u32::try_from(cpu.page(folio).part.pages()).expect("a folio is small") {
        let page = folio.add(index);
        let flags = cpu.page(page).flags.difference(PageFlags::BLOCKS_DIRTY);
        folio_set_flags(cpu, page, flags);
    }
    Ok(true)
}

/// `folio_end_writeback`. The mark of readahead, which is the same bit as that of reclaim, goes.
fn folio_end_writeback<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<(), Stop> {
    let flags = cpu.page(folio).flags;
    cpu.event(Event::WritebackEnd { page: folio })?;
    folio_set_flags(cpu, folio, flags.difference(PageFlags::WRITEBACK | PageFlags::READAHEAD));
    Ok(())
}
