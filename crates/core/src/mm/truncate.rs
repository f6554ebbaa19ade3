//! A file loses pages: at its end (`ftruncate`), or in its middle (`fallocate` that punches a
//! hole). `mm/truncate.c`, `mm/shmem.c`.

use crate::addr::PAGE_SHIFT;
use crate::machine::delta::{MappingField, PageField};
use crate::machine::page::Part;
use crate::machine::{Cell, Cpu, Event, FileKind, Func, MappingId, PageFlags, PageId, Sink, Stop};
use crate::mm::Errno;
use crate::mm::filemap::folio_set_flags;
use crate::mm::page_alloc::free_page;
use crate::mm::rmap::{folio_mapped, try_to_unmap};
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
    truncate_folios(cpu, mapping, first, end)
}

/// `ext4_setattr`: the size, then the page cache behind it.
fn ext4_setattr<S: Sink>(cpu: &mut Cpu<S>, mapping: MappingId, pages: u64) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::Ext4Setattr, [pages, 0]);
    cpu.event(Event::FileSize { mapping, pages })?;
    cpu.set(Cell::Mapping(mapping, MappingField::Pages), pages);
    truncate_pagecache(cpu, mapping, pages)
}

/// `ext4_punch_hole`.
fn ext4_punch_hole<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::Ext4PunchHole, [first, nr]);
    if first >= cpu.file_pages(mapping) {
        return Ok(());
    }
    truncate_pagecache_range(cpu, mapping, first, first + nr)
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

/// `truncate_inode_pages_range`: folios that lie in `first..end` altogether are dropped, then those
/// dealt with that its ends cut, then what these left inside.
fn truncate_inode_pages_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::TruncateInodePagesRange, [first, end - 1]);
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
    let folio_end = at.pgoff + at.part.pages();
    let cut = first.max(at.pgoff);
    if !folio_split_or_unmap(cpu, mapping, folio, cut)? {
        if cpu.page(folio).flags.contains(PageFlags::DIRTY) {
            return Ok(Partial::Stays);
        }
        truncate_inode_folio(cpu, mapping, folio)?;
        return Ok(Partial::Done);
    }
    let rest = if end < folio_end { folio_at(cpu, mapping, end) } else { None };
    if let Some(rest) = rest.filter(|rest| cpu.page(*rest).part.order > 0) {
        folio_split_or_unmap(cpu, mapping, rest, end)?;
    }
    Ok(Partial::Done)
}

/// `folio_split_or_unmap`: true if it could be split. What is dirty has dirty blocks, which cannot
/// be taken from it.
fn folio_split_or_unmap<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    folio: PageId,
    cut: u64,
) -> Result<bool, Stop> {
    let splits = !cpu.page(folio).flags.contains(PageFlags::DIRTY);
    try_to_unmap(cpu, folio)?;
    if splits {
        cpu.event(Event::FolioSplit { mapping, pgoff: cut })?;
        folio_split(cpu, folio, cut);
    }
    Ok(splits)
}

/// `mm/huge_memory.c:folio_split`, not uniform: the part with page `cut` is halved until that page
/// is alone.
fn folio_split<S: Sink>(cpu: &mut Cpu<S>, folio: PageId, cut: u64) {
    let mut part = folio;
    let flags = cpu.page(folio).flags;
    while let Some(order) = cpu.page(part).part.order.checked_sub(1) {
        let half = 1 << order;
        for head in [part, part.add(half)] {
            for page in 0..half {
                let index = u16::try_from(page).expect("a folio's pages");
                set_part(cpu, head.add(page), Part { order, index });
            }
            folio_set_flags(cpu, head, flags);
        }
        if cut >= cpu.page(part).pgoff + u64::from(half) {
            part = part.add(half);
        }
    }
}

fn set_part<S: Sink>(cpu: &mut Cpu<S>, page: PageId, part: Part) {
    cpu.set(Cell::Page(page, PageField::Part), part.to_cell());
}

/// `truncate_inode_folio`: one folio leaves the cache and is freed.
fn truncate_inode_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    folio: PageId,
) -> Result<(), Stop> {
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
