//! A scenario read from a file, and what is wrong with it, shown in place.

use std::fmt::Write;
use std::path::Path;

use rangewalk_core::scenario::{Diagnostic, Scenario, Severity, parse};

use crate::failure::Failure;
use crate::input::read;
use crate::output::remark;

/// A scenario's text and what to call it.
pub(crate) struct Source {
    /// Its path, or `<stdin>`.
    pub(crate) name: String,
    /// As written.
    pub(crate) text: String,
}

impl Source {
    /// What standard input is called.
    pub(crate) const STDIN: &str = "<stdin>";

    /// Reads a file; `-` is standard input.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let name = if path == Path::new("-") {
            Self::STDIN.to_owned()
        } else {
            path.display().to_string()
        };
        Ok(Self { name, text: read(path)? })
    }

    /// The scenario, if every line of it is understood. Says what else is worth knowing.
    pub(crate) fn understood(&self) -> Result<Scenario, Failure> {
        let (scenario, diagnostics) = parse(&self.text);
        if diagnostics.iter().any(|d| d.severity == Severity::Error) {
            return Err(Failure(self.show_all(&diagnostics)));
        }
        remark(&self.show_all(&diagnostics));
        Ok(scenario)
    }

    /// Remarks, each with its line and a mark under the place.
    pub(crate) fn show_all(&self, diagnostics: &[Diagnostic]) -> String {
        diagnostics.iter().map(|diagnostic| self.show(diagnostic)).collect()
    }

    fn show(&self, diagnostic: &Diagnostic) -> String {
        let Diagnostic { line, column, len, message, hint, .. } = diagnostic;
        let severity = severity(diagnostic.severity);
        let mut out = format!("{}:{line}:{column}: {severity}: {message}\n", self.name);
        let above = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(text) = self.text.lines().nth(above) {
            // A tab would shift the mark, a control character could do anything.
            let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let before = column.saturating_sub(1) as usize;
            let mark = "^".repeat(*len as usize);
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(out, "{line:>5} | {text}\n      | {:before$}{mark}", "");
        }
        if !hint.is_empty() {
            let _ = writeln!(out, "      = hint: {hint}");
        }
        out
    }
}

/// `error`, `warning`, `note`.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
