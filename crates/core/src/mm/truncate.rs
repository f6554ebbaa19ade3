//! A file loses pages: at its end (`ftruncate`), or in its middle (`fallocate` that punches a
//! hole). `mm/truncate.c`, `mm/shmem.c`.

use crate::addr::PAGE_SHIFT;
use crate::machine::delta::MappingField;
use crate::machine::{Cell, Cpu, Event, FileKind, Func, MappingId, PageFlags, PageId, Sink, Stop};
use crate::mm::Errno;
use crate::mm::filemap::folio_set_flags;
use crate::mm::huge_memory::{Split, folio_split};
use crate::mm::migrate::wait_for_migration;
use crate::mm::page_alloc::free_page;
use crate::mm::rmap::{folio_mapped, folio_mark_dirty, try_to_unmap};
use crate::mm::zap::{Cows, unmap_mapping_range};

/// `fs/open.c:do_truncate`: the file has `pages` pages from now on.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `ftruncate` fails.
pub fn do_truncate<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pages: u64,
) -> Result<Result<(), Errno>, Stop> {
    match cpu.file_kind(mapping) {
        FileKind::Shmem => shmem_setattr(cpu, mapping, pages).map(Ok),
        FileKind::Ext4 => ext4_setattr(cpu, mapping, pages).map(Ok),
        _ => Ok(Err(Errno::Invalid)),
    }
}

/// `fs/open.c:vfs_fallocate` with `PUNCH_HOLE`: pages `first..first + nr` read as zeroes again.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `fallocate` fails.
pub fn punch_hole<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<Result<(), Errno>, Stop> {
    if nr == 0 {
        return Ok(Err(Errno::Invalid));
    }
    match cpu.file_kind(mapping) {
        FileKind::Shmem => shmem_fallocate(cpu, mapping, first, nr).map(Ok),
        FileKind::Ext4 => ext4_punch_hole(cpu, mapping, first, nr).map(Ok),
        _ => Ok(Err(Errno::NoDevice)),
    }
}

/// `shmem_setattr`: what lies behind the new end is unmapped, copies on write too, then dropped,
/// then unmapped once more, for a fault may have mapped it in between.
fn shmem_setattr<S: Sink>(cpu: &mut Cpu<S>, mapping: MappingId, pages: u64) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ShmemSetattr, [pages, 0]);
    let old = cpu.file_pages(mapping);
    cpu.event(Event::FileSize { mapping, pages })?;
    cpu.set(Cell::Mapping(mapping, MappingField::Pages), pages);
    let holebegin = pages << PAGE_SHIFT;
    if old > pages {
        unmap_mapping_range(cpu, mapping, holebegin, 0, Cows::Zap)?;
    }
    if old >= pages {
        shmem_truncate_range(cpu, mapping, pages, u64::MAX)?;
    }
    if old > pages {
        unmap_mapping_range(cpu, mapping, holebegin, 0, Cows::Zap)?;
    }
    Ok(())
}

/// `shmem_fallocate`: unmaps the hole once, copies on write spared, then drops its pages.
fn shmem_fallocate<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ShmemFallocate, [first, nr]);
    let (begin, len) = (first << PAGE_SHIFT, nr << PAGE_SHIFT);
    unmap_mapping_range(cpu, mapping, begin, len, Cows::Keep)?;
    shmem_truncate_range(cpu, mapping, first, first + nr)
}

/// `shmem_truncate_range`: the cached pages of `first..end` are dropped.
fn shmem_truncate_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ShmemTruncateRange, [first, end - 1]);
    drop_pages(cpu, mapping, first, end)
}

/// `ext4_setattr`: the size, then the page cache behind it.
fn ext4_setattr<S: Sink>(cpu: &mut Cpu<S>, mapping: MappingId, pages: u64) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::Ext4Setattr, [pages, 0]);
    cpu.event(Event::FileSize { mapping, pages })?;
    cpu.set(Cell::Mapping(mapping, MappingField::Pages), pages);
    truncate_pagecache(cpu, mapping, pages)
}

/// `ext4_punch_hole`: clipped to the file.
fn ext4_punch_hole<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::Ext4PunchHole, [first, nr]);
    let end = (first + nr).min(cpu.file_pages(mapping));
    if first >= end {
        return Ok(());
    }
    truncate_pagecache_range(cpu, mapping, first, end)
}

/// `truncate_pagecache`: what lies behind the new end is unmapped, copies on write too, dropped,
/// and unmapped once more.
fn truncate_pagecache<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pages: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::TruncatePagecache, [pages, 0]);
    let holebegin = pages << PAGE_SHIFT;
    unmap_mapping_range(cpu, mapping, holebegin, 0, Cows::Zap)?;
    truncate_inode_pages_range(cpu, mapping, pages, u64::MAX)?;
    unmap_mapping_range(cpu, mapping, holebegin, 0, Cows::Zap)
}

/// `truncate_pagecache_range`: the hole is unmapped once, copies on write spared, then dropped.
fn truncate_pagecache_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::TruncatePagecacheRange, [first, end - 1]);
    let (begin, len) = (first << PAGE_SHIFT, (end - first) << PAGE_SHIFT);
    unmap_mapping_range(cpu, mapping, begin, len, Cows::Keep)?;
    truncate_inode_pages_range(cpu, mapping, first, end)
}

