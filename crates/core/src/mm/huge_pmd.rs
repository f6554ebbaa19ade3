//! Leaf PMDs: one entry maps the 512 pages of a folio (`mm/huge_memory.c`,
//! `mm/memory.c:do_set_pmd`). In a file's mapping none is ever split into PTEs: it goes, and faults
//! bring back what is needed. FIDELITY: huge-pages-of-files.

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::machine::event::{Access, Flush, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, PageId, Sink, SlotId, Stop, Vma, VmaId};
use crate::mm::fault::VmFault;
use crate::mm::mmu_gather::{MmuGather, Rmap};
use crate::mm::rmap::{
    folio_add_file_rmap_pmd, folio_mark_accessed, folio_mark_dirty, folio_remove_rmap_pmd,
};
use crate::mm::tlb::flush_tlb_range;

/// `HPAGE_PMD_ORDER`: log2 of the pages that a leaf PMD maps.
pub(super) const HPAGE_PMD_ORDER: u8 = 9;

/// The addresses that the PMD entry of `addr` maps.
fn pmd_range(addr: VirtAddr) -> (VirtAddr, VirtAddr) {
    let start = Level::Pmd.round_down(addr);
    (start, VirtAddr(start.0 + Level::Pmd.size()))
}

/// `thp_vma_suitable_order`: the VMA has room for all 2 MiB around `addr`, and its pages lie in the
/// file as they lie in memory.
pub(super) fn thp_vma_suitable(vma: &Vma, addr: VirtAddr) -> bool {
    let (start, end) = pmd_range(addr);
    let pages = 1 << HPAGE_PMD_ORDER;
    let aligned = vma.pgoff % pages == vma.start.pages_since(VirtAddr(0)) % pages;
    aligned && vma.start <= start && end <= vma.end
}

/// `do_set_pmd`: maps the folio of `page` by one entry. False if that cannot be.
pub(super) fn do_set_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    page: PageId,
    access: Access,
) -> Result<bool, Stop> {
    let vma = cpu.vma(vmf.vma);
    if cpu.page(page).part.order != HPAGE_PMD_ORDER || !thp_vma_suitable(&vma, vmf.addr) {
        return Ok(false);
    }
    let (addr, _) = pmd_range(vmf.addr);
    let cpu = &mut cpu.enter(Func::DoSetPmd, [addr.0, 0]);
    let (kernel, folio) = (cpu.kernel(), cpu.folio(page));
    let mut pmd = Pte::new_huge(folio.pfn(), vma.prot);
    if access == Access::Store {
        pmd = pmd.mkdirty(kernel).mkwrite(kernel);
    }
    let lock = Lock::Ptl(vmf.pmd.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Install { slot: vmf.pmd, addr })?;
    cpu.set_word(vmf.pmd, pmd);
    folio_add_file_rmap_pmd(cpu, folio);
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    Ok(true)
}

/// A fault at a leaf PMD. True if that was dealt with; otherwise the entry is gone, and the fault
/// goes on as if there had been none.
pub(super) fn handle_huge_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    access: Access,
) -> Result<bool, Stop> {
    if access == Access::Store && !cpu.word(vmf.pmd).is_write() {
        return wp_huge_pmd(cpu, vmf).map(|()| false);
    }
    huge_pmd_set_accessed(cpu, vmf, access).map(|()| true)
}

/// `wp_huge_pmd`: copies on write and notices of writes are the PTEs' business.
fn wp_huge_pmd<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WpHugePmd, [vmf.addr.0, 0]);
    split_huge_pmd(cpu, vmf.vma, vmf.pmd, vmf.addr)
}

