//! Page tables move with their range: whole tables where both ends allow it, word by word
//! elsewhere (`mm/mremap.c:move_page_tables`).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::machine::event::{Flush, Found, Lock, Mode};
use crate::machine::vma::OpenFile;
use crate::machine::{Cpu, Event, Func, MmId, Sink, SlotId, Stop, TableId, VmFlags, VmaId};
use crate::mm::huge_pmd::{move_huge_pmd, split_huge_pmd};
use crate::mm::pgalloc::table_alloc;
use crate::mm::tlb::flush_tlb_range;
use crate::mm::vma::with_i_mmap_write;

/// Whether word moves hold `i_mmap_rwsem`, so that a walk meets an entry once at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RmapLocks {
    /// The target may come before the source in tree order.
    Needed,
    /// A walk that comes from the source meets the target later.
    NotNeeded,
}

/// What moves (`struct pagetable_move_control`).
struct Move {
    mm: MmId,
    source: VmaId,
    file: Option<OpenFile>,
    locks: RmapLocks,
    /// `vma_has_uffd_without_event_remap`: entries lose userfaultfd's bit, so tables cannot move
    /// whole.
    armed: bool,
}

/// Moves the entries of `pages` pages from one VMA to another.
pub(super) fn move_page_tables<S: Sink>(
    cpu: &mut Cpu<S>,
    (source, mut old): (VmaId, VirtAddr),
    (target, mut new): (VmaId, VirtAddr),
    pages: u64,
    locks: RmapLocks,
) -> Result<(), Stop> {
    if pages == 0 {
        return Ok(());
    }
    let end = old.add_pages(pages);
    if can_realign_addr(cpu, (source, old), (target, new), end) {
        (old, new) = (Level::Pmd.round_down(old), Level::Pmd.round_down(new));
    }
    let cpu = &mut cpu.enter(Func::MovePageTables, [old.0, end.0]);
    let vma = cpu.vma(source);
    let mm = vma.mm.expect("a VMA belongs to a process");
    let start = old;
    cpu.event(Event::NotifierStart { mm, start, end })?;
    let armed = vma.flags.contains(VmFlags::UFFD_WP);
    let work = Move { mm, source, file: vma.file, locks, armed };
    while old < end {
        let step = move_extent(cpu, &work, old, new, end)?;
        (old, new) = (VirtAddr(old.0 + step), VirtAddr(new.0 + step));
    }
    cpu.event(Event::NotifierEnd { mm, start, end })
}

/// `can_realign_addr`: a move that reaches a 2 MiB boundary may begin at the one below, if source
/// and target are congruent and nothing is mapped in between.
fn can_realign_addr<S: Sink>(
    cpu: &Cpu<S>,
    (source, old): (VmaId, VirtAddr),
    (target, new): (VmaId, VirtAddr),
    end: VirtAddr,
) -> bool {
    let offset = |addr: VirtAddr| addr.0 - Level::Pmd.round_down(addr).0;
    let can_align_down = |vma: VmaId, addr: VirtAddr| {
        let vma = cpu.vma(vma);
        let mm = vma.mm.expect("a VMA belongs to a process");
        let below = cpu.find_vma_prev(mm, addr).map_or(VirtAddr(0), |prev| cpu.vma(prev).end);
        vma.start == addr && below <= Level::Pmd.round_down(addr)
    };
    cpu.kernel().mremap_aligns_down
        && offset(old) != 0
        && offset(old) == offset(new)
        && end.0 - Level::Pmd.round_down(old).0 >= Level::Pmd.size()
        && can_align_down(source, old)
        && can_align_down(target, new)
}

/// `get_extent`: how far one entry of `level` reaches on both sides.
fn get_extent(level: Level, old: VirtAddr, new: VirtAddr, end: VirtAddr) -> u64 {
    let to_boundary = |addr: VirtAddr| level.size() - (addr.0 - level.round_down(addr).0);
    to_boundary(old).min(to_boundary(new)).min(end.0 - old.0)
}

