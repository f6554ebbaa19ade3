//! A scenario carried out, and how that went.

use rangewalk_core::scenario::{Run, Scenario, Severity, run, run::Verdict as Statement};

use crate::failure::{Failure, Verdict};
use crate::source::Source;

/// A scenario with its run.
pub(crate) struct Played {
    pub(crate) scenario: Scenario,
    pub(crate) run: Run,
}

impl Played {
    /// Reads and carries out.
    pub(crate) fn new(source: &Source) -> Result<Self, Failure> {
        let scenario = source.understood()?;
        let run = run(&scenario);
        Ok(Self { scenario, run })
    }

    /// Bad if a statement went wrong, else whether every `expect` holds.
    pub(crate) fn verdict(&self) -> Verdict {
        let outcomes = &self.run.outcomes;
        let broken = outcomes.iter().filter(|outcome| outcome.verdict == Statement::Broken);
        let broken: Vec<u32> = broken.map(|outcome| outcome.line).collect();
        let mut errors = self.run.diagnostics.iter().filter(|d| d.severity == Severity::Error);
        if errors.any(|error| !broken.contains(&error.line)) {
            Verdict::Bad
        } else if broken.is_empty() {
            Verdict::Fine
        } else {
            Verdict::Differs
        }
    }
}
