//! The page cache: filling it and mapping from it around a fault (`mm/filemap.c`, `mm/shmem.c`).

use crate::addr::VirtAddr;
use crate::arch::level::PTRS_PER_TABLE;
use crate::arch::{Level, Pte};
use crate::machine::delta::MachineField;
use crate::machine::{
    Cell, Cpu, Event, Func, MappingId, Page, PageFlags, PageId, PageKind, Sink, SlotId, Stop, Vma,
};
use crate::mm::page_alloc::alloc_page;
use crate::mm::pgalloc::pte_alloc;
use crate::mm::rmap::{add_rmap, folio_mark_dirty};

/// Sets `fault_around_bytes`, in pages; 1 turns fault-around off.
pub fn set_fault_around<S: Sink>(cpu: &mut Cpu<S>, pages: u64) {
    cpu.set(Cell::Machine(MachineField::FaultAroundPages), pages.max(1));
}

/// FIDELITY: single-pages.
/// `shmem_get_folio`: the page at `pgoff`, brought into the cache, all zero, if it is not there.
pub(super) fn shmem_get_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
) -> Result<PageId, Stop> {
    if let Some(page) = cpu.cached(mapping, pgoff) {
        return Ok(page);
    }
    cpu.event(Event::CacheAdd { mapping, pgoff })?;
    let page = Page {
        kind: PageKind::File,
        flags: PageFlags::UPTODATE,
        owner: mapping.0,
        pgoff,
        ..Page::default()
    };
    let page = alloc_page(cpu, page)?;
    cpu.set(Cell::Cached(mapping, pgoff), u64::from(page.0) + 1);
    Ok(page)
}

/// `pwrite` of whole pages: they enter the cache dirty; nothing is mapped. Returns how many were
/// written: none behind the file's end.
///
/// # Errors
/// The sink may stop the run.
pub fn fill<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<u64, Stop> {
    let end = first.saturating_add(nr).min(cpu.file_pages(mapping));
    for pgoff in first..end {
        let page = shmem_get_folio(cpu, mapping, pgoff)?;
        folio_mark_dirty(cpu, page)?;
    }
    Ok(end.saturating_sub(first))
}

/// The word that a fault installs for a file page (`set_pte_range`): 7.3 maps a dirty page dirty
/// where the entry is writable.
pub(super) fn file_pte<S: Sink>(cpu: &Cpu<S>, vma: &Vma, page: PageId) -> Pte {
    let pte = Pte::new(page.pfn(), vma.prot);
    let born_dirty = cpu.kernel().dirty_page_maps_dirty
        && pte.is_write()
        && cpu.page(page).flags.contains(PageFlags::DIRTY);
    if born_dirty { pte.mkdirty(cpu.kernel()) } else { pte }
}

/// `do_fault_around`, `filemap_map_pages`: maps the cached pages of the aligned window around
/// `addr`, clipped to the VMA, the PTE table and the file, where nothing is mapped yet.
pub(super) fn filemap_map_pages<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: &Vma,
    mapping: MappingId,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let window = cpu.machine_field(MachineField::FaultAroundPages);
    let pte_off = u64::from(Level::Pte.index(addr));
    let vma_off = addr.pages_since(vma.start);
    let from = (pte_off - pte_off % window).max(pte_off - pte_off.min(vma_off));
    let to = (from + window).min(PTRS_PER_TABLE.into()).min(pte_off + vma.pages() - vma_off);
    let base = Level::Pmd.round_down(addr);
    let first = vma.pgoff_of(addr) - (pte_off - from);
    let last = (first + (to - from)).min(cpu.file_pages(mapping));

    let cpu = &mut cpu.enter(Func::FilemapMapPages, [first, last.saturating_sub(1)]);
    for pgoff in first..last {
        let Some(page) = cpu.cached(mapping, pgoff) else { continue };
        let addr = base.add_pages(from + (pgoff - first));
        let mm = vma.mm.expect("a VMA belongs to a process");
        let slot = pte_alloc(cpu, mm, pmd, addr)?;
        if cpu.word(slot).is_none() {
            let pte = file_pte(cpu, vma, page);
            cpu.event(Event::Install { slot, addr })?;
            cpu.set_word(slot, pte);
            add_rmap(cpu, page);
        }
    }
    Ok(())
}
