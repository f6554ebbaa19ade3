//! One line to words: quote marks of a mail stripped, comment split off, columns kept.

use crate::scenario::ast::{Part, Word};
use crate::scenario::diagnostic::{Diagnostic, Site};
use crate::scenario::syntax;

/// A word of the line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    pub(super) site: Site,
}

/// Characters of `text`, as a column count.
pub(super) fn columns(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// A line without the `>` that mails put before a quotation, and the column at which the rest
/// begins.
pub(super) fn unquote(line: &str) -> (&str, u32) {
    let mut rest = line.trim_start();
    while let Some(inner) = rest.strip_prefix('>') {
        rest = inner.trim_start();
    }
    (rest.trim_end(), columns(&line[..line.len() - rest.len()]) + 1)
}

/// The words of a line, taken one by one.
pub(super) struct Words<'t> {
    /// What the statement looks like, for hints.
    form: &'static str,
    tokens: Vec<Token<'t>>,
    at: usize,
    /// What was taken.
    pub(super) taken: Vec<Word>,
    line: u32,
}

/// The words of `text`, which begins at `column` of `line`.
pub(super) fn words(text: &str, line: u32, column: u32) -> Words<'_> {
    let mut tokens = Vec::new();
    let mut at = column;
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        at += columns(&rest[..rest.len() - trimmed.len()]);
        let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let (word, behind) = trimmed.split_at(end);
        if word.is_empty() {
            break;
        }
        let len = columns(word);
        tokens.push(Token { text: word, site: Site { line, column: at, len } });
        at += len;
        rest = behind;
    }
    Words { form: "", tokens, at: 0, taken: Vec::new(), line }
}

/// A statement and the comment behind it, with its `#`: one that begins a word.
pub(super) fn split_comment(text: &str) -> (&str, Option<&str>) {
    let hash = text
        .char_indices()
        .find(|(at, c)| *c == '#' && text[..*at].ends_with(char::is_whitespace))
        .map(|(at, _)| at);
    match hash {
        Some(at) => (text[..at].trim_end(), Some(&text[at..])),
        None => (text, None),
    }
}

impl<'t> Words<'t> {
    /// The next word, not taken.
    pub(super) fn peek(&self) -> Option<Token<'t>> {
        self.tokens.get(self.at).copied()
    }

    /// True if the word after the next starts with `start`.
    pub(super) fn second_starts(&self, start: char) -> bool {
        self.tokens.get(self.at + 1).is_some_and(|token| token.text.starts_with(start))
    }

    /// The first taken word that is a `part`; failing that, the line's start.
    pub(super) fn site(&self, part: Part) -> Site {
        let word = self.taken.iter().find(|word| word.part == part);
        let (column, len) = word.map_or((1, 1), |word| (word.column, word.len));
        Site { line: self.line, column, len }
    }

    /// True if nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// The next word, which is a `part`; `what` names it if it is missing.
    pub(super) fn take(&mut self, part: Part, what: &str) -> Result<Token<'t>, Box<Diagnostic>> {
        let Some(token) = self.peek() else {
            return Err(Diagnostic::error(self.behind(), format!("{what} is missing"))
                .hint(format!("the form is: {}", self.form)));
        };
        self.push(part, token);
        Ok(token)
    }

    /// The keyword of the line; from now on hints show its form.
    pub(super) fn keyword(&mut self) -> Option<Token<'t>> {
        let token = self.peek()?;
        self.push(Part::Keyword, token);
        self.form = syntax::statement(token.text).map_or("", |syntax| syntax.form);
        Some(token)
    }

    /// The word after `expect`, if it is a keyword of its own.
    pub(super) fn expect_keyword(&mut self) -> Option<&'static str> {
        let token = self.peek()?;
        let row = syntax::expect(token.text)?;
        self.push(Part::Option, token);
        self.form = row.form;
        Some(row.keyword)
    }

    /// Takes the next word if it is this one.
    pub(super) fn take_if(&mut self, word: &str) -> bool {
        match self.peek() {
            Some(token) if token.text == word => {
                self.push(Part::Option, token);
                true
            }
            _ => false,
        }
    }

    /// Nothing may be left.
    pub(super) fn finish(&self) -> Result<(), Box<Diagnostic>> {
        match self.peek() {
            None => Ok(()),
            Some(token) => {
                let message = format!("`{}` is one word too many", token.text);
                Err(Diagnostic::error(token.site, message)
                    .hint(format!("the form is: {}", self.form)))
            }
        }
    }

    /// The form of the statement, for hints.
    pub(super) fn form(&self) -> &'static str {
        self.form
    }

    /// Just behind the last word.
    fn behind(&self) -> Site {
        let column = self.tokens.last().map_or(1, |t| t.site.column + t.site.len);
        Site { line: self.line, column, len: 1 }
    }

    fn push(&mut self, part: Part, token: Token<'t>) {
        self.at += 1;
        self.taken.push(Word { part, column: token.site.column, len: token.site.len });
    }
}
