//! The generic page walker (`mm/pagewalk.c`): ranges of a file, through every VMA that maps them,
//! or ranges of one process, down to each entry.

use crate::addr::{Pfn, VirtAddr};
use crate::arch::{Entry, Level, Levels};
use crate::machine::event::{Found, Lock, Mode, Verdict};
use crate::machine::{
    Cpu, Event, Func, MappingId, MmId, Sink, SlotId, Stop, TableId, VmFlags, Vma, VmaId,
};
use crate::mm::interval_tree::{
    TreeQuery, vma_interval_tree_iter_first, vma_interval_tree_iter_next,
};

/// What a walk does when a VMA fails its filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum FilterMiss {
    /// The walk of the whole mapping ends: what the kernel does.
    #[default]
    EndsWalk,
    /// The VMA is passed over: what the documentation says.
    Skips,
}

/// What to do with an upper entry (`walk->action`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// `ACTION_SUBTREE`: go down.
    Subtree,
    /// `ACTION_CONTINUE`: go on with the next entry.
    Continue,
}

/// Where a walk is (`struct mm_walk`).
pub(super) struct MmWalk {
    pub(super) vma: Vma,
    pub(super) mm: MmId,
}

/// The callbacks of one kind of walk (`struct mm_walk_ops`). What is left out does what the kernel
/// does without the callback.
pub(super) trait WalkOps<S: Sink> {
    /// Whether to walk the VMA. It is asked about all of it, not about the clipped range.
    /// `walk_page_test`: without a filter, raw frames are passed over.
    fn test_walk(&mut self, cpu: &mut Cpu<S>, id: VmaId) -> Result<bool, Stop> {
        Ok(!cpu.vma(id).flags.contains(VmFlags::PFNMAP))
    }
    /// Before the entries of a VMA, with the clipped range.
    fn pre_vma(
        &mut self,
        _: &mut Cpu<S>,
        _: &MmWalk,
        _start: VirtAddr,
        _end: VirtAddr,
    ) -> Result<(), Stop> {
        Ok(())
    }
    /// Behind them.
    fn post_vma(&mut self, _: &mut Cpu<S>, _: &MmWalk) -> Result<(), Stop> {
        Ok(())
    }
    /// A PUD or PMD entry of `level` that is not empty: `pud_entry`, `pmd_entry` as far as it looks
    /// at no table below.
    fn upper_entry(
        &mut self,
        _: &mut Cpu<S>,
        _: &MmWalk,
        _: Level,
        _: SlotId,
        _: VirtAddr,
    ) -> Result<Action, Stop> {
        Ok(Action::Subtree)
    }

    /// The entries of one PTE table: [`walk_pte_range`] with a `pte_entry`, or what a `pmd_entry`
    /// does with them itself.
    fn pte_table(
        &mut self,
        cpu: &mut Cpu<S>,
        walk: &MmWalk,
        table: TableId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop>;
}

/// `walk_page_mapping`: every VMA that maps a page of `first..first + nr`, in tree order, clipped
/// to those pages.
pub(super) fn walk_page_mapping<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
    filter_miss: FilterMiss,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkPageMapping, [first, nr]);
    let end = first.saturating_add(nr);
    let last = end.wrapping_sub(1);

    let query = &mut TreeQuery::new(mapping, first, last);
    let mut next = vma_interval_tree_iter_first(cpu, query)?;
    while let Some(id) = next {
        let vma = cpu.vma(id);
        let clip_first = first.max(vma.pgoff);
        let clip_end = end.min(vma.last_pgoff() + 1);
        if clip_first < clip_end {
            let passes = ops.test_walk(cpu, id)?;
            let verdict = match (passes, filter_miss) {
                (true, _) => Verdict::Walk,
                (false, FilterMiss::EndsWalk) => Verdict::EndsWalk,
                (false, FilterMiss::Skips) => Verdict::Skipped,
            };
            cpu.event(Event::Filter { vma: id, verdict })?;
            match verdict {
                Verdict::Walk => {
                    let start = vma.address_of(clip_first);
                    let end = start.add_pages(clip_end - clip_first);
                    cpu.event(Event::Clip { vma: id, start, end })?;
                    let mm = vma.mm.expect("a VMA belongs to a process");
                    walk_vma(cpu, &MmWalk { vma, mm }, start, end, ops)?;
                }
                Verdict::EndsWalk => break,
                Verdict::Skipped => {}
            }
        }
        next = vma_interval_tree_iter_next(cpu, query, id)?;
    }
    Ok(())
}

