//! The processor touches memory: it uses what it has cached, else walks the tables itself, sets A
//! and D in the entry it uses, and faults where it may not.

use crate::addr::VirtAddr;
use crate::arch::{Level, Pte};
use crate::machine::event::{Access, Cached, FaultCause, FaultEnd, Lock, Mode};
use crate::machine::sink::{Intrusion, MayFault};
use crate::machine::{Cell, Cpu, Event, MmId, Sink, Stop, VmFlags, VmaId};
use crate::mm::bitmap::set_bit;
use crate::mm::fault::{Attempt, FaultResult, handle_mm_fault};
use crate::mm::tlb::switch_mm;

/// More faults than one access can need: a stale translation, insert, then make writable.
const FAULTS_MAX: u32 = 4;

/// How an access went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Faults that the kernel answered.
    pub faults: u32,
    /// [`FaultEnd::Retry`]: it succeeded. Otherwise the signal.
    pub end: FaultEnd,
}

/// Loads or stores one byte at `addr`, on the CPU at hand.
///
/// # Errors
/// The sink may stop the run.
pub fn touch<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    access: Access,
) -> Result<Touch, Stop> {
    cpu.event(Event::Access { cpu: cpu.id(), mm, access, addr })?;
    switch_mm(cpu, mm)?;
    for faults in 0..FAULTS_MAX {
        let cause = match translate(cpu, mm, addr, access)? {
            Ok(()) => return Ok(Touch { faults, end: FaultEnd::Retry }),
            Err(cause) => cause,
        };
        cpu.event(Event::Fault { mm, access, cause, addr })?;
        // A fault drops the translation that it is about.
        cpu.tlb_drop(cpu.id(), mm, addr.page_down(), addr.page_down().add_pages(1));
        let end = do_user_addr_fault(cpu, mm, addr, access)?;
        cpu.event(Event::FaultEnd { mm, end, addr })?;
        if end != FaultEnd::Retry {
            return Ok(Touch { faults, end });
        }
    }
    unreachable!("{FAULTS_MAX} faults for one access at {addr}");
}

/// Between a change of entries and their flush other CPUs run on: those that the scenario lets come
/// in here do.
pub(super) fn interrupted<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    while let Some(intrusion) = cpu.intrusion(mm, start, end) {
        let Intrusion { cpu: other, mm, addr, access, may_fault } = intrusion;
        if may_fault == MayFault::No && faults(&cpu.on(other), mm, addr.page_down(), access) {
            cpu.intruded(None);
            continue;
        }
        let done = touch(&mut cpu.on(other), mm, addr, access)?;
        cpu.intruded(Some((done.faults, done.end)));
        cpu.event(Event::Resume { cpu: cpu.id() })?;
    }
    Ok(())
}

/// True if the access would fault now.
fn faults<S: Sink>(cpu: &Cpu<S>, mm: MmId, page: VirtAddr, access: Access) -> bool {
    let word = match cpu.tlb_lookup(mm, page) {
        Some(word) if access == Access::Load || !word.is_write() || word.hw_dirty() == word => word,
        _ => cpu.translation(mm, page),
    };
    !word.is_hw_present() || access == Access::Store && !word.is_write()
}

/// From the TLB if it allows the access. What is cached without D sends a store to the tables.
fn translate<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    access: Access,
) -> Result<Result<(), FaultCause>, Stop> {
    let page = addr.page_down();
    match (cpu.tlb_lookup(mm, page), access) {
        (Some(word), Access::Store) if !word.is_write() => Ok(Err(FaultCause::Protection)),
        (Some(word), Access::Store) if word.hw_dirty() == word => {
            tlb_hit(cpu, mm, page, access, word).map(Ok)
        }
        (Some(word), Access::Load) => tlb_hit(cpu, mm, page, access, word).map(Ok),
        _ => hardware_walk(cpu, mm, page, access),
    }
}

