//! Counts all of a lane, and keeps its first steps on tape: one run for both.

use crate::compare::counter::{Counter, Tally};
use crate::compare::progress::Progress;
use crate::machine::{Cell, Event, Func, Sink, Stop};
use crate::trace::Tape;

/// A counter with a tape beside it, which may end before the run does.
pub(super) struct Recorder {
    counter: Counter,
    tape: Tape,
    full: bool,
    /// Calls at work that began when the tape was full.
    untaped: u32,
    /// What the tape has counted since the last tally.
    progress: Progress,
}

impl Recorder {
    /// With a tape of so many steps; 0: it only counts.
    pub(super) fn new(steps_max: u32) -> Self {
        Self {
            counter: Counter::default(),
            tape: Tape::roomy(steps_max),
            full: steps_max == 0,
            untaped: 0,
            progress: Progress::default(),
        }
    }

    /// What was counted since the last time, and how it grew along the tape.
    pub(super) fn take(&mut self) -> (Tally, Progress) {
        (std::mem::take(&mut self.counter).tally(), std::mem::take(&mut self.progress))
    }

    /// Out of line: most steps of a long lane find the tape full.
    #[inline(never)]
    fn record(&mut self, event: &Event) {
        let done = self.tape.len();
        self.full = self.tape.push(event).is_err();
        if !self.full && self.progress.is_due(done) {
            self.progress.keep(done, *self.counter.meter());
        }
    }

    pub(super) fn into_tape(mut self) -> Tape {
        self.tape.trim();
        self.tape
    }
}

impl Sink for Recorder {
    #[inline]
    fn event(&mut self, event: &Event) -> Result<(), Stop> {
        if !self.full {
            self.record(event);
        }
        self.counter.event(event)
    }

    fn delta(&mut self, cell: Cell, old: u64, new: u64) {
        if !self.full {
            self.tape.delta(cell, old, new);
        }
    }

    fn enter(&mut self, func: Func, args: [u64; 2]) {
        if self.full {
            self.untaped += 1;
        } else {
            self.tape.enter(func, args);
        }
        self.counter.enter(func, args);
    }

    fn exit(&mut self) {
        match self.untaped.checked_sub(1) {
            Some(left) => self.untaped = left,
            None => self.tape.exit(),
        }
        self.counter.exit();
    }
}
