//! Carries a scenario out, statement by statement.

use crate::machine::World;
use crate::scenario::ast::Scenario;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::limits::STEPS_MAX;
use crate::trace::{Names, Tape, Timeline};

/// The steps of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The statement's line.
    pub line: u32,
    /// Its first step.
    pub first: u32,
    /// First step behind it. Declarations and `expect` take no steps: `first == end`.
    pub end: u32,
}

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was carried out.
    Done,
    /// It failed, or the run ended before it.
    Failed,
    /// An `expect` that holds.
    Held,
    /// An `expect` that does not hold.
    Broken,
}

/// What came of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The statement's line.
    pub line: u32,
    /// How it ended.
    pub verdict: Verdict,
    /// What a walk returned, or how many faults an access took.
    pub value: Option<u64>,
    /// The same in words; of an `expect` what was found. Empty if there is nothing to say.
    pub text: String,
}

/// A scenario carried out.
#[derive(Clone, Debug)]
pub struct Run {
    /// The recorded run, its cursor at the end.
    pub timeline: Timeline,
    /// One for each statement, in order.
    pub spans: Vec<Span>,
    /// One for each statement, in order.
    pub outcomes: Vec<Outcome>,
    /// What went wrong or is worth knowing, in order of lines.
    pub diagnostics: Vec<Diagnostic>,
    /// What things are called.
    pub names: Names,
}

/// Carries a scenario out on tape.
#[must_use]
pub fn run(scenario: &Scenario) -> Run {
    let mut world = World::new(scenario.kernel());
    let mut names = Names::default();
    for file in &scenario.files {
        world.add_file(file.kind, file.pages);
        names.name_file(&file.name);
    }
    let spans = scenario.statements.iter().map(|s| Span { line: s.line, first: 0, end: 0 });
    let outcomes = scenario.statements.iter().map(|s| Outcome {
        line: s.line,
        verdict: Verdict::Done,
        value: None,
        text: String::new(),
    });
    Run {
        timeline: Timeline::new(world, Tape::new(STEPS_MAX)),
        spans: spans.collect(),
        outcomes: outcomes.collect(),
        diagnostics: Vec::new(),
        names,
    }
}
