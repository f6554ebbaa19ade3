//! One lane at its cursor.

use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::compare::Lane;
use rangewalk_core::compare::words;
use rangewalk_core::machine::Kind;
use rangewalk_core::scenario::strategy::Strategy;

use crate::compare::Bench;
use crate::model::compare::matrix::{Layout, Matrix};
use crate::model::sentence::Sentence;
use crate::model::sentence_words::Words;
use crate::model::stage_now::Now;
use crate::model::timeline::{Bar, bars};

/// Cells of a strip.
const CELLS: u32 = 300;

/// A lane's small timeline: all lanes share its scale.
#[derive(Clone, Debug, PartialEq)]
pub struct StripModel {
    /// Steps of this lane, and of the longest one.
    pub steps: (u32, u32),
    /// Where its job ends.
    pub job_end: u32,
    /// Bars of each kind, in order of [`Kind::ALL`].
    pub rows: [Vec<Bar>; Kind::ALL.len()],
}

/// A lane's step in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// What happened.
    pub lead: Words,
    /// Why, or what it means.
    pub why: Words,
    /// Calls, outermost first, in short.
    pub calls: Vec<&'static str>,
}

/// What is seen of a lane.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneModel {
    /// Its word in the scenario: `wp`.
    pub word: &'static str,
    /// The kernel function, or functions.
    pub name: &'static str,
    /// How it goes about it.
    pub idea: &'static str,
    /// Its entries.
    pub matrix: Rc<Matrix>,
    /// What is said of its step.
    pub said: Rc<Said>,
    /// Its small timeline.
    pub strip: Rc<StripModel>,
    /// Steps done.
    pub at: u32,
    /// What its job came to.
    pub outcome: Rc<str>,
    /// The emulated kernel cannot do it.
    pub failed: bool,
}

/// Width of a lane's picture when so many stand side by side.
#[must_use]
pub const fn width(lanes: usize) -> f32 {
    match lanes {
        0..=3 => 376.0,
        4 => 286.0,
        5 => 224.0,
        _ => 184.0,
    }
}

impl LaneModel {
    /// Lane `at`, whose cursor is `now`.
    #[must_use]
    pub fn new(bench: &Bench, at: usize, now: &Now<'_>, layout: &Rc<Layout>) -> Self {
        let lane = &bench.comparison.lanes[at];
        Self {
            word: lane.strategy.name(),
            name: function(lane.strategy),
            idea: idea(lane.strategy),
            matrix: Rc::new(Matrix::new(bench, at, now, layout)),
            said: Rc::new(Said::new(lane, now)),
            strip: bench.sides[at].strip.clone(),
            at: lane.run.timeline.at(),
            outcome: bench.sides[at].outcome.clone(),
            failed: lane.failed,
        }
    }

    /// The same lane a moment later, with the words of before.
    #[must_use]
    pub fn moved(&self, bench: &Bench, at: usize, now: &Now<'_>, layout: &Rc<Layout>) -> Self {
        let matrix = Rc::new(Matrix::new(bench, at, now, layout));
        Self { matrix, at: bench.steps_of(at), ..self.clone() }
    }
}

impl Said {
    fn new(lane: &Lane, now: &Now<'_>) -> Self {
        if lane.run.timeline.at() == 0 {
            let (lead, why) = ("At the start.", "As every lane finds it.");
            return Self { lead: Words::parse(lead), why: Words::parse(why), calls: calls(now) };
        }
        let Sentence { lead, why, .. } = Sentence::new(now);
        Self { lead, why, calls: calls(now) }
    }
}

impl StripModel {
    /// Of a lane, on the scale of the longest one.
    #[must_use]
    pub fn new(lane: &Lane, longest: u32) -> Self {
        let tape = lane.run.timeline.tape();
        let all: Range<u32> = 0..tape.len();
        let cell = longest.div_ceil(CELLS).max(1);
        let steps = (tape.len(), longest);
        Self { steps, job_end: lane.job_end, rows: bars(tape, &all, cell) }
    }
}

/// The outermost call and the two innermost ones.
fn calls(now: &Now<'_>) -> Vec<&'static str> {
    let mut names: Vec<&'static str> =
        now.stack.iter().map(|frame| frame.func.symbol_in(now.kernel())).collect();
    if names.len() > 3 {
        names.splice(1..names.len() - 2, ["…"]);
    }
    names
}

/// What the job came to; of a long lane, that its tape has no room for all of it.
#[must_use]
pub fn outcome(lane: &Lane) -> String {
    let said = words::sentence(lane);
    let tape = lane.run.timeline.tape().len();
    if lane.is_cut() {
        format!("{said} Its tape ends after {tape} steps; all of it is counted.")
    } else {
        said
    }
}

/// What it calls.
const fn function(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Wp | Strategy::WpSkip => "wp_shared_mapping_range",
        Strategy::Clean | Strategy::CleanSkip => "clean_record_shared_mapping_range",
        Strategy::WpClean | Strategy::WpCleanSkip => "wp_shared_…, then clean_record_…",
        Strategy::Mkclean => "folio_mkclean",
        Strategy::Wrprotect | Strategy::WrprotectPages => "mapping_wrprotect_range",
        Strategy::Zap => "unmap_mapping_pages",
        Strategy::Softclear => "clear_refs_write",
    }
}

/// How it goes about it.
const fn idea(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Wp => "Mapping by mapping: one pass over each VMA’s slots",
        Strategy::Clean => "The same walk, for the dirt: one pass over each VMA’s slots",
        Strategy::WpClean => "Two passes: the write bits first, then the dirt",
        Strategy::WpSkip => "As wp, but a VMA that fails the filter is passed over",
        Strategy::CleanSkip => "As clean, but a VMA that fails the filter is passed over",
        Strategy::WpCleanSkip => "Both passes, over VMAs that fail the filter too",
        Strategy::Mkclean => "Folio by folio: a new tree query and descent for each",
        Strategy::Wrprotect => "Run by run of adjacent frames, a descent for each page",
        Strategy::WrprotectPages => "Page by page: a new tree query and descent for each",
        Strategy::Zap => "Mapping by mapping, and takes everything out",
        Strategy::Softclear => "Process by process: all of its memory, not this file’s alone",
    }
}
