//! The processor touches memory: it walks the tables itself, sets A and D in the entry it uses, and
//! faults where it may not. FIDELITY: no-tlb. Every access sees the entry as it is.

use crate::addr::VirtAddr;
use crate::machine::event::{Access, FaultCause, FaultEnd, Lock, Mode};
use crate::machine::{Cpu, Event, MmId, Sink, Stop, VmFlags, VmaId};
use crate::mm::fault::{Attempt, FaultResult, handle_mm_fault};

/// More faults than one access can need: insert, then make writable.
const FAULTS_MAX: u32 = 4;

/// How an access went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Faults that the kernel answered.
    pub faults: u32,
    /// [`FaultEnd::Retry`]: it succeeded. Otherwise the signal.
    pub end: FaultEnd,
}

/// Loads or stores one byte at `addr`.
///
/// # Errors
/// The sink may stop the run.
pub fn touch<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    access: Access,
) -> Result<Touch, Stop> {
    cpu.event(Event::Access { mm, access, addr })?;
    for faults in 0..FAULTS_MAX {
        let cause = match hardware_walk(cpu, mm, addr, access)? {
            Ok(()) => return Ok(Touch { faults, end: FaultEnd::Retry }),
            Err(cause) => cause,
        };
        cpu.event(Event::Fault { mm, access, cause, addr })?;
        let end = do_user_addr_fault(cpu, mm, addr, access)?;
        cpu.event(Event::FaultEnd { mm, end, addr })?;
        if end != FaultEnd::Retry {
            return Ok(Touch { faults, end });
        }
    }
    unreachable!("{FAULTS_MAX} faults for one access at {addr}");
}

/// What the processor does by itself: all four levels, A on use, D on a store.
fn hardware_walk<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    access: Access,
) -> Result<Result<(), FaultCause>, Stop> {
    let Some(slot) = cpu.pte_slot(mm, addr) else { return Ok(Err(FaultCause::NotPresent)) };
    let word = cpu.word(slot);
    if !word.is_hw_present() {
        return Ok(Err(FaultCause::NotPresent));
    }
    if access == Access::Store && !word.is_write() {
        return Ok(Err(FaultCause::Protection));
    }
    let used = match access {
        Access::Load => word.mkyoung(),
        Access::Store => word.mkyoung().hw_dirty(),
    };
    if used != word {
        cpu.event(Event::Hardware { slot, access, addr: addr.page_down() })?;
        cpu.set_word(slot, used);
    }
    Ok(Ok(()))
}

/// `arch/x86/mm/fault.c:do_user_addr_fault`: once more if the lock was dropped to wait for a disk.
fn do_user_addr_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    access: Access,
) -> Result<FaultEnd, Stop> {
    // FIDELITY: fault-takes-mmap-lock
    let lock = Lock::Mmap(mm);
    let mut attempt = Attempt::First;
    let end = loop {
        cpu.event(Event::Lock { lock, mode: Mode::Read })?;
        match cpu.find_vma(mm, addr).filter(|vma| cpu.vma(*vma).contains(addr)) {
            None => break FaultEnd::SegvMapErr,
            Some(vma) if access_error(cpu, vma, access) => break FaultEnd::SegvAccErr,
            Some(vma) => match handle_mm_fault(cpu, vma, addr, access, attempt)? {
                FaultResult::Done | FaultResult::Page(_) => break FaultEnd::Retry,
                FaultResult::Bus => break FaultEnd::Bus,
                FaultResult::Retry if cpu.kernel().minor_retry_is_first_try => {}
                FaultResult::Retry | FaultResult::RetryMajor => attempt = Attempt::Tried,
            },
        }
    };
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    Ok(end)
}

/// `access_error`: the VMA does not allow this now.
fn access_error<S: Sink>(cpu: &Cpu<S>, vma: VmaId, access: Access) -> bool {
    let needed = match access {
        Access::Load => VmFlags::READ | VmFlags::WRITE | VmFlags::EXEC,
        Access::Store => VmFlags::WRITE,
    };
    !cpu.vma(vma).flags.intersects(needed)
}
