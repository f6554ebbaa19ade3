//! Entries are taken away (`mm/memory.c`): from a file's mappings by `unmap_mapping_range`, from a
//! process by `unmap_vmas`, and all of them down to `zap_pte_range`.

use crate::addr::{PAGE_SHIFT, PAGE_SIZE, VirtAddr};
use crate::arch::level::PTRS_PER_TABLE;
use crate::arch::{Entry, Level, Pte};
use crate::kernel::{PfnmapFlush, ZapGather};
use crate::machine::event::{Flush, Found, Lock, Mode};
use crate::machine::{
    Cpu, Event, Func, MappingId, PageKind, Sink, SlotId, Stop, TableId, VmFlags, VmaId,
};
use crate::mm::huge_pmd::{split_huge_pmd, zap_huge_pmd};
use crate::mm::interval_tree::{
    TreeQuery, vma_interval_tree_iter_first, vma_interval_tree_iter_next,
};
use crate::mm::mmu_gather::{Extent, MmuGather, Rmap};
use crate::mm::pgalloc::table_free;
use crate::mm::rmap::{folio_mark_accessed, folio_mark_dirty, folio_remove_rmap};

/// `even_cows`: what becomes of copies on write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Cows {
    /// They go too.
    #[default]
    Zap,
    /// They are spared.
    Keep,
}

/// What becomes of tables that a zap has emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// They stay.
    Stay,
    /// PTE tables go whose 2 MiB lie in the range altogether (`reclaim_pt`).
    Reclaim,
}

/// `struct zap_details`.
#[derive(Clone, Copy, Debug)]
pub(super) struct ZapDetails {
    pub(super) cows: Cows,
    pub(super) tables: Tables,
}

/// `unmap_mapping_range`: `holelen` bytes of the file from `holebegin`, to its end if that is 0,
/// are mapped nowhere any more.
///
/// # Errors
/// The sink may stop the run.
pub fn unmap_mapping_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    holebegin: u64,
    holelen: u64,
    cows: Cows,
) -> Result<(), Stop> {
    let (start, nr) = (holebegin >> PAGE_SHIFT, holelen.div_ceil(PAGE_SIZE));
    let cpu = &mut cpu.enter(Func::UnmapMappingRange, [start, nr]);
    unmap_mapping_range_tree(cpu, mapping, start, nr, cows)
}

/// `unmap_mapping_pages`: the same in pages.
///
/// # Errors
/// The sink may stop the run.
pub fn unmap_mapping_pages<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    start: u64,
    nr: u64,
    cows: Cows,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::UnmapMappingPages, [start, nr]);
    unmap_mapping_range_tree(cpu, mapping, start, nr, cows)
}

/// `unmap_mapping_range_tree`, under `i_mmap_rwsem`: every VMA that maps a page of the range,
/// private ones too, clipped to those pages.
fn unmap_mapping_range_tree<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
    cows: Cows,
) -> Result<(), Stop> {
    let last = match nr {
        0 => u64::MAX,
        _ => first.saturating_add(nr - 1),
    };
    let lock = Lock::IMmap(mapping);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    let query = &mut TreeQuery::new(mapping, first, last);
    let mut next = match cpu.tree_root(mapping) {
        Some(_) => vma_interval_tree_iter_first(cpu, query)?,
        None => None,
    };
    while let Some(id) = next {
        let vma = cpu.vma(id);
        let clip_first = first.max(vma.pgoff);
        let clip_last = last.min(vma.last_pgoff());
        let start = vma.address_of(clip_first);
        let end = start.add_pages(clip_last - clip_first + 1);
        cpu.event(Event::Clip { vma: id, start, end })?;
        zap_vma_range(cpu, id, start, end, ZapDetails { cows, tables: Tables::Stay })?;
        next = vma_interval_tree_iter_next(cpu, query, id)?;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Read })
}

/// `zap_page_range_single`, `zap_vma_range`: one range of one VMA, with a gather of its own.
pub(super) fn zap_vma_range<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: VmaId,
    start: VirtAddr,
    end: VirtAddr,
    details: ZapDetails,
) -> Result<(), Stop> {
    let mm = cpu.vma(vma).mm.expect("a VMA belongs to a process");
    match cpu.kernel().zap_gather {
        ZapGather::Own => {
            let cpu = &mut cpu.enter(Func::ZapPageRangeSingle, [start.0, end.0]);
            let mut tlb = MmuGather::begin(cpu, mm, Extent::Ranges)?;
            zap_notified(cpu, &mut tlb, vma, start, end, details)?;
            tlb.finish(cpu)
        }
        ZapGather::Callers => {
            let mut tlb = MmuGather::begin(cpu, mm, Extent::Ranges)?;
            zap_vma_range_batched(cpu, &mut tlb, vma, start, end, details)?;
            tlb.finish(cpu)
        }
    }
}

