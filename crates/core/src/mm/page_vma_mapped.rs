//! Where a VMA maps the pages that somebody has in hand (`mm/page_vma_mapped.c`): one entry after
//! the other, each with its PTL held.

use crate::addr::{Pfn, VirtAddr};
use crate::arch::level::PTRS_PER_TABLE;
use crate::arch::{Entry, Level, Levels};
use crate::machine::event::{Found, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, Sink, SlotId, Stop, Vma};

/// `struct page_vma_mapped_walk`, with `PVMW_SYNC`: it never peeks without the lock.
pub(super) struct PageVmaMappedWalk {
    /// The pages looked for.
    pub(super) pfn: Pfn,
    pub(super) nr_pages: u64,
    pub(super) mm: MmId,
    /// Where the walk is: at the entry that it returned last.
    pub(super) address: VirtAddr,
    /// First address behind the range.
    pub(super) end: VirtAddr,
    /// Which entries count.
    pub(super) wants: Wants,
    /// The entry returned last; its table's PTL is held.
    pub(super) hit: Hit,
}

/// Which entries of the pages the walk returns.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wants {
    /// Those that map them.
    Present,
    /// Migration entries (`PVMW_MIGRATION`).
    Migration,
}

/// What the walk returned.
#[derive(Clone, Copy)]
pub(super) enum Hit {
    /// Nothing so far, or nothing more.
    None,
    /// A PTE.
    Pte(SlotId),
    /// A leaf PMD: there is one at most.
    Pmd(SlotId),
}

impl PageVmaMappedWalk {
    /// A walk over `pgoff..pgoff + nr_pages` of the file as far as `vma` maps it, from `address`.
    pub(super) fn new(vma: &Vma, address: VirtAddr, pfn: Pfn, pgoff: u64, nr_pages: u64) -> Self {
        let mm = vma.mm.expect("a VMA belongs to a process");
        let end = vma_address_end(vma, pgoff, nr_pages);
        Self { pfn, nr_pages, mm, address, end, wants: Wants::Present, hit: Hit::None }
    }

    /// The frame is one of the pages.
    fn holds(&self, pfn: Pfn) -> bool {
        pfn.0.wrapping_sub(self.pfn.0) < self.nr_pages
    }
}

/// `vma_address_end`: first address behind the pages, or behind the VMA.
fn vma_address_end(vma: &Vma, pgoff: u64, nr_pages: u64) -> VirtAddr {
    vma.address_of(pgoff + nr_pages).min(vma.end)
}

/// The next entry that maps any of the pages, in `pte` and `address`; false when there is none
/// left. Empty entries are stepped over, and where an upper entry is empty, all below it.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn page_vma_mapped_walk<S: Sink>(
    cpu: &mut Cpu<S>,
    pvmw: &mut PageVmaMappedWalk,
) -> Result<bool, Stop> {
    let cpu = &mut cpu.enter(Func::PageVmaMappedWalk, [pvmw.address.0, pvmw.end.0]);
    loop {
        let next = match pvmw.hit {
            Hit::Pte(slot) => next_pte(cpu, pvmw, slot)?,
            Hit::None => Hit::None,
            Hit::Pmd(pmd) => {
                let lock = Lock::Ptl(pmd.table());
                cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
                pvmw.hit = Hit::None;
                return Ok(false);
            }
        };
        pvmw.hit = if let Hit::None = next { restart(cpu, pvmw)? } else { next };
        match pvmw.hit {
            Hit::Pte(slot) if !check_pte(cpu, pvmw, slot)? => {}
            hit => return Ok(!matches!(hit, Hit::None)),
        }
    }
}

/// Down to the next entry from `address` on. Spelled out for each number of levels, so that every
/// level's shift is a constant.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn restart<S: Sink>(cpu: &mut Cpu<S>, pvmw: &mut PageVmaMappedWalk) -> Result<Hit, Stop> {
    match cpu.levels() {
        Levels::Four => descend(cpu, pvmw, Levels::Four),
        Levels::Five => descend(cpu, pvmw, Levels::Five),
    }
}