/// `truncate_inode_pages_range`: the cached pages of `first..end` are dropped.
fn truncate_inode_pages_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::TruncateInodePagesRange, [first, end - 1]);
    drop_pages(cpu, mapping, first, end)
}

/// What `shmem_undo_range` and `truncate_inode_pages_range` have in common: folios that lie in
/// `first..end` altogether are dropped, then those dealt with that its ends cut, then what these
/// left inside.
fn drop_pages<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    truncate_folios(cpu, mapping, first, end)?;
    let (mut from, mut to) = (first, end);
    if let Some(folio) = folio_at(cpu, mapping, first) {
        let at = cpu.page(folio);
        let folio_end = at.pgoff + at.part.pages();
        if truncate_inode_partial_folio(cpu, mapping, folio, first, end)? == Partial::Stays {
            from = folio_end;
        }
        if end <= folio_end {
            return truncate_folios(cpu, mapping, from, to);
        }
    }
    if let Some(folio) = folio_at(cpu, mapping, end - 1) {
        let begin = cpu.page(folio).pgoff;
        if truncate_inode_partial_folio(cpu, mapping, folio, first, end)? == Partial::Stays {
            to = begin;
        }
    }
    truncate_folios(cpu, mapping, from, to)
}

/// The first page of the folio that caches page `pgoff`.
fn folio_at<S: Sink>(cpu: &Cpu<S>, mapping: MappingId, pgoff: u64) -> Option<PageId> {
    cpu.cached(mapping, pgoff).map(|page| cpu.folio(page))
}

/// Drops the folios that lie in `first..end` altogether.
fn truncate_folios<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let mut next = cpu.next_cached(mapping, first);
    while let Some((pgoff, page)) = next.filter(|(pgoff, _)| *pgoff < end) {
        let folio = cpu.folio(page);
        let folio_end = pgoff - u64::from(cpu.page(page).part.index) + cpu.page(page).part.pages();
        if cpu.page(folio).pgoff >= first && folio_end <= end {
            truncate_inode_folio(cpu, mapping, folio)?;
        }
        next = cpu.next_cached(mapping, folio_end);
    }
    Ok(())
}

/// What became of a folio that an end of the range cuts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Partial {
    /// It was dropped, or split where the range cuts it: what lies inside can be dropped.
    Done,
    /// It stays whole, its part in the range all zero.
    Stays,
}

/// `truncate_inode_partial_folio`: a large folio is split at the cut; if that fails, all of it is
/// unmapped, also pages that stay.
fn truncate_inode_partial_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    folio: PageId,
    first: u64,
    end: u64,
) -> Result<Partial, Stop> {
    let at = cpu.page(folio);
    if at.part.order == 0 {
        return Ok(Partial::Done);
    }
    wait_for_migration(cpu, folio)?;
    let folio_end = at.pgoff + at.part.pages();
    let cut = first.max(at.pgoff);
    if cpu.file_kind(mapping) == FileKind::Shmem {
        folio_mark_dirty(cpu, folio)?;
    }
    folio_invalidate(cpu, folio, cut - at.pgoff, end.min(folio_end) - at.pgoff);
    if folio_split_or_unmap(cpu, folio, cut)? == Split::Busy {
        if cpu.page(folio).flags.contains(PageFlags::DIRTY) {
            return Ok(Partial::Stays);
        }
        truncate_inode_folio(cpu, mapping, folio)?;
        return Ok(Partial::Done);
    }
    let rest = if end < folio_end { folio_at(cpu, mapping, end) } else { None };
    if let Some(rest) = rest.filter(|rest| cpu.page(*rest).part.order > 0) {
        folio_split_or_unmap(cpu, rest, end)?;
    }
    Ok(Partial::Done)
}

/// `folio_split_or_unmap`: what cannot be split is at least mapped nowhere, so that nobody sees
/// pages behind the file's end.
fn folio_split_or_unmap<S: Sink>(cpu: &mut Cpu<S>, folio: PageId, cut: u64) -> Result<Split, Stop> {
    let split = folio_split(cpu, folio, cut)?;
    if split == Split::Busy {
        try_to_unmap(cpu, folio)?;
    }
    Ok(split)
}

/// `fs/buffer.c:block_invalidate_folio`: the disk need not hear of these pages of the folio.
fn folio_invalidate<S: Sink>(cpu: &mut Cpu<S>, folio: PageId, from: u64, to: u64) {
    for index in from..to {
        let page = folio.add(u32::try_from(index).expect("a folio is small"));
        let flags = cpu.page(page).flags.difference(PageFlags::BLOCKS_DIRTY);
        folio_set_flags(cpu, page, flags);
    }
}

/// `truncate_inode_folio`: one folio leaves the cache and is freed.
pub(super) fn truncate_inode_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    folio: PageId,
) -> Result<(), Stop> {
    wait_for_migration(cpu, folio)?;
    // Nobody mapped it since it was unmapped.
    assert!(!folio_mapped(cpu, folio), "a folio of a hole is mapped");
    let at = cpu.page(folio);
    cpu.event(Event::CacheDrop { mapping, pgoff: at.pgoff, order: at.part.order })?;
    for index in 0..1 << at.part.order {
        let page = folio.add(index);
        cpu.set(Cell::Cached(mapping, at.pgoff + u64::from(index)), 0);
        free_page(cpu, page);
    }
    Ok(())
}
