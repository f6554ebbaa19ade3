//! Page faults (`mm/memory.c:handle_mm_fault` and below).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::machine::delta::{MachineField, PageField};
use crate::machine::event::{Access, FaultEnd, Flush, Lock, Mode};
use crate::machine::{
    Cell, Cpu, Event, FileKind, Func, MappingId, PageFlags, PageId, PageKind, Sink, SlotId, Stop,
    VmFlags, VmaId,
};
use crate::mm::anon::{anon_pte, anon_vma_prepare, do_anonymous_page, new_copy};
use crate::mm::device;
use crate::mm::filemap::{file_pte, filemap_map_pages, shmem_get_folio};
use crate::mm::pgalloc::{pmd_alloc, pte_alloc, pte_offset_map};
use crate::mm::rmap::{add_rmap, folio_mark_dirty, remove_rmap};
use crate::mm::tlb::flush_tlb_range;

/// One fault in the making (`struct vm_fault`).
pub(super) struct VmFault {
    pub(super) vma: VmaId,
    /// The page's address.
    pub(super) addr: VirtAddr,
    /// The PMD entry, whose table may still be missing.
    pub(super) pmd: SlotId,
    mapping: Option<MappingId>,
    pgoff: u64,
}

impl VmFault {
    /// The file's address space, in whatever is done for a file.
    fn mapping(&self) -> MappingId {
        self.mapping.expect("anonymous memory has no vm_ops")
    }
}

/// Deals with a fault inside a VMA that allows the access.
///
/// # Errors
/// The sink may stop the run.
pub(super) fn handle_mm_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: VmaId,
    addr: VirtAddr,
    access: Access,
) -> Result<FaultEnd, Stop> {
    let addr = addr.page_down();
    let cpu = &mut cpu.enter(Func::HandleMmFault, [addr.0, 0]);
    let at = cpu.vma(vma);
    let mm = at.mm.expect("a VMA belongs to a process");
    let pmd = pmd_alloc(cpu, mm, addr)?;
    let vmf = VmFault { vma, addr, pmd, mapping: at.mapping(), pgoff: at.pgoff_of(addr) };

    let slot = pte_offset_map(cpu, pmd, addr);
    match slot.map(|slot| (slot, cpu.word(slot))) {
        Some((slot, word)) if !word.is_none() => {
            if access == Access::Store && !word.is_write() {
                do_wp_page(cpu, &vmf, slot)?;
            }
            Ok(FaultEnd::Retry)
        }
        _ if vmf.mapping.is_none() => do_anonymous_page(cpu, &vmf, access),
        _ => do_fault(cpu, &vmf, access),
    }
}

/// `do_fault`: nothing is mapped there yet.
fn do_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, access: Access) -> Result<FaultEnd, Stop> {
    match access {
        Access::Load => do_read_fault(cpu, vmf),
        Access::Store if cpu.vma(vmf.vma).flags.contains(VmFlags::SHARED) => {
            do_shared_fault(cpu, vmf)
        }
        Access::Store => do_cow_fault(cpu, vmf),
    }
}

/// `vm_ops->fault`: the file's page, or `None` where the driver maps raw frames itself.
fn vm_ops_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
) -> Result<Result<Option<PageId>, FaultEnd>, Stop> {
    let vma = cpu.vma(vmf.vma);
    if cpu.file_kind(vmf.mapping()).is_device() {
        let done = device::fault(cpu, &vma, vmf.mapping(), vmf.addr)?;
        return Ok(done.map(|()| None).ok_or(FaultEnd::Bus));
    }
    let cpu = &mut cpu.enter(Func::ShmemFault, [vmf.pgoff, 1]);
    if vmf.pgoff >= cpu.file_pages(vmf.mapping()) {
        return Ok(Err(FaultEnd::Bus));
    }
    shmem_get_folio(cpu, vmf.mapping(), vmf.pgoff).map(|page| Ok(Some(page)))
}

fn do_read_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultEnd, Stop> {
    let cpu = &mut cpu.enter(Func::DoReadFault, [vmf.addr.0, 0]);
    let vma = cpu.vma(vmf.vma);
    let maps_around = cpu.file_kind(vmf.mapping()) == FileKind::Shmem
        && cpu.machine_field(MachineField::FaultAroundPages) > 1;
    if maps_around {
        filemap_map_pages(cpu, &vma, vmf.mapping(), vmf.pmd, vmf.addr)?;
        let slot = pte_offset_map(cpu, vmf.pmd, vmf.addr);
        if slot.is_some_and(|slot| !cpu.word(slot).is_none()) {
            return Ok(FaultEnd::Retry);
        }
    }
    match vm_ops_fault(cpu, vmf)? {
        Err(end) => return Ok(end),
        Ok(None) => {}
        Ok(Some(page)) => {
            let pte = file_pte(cpu, &vma, page);
            finish_fault(cpu, vmf, page, pte)?;
        }
    }
    Ok(FaultEnd::Retry)
}

