//! What a stretch of a tape has counted up to any of its steps: meters kept every so many steps of
//! the tape, so that a scrub counts a few thousand events at most.

use crate::compare::count::Score;
use crate::compare::meter::Meter;
use crate::trace::Tape;

/// Steps of the tape between two kept meters.
const APART: u32 = 4_096;

/// The meters of a stretch, which begins with nothing counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Progress {
    /// By steps of the tape done; the first one where the stretch begins.
    kept: Vec<(u32, Meter)>,
}

impl Progress {
    /// True if a meter is to be kept before the next step is counted, when `done` are on the tape.
    pub(super) fn is_due(&self, done: u32) -> bool {
        done.is_multiple_of(APART) || self.kept.is_empty()
    }

    /// Keeps it.
    pub(super) fn keep(&mut self, done: u32, meter: Meter) {
        self.kept.push((done, meter));
    }

    /// What was counted when `at` steps of the tape were done. `at` does not lie behind the
    /// stretch.
    pub(super) fn score(&self, tape: &Tape, at: u32) -> Score {
        let near = self.kept.partition_point(|(done, _)| *done < at);
        let Some((done, mut meter)) = self.kept[..near].last().copied() else {
            return Score::default();
        };
        // A meter knows of the calls that begin where it was kept.
        let mut calls = tape.frames()[tape.entered(done)..].iter().peekable();
        for step in done..at {
            while let Some(call) = calls.next_if(|call| call.enter <= step) {
                meter.enter(call.func, call.args);
            }
            meter.event(&tape.event(step));
        }
        *meter.score()
    }
}
