//! The golden script format: one op a line, as a real kernel was given it. Anything not understood
//! is an error with its line.

use std::fmt;
use std::str::FromStr;

use rangewalk_core::arch::Levels;
use rangewalk_core::machine::event::Phase;

use super::calls::tracer::Tracer;
use super::op::{Backing, Case, Line, MapMode, Op, ProtMode};
use super::replay::WINDOW;

/// Pages of the window that golden scripts address.
pub const WINDOW_PAGES: u64 = 4096;
/// Pages from the window's first to the end of 56 bits: other scripts may use them all, also those
/// that no process can have.
pub const ADDRESS_PAGES: u64 = ((1 << 56) - WINDOW.0) >> 12;
/// Most pages of one mapping or access.
pub const STRETCH_PAGES_MAX: u64 = 1 << 20;
/// Processes are numbered below this.
pub const PROCS_MAX: usize = 16;
/// Files are numbered below this.
pub const FILES_MAX: usize = 8;
/// Largest file, in pages.
pub const FILE_PAGES_MAX: u64 = 1 << 20;

/// A line that is not the golden format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// Line in the script, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads a whole script.
///
/// # Errors
/// The first line that cannot be understood.
pub fn parse(text: &str) -> Result<Vec<Case>, ScriptError> {
    let mut cases: Vec<Case> = Vec::new();
    let mut known = Known::default();
    for (index, line) in text.lines().enumerate() {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let number = index + 1;
        let error = |message: String| ScriptError { line: number, message };
        if let Some(name) = text.strip_prefix("scenario ") {
            cases.push(Case { name: name.trim().to_owned(), ops: Vec::new() });
            known = Known::default();
            continue;
        }
        let case = cases
            .last_mut()
            .ok_or_else(|| error("an op before the first `scenario NAME`".to_owned()))?;
        let op = Words { left: text.split_whitespace(), known: &mut known }.op().map_err(error)?;
        case.ops.push(Line { number, text: text.to_owned(), op });
    }
    Ok(cases)
}

/// Which files and processes a scenario has so far: a replay never meets one that is not there.
#[derive(Default)]
struct Known {
    files: [bool; FILES_MAX],
    procs: [bool; PROCS_MAX],
}

/// The words of one line, taken from the left.
struct Words<'t, 'k> {
    left: std::str::SplitWhitespace<'t>,
    known: &'k mut Known,
}

