//! Text to [`Scenario`]. Never fails: a line that is not understood is kept as written and said
//! to be so.

mod beside;
mod compare;
mod expect;
mod lex;
mod mapping;
mod number;
mod processor;
mod scope;
mod statement;
mod vmw;

use crate::arch::Levels;
use crate::order::sort_by_key;
use crate::scenario::ast::{FileId, Layout, ProcessId, Scenario, Statement};
use crate::scenario::cover::Cover;
use crate::scenario::diagnostic::{Diagnostic, Site, nearest};
use crate::scenario::limits::{COLUMNS_MAX, DIAGNOSTICS_MAX, LINES_MAX};
use crate::scenario::parse::lex::columns;
use crate::scenario::parse::scope::Scope;
use crate::scenario::syntax::STATEMENTS;

/// Reads a scenario. The diagnostics are in order of lines.
#[must_use]
pub fn parse(text: &str) -> (Scenario, Vec<Diagnostic>) {
    let mut parser = Parser::default();
    for (number, line) in (1u32..).zip(text.lines()) {
        parser.line(number, line);
    }
    parser.close_repeat();
    let Parser { scenario, mut diagnostics, .. } = parser;
    sort_by_key(&mut diagnostics, |diagnostic| diagnostic.line.into());
    if diagnostics.len() > DIAGNOSTICS_MAX {
        let last = &diagnostics[DIAGNOSTICS_MAX - 1];
        let site = Site { line: last.line, column: 1, len: 1 };
        diagnostics.truncate(DIAGNOSTICS_MAX - 1);
        let message = format!("more is wrong from here on; the limit is {DIAGNOSTICS_MAX} remarks");
        diagnostics.push(*Diagnostic::error(site, message));
    }
    (scenario, diagnostics)
}

/// What is known of the text so far.
#[derive(Default)]
struct Parser {
    scenario: Scenario,
    scope: Scope,
    cover: Cover,
    diagnostics: Vec<Diagnostic>,
    /// The line in which each process exited.
    exits: Vec<(ProcessId, u32)>,
    /// Bits of each file's bitmap at this point.
    bitmaps: Vec<(FileId, u64)>,
    /// Sizes that `truncate` gave files, in order.
    sizes: Vec<(FileId, u64)>,
    /// How many levels page tables have.
    levels: Levels,
    /// The line of `title`, of `kernel`, of `cpus` and of `levels`.
    title_line: Option<u32>,
    kernel_line: Option<u32>,
    cpus_line: Option<u32>,
    levels_line: Option<u32>,
    /// Likewise of `compare` and `sweep`.
    compare_line: Option<u32>,
    sweep_line: Option<u32>,
    /// The line of a `repeat` that has not ended, and how many processes there were.
    repeat_line: Option<(u32, usize)>,
}

impl Parser {
    fn line(&mut self, number: u32, raw: &str) {
        if number > LINES_MAX {
            if number == LINES_MAX + 1 {
                let site = Site { line: number, column: 1, len: 1 };
                let message = format!("not read from here on; the limit is {LINES_MAX} lines");
                self.diagnostics.push(*Diagnostic::error(site, message));
            }
            self.scenario.layout.push(Layout::Verbatim(lex::unquote(raw).0.to_owned()));
            return;
        }
        let (text, column) = lex::unquote(raw);
        self.mail_safe(number, column, text);
        let layout = if text.is_empty() {
            Layout::Blank
        } else if text.starts_with('#') {
            Layout::Comment(text.to_owned())
        } else {
            self.statement_line(number, column, text)
        };
        self.scenario.layout.push(layout);
    }

    fn statement_line(&mut self, line: u32, column: u32, text: &str) -> Layout {
        let (body, comment) = match text.split_whitespace().next() {
            Some("title" | "note") => (text, None),
            _ => lex::split_comment(text),
        };
        let mut words = lex::words(body, line, column);
        match self.statement(line, body, &mut words) {
            Ok(op) => {
                let index = self.scenario.statements.len();
                let comment = comment.map(str::to_owned);
                let statement = Statement { line, op, words: words.taken, comment };
                self.scenario.statements.push(statement);
                Layout::Statement(u32::try_from(index).unwrap_or(u32::MAX))
            }
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                self.give_up(line, body);
                Layout::Verbatim(text.to_owned())
            }
        }
    }

    /// The names that a line which was not understood would have declared.
    fn give_up(&mut self, line: u32, body: &str) {
        let mut words = body.split_whitespace();
        let known = STATEMENTS.iter().map(|syntax| syntax.keyword);
        let meant = words.next().and_then(|keyword| nearest(keyword, known));
        let names: Vec<&str> = match meant {
            Some("file" | "map") => words.take(1).collect(),
            Some("fork") => words.skip(1).take(1).collect(),
            Some("proc") => words.collect(),
            _ => Vec::new(),
        };
        for name in names {
            self.scope.give_up(name, line);
        }
    }

    /// Warns of what mails garble.
    fn mail_safe(&mut self, line: u32, column: u32, text: &str) {
        if let Some(at) = text.chars().position(|c| !c.is_ascii()) {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let site = Site { line, column: column.saturating_add(at), len: 1 };
            let message = "not a 7-bit ASCII character; mails may garble it";
            self.diagnostics.push(*Diagnostic::warning(site, message));
        }
        let width = columns(text);
        if width > COLUMNS_MAX {
            let site = Site { line, column: column + COLUMNS_MAX, len: width - COLUMNS_MAX };
            let message = format!("the line has {width} columns; mails keep {COLUMNS_MAX}");
            self.diagnostics.push(*Diagnostic::warning(site, message));
        }
    }

    /// The line in which a process exited, if it has.
    fn exited(&self, process: ProcessId) -> Option<u32> {
        self.exits.iter().find(|(dead, _)| *dead == process).map(|(_, line)| *line)
    }

    /// A file's size at this point, in pages.
    fn file_pages(&self, file: FileId) -> u64 {
        let set = self.sizes.iter().rev().find(|(of, _)| *of == file);
        set.map_or(self.scenario.file(file).pages, |(_, pages)| *pages)
    }

    /// Bits in a file's bitmap at this point: as many as it has pages, unless `bitmap` said
    /// otherwise.
    fn bitmap_bits(&self, file: FileId) -> u64 {
        let set = self.bitmaps.iter().rev().find(|(of, _)| *of == file);
        set.map_or(self.scenario.file(file).pages, |(_, bits)| *bits)
    }
}
