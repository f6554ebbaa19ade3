//! How a command ends: fine, with a difference, or on bad input.

use std::process::ExitCode;

/// A command that got through its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is as it should be.
    Fine,
    /// An `expect` failed, or answers differ.
    Differs,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fine => ExitCode::SUCCESS,
            Verdict::Differs => ExitCode::from(1),
        }
    }
}

/// Input that cannot be used: what to say about it.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    /// Says it, on standard error.
    pub(crate) fn report(&self) -> ExitCode {
        eprintln!("{}", self.0);
        ExitCode::from(2)
    }
}
