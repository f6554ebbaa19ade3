//! Processes begin (`kernel/fork.c:mm_init`).

use crate::machine::delta::{MachineField, MmField};
use crate::machine::{Cell, Cpu, Event, MmId, Sink, Stop};
use crate::mm::pgalloc::pgd_alloc;

/// A process with a top-level table and nothing mapped.
///
/// # Errors
/// The sink may stop the run.
pub fn create<S: Sink>(cpu: &mut Cpu<S>) -> Result<MmId, Stop> {
    let mm = cpu.next_mm_id();
    cpu.event(Event::MmNew { mm })?;
    cpu.set(Cell::Machine(MachineField::NextMm), u64::from(mm.0) + 1);
    cpu.set(Cell::Mm(mm, MmField::Alive), 1);
    cpu.set(Cell::Mm(mm, MmField::TlbGen), 1);
    pgd_alloc(cpu, mm)?;
    Ok(mm)
}
