//! Pages of a file on disk are read before they are asked for (`mm/readahead.c`).

use crate::machine::address_space::FileRaState;
use crate::machine::delta::RaField;
use crate::machine::vma::OpenFile;
use crate::machine::xarray::XA_CHUNK_SHIFT;
use crate::machine::{Cell, Cpu, Event, Func, MappingId, PageFlags, PageId, Sink, Stop};
use crate::mm::filemap::{filemap_add_folio, folio_set_flags};

/// `ra_pages`, the longest window: 128 KiB.
pub(super) const RA_PAGES: u64 = 32;

/// log2 of the largest folio's pages: 2 MiB.
pub(super) const MAX_PAGECACHE_ORDER: u64 = 9;

/// The mark of a window that has none.
const NO_MARK: u64 = u64::MAX;

pub(super) fn set_readahead<S: Sink>(cpu: &mut Cpu<S>, file: OpenFile, ra: FileRaState) {
    let fields = [
        (RaField::Start, ra.start),
        (RaField::Size, ra.size),
        (RaField::AsyncSize, ra.async_size),
        (RaField::Order, ra.order),
        (RaField::MmapMiss, ra.mmap_miss),
    ];
    for (field, value) in fields {
        cpu.set(Cell::Readahead(file, field), value);
    }
}

/// `page_cache_async_ra`: the mark on `folio` was met at page `index`, so the next window is read.
/// 6.1: `ondemand_readahead`.
pub(super) fn page_cache_async_ra<S: Sink>(
    cpu: &mut Cpu<S>,
    file: OpenFile,
    folio: PageId,
    index: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::PageCacheAsyncRa, [index, RA_PAGES]);
    let head = cpu.page(folio);
    if head.flags.contains(PageFlags::WRITEBACK) {
        return Ok(());
    }
    cpu.event(Event::ReadaheadMark { mapping: file.mapping, pgoff: head.pgoff })?;
    folio_set_flags(cpu, folio, head.flags.difference(PageFlags::READAHEAD));
    let mut ra = cpu.readahead(file);
    let expected = (ra.start + ra.size - ra.async_size) & !(head.part.pages() - 1);
    let behind = ra.start + ra.size;
    let ondemand = cpu.kernel().ondemand_readahead;
    if ondemand && index == 0 {
        (ra.start, ra.size) = (0, RA_PAGES);
    } else if index == expected || (ondemand && index == behind) {
        ra.start = behind;
        ra.size = ra.size.max(get_next_ra_size(ra.size));
    } else {
        let start = page_cache_next_miss(cpu, file.mapping, index + 1);
        if start - index > RA_PAGES {
            return Ok(());
        }
        ra.start = start;
        ra.size = get_next_ra_size(start - index + RA_PAGES);
    }
    if cpu.kernel().large_folios {
        // The longer a stream goes on, the larger its folios, and windows end where one ends.
        ra.order += 2;
        let align = 1 << ra.order.min(RA_PAGES.ilog2().into());
        let end = (ra.start + ra.size) & !(align - 1);
        if end > ra.start {
            ra.size = end - ra.start;
        }
    }
    ra.async_size = ra.size;
    if ondemand && index == ra.start {
        // This window's own mark would be met at once: both windows are read as one.
        let both = ra.size + get_next_ra_size(ra.size);
        (ra.size, ra.async_size) =
            if both <= RA_PAGES { (both, both - ra.size) } else { (RA_PAGES, RA_PAGES / 2) };
    }
    page_cache_ra_order(cpu, file, ra)
}

/// `get_next_ra_size`: windows grow to the longest.
const fn get_next_ra_size(size: u64) -> u64 {
    if size < RA_PAGES / 16 {
        4 * size
    } else if size <= RA_PAGES / 2 {
        2 * size
    } else {
        RA_PAGES
    }
}

/// `mm/filemap.c:page_cache_next_miss`: the first page from `index` on that is not cached, looking
/// at as many as a window has. Begun inside a large folio, it looks from the folio's start on and
/// so names a page too far, up to where the next node of the xarray begins.
fn page_cache_next_miss<S: Sink>(cpu: &Cpu<S>, mapping: MappingId, index: u64) -> u64 {
    let Some(first) = cpu.cached(mapping, index) else { return index };
    let mut slot = cpu.page(cpu.folio(first)).pgoff;
    let mut at_node = cpu.page(first).part.order < XA_CHUNK_SHIFT;
    for index in index + 1..index + RA_PAGES {
        let crosses = slot >> XA_CHUNK_SHIFT != (slot + 1) >> XA_CHUNK_SHIFT;
        let chunk = |pgoff: u64| pgoff >> XA_CHUNK_SHIFT;
        if at_node && !crosses {
            slot += 1;
        } else {
            // Through the node above, whose slots are chunks; down again, it looks at `index`.
            let above = chunk(slot);
            let next = if at_node || above != chunk(index) { above + 1 } else { above };
            let Some((_, page)) = cpu
                .next_cached(mapping, next << XA_CHUNK_SHIFT)
                .filter(|(pgoff, _)| chunk(*pgoff) == next)
            else {
                return index;
            };
            at_node = cpu.page(page).part.order < XA_CHUNK_SHIFT;
            slot = next << XA_CHUNK_SHIFT;
            if at_node {
                slot += index % (1 << XA_CHUNK_SHIFT);
            }
        }
        if at_node && cpu.cached(mapping, slot).is_none() {
            return index;
        }
    }
    let last = index + RA_PAGES - 1;
    if cpu.kernel().next_miss_names_last { last } else { last + 1 }
}

