//! A recorded run with a cursor: the world as it was after any number of steps.

use crate::machine::World;
use crate::trace::Tape;

/// A world, the tape of a run on it, and where between the two ends the world now stands.
#[derive(Clone, Debug)]
pub struct Timeline {
    world: World,
    tape: Tape,
    at: u32,
}

impl Timeline {
    /// A world as the run that made `tape` left it. The cursor stands at the end.
    #[must_use]
    pub fn new(world: World, tape: Tape) -> Self {
        let at = tape.len();
        Self { world, tape, at }
    }

    /// A world as the run that made `tape` found it. The cursor stands at the start.
    #[must_use]
    pub fn at_start(mut world: World, tape: Tape) -> Self {
        tape.lead().iter().for_each(|delta| world.step_forward(delta));
        Self { world, tape, at: 0 }
    }

    /// The world at the cursor.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The whole tape.
    #[must_use]
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Steps done: 0 to the tape's length.
    #[must_use]
    pub fn at(&self) -> u32 {
        self.at
    }

    /// The step just done.
    #[must_use]
    pub fn last_step(&self) -> Option<u32> {
        self.at.checked_sub(1)
    }

    /// The step to come.
    #[must_use]
    pub fn next_step(&self) -> Option<u32> {
        (self.at < self.tape.len()).then_some(self.at)
    }

    /// Moves the cursor to `at` steps done, or to the end if that is less.
    pub fn seek(&mut self, at: u32) {
        let at = at.min(self.tape.len());
        while self.at > at {
            self.at -= 1;
            for delta in self.tape.deltas(self.at).iter().rev() {
                self.world.step_back(delta);
            }
        }
        while self.at < at {
            for delta in self.tape.deltas(self.at) {
                self.world.step_forward(delta);
            }
            self.at += 1;
        }
    }

    /// Where stepping over the next step leads: behind the outermost call it begins, or one step
    /// on.
    #[must_use]
    pub fn over(&self) -> u32 {
        let Some(next) = self.next_step() else { return self.at };
        let frames = self.tape.frames();
        let begun = self.tape.stack_at(next).into_iter().map(|frame| frames[frame as usize]);
        begun
            .filter(|frame| frame.enter == next)
            .map(|frame| frame.exit.min(self.tape.len()))
            .next()
            .unwrap_or(next + 1)
    }

    /// Where stepping back over the last step leads: before the outermost call it ended, or one
    /// step back.
    #[must_use]
    pub fn back_over(&self) -> u32 {
        let Some(last) = self.last_step() else { return 0 };
        let frames = self.tape.frames();
        let ended = self.tape.stack_at(last).into_iter().map(|frame| frames[frame as usize]);
        ended.filter(|frame| frame.exit == self.at).map(|frame| frame.enter).next().unwrap_or(last)
    }

    /// Where stepping out of the function of the last step leads: just behind it.
    #[must_use]
    pub fn out(&self) -> u32 {
        let frame = self.last_step().and_then(|step| self.tape.frame_at(step));
        let Some(mut frame) = frame.map(|f| self.tape.frames()[f as usize]) else {
            return self.tape.len();
        };
        while frame.exit == self.at {
            match frame.parent {
                Some(parent) => frame = self.tape.frames()[parent as usize],
                None => return self.tape.len(),
            }
        }
        frame.exit.min(self.tape.len())
    }
}
