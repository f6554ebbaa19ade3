//! Where a run's events and changes go: onto a tape, or nowhere.

use crate::machine::{Cell, Event, Func};

/// Why a run ended before its end. Carried up by `?`, reported as a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The tape holds no more steps than this.
    Steps(u32),
    /// The machine has no more frames than this.
    Memory(u32),
}

/// Receives what a run does. A step is one event and the deltas up to the next.
pub trait Sink {
    /// Something happened.
    ///
    /// # Errors
    /// [`Stop`] ends the run here.
    fn event(&mut self, event: Event) -> Result<(), Stop>;

    /// A cell of the world went from `old` to `new`.
    fn delta(&mut self, cell: Cell, old: u64, new: u64);

    /// A kernel function begins; `args` as its [`Func`] says.
    fn enter(&mut self, func: Func, args: [u64; 2]);

    /// The innermost function ends.
    fn exit(&mut self);
}

/// Runs untraced, at no cost.
impl Sink for () {
    #[inline(always)]
    fn event(&mut self, _: Event) -> Result<(), Stop> {
        Ok(())
    }

    #[inline(always)]
    fn delta(&mut self, _: Cell, _: u64, _: u64) {}

    #[inline(always)]
    fn enter(&mut self, _: Func, _: [u64; 2]) {}

    #[inline(always)]
    fn exit(&mut self) {}
}
