//! The page cache: filling it, and mapping from it (`mm/filemap.c`, `mm/shmem.c`).

use crate::addr::VirtAddr;
use crate::arch::Level;
use crate::arch::level::PTRS_PER_TABLE;
use crate::kernel::MmapMiss;
use crate::machine::address_space::{FileRaState, ShmemEnabled};
use crate::machine::delta::{MachineField, MappingField, PageField, RaField};
use crate::machine::event::{Access, Lock, Mode};
use crate::machine::{
    Cell, Cpu, Event, FileKind, Func, MappingId, Page, PageFlags, PageId, PageKind, Sink, Stop,
    VmFlags,
};
use crate::mm::Errno;
use crate::mm::fault::{Attempt, FaultResult, VmFault, set_pte_range};
use crate::mm::huge_pmd::{HPAGE_PMD_ORDER, do_set_pmd, thp_vma_suitable};
use crate::mm::migrate::wait_for_migration;
use crate::mm::page_alloc::alloc_folio;
use crate::mm::pgalloc::{pte_alloc, pte_offset_map};
use crate::mm::readahead::{
    MAX_PAGECACHE_ORDER, RA_PAGES, page_cache_async_ra, page_cache_ra_order, read_pages,
};
use crate::mm::rmap::{folio_mark_dirty, mark_buffer_dirty};

/// `MMAP_LOTSAMISS`: after so many misses more than hits, reading around is given up.
const MMAP_LOTSAMISS: u64 = 100;

/// Sets `fault_around_bytes`, in pages; 1 turns fault-around off.
pub fn set_fault_around<S: Sink>(cpu: &mut Cpu<S>, pages: u64) {
    cpu.set(Cell::Machine(MachineField::FaultAroundPages), pages.max(1));
}

/// `filemap_add_folio`: 2^order new pages for the cache, or `None` if one of them is there.
pub(super) fn filemap_add_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
    order: u8,
    flags: PageFlags,
) -> Result<Option<PageId>, Stop> {
    let pages = pgoff..pgoff + (1 << order);
    if pages.clone().any(|pgoff| cpu.cached(mapping, pgoff).is_some()) {
        return Ok(None);
    }
    cpu.event(Event::CacheAdd { mapping, pgoff, order })?;
    let first = Page { kind: PageKind::File, flags, owner: mapping.0, pgoff, ..Page::default() };
    let folio = alloc_folio(cpu, order, first)?;
    for (page, pgoff) in (folio.0..).zip(pages) {
        cpu.set(Cell::Cached(mapping, pgoff), u64::from(page) + 1);
    }
    Ok(Some(folio))
}

/// Sets the flags of the folio that begins with page `folio`.
pub(super) fn folio_set_flags<S: Sink>(cpu: &mut Cpu<S>, folio: PageId, flags: PageFlags) {
    cpu.set(Cell::Page(folio, PageField::Flags), flags.bits().into());
}

/// Writes `/sys/kernel/mm/transparent_hugepage/shmem_enabled`.
pub fn set_shmem_enabled<S: Sink>(cpu: &mut Cpu<S>, enabled: ShmemEnabled) {
    cpu.set(Cell::Machine(MachineField::ShmemEnabled), enabled as u64);
}

/// `shmem_get_folio`: the page at `pgoff`, brought into the cache, all zero, if it is not there;
/// for the fault `vmf`, or for a write to the file.
pub(super) fn shmem_get_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
    vmf: Option<&VmFault>,
) -> Result<PageId, Stop> {
    if let Some(page) = cpu.cached(mapping, pgoff) {
        return Ok(page);
    }
    let pages = 1 << HPAGE_PMD_ORDER;
    let new = |cpu: &mut Cpu<S>, first: u64, order: u8| {
        filemap_add_folio(cpu, mapping, first, order, PageFlags::UPTODATE)
    };
    let suits_vma = |vmf: &VmFault| thp_vma_suitable(&cpu.vma(vmf.vma), vmf.addr);
    let suitable = !cpu.kernel().shmem_huge_asks_vma || vmf.is_none_or(suits_vma);
    if cpu.machine_field(MachineField::ShmemEnabled) == ShmemEnabled::Force as u64
        && suitable
        && let Some(folio) = new(cpu, pgoff - pgoff % pages, HPAGE_PMD_ORDER)?
    {
        return Ok(folio.add(u32::try_from(pgoff % pages).expect("below 512")));
    }
    Ok(new(cpu, pgoff, 0)?.expect("it is not cached"))
}

