//! One function per statement.

use super::Parser;
use super::lex::{Token, Words};
use super::mapping::protection;
use super::number::{address_range, looks_numeric, number, pages, size_in_pages};
use super::scope::Named;
use crate::addr::VirtAddr;
use crate::kernel::{KERNELS, Kernel};
use crate::machine::FileKind;
use crate::machine::event::Access;
use crate::mm::pagewalk::FilterMiss;
use crate::scenario::ast::{
    File, FileId, Label, LabelId, Op, Origin, Pages, Part, Place, Process, ProcessId,
};
use crate::scenario::cover::Piece;
use crate::scenario::diagnostic::{Diagnostic, Site, nearest};
use crate::scenario::limits::{
    DISK_PAGES_MAX, FAULT_AROUND_MAX, FILE_PAGES_MAX, FILES_MAX, MAPPINGS_MAX, PGOFF_MAX,
    PREFAULT_DEFAULT, PREFAULT_MAX, PROCESSES_MAX,
};
use crate::scenario::syntax::STATEMENTS;

impl Parser {
    /// The statement that `words` make; `body` is their text.
    pub(super) fn statement(
        &mut self,
        line: u32,
        body: &str,
        words: &mut Words<'_>,
    ) -> Result<Op, Box<Diagnostic>> {
        let Some(keyword) = words.keyword() else {
            let site = Site { line, column: 1, len: 1 };
            return Err(Diagnostic::error(site, "an empty statement"));
        };
        let op = match keyword.text {
            "title" | "note" => return self.prose(line, body, words),
            "kernel" => self.kernel(line, words)?,
            "cpus" => self.cpus(line, words)?,
            "levels" => self.levels(line, words)?,
            "flushes" => Op::Flushes(super::processor::flushes(words)?),
            "faround" => Op::FaultAround(size_in_pages(words, FAULT_AROUND_MAX)?),
            "shmem-huge" => Op::ShmemHuge(super::processor::shmem_huge(words)?),
            "filter" => Op::Filter(filter(words)?),
            "file" => self.file(line, words)?,
            "fill" => {
                let file = self.scope.file(words)?;
                Op::Fill(file, self.pages_to_write(words, file)?)
            }
            "proc" => self.proc(line, words)?,
            "map" => self.map(line, words)?,
            "unmap" => self.unmap(words)?,
            "uffd" => Op::Uffd(self.place(words)?),
            "protect" => Op::Protect(self.place(words)?, protection(words)?),
            "remap" => self.remap(line, words)?,
            "load" => self.access(Access::Load, words)?,
            "store" => self.access(Access::Store, words)?,
            "touch" => self.touch(words)?,
            "during" => self.during(words)?,
            "idle" => Op::Idle(self.cpu(words)?),
            "fsync" => Op::Fsync(self.scope.file(words)?),
            "msync" => Op::Msync(self.place(words)?),
            "fork" => self.fork(line, words)?,
            "exit" => self.exit(line, words)?,
            "bitmap" => self.bitmap(words)?,
            "wp" => self.wp(words)?,
            "clean" => self.clean(words)?,
            "zap" | "mkclean" | "wrprotect" | "dax" | "truncate" | "punch" | "dontneed"
            | "softclear" | "scan" | "smaps" | "migrate" | "migrated" => {
                self.beside(keyword.text, words)?
            }
            "forget" => Op::Forget(self.scope.file(words)?),
            "vmw" => self.vmw(words)?,
            "compare" | "sweep" | "repeat" | "end" => self.comparing(keyword.text, line, words)?,
            "pending" => Op::Pending(self.living_process(words)?),
            "flushed" => Op::Flushed(self.living_process(words)?),
            "expect" => Op::Expect(self.expect(words)?),
            other => {
                let known = STATEMENTS.iter().map(|syntax| syntax.keyword);
                let hint = match nearest(other, known.clone()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a line begins with: {}", known.collect::<Vec<_>>().join(" ")),
                };
                let message = format!("`{other}` is not a statement");
                return Err(Diagnostic::error(keyword.site, message).hint(hint));
            }
        };
        words.finish()?;
        Ok(op)
    }

    fn prose(
        &mut self,
        line: u32,
        body: &str,
        words: &mut Words<'_>,
    ) -> Result<Op, Box<Diagnostic>> {
        let site = words.peek().map(|token| token.site);
        while !words.is_done() {
            words.take(Part::Text, "the text")?;
        }
        let (keyword, text) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if keyword == "note" {
            return Ok(Op::Note(text));
        }
        let site = site.unwrap_or(Site { line, column: 1, len: 5 });
        once(&mut self.title_line, line, site, "title")?;
        Ok(Op::Title(text))
    }

