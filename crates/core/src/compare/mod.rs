//! One job done in several ways, side by side: each lane starts from the same memory, does the job
//! its way, then meets the same accesses. What each did is counted, and what became of every entry
//! is told.
//!
//! ```text
//! Scenario with a `compare` ──common part──▶ Rest ──lane by lane──▶ Lane { run, job, after, ends }
//! ```
//!
//! [`compare()`] records tapes, for whoever wants to look; [`measure`] only counts, for sweeps.

pub mod align;
pub mod argument;
pub mod count;
pub mod counter;
pub mod ends;
pub mod film;
pub mod meter;
pub mod profile;
mod progress;
mod recorder;
pub mod shared;
pub mod sweep;
pub mod weights;
pub mod words;

pub use align::Align;
pub use count::{Count, Score};
pub use counter::{Held, LockKind, Tally, tally_of};
pub use ends::{Dirt, End, Fate, MappedRange};
pub use profile::Profile;
pub use weights::{Source, Weight, Weights};

use crate::compare::counter::Counter;
use crate::compare::ends::{pages_lost, stores_lost};
use crate::compare::progress::Progress;
use crate::compare::recorder::Recorder;
use crate::machine::MappingId;
use crate::scenario::ast::{FileId, Op, Pages, Scenario, Statement};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::limits::{LANES_STEPS_MAX, UNTRACED_STEPS_MAX};
use crate::scenario::run::Verdict;
use crate::scenario::strategy::Strategy;
use crate::scenario::{Played, Rest, Run, run_with};
use crate::trace::{Names, Timeline};

/// A scenario's `compare`, carried out.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The place of the `compare` among the scenario's statements.
    pub statement: u32,
    /// Whose pages.
    pub mapping: MappingId,
    /// Which.
    pub pages: Pages,
    /// The VMAs that map any of them, in the order of the i_mmap tree, with the entries' words as
    /// every lane finds them.
    pub ranges: Vec<MappedRange>,
    /// In the order of the statement.
    pub lanes: Vec<Lane>,
    /// What was said of the part that all lanes have in common.
    pub diagnostics: Vec<Diagnostic>,
}

/// One way of doing it, and what came of it.
#[derive(Clone, Debug)]
pub struct Lane {
    /// Which way.
    pub strategy: Strategy,
    /// What came of the job: a line of text, as a run tells it of a statement.
    pub says: String,
    /// True if the emulated kernel cannot do it, or something stopped it.
    pub failed: bool,
    /// The job in numbers.
    pub job: Tally,
    /// Likewise what came after it.
    pub after: Tally,
    /// The entries of [`Comparison::ranges`] behind the job, range after range. A lane that failed
    /// has them too.
    pub ends: Vec<End>,
    /// The lane on a tape of its own, its cursor at the start. It begins with the job: spans of
    /// statements before are empty. It may end early, at its share of [`LANES_STEPS_MAX`]; what is
    /// counted is whole.
    pub run: Run,
    /// Steps of the tape up to the end of the job.
    pub job_end: u32,
    /// How the job's score grew along the tape.
    job_progress: Progress,
    /// Likewise that of what came after it.
    after_progress: Progress,
}

/// A lane in numbers alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// As in [`Lane`].
    pub strategy: Strategy,
    /// As in [`Lane`].
    pub says: String,
    /// As in [`Lane`].
    pub failed: bool,
    /// As in [`Lane`].
    pub job: Tally,
    /// As in [`Lane`].
    pub after: Tally,
    /// As in [`Lane`].
    pub ends: Vec<End>,
}

impl Lane {
    /// Job and what came after, together.
    #[must_use]
    pub fn score(&self) -> Score {
        self.job.score.plus(&self.after.score)
    }

    /// What the job has counted at the cursor. Of a tape that ends early it stays what was counted
    /// up to there.
    #[must_use]
    pub fn job_so_far(&self) -> Score {
        let timeline = &self.run.timeline;
        match timeline.at() >= self.job_end && !self.is_cut() {
            true => self.job.score,
            false => self.job_progress.score(timeline.tape(), timeline.at().min(self.job_end)),
        }
    }

