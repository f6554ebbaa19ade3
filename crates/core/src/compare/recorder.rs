//! Counts all of a lane, and keeps its first steps on tape: one run for both.

use crate::compare::counter::{Counter, Tally};
use crate::machine::{Cell, Event, Func, Sink, Stop};
use crate::trace::Tape;

/// A counter with a tape beside it, which may end before the run does.
pub(super) struct Recorder {
    counter: Counter,
    tape: Tape,
    full: bool,
    /// Calls at work that began when the tape was full.
    untaped: u32,
}

impl Recorder {
    /// With a tape of so many steps; 0: it only counts.
    pub(super) fn new(steps_max: u32) -> Self {
        let (counter, tape) = (Counter::default(), Tape::roomy(steps_max));
        Self { counter, tape, full: steps_max == 0, untaped: 0 }
    }

    /// What was counted since the last time.
    pub(super) fn take_tally(&mut self) -> Tally {
        std::mem::take(&mut self.counter).tally()
    }

    pub(super) fn into_tape(mut self) -> Tape {
        self.tape.trim();
        self.tape
    }
}

impl Sink for Recorder {
    fn event(&mut self, event: &Event) -> Result<(), Stop> {
        self.full = self.full || Sink::event(&mut self.tape, event).is_err();
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
