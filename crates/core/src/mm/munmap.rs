//! `munmap` (`mm/vma.c:do_vmi_align_munmap`): cut what sticks out, zap, unlink, free the tables.

use crate::addr::{PAGE_SHIFT, VirtAddr};
use crate::kernel::MunmapCut;
use crate::machine::delta::VmaField;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cell, Cpu, Event, Func, MmId, Sink, Stop, VmaId};
use crate::mm::Errno;
use crate::mm::free::free_pgtables;
use crate::mm::mmu_gather::{Extent, MmuGather};
use crate::mm::vma::{NewPiece, split_vma, vm_area_free};
use crate::mm::zap::unmap_vmas;

/// Unmaps `pages` pages from `addr`; what is not mapped there does not matter.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `munmap` fails.
pub fn do_munmap<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    pages: u64,
) -> Result<Result<(), Errno>, Stop> {
    let end = pages.checked_shl(PAGE_SHIFT).and_then(|len| addr.0.checked_add(len));
    let task_size = cpu.levels().task_size();
    let fits = end.is_some_and(|end| end <= task_size) && pages <= task_size >> PAGE_SHIFT;
    if !fits || pages == 0 || !addr.is_page_aligned() {
        return Ok(Err(Errno::Invalid));
    }
    let end = addr.add_pages(pages);
    let cpu = &mut cpu.enter(Func::DoMunmap, [addr.0, end.0]);
    let lock = Lock::Mmap(mm);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let mode = vms_munmap(cpu, mm, addr, end, Downgrade::Yes)?;
    cpu.event(Event::Unlock { lock, mode })?;
    Ok(Ok(()))
}

/// Whether others may read the process's VMAs while the unmapped ones are torn down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Downgrade {
    No,
    Yes,
}

/// The part of `munmap` under `mmap_lock`, which `MAP_FIXED` needs too.
pub(super) fn unmap_locked<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    vms_munmap(cpu, mm, start, end, Downgrade::No).map(|_| ())
}

/// `vms_gather_munmap_vmas`, `vms_complete_munmap_vmas`: once the VMAs are out of the process, a
/// downgraded lock will do. Returns how it is held.
fn vms_munmap<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    start: VirtAddr,
    end: VirtAddr,
    downgrade: Downgrade,
) -> Result<Mode, Stop> {
    if vmas_between(cpu, mm, start, end).is_empty() {
        return Ok(Mode::Write);
    }
    cut(cpu, mm, start, end)?;
    let dying = vmas_between(cpu, mm, start, end);
    for vma in &dying {
        cpu.event(Event::VmaDetach { vma: *vma })?;
        cpu.set(Cell::Vma(*vma, VmaField::Detached), 1);
    }
    let mode = match downgrade {
        Downgrade::No => Mode::Write,
        Downgrade::Yes => {
            cpu.event(Event::Downgrade { lock: Lock::Mmap(mm) })?;
            Mode::Read
        }
    };
    unmap_region(cpu, mm, &dying)?;
    Ok(mode)
}

/// The VMAs that meet `start..end`, ascending.
fn vmas_between<S: Sink>(cpu: &Cpu<S>, mm: MmId, start: VirtAddr, end: VirtAddr) -> Vec<VmaId> {
    let mut found = Vec::new();
    let mut at = start;
    while let Some(id) = cpu.find_vma(mm, at) {
        let vma = cpu.vma(id);
        if vma.start >= end {
            break;
        }
        found.push(id);
        at = vma.end;
    }
    found
}

/// Makes `start` and `end` VMA borders. Which piece is the new one differs between releases, and
/// with it the tree.
fn cut<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, start: VirtAddr, end: VirtAddr) -> Result<(), Stop> {
    let (at_start, at_end) = match cpu.kernel().munmap_cut {
        MunmapCut::KeepsLeftRest => (NewPiece::Above, NewPiece::Below),
        MunmapCut::Dies => (NewPiece::Below, NewPiece::Above),
    };
    for (at, new_piece) in [(start, at_start), (end, at_end)] {
        if let Some(id) = cpu.find_vma(mm, at).filter(|id| cpu.vma(*id).start < at) {
            split_vma(cpu, id, at, new_piece)?;
        }
    }
    Ok(())
}

/// `unmap_region`: one gather over all dying VMAs, then their tables, then the flush.
pub(super) fn unmap_region<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    dying: &[VmaId],
) -> Result<(), Stop> {
    let (Some(first), Some(last)) = (dying.first(), dying.last()) else { return Ok(()) };
    let (start, end) = (cpu.vma(*first).start, cpu.vma(*last).end);
    let floor = cpu.find_vma_prev(mm, start).map_or(VirtAddr(0), |prev| cpu.vma(prev).end);
    let ceiling = cpu.find_vma(mm, end).map_or(VirtAddr(0), |next| cpu.vma(next).start);

    let cpu = &mut cpu.enter(Func::UnmapRegion, [start.0, end.0]);
    let mut tlb = MmuGather::begin(cpu, mm, Extent::Ranges)?;
    unmap_vmas(cpu, &mut tlb, dying, start, end)?;
    free_pgtables(cpu, &mut tlb, dying, floor, ceiling)?;
    tlb.finish(cpu)?;
    for vma in dying {
        vm_area_free(cpu, *vma)?;
    }
    Ok(())
}