/// `pwrite` of whole pages: they enter the cache dirty; nothing is mapped. A write behind the
/// file's end makes it longer. Returns how many were written.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: a device buffer cannot be written to.
pub fn fill<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<Result<u64, Errno>, Stop> {
    let kind = cpu.file_kind(mapping);
    if kind.is_device() {
        // Only a file that was opened by a path has a place to write at.
        return Ok(Err(if kind.on_anon_inode() { Errno::IllegalSeek } else { Errno::Invalid }));
    }
    generic_perform_write(cpu, mapping, first, first.saturating_add(nr))?;
    Ok(Ok(nr))
}

/// `generic_perform_write` of `first..end`, folio by folio.
fn generic_perform_write<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::GenericPerformWrite, [first, end - first]);
    let mut pgoff = first;
    while pgoff < end {
        let page = match cpu.file_kind(mapping) {
            FileKind::Ext4 => write_begin_get_folio(cpu, mapping, pgoff, end - pgoff)?,
            _ => shmem_get_folio(cpu, mapping, pgoff, None)?,
        };
        let folio = cpu.folio(page);
        wait_for_migration(cpu, folio)?;
        let head = cpu.page(folio);
        let next = (head.pgoff + head.part.pages()).min(end);
        match cpu.file_kind(mapping) {
            FileKind::Ext4 => {
                let (first, end) = (pgoff - head.pgoff, next - head.pgoff);
                mark_buffer_dirty(cpu, folio, first, end)?;
            }
            _ => folio_mark_dirty(cpu, folio)?,
        }
        pgoff = next;
        if pgoff > cpu.file_pages(mapping) {
            cpu.set(Cell::Mapping(mapping, MappingField::Pages), pgoff);
        }
    }
    Ok(())
}

/// `write_begin_get_folio`: the folio at `pgoff`, or a new one as large as what is left to write,
/// the alignment and its neighbours allow.
fn write_begin_get_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
    left: u64,
) -> Result<PageId, Stop> {
    if let Some(page) = cpu.cached(mapping, pgoff) {
        return Ok(page);
    }
    let mut order = 0;
    if cpu.kernel().large_folios {
        let most = MAX_PAGECACHE_ORDER.min(left.ilog2().into());
        order = u8::try_from(most.min(pgoff.trailing_zeros().into())).expect("below 64");
    }
    loop {
        if let Some(folio) = filemap_add_folio(cpu, mapping, pgoff, order, PageFlags::UPTODATE)? {
            return Ok(folio);
        }
        order -= 1;
    }
}

/// `filemap_fault`: the page of a file on disk, read in if it is not there.
pub(super) fn filemap_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultResult, Stop> {
    let cpu = &mut cpu.enter(Func::FilemapFault, [vmf.pgoff, 1]);
    let mapping = vmf.mapping();
    if vmf.pgoff >= cpu.file_pages(mapping) {
        return Ok(FaultResult::Bus);
    }
    let found = cpu.cached(mapping, vmf.pgoff);
    let mut lock = match found {
        Some(page) if vmf.attempt == Attempt::First => do_async_mmap_readahead(cpu, vmf, page)?,
        Some(_) => MmapLock::Held,
        None => do_sync_mmap_readahead(cpu, vmf)?,
    };
    if cpu.cached(mapping, vmf.pgoff).is_none() {
        filemap_add_folio(cpu, mapping, vmf.pgoff, 0, PageFlags::empty())?;
    }
    let page = cpu.cached(mapping, vmf.pgoff).expect("it was just added");
    if !cpu.folio_flags(page).contains(PageFlags::UPTODATE) {
        if lock == MmapLock::Held {
            lock = maybe_unlock_mmap_for_io(cpu, vmf)?;
        }
        read_pages(cpu, mapping, vmf.pgoff, vmf.pgoff + 1)?;
    }
    Ok(match lock {
        MmapLock::Held => FaultResult::Page(page),
        MmapLock::Dropped if found.is_none() => FaultResult::RetryMajor,
        MmapLock::Dropped => FaultResult::Retry,
    })
}

/// Whether a fault still holds `mmap_lock`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MmapLock {
    Held,
    Dropped,
}