/// One turn of the loop in `move_page_tables`. Returns the bytes that are done.
fn move_extent<S: Sink>(
    cpu: &mut Cpu<S>,
    work: &Move,
    old: VirtAddr,
    new: VirtAddr,
    end: VirtAddr,
) -> Result<u64, Stop> {
    let extent = get_extent(Level::Pud, old, new, end);
    let Some(pud) = get_old_pud(cpu, work, old)? else { return Ok(extent) };
    let Some(pmd) = look(cpu, Level::Pud, pud, old)? else { return Ok(extent) };
    let new_pud = alloc_new_pud(cpu, work, new)?;
    if move_pgt_entry(cpu, work, Level::Pud, (pud, old), (new_pud, new), extent)? {
        return Ok(extent);
    }
    let extent = get_extent(Level::Pmd, old, new, end);
    let slot = SlotId::new(pmd, Level::Pmd.index(old));
    if let Entry::Leaf(_) = cpu.word(slot).decode(Level::Pmd) {
        let new_pmd = new_table(cpu, work, Level::Pud, new_pud, new)?;
        move_leaf_pmd(cpu, work, (slot, old), (new_pmd, new), extent)?;
        return Ok(extent);
    }
    let Some(pte) = look(cpu, Level::Pmd, pmd, old)? else { return Ok(extent) };
    let new_pmd = new_table(cpu, work, Level::Pud, new_pud, new)?;
    if move_pgt_entry(cpu, work, Level::Pmd, (pmd, old), (new_pmd, new), extent)? {
        return Ok(extent);
    }
    let new_pte = new_table(cpu, work, Level::Pmd, new_pmd, new)?;
    move_ptes(cpu, work, (pte, old), (new_pte, new), extent)?;
    Ok(extent)
}

/// A leaf PMD goes over as it is, if all of it moves to where a leaf may be. Otherwise it goes.
fn move_leaf_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    work: &Move,
    (from, old): (SlotId, VirtAddr),
    (to, new): (TableId, VirtAddr),
    extent: u64,
) -> Result<(), Stop> {
    let (level, found) = (Level::Pmd, Found::Leaf);
    cpu.event(Event::Descend { level, found, slot: from, addr: old })?;
    let to = SlotId::new(to, level.index(new));
    if extent != level.size() || !cpu.word(to).is_none() {
        return split_huge_pmd(cpu, work.source, from, old);
    }
    let locked = work.file.filter(|_| work.locks == RmapLocks::Needed);
    with_i_mmap_write(cpu, locked, |cpu| move_huge_pmd(cpu, work.mm, (from, old), (to, new)))
}

/// `get_old_pud`: the PUD table of `addr`, if there is one.
fn get_old_pud<S: Sink>(
    cpu: &mut Cpu<S>,
    work: &Move,
    addr: VirtAddr,
) -> Result<Option<TableId>, Stop> {
    let (mut table, mut level) = (cpu.pgd(work.mm), cpu.levels().top());
    while level != Level::Pud {
        let Some(below) = look(cpu, level, table, addr)? else { return Ok(None) };
        (table, level) = (below, level.below().unwrap_or(Level::Pud));
    }
    Ok(Some(table))
}

/// `alloc_new_pud`: the same on the other side, made if it is missing.
fn alloc_new_pud<S: Sink>(cpu: &mut Cpu<S>, work: &Move, addr: VirtAddr) -> Result<TableId, Stop> {
    let (mut table, mut level) = (cpu.pgd(work.mm), cpu.levels().top());
    while level != Level::Pud {
        table = new_table(cpu, work, level, table, addr)?;
        level = level.below().unwrap_or(Level::Pud);
    }
    Ok(table)
}

