//! The editor pane as data: each line in pieces, what is underlined, what is being executed, which
//! expectations held.

use std::rc::Rc;

use rangewalk_core::scenario::{Diagnostic, Outcome, Severity, Verdict};

use crate::story::Story;

/// How a piece of a line is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// As any word.
    Plain,
    /// The word that says which statement it is.
    Keyword,
    /// A comment, or prose.
    Comment,
}

/// A stretch of a line with one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its characters.
    pub text: String,
    /// How they are set.
    pub look: Look,
    /// The worst diagnostic about them.
    pub under: Option<Severity>,
}

/// What came of an `expect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whether it held.
    pub held: bool,
    /// The value there was.
    pub got: String,
}

/// One line of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Counted from 1.
    pub number: u32,
    /// Its characters in order.
    pub pieces: Vec<Piece>,
    /// Its statement is being executed.
    pub here: bool,
    /// At an `expect`: whether it held.
    pub checked: Option<Checked>,
}

/// Longest text that gets marks, in lines: each is an element of the page.
const MARKED_MAX: usize = 2_000;

/// The pane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorModel {
    /// Each line, so that an unchanged one is not drawn again; `None` if there are too many to
    /// mark.
    pub lines: Option<Rc<[Rc<Line>]>>,
    /// The line before which the run ends, for it has an error.
    pub stopped: Option<u32>,
    /// The text has been edited since it ran.
    pub stale: bool,
    /// What to say below them.
    pub remarks: Rc<[Remark]>,
}

/// A diagnostic, with all the lines that it is said of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where it is said first.
    pub diagnostic: Diagnostic,
    /// Further lines.
    pub also: Vec<u32>,
}

/// The pane for a text and what followed from it.
#[must_use]
pub fn editor(text: &str, story: &Story, stale: bool) -> EditorModel {
    let here = story.statement().and_then(|index| story.acts().get(index)).map(|span| span.line);
    let lines = (1..).zip(text.split('\n')).map(|(number, line)| {
        let about: Vec<&Diagnostic> =
            story.diagnostics().iter().filter(|d| !stale && d.line == number).collect();
        let outcome = story.run().outcomes.iter().find(|o| o.line == number);
        Rc::new(Line {
            number,
            pieces: pieces(line, &about),
            here: !stale && here == Some(number),
            checked: outcome.filter(|_| !stale).and_then(checked),
        })
    });
    let short = text.split('\n').take(MARKED_MAX + 1).count() <= MARKED_MAX;
    let stopped = story.stopped();
    EditorModel {
        lines: short.then(|| lines.collect()),
        stopped,
        stale,
        remarks: remarks(story.diagnostics()).into(),
    }
}

fn checked(outcome: &Outcome) -> Option<Checked> {
    let held = match outcome.verdict {
        Verdict::Held => true,
        Verdict::Broken => false,
        Verdict::Done | Verdict::Failed => return None,
    };
    Some(Checked { held, got: outcome.text.to_string() })
}

/// The same is said once.
fn remarks(diagnostics: &[Diagnostic]) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = Vec::new();
    for diagnostic in diagnostics {
        let said = |r: &&mut Remark| {
            (&r.diagnostic.message, &r.diagnostic.hint) == (&diagnostic.message, &diagnostic.hint)
        };
        match remarks.iter_mut().find(said) {
            Some(remark) => remark.also.push(diagnostic.line),
            None => remarks.push(Remark { diagnostic: diagnostic.clone(), also: Vec::new() }),
        }
    }
    remarks
}

/// Cuts a line wherever its look or its underline changes.
fn pieces(line: &str, about: &[&Diagnostic]) -> Vec<Piece> {
    let (keyword, comment) = landmarks(line);
    let prose = matches!(line.split_whitespace().next(), Some("title" | "note"));
    let mut pieces: Vec<Piece> = Vec::new();
    for (column, char) in (1..).zip(line.chars()) {
        let look = match () {
            () if prose && !keyword.contains(&column) => Look::Comment,
            () if !prose && comment.is_some_and(|comment| column >= comment) => Look::Comment,
            () if keyword.contains(&column) => Look::Keyword,
            () => Look::Plain,
        };
        let under = about.iter().filter(|d| (d.column..d.column + d.len).contains(&column));
        let under = under.map(|d| d.severity).min_by_key(|severity| *severity as u32);
        match pieces.last_mut() {
            Some(last) if last.look == look && last.under == under => last.text.push(char),
            _ => pieces.push(Piece { text: char.into(), look, under }),
        }
    }
    pieces
}

/// The columns of the first word, and the column where a comment begins.
fn landmarks(line: &str) -> (std::ops::Range<u32>, Option<u32>) {
    let column = |(index, _): (usize, char)| u32::try_from(index).map_or(u32::MAX, |i| i + 1);
    let chars = || line.chars().enumerate();
    let comment = chars().find(|(_, c)| *c == '#').map(column);
    let first = chars().find(|(_, c)| !c.is_whitespace()).map_or(1, column);
    let end = chars()
        .skip_while(|(_, c)| c.is_whitespace())
        .find(|(_, c)| c.is_whitespace())
        .map_or(u32::MAX, column);
    (first..end, comment)
}

/// The text with its `kernel` line naming another kernel; with a new such line on top if it has
/// none.
#[must_use]
pub fn with_kernel(text: &str, name: &str) -> String {
    let is_kernel = |line: &&str| line.split_whitespace().next() == Some("kernel");
    if !text.lines().any(|line| is_kernel(&line)) {
        return format!("kernel {name}\n{text}");
    }
    let mut done = false;
    let lines = text.split('\n').map(|line| {
        if done || !is_kernel(&line) {
            return line.to_owned();
        }
        done = true;
        format!("kernel {name}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_put_together_are_the_line() {
        let wrong = Diagnostic {
            severity: Severity::Error,
            line: 1,
            column: 5,
            len: 3,
            message: String::new(),
            hint: String::new(),
        };
        let line = "  map D P0 # why";
        let pieces = pieces(line, &[&wrong]);
        assert_eq!(pieces.iter().map(|p| p.text.as_str()).collect::<String>(), line);
        let under: String =
            pieces.iter().filter(|p| p.under.is_some()).map(|p| p.text.as_str()).collect();
        assert_eq!(under, "p D");
        let keyword: String =
            pieces.iter().filter(|p| p.look == Look::Keyword).map(|p| p.text.as_str()).collect();
        assert_eq!(keyword, "map");
    }

    #[test]
    fn the_kernel_line_is_replaced_or_added() {
        assert_eq!(with_kernel("# a\nkernel 6.1\nwp\n", "7.3"), "# a\nkernel 7.3\nwp\n");
        assert_eq!(with_kernel("wp\n", "6.12"), "kernel 6.12\nwp\n");
    }
}