/// `mm/internal.h:maybe_unlock_mmap_for_io`: nobody waits for the disk with `mmap_lock` held, but
/// for who comes the second time.
fn maybe_unlock_mmap_for_io<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<MmapLock, Stop> {
    if vmf.attempt == Attempt::Tried {
        return Ok(MmapLock::Held);
    }
    cpu.event(Event::Unlock { lock: vmf.lock, mode: Mode::Read })?;
    Ok(MmapLock::Dropped)
}

/// `do_sync_mmap_readahead`: the page is not there, so what lies around it is read too.
fn do_sync_mmap_readahead<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<MmapLock, Stop> {
    let cpu = &mut cpu.enter(Func::DoSyncMmapReadahead, [vmf.pgoff, 1]);
    let vma = cpu.vma(vmf.vma);
    let mut ra = cpu.readahead(vmf.file());
    let exec = is_exec(cpu, vma.flags);
    if !exec {
        ra.mmap_miss = (ra.mmap_miss + 1).min(10 * MMAP_LOTSAMISS);
        set_mmap_miss(cpu, vmf, ra.mmap_miss);
        if ra.mmap_miss > MMAP_LOTSAMISS {
            return Ok(MmapLock::Held);
        }
    }
    let window = if exec {
        (vmf.pgoff, RA_PAGES.min(vma.last_pgoff() + 1 - vmf.pgoff), 0)
    } else {
        (vmf.pgoff.saturating_sub(RA_PAGES / 2), RA_PAGES, RA_PAGES / 4)
    };
    (ra.start, ra.size, ra.async_size) = window;
    let lock = maybe_unlock_mmap_for_io(cpu, vmf)?;
    page_cache_ra_order(cpu, vmf.file(), FileRaState { order: 0, ..ra })?;
    Ok(lock)
}

/// 7.3 reads around less where code is mapped, and counts no misses there.
fn is_exec<S: Sink>(cpu: &Cpu<S>, flags: VmFlags) -> bool {
    cpu.kernel().exec_reads_within_vma && flags.contains(VmFlags::EXEC)
}

fn set_mmap_miss<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, misses: u64) {
    cpu.set(Cell::Readahead(vmf.file(), RaField::MmapMiss), misses);
}

/// `do_async_mmap_readahead`: the page is there; if it carries the mark, more is read.
fn do_async_mmap_readahead<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    page: PageId,
) -> Result<MmapLock, Stop> {
    let cpu = &mut cpu.enter(Func::DoAsyncMmapReadahead, [vmf.pgoff, 1]);
    if !is_exec(cpu, cpu.vma(vmf.vma).flags) {
        let misses = cpu.readahead(vmf.file()).mmap_miss;
        set_mmap_miss(cpu, vmf, misses.saturating_sub(1));
    }
    if !cpu.folio_flags(page).contains(PageFlags::READAHEAD) {
        return Ok(MmapLock::Held);
    }
    let lock = maybe_unlock_mmap_for_io(cpu, vmf)?;
    let folio = cpu.folio(page);
    page_cache_async_ra(cpu, vmf.file(), folio, vmf.pgoff)?;
    Ok(lock)
}

/// `do_fault_around`: maps what is cached in the aligned window around the fault, clipped to the
/// VMA and the PTE table.
pub(super) fn do_fault_around<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<(), Stop> {
    let vma = cpu.vma(vmf.vma);
    let window = cpu.machine_field(MachineField::FaultAroundPages);
    let pte_off = u64::from(Level::Pte.index(vmf.addr));
    let vma_off = vmf.addr.pages_since(vma.start);
    let from = (pte_off - pte_off % window).max(pte_off - pte_off.min(vma_off));
    let to = (from + window).min(PTRS_PER_TABLE.into()).min(pte_off + vma.pages() - vma_off);
    let first = vmf.pgoff - (pte_off - from);
    filemap_map_pages(cpu, vmf, first, first + (to - from))
}