impl<'t> Words<'t, '_> {
    fn word(&mut self, what: &str) -> Result<&'t str, String> {
        self.left.next().ok_or_else(|| format!("{what} is missing"))
    }

    fn has_more(&self) -> bool {
        self.left.clone().next().is_some()
    }

    fn number<T: FromStr>(&mut self, what: &str) -> Result<T, String> {
        let word = self.word(what)?;
        word.parse().map_err(|_| format!("{what} must be a number, not `{word}`"))
    }

    fn at_most(&mut self, what: &str, limit: u64) -> Result<u64, String> {
        let number = self.number(what)?;
        if number <= limit {
            Ok(number)
        } else {
            Err(format!("{what} is {number}: at most {limit}"))
        }
    }

    fn flag(&mut self, what: &str) -> Result<bool, String> {
        Ok(self.at_most(what, 1)? == 1)
    }

    /// A process number, and whether it exists.
    fn any_proc(&mut self) -> Result<(usize, bool), String> {
        let proc: usize = self.number("the process")?;
        match self.known.procs.get(proc) {
            None => Err(format!("process {proc}: at most {}", PROCS_MAX - 1)),
            Some(live) => Ok((proc, *live)),
        }
    }

    fn proc(&mut self) -> Result<usize, String> {
        match self.any_proc()? {
            (proc, true) => Ok(proc),
            (proc, false) => Err(format!("process {proc} does not exist")),
        }
    }

    fn new_proc(&mut self) -> Result<usize, String> {
        match self.any_proc()? {
            (proc, true) => Err(format!("process {proc} exists already")),
            (proc, false) => {
                self.known.procs[proc] = true;
                Ok(proc)
            }
        }
    }

    fn file(&mut self) -> Result<usize, String> {
        let file: usize = self.number("the file")?;
        match self.known.files.get(file) {
            None => Err(format!("file {file}: at most {}", FILES_MAX - 1)),
            Some(false) => Err(format!("file {file} does not exist")),
            Some(true) => Ok(file),
        }
    }

    /// A stretch of the window: page and length.
    fn stretch(&mut self) -> Result<(u64, u64), String> {
        let at = self.at_most("the page", ADDRESS_PAGES - 1)?;
        let pages = self.at_most("the length", STRETCH_PAGES_MAX)?;
        if at + pages > ADDRESS_PAGES {
            return Err(format!("pages {at} to {} leave the address space", at + pages));
        }
        Ok((at, pages))
    }

    /// A stretch of a file: first page and count.
    fn range(&mut self) -> Result<(u64, u64), String> {
        Ok((self.at_most("FIRST", FILE_PAGES_MAX)?, self.at_most("NR", FILE_PAGES_MAX)?))
    }

    fn op(mut self) -> Result<Op, String> {
        let op = match self.word("the op")? {
            "tr" => {
                let file = self.word("the file")?.to_owned();
                let text = self.left.by_ref().collect::<Vec<_>>().join(" ");
                Tracer::default().write(&file, &text, (0, 0))?;
                Op::TraceWrite { file, text }
            }
            "cat" => {
                let path = self.left.by_ref().collect::<Vec<_>>().join(" ");
                Op::Cat { path }
            }
            "trdump" => Op::TraceDump,
            "dump" => Op::Dump,
            "faround" => Op::FaultAround { bytes: self.at_most("BYTES", 1 << 30)? },
            "levels" => self.levels()?,
            "file" => self.new_file()?,
            "proc" => Op::Proc { proc: self.new_proc()? },
            "fork" => Op::Fork { proc: self.proc()?, child: self.new_proc()? },
            "exit" => {
                let proc = self.proc()?;
                self.known.procs[proc] = false;
                Op::Exit { proc }
            }
            name @ ("map" | "r" | "w" | "unmap" | "prot" | "dontneed" | "msync" | "remap"
            | "softclear" | "smaps" | "uffd" | "scan") => self.proc_op(name)?,
            name => self.file_op(name)?,
        };
        match self.left.next() {
            Some(word) => Err(format!("`{word}` is too much")),
            None => Ok(op),
        }
    }

    /// Before the first process: how many levels the machine's page tables have.
    fn levels(&mut self) -> Result<Op, String> {
        let levels = match self.word("how many levels")? {
            "4" => Levels::Four,
            "5" => Levels::Five,
            other => return Err(format!("levels {other}: 4 or 5")),
        };
        if self.known.procs.contains(&true) {
            return Err("a process has its tables already".to_owned());
        }
        Ok(Op::Levels { levels })
    }

    fn new_file(&mut self) -> Result<Op, String> {
        let file: usize = self.number("the file")?;
        match self.known.files.get_mut(file) {
            None => return Err(format!("file {file}: at most {}", FILES_MAX - 1)),
            Some(true) => return Err(format!("file {file} exists already")),
            Some(known) => *known = true,
        }
        let kind = self.word("the kind of file")?;
        let pages = self.at_most("the size", FILE_PAGES_MAX)?;
        let backing = match kind {
            "memfd" => Backing::Memfd,
            "ext4" => Backing::Ext4,
            "dev0" => Backing::Dev0 { prefault: self.prefault()? },
            "dev1" => Backing::Dev1 { prefault: self.prefault()? },
            _ => {
                return Err(format!("no kind of file is called `{kind}`: memfd, ext4, dev0, dev1"));
            }
        };
        Ok(Op::File { file, backing, pages })
    }

    fn prefault(&mut self) -> Result<u32, String> {
        if self.has_more() { self.number("PREFAULT") } else { Ok(1) }
    }

    /// An op on a file and its address space.
    fn file_op(&mut self, name: &str) -> Result<Op, String> {
        if !FILE_OPS.contains(&name) {
            return Err(format!("no op is called `{name}`"));
        }
        let file = self.file()?;
        Ok(match name {
            "fsync" => Op::Fsync { file },
            "pages" => Op::Pages { file },
            "tree" => Op::Tree { file },
            "bufbits" => Op::BufBits { file, clear: self.flag("CLEAR")? },
            "trunc" => Op::Truncate { file, pages: self.at_most("the size", FILE_PAGES_MAX)? },
            "bmreset" => Op::BitmapReset {
                file,
                bits: self.at_most("NBITS", FILE_PAGES_MAX)?,
                hull: match self.has_more() {
                    true => Some((self.number("START")?, self.number("END")?)),
                    false => None,
                },
            },
            "mkclean" => {
                let pgoff = self.at_most("IDX", FILE_PAGES_MAX)?;
                self.at_most("the third number", 0)?;
                self.at_most("the fourth number", 0)?;
                Op::Mkclean { file, pgoff }
            }
            "migrate" | "migrated" => {
                let phase = if name == "migrate" { Phase::Begins } else { Phase::Ends };
                Op::Migrate { file, pgoff: self.at_most("IDX", FILE_PAGES_MAX)?, phase }
            }
            _ => self.range_op(name, file)?,
        })
    }

    fn range_op(&mut self, name: &str, file: usize) -> Result<Op, String> {
        let (first, nr) = self.range()?;
        Ok(match name {
            "wp" => Op::Wp { file, first, nr },
            "wprange" => Op::Wprange { file, first, nr },
            "dax" => Op::Dax { file, first, nr },
            "order" => Op::Order { file, first, nr },
            "punch" => Op::Punch { file, first, nr },
            "fill" => Op::Fill { file, first, nr },
            "clean" => {
                let bitmap_pgoff = self.at_most("BITMAP_PGOFF", first)?;
                Op::Clean { file, first, nr, bitmap_pgoff }
            }
            "zap" => Op::Zap { file, first, nr, even_cows: self.flag("EVEN_COWS")? },
            _ => Op::ZapPages { file, first, nr, even_cows: self.flag("EVEN_COWS")? },
        })
    }

    /// An op of one process.
    fn proc_op(&mut self, name: &str) -> Result<Op, String> {
        let proc = self.proc()?;
        match name {
            "map" => return self.map(proc),
            "softclear" => {
                return match self.word("the kind")? {
                    "4" => Ok(Op::SoftClear { proc }),
                    kind => Err(format!("clear_refs {kind}: only 4 is understood")),
                };
            }
            _ => {}
        }
        if name == "smaps" {
            return Ok(Op::Smaps { proc, at: self.at_most("the page", ADDRESS_PAGES - 1)? });
        }
        let (at, pages) = self.stretch()?;
        Ok(match name {
            "r" => Op::Load { proc, at, pages },
            "w" => Op::Store { proc, at, pages },
            "unmap" => Op::Unmap { proc, at, pages },
            "uffd" => Op::Uffd { proc, at, pages },
            "scan" => Op::Scan { proc, at, pages },
            "dontneed" => Op::Dontneed { proc, at, pages },
            "msync" => Op::Msync { proc, at, pages },
            "remap" => {
                let (to, to_pages) = self.stretch()?;
                Op::Remap { proc, at, pages, to, to_pages }
            }
            _ => {
                let mode = match self.word("the protection")? {
                    "r" => ProtMode::Read,
                    "rw" => ProtMode::ReadWrite,
                    "n" => ProtMode::None,
                    other => return Err(format!("no protection is called `{other}`: r, rw, n")),
                };
                Op::Protect { proc, at, pages, mode }
            }
        })
    }

    fn map(&mut self, proc: usize) -> Result<Op, String> {
        let file = if self.left.clone().next() == Some("-1") {
            self.word("-1")?;
            None
        } else {
            Some(self.file()?)
        };
        let (at, pages) = self.stretch()?;
        let pgoff = self.at_most("the page offset", FILE_PAGES_MAX)?;
        let mode = map_mode(self.word("the mode")?)?;
        Ok(Op::Map { proc, file, at, pages, pgoff, mode })
    }
}

