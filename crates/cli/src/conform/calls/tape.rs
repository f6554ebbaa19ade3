//! A tape as a sequence of moments: calls that begin, events, calls that end.

use rangewalk_core::trace::Tape;

/// One moment of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// A function is entered: number of its frame.
    Enter(u32),
    /// A step: its number.
    Step(u32),
    /// A function returns: number of its frame.
    Exit(u32),
}

/// All moments since the tape had `since` steps and frames, in order.
pub(super) fn moments(tape: &Tape, since: (u32, usize)) -> Vec<Moment> {
    let mut order = Order { tape, open: Vec::new(), step: since.0, moments: Vec::new() };
    for (number, frame) in (0..).zip(tape.frames()).skip(since.1) {
        order.steps_to(frame.enter);
        while order.open.last().copied() != frame.parent && order.exit() {}
        order.moments.push(Moment::Enter(number));
        order.open.push(number);
    }
    order.steps_to(tape.len());
    while order.exit() {}
    order.moments
}

struct Order<'t> {
    tape: &'t Tape,
    open: Vec<u32>,
    step: u32,
    moments: Vec<Moment>,
}

impl Order<'_> {
    /// All steps before `end`, and the returns between them.
    fn steps_to(&mut self, end: u32) {
        while self.step < end {
            while self
                .open
                .last()
                .is_some_and(|f| self.tape.frames()[*f as usize].exit <= self.step)
            {
                self.exit();
            }
            self.moments.push(Moment::Step(self.step));
            self.step += 1;
        }
    }

    /// The innermost open call returns. False if there is none.
    fn exit(&mut self) -> bool {
        let frame = self.open.pop();
        self.moments.extend(frame.map(Moment::Exit));
        frame.is_some()
    }
}