/// From the top down to the PTE of `address`, with its PTL taken, or to a leaf PMD of the pages. An
/// empty entry on the way moves `address` behind all that it maps.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn descend<S: Sink>(
    cpu: &mut Cpu<S>,
    pvmw: &mut PageVmaMappedWalk,
    levels: Levels,
) -> Result<Hit, Stop> {
    while pvmw.address < pvmw.end {
        let addr = pvmw.address;
        let mut table = cpu.pgd(pvmw.mm);
        for &level in levels.all() {
            let slot = SlotId::new(table, level.index(addr));
            if level == Level::Pte {
                cpu.event(Event::Lock { lock: Lock::Ptl(table), mode: Mode::Write })?;
                return Ok(Hit::Pte(slot));
            }
            let entry = cpu.word(slot).decode(level);
            cpu.event(Event::Descend { level, found: Found::from(entry), slot, addr })?;
            match entry {
                Entry::Table(pfn) => table = cpu.table_at_again(level, pfn),
                Entry::Leaf(pfn) if check_pmd(cpu, pvmw, slot, pfn)? => return Ok(Hit::Pmd(slot)),
                Entry::Leaf(_) if cpu.kernel().foreign_pmd_ends_walk => return Ok(Hit::None),
                _ => {
                    step_forward(cpu, pvmw, level)?;
                    break;
                }
            }
        }
    }
    Ok(Hit::None)
}

/// `step_forward`: behind all that an empty entry of `level` maps.
fn step_forward<S: Sink>(
    cpu: &mut Cpu<S>,
    pvmw: &mut PageVmaMappedWalk,
    level: Level,
) -> Result<(), Stop> {
    let addr = pvmw.address;
    pvmw.address = level.addr_end(addr, pvmw.end);
    cpu.event(Event::Hole { level, addr, end: pvmw.address })
}

/// `check_pmd`: the leaf PMD, which begins with frame `pfn`, maps one of the pages. If so, its lock
/// stays taken.
fn check_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    pvmw: &PageVmaMappedWalk,
    slot: SlotId,
    pfn: Pfn,
) -> Result<bool, Stop> {
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let pages = u64::from(PTRS_PER_TABLE);
    let ours = pfn.0 < pvmw.pfn.0 + pvmw.nr_pages && pvmw.pfn.0 < pfn.0 + pages;
    if !ours {
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    }
    Ok(ours)
}

/// The next entry of the table that is not empty. Behind the table's last one its PTL is dropped.
fn next_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    pvmw: &mut PageVmaMappedWalk,
    from: SlotId,
) -> Result<Hit, Stop> {
    let unlock = Event::Unlock { lock: Lock::Ptl(from.table()), mode: Mode::Write };
    loop {
        pvmw.address = pvmw.address.add_pages(1);
        if pvmw.address >= pvmw.end || Level::Pte.index(pvmw.address) == 0 {
            cpu.event(unlock)?;
            return Ok(Hit::None);
        }
        let slot = SlotId::new(from.table(), Level::Pte.index(pvmw.address));
        if !cpu.word(slot).is_none() {
            return Ok(Hit::Pte(slot));
        }
        cpu.event(Event::Slot { found: Found::None, slot, addr: pvmw.address })?;
    }
}

/// `check_pte`: one of the pages, present, `PROT_NONE` included, or else migrating.
fn check_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    pvmw: &PageVmaMappedWalk,
    slot: SlotId,
) -> Result<bool, Stop> {
    let word = cpu.word(slot);
    let entry = word.decode(Level::Pte);
    let found = match entry {
        Entry::Leaf(pfn) if !pvmw.holds(pfn) => Found::Foreign,
        _ => Found::from(entry),
    };
    cpu.event(Event::Slot { found, slot, addr: pvmw.address })?;
    match pvmw.wants {
        Wants::Present => Ok(found == Found::Leaf),
        Wants::Migration => {
            let entry = word.as_migration(cpu.kernel(), cpu.levels());
            Ok(entry.is_some_and(|entry| pvmw.holds(entry.pfn)))
        }
    }
}
