//! Reads `/proc`: which processes there are, what they map, which of their pages are present.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use rangewalk_core::addr::PAGE_SIZE;

use super::maps::{self, Mapping};

/// Entries of a pagemap that are read at once.
const CHUNK: usize = 8192;

/// A `/proc`.
pub struct Procfs {
    root: PathBuf,
}

/// Where a process comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Origin {
    /// Its parent's number.
    pub parent: u32,
    /// When it was started, in clock ticks since boot.
    pub started: u64,
}

/// What a pagemap says of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Its entry is empty.
    Absent,
    /// Its entry is present.
    Present,
    /// Present, and written since soft-dirty was last cleared.
    SoftDirty,
}

impl Procfs {
    /// The `/proc` mounted at `root`.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// All processes, ascending.
    ///
    /// # Errors
    /// If there is no such folder.
    pub fn pids(&self) -> io::Result<Vec<u32>> {
        let names = fs::read_dir(&self.root)?.filter_map(Result::ok).map(|entry| entry.file_name());
        let mut pids: Vec<u32> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
        pids.sort_unstable();
        Ok(pids)
    }

    /// What a process maps.
    ///
    /// # Errors
    /// If it is gone or may not be looked at.
    pub fn maps(&self, pid: u32) -> io::Result<Vec<Mapping>> {
        self.mappings(pid, "maps")
    }

    /// The same with `vm_flags`, which takes the kernel longer.
    ///
    /// # Errors
    /// If it is gone or may not be looked at.
    pub fn smaps(&self, pid: u32) -> io::Result<Vec<Mapping>> {
        self.mappings(pid, "smaps")
    }

    fn mappings(&self, pid: u32, name: &str) -> io::Result<Vec<Mapping>> {
        // A path need not be UTF-8.
        let text = fs::read(self.file(pid, name))?;
        maps::parse(&String::from_utf8_lossy(&text)).map_err(io::Error::other)
    }

    /// A process's name, of at most 15 characters.
    ///
    /// # Errors
    /// If it is gone.
    pub fn comm(&self, pid: u32) -> io::Result<String> {
        let text = fs::read(self.file(pid, "comm"))?;
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    }

    /// Who started a process, and when.
    ///
    /// # Errors
    /// If it is gone.
    pub fn origin(&self, pid: u32) -> io::Result<Origin> {
        let text = fs::read(self.file(pid, "stat"))?;
        origin(&String::from_utf8_lossy(&text))
            .ok_or_else(|| io::Error::other(format!("/proc/{pid}/stat is not understood")))
    }

    /// Calls `page` with number and presence of each page from `start` on until it says `false`.
    ///
    /// # Errors
    /// If the pagemap may not be read.
    pub fn pagemap(
        &self,
        pid: u32,
        start: u64,
        pages: u64,
        mut page: impl FnMut(u64, Presence) -> bool,
    ) -> io::Result<()> {
        let mut file = File::open(self.file(pid, "pagemap"))?;
        file.seek(SeekFrom::Start(start / PAGE_SIZE * 8))?;
        let mut entries = file.take(pages * 8);
        let mut buffer = vec![0; CHUNK * 8];
        let mut index = 0;
        loop {
            let filled = fill(&mut entries, &mut buffer)?;
            for entry in buffer[..filled].chunks_exact(8) {
                let entry = u64::from_ne_bytes(entry.try_into().expect("eight bytes"));
                if !page(index, presence(entry)) {
                    return Ok(());
                }
                index += 1;
            }
            if filled < buffer.len() {
                return Ok(());
            }
        }
    }

    fn file(&self, pid: u32, name: &str) -> PathBuf {
        self.root.join(pid.to_string()).join(name)
    }
}

/// Fields 4 and 22; the name in field 2 may hold blanks and parentheses.
fn origin(stat: &str) -> Option<Origin> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    Some(Origin { parent, started })
}

/// Bit 63 is present, bit 55 soft-dirty.
const fn presence(entry: u64) -> Presence {
    match (entry >> 63 & 1, entry >> 55 & 1) {
        (0, _) => Presence::Absent,
        (_, 0) => Presence::Present,
        _ => Presence::SoftDirty,
    }
}

/// Reads until `buffer` is full or there is no more.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
