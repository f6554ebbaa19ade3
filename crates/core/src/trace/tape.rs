//! The tape: what a run did, step by step, with everything needed to undo it.

#[cfg(feature = "bake")]
use databake::Bake;

use std::borrow::Cow;
use std::ops::Range;

use crate::machine::{Cell, Delta, Event, Func, Sink, Stop};

/// Most steps that a tape holds unless told otherwise.
pub const DEFAULT_STEPS_MAX: u32 = 1_000_000;

/// One call of a kernel function: a half-open range of steps, nested in its caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::trace::tape))]
pub struct Frame {
    /// What was called.
    pub func: Func,
    /// The caller's frame.
    pub parent: Option<u32>,
    /// First step inside.
    pub enter: u32,
    /// First step behind it.
    pub exit: u32,
    /// As [`Func::args`] says.
    pub args: [u64; 2],
}

/// What a tape holds, as constant data: one can be compiled in.
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::trace::tape))]
#[expect(missing_docs, reason = "named as in Tape")]
pub struct Reel {
    pub lead: u32,
    pub events: Cow<'static, [Event]>,
    pub deltas_end: Cow<'static, [u32]>,
    pub deltas: Cow<'static, [Delta]>,
    pub frames: Cow<'static, [Frame]>,
}

/// A recorded run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    events: Vec<Event>,
    /// For each step, where its deltas end.
    deltas_end: Vec<u32>,
    deltas: Vec<Delta>,
    /// Changes made before the first event.
    lead: u32,
    frames: Vec<Frame>,
    open: Vec<u32>,
    steps_max: u32,
}

impl Default for Tape {
    fn default() -> Self {
        Self::new(DEFAULT_STEPS_MAX)
    }
}

fn number(len: usize) -> u32 {
    u32::try_from(len).expect("a tape is bounded by its step limit")
}

impl Tape {
    /// An empty tape that stops the run at `steps_max` steps.
    #[must_use]
    pub fn new(steps_max: u32) -> Self {
        Self {
            events: Vec::new(),
            deltas_end: Vec::new(),
            deltas: Vec::new(),
            lead: 0,
            frames: Vec::new(),
            open: Vec::new(),
            steps_max,
        }
    }

    /// The same with room for all of them from the start: a long tape that grows is copied again
    /// and again. Room that is not used is given back by [`Tape::trim`].
    #[must_use]
    pub fn roomy(steps_max: u32) -> Self {
        let room = steps_max as usize;
        Self {
            events: Vec::with_capacity(room),
            deltas_end: Vec::with_capacity(room),
            deltas: Vec::with_capacity(room),
            frames: Vec::with_capacity(room / 2),
            ..Self::new(steps_max)
        }
    }

    /// Gives back room for what will not come any more.
    pub fn trim(&mut self) {
        self.events.shrink_to_fit();
        self.deltas_end.shrink_to_fit();
        self.deltas.shrink_to_fit();
        self.frames.shrink_to_fit();
    }

    /// The tape that holds this. See [`Tape::reel`].
    #[must_use]
    pub fn wound(reel: &Reel) -> Self {
        Self {
            events: reel.events.to_vec(),
            deltas_end: reel.deltas_end.to_vec(),
            deltas: reel.deltas.to_vec(),
            lead: reel.lead,
            frames: reel.frames.to_vec(),
            ..Self::default()
        }
    }

    /// What it holds.
    #[must_use]
    pub fn reel(&self) -> Reel {
        Reel {
            lead: self.lead,
            events: self.events.clone().into(),
            deltas_end: self.deltas_end.clone().into(),
            deltas: self.deltas.clone().into(),
            frames: self.frames.clone().into(),
        }
    }

    /// Number of steps.
    #[must_use]
    pub fn len(&self) -> u32 {
        number(self.events.len())
    }

    /// True if nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// What step `step` means.
    ///
    /// # Panics
    /// Behind the end.
    #[must_use]
    pub fn event(&self, step: u32) -> Event {
        self.events[step as usize]
    }

    /// All events in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// What memory did in step `step`, oldest first.
    #[must_use]
    pub fn deltas(&self, step: u32) -> &[Delta] {
        &self.deltas[self.delta_range(step)]
    }

    fn delta_range(&self, step: u32) -> Range<usize> {
        let start = match step.checked_sub(1) {
            Some(before) => self.deltas_end[before as usize],
            None => self.lead,
        };
        start as usize..self.deltas_end[step as usize] as usize
    }

    /// Changes made before the first step.
    #[must_use]
    pub fn lead(&self) -> &[Delta] {
        &self.deltas[..self.lead as usize]
    }

    /// All calls, callers before callees, in order of entry.
    #[must_use]
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// How many calls had begun when `at` steps were done, those that begin there among them.
    #[must_use]
    pub fn entered(&self, at: u32) -> usize {
        self.frames.partition_point(|frame| frame.enter <= at)
    }

    /// The innermost frame that `step` belongs to: the last one entered by then that has not ended.
    #[must_use]
    pub fn frame_at(&self, step: u32) -> Option<u32> {
        let entered = self.entered(step);
        let mut frame = number(entered.checked_sub(1)?);
        while self.frames[frame as usize].exit <= step {
            frame = self.frames[frame as usize].parent?;
        }
        Some(frame)
    }

    /// The call stack at `step`, outermost first.
    #[must_use]
    pub fn stack_at(&self, step: u32) -> Vec<u32> {
        let mut stack: Vec<u32> =
            std::iter::successors(self.frame_at(step), |f| self.frames[*f as usize].parent)
                .collect();
        stack.reverse();
        stack
    }

    /// Bytes that the recording takes, without spare room.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.events)
            + size_of_val(&*self.deltas_end)
            + size_of_val(&*self.deltas)
            + size_of_val(&*self.frames)
    }

    /// One more step.
    ///
    /// # Errors
    /// The tape is full.
    #[inline]
    pub(crate) fn push(&mut self, event: &Event) -> Result<(), Stop> {
        if self.len() >= self.steps_max {
            return Err(Stop::Steps);
        }
        self.events.push(*event);
        self.deltas_end.push(number(self.deltas.len()));
        Ok(())
    }

    /// Empties the tape but keeps its room, for the next run.
    pub fn clear(&mut self) {
        self.events.clear();
        self.deltas_end.clear();
        self.deltas.clear();
        self.frames.clear();
        self.open.clear();
        self.lead = 0;
    }
}

impl Sink for Tape {
    // Out of line in the page: it is called from a hundred places, each to be paid in bytes.
    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn event(&mut self, event: &Event) -> Result<(), Stop> {
        self.push(event)
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn delta(&mut self, cell: Cell, old: u64, new: u64) {
        self.deltas.push(Delta { cell, old, new });
        match self.deltas_end.last_mut() {
            Some(end) => *end += 1,
            None => self.lead += 1,
        }
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn enter(&mut self, func: Func, args: [u64; 2]) {
        let at = self.len();
        let parent = self.open.last().copied();
        self.open.push(number(self.frames.len()));
        self.frames.push(Frame { func, parent, enter: at, exit: u32::MAX, args });
    }

    #[cfg_attr(target_arch = "wasm32", inline(never))]
    fn exit(&mut self) {
        let frame = self.open.pop().expect("every exit has its enter");
        self.frames[frame as usize].exit = self.len();
    }
}
