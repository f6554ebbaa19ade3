//! What is known of a lane before any of its steps is shown.

use std::rc::Rc;

use rangewalk_core::compare::{Comparison, Lane};
use rangewalk_core::machine::{Event, Kind};
use rangewalk_core::trace::Tape;

use crate::model::compare::lane::{StripModel, outcome};
use crate::model::compare::visits::{Order, Visits};
use crate::model::stage_index::StageIndex;

/// A lane, read once.
pub struct Side {
    /// Its walks.
    pub index: StageIndex,
    /// Which entries it looks at, in which order.
    pub visits: Visits,
    /// What its job came to.
    pub outcome: Rc<str>,
    /// How it goes through mappings and pages.
    pub order: Order,
    /// Its small timeline.
    pub strip: Rc<StripModel>,
    /// Steps that change an entry, ascending.
    changes: Vec<u32>,
}

impl Side {
    /// Reads the lane. Its cursor is at the start.
    #[must_use]
    pub fn new(comparison: &Comparison, lane: &Lane) -> Self {
        let tape = lane.run.timeline.tape();
        let lengths = comparison.lanes.iter().map(|lane| lane.run.timeline.tape().len());
        let visits = Visits::new(comparison, lane);
        Self {
            index: StageIndex::new(&lane.run.timeline),
            outcome: outcome(lane).into(),
            order: visits.order(comparison),
            visits,
            strip: Rc::new(StripModel::new(lane, lengths.max().unwrap_or(0))),
            changes: changes(tape),
        }
    }

    /// Steps done behind the first change from `at` on; `at` if there is none.
    #[must_use]
    pub fn next_change(&self, at: u32) -> u32 {
        let next = self.changes.partition_point(|change| *change < at);
        self.changes.get(next).map_or(at, |change| change + 1)
    }

    /// Likewise before.
    #[must_use]
    pub fn previous_change(&self, at: u32) -> u32 {
        let before = self.changes.partition_point(|change| change + 1 < at);
        before.checked_sub(1).map_or(at, |index| self.changes[index] + 1)
    }
}

fn changes(tape: &Tape) -> Vec<u32> {
    let is_change = |event: &Event| event.kind() == Kind::Change;
    (0..).zip(tape.events()).filter(|(_, event)| is_change(event)).map(|(step, _)| step).collect()
}