/// `get_old_pmd` and its kin: the table below the entry of `table` that `addr` uses.
fn look<S: Sink>(
    cpu: &mut Cpu<S>,
    level: Level,
    table: TableId,
    addr: VirtAddr,
) -> Result<Option<TableId>, Stop> {
    let slot = SlotId::new(table, level.index(addr));
    let entry = cpu.word(slot).decode(level);
    cpu.event(Event::Descend { level, found: Found::from(entry), slot, addr })?;
    match entry {
        Entry::Table(pfn) => Ok(Some(cpu.table_at(pfn))),
        _ => Ok(None),
    }
}

/// `p4d_alloc`, `pud_alloc`, `alloc_new_pmd`, `pte_alloc`: the table below the entry of `table`
/// that `addr` uses, made if it is missing.
fn new_table<S: Sink>(
    cpu: &mut Cpu<S>,
    work: &Move,
    level: Level,
    table: TableId,
    addr: VirtAddr,
) -> Result<TableId, Stop> {
    table_alloc(cpu, work.mm, level, SlotId::new(table, level.index(addr)), addr)
}

/// `move_pgt_entry`, `move_normal_pud`, `move_normal_pmd`: the table below an entry changes its
/// place, its words stay as they are. False if the extent is not that of a whole table, or
/// something is in the way.
fn move_pgt_entry<S: Sink>(
    cpu: &mut Cpu<S>,
    work: &Move,
    level: Level,
    (from, old): (TableId, VirtAddr),
    (to, new): (TableId, VirtAddr),
    extent: u64,
) -> Result<bool, Stop> {
    let (from, to) = (SlotId::new(from, level.index(old)), SlotId::new(to, level.index(new)));
    if work.armed || extent != level.size() || !cpu.word(to).is_none() {
        return Ok(false);
    }
    let cpu = &mut cpu.enter(Func::MovePgtEntry, [old.0, new.0]);
    with_i_mmap_write(cpu, work.file, |cpu| {
        cpu.event(Event::Move { from, to, addr: new })?;
        let word = cpu.word(from);
        cpu.set_word(from, Pte::NONE);
        cpu.set_word(to, word);
        flush_tlb_range(cpu, work.mm, Flush::Range, old, VirtAddr(old.0 + extent))
    })?;
    Ok(true)
}

/// `move_ptes`: each word that is not empty goes over, marked soft-dirty.
fn move_ptes<S: Sink>(
    cpu: &mut Cpu<S>,
    work: &Move,
    (from, old): (TableId, VirtAddr),
    (to, new): (TableId, VirtAddr),
    extent: u64,
) -> Result<(), Stop> {
    let end = VirtAddr(old.0 + extent);
    let cpu = &mut cpu.enter(Func::MovePtes, [old.0, end.0]);
    let locked = work.file.filter(|_| work.locks == RmapLocks::Needed);
    with_i_mmap_write(cpu, locked, |cpu| {
        let (outer, inner) = (Lock::Ptl(from), (to != from).then_some(Lock::Ptl(to)));
        cpu.event(Event::Lock { lock: outer, mode: Mode::Write })?;
        if let Some(lock) = inner {
            cpu.event(Event::Lock { lock, mode: Mode::Write })?;
        }
        let mut moved = false;
        for page in 0..end.pages_since(old) {
            let (old, new) = (old.add_pages(page), new.add_pages(page));
            let slot = SlotId::new(from, Level::Pte.index(old));
            let word = cpu.word(slot);
            if !word.is_none() {
                let new_slot = SlotId::new(to, Level::Pte.index(new));
                cpu.event(Event::Move { from: slot, to: new_slot, addr: new })?;
                cpu.set_word(slot, Pte::NONE);
                if word.is_present() {
                    cpu.set_word(new_slot, word.mksoft_dirty().clear_uffd_wp());
                    moved = true;
                } else {
                    cpu.set_word(new_slot, word.swp_mksoft_dirty());
                }
            }
        }
        if moved {
            flush_tlb_range(cpu, work.mm, Flush::Range, old, end)?;
        }
        if let Some(lock) = inner {
            cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
        }
        cpu.event(Event::Unlock { lock: outer, mode: Mode::Write })
    })
}