/// Ops whose first number is a file that exists.
const FILE_OPS: [&str; 18] = [
    "dax", "wp", "clean", "bmreset", "zap", "zapp", "mkclean", "wprange", "fsync", "trunc",
    "punch", "fill", "tree", "order", "pages", "bufbits", "migrate", "migrated",
];

fn map_mode(word: &str) -> Result<MapMode, String> {
    let mut letters = word.chars();
    let shared = match letters.next() {
        Some('s') => true,
        Some('p') => false,
        _ => return Err(format!("the mode `{word}` must begin with s or p")),
    };
    let mut mode = MapMode { shared, ..MapMode::default() };
    for letter in letters {
        match letter {
            'r' => mode.read = true,
            'w' => mode.write = true,
            'x' => mode.exec = true,
            'n' => {}
            'R' => mode.read_only_fd = true,
            'P' => mode.populate = true,
            _ => return Err(format!("the mode `{word}` has a letter `{letter}`")),
        }
    }
    Ok(mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(script: &str) -> String {
        parse(script).expect_err("a bad script").to_string()
    }

    #[test]
    fn every_malformed_line_is_an_error_that_names_it() {
        let head = "scenario s\nfile 0 memfd 8\nproc 0\n# why\n";
        for (line, says) in [
            ("walk 0 0 8", "no op is called `walk`"),
            ("r 0 0", "the length is missing"),
            ("r 0 0 x", "the length must be a number, not `x`"),
            ("r 1 0 1", "process 1 does not exist"),
            (
                "r 0 17591112302847 2",
                "pages 17591112302847 to 17591112302849 leave the address space",
            ),
            ("wp 1 0 8", "file 1 does not exist"),
            ("wp 0 0 8 9", "`9` is too much"),
            ("proc 0", "process 0 exists already"),
            ("proc 16", "process 16: at most 15"),
            ("file 0 memfd 8", "file 0 exists already"),
            ("file 1 floppy 8", "no kind of file is called `floppy`: memfd, ext4, dev0, dev1"),
            ("map 0 0 0 8 0 rw", "the mode `rw` must begin with s or p"),
            ("map 0 0 0 8 0 sz", "the mode `sz` has a letter `z`"),
            ("clean 0 4 4 5", "BITMAP_PGOFF is 5: at most 4"),
            ("wp 0 0 99999999999", "NR is 99999999999: at most 1048576"),
        ] {
            assert_eq!(error(&format!("{head}{line}\n")), format!("line 5: {says}"));
        }
        assert_eq!(error("dump"), "line 1: an op before the first `scenario NAME`");
    }

    #[test]
    fn an_exited_process_is_gone_until_made_again() {
        assert!(parse("scenario s\nproc 3\nexit 3\nproc 3\n").is_ok());
        assert_eq!(
            error("scenario s\nproc 3\nexit 3\nfork 3 4"),
            "line 4: process 3 does not exist"
        );
    }
}