fn do_shared_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultEnd, Stop> {
    let cpu = &mut cpu.enter(Func::DoSharedFault, [vmf.addr.0, 0]);
    match vm_ops_fault(cpu, vmf)? {
        Err(end) => return Ok(end),
        Ok(None) => {}
        Ok(Some(page)) => {
            let kernel = cpu.kernel();
            let pte = Pte::new(page.pfn(), cpu.vma(vmf.vma).prot);
            finish_fault(cpu, vmf, page, pte.mkdirty(kernel).mkwrite(kernel))?;
            folio_mark_dirty(cpu, page)?;
        }
    }
    Ok(FaultEnd::Retry)
}

fn do_cow_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultEnd, Stop> {
    let cpu = &mut cpu.enter(Func::DoCowFault, [vmf.addr.0, 0]);
    anon_vma_prepare(cpu, vmf.vma);
    match vm_ops_fault(cpu, vmf)? {
        Err(end) => return Ok(end),
        Ok(None) => unreachable!("raw frames are never mapped private"),
        Ok(Some(_)) => {
            let copy = new_copy(cpu, vmf.addr)?;
            let pte = anon_pte(cpu, vmf.vma, copy);
            finish_fault(cpu, vmf, copy, pte)?;
        }
    }
    Ok(FaultEnd::Retry)
}

/// `finish_fault`: the PTE table is made if needed, and the entry installed.
pub(super) fn finish_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    page: PageId,
    pte: Pte,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::FinishFault, [vmf.addr.0, 0]);
    let mm = cpu.vma(vmf.vma).mm.expect("a VMA belongs to a process");
    let slot = pte_alloc(cpu, mm, vmf.pmd, vmf.addr)?;
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Install { slot, addr: vmf.addr })?;
    cpu.set_word(slot, pte);
    add_rmap(cpu, page);
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `do_wp_page`: a store to a present, read-only entry.
fn do_wp_page<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, slot: SlotId) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::DoWpPage, [vmf.addr.0, 0]);
    let word = cpu.word(slot);
    let page = match word.decode(Level::Pte) {
        Entry::Leaf(pfn) => cpu.pfn_to_page(pfn).filter(|_| !word.is_special()),
        entry => unreachable!("a write-protected entry maps something: {entry:?}"),
    };
    let shared = cpu.vma(vmf.vma).flags.contains(VmFlags::SHARED);
    match page {
        None if shared => {
            let cpu = &mut cpu.enter(Func::WpPfnShared, [vmf.addr.0, 0]);
            device::pfn_mkwrite(cpu, vmf.mapping(), vmf.pgoff)?;
            wp_page_reuse(cpu, vmf, slot)
        }
        Some(page) if shared => {
            wp_page_reuse(cpu, vmf, slot)?;
            folio_mark_dirty(cpu, page)
        }
        // The only one who maps a copy keeps it.
        Some(page) if cpu.page(page).kind == PageKind::Anon && cpu.page(page).mapcount == 1 => {
            let flags = cpu.page(page).flags | PageFlags::ANON_EXCLUSIVE;
            wp_page_reuse(cpu, vmf, slot)?;
            cpu.set(Cell::Page(page, PageField::Flags), flags.bits().into());
            Ok(())
        }
        old => wp_page_copy(cpu, vmf, slot, old),
    }
}

/// `wp_page_reuse`: young, dirty and writable in one store. An upgrade needs no flush.
fn wp_page_reuse<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, slot: SlotId) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WpPageReuse, [vmf.addr.0, 0]);
    let lock = Lock::Ptl(slot.table());
    let kernel = cpu.kernel();
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Store { slot, addr: vmf.addr })?;
    let word = cpu.word(slot).mkyoung().mkdirty(kernel).mkwrite(kernel);
    cpu.set_word(slot, word);
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `wp_page_copy`: the process gets a copy of its own; `old` is `None` for the zero page.
fn wp_page_copy<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    slot: SlotId,
    old: Option<PageId>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WpPageCopy, [vmf.addr.0, 0]);
    anon_vma_prepare(cpu, vmf.vma);
    let copy = new_copy(cpu, vmf.addr)?;
    let pte = anon_pte(cpu, vmf.vma, copy);
    let mm = cpu.vma(vmf.vma).mm.expect("a VMA belongs to a process");
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Zap { slot, addr: vmf.addr })?;
    cpu.set_word(slot, Pte::NONE);
    flush_tlb_range(cpu, mm, Flush::Range, vmf.addr, vmf.addr.add_pages(1))?;
    cpu.event(Event::Install { slot, addr: vmf.addr })?;
    cpu.set_word(slot, pte);
    add_rmap(cpu, copy);
    if let Some(old) = old {
        remove_rmap(cpu, old);
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}
