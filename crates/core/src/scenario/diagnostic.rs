//! What is wrong with a scenario, where, and what to do about it.

use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The line was not carried out, or an `expect` does not hold.
    Error,
    /// Carried out, but probably not what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

/// One remark about one place of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length in characters, at least 1.
    pub len: u32,
    /// What is the case.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// A stretch of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length in characters, at least 1.
    pub len: u32,
}

/// Boxed, as the parser's functions carry it up: most of what they return is no diagnostic.
impl Diagnostic {
    /// An error without a hint.
    #[must_use]
    pub fn error(site: Site, message: impl Into<String>) -> Box<Self> {
        remark(Severity::Error, site, message.into())
    }

    /// A warning without a hint.
    #[must_use]
    pub fn warning(site: Site, message: impl Into<String>) -> Box<Self> {
        remark(Severity::Warning, site, message.into())
    }

    /// A note without a hint.
    #[must_use]
    pub fn note(site: Site, message: impl Into<String>) -> Box<Self> {
        remark(Severity::Note, site, message.into())
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self: Box<Self>, hint: impl Into<String>) -> Box<Self> {
        self.hint = hint.into();
        self
    }
}

#[inline(never)]
fn remark(severity: Severity, site: Site, message: String) -> Box<Diagnostic> {
    let Site { line, column, len } = site;
    Box::new(Diagnostic { severity, line, column, len, message, hint: String::new() })
}

/// `7:12: error: message (hint)`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, line, column, message, hint, .. } = self;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        write!(f, "{line}:{column}: {severity}: {message}")?;
        if hint.is_empty() { Ok(()) } else { write!(f, " ({hint})") }
    }
}

/// The candidate that `word` was probably meant to be.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    let word = word.to_ascii_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|name| (strsim::osa_distance(&word, &name.to_ascii_lowercase()), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
