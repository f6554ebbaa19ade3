//! What one unmapping owes (`mm/mmu_gather.c`): a range to flush, and the pages that may be freed
//! only behind that flush.

use crate::addr::VirtAddr;
use crate::arch::Level;
use crate::kernel::Kernel;
use crate::machine::event::Flush;
use crate::machine::{Cpu, Func, MmId, PageId, Sink, Stop};
use crate::mm::rmap::{folio_put, folio_remove_rmap};
use crate::mm::tlb::{
    FreedTables, dec_tlb_flush_pending, everything, flush_tlb_mm_range, inc_tlb_flush_pending,
    mm_tlb_flush_nested,
};

/// `MMU_GATHER_BUNDLE`: pages that the gather holds in itself, its first batch.
const MMU_GATHER_BUNDLE: u32 = 8;
/// `MAX_GATHER_BATCH`: pages of every further batch, which fills a page of its own.
const MAX_GATHER_BATCH: u32 = 510;
/// `MAX_GATHER_BATCH_COUNT`: further batches at most.
const MAX_GATHER_BATCH_COUNT: u32 = 19;

/// How much of the process goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Some ranges.
    Ranges,
    /// All of it: every flush is one of everything.
    FullMm,
}

/// Whether a page's mapcount has fallen already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rmap {
    /// It has.
    Removed,
    /// It falls behind the flush.
    Delayed,
}

/// `struct mmu_gather`. FIDELITY: tables-freed-at-once. It holds pages, not tables.
#[derive(Debug)]
pub(super) struct MmuGather {
    mm: MmId,
    extent: Extent,
    /// Range of the PTEs taken away; empty if none.
    start: VirtAddr,
    end: VirtAddr,
    /// Range of the PMDs taken away, leaves and tables; empty if none.
    pmds: (VirtAddr, VirtAddr),
    /// A table was freed below one of them.
    freed_tables: FreedTables,
    /// Raw frames were zapped and not flushed for.
    vma_pfn: bool,
    /// Which batch is being filled, 0 the gather's own, and how many pages it holds.
    active: u32,
    nr: u32,
    /// Batches allocated beside the gather's own; a flush keeps them.
    batch_count: u32,
    /// Pages whose mapcount is still to fall.
    delayed: Vec<PageId>,
    /// Pages whose reference is still to be dropped, as far as that may free them.
    pages: Vec<PageId>,
}