/// `zap_vma_range_batched`: the same into the caller's gather.
pub(super) fn zap_vma_range_batched<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    vma: VmaId,
    start: VirtAddr,
    end: VirtAddr,
    details: ZapDetails,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ZapVmaRangeBatched, [start.0, end.0]);
    zap_notified(cpu, tlb, vma, start, end, details)
}

/// Their common part: the zap under one notifier range.
fn zap_notified<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    vma: VmaId,
    start: VirtAddr,
    end: VirtAddr,
    details: ZapDetails,
) -> Result<(), Stop> {
    let mm = tlb.mm();
    cpu.event(Event::NotifierStart { mm, start, end })?;
    unmap_page_range(cpu, tlb, vma, start, end, details)?;
    cpu.event(Event::NotifierEnd { mm, start, end })
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
    let details = ZapDetails { cows: Cows::Zap, tables: Tables::Stay };
    cpu.event(Event::NotifierStart { mm, start, end })?;
    for id in dying {
        let vma = cpu.vma(*id);
        unmap_page_range(cpu, tlb, *id, vma.start, vma.end, details)?;
    }
    cpu.event(Event::NotifierEnd { mm, start, end })
}

/// `unmap_page_range`.
fn unmap_page_range<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    vma: VmaId,
    start: VirtAddr,
    end: VirtAddr,
    details: ZapDetails,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::UnmapPageRange, [start.0, end.0]);
    if cpu.vma(vma).flags.intersects(VmFlags::PFNMAP | VmFlags::MIXEDMAP) {
        tlb.notes_raw_frames();
    }
    let top = (cpu.pgd(tlb.mm()), cpu.levels().top());
    zap_table(cpu, tlb, Zap { vma, details }, top, start, end)?;
    match cpu.kernel().pfnmap_flush {
        PfnmapFlush::VmaEnd => tlb.flush_raw_frames(cpu),
        PfnmapFlush::BeforeUnlink => Ok(()),
    }
}

/// What is zapped: entries of one VMA, as `details` say.
#[derive(Clone, Copy)]
struct Zap {
    vma: VmaId,
    details: ZapDetails,
}

/// `zap_p4d_range`, `zap_pud_range`, `zap_pmd_range`: the same steps at each level. Of a leaf PMD
/// nothing stays, whatever part of it is in the range.
fn zap_table<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    zap: Zap,
    (table, level): (TableId, Level),
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let mut addr = start;
    while addr < end {
        let next = level.addr_end(addr, end);
        let slot = SlotId::new(table, level.index(addr));
        let entry = cpu.word(slot).decode(level);
        cpu.event(Event::Descend { level, found: Found::from(entry), slot, addr })?;
        addr = match (entry, level.below()) {
            (Entry::Table(pfn), Some(Level::Pte)) => {
                let table = cpu.table_at(pfn);
                zap_pte_range(cpu, tlb, (slot, table), addr, next, zap.details)?
            }
            (Entry::Table(pfn), Some(below)) => {
                let table = cpu.table_at(pfn);
                zap_table(cpu, tlb, zap, (table, below), addr, next)?;
                next
            }
            (Entry::Leaf(_), Some(Level::Pte)) => {
                if next.0 - addr.0 == Level::Pmd.size() {
                    zap_huge_pmd(cpu, tlb, slot, addr)?;
                } else {
                    split_huge_pmd(cpu, zap.vma, slot, addr)?;
                }
                next
            }
            _ => {
                cpu.event(Event::Hole { level, addr, end: next })?;
                next
            }
        };
    }
    Ok(())
}

