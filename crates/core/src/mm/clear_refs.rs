//! `echo 4 > /proc/PID/clear_refs`: from now on it shows which pages a process writes
//! (`fs/proc/task_mmu.c`). A walk of one process, where the walks of a file go through all.

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level};
use crate::machine::delta::VmaField;
use crate::machine::event::{Flush, Found, Lock, Mode};
use crate::machine::{Cell, Cpu, Event, Func, MmId, Sink, SlotId, Stop, TableId, VmFlags};
use crate::mm::huge_pmd::pmdp_invalidate;
use crate::mm::pagewalk::{Action, MmWalk, WalkOps, walk_page_range};
use crate::mm::protection::vma_page_prot;
use crate::mm::tlb::{dec_tlb_flush_pending, everything, flush_tlb_mm, inc_tlb_flush_pending};

/// `clear_refs_write` with `CLEAR_REFS_SOFT_DIRTY`: every VMA and every entry forgets that it was
/// written; the next store faults and says so again.
///
/// # Errors
/// The sink may stop the run.
pub fn clear_refs_write<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ClearRefsWrite, [mm.0.into(), 0]);
    let lock = Lock::Mmap(mm);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    for id in cpu.vmas(mm) {
        let vma = cpu.vma(id);
        if !vma.flags.contains(VmFlags::SOFTDIRTY) {
            continue;
        }
        let flags = vma.flags.difference(VmFlags::SOFTDIRTY);
        cpu.event(Event::VmaFlags { vma: id })?;
        cpu.set(Cell::Vma(id, VmaField::Flags), flags.bits());
        let prot = vma_page_prot(cpu, flags, vma.file);
        cpu.set(Cell::Vma(id, VmaField::Prot), prot);
    }
    inc_tlb_flush_pending(cpu, mm)?;
    let (start, end) = everything(cpu);
    cpu.event(Event::NotifierStart { mm, start, end })?;
    walk_page_range(cpu, mm, start, end, &mut ClearRefs)?;
    cpu.event(Event::NotifierEnd { mm, start, end })?;
    flush_tlb_mm(cpu, mm, Flush::Range)?;
    dec_tlb_flush_pending(cpu, mm)?;
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `clear_refs_walk_ops`: raw frames are passed over, as any walk does that has no filter.
struct ClearRefs;

impl<S: Sink> WalkOps<S> for ClearRefs {
    fn upper_entry(
        &mut self,
        cpu: &mut Cpu<S>,
        walk: &MmWalk,
        level: Level,
        pmd: SlotId,
        addr: VirtAddr,
    ) -> Result<Action, Stop> {
        match cpu.word(pmd).decode(level) {
            Entry::Leaf(_) => {
                clear_soft_dirty_pmd(cpu, walk.mm, pmd, addr).map(|()| Action::Continue)
            }
            _ => Ok(Action::Subtree),
        }
    }

    /// `clear_refs_pte_range`.
    fn pte_table(
        &mut self,
        cpu: &mut Cpu<S>,
        _: &MmWalk,
        table: TableId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        let cpu = &mut cpu.enter(Func::ClearRefsPteRange, [start.0, end.0]);
        let lock = Lock::Ptl(table);
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
        let mut addr = start;
        while addr < end {
            let slot = SlotId::new(table, Level::Pte.index(addr));
            clear_soft_dirty(cpu, slot, addr)?;
            addr = addr.add_pages(1);
        }
        cpu.event(Event::Unlock { lock, mode: Mode::Write })
    }
}

/// `clear_soft_dirty_pmd`: the same for a leaf PMD, which is flushed by itself.
fn clear_soft_dirty_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let lock = Lock::Ptl(pmd.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let old = pmdp_invalidate(cpu, mm, pmd, addr)?;
    cpu.event(Event::Store { slot: pmd, addr })?;
    cpu.set_word(pmd, old.wrprotect(cpu.kernel()).clear_soft_dirty());
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `clear_soft_dirty`: read-only, and not soft-dirty. Dirt stays. FIDELITY: no-pinned-pages.
fn clear_soft_dirty<S: Sink>(cpu: &mut Cpu<S>, slot: SlotId, addr: VirtAddr) -> Result<(), Stop> {
    let old = cpu.word(slot);
    let entry = old.decode(Level::Pte);
    cpu.event(Event::Slot { found: Found::from(entry), slot, addr })?;
    match entry {
        Entry::Leaf(_) => {
            let kernel = cpu.kernel();
            cpu.modify_prot(slot, addr, |pte| pte.wrprotect(kernel).clear_soft_dirty())?;
        }
        Entry::NonPresent => {
            cpu.event(Event::Store { slot, addr })?;
            cpu.set_word(slot, old.swp_clear_soft_dirty());
        }
        _ => {}
    }
    Ok(())
}
