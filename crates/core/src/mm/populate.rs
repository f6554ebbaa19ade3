//! `MAP_POPULATE`: the pages are faulted in before anybody touches them (`mm/gup.c:__mm_populate`).

use crate::addr::VirtAddr;
use crate::arch::Entry;
use crate::machine::event::{Access, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, Sink, Stop, VmFlags, VmaId};
use crate::mm::fault::{Attempt, FaultResult, handle_mm_fault};

/// `mm_populate`: every VMA of the range in turn. What cannot be had is left alone.
///
/// # Errors
/// The sink may stop the run.
pub fn mm_populate<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    pages: u64,
) -> Result<(), Stop> {
    let end = addr.add_pages(pages);
    let lock = Lock::Mmap(mm);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    let mut at = addr;
    while let Some(id) = cpu.find_vma(mm, at).filter(|id| cpu.vma(*id).start < end) {
        let vma = cpu.vma(id);
        if !vma.flags.intersects(VmFlags::IO | VmFlags::PFNMAP) {
            populate_vma_page_range(cpu, id, vma.start.max(at), vma.end.min(end))?;
        }
        at = vma.end;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Read })
}

/// `populate_vma_page_range`, `__get_user_pages`: private writable memory is copied at once, all
/// other is read. Nothing is done by the processor, so A and D stay as the fault leaves them.
fn populate_vma_page_range<S: Sink>(
    cpu: &mut Cpu<S>,
    id: VmaId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let vma = cpu.vma(id);
    if !vma.flags.intersects(VmFlags::READ | VmFlags::WRITE | VmFlags::EXEC) {
        return Ok(());
    }
    let cpu = &mut cpu.enter(Func::Populate, [start.0, end.0]);
    let copies = vma.flags.contains(VmFlags::WRITE) && !vma.flags.contains(VmFlags::SHARED);
    let access = if copies { Access::Store } else { Access::Load };
    let mm = vma.mm.expect("a VMA belongs to a process");
    let lock = Lock::Mmap(mm);
    let mut addr = start;
    while addr < end {
        if follow_page_mask(cpu, mm, addr, access) {
            addr = addr.add_pages(1);
            continue;
        }
        match handle_mm_fault(cpu, id, addr, access, Attempt::First, lock)? {
            FaultResult::Bus => break,
            // The lock was dropped; unlike the processor's, this fault begins anew.
            FaultResult::Retry | FaultResult::RetryMajor => {
                cpu.event(Event::Lock { lock, mode: Mode::Read })?;
            }
            FaultResult::Done | FaultResult::Page(_) => {}
        }
    }
    Ok(())
}

/// `follow_page_mask`: the page is there, and writable if it shall be.
fn follow_page_mask<S: Sink>(cpu: &Cpu<S>, mm: MmId, addr: VirtAddr, access: Access) -> bool {
    let Some((level, slot)) = cpu.leaf_slot(mm, addr) else { return false };
    let word = cpu.word(slot);
    let is_mapped = matches!(word.decode(level), Entry::Leaf(_));
    is_mapped && (access == Access::Load || word.is_write())
}