/// `walk_page_range`: the VMAs of one process that meet `start..end`, in address order. One that
/// fails the filter is passed over.
pub(super) fn walk_page_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    start: VirtAddr,
    end: VirtAddr,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkMmRange, [start.0, end.0]);
    let mut addr = start;
    while let Some(id) = cpu.find_vma(mm, addr) {
        let vma = cpu.vma(id);
        if vma.start >= end {
            break;
        }
        let (from, to) = (addr.max(vma.start), end.min(vma.end));
        let verdict = if ops.test_walk(cpu, id)? { Verdict::Walk } else { Verdict::Skipped };
        cpu.event(Event::Filter { vma: id, verdict })?;
        if verdict == Verdict::Walk {
            cpu.event(Event::Clip { vma: id, start: from, end: to })?;
            walk_vma(cpu, &MmWalk { vma, mm }, from, to, ops)?;
        }
        addr = to;
        if addr >= end {
            break;
        }
    }
    Ok(())
}

/// `walk_page_vma`: all of one VMA.
pub(super) fn walk_page_vma<S: Sink>(
    cpu: &mut Cpu<S>,
    id: VmaId,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let vma = cpu.vma(id);
    let cpu = &mut cpu.enter(Func::WalkPageVma, [vma.start.0, vma.end.0]);
    let asks = cpu.kernel().walk_page_vma_asks_filter;
    let passes = !asks || ops.test_walk(cpu, id)?;
    let verdict = if passes { Verdict::Walk } else { Verdict::Skipped };
    cpu.event(Event::Filter { vma: id, verdict })?;
    if !passes {
        return Ok(());
    }
    let mm = vma.mm.expect("a VMA belongs to a process");
    walk_vma(cpu, &MmWalk { vma, mm }, vma.start, vma.end, ops)
}

/// `__walk_page_range`: one VMA, between its callbacks.
fn walk_vma<S: Sink>(
    cpu: &mut Cpu<S>,
    walk: &MmWalk,
    start: VirtAddr,
    end: VirtAddr,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkPageRange, [start.0, end.0]);
    ops.pre_vma(cpu, walk, start, end)?;
    walk_pgd_range(cpu, walk, start, end, ops)?;
    ops.post_vma(cpu, walk)
}

/// Reads an upper entry on the way down.
#[inline]
fn descend<S: Sink>(
    cpu: &mut Cpu<S>,
    level: Level,
    table: TableId,
    addr: VirtAddr,
    next: VirtAddr,
) -> Result<Entry, Stop> {
    let slot = SlotId::new(table, level.index(addr));
    let entry = cpu.word(slot).decode(level);
    cpu.event(Event::Descend { level, found: Found::from(entry), slot, addr })?;
    if entry == Entry::None {
        // No `pte_hole` callback: silently stepped over.
        cpu.event(Event::Hole { level, addr, end: next })?;
    }
    Ok(entry)
}

/// `walk_pgd_range`: steps of 512 GiB, with five levels of 256 TiB.
fn walk_pgd_range<S: Sink>(
    cpu: &mut Cpu<S>,
    walk: &MmWalk,
    start: VirtAddr,
    end: VirtAddr,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkPgdRange, [start.0, end.0]);
    let (pgd, top) = (cpu.pgd(walk.mm), cpu.levels().top());
    let mut addr = start;
    while addr < end {
        let next = top.addr_end(addr, end);
        if let Entry::Table(pfn) = descend(cpu, top, pgd, addr, next)? {
            let p4d = cpu.table_at(pfn);
            walk_p4d_range(cpu, walk, p4d, addr, next, ops)?;
        }
        addr = next;
    }
    Ok(())
}

