//! What of a lane is drawn over what is turned: one number.

use crate::compare::count::{Count, Score};
use crate::compare::weights::Weights;

/// Of the job, of what came after, or of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The job.
    Job,
    /// What came after.
    After,
    /// Both.
    Both,
}

/// One number of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Metric {
    /// Of what.
    pub part: Part,
    /// Which; `None`: what it costs, in picoseconds.
    pub count: Option<Count>,
}

impl Metric {
    /// What everything costs.
    pub const COST: Metric = Metric { part: Part::Both, count: None };

    /// Its value.
    #[must_use]
    pub fn of(self, job: &Score, after: &Score, weights: &Weights) -> u64 {
        let score = match self.part {
            Part::Job => *job,
            Part::After => *after,
            Part::Both => job.plus(after),
        };
        match self.count {
            Some(count) => score.get(count),
            None => weights.ps(&score),
        }
    }

    /// The metric of this word: `cost`, `tree-queries`, with `job:` or `after:` before it if it is
    /// not both.
    #[must_use]
    pub fn by_word(word: &str) -> Option<Self> {
        let (part, word) = match word.split_once(':') {
            Some(("job", word)) => (Part::Job, word),
            Some(("after", word)) => (Part::After, word),
            Some(_) => return None,
            None => (Part::Both, word),
        };
        let count = Count::ALL.into_iter().find(|count| count.word() == word);
        (count.is_some() || word == "cost").then_some(Self { part, count })
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> String {
        let part = match self.part {
            Part::Job => "job:",
            Part::After => "after:",
            Part::Both => "",
        };
        let what = self.count.map_or_else(|| "cost".to_owned(), Count::word);
        format!("{part}{what}")
    }
}