    /// Likewise what came after it.
    #[must_use]
    pub fn after_so_far(&self) -> Score {
        let timeline = &self.run.timeline;
        match timeline.next_step().is_none() && !self.is_cut() {
            true => self.after.score,
            false => self.after_progress.score(timeline.tape(), timeline.at()),
        }
    }

    /// True if the tape ends before the lane does.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        u64::from(self.run.timeline.tape().len()) < self.score().get(Count::Steps)
    }
}

impl Measured {
    /// Job and what came after, together.
    #[must_use]
    pub fn score(&self) -> Score {
        self.job.score.plus(&self.after.score)
    }
}

impl Comparison {
    /// The end of an entry in a lane: entry `page` of range `range`, counted from the range's first
    /// page of the file.
    #[must_use]
    pub fn end(&self, lane: usize, range: usize, page: u64) -> Option<&End> {
        let range = self.ranges.get(range)?;
        let at = usize::try_from(page.checked_sub(range.pages.first)?).ok()?;
        let own = at < range.words.len();
        self.lanes.get(lane)?.ends.get(range.first + at).filter(|_| own)
    }

    /// True if the entry does not end alike in all lanes.
    #[must_use]
    pub fn differs(&self, range: usize, page: u64) -> bool {
        let mut ends = (0..self.lanes.len()).filter_map(|lane| self.end(lane, range, page));
        let first = ends.next();
        ends.any(|end| Some(end) != first)
    }

    /// The entries that do not, range after range: the range's place, and the page.
    pub fn differing(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        let pages = |(at, range): (usize, &MappedRange)| {
            (range.pages.first..range.pages.end()).map(move |page| (at, page))
        };
        let entries = self.ranges.iter().enumerate().flat_map(pages);
        let first = self.lanes.first().map_or(&[][..], |lane| &lane.ends);
        let differs = move |at: usize| self.lanes.iter().any(|lane| lane.ends[at] != first[at]);
        entries.enumerate().filter(move |(at, _)| differs(*at)).map(|(_, entry)| entry)
    }
}

/// What is compared: the statement's place, the file, the pages, the lanes.
fn subject(scenario: &Scenario) -> Option<(usize, FileId, Pages, &[Strategy])> {
    let mut statements = scenario.statements.iter().enumerate();
    statements.find_map(|(at, statement)| match &statement.op {
        Op::Compare(file, pages, lanes) => Some((at, *file, *pages, lanes.as_slice())),
        _ => None,
    })
}

/// What all lanes have in common.
struct Start<'s> {
    scenario: &'s Scenario,
    at: usize,
    mapping: MappingId,
    pages: Pages,
    lanes: &'s [Strategy],
    ranges: Vec<MappedRange>,
    /// Pages of the file that were stored to before so that nobody came to know.
    lost: u64,
    /// Steps of each part that is counted, at most.
    steps_max: u32,
}

impl<'s> Start<'s> {
    /// And a run that has come to the `compare`.
    fn new(scenario: &'s Scenario, steps_max: u32) -> Option<(Self, Rest)> {
        let (at, file, pages, lanes) = subject(scenario)?;
        let mapping = MappingId(file.0);
        let mut rest = Rest::begin(scenario);
        rest.go_on(scenario, at, &mut (), steps_max);
        let step = rest.steps();
        let name = |vma| rest.names().vma(vma, step).to_owned();
        let ranges = ends::mapped_ranges(rest.world(), mapping, pages, name);
        let lost = stores_lost(rest.world(), mapping);
        Some((Self { scenario, at, mapping, pages, lanes, ranges, lost, steps_max }, rest))
    }

    /// Goes through lane `lane`, at whose start `rest` is.
    fn measure(
        &self,
        rest: &mut Rest,
        lane: usize,
        recorder: &mut Recorder,
    ) -> (Measured, [Progress; 2]) {
        let strategy = self.lanes[lane];
        rest.go_on(self.scenario, self.behind_job(), recorder, self.steps_max);
        let (mut job, job_progress) = recorder.take();
        let ends = ends::ends(rest.world(), &self.ranges, self.mapping, strategy);
        let between = stores_lost(rest.world(), self.mapping);
        let lost = pages_lost(&self.ranges, &ends) + between.saturating_sub(self.lost);
        job.score.add(Count::DirtLost, lost);
        rest.go_on(self.scenario, self.scenario.statements.len(), recorder, self.steps_max);
        let (mut after, after_progress) = recorder.take();
        let behind = stores_lost(rest.world(), self.mapping);
        after.score.add(Count::DirtLost, behind.saturating_sub(between));
        let (says, failed) = rest.outcome(self.at).map_or((String::new(), true), |outcome| {
            (outcome.text.to_string(), outcome.verdict == Verdict::Failed)
        });
        let measured = Measured { strategy, says, failed, job, after, ends };
        (measured, [job_progress, after_progress])
    }