/// `walk_p4d_range`: steps of 512 GiB. With four levels it is folded: the entry above is used once
/// more, and the table below it is one of PUDs already.
fn walk_p4d_range<S: Sink>(
    cpu: &mut Cpu<S>,
    walk: &MmWalk,
    p4d: TableId,
    start: VirtAddr,
    end: VirtAddr,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkP4dRange, [start.0, end.0]);
    if cpu.levels() == Levels::Four {
        return walk_pud_range(cpu, walk, p4d, start, end, ops);
    }
    let mut addr = start;
    while addr < end {
        let next = Level::P4d.addr_end(addr, end);
        if let Entry::Table(pfn) = descend(cpu, Level::P4d, p4d, addr, next)? {
            let pud = cpu.table_at(pfn);
            walk_pud_range(cpu, walk, pud, addr, next, ops)?;
        }
        addr = next;
    }
    Ok(())
}

/// One PUD or PMD on the way down: the frame of the table below, if there is one and the walk goes
/// on there. No walk of ours goes down at a leaf, which the kernel would split.
fn table_below<S: Sink>(
    cpu: &mut Cpu<S>,
    walk: &MmWalk,
    level: Level,
    table: TableId,
    addr: VirtAddr,
    next: VirtAddr,
    ops: &mut dyn WalkOps<S>,
) -> Result<Option<Pfn>, Stop> {
    let entry = descend(cpu, level, table, addr, next)?;
    if entry == Entry::None {
        return Ok(None);
    }
    let slot = SlotId::new(table, level.index(addr));
    match (ops.upper_entry(cpu, walk, level, slot, addr)?, entry) {
        (Action::Subtree, Entry::Table(pfn)) => Ok(Some(pfn)),
        (Action::Subtree, _) => unreachable!("a walk that goes down at a leaf"),
        (Action::Continue, _) => Ok(None),
    }
}

/// `walk_pud_range`: steps of 1 GiB.
fn walk_pud_range<S: Sink>(
    cpu: &mut Cpu<S>,
    walk: &MmWalk,
    pud: TableId,
    start: VirtAddr,
    end: VirtAddr,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkPudRange, [start.0, end.0]);
    let mut addr = start;
    while addr < end {
        let next = Level::Pud.addr_end(addr, end);
        if let Some(pfn) = table_below(cpu, walk, Level::Pud, pud, addr, next, ops)? {
            let pmd = cpu.table_at(pfn);
            walk_pmd_range(cpu, walk, pmd, addr, next, ops)?;
        }
        addr = next;
    }
    Ok(())
}

/// `walk_pmd_range`: steps of 2 MiB.
fn walk_pmd_range<S: Sink>(
    cpu: &mut Cpu<S>,
    walk: &MmWalk,
    pmd: TableId,
    start: VirtAddr,
    end: VirtAddr,
    ops: &mut dyn WalkOps<S>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkPmdRange, [start.0, end.0]);
    let mut addr = start;
    while addr < end {
        let next = Level::Pmd.addr_end(addr, end);
        if let Some(pfn) = table_below(cpu, walk, Level::Pmd, pmd, addr, next, ops)? {
            let pte = cpu.table_at(pfn);
            ops.pte_table(cpu, walk, pte, addr, next)?;
        }
        addr = next;
    }
    Ok(())
}

/// `walk_pte_range`: every slot of the range, empty ones too, under the table's PTL.
#[inline(always)]
pub(super) fn walk_pte_range<S: Sink>(
    cpu: &mut Cpu<S>,
    pte: TableId,
    start: VirtAddr,
    end: VirtAddr,
    mut pte_entry: impl FnMut(&mut Cpu<S>, SlotId, VirtAddr) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WalkPteRange, [start.0, end.0]);
    let lock = Lock::Ptl(pte);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let (mut addr, mut slot) = (start, SlotId::new(pte, Level::Pte.index(start)));
    while addr < end {
        pte_entry(cpu, slot, addr)?;
        (addr, slot) = (addr.add_pages(1), slot.next());
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}