impl MmuGather {
    /// `tlb_gather_mmu`, `tlb_gather_mmu_fullmm`.
    pub(super) fn begin<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, extent: Extent) -> Result<Self, Stop> {
        inc_tlb_flush_pending(cpu, mm)?;
        let (start, end) = NOTHING;
        let (delayed, pages) = (Vec::new(), Vec::new());
        let (active, nr, batch_count) = (0, 0, 0);
        let (freed_tables, vma_pfn) = (FreedTables::No, false);
        Ok(Self {
            mm,
            extent,
            start,
            end,
            pmds: NOTHING,
            freed_tables,
            vma_pfn,
            active,
            nr,
            batch_count,
            delayed,
            pages,
        })
    }

    /// Whose memory it is.
    pub(super) fn mm(&self) -> MmId {
        self.mm
    }

    /// `pte_free_tlb`: the table that begins to map at `addr` is unhooked; a CPU may still walk it.
    pub(super) fn free_table(&mut self, addr: VirtAddr) {
        self.adjust_pmds(addr, addr.add_pages(1));
        self.freed_tables = FreedTables::Yes;
    }

    /// `tlb_remove_pmd_tlb_entry`: the 2 MiB at `addr` may be cached.
    pub(super) fn adjust_huge_range(&mut self, addr: VirtAddr) {
        self.adjust_pmds(addr, VirtAddr(addr.0 + Level::Pmd.size()));
    }

    /// `tlb_flush_pmd_range`.
    fn adjust_pmds(&mut self, start: VirtAddr, end: VirtAddr) {
        self.pmds = (self.pmds.0.min(start), self.pmds.1.max(end));
    }

    /// `tlb_remove_tlb_entry`: the page at `addr` may be cached.
    #[inline(always)]
    pub(super) fn adjust_range(&mut self, addr: VirtAddr) {
        self.start = self.start.min(addr);
        self.end = self.end.max(addr.add_pages(1));
    }

    /// `tlb_start_vma`: the VMA's entries are raw frames, whose flush must not wait for long.
    pub(super) fn notes_raw_frames(&mut self) {
        self.vma_pfn = true;
    }

    /// `tlb_end_vma`, `tlb_free_vmas`: the flush for raw frames, if there were any.
    pub(super) fn flush_raw_frames<S: Sink>(&mut self, cpu: &mut Cpu<S>) -> Result<(), Stop> {
        if self.vma_pfn && self.extent == Extent::Ranges {
            self.flush_tlbonly(cpu, Flush::Range)?;
        }
        Ok(())
    }

    /// `__tlb_remove_folio_pages`: keeps a page until the flush. False if that was the last free
    /// place, so that the flush must come now.
    #[inline(always)]
    pub(super) fn keep_page(
        &mut self,
        kernel: &Kernel,
        page: PageId,
        rmap: Rmap,
        freed: bool,
    ) -> bool {
        match rmap {
            Rmap::Delayed => self.delayed.push(page),
            Rmap::Removed => {}
        }
        if freed {
            self.pages.push(page);
        }
        self.nr += 1;
        let max = if self.active == 0 { MMU_GATHER_BUNDLE } else { MAX_GATHER_BATCH };
        self.nr < max - u32::from(kernel.batch_keeps_a_place) || self.next_batch()
    }

    /// `tlb_next_batch`: with mapcounts still to fall, one batch beside the gather's own is enough.
    fn next_batch(&mut self) -> bool {
        if !self.delayed.is_empty() && self.active != 0 {
            return false;
        }
        if self.active == self.batch_count {
            if self.batch_count == MAX_GATHER_BATCH_COUNT {
                return false;
            }
            self.batch_count += 1;
        }
        self.active += 1;
        self.nr = 0;
        true
    }

    /// Pages that wait for the flush.
    pub(super) fn pages_kept(&self, kernel: &Kernel) -> u32 {
        let early = u32::from(kernel.batch_keeps_a_place);
        let full = |batch: u32| {
            let max = if batch == 0 { MMU_GATHER_BUNDLE } else { MAX_GATHER_BATCH };
            max - early
        };
        (0..self.active).map(full).sum::<u32>() + self.nr
    }

    /// `tlb_flush_mmu_tlbonly`: flushes what was gathered so far, for the reason given.
    pub(super) fn flush_tlbonly<S: Sink>(
        &mut self,
        cpu: &mut Cpu<S>,
        why: Flush,
    ) -> Result<(), Stop> {
        let (start, end) = (self.start.min(self.pmds.0), self.end.max(self.pmds.1));
        if start < end {
            let range = match self.extent {
                Extent::Ranges => (start, end),
                Extent::FullMm => everything(cpu),
            };
            // `tlb_get_unmap_shift`.
            let stride = if self.start < self.end { Level::Pte } else { Level::Pmd };
            tlb_flush(cpu, self.mm, why, range, stride, self.freed_tables)?;
            (self.start, self.end) = NOTHING;
            self.pmds = NOTHING;
            self.freed_tables = FreedTables::No;
            self.vma_pfn = false;
        }
        Ok(())
    }

    /// `tlb_flush_rmaps`: nobody can write through the TLB any more, so the mapcounts may fall.
    pub(super) fn flush_rmaps<S: Sink>(&mut self, cpu: &mut Cpu<S>) {
        for page in self.delayed.drain(..) {
            folio_remove_rmap(cpu, page);
        }
    }

    /// `tlb_flush_mmu`: flushes, then frees.
    pub(super) fn flush<S: Sink>(&mut self, cpu: &mut Cpu<S>) -> Result<(), Stop> {
        self.flush_tlbonly(cpu, Flush::Range)?;
        for page in self.pages.drain(..) {
            folio_put(cpu, page)?;
        }
        (self.active, self.nr) = (0, 0);
        Ok(())
    }

    /// `tlb_finish_mmu`: with somebody else about to flush, everything of the process goes.
    pub(super) fn finish<S: Sink>(mut self, cpu: &mut Cpu<S>) -> Result<(), Stop> {
        let cpu = &mut cpu.enter(Func::TlbFinishMmu, [self.mm.0.into(), 0]);
        if mm_tlb_flush_nested(cpu, self.mm) {
            let (why, all, freed) = (Flush::Nested, everything(cpu), FreedTables::Yes);
            tlb_flush(cpu, self.mm, why, all, Level::Pte, freed)?;
            (self.start, self.end) = NOTHING;
            self.pmds = NOTHING;
        }
        self.flush(cpu)?;
        dec_tlb_flush_pending(cpu, self.mm)
    }
}

/// `arch/x86/include/asm/tlb.h:tlb_flush`.
fn tlb_flush<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    why: Flush,
    (start, end): (VirtAddr, VirtAddr),
    stride: Level,
    freed_tables: FreedTables,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::FlushTlbMmRange, [start.0, end.0]);
    flush_tlb_mm_range(cpu, mm, why, (start, end), stride, freed_tables)
}

const NOTHING: (VirtAddr, VirtAddr) = (VirtAddr(u64::MAX), VirtAddr(0));