/// `huge_pmd_set_accessed`: a stale translation faulted. Only a store writes the entry.
fn huge_pmd_set_accessed<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    access: Access,
) -> Result<(), Stop> {
    let lock = Lock::Ptl(vmf.pmd.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let word = cpu.word(vmf.pmd);
    let entry = word.mkyoung().mkdirty(cpu.kernel());
    if access == Access::Store && entry != word {
        cpu.event(Event::Store { slot: vmf.pmd, addr: pmd_range(vmf.addr).0 })?;
        cpu.set_word(vmf.pmd, entry);
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `__split_huge_pmd`: takes the leaf PMD of `addr` away, under a notifier range of its own.
pub(super) fn split_huge_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: VmaId,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let mm = cpu.vma(vma).mm.expect("a VMA belongs to a process");
    let (start, end) = pmd_range(addr);
    let cpu = &mut cpu.enter(Func::SplitHugePmd, [start.0, 0]);
    cpu.event(Event::NotifierStart { mm, start, end })?;
    let lock = Lock::Ptl(pmd.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    split_huge_pmd_locked(cpu, mm, pmd, start)?;
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    cpu.event(Event::NotifierEnd { mm, start, end })
}

/// `__split_huge_pmd_locked` in a file's mapping, `pmdp_huge_clear_flush`: the folio learns of dirt
/// and access.
pub(super) fn split_huge_pmd_locked<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let old = cpu.word(pmd);
    let folio = folio_of(cpu, old);
    let (start, end) = pmd_range(addr);
    cpu.event(Event::Zap { slot: pmd, addr: start })?;
    cpu.set_word(pmd, Pte::NONE);
    flush_tlb_range(cpu, mm, Flush::Page, start, end)?;
    if old.is_dirty(cpu.kernel()) {
        folio_mark_dirty(cpu, folio)?;
    }
    if old.is_young() {
        folio_mark_accessed(cpu, folio)?;
    }
    folio_remove_rmap_pmd(cpu, folio);
    Ok(())
}

/// The folio that a leaf PMD maps.
fn folio_of<S: Sink>(cpu: &Cpu<S>, pmd: Pte) -> PageId {
    let Entry::Leaf(pfn) = pmd.decode(Level::Pmd) else { unreachable!("a leaf PMD") };
    cpu.pfn_to_page(pfn).expect("a leaf PMD maps a folio")
}

/// The PMD entry of `addr`, if that is a leaf (`mm_find_pmd`).
fn leaf_pmd<S: Sink>(cpu: &Cpu<S>, mm: MmId, addr: VirtAddr) -> Option<SlotId> {
    cpu.leaf_slot(mm, addr).filter(|(level, _)| *level == Level::Pmd).map(|(_, slot)| slot)
}

/// `split_huge_pmd_if_needed`: a VMA is about to begin or end at `border`, which no leaf PMD may
/// reach over.
pub(super) fn split_huge_pmd_if_needed<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: VmaId,
    border: VirtAddr,
) -> Result<(), Stop> {
    let old = cpu.vma(vma);
    let (start, end) = pmd_range(border);
    if border == start || start < old.start || old.end < end {
        return Ok(());
    }
    let mm = old.mm.expect("a VMA belongs to a process");
    match leaf_pmd(cpu, mm, border) {
        Some(pmd) => split_huge_pmd(cpu, vma, pmd, border),
        None => Ok(()),
    }
}

/// `zap_huge_pmd`: all 512 pages at once; dirt goes to the folio.
pub(super) fn zap_huge_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ZapHugePmd, [addr.0, 0]);
    let kernel = cpu.kernel();
    let lock = Lock::Ptl(pmd.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let old = cpu.word(pmd);
    let folio = folio_of(cpu, old);
    cpu.event(Event::Zap { slot: pmd, addr })?;
    cpu.set_word(pmd, Pte::NONE);
    tlb.adjust_huge_range(addr);
    folio_remove_rmap_pmd(cpu, folio);
    if old.is_dirty(kernel) {
        folio_mark_dirty(cpu, folio)?;
    }
    if kernel.zap_huge_pmd_tells_access && old.is_young() {
        folio_mark_accessed(cpu, folio)?;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    if !tlb.keep_page(kernel, folio, Rmap::Removed, false) {
        let pages = tlb.pages_kept(kernel);
        cpu.event(Event::BatchFull { mm: tlb.mm(), pages })?;
        tlb.flush(cpu)?;
    }
    Ok(())
}

/// `pmdp_invalidate_ad`: takes the entry out, so that no CPU can set bits behind the back of who
/// changes it. Returns what it was.
pub(super) fn pmdp_invalidate_ad<S: Sink>(
    cpu: &mut Cpu<S>,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<Pte, Stop> {
    cpu.event(Event::Xchg { slot: pmd, addr })?;
    let old = cpu.word(pmd);
    cpu.set_word(pmd, old.mkinvalid());
    Ok(old)
}

/// `pmdp_invalidate`: the same, and out of every TLB at once.
pub(super) fn pmdp_invalidate<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<Pte, Stop> {
    let cpu = &mut cpu.enter(Func::PmdpInvalidate, [addr.0, 0]);
    let old = pmdp_invalidate_ad(cpu, pmd, addr)?;
    flush_tlb_range(cpu, mm, Flush::Page, addr, VirtAddr(addr.0 + Level::Pmd.size()))?;
    Ok(old)
}

/// `move_huge_pmd`: the entry goes over to `to`, marked soft-dirty.
pub(super) fn move_huge_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    (from, old): (SlotId, VirtAddr),
    (to, new): (SlotId, VirtAddr),
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::MoveHugePmd, [old.0, new.0]);
    let (outer, inner) = (Lock::Ptl(from.table()), Lock::Ptl(to.table()));
    let inner = (outer != inner).then_some(inner);
    cpu.event(Event::Lock { lock: outer, mode: Mode::Write })?;
    if let Some(lock) = inner {
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    }
    cpu.event(Event::Move { from, to, addr: new })?;
    let word = cpu.word(from);
    cpu.set_word(from, Pte::NONE);
    cpu.set_word(to, word.mksoft_dirty());
    flush_tlb_range(cpu, mm, Flush::Range, old, VirtAddr(old.0 + Level::Pmd.size()))?;
    if let Some(lock) = inner {
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    }
    cpu.event(Event::Unlock { lock: outer, mode: Mode::Write })
}
