//! Lanes go on together: one position stands for a place on every lane's tape.

use crate::compare::meter::Meter;
use crate::compare::weights::Weights;
use crate::compare::{Comparison, Lane};
use crate::machine::Kind;
use crate::trace::Tape;

/// By what lanes go on together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Align {
    /// By steps: position 7 is seven steps done in each lane.
    Step,
    /// By pages of the range: position 7 is where a lane first comes to the entry of page 7 or of
    /// a later one, counted from the range's first. Behind the last page the jobs are done, and
    /// positions go on by steps.
    Page,
    /// By changes: position 7 is where the seventh step has just been done at which any lane
    /// changes an entry, so many steps in each lane.
    Change,
    /// By cost: position 7 is the last step that is done within 7 microseconds.
    Cost,
}

impl Align {
    /// All of them.
    pub const ALL: [Align; 4] = [Align::Step, Align::Page, Align::Change, Align::Cost];

    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Align::Step => "step",
            Align::Page => "page",
            Align::Change => "change",
            Align::Cost => "cost",
        }
    }
}

/// The places on each lane's tape that positions stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rails {
    /// For each lane, steps done at position 0, 1, ... One that is done earlier stays at its end.
    lanes: Vec<Rail>,
    positions: u32,
}

/// Where positions lead in one lane.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rail {
    /// To every step, and the end behind so many.
    Each(u32),
    /// To those; never falling.
    At(Vec<u32>),
}

impl Rail {
    fn positions(&self) -> u32 {
        match self {
            Rail::Each(end) => end + 1,
            Rail::At(steps) => u32::try_from(steps.len()).unwrap_or(u32::MAX),
        }
    }

    fn steps_at(&self, position: u32) -> u32 {
        match self {
            Rail::Each(end) => position.min(*end),
            Rail::At(steps) => {
                let at = steps.get(position as usize).or(steps.last());
                at.copied().unwrap_or(0)
            }
        }
    }

    fn position_of(&self, steps: u32) -> u32 {
        match self {
            Rail::Each(end) => steps.min(end + 1),
            Rail::At(places) => {
                let at = places.partition_point(|done| *done < steps);
                u32::try_from(at).unwrap_or(u32::MAX)
            }
        }
    }
}

impl Rails {
    /// Of this comparison; `weights` matter for [`Align::Cost`].
    #[must_use]
    pub fn new(comparison: &Comparison, align: Align, weights: &Weights) -> Self {
        let changes = if align == Align::Change { changes(comparison) } else { Vec::new() };
        let rail = |lane: &Lane| {
            let end = lane.run.timeline.tape().len();
            match align {
                Align::Step => Rail::Each(end),
                Align::Page => Rail::At(by_page(comparison, lane)),
                Align::Change => Rail::At(changes.iter().map(|at| (*at).min(end)).collect()),
                Align::Cost => Rail::At(by_cost(lane, weights)),
            }
        };
        let lanes: Vec<Rail> = comparison.lanes.iter().map(rail).collect();
        let positions = lanes.iter().map(Rail::positions).max().unwrap_or(1);
        Self { lanes, positions }
    }

    /// Number of positions: at least 1; the last one is the end of all lanes.
    #[must_use]
    pub fn positions(&self) -> u32 {
        self.positions
    }

    /// Steps done of lane `lane` at `position`.
    #[must_use]
    pub fn steps_at(&self, lane: usize, position: u32) -> u32 {
        self.lanes.get(lane).map_or(0, |rail| rail.steps_at(position))
    }

    /// The first position at which lane `lane` has done `steps`, or the last one.
    #[must_use]
    pub fn position_of(&self, lane: usize, steps: u32) -> u32 {
        let at = self.lanes.get(lane).map_or(0, |rail| rail.position_of(steps));
        at.min(self.positions.saturating_sub(1))
    }
}

/// The start, the steps done behind each that changes an entry in any lane, and the end of all.
fn changes(comparison: &Comparison) -> Vec<u32> {
    let tapes = || comparison.lanes.iter().map(|lane| lane.run.timeline.tape());
    let longest = tapes().map(Tape::len).max().unwrap_or(0);
    let mut is_one = vec![false; longest as usize + 1];
    (is_one[0], is_one[longest as usize]) = (true, true);
    for tape in tapes() {
        for (event, behind) in tape.events().iter().zip(&mut is_one[1..]) {
            *behind |= event.kind() == Kind::Change;
        }
    }
    (0..).zip(is_one).filter(|(_, is_one)| *is_one).map(|(steps, _)| steps).collect()
}

/// Where the job comes to each page, then where it ends, then step by step.
fn by_page(comparison: &Comparison, lane: &Lane) -> Vec<u32> {
    let tape = lane.run.timeline.tape();
    let pages = comparison.pages;
    let count = usize::try_from(pages.count).unwrap_or(usize::MAX);
    let mut first: Vec<u32> = vec![u32::MAX; count];
    for step in 0..lane.job_end {
        let Some((_, addr)) = tape.event(step).slot() else { continue };
        // Upper entries are read at addresses too: those of the first page below them.
        let Some(page) = comparison.ranges.iter().find_map(|range| {
            let page = addr.0.checked_sub(range.addr.0)? >> crate::addr::PAGE_SHIFT;
            (page < range.pages.count).then(|| range.pages.first + page - pages.first)
        }) else {
            continue;
        };
        let seen = usize::try_from(page).ok().and_then(|page| first.get_mut(page));
        if let Some(seen) = seen.filter(|seen| **seen == u32::MAX) {
            *seen = step + 1;
        }
    }
    let mut so_far = lane.job_end;
    for step in first.iter_mut().rev() {
        so_far = so_far.min(*step);
        *step = so_far;
    }
    first.extend(lane.job_end..=tape.len());
    first
}

/// Steps done within each microsecond.
fn by_cost(lane: &Lane, weights: &Weights) -> Vec<u32> {
    const PS_PER_POSITION: u64 = 1_000_000;
    let tape = lane.run.timeline.tape();
    let mut steps = vec![0];
    let mut meter = Meter::default();
    let mut spent = 0;
    for step in 0..tape.len() {
        meter.event(&tape.event(step));
        let now = weights.ps(meter.score());
        while spent + PS_PER_POSITION <= now {
            spent += PS_PER_POSITION;
            steps.push(step);
        }
    }
    steps.push(tape.len());
    steps
}
