//! TLB flushes and the pending counter (`include/linux/mm_types.h`, `arch/x86/mm/tlb.c`).

use crate::addr::{PAGE_SIZE, VirtAddr};
use crate::arch::Level;
use crate::machine::delta::{CpuField, MachineField, MmField};
use crate::machine::event::{Flush, IpiAnswer, Reach, SwitchIn};
use crate::machine::{Cell, Cpu, CpuId, Event, Func, MmId, Sink, Stop, TlbState};
use crate::mm::access::interrupted;

/// `tlb_single_page_flush_ceiling`: longer spans flush everything.
pub const TLB_SINGLE_PAGE_FLUSH_CEILING: u64 = 33;

/// All addresses of a process, for flushes and notifiers that name none.
pub(super) fn everything<S: Sink>(cpu: &Cpu<S>) -> (VirtAddr, VirtAddr) {
    (VirtAddr(0), VirtAddr(cpu.levels().task_size() + PAGE_SIZE))
}

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

/// What a flush of this span costs: one INVLPG for each entry of `stride`, or everything above the
/// ceiling.
#[must_use]
pub fn reach_of(start: VirtAddr, end: VirtAddr, stride: Level) -> Reach {
    if (end.0 - start.0) >> stride.shift() > TLB_SINGLE_PAGE_FLUSH_CEILING {
        Reach::All
    } else if stride == Level::Pte {
        Reach::Pages
    } else {
        Reach::HugePages
    }
}

/// Whether page tables were freed, which a CPU could still walk: then lazy CPUs are asked too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FreedTables {
    No,
    Yes,
}

/// `flush_tlb_range`, for the reason given. It always claims that tables were freed.
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
    flush_tlb_mm_range(cpu, mm, flush, (start, end), Level::Pte, FreedTables::Yes)
}

/// `flush_tlb_page`: a single page. It claims that no tables were freed.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn flush_tlb_page<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::FlushTlbPage, [addr.0, 0]);
    let range = (addr, addr.add_pages(1));
    flush_tlb_mm_range(cpu, mm, Flush::Page, range, Level::Pte, FreedTables::No)
}

/// `flush_tlb_mm`: everything of the process, for the reason given.
///
/// # Errors
/// The sink may stop the run.
pub(super) fn flush_tlb_mm<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, flush: Flush) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::FlushTlbMm, [mm.0.into(), 0]);
    let range = everything(cpu);
    flush_tlb_mm_range(cpu, mm, flush, range, Level::Pte, FreedTables::Yes)
}

/// `flush_tlb_mm_range`: a new generation of the process's translations; this CPU and those of
/// `mm_cpumask` follow.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn flush_tlb_mm_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    flush: Flush,
    (start, end): (VirtAddr, VirtAddr),
    stride: Level,
    freed_tables: FreedTables,
) -> Result<(), Stop> {
    interrupted(cpu, mm, start, end)?;
    let reach = reach_of(start, end, stride);
    cpu.event(Event::Flush { mm, flush, reach, start, end })?;
    let new_gen = cpu.inc_mm_tlb_gen(mm);
    let info = FlushTlbInfo { mm, start, end, reach, new_gen };
    let here = cpu.id();
    if cpu.tlb_state(here).loaded_mm == Some(mm) {
        flush_tlb_func(cpu, here, info);
    }
    if cpu.is_smp() { flush_tlb_multi(cpu, info, freed_tables) } else { Ok(()) }
}

/// `flush_tlb_multi`: the other CPUs, each by an interrupt.
fn flush_tlb_multi<S: Sink>(
    cpu: &mut Cpu<S>,
    info: FlushTlbInfo,
    freed_tables: FreedTables,
) -> Result<(), Stop> {
    let (here, mm) = (cpu.id(), info.mm);
    for target in (0..cpu.cpus()).map(CpuId) {
        if target != here && should_flush_tlb(cpu, target, mm, freed_tables) {
            let answer = answer_of(cpu.tlb_state(target), mm);
            cpu.event(Event::Ipi { cpu: target, mm, answer })?;
            flush_tlb_func(cpu, target, info);
        }
    }
    Ok(())
}

/// `struct flush_tlb_info`.
#[derive(Clone, Copy)]
struct FlushTlbInfo {
    mm: MmId,
    start: VirtAddr,
    end: VirtAddr,
    reach: Reach,
    new_gen: u64,
}

/// `mm_cpumask` as a number with `of`'s bit alone, and the whole.
fn cpumask<S: Sink>(cpu: &Cpu<S>, mm: MmId, of: CpuId) -> (u64, u64) {
    (1 << of.0, cpu.mm_cpumask(mm).into())
}

