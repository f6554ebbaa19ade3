//! What a stretch of a tape has counted up to any of its steps: counters kept every so many steps,
//! so that a scrub counts a few thousand events at most.

use std::cell::RefCell;
use std::ops::Range;

use rangewalk_core::compare::Score;
use rangewalk_core::compare::counter::Counter;
use rangewalk_core::machine::Sink;
use rangewalk_core::trace::Tape;

/// Steps between two kept counters.
const APART: u32 = 4_096;

/// A counter on its way along the tape.
#[derive(Clone)]
struct Walker {
    counter: Counter,
    /// Steps done of the tape.
    at: u32,
    /// Frames entered.
    entered: usize,
    /// Where those still open end, outermost first.
    exits: Vec<u32>,
}

/// A stretch of a tape and its counters.
pub struct Progress {
    steps: Range<u32>,
    kept: Vec<Walker>,
    /// The last one asked for, from which the next often goes on.
    last: RefCell<Walker>,
}

impl Progress {
    /// Counts the stretch once.
    #[must_use]
    pub fn new(tape: &Tape, steps: Range<u32>) -> Self {
        let counter = Counter::default();
        let mut walker = Walker { counter, at: steps.start, entered: 0, exits: Vec::new() };
        let mut kept = vec![walker.clone()];
        while walker.at < steps.end {
            walker.go(tape, (walker.at + APART).min(steps.end));
            kept.push(walker.clone());
        }
        let last = RefCell::new(kept[0].clone());
        Self { steps, kept, last }
    }

    /// What was counted when `at` steps of the tape were done.
    #[must_use]
    pub fn score(&self, tape: &Tape, at: u32) -> Score {
        let at = at.clamp(self.steps.start, self.steps.end);
        let nearest = self.kept.partition_point(|walker| walker.at <= at) - 1;
        let mut last = self.last.borrow_mut();
        if at < last.at || last.at < self.kept[nearest].at {
            *last = self.kept[nearest].clone();
        }
        last.go(tape, at);
        last.counter.clone().tally().score
    }
}

impl Walker {
    fn go(&mut self, tape: &Tape, to: u32) {
        let frames = tape.frames();
        while self.at < to {
            let step = self.at;
            while self.exits.last().is_some_and(|exit| *exit <= step) {
                self.exits.pop();
                self.counter.exit();
            }
            while let Some(frame) = frames.get(self.entered).filter(|frame| frame.enter <= step) {
                self.entered += 1;
                if frame.exit > step {
                    self.exits.push(frame.exit);
                    self.counter.enter(frame.func, frame.args);
                }
            }
            // A counter has no limit.
            let _ = self.counter.event(&tape.event(step));
            self.at += 1;
        }
    }
}
