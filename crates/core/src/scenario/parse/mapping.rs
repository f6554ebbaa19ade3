//! Mappings come, move and go: `map`, `unmap`, `protect`, `remap`.

use super::Parser;
use super::lex::{Token, Words};
use super::number::{address, address_range, at_most, pages, user_range};
use super::statement::{full, index};
use crate::machine::FileKind;
use crate::machine::vma::OpenMode;
use crate::mm::mmap::{Prot, Sharing};
use crate::scenario::ast::{File, FileId, Label, Op, Origin, Pages, Part, Place, Target};
use crate::scenario::diagnostic::{Diagnostic, Site};
use crate::scenario::limits::{FILE_PAGES_MAX, FILES_MAX, MAPPINGS_MAX};

impl Parser {
    pub(super) fn map(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let name = self.scope.fresh(words, Part::Label, "the mapping's label")?;
        let process = self.living_process(words)?;
        let mut file = match self.scope.takes_anon(words) {
            true => None,
            false => Some(self.scope.file(words)?),
        };
        let of_file = words.peek();
        let pages = pages(words, "the file's pages")?;
        let token = words.peek();
        let addr = address(words, self.levels)?;
        if let Some(token) = token {
            user_range(token, addr, pages.count, self.levels)?;
        }
        let prot = protection(words)?;
        let (mut sharing, mut mode) = (Sharing::Shared, OpenMode::ReadWrite);
        if file.is_none() {
            sharing = Sharing::Private;
        }
        let mut populate = false;
        while let Some(token) = words.peek() {
            if words.take_if("private") {
                sharing = Sharing::Private;
            } else if file.is_none() && words.take_if("shared") {
                sharing = Sharing::Shared;
            } else if file.is_some() && words.take_if("ro-fd") {
                mode = OpenMode::ReadOnly;
            } else if words.take_if("populate") {
                populate = true;
            } else {
                let message = format!("`{}` does not fit here", token.text);
                let hint = "private, shared, ro-fd or populate; anonymous memory has no descriptor";
                return Err(Diagnostic::error(token.site, message).hint(hint));
            }
        }
        full(name.site, "mappings", self.scenario.labels.len(), MAPPINGS_MAX)?;
        if file.is_none() && sharing == Sharing::Shared {
            let pages = of_file.map(|token| (token.site, pages));
            file = Some(self.shared_anon(name, pages)?);
        }
        let label = Label {
            name: name.text.to_owned(),
            process,
            file,
            pages,
            addr,
            prot,
            sharing,
            mode,
            populate,
            parent: None,
        };
        self.warn_of_mapping(words, &label);
        let (addr, end) = (label.addr, label.end());
        let label = self.new_label(label, line);
        self.cover.map(process, addr, end, label);
        Ok(Op::Map(label))
    }

    /// Warns of what `mmap` allows and few mean.
    fn warn_of_mapping(&mut self, words: &Words<'_>, label: &Label) {
        let over = self.cover.pieces(label.process, label.addr, label.end()).next();
        if let Some((_, over)) = over {
            let name = &self.scenario.label(over.label).name;
            let message = format!("takes the place of {name}, as MAP_FIXED does");
            self.diagnostics.push(*Diagnostic::warning(words.site(Part::Address), message));
        }
        let Some(file) = label.file else { return };
        let (size, file) = (self.file_pages(file), self.scenario.file(file));
        if label.pages.first >= size {
            let message = format!("maps nothing of {}, which has {size} pages", file.name);
            self.diagnostics.push(
                *Diagnostic::warning(words.site(Part::Pages), message)
                    .hint("an access there ends in SIGBUS"),
            );
        }
    }

    /// The file behind shared anonymous memory. Its name is none that a line could say.
    fn shared_anon(
        &mut self,
        name: Token<'_>,
        pages: Option<(Site, Pages)>,
    ) -> Result<FileId, Box<Diagnostic>> {
        let id = self.scenario.files.len();
        full(name.site, "files", id, FILES_MAX)?;
        let Some((_, Pages { count, .. })) = pages.filter(|(_, pages)| pages.first == 0) else {
            let site = pages.map_or(name.site, |(site, _)| site);
            return Err(Diagnostic::error(site, "shared anonymous memory begins at page 0")
                .hint("it is a file of its own, and all of it is mapped"));
        };
        at_most(name, "the number of pages", count, FILE_PAGES_MAX)?;
        let (name, kind) = (format!("zero({})", name.text), FileKind::Shmem);
        self.scenario.files.push(File { name, kind, pages: count, origin: Origin::SharedAnon });
        Ok(FileId(index(id)))
    }

    pub(super) fn unmap(&mut self, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let place = self.place(words)?;
        words.finish()?;
        let (process, start, end) = self.scenario.extent(place);
        self.cover.unmap(process, start, end);
        Ok(Op::Unmap(place))
    }

    pub(super) fn remap(
        &mut self,
        line: u32,
        words: &mut Words<'_>,
    ) -> Result<Op, Box<Diagnostic>> {
        let from = self.place(words)?;
        let (process, start, end) = self.scenario.extent(from);
        let name = match from {
            Place::Label { .. } => {
                Some(self.scope.fresh(words, Part::Label, "what the pages are called then")?)
            }
            Place::Address { .. } => None,
        };
        let token = words.peek();
        let (addr, mut pages) = address_range(words, self.levels)?;
        if let Some(token) = token.filter(|token| !token.text.contains('+')) {
            pages = end.pages_since(start);
            user_range(token, addr, pages, self.levels)?;
        }
        words.finish()?;
        let mut to = Target { addr, pages, label: None };
        if let (Some(name), Place::Label { label, pages: some }) = (name, from) {
            full(name.site, "mappings", self.scenario.labels.len(), MAPPINGS_MAX)?;
            let mut label = self.scenario.label(label).clone();
            let first = some.unwrap_or(label.pages).first;
            (label.name, label.addr, label.parent) = (name.text.to_owned(), addr, None);
            label.pages = Pages { first, count: pages };
            to.label = Some(self.new_label(label, line));
        }
        self.cover.remap(process, (start, end), to);
        Ok(Op::Remap(from, to))
    }
}

/// `rw`, `r`, `rx`, `rwx`, `w`, or `none`.
pub(super) fn protection(words: &mut Words<'_>) -> Result<Prot, Box<Diagnostic>> {
    let token = words.take(Part::Mode, "the protection")?;
    if token.text == "none" {
        return Ok(Prot::empty());
    }
    let mut prot = Prot::empty();
    for letter in token.text.chars() {
        let bit = match letter {
            'r' => Prot::READ,
            'w' => Prot::WRITE,
            'x' => Prot::EXEC,
            _ => Prot::empty(),
        };
        if bit.is_empty() || prot.contains(bit) {
            let message = format!("`{}` is not a protection", token.text);
            return Err(
                Diagnostic::error(token.site, message).hint("some of r, w and x, as rw, or none")
            );
        }
        prot |= bit;
    }
    Ok(prot)
}