/// `should_flush_tlb`: all of the mask if tables were freed, else who really runs the process.
/// FIDELITY: no-mask-trimming.
fn should_flush_tlb<S: Sink>(
    cpu: &Cpu<S>,
    target: CpuId,
    mm: MmId,
    freed_tables: FreedTables,
) -> bool {
    let (bit, mask) = cpumask(cpu, mm, target);
    let runs_it = || answer_of(cpu.tlb_state(target), mm) == IpiAnswer::Flushed;
    mask & bit != 0 && (freed_tables == FreedTables::Yes || runs_it())
}

/// What a CPU has to do about `mm`: nothing if it has gone over to another process, and a kernel
/// thread lets go of it.
fn answer_of(tlb: &TlbState, mm: MmId) -> IpiAnswer {
    if tlb.loaded_mm != Some(mm) {
        IpiAnswer::NotLoaded
    } else if tlb.is_lazy {
        IpiAnswer::LeftLazy
    } else {
        IpiAnswer::Flushed
    }
}

/// `flush_tlb_func`, on the CPU that was asked: a range only if it missed no flush before.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn flush_tlb_func<S: Sink>(cpu: &mut Cpu<S>, here: CpuId, info: FlushTlbInfo) {
    let mm = info.mm;
    let tlb = cpu.tlb_state(here);
    let local_gen = tlb.tlb_gen(mm);
    match answer_of(tlb, mm) {
        IpiAnswer::NotLoaded => {
            let (bit, mask) = cpumask(cpu, mm, here);
            cpu.set(Cell::Mm(mm, MmField::Cpumask), mask & !bit);
            return;
        }
        IpiAnswer::LeftLazy => {
            cpu.set(Cell::Cpu(here, CpuField::LoadedMm), 0);
            cpu.set(Cell::Cpu(here, CpuField::IsLazy), 0);
            return;
        }
        IpiAnswer::Flushed => {}
    }
    if info.reach != Reach::All && local_gen + 1 == info.new_gen {
        cpu.tlb_drop(here, mm, info.start, info.end);
    } else {
        let (start, end) = everything(cpu);
        cpu.tlb_drop(here, mm, start, end);
    }
    cpu.set_tlb_gen(here, mm, info.new_gen);
}

/// `switch_mm_irqs_off`: this CPU runs the process from now on. If flushes passed it by, it drops
/// what it has cached.
///
/// # Errors
/// The sink may stop the run.
pub fn switch_mm<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) -> Result<(), Stop> {
    let here = cpu.id();
    if answer_of(cpu.tlb_state(here), mm) == IpiAnswer::Flushed {
        return Ok(());
    }
    let local_gen = cpu.get(Cell::TlbGen(here, mm));
    let new_gen = cpu.get(Cell::Mm(mm, MmField::TlbGen));
    let switch = if local_gen == 0 || local_gen == new_gen {
        SwitchIn::UpToDate
    } else {
        SwitchIn::CaughtUp
    };
    if cpu.is_smp() {
        cpu.event(Event::SwitchMm { cpu: here, mm, switch })?;
    }
    let (bit, mask) = cpumask(cpu, mm, here);
    cpu.set(Cell::Mm(mm, MmField::Cpumask), mask | bit);
    cpu.set(Cell::Cpu(here, CpuField::LoadedMm), u64::from(mm.0) + 1);
    cpu.set(Cell::Cpu(here, CpuField::IsLazy), 0);
    if switch == SwitchIn::CaughtUp {
        let (start, end) = everything(cpu);
        cpu.tlb_drop(here, mm, start, end);
    }
    cpu.set_tlb_gen(here, mm, new_gen);
    Ok(())
}

/// `enter_lazy_tlb`: a kernel thread runs on this CPU; the address space of the process before it
/// stays loaded.
///
/// # Errors
/// The sink may stop the run.
pub fn enter_lazy_tlb<S: Sink>(cpu: &mut Cpu<S>) -> Result<(), Stop> {
    let here = cpu.id();
    cpu.event(Event::Lazy { cpu: here })?;
    if cpu.tlb_state(here).loaded_mm.is_some() {
        cpu.set(Cell::Cpu(here, CpuField::IsLazy), 1);
    }
    Ok(())
}

/// Turns the flushes of the two helpers off, as no kernel does, or on again.
pub fn set_flushes<S: Sink>(cpu: &mut Cpu<S>, flushes: Flushes) {
    cpu.set(Cell::Machine(MachineField::FlushesOff), flushes as u64);
}

/// Whether the two helpers flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flushes {
    /// As every kernel does.
    On = 0,
    /// Left out, to see what they are for.
    Off = 1,
}

/// [`flush_tlb_range`] for the two helpers, unless their flushes are off.
pub(super) fn flush_unless_off<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    flush: Flush,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    if cpu.machine_field(MachineField::FlushesOff) == 0 {
        return flush_tlb_range(cpu, mm, flush, start, end);
    }
    interrupted(cpu, mm, start, end)?;
    cpu.event(Event::FlushOmitted { mm, start, end })
}