/// `zap_pte_range`: takes the entries of one table away. What dirt or a full batch makes urgent is
/// flushed before the PTL drops. Returns where it stopped.
fn zap_pte_range<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    (pmd, table): (SlotId, TableId),
    start: VirtAddr,
    end: VirtAddr,
    details: ZapDetails,
) -> Result<VirtAddr, Stop> {
    let cpu = &mut cpu.enter(Func::ZapPteRange, [start.0, end.0]);
    let lock = Lock::Ptl(table);
    let covers = end.0 - start.0 >= Level::Pmd.size();
    let mut can_reclaim_pt = covers && details.tables == Tables::Reclaim;
    let mut addr = start;
    loop {
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
        let mut force_flush = false;
        let from = addr;
        while addr < end {
            let slot = SlotId::new(table, Level::Pte.index(addr));
            let zapped = zap_present_pte(cpu, tlb, slot, addr, details.cows)?;
            addr = addr.add_pages(1);
            match zapped {
                Zapped::Done => {}
                Zapped::Kept => can_reclaim_pt = false,
                Zapped::Dirty => force_flush = true,
                Zapped::NoRoom => {
                    force_flush = true;
                    let (mm, pages) = (tlb.mm(), tlb.pages_kept(cpu.kernel()));
                    cpu.event(Event::BatchFull { mm, pages })?;
                    break;
                }
            }
        }
        // The PMD goes under the PTL, if that was held all the time (`try_get_and_clear_pmd`).
        let at_once = can_reclaim_pt && from == start && addr == end;
        if at_once {
            let lock = Lock::Ptl(pmd.table());
            cpu.event(Event::Lock { lock, mode: Mode::Write })?;
            table_free(cpu, tlb.mm(), Level::Pmd, pmd, start)?;
            cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
        }
        if force_flush {
            tlb.flush_tlbonly(cpu, Flush::Forced)?;
            tlb.flush_rmaps(cpu);
        }
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
        if force_flush {
            tlb.flush(cpu)?;
        }
        if at_once {
            tlb.free_table(start);
        } else if addr == end && can_reclaim_pt {
            try_to_free_pte(cpu, tlb, (pmd, table), start)?;
        }
        if addr == end || cpu.kernel().zap_returns_midway {
            return Ok(addr);
        }
    }
}

/// `try_to_free_pte`: the PTL was dropped on the way, so all entries are looked at again.
fn try_to_free_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    (pmd, table): (SlotId, TableId),
    addr: VirtAddr,
) -> Result<(), Stop> {
    let locks = [Lock::Ptl(pmd.table()), Lock::Ptl(table)];
    for lock in locks {
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    }
    let empty = (0..PTRS_PER_TABLE).all(|index| cpu.word(SlotId::new(table, index)).is_none());
    if empty {
        table_free(cpu, tlb.mm(), Level::Pmd, pmd, addr)?;
        tlb.free_table(addr);
    }
    for lock in locks.into_iter().rev() {
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    }
    Ok(())
}

/// What became of one entry.
enum Zapped {
    /// Taken away, or not there.
    Done,
    /// Spared.
    Kept,
    /// Taken away, and its dirt went to the page: the flush must not wait.
    Dirty,
    /// Taken away, and the gather has no room for another page.
    NoRoom,
}

/// `zap_present_ptes`: D and A of a file's page go to the page; of a special entry they are lost.
#[inline(always)]
fn zap_present_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    slot: SlotId,
    addr: VirtAddr,
    cows: Cows,
) -> Result<Zapped, Stop> {
    let kernel = cpu.kernel();
    let old = cpu.word(slot);
    let pfn = match old.decode(Level::Pte) {
        Entry::Leaf(pfn) => pfn,
        Entry::NonPresent => return zap_nonpresent_pte(cpu, slot, addr),
        _ => return Ok(Zapped::Done),
    };
    let Some(page) = cpu.pfn_to_page(pfn).filter(|_| !old.is_special()) else {
        cpu.event(Event::Zap { slot, addr })?;
        cpu.set_word(slot, Pte::NONE);
        tlb.adjust_range(addr);
        return Ok(Zapped::Done);
    };
    let copy = cpu.page(page).kind == PageKind::Anon;
    if copy && cows == Cows::Keep {
        cpu.event(Event::Keep { slot, addr })?;
        return Ok(Zapped::Kept);
    }
    cpu.event(Event::Zap { slot, addr })?;
    cpu.set_word(slot, Pte::NONE);
    tlb.adjust_range(addr);
    let dirty = !copy && old.is_dirty(kernel);
    if dirty {
        folio_mark_dirty(cpu, page)?;
    }
    if !copy && old.is_young() {
        folio_mark_accessed(cpu, page)?;
    }
    let rmap = if dirty && kernel.delayed_rmap { Rmap::Delayed } else { Rmap::Removed };
    if rmap == Rmap::Removed {
        folio_remove_rmap(cpu, page);
    }
    Ok(match (tlb.keep_page(kernel, page, rmap, copy), dirty) {
        (false, _) => Zapped::NoRoom,
        (true, true) => Zapped::Dirty,
        (true, false) => Zapped::Done,
    })
}

/// `zap_nonpresent_ptes`: nobody can have cached a migration entry, so nothing is flushed.
#[cold]
fn zap_nonpresent_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<Zapped, Stop> {
    cpu.event(Event::Zap { slot, addr })?;
    cpu.set_word(slot, Pte::NONE);
    Ok(Zapped::Done)
}