/// `page_cache_ra_order`: reads the window `ra`, in folios of its order where that fits; from the
/// first page that is there already on, page by page.
pub(super) fn page_cache_ra_order<S: Sink>(
    cpu: &mut Cpu<S>,
    file: OpenFile,
    mut ra: FileRaState,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::PageCacheRaOrder, [ra.start, ra.size]);
    let (mapping, start) = (file.mapping, ra.start);
    let pages = u32::try_from(ra.size).expect("a window has few pages");
    cpu.event(Event::Readahead { mapping, pgoff: start, pages })?;
    let mut index = start;
    if cpu.kernel().large_folios {
        ra.order = ra.order.min(MAX_PAGECACHE_ORDER).min(ra.size.max(1).ilog2().into());
    } else {
        ra.order = 0;
    }
    set_readahead(cpu, file, ra);
    if cpu.kernel().large_folios {
        let end = cpu.file_pages(mapping);
        let (limit, mark) = if end > start + ra.size {
            (start + ra.size, start + ra.size - ra.async_size)
        } else {
            (end, NO_MARK)
        };
        while index < limit && ra_alloc_folio(cpu, mapping, &mut index, limit, mark, ra.order)? {}
        read_pages(cpu, mapping, start, index)?;
        if index >= limit {
            return Ok(());
        }
    }
    let rest = start + ra.size - index;
    do_page_cache_ra(cpu, mapping, index, rest, ra.async_size)
}

/// `ra_alloc_folio` of the largest order that is aligned at `index` and ends before `limit`. False
/// if a page of it is there already.
fn ra_alloc_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    index: &mut u64,
    limit: u64,
    mark: u64,
    order: u64,
) -> Result<bool, Stop> {
    let mut order = u8::try_from(order.min(index.trailing_zeros().into())).expect("below 64");
    while *index + (1 << order) > limit {
        order -= 1;
    }
    let Some(folio) = filemap_add_folio(cpu, mapping, *index, order, PageFlags::empty())? else {
        return Ok(false);
    };
    if *index == mark & !((1 << order) - 1) {
        folio_set_readahead(cpu, folio)?;
    }
    *index += 1 << order;
    Ok(true)
}

/// `do_page_cache_ra`: the same page by page; `lookahead` is how far before its end the mark
/// stands.
fn do_page_cache_ra<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    index: u64,
    nr: u64,
    lookahead: u64,
) -> Result<(), Stop> {
    let Some(left) = cpu.file_pages(mapping).checked_sub(index).filter(|left| *left > 0) else {
        return Ok(());
    };
    let lookahead = if nr >= left && cpu.kernel().no_mark_at_end { 0 } else { lookahead };
    page_cache_ra_unbounded(cpu, mapping, index, nr.min(left), lookahead)
}

fn page_cache_ra_unbounded<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    index: u64,
    nr: u64,
    lookahead: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::PageCacheRaUnbounded, [index, nr]);
    let mark = nr.checked_sub(lookahead).map_or(NO_MARK, |before| index + before);
    let mut batch = index;
    for pgoff in index..index + nr {
        match filemap_add_folio(cpu, mapping, pgoff, 0, PageFlags::empty())? {
            None => {
                read_pages(cpu, mapping, batch, pgoff)?;
                batch = pgoff + 1;
            }
            Some(folio) if pgoff == mark => folio_set_readahead(cpu, folio)?,
            Some(_) => {}
        }
    }
    read_pages(cpu, mapping, batch, index + nr)
}

fn folio_set_readahead<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<(), Stop> {
    let head = cpu.page(folio);
    let mapping = MappingId(head.owner);
    cpu.event(Event::ReadaheadMark { mapping, pgoff: head.pgoff })?;
    folio_set_flags(cpu, folio, head.flags | PageFlags::READAHEAD);
    Ok(())
}

/// `read_pages`: the disk delivers `first..end`, at once.
pub(super) fn read_pages<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    if first >= end {
        return Ok(());
    }
    let pages = u32::try_from(end - first).expect("a window has few pages");
    cpu.event(Event::ReadPages { mapping, pgoff: first, pages })?;
    for pgoff in first..end {
        let page = cpu.cached(mapping, pgoff).expect("it was just added");
        if cpu.page(page).part.index == 0 {
            let flags = cpu.page(page).flags;
            folio_set_flags(cpu, page, flags | PageFlags::UPTODATE);
        }
    }
    Ok(())
}
