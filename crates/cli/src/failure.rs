//! How a command ends: fine, with a difference, or on bad input.

use std::process::ExitCode;

/// A command that got through its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is as it should be.
    Fine,
    /// An `expect` failed, or answers differ.
    Differs,
    /// The scenario went wrong where no `expect` said so. Already reported.
    Bad,
}

impl From<Verdict> for ExitCode {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Fine => ExitCode::SUCCESS,
            Verdict::Differs => ExitCode::from(1),
            Verdict::Bad => ExitCode::from(2),
        }
    }
}

/// Input that cannot be used: what to say about it, in whole lines.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    /// One line about a place.
    pub(crate) fn at(place: impl std::fmt::Display, message: impl std::fmt::Display) -> Self {
        Self(format!("{place}: error: {message}\n"))
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: &str) -> Self {
        self.0.push_str(&format!("  = hint: {hint}\n"));
        self
    }
}