    fn kernel(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let token = words.take(Part::Number, "the kernel")?;
        let names = || KERNELS.iter().map(|kernel| kernel.name);
        let Some(kernel) = Kernel::by_name(token.text) else {
            let message = format!("kernel {} is not emulated", token.text);
            return Err(Diagnostic::error(token.site, message)
                .hint(format!("one of {}", names().collect::<Vec<_>>().join(" "))));
        };
        words.finish()?;
        once(&mut self.kernel_line, line, token.site, "kernel")?;
        Ok(Op::Kernel(kernel))
    }

    fn file(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let name = self.scope.fresh(words, Part::File, "the file's name")?;
        let kind = words.take(Part::Option, "the kind of file")?;
        let max = if kind.text == "ext4" { DISK_PAGES_MAX } else { FILE_PAGES_MAX };
        let pages = number(words, "the number of pages", max)?;
        let mut prefault = PREFAULT_DEFAULT;
        if (kind.text.starts_with("dev-") || kind.text == "vmwgfx") && words.take_if("prefault") {
            let value = number(words, "the prefault", PREFAULT_MAX)?.max(1);
            prefault = u32::try_from(value).unwrap_or(PREFAULT_DEFAULT);
        }
        let kind = match kind.text {
            "shmem" => FileKind::Shmem,
            "ext4" => FileKind::Ext4,
            "dev-pagetable" => FileKind::DevPagetable { prefault },
            "dev-mkwrite" => FileKind::DevMkwrite { prefault },
            "vmwgfx" => FileKind::Vmwgfx { prefault },
            other => {
                let near = match other {
                    "shm" | "memfd" | "tmpfs" => "shmem",
                    "dev0" | "pagetable" => "dev-pagetable",
                    "dev1" | "mkwrite" => "dev-mkwrite",
                    "disk" | "file" | "xfs" | "ext" => "ext4",
                    _ => "shmem, ext4, dev-pagetable, dev-mkwrite or vmwgfx",
                };
                let message = format!("`{other}` is not a kind of file");
                return Err(Diagnostic::error(kind.site, message).hint(format!("write {near}")));
            }
        };
        if pages == 0 {
            return Err(Diagnostic::error(name.site, "a file of no pages")
                .hint("the size is in pages of 4 KiB"));
        }
        let id = self.scenario.files.len();
        full(name.site, "files", id, FILES_MAX)?;
        words.finish()?;
        let (name, origin) = (name.text, Origin::Declared);
        self.scenario.files.push(File { name: name.to_owned(), kind, pages, origin });
        let id = FileId(index(id));
        self.scope.give(name, Named::File(id), line);
        Ok(Op::File(id))
    }

    fn proc(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        self.outside_of_repeat(words.site(Part::Keyword), "proc")?;
        let mut names: Vec<Token<'_>> = Vec::new();
        loop {
            let name = self.scope.fresh(words, Part::Process, "the process's name")?;
            if names.iter().any(|before| before.text == name.text) {
                let message = format!("`{}` stands here twice", name.text);
                return Err(Diagnostic::error(name.site, message));
            }
            let have = self.scenario.processes.len() + names.len();
            full(name.site, "processes", have, PROCESSES_MAX)?;
            names.push(name);
            if words.is_done() {
                break;
            }
        }
        let all = names.iter().map(|name| self.new_process(line, name.text)).collect();
        Ok(Op::Proc(all))
    }

    fn new_process(&mut self, line: u32, name: &str) -> ProcessId {
        let id = ProcessId(index(self.scenario.processes.len()));
        self.scenario.processes.push(Process { name: name.to_owned() });
        self.scope.give(name, Named::Process(id), line);
        id
    }

    pub(super) fn new_label(&mut self, label: Label, line: u32) -> LabelId {
        let id = LabelId(index(self.scenario.labels.len()));
        self.scope.give(&label.name, Named::Label(id), line);
        self.scenario.labels.push(label);
        id
    }

    fn fork(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let parent = self.living_process(words)?;
        let name = self.scope.fresh(words, Part::Process, "the child's name")?;
        words.finish()?;
        let pieces = self.cover.of(parent);
        full(name.site, "processes", self.scenario.processes.len(), PROCESSES_MAX)?;
        let last = self.scenario.labels.len() + pieces.len().saturating_sub(1);
        full(name.site, "mappings", last, MAPPINGS_MAX)?;
        let child = self.new_process(line, name.text);
        let mut heirs: Vec<(LabelId, LabelId)> = Vec::new();
        for (start, piece) in pieces {
            let heir = match heirs.iter().find(|(label, _)| *label == piece.label) {
                Some((_, heir)) => *heir,
                None => self.inherit(line, piece.label, child),
            };
            heirs.push((piece.label, heir));
            self.cover.put(child, start, Piece { label: heir, ..piece });
        }
        Ok(Op::Fork(parent, child))
    }

