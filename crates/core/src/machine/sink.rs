//! Where a run's events and changes go: onto a tape, or nowhere.

use crate::addr::VirtAddr;
use crate::machine::event::{Access, FaultEnd};
use crate::machine::{Cell, CpuId, Event, Func, MmId};

/// Why a run ended before its end. Carried up by `?`, reported as a diagnostic. Without numbers:
/// every step returns one or none, in a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The run may have no more steps.
    Steps,
    /// The machine has no more page frames.
    Memory,
}

/// Another CPU's access that comes in while this one is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intrusion {
    /// Which CPU.
    pub cpu: CpuId,
    /// Which process runs there.
    pub mm: MmId,
    /// What it touches.
    pub addr: VirtAddr,
    /// How.
    pub access: Access,
    /// If it needs a fault: whether that could go on now.
    pub may_fault: MayFault,
}

/// Whether a fault could go on, for what is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayFault {
    /// Nobody is in its way.
    Yes,
    /// It would wait for a lock.
    No,
}

/// Receives what a run does. A step is one event and the deltas up to the next.
pub trait Sink {
    /// Something happened. By reference: an event that is copied right after it was put together
    /// keeps the processor waiting for the stores.
    ///
    /// # Errors
    /// [`Stop`] ends the run here.
    fn event(&mut self, event: &Event) -> Result<(), Stop>;

    /// A cell of the world went from `old` to `new`.
    fn delta(&mut self, cell: Cell, old: u64, new: u64);

    /// A kernel function begins; `args` as its [`Func`] says.
    fn enter(&mut self, func: Func, args: [u64; 2]);

    /// The innermost function ends.
    fn exit(&mut self);

    /// Entries of `mm` from `start` to `end` have changed and are about to be flushed. Who comes in
    /// before that?
    #[inline(always)]
    fn intrusion(&mut self, _mm: MmId, _start: VirtAddr, _end: VirtAddr) -> Option<Intrusion> {
        None
    }

    /// The one who came in got through with so many faults, to this end; `None`: it has to wait.
    #[inline(always)]
    fn intruded(&mut self, _end: Option<(u32, FaultEnd)>) {}
}

/// Runs untraced, at no cost.
impl Sink for () {
    #[inline(always)]
    fn event(&mut self, _: &Event) -> Result<(), Stop> {
        Ok(())
    }

    #[inline(always)]
    fn delta(&mut self, _: Cell, _: u64, _: u64) {}

    #[inline(always)]
    fn enter(&mut self, _: Func, _: [u64; 2]) {}

    #[inline(always)]
    fn exit(&mut self) {}
}
