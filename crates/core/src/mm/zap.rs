//! Entries are taken away (`mm/memory.c:unmap_vmas` down to `zap_pte_range`), and the flush that
//! they owe is gathered (`mm/mmu_gather.c`).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level};
use crate::machine::event::{Flush, Found, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, PageKind, Sink, SlotId, Stop, TableId, VmaId};
use crate::mm::rmap::{folio_mark_dirty, remove_rmap};
use crate::mm::tlb::{dec_tlb_flush_pending, flush_tlb_range, inc_tlb_flush_pending};

/// What one unmapping owes the TLB (`struct mmu_gather`). FIDELITY: gather-without-batches.
#[derive(Debug)]
pub(super) struct MmuGather {
    mm: MmId,
    /// Range of the entries taken away; empty if none.
    start: VirtAddr,
    end: VirtAddr,
}

impl MmuGather {
    /// `tlb_gather_mmu`.
    pub(super) fn begin<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) -> Result<Self, Stop> {
        inc_tlb_flush_pending(cpu, mm)?;
        Ok(Self { mm, start: VirtAddr(u64::MAX), end: VirtAddr(0) })
    }

    /// Whose memory it is.
    pub(super) fn mm(&self) -> MmId {
        self.mm
    }

    /// `tlb_remove_tlb_entry`: the entries from `start` to `end` may be cached.
    pub(super) fn grow(&mut self, start: VirtAddr, end: VirtAddr) {
        self.start = self.start.min(start);
        self.end = self.end.max(end);
    }

    /// `tlb_flush_mmu_tlbonly`: flushes what was gathered so far.
    fn flush<S: Sink>(&mut self, cpu: &mut Cpu<S>) -> Result<(), Stop> {
        if self.start < self.end {
            flush_tlb_range(cpu, self.mm, Flush::Range, self.start, self.end)?;
            (self.start, self.end) = (VirtAddr(u64::MAX), VirtAddr(0));
        }
        Ok(())
    }

    /// `tlb_finish_mmu`.
    pub(super) fn finish<S: Sink>(mut self, cpu: &mut Cpu<S>) -> Result<(), Stop> {
        self.flush(cpu)?;
        dec_tlb_flush_pending(cpu, self.mm)
    }
}

/// `unmap_vmas`: every entry of the dying VMAs, under one notifier range.
pub(super) fn unmap_vmas<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    dying: &[VmaId],
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let mm = tlb.mm();
    cpu.event(Event::NotifierStart { mm, start, end })?;
    for id in dying {
        let vma = cpu.vma(*id);
        unmap_page_range(cpu, tlb, vma.start, vma.end)?;
    }
    cpu.event(Event::NotifierEnd { mm, start, end })
}

/// `unmap_page_range`.
fn unmap_page_range<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::UnmapPageRange, [start.0, end.0]);
    let pgd = cpu.pgd(tlb.mm());
    zap_table(cpu, tlb, pgd, Level::Pgd, start, end)
}

/// `zap_p4d_range`, `zap_pud_range`, `zap_pmd_range`: the same steps at each level.
fn zap_table<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    table: TableId,
    level: Level,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let mut addr = start;
    while addr < end {
        let next = level.addr_end(addr, end);
        let slot = SlotId::new(table, level.index(addr));
        let entry = cpu.word(slot).decode(level);
        cpu.event(Event::Descend { level, found: Found::from(entry), slot, addr })?;
        match (entry, level.below()) {
            (Entry::Table(pfn), Some(Level::Pte)) => {
                let table = cpu.table_at(pfn);
                zap_pte_range(cpu, tlb, table, addr, next)?;
            }
            (Entry::Table(pfn), Some(below)) => {
                let table = cpu.table_at(pfn);
                zap_table(cpu, tlb, table, below, addr, next)?;
            }
            _ => cpu.event(Event::Hole { level, addr, end: next })?,
        }
        addr = next;
    }
    Ok(())
}

/// `zap_pte_range`: D of a file page goes to the page, and is flushed before the PTL drops; of a
/// special entry it is lost.
fn zap_pte_range<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    table: TableId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ZapPteRange, [start.0, end.0]);
    let lock = Lock::Ptl(table);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let mut force_flush = false;
    let mut addr = start;
    while addr < end {
        let slot = SlotId::new(table, Level::Pte.index(addr));
        let next = addr.add_pages(1);
        force_flush |= zap_present_pte(cpu, tlb, slot, addr)?;
        addr = next;
    }
    if force_flush {
        tlb.flush(cpu)?;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// Takes one entry away, if there is one. True if its dirt went to the page, so that the flush must
/// not wait.
fn zap_present_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<bool, Stop> {
    let old = cpu.word(slot);
    let Entry::Leaf(pfn) = old.decode(Level::Pte) else { return Ok(false) };
    cpu.event(Event::Zap { slot, addr })?;
    cpu.set_word(slot, crate::arch::Pte::NONE);
    tlb.grow(addr, addr.add_pages(1));
    let Some(page) = cpu.pfn_to_page(pfn).filter(|_| !old.is_special()) else { return Ok(false) };
    let dirty = old.is_dirty(cpu.kernel()) && cpu.page(page).kind == PageKind::File;
    if dirty {
        folio_mark_dirty(cpu, page)?;
    }
    remove_rmap(cpu, page);
    Ok(dirty)
}