    /// The label of what `child` inherits of `parent`: `C.P3`, also from `C.P1`.
    fn inherit(&mut self, line: u32, parent: LabelId, child: ProcessId) -> LabelId {
        let mut label = self.scenario.label(parent).clone();
        let base = label.name.split('.').next().unwrap_or_default();
        label.name = format!("{base}.{}", self.scenario.process(child).name);
        label.process = child;
        label.parent = Some(parent);
        self.new_label(label, line)
    }

    fn exit(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let process = self.living_process(words)?;
        words.finish()?;
        self.exits_each_round(words.site(Part::Process), process)?;
        self.exits.push((process, line));
        Ok(Op::Exit(process))
    }

    /// A process that has not exited.
    pub(super) fn living_process(
        &self,
        words: &mut Words<'_>,
    ) -> Result<ProcessId, Box<Diagnostic>> {
        let token = words.peek();
        let process = self.scope.process(words)?;
        match (token, self.exited(process)) {
            (Some(token), Some(line)) => {
                Err(Diagnostic::error(token.site, format!("{} exited in line {line}", token.text)))
            }
            _ => Ok(process),
        }
    }

    /// A mapping of a process that has not exited.
    pub(super) fn living_label(&self, words: &mut Words<'_>) -> Result<LabelId, Box<Diagnostic>> {
        let token = words.peek();
        let label = self.scope.label(words)?;
        let process = self.scenario.label(label).process;
        match (token, self.exited(process)) {
            (Some(token), Some(line)) => {
                let name = &self.scenario.process(process).name;
                Err(Diagnostic::error(token.site, format!("{name} exited in line {line}")))
            }
            _ => Ok(label),
        }
    }

    /// Pages of `label`, which must be its own.
    pub(super) fn own_pages(
        &self,
        words: &mut Words<'_>,
        label: LabelId,
    ) -> Result<Pages, Box<Diagnostic>> {
        let token = words.peek();
        let pages = pages(words, "the page")?;
        let label = self.scenario.label(label);
        match token {
            Some(token) if pages.first < label.pages.first || pages.end() > label.pages.end() => {
                let Pages { first, count } = label.pages;
                let last = first + count - 1;
                let message = format!("{} maps pages {first} to {last} of the file", label.name);
                Err(Diagnostic::error(token.site, message)
                    .hint("pages are counted from the file's start"))
            }
            _ => Ok(pages),
        }
    }

    pub(super) fn place(&self, words: &mut Words<'_>) -> Result<Place, Box<Diagnostic>> {
        if words.second_starts('@') {
            let process = self.living_process(words)?;
            let (addr, pages): (VirtAddr, u64) = address_range(words, self.levels)?;
            return Ok(Place::Address { process, addr, pages });
        }
        let label = self.living_label(words)?;
        let pages = begins_number(words).then(|| self.own_pages(words, label)).transpose()?;
        Ok(Place::Label { label, pages })
    }

    fn touch(&self, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let label = self.living_label(words)?;
        let token = words.take(Part::Mode, "the accesses")?;
        let mut accesses = Vec::new();
        for (at, letter) in (0u32..).zip(token.text.chars()) {
            accesses.push(match letter {
                'r' => Some(Access::Load),
                'w' => Some(Access::Store),
                '.' => None,
                _ => {
                    let site = Site { column: token.site.column + at, len: 1, ..token.site };
                    let message = format!("`{letter}` is not an access");
                    return Err(Diagnostic::error(site, message)
                        .hint("r loads, w stores, . leaves the page alone"));
                }
            });
        }
        let Label { name, pages, .. } = self.scenario.label(label);
        let given = accesses.len() as u64;
        if given > pages.count {
            let message = format!("{given} letters for the {} pages of {name}", pages.count);
            return Err(Diagnostic::error(token.site, message)
                .hint("one letter a page, from the mapping's first"));
        }
        Ok(Op::Touch(label, accesses, self.on_cpu(words)?))
    }

