//! TLB flushes and the pending counter (`include/linux/mm_types.h`, `arch/x86/mm/tlb.c`).

use crate::addr::VirtAddr;
use crate::machine::delta::MmField;
use crate::machine::event::{Flush, Reach};
use crate::machine::{Cell, Cpu, Event, Func, MmId, Sink, Stop};

/// `tlb_single_page_flush_ceiling`: longer spans flush everything.
pub const TLB_SINGLE_PAGE_FLUSH_CEILING: u64 = 33;

fn set_pending<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, pending: u64) -> Result<(), Stop> {
    let shown = u32::try_from(pending).expect("a handful of flushes are pending");
    cpu.event(Event::FlushPending { mm, pending: shown })?;
    cpu.set(Cell::Mm(mm, MmField::TlbFlushPending), pending);
    Ok(())
}

/// `inc_tlb_flush_pending`: somebody is about to change entries and will flush later.
///
/// # Errors
/// The sink may stop the run.
pub fn inc_tlb_flush_pending<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) -> Result<(), Stop> {
    let pending = cpu.tlb_flush_pending(mm);
    set_pending(cpu, mm, pending + 1)
}

/// `dec_tlb_flush_pending`: that flush is done. Does nothing if none was pending.
///
/// # Errors
/// The sink may stop the run.
pub fn dec_tlb_flush_pending<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) -> Result<(), Stop> {
    match cpu.tlb_flush_pending(mm).checked_sub(1) {
        Some(pending) => set_pending(cpu, mm, pending),
        None => Ok(()),
    }
}

/// `mm_tlb_flush_nested`: somebody else's flush is pending beside our own.
#[must_use]
pub fn mm_tlb_flush_nested<S: Sink>(cpu: &Cpu<S>, mm: MmId) -> bool {
    cpu.tlb_flush_pending(mm) > 1
}

/// What a flush of this span costs: one INVLPG a page, or everything above the ceiling.
#[must_use]
pub fn reach_of(start: VirtAddr, end: VirtAddr) -> Reach {
    if end.pages_since(start) > TLB_SINGLE_PAGE_FLUSH_CEILING { Reach::All } else { Reach::Pages }
}

/// `flush_tlb_range`, for the reason given.
///
/// # Errors
/// The sink may stop the run.
pub fn flush_tlb_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    flush: Flush,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::FlushTlbRange, [start.0, end.0]);
    cpu.event(Event::Flush { mm, flush, reach: reach_of(start, end), start, end })
}
