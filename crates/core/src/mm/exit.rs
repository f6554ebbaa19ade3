//! A process ends (`mm/mmap.c:exit_mmap`).

use crate::addr::VirtAddr;
use crate::machine::delta::MmField;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cell, Cpu, Event, Func, MmId, Sink, Stop};
use crate::mm::free::free_pgtables;
use crate::mm::mmu_gather::{Extent, MmuGather};
use crate::mm::pgalloc::pgd_free;
use crate::mm::vma::vm_area_free;
use crate::mm::zap::unmap_vmas;

/// Everything that the process had mapped goes, without cuts, in ascending order; then the process
/// itself.
///
/// # Errors
/// The sink may stop the run.
pub fn exit_mmap<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ExitMmap, [mm.0.into(), 0]);
    let dying = cpu.vmas(mm);
    if let (Some(first), Some(last)) = (dying.first(), dying.last()) {
        let (start, end) = (cpu.vma(*first).start, cpu.vma(*last).end);
        let lock = Lock::Mmap(mm);
        cpu.event(Event::Lock { lock, mode: Mode::Read })?;
        let mut tlb = MmuGather::begin(cpu, mm, Extent::FullMm)?;
        unmap_vmas(cpu, &mut tlb, &dying, start, end)?;
        cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
        free_pgtables(cpu, &mut tlb, &dying, VirtAddr(0), VirtAddr(0))?;
        tlb.finish(cpu)?;
        for vma in &dying {
            vm_area_free(cpu, *vma)?;
        }
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    }
    cpu.event(Event::MmGone { mm })?;
    cpu.set(Cell::Mm(mm, MmField::TlbFlushPending), 0);
    pgd_free(cpu, mm);
    cpu.set(Cell::Mm(mm, MmField::Alive), 0);
    Ok(())
}