/// The cached translation is used and nothing else looked at, whatever the entry says by now.
fn tlb_hit<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    page: VirtAddr,
    access: Access,
    word: Pte,
) -> Result<(), Stop> {
    let now = cpu.translation(mm, page);
    let same_frame = now.is_hw_present() && now.pfn() == word.pfn();
    let tells = access == Access::Load || now.is_write() && now.hw_dirty() == now;
    let lost = match access {
        Access::Store if !(same_frame && tells) => cpu.unknown_store(word.pfn()),
        _ => None,
    };
    let cached = match lost {
        Some(_) => Cached::Lost,
        None if same_frame && tells => Cached::Fresh,
        None => Cached::Stale,
    };
    if cpu.is_smp() || cached != Cached::Fresh {
        cpu.event(Event::TlbHit { cpu: cpu.id(), mm, access, cached, addr: page })?;
    }
    if let Some((mapping, pgoff)) = lost {
        set_bit(cpu, Cell::Lost, mapping, pgoff);
    }
    Ok(())
}

/// What the processor does by itself: all levels, A on use, D on a store, in one locked
/// update. What it used it caches.
fn hardware_walk<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    page: VirtAddr,
    access: Access,
) -> Result<Result<(), FaultCause>, Stop> {
    let Some((level, slot)) = cpu.leaf_slot(mm, page) else {
        return Ok(Err(FaultCause::NotPresent));
    };
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
        cpu.event(Event::Hardware { slot, access, addr: page })?;
        cpu.set_word(slot, used);
    }
    if cpu.is_smp() {
        cpu.event(Event::TlbFill { cpu: cpu.id(), slot, addr: page })?;
    }
    let cached = match level {
        Level::Pte => used,
        _ => used.page_of_huge(Level::Pte.index(page)),
    };
    cpu.tlb_fill(mm, page, cached);
    Ok(Ok(()))
}

/// `arch/x86/mm/fault.c:do_user_addr_fault`: under the VMA's own lock where the kernel has such;
/// then, and once more if the lock was dropped to wait for a disk, under `mmap_lock`.
fn do_user_addr_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    access: Access,
) -> Result<FaultEnd, Stop> {
    let mut attempt = Attempt::First;
    let mut own_lock = cpu.kernel().per_vma_lock;
    loop {
        let vma = find_attached(cpu, mm, addr).filter(|_| own_lock);
        let lock = vma.map_or(Lock::Mmap(mm), Lock::Vma);
        cpu.event(Event::Lock { lock, mode: Mode::Read })?;
        let end = match find_attached(cpu, mm, addr) {
            None => FaultEnd::SegvMapErr,
            Some(vma) if access_error(cpu, vma, access) => FaultEnd::SegvAccErr,
            Some(vma) => match handle_mm_fault(cpu, vma, addr, access, attempt, lock)? {
                FaultResult::Done | FaultResult::Page(_) => FaultEnd::Retry,
                FaultResult::Bus => FaultEnd::Bus,
                again => {
                    if !own_lock || again == FaultResult::RetryMajor {
                        attempt = Attempt::Tried;
                    }
                    own_lock = false;
                    continue;
                }
            },
        };
        cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
        return Ok(end);
    }
}

/// The VMA at `addr`, unless an unmapping has taken it out of the process already.
fn find_attached<S: Sink>(cpu: &Cpu<S>, mm: MmId, addr: VirtAddr) -> Option<VmaId> {
    cpu.find_vma(mm, addr).filter(|vma| {
        let vma = cpu.vma(*vma);
        vma.contains(addr) && !vma.detached
    })
}

/// `access_error`: the VMA does not allow this now.
fn access_error<S: Sink>(cpu: &Cpu<S>, vma: VmaId, access: Access) -> bool {
    let needed = match access {
        Access::Load => VmFlags::READ | VmFlags::WRITE | VmFlags::EXEC,
        Access::Store => VmFlags::WRITE,
    };
    !cpu.vma(vma).flags.intersects(needed)
}
