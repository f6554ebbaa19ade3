//! `madvise(MADV_DONTNEED)`: a process gives pages back (`mm/madvise.c`).

use crate::addr::{PAGE_SHIFT, VirtAddr};
use crate::kernel::ZapGather;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, Sink, Stop, VmFlags, VmaId};
use crate::mm::Errno;
use crate::mm::mmu_gather::{Extent, MmuGather};
use crate::mm::zap::{Cows, Tables, ZapDetails, zap_vma_range, zap_vma_range_batched};

/// `madvise_dontneed_single_vma` over every VMA of the range: all entries go, copies on write too.
/// What is not mapped there is an error, but only behind the rest.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `madvise` fails.
pub fn madvise_dontneed<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    start: VirtAddr,
    pages: u64,
) -> Result<Result<(), Errno>, Stop> {
    let end = pages.checked_shl(PAGE_SHIFT).filter(|len| len >> PAGE_SHIFT == pages);
    let Some(end) = end.and_then(|len| start.0.checked_add(len)).map(VirtAddr) else {
        return Ok(Err(Errno::Invalid));
    };
    if !start.is_page_aligned() {
        return Ok(Err(Errno::Invalid));
    }
    if start == end {
        return Ok(Ok(()));
    }
    let cpu = &mut cpu.enter(Func::DoMadvise, [start.0, end.0]);
    let lock = madvise_lock(cpu, mm, start, end);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    let done = match cpu.kernel().zap_gather {
        ZapGather::Own => madvise_walk_vmas(cpu, mm, None, start, end)?,
        ZapGather::Callers => {
            let mut tlb = MmuGather::begin(cpu, mm, Extent::Ranges)?;
            let done = madvise_walk_vmas(cpu, mm, Some(&mut tlb), start, end)?;
            tlb.finish(cpu)?;
            done
        }
    };
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    Ok(done)
}

/// `madvise_lock`: 7.3 does with the lock of the one VMA that holds the whole range.
fn madvise_lock<S: Sink>(cpu: &Cpu<S>, mm: MmId, start: VirtAddr, end: VirtAddr) -> Lock {
    let holds_all = |id: &VmaId| {
        let vma = cpu.vma(*id);
        vma.contains(start) && end <= vma.end
    };
    cpu.find_vma(mm, start)
        .filter(|_| cpu.kernel().madvise_locks_vma)
        .filter(holds_all)
        .map_or(Lock::Mmap(mm), Lock::Vma)
}

/// `madvise_walk_vmas`: the VMAs of `start..end` in address order.
fn madvise_walk_vmas<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    mut tlb: Option<&mut MmuGather>,
    mut start: VirtAddr,
    end: VirtAddr,
) -> Result<Result<(), Errno>, Stop> {
    let mut unmapped = Ok(());
    while start < end {
        let Some(id) = cpu.find_vma(mm, start) else { return Ok(Err(Errno::NoMemory)) };
        let vma = cpu.vma(id);
        if start < vma.start {
            unmapped = Err(Errno::NoMemory);
            start = vma.start;
            if start >= end {
                break;
            }
        }
        if vma.flags.contains(VmFlags::PFNMAP) {
            return Ok(Err(Errno::Invalid));
        }
        let next = vma.end.min(end);
        cpu.event(Event::Clip { vma: id, start, end: next })?;
        madvise_dontneed_single_vma(cpu, tlb.as_deref_mut(), id, start, next)?;
        start = next;
    }
    Ok(unmapped)
}

/// `madvise_dontneed_single_vma`: a zap that may free tables.
fn madvise_dontneed_single_vma<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: Option<&mut MmuGather>,
    vma: VmaId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let tables = if cpu.kernel().dontneed_frees_tables { Tables::Reclaim } else { Tables::Stay };
    let details = ZapDetails { cows: Cows::Zap, tables };
    match tlb {
        Some(tlb) => zap_vma_range_batched(cpu, tlb, vma, start, end, details),
        None => zap_vma_range(cpu, vma, start, end, details),
    }
}
