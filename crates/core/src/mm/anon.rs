//! Anonymous memory: pages that no file backs, and the families that copies on write belong to
//! (`mm/memory.c:do_anonymous_page`, `mm/rmap.c:__anon_vma_prepare`).

use crate::addr::VirtAddr;
use crate::arch::Pte;
use crate::machine::delta::VmaField;
use crate::machine::event::{Access, Lock, Mode};
use crate::machine::page::ZERO_PFN;
use crate::machine::{
    Cell, Cpu, Event, Func, Page, PageFlags, PageId, PageKind, Sink, Stop, VmFlags, Vma, VmaId,
};
use crate::mm::fault::{FaultResult, VmFault, finish_fault};
use crate::mm::page_alloc::alloc_page;
use crate::mm::pgalloc::pte_alloc;
use crate::mm::rmap::anon_vma_alloc;

/// `do_anonymous_page`: a load sees the zero page, a store gets a page of its own.
pub(super) fn do_anonymous_page<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    access: Access,
) -> Result<FaultResult, Stop> {
    let cpu = &mut cpu.enter(Func::DoAnonymousPage, [vmf.addr.0, 0]);
    match access {
        Access::Load => {
            let vma = cpu.vma(vmf.vma);
            let mm = vma.mm.expect("a VMA belongs to a process");
            let slot = pte_alloc(cpu, mm, vmf.pmd, vmf.addr)?;
            let lock = Lock::Ptl(slot.table());
            cpu.event(Event::Lock { lock, mode: Mode::Write })?;
            cpu.event(Event::Install { slot, addr: vmf.addr })?;
            cpu.set_word(slot, Pte::new(ZERO_PFN, vma.prot).mkspecial());
            cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
        }
        Access::Store => {
            vmf_anon_prepare(cpu, vmf)?;
            let page = new_copy(cpu, vmf.addr)?;
            finish_fault(cpu, vmf, page, access)?;
        }
    }
    Ok(FaultResult::Done)
}

pub(super) fn new_copy<S: Sink>(cpu: &mut Cpu<S>, addr: VirtAddr) -> Result<PageId, Stop> {
    let flags = PageFlags::UPTODATE | PageFlags::ANON_EXCLUSIVE;
    let page = Page { kind: PageKind::Anon, flags, ..Page::default() };
    cpu.event(Event::Cow { page: cpu.free_page_id(), addr })?;
    alloc_page(cpu, page)
}

/// The word for a fresh copy: dirty and, as far as the VMA allows, writable.
pub(super) fn anon_pte<S: Sink>(cpu: &Cpu<S>, vma: VmaId, copy: PageId) -> Pte {
    let kernel = cpu.kernel();
    Pte::new(copy.pfn(), cpu.vma(vma).prot).mkdirty(kernel).mkwrite(kernel)
}

/// `vmf_anon_prepare`: who came with the VMA's lock alone also needs `mmap_lock`, to look at the
/// neighbours.
pub(super) fn vmf_anon_prepare<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<(), Stop> {
    let vma = cpu.vma(vmf.vma);
    let mmap = vma.mm.map(Lock::Mmap).filter(|lock| vma.anon_vma == 0 && *lock != vmf.lock);
    if let Some(lock) = mmap {
        cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    }
    anon_vma_prepare(cpu, vmf.vma)?;
    match mmap {
        Some(lock) => cpu.event(Event::Unlock { lock, mode: Mode::Read }),
        None => Ok(()),
    }
}

/// `anon_vma_prepare`: from the first copy on, the VMA has a family of copies.
pub(super) fn anon_vma_prepare<S: Sink>(cpu: &mut Cpu<S>, vma: VmaId) -> Result<(), Stop> {
    if cpu.vma(vma).anon_vma != 0 {
        return Ok(());
    }
    let anon_vma = match find_mergeable_anon_vma(cpu, vma) {
        Some(neighbours) => neighbours,
        None => anon_vma_alloc(cpu),
    };
    let family = u32::try_from(anon_vma).expect("families are bounded by steps");
    let mm = cpu.vma(vma).mm.expect("a VMA belongs to a process");
    let locks = [Lock::AnonVma(family), Lock::PageTable(mm)];
    for lock in locks {
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    }
    cpu.set(Cell::Vma(vma, VmaField::AnonVma), anon_vma);
    cpu.set(Cell::Vma(vma, VmaField::AnonChain), 1);
    for lock in locks.into_iter().rev() {
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    }
    Ok(())
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