    fn bitmap(&mut self, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let token = words.peek();
        let file = self.scope.file(words)?;
        if let (Some(token), FileKind::Vmwgfx { .. }) = (token, self.scenario.file(file).kind) {
            let message = format!("the bitmap of {} is the driver's", token.text);
            return Err(Diagnostic::error(token.site, message).hint("`vmw add` empties it"));
        }
        let bits = number(words, "the number of bits", FILE_PAGES_MAX)?;
        let mut hull = None;
        if !words.is_done() {
            let start = number(words, "the start", FILE_PAGES_MAX)?;
            hull = Some((start, number(words, "the end", FILE_PAGES_MAX)?));
        }
        words.finish()?;
        self.bitmaps.push((file, bits));
        Ok(Op::Bitmap(file, bits, hull))
    }

    fn wp(&mut self, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let file = self.scope.file(words)?;
        let token = words.peek();
        let pages = pages(words, "the page range")?;
        self.warn_of_range(token.map(|t| t.site), file, pages);
        Ok(Op::Wp(file, pages))
    }

    fn clean(&mut self, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let file = self.scope.file(words)?;
        let token = words.peek();
        let pages = pages(words, "the page range")?;
        let site = token.map(|t| t.site);
        let at = if words.take_if("at") { number(words, "the page", PGOFF_MAX)? } else { 0 };
        words.finish()?;
        let bits = self.bitmap_bits(file);
        if let Some(site) = site.filter(|_| pages.first < at || pages.end() - at > bits) {
            let message =
                format!("the bitmap covers pages {at} to {}", (at + bits).saturating_sub(1));
            return Err(Diagnostic::error(site, message).hint(
                "clean must not be asked for more: widen it with `bitmap`, or move it with `at`",
            ));
        }
        self.warn_of_range(site, file, pages);
        Ok(Op::Clean(file, pages, at))
    }

    pub(super) fn warn_of_range(&mut self, site: Option<Site>, file: FileId, pages: Pages) {
        let (size, file) = (self.file_pages(file), self.scenario.file(file));
        if let Some(site) = site.filter(|_| pages.end() > size) {
            let message = format!("reaches beyond {}, which has {size} pages", file.name);
            self.diagnostics.push(*Diagnostic::warning(site, message));
        }
    }

    /// Pages of a file that `write` brings in: behind its end it grows.
    fn pages_to_write(
        &self,
        words: &mut Words<'_>,
        file: FileId,
    ) -> Result<Pages, Box<Diagnostic>> {
        let max = match self.scenario.file(file).kind {
            FileKind::Ext4 => DISK_PAGES_MAX,
            _ => FILE_PAGES_MAX,
        };
        let token = words.peek();
        let pages = pages(words, "the page range")?;
        match token {
            Some(token) if pages.end() > max => {
                let message = format!("the file's end is {}; the limit is {max}", pages.end());
                Err(Diagnostic::error(token.site, message))
            }
            _ => Ok(pages),
        }
    }

    pub(super) fn pages_within(
        &self,
        words: &mut Words<'_>,
        file: FileId,
    ) -> Result<Pages, Box<Diagnostic>> {
        let token = words.peek();
        let pages = pages(words, "the page range")?;
        let (size, file) = (self.file_pages(file), self.scenario.file(file));
        match token {
            Some(token) if pages.end() > size => {
                let message = format!("{} has {size} pages", file.name);
                Err(Diagnostic::error(token.site, message))
            }
            _ => Ok(pages),
        }
    }
}

fn filter(words: &mut Words<'_>) -> Result<FilterMiss, Box<Diagnostic>> {
    let token = words.take(Part::Option, "stop or skip")?;
    match token.text {
        "stop" => Ok(FilterMiss::EndsWalk),
        "skip" => Ok(FilterMiss::Skips),
        other => Err(Diagnostic::error(token.site, format!("`{other}` is not a filter rule"))
            .hint("stop is what the kernel does, skip what its documentation says")),
    }
}

pub(super) fn once(
    seen: &mut Option<u32>,
    line: u32,
    site: Site,
    what: &str,
) -> Result<(), Box<Diagnostic>> {
    match seen {
        Some(first) => {
            let message = format!("a second {what}; the first is in line {first}");
            Err(Diagnostic::error(site, message))
        }
        None => {
            *seen = Some(line);
            Ok(())
        }
    }
}

pub(super) fn full(site: Site, what: &str, have: usize, max: usize) -> Result<(), Box<Diagnostic>> {
    if have < max {
        return Ok(());
    }
    Err(Diagnostic::error(site, format!("too many {what}; the limit is {max}")))
}

pub(super) fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// True if the word begins like a number; `expect` uses it.
pub(super) fn begins_number(words: &Words<'_>) -> bool {
    words.peek().is_some_and(|token| looks_numeric(token.text))
}
