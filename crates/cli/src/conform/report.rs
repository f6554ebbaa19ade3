//! What a comparison found, as text.

use std::collections::BTreeMap;
use std::fmt;

use rangewalk_core::kernel::Kernel;

use super::answer::Answer;
use super::compare::{Category, Mismatch, Tallies, compare};
use super::op::Case;
use super::replay::{Record, Replay, Settings, unsupported};

/// Most differences that are shown.
pub const SHOWN_MAX: usize = 20;
/// Most of one scenario that are shown: the rest usually follows from the first.
pub const SHOWN_OF_ONE_MAX: usize = 3;

/// One op whose answer differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The scenario's name.
    pub scenario: String,
    /// Number of the op in it, from 1.
    pub op: usize,
    /// The op itself.
    pub text: String,
    /// The first thing that differs.
    pub mismatch: Mismatch,
}

/// The outcome of a whole script.
#[derive(Clone, Debug)]
pub struct Report {
    /// The kernel that was emulated.
    pub kernel: &'static Kernel,
    /// Scenarios.
    pub total: usize,
    /// Scenarios in which every answer is equal.
    pub equal: usize,
    /// By category.
    pub tallies: Tallies,
    /// The first [`SHOWN_MAX`] differences.
    pub differences: Vec<Difference>,
    /// All differences.
    pub differing_ops: usize,
    /// Names of the scenarios that are not equal, or not to their end.
    pub differing: Vec<String>,
    /// Ops that are not emulated, with how often the script has them.
    pub unsupported: BTreeMap<&'static str, usize>,
}

impl Report {
    /// Of nothing so far.
    #[must_use]
    pub fn new(kernel: &'static Kernel) -> Self {
        Self {
            kernel,
            total: 0,
            equal: 0,
            tallies: Tallies::default(),
            differences: Vec::new(),
            differing_ops: 0,
            differing: Vec::new(),
            unsupported: BTreeMap::new(),
        }
    }

    /// Replays one scenario and compares each answer, up to an op that is not emulated.
    /// Returns what outlives the scenario.
    pub(super) fn add(
        &mut self,
        case: &Case,
        expected: &[Answer],
        mut replay: Replay<impl Record>,
    ) -> Settings {
        let before = self.differing_ops;
        let reached = case.ops.iter().take_while(|line| unsupported(&line.op).is_none()).count();
        for (index, (line, expected)) in case.ops[..reached].iter().zip(expected).enumerate() {
            let mismatch = match replay.answer(&line.op) {
                Ok(got) => compare(expected, &got, &mut self.tallies),
                Err(stop) => Some(Mismatch {
                    what: String::new(),
                    expected: "an answer".to_owned(),
                    got: format!("the emulator stops: {stop:?}"),
                }),
            };
            let Some(mismatch) = mismatch else { continue };
            let shown = self.differing_ops - before;
            if shown < SHOWN_OF_ONE_MAX && self.differences.len() < SHOWN_MAX {
                let (scenario, text) = (case.name.clone(), line.text.clone());
                self.differences.push(Difference { scenario, op: index + 1, text, mismatch });
            }
            self.differing_ops += 1;
        }
        for expected in &expected[reached..] {
            self.tallies.pass_over(expected);
        }
        for name in case.ops.iter().filter_map(|line| unsupported(&line.op)) {
            *self.unsupported.entry(name).or_default() += 1;
        }
        self.total += 1;
        if reached == case.ops.len() && self.differing_ops == before {
            self.equal += 1;
        } else {
            self.differing.push(case.name.clone());
        }
        replay.settings()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for difference in &self.differences {
            let Difference { scenario, op, text, mismatch } = difference;
            let Mismatch { what, expected, got } = mismatch;
            writeln!(f, "{scenario}, op {op}: {text}")?;
            if !what.is_empty() {
                writeln!(f, "  {what}")?;
            }
            writeln!(f, "  expected {expected}\n  got      {got}")?;
        }
        if self.differing_ops > self.differences.len() {
            writeln!(f, "and {} more", self.differing_ops - self.differences.len())?;
        }
        for category in Category::ALL {
            let tally = self.tallies.of(category);
            write!(f, "{:<15}{}/{}", category.name(), tally.equal, tally.total)?;
            if tally.unreached > 0 {
                write!(f, " ({} behind an unsupported op)", tally.unreached)?;
            }
            writeln!(f)?;
        }
        for (name, count) in &self.unsupported {
            writeln!(f, "unsupported: {name} {count}")?;
        }
        let Report { equal, total, kernel, .. } = self;
        writeln!(f, "conform: {equal} of {total} scenarios equal (kernel {kernel})")
    }
}
