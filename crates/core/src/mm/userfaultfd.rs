//! Asynchronous write-protection (`mm/userfaultfd.c`, `UFFD_FEATURE_WP_ASYNC`): a fault of a
//! write-protected entry is dealt with by the kernel itself, and [`PAGEMAP_SCAN`](super::pagemap)
//! finds what was written. FIDELITY: uffd-of-anonymous-memory.

use crate::addr::VirtAddr;
use crate::machine::delta::VmaField;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cell, Cpu, Event, Func, MmId, Sink, Stop, VmFlags, VmaId};
use crate::mm::Errno;
use crate::mm::vma::vma_modify_flags;

/// `userfaultfd_register` with `UFFDIO_REGISTER_MODE_WP`: what is mapped in `pages` pages from
/// `addr`. A process has one descriptor.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: nothing is mapped there, it is no anonymous memory, or
/// the kernel has no such feature.
pub fn userfaultfd_register<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    pages: u64,
) -> Result<Result<(), Errno>, Stop> {
    let end = addr.add_pages(pages);
    let cpu = &mut cpu.enter(Func::UserfaultfdRegister, [addr.0, end.0]);
    let lock = Lock::Mmap(mm);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let found = vmas_between(cpu, mm, addr, end);
    let fits = |vma: &VmaId| cpu.vma(*vma).file.is_none();
    let done = match cpu.kernel().uffd_wp_async && !found.is_empty() && found.iter().all(fits) {
        true => Ok(userfaultfd_register_range(cpu, mm, addr, end)?),
        false => Err(Errno::Invalid),
    };
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    Ok(done)
}

/// `userfaultfd_register_range`: VMA by VMA, with merges and splits.
fn userfaultfd_register_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let mut at = start;
    while let Some(id) = cpu.find_vma(mm, at).filter(|_| at < end) {
        let vma = cpu.vma(id);
        at = vma.end;
        if vma.start >= end || vma.flags.contains(VmFlags::UFFD_WP) {
            continue;
        }
        let mut flags = vma.flags | VmFlags::UFFD_WP;
        let (from, to) = (vma.start.max(start), vma.end.min(end));
        let changed = vma_modify_flags(cpu, id, from, to, &mut flags)?;
        cpu.event(Event::VmaFlags { vma: changed })?;
        cpu.set(Cell::Vma(changed, VmaField::Flags), flags.bits());
        // A merge may have reached further.
        at = cpu.vma(changed).end;
    }
    Ok(())
}

/// `userfaultfd_reset_ctx`: what was forked or moved is not registered any more.
pub(super) fn userfaultfd_reset_ctx<S: Sink>(cpu: &mut Cpu<S>, id: VmaId) -> Result<(), Stop> {
    let flags = cpu.vma(id).flags;
    if flags.contains(VmFlags::UFFD_WP) {
        cpu.event(Event::VmaFlags { vma: id })?;
        let flags = flags.difference(VmFlags::UFFD_WP);
        cpu.set(Cell::Vma(id, VmaField::Flags), flags.bits());
    }
    Ok(())
}

fn vmas_between<S: Sink>(cpu: &Cpu<S>, mm: MmId, start: VirtAddr, end: VirtAddr) -> Vec<VmaId> {
    let meets = |vma: &VmaId| cpu.vma(*vma).start < end && start < cpu.vma(*vma).end;
    cpu.vmas(mm).into_iter().filter(meets).collect()
}