/// `filemap_map_pages`: maps the cached pages of `first..end` where nothing is mapped yet; from 7.3
/// on of a large folio all pages if they fit, and everywhere a folio of 2 MiB by one entry if that
/// has room (`filemap_map_pmd`).
fn filemap_map_pages<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    let mapping = vmf.mapping();
    let file_end = cpu.file_pages(mapping);
    let end = end.min(file_end);
    let cpu = &mut cpu.enter(Func::FilemapMapPages, [first, end.saturating_sub(1)]);
    let mut next = next_uptodate_folio(cpu, mapping, first, end);
    if let Some((folio, _)) = next
        && reaches_last_page(cpu, mapping, folio)
        && cpu.kernel().last_folio_maps_nothing
        && pte_offset_map(cpu, vmf.pmd, vmf.addr).is_none()
    {
        return Ok(());
    }
    if next.is_none() {
        return note_misses(cpu, vmf, 0);
    }
    if let Some((folio, _)) = next
        && !reaches_last_page(cpu, mapping, folio)
        && cpu.word(vmf.pmd).is_none()
        && do_set_pmd(cpu, vmf, folio, Access::Load)?
    {
        return note_misses(cpu, vmf, 0);
    }
    let mm = cpu.vma(vmf.vma).mm.expect("a VMA belongs to a process");
    let lock = Lock::Ptl(pte_alloc(cpu, mm, vmf.pmd, vmf.addr)?.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let mut met = 0;
    while let Some((folio, pgoff)) = next {
        let part = cpu.page(folio).part;
        let folio_start = cpu.page(folio).pgoff;
        let folio_end = folio_start + part.pages();
        let vma = cpu.vma(vmf.vma);
        let whole = part.order > 0
            && cpu.kernel().fault_around_maps_folio
            && !reaches_last_page(cpu, mapping, folio)
            && folio_fits(&vma, folio_start, folio_end);
        let range = if whole { (folio_start, folio_end) } else { (pgoff, folio_end.min(end)) };
        let mut faulted = false;
        for pgoff in range.0..range.1 {
            let addr = vma.address_of(pgoff);
            let slot = pte_alloc(cpu, mm, vmf.pmd, addr)?;
            if cpu.word(slot).is_none() {
                let index = u32::try_from(pgoff - folio_start).expect("a folio is small");
                set_pte_range(cpu, &vma, Access::Load, folio.add(index), (slot, addr), 1)?;
                faulted |= addr == vmf.addr;
            }
        }
        met += match cpu.kernel().mmap_miss {
            MmapMiss::EveryPage => 1,
            MmapMiss::FaultedFolio => {
                let counts = faulted && vmf.attempt == Attempt::First;
                u64::from(counts && !is_exec(cpu, vma.flags))
            }
        };
        next = next_uptodate_folio(cpu, mapping, folio_end, end);
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    note_misses(cpu, vmf, met)
}

/// Fault-around made good for `met` misses.
fn note_misses<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, met: u64) -> Result<(), Stop> {
    let misses = cpu.readahead(vmf.file()).mmap_miss;
    set_mmap_miss(cpu, vmf, misses.saturating_sub(met));
    Ok(())
}

/// `next_uptodate_folio`: the first folio that meets `first..end` and may be mapped, with its first
/// page there. Whoever touches the mark must fault, so that more is read; and what migrates is
/// locked.
fn next_uptodate_folio<S: Sink>(
    cpu: &Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Option<(PageId, u64)> {
    (first..end).find_map(|pgoff| {
        let folio = cpu.folio(cpu.cached(mapping, pgoff)?);
        let flags = cpu.page(folio).flags;
        let unusable = PageFlags::READAHEAD | PageFlags::MIGRATES;
        let usable = flags.contains(PageFlags::UPTODATE) && !flags.intersects(unusable);
        usable.then_some((folio, pgoff))
    })
}

/// True if the folio ends with the file's last page or behind, and the file is on disk.
fn reaches_last_page<S: Sink>(cpu: &Cpu<S>, mapping: MappingId, folio: PageId) -> bool {
    let head = cpu.page(folio);
    cpu.file_kind(mapping) != FileKind::Shmem
        && head.pgoff + head.part.pages() >= cpu.file_pages(mapping)
}

/// True if pages `first..end` of the file lie in the VMA and below one PTE table.
pub(super) fn folio_fits(vma: &crate::machine::Vma, first: u64, end: u64) -> bool {
    if first < vma.pgoff || end > vma.last_pgoff() + 1 {
        return false;
    }
    let table = |pgoff: u64| -> VirtAddr { Level::Pmd.round_down(vma.address_of(pgoff)) };
    table(first) == table(end - 1)
}
