//! Page faults (`mm/memory.c:handle_mm_fault` and below).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::machine::delta::{MachineField, VmaField};
use crate::machine::event::{Access, FaultEnd, Flush, Lock, Mode};
use crate::machine::{
    Cell, Cpu, Event, FileKind, Func, MappingId, Page, PageFlags, PageId, PageKind, Sink, SlotId,
    Stop, VmFlags, Vma, VmaId,
};
use crate::mm::device;
use crate::mm::filemap::{file_pte, filemap_map_pages, shmem_get_folio};
use crate::mm::page_alloc::alloc_page;
use crate::mm::pgalloc::{pmd_alloc, pte_alloc, pte_offset_map};
use crate::mm::rmap::{add_rmap, anon_vma_alloc, folio_mark_dirty, remove_rmap};
use crate::mm::tlb::flush_tlb_range;
use crate::mm::vma::file_of;

/// One fault in the making (`struct vm_fault`).
struct VmFault {
    vma: VmaId,
    /// The page's address.
    addr: VirtAddr,
    /// The PMD entry, whose table may still be missing.
    pmd: SlotId,
    mapping: MappingId,
    pgoff: u64,
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
    let mapping = file_of(&at).mapping;
    let vmf = VmFault { vma, addr, pmd, mapping, pgoff: at.pgoff_of(addr) };

    let slot = pte_offset_map(cpu, pmd, addr);
    match slot.map(|slot| (slot, cpu.word(slot))) {
        Some((slot, word)) if !word.is_none() => {
            if access == Access::Store && !word.is_write() {
                do_wp_page(cpu, &vmf, slot)?;
            }
            Ok(FaultEnd::Retry)
        }
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
    if cpu.file_kind(vmf.mapping).is_device() {
        let done = device::fault(cpu, &vma, vmf.mapping, vmf.addr)?;
        return Ok(done.map(|()| None).ok_or(FaultEnd::Bus));
    }
    let cpu = &mut cpu.enter(Func::ShmemFault, [vmf.pgoff, 1]);
    if vmf.pgoff >= cpu.file_pages(vmf.mapping) {
        return Ok(Err(FaultEnd::Bus));
    }
    shmem_get_folio(cpu, vmf.mapping, vmf.pgoff).map(|page| Ok(Some(page)))
}

fn do_read_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultEnd, Stop> {
    let cpu = &mut cpu.enter(Func::DoReadFault, [vmf.addr.0, 0]);
    let vma = cpu.vma(vmf.vma);
    let maps_around = cpu.file_kind(vmf.mapping) == FileKind::Shmem
        && cpu.machine_field(MachineField::FaultAroundPages) > 1;
    if maps_around {
        filemap_map_pages(cpu, &vma, vmf.mapping, vmf.pmd, vmf.addr)?;
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
            let pte = anon_pte(cpu, vmf, copy);
            finish_fault(cpu, vmf, copy, pte)?;
        }
    }
    Ok(FaultEnd::Retry)
}

/// `finish_fault`: the PTE table is made if needed, and the entry installed.
fn finish_fault<S: Sink>(
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
        None => {
            let cpu = &mut cpu.enter(Func::WpPfnShared, [vmf.addr.0, 0]);
            device::pfn_mkwrite(cpu, vmf.mapping, vmf.pgoff)?;
            wp_page_reuse(cpu, vmf, slot)
        }
        Some(page) if shared => {
            wp_page_reuse(cpu, vmf, slot)?;
            folio_mark_dirty(cpu, page)
        }
        // The only one who maps a copy keeps it.
        Some(page) if cpu.page(page).kind == PageKind::Anon && cpu.page(page).mapcount == 1 => {
            wp_page_reuse(cpu, vmf, slot)
        }
        Some(page) => wp_page_copy(cpu, vmf, slot, page),
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

/// `wp_page_copy`: the process gets a copy of its own.
fn wp_page_copy<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    slot: SlotId,
    old: PageId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WpPageCopy, [vmf.addr.0, 0]);
    anon_vma_prepare(cpu, vmf.vma);
    let copy = new_copy(cpu, vmf.addr)?;
    let pte = anon_pte(cpu, vmf, copy);
    let mm = cpu.vma(vmf.vma).mm.expect("a VMA belongs to a process");
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Zap { slot, addr: vmf.addr })?;
    cpu.set_word(slot, Pte::NONE);
    flush_tlb_range(cpu, mm, Flush::Range, vmf.addr, vmf.addr.add_pages(1))?;
    cpu.event(Event::Install { slot, addr: vmf.addr })?;
    cpu.set_word(slot, pte);
    add_rmap(cpu, copy);
    remove_rmap(cpu, old);
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

fn new_copy<S: Sink>(cpu: &mut Cpu<S>, addr: VirtAddr) -> Result<PageId, Stop> {
    let page = Page { kind: PageKind::Anon, flags: PageFlags::UPTODATE, ..Page::default() };
    cpu.event(Event::Cow { page: cpu.free_page_id(), addr })?;
    alloc_page(cpu, page)
}

/// The word for a fresh copy: dirty and, as far as the VMA allows, writable.
fn anon_pte<S: Sink>(cpu: &Cpu<S>, vmf: &VmFault, copy: PageId) -> Pte {
    let kernel = cpu.kernel();
    Pte::new(copy.pfn(), cpu.vma(vmf.vma).prot).mkdirty(kernel).mkwrite(kernel)
}

/// `anon_vma_prepare`: from the first copy on, the VMA has a family of copies.
fn anon_vma_prepare<S: Sink>(cpu: &mut Cpu<S>, vma: VmaId) {
    if cpu.vma(vma).anon_vma != 0 {
        return;
    }
    let anon_vma = match find_mergeable_anon_vma(cpu, vma) {
        Some(neighbours) => neighbours,
        None => anon_vma_alloc(cpu),
    };
    cpu.set(Cell::Vma(vma, VmaField::AnonVma), anon_vma);
    cpu.set(Cell::Vma(vma, VmaField::AnonChain), 1);
}

/// `mm/vma.c:find_mergeable_anon_vma`: the next, else the previous VMA's, if the two might one day
/// merge.
fn find_mergeable_anon_vma<S: Sink>(cpu: &Cpu<S>, id: VmaId) -> Option<u64> {
    let vma = cpu.vma(id);
    let mm = vma.mm?;
    let next = cpu.find_vma(mm, vma.end).map(|next| cpu.vma(next));
    let prev = cpu.find_vma_prev(mm, vma.start).map(|prev| cpu.vma(prev));
    let usable = |lower: &Vma, upper: &Vma, owner: &Vma| {
        let protection = VmFlags::READ | VmFlags::WRITE | VmFlags::EXEC | VmFlags::SOFTDIRTY;
        lower.end == upper.start
            && lower.file == upper.file
            && lower.pgoff + lower.pages() == upper.pgoff
            && (!cpu.kernel().anon_offset_must_match
                || lower.anon_pgoff + lower.pages() == upper.anon_pgoff)
            && (lower.flags ^ upper.flags).difference(protection).is_empty()
            && owner.anon_vma != 0
            && owner.anon_chain == 1
    };
    next.filter(|next| usable(&vma, next, next))
        .or_else(|| prev.filter(|prev| usable(prev, &vma, prev)))
        .map(|neighbour| neighbour.anon_vma.into())
}