    /// The first statement that comes after the job and who came in meanwhile.
    fn behind_job(&self) -> usize {
        let after = &self.scenario.statements[self.at + 1..];
        let is_during = |statement: &Statement| matches!(statement.op, Op::During(..));
        self.at + 1 + after.iter().take_while(|statement| is_during(statement)).count()
    }

    /// The lane on tape, as far as that goes.
    fn lane(&self, rest: Rest, lane: usize) -> Lane {
        let mut rest = rest.lane(lane);
        let share = LANES_STEPS_MAX / u32::try_from(self.lanes.len()).unwrap_or(1);
        let mut recorder = Recorder::new(share);
        let found = rest.world().clone();
        let (measured, [job_progress, after_progress]) =
            self.measure(&mut rest, lane, &mut recorder);
        let Measured { strategy, says, failed, job, after, ends } = measured;
        let Played { mut spans, outcomes, mut diagnostics, names, .. } = rest.played();
        let tape = recorder.into_tape();
        let len = tape.len();
        diagnostics.extend(spans.iter().position(|span| len < span.end).map(|cut| {
            let message = format!("the tape of {} ends after {len} steps", strategy.name());
            let site = self.scenario.statements[cut].site();
            *Diagnostic::note(site, message).hint("what it counts is whole")
        }));
        for span in &mut spans {
            (span.first, span.end) = (span.first.min(len), span.end.min(len));
        }
        let job_end = spans.get(self.at).map_or(0, |span| span.end);
        let timeline = Timeline::at_start(found, tape);
        let run = Run { timeline, spans, outcomes, diagnostics, names };
        Lane {
            strategy,
            says,
            failed,
            job,
            after,
            ends,
            run,
            job_end,
            job_progress,
            after_progress,
        }
    }
}

/// Carries the scenario's `compare` out in every lane, on tape. `None`: it has none.
#[must_use]
pub fn compare(scenario: &Scenario) -> Option<Comparison> {
    let (start, rest) = Start::new(scenario, UNTRACED_STEPS_MAX)?;
    let lanes = (0..start.lanes.len()).map(|lane| start.lane(rest.clone(), lane)).collect();
    let Start { at, mapping, pages, ranges, .. } = start;
    Some(Comparison {
        statement: u32::try_from(at).unwrap_or(u32::MAX),
        mapping,
        pages,
        ranges,
        lanes,
        diagnostics: rest.played().diagnostics,
    })
}

/// The same in numbers alone: no tapes. Empty if the scenario has no `compare`.
#[must_use]
pub fn measure(scenario: &Scenario) -> Vec<Measured> {
    measure_within(scenario, UNTRACED_STEPS_MAX)
}

/// The same with a limit of the caller's to the steps: a lane that meets it has failed.
#[must_use]
pub fn measure_within(scenario: &Scenario, steps_max: u32) -> Vec<Measured> {
    let Some((start, rest)) = Start::new(scenario, steps_max) else { return Vec::new() };
    let runs = std::iter::repeat_n(rest, start.lanes.len()).enumerate();
    let measure =
        |(lane, rest): (_, Rest)| start.measure(&mut rest.lane(lane), lane, &mut Recorder::new(0));
    runs.map(measure).map(|(measured, _)| measured).collect()
}

impl Comparison {
    /// What things are called, as every lane finds them.
    #[must_use]
    pub fn names(&self) -> Option<&Names> {
        self.lanes.first().map(|lane| &lane.run.names)
    }
}

/// A whole scenario in numbers, whatever it does.
#[must_use]
pub fn tally(scenario: &Scenario) -> Tally {
    let mut counter = Counter::default();
    run_with(scenario, &mut counter, UNTRACED_STEPS_MAX);
    counter.tally()
}
