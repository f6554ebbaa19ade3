//! A folio falls apart into smaller ones (`mm/huge_memory.c`).

use crate::machine::delta::PageField;
use crate::machine::page::Part;
use crate::machine::{Cell, Cpu, Event, FileKind, Func, MappingId, PageFlags, PageId, Sink, Stop};
use crate::mm::filemap::folio_set_flags;
use crate::mm::rmap::try_to_unmap;
use crate::mm::truncate::truncate_inode_folio;

/// What came of an attempt to split a folio.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Split {
    /// It is split.
    Done,
    /// It holds data that the disk has not: it stays as it is.
    Busy,
}

/// `folio_split` down to single pages at page `pgoff` of the file, as little as possible elsewhere:
/// at each order, the half with that page is halved again. Formerly `split_folio`: single pages
/// everywhere. Nothing maps the folio any more then.
pub(super) fn folio_split<S: Sink>(
    cpu: &mut Cpu<S>,
    folio: PageId,
    pgoff: u64,
) -> Result<Split, Stop> {
    let head = cpu.page(folio);
    let mapping = MappingId(head.owner);
    let cpu = &mut cpu.enter(Func::FolioSplit, [head.pgoff, head.part.pages()]);
    if cpu.file_kind(mapping) == FileKind::Ext4 && !filemap_release_folio(cpu, folio)? {
        return Ok(Split::Busy);
    }
    try_to_unmap(cpu, folio)?;
    cpu.event(Event::FolioSplit { mapping, pgoff })?;
    let end = head.pgoff + head.part.pages();
    let mut piece = head.pgoff;
    while piece < end {
        let order = match cpu.kernel().splits_around_page {
            true => order_at(piece - head.pgoff, pgoff - head.pgoff),
            false => 0,
        };
        let first = folio.add(u32::try_from(piece - head.pgoff).expect("a folio is small"));
        for index in 0..1 << order {
            let cell = Cell::Page(first.add(u32::from(index)), PageField::Part);
            let order = u8::try_from(order).expect("below 64");
            cpu.set(cell, Part { order, index }.to_cell());
        }
        if piece != head.pgoff {
            let kept = PageFlags::DIRTY | PageFlags::UPTODATE | PageFlags::REFERENCED;
            let flags = cpu.page(folio).flags.intersection(kept);
            folio_set_flags(cpu, first, flags);
        }
        piece += 1 << order;
    }
    drop_behind_end(cpu, mapping, head.pgoff, end)?;
    Ok(Split::Done)
}

/// Order of the piece that begins `at` pages into a folio that is split around page `around`.
fn order_at(at: u64, around: u64) -> u32 {
    // The two lie in halves that part at the highest bit in which they differ.
    (at ^ around).checked_ilog2().unwrap_or(0)
}

/// `fs/ext4/inode.c:ext4_release_folio`: the folio's blocks are forgotten, unless one of them is
/// dirty. False if so.
fn filemap_release_folio<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<bool, Stop> {
    let pages = u32::try_from(cpu.page(folio).part.pages()).expect("a folio is small");
    let is_dirty = |i| cpu.page(folio.add(i)).flags.contains(PageFlags::BLOCKS_DIRTY);
    if (0..pages).any(is_dirty) {
        return Ok(false);
    }
    let flags = cpu.page(folio).flags;
    if flags.contains(PageFlags::DIRTY) {
        cpu.event(Event::PageClean { page: folio })?;
        folio_set_flags(cpu, folio, flags.difference(PageFlags::DIRTY));
    }
    Ok(true)
}

/// What of a split folio lies behind the file's end leaves the cache.
fn drop_behind_end<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    start: u64,
    end: u64,
) -> Result<(), Stop> {
    let mut from = cpu.file_pages(mapping).max(start + 1);
    while let Some((pgoff, page)) = cpu.next_cached(mapping, from).filter(|(at, _)| *at < end) {
        from = pgoff + cpu.page(page).part.pages();
        if cpu.page(page).part.index == 0 {
            truncate_inode_folio(cpu, mapping, page)?;
        }
    }
    Ok(())
}
