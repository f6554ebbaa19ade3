//! What the names of a scenario stand for while it is read.

use std::cell::Cell;

use super::lex::{Token, Words};
use crate::scenario::ast::{FileId, LabelId, Part, ProcessId};
use crate::scenario::diagnostic::{Diagnostic, nearest};
use crate::scenario::limits::{DIAGNOSTICS_MAX, NAME_MAX};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    File(FileId),
    Process(ProcessId),
    Label(LabelId),
    /// Declared by a line that was not understood: uses of it are not worth an error each.
    Broken,
}

impl Named {
    fn kind(self) -> &'static str {
        match self {
            Named::File(_) => "a file",
            Named::Process(_) => "a process",
            Named::Label(_) => "a mapping",
            Named::Broken => "broken",
        }
    }
}

/// Files, processes and mappings share one space of names.
#[derive(Debug)]
pub(super) struct Scope {
    /// In order of the names, with the lines that declare them.
    names: Vec<(String, Named, u32)>,
    /// Similar names still to be looked for: nobody reads more remarks than are shown.
    searches: Cell<usize>,
}

impl Default for Scope {
    fn default() -> Self {
        Self { names: Vec::new(), searches: Cell::new(DIAGNOSTICS_MAX) }
    }
}

impl Scope {
    /// The file that the next word names.
    pub(super) fn file(&self, words: &mut Words<'_>) -> Result<FileId, Box<Diagnostic>> {
        let token = words.take(Part::File, "the file")?;
        match self.find(token, "a file", |named| matches!(named, Named::File(_)))? {
            Named::File(file) => Ok(file),
            _ => Err(self.depends(token)),
        }
    }

    /// Takes `anon`, unless that is a file's name.
    pub(super) fn takes_anon(&self, words: &mut Words<'_>) -> bool {
        self.get("anon").is_none() && words.take_if("anon")
    }

    /// The process that the next word names.
    pub(super) fn process(&self, words: &mut Words<'_>) -> Result<ProcessId, Box<Diagnostic>> {
        let token = words.take(Part::Process, "the process")?;
        match self.find(token, "a process", |named| matches!(named, Named::Process(_)))? {
            Named::Process(process) => Ok(process),
            _ => Err(self.depends(token)),
        }
    }

    /// The mapping that the next word names.
    pub(super) fn label(&self, words: &mut Words<'_>) -> Result<LabelId, Box<Diagnostic>> {
        let token = words.take(Part::Label, "the mapping")?;
        self.label_of(token, token.text)
    }

    /// The mapping called `name` within `token`.
    pub(super) fn label_of(
        &self,
        token: Token<'_>,
        name: &str,
    ) -> Result<LabelId, Box<Diagnostic>> {
        let token = Token { text: name, ..token };
        match self.find(token, "a mapping", |named| matches!(named, Named::Label(_)))? {
            Named::Label(label) => Ok(label),
            _ => Err(self.depends(token)),
        }
    }

    /// A name that is free and fit to be given.
    pub(super) fn fresh<'t>(
        &self,
        words: &mut Words<'t>,
        part: Part,
        what: &str,
    ) -> Result<Token<'t>, Box<Diagnostic>> {
        let token = words.take(part, what)?;
        let name = token.text;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(fits) {
            return Err(Diagnostic::error(token.site, format!("`{name}` cannot be a name"))
                .hint("a letter, then letters, digits, _ or -"));
        }
        if name.len() > NAME_MAX {
            let message =
                format!("the name has {} characters; the limit is {NAME_MAX}", name.len());
            return Err(Diagnostic::error(token.site, message));
        }
        match self.get(name) {
            None | Some((Named::Broken, _)) => Ok(token),
            Some((named, line)) => {
                let message = format!("`{name}` already is {} (line {line})", named.kind());
                Err(Diagnostic::error(token.site, message).hint("choose another name"))
            }
        }
    }

    /// `name` stands for `named` from now on.
    pub(super) fn give(&mut self, name: &str, named: Named, line: u32) {
        match self.place_of(name) {
            Ok(at) => (self.names[at].1, self.names[at].2) = (named, line),
            Err(at) => self.names.insert(at, (name.to_owned(), named, line)),
        }
    }

    /// A line that was not understood would have declared `name`.
    pub(super) fn give_up(&mut self, name: &str, line: u32) {
        if self.get(name).is_none() {
            self.give(name, Named::Broken, line);
        }
    }

    fn place_of(&self, name: &str) -> Result<usize, usize> {
        self.names.binary_search_by(|(known, ..)| known.as_str().cmp(name))
    }

    fn get(&self, name: &str) -> Option<(Named, u32)> {
        let at = self.place_of(name).ok()?;
        Some((self.names[at].1, self.names[at].2))
    }

    fn find(
        &self,
        token: Token<'_>,
        wanted: &str,
        fits: fn(Named) -> bool,
    ) -> Result<Named, Box<Diagnostic>> {
        let name = token.text;
        match self.get(name) {
            Some((named, _)) if fits(named) || named == Named::Broken => Ok(named),
            Some((named, line)) => {
                let message = format!("`{name}` is {}, not {wanted} (line {line})", named.kind());
                Err(Diagnostic::error(token.site, message))
            }
            None => {
                let message = format!("`{name}` is not {wanted} that is known here");
                Err(Diagnostic::error(token.site, message).hint(self.similar(name, wanted, fits)))
            }
        }
    }

    /// What an unknown name may have meant.
    fn similar(&self, name: &str, wanted: &str, fits: fn(Named) -> bool) -> String {
        let Some(searches) = self.searches.get().checked_sub(1) else { return String::new() };
        self.searches.set(searches);
        let known = self.names.iter().filter(|(_, named, _)| fits(*named));
        let known: Vec<&str> = known.map(|(name, ..)| name.as_str()).collect();
        match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => format!("there is none yet: declare {wanted} first"),
            None if known.len() <= 8 => format!("known: {}", known.join(" ")),
            None => String::new(),
        }
    }

    fn depends(&self, token: Token<'_>) -> Box<Diagnostic> {
        let line = self.get(token.text).map_or(0, |(_, line)| line);
        let message = format!("left out, for it needs `{}` of line {line}", token.text);
        Diagnostic::note(token.site, message)
    }
}
