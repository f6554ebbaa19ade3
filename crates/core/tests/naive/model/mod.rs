//! The naive model: what every op does to (process, page), written down from the facts a second
//! time. Flat maps and one sorted list; no trees, no page tables, no shared code with the emulator.

mod fault;
mod fork;
mod merge;
mod protect;
mod readahead;
mod remap;
mod sync;
mod vma;
mod walk;
mod zap;

use std::collections::{BTreeMap, BTreeSet};

use rangewalk_core::machine::FileKind;

use crate::op::{
    BASE, BITMAP_BITS, Choice, FILE_PAGES, FILES, ON_DISK, ON_DISK_MOST, Op, PROCESSES,
};
use crate::view::{EntryView, FileView, View, VmaView, What};
use readahead::Window;
use vma::{Vma, VmaId};

/// Which kernel: the model's own idea of how they differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Release {
    V6_1,
    V6_12,
    V7_3,
}

impl Release {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "6.1" => Self::V6_1,
            "6.12" => Self::V6_12,
            "7.3" => Self::V7_3,
            _ => panic!("no rules for {name}"),
        }
    }
}

/// What an entry maps, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    what: Mapped,
    write: bool,
    dirty: bool,
    soft_dirty: bool,
    young: bool,
    exec: bool,
    /// `PROT_NONE`.
    none: bool,
}

/// Like [`What`], with copies told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mapped {
    Page(usize, u64),
    Frame(usize, u64),
    Copy(u32),
    Zero,
}

/// A file and what others know of it.
#[derive(Clone, Debug, Default)]
struct File {
    pages: u64,
    /// Cached pages; true: dirty.
    cache: BTreeMap<u64, bool>,
    /// Pages that a fault must come for, so that more is read.
    marked: BTreeSet<u64>,
    /// By whether through a read-only descriptor.
    windows: [Window; 2],
    bitmap: BTreeSet<u64>,
    bitmap_range: (u64, u64),
    faults: u64,
    mkwrites: u64,
    written: BTreeSet<u64>,
    /// Its VMAs as a walk meets them: by page offset, then as they came.
    order: Vec<VmaId>,
}

/// A world.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    release: Release,
    files: Vec<File>,
    /// Every process that ever was; `None`: gone.
    processes: Vec<Option<Process>>,
    vmas: BTreeMap<VmaId, Vma>,
    fault_around: u64,
    next_vma: u32,
    next_family: u32,
    next_copy: u32,
    /// Copies that no fork has shared since they were made or last written.
    exclusive: BTreeSet<u32>,
}

/// A process: entries by page of the window.
#[derive(Clone, Debug, Default)]
struct Process {
    entries: BTreeMap<u64, Entry>,
}

impl Model {
    pub(crate) fn new(release: Release) -> Self {
        let file = File { pages: FILE_PAGES, bitmap_range: (BITMAP_BITS, 0), ..File::default() };
        let mut files = vec![file; FILES.len()];
        // It was just written, and synced.
        files[ON_DISK].cache = (0..FILE_PAGES).map(|pgoff| (pgoff, false)).collect();
        Self {
            release,
            files,
            processes: vec![Some(Process::default())],
            vmas: BTreeMap::new(),
            fault_around: 16,
            next_vma: 0,
            next_family: 1,
            next_copy: 0,
            exclusive: BTreeSet::new(),
        }
    }

    /// What a choice comes to here; `None`: there is nothing to choose from.
    pub(crate) fn resolve(&self, choice: &Choice) -> Option<Op> {
        let live = self.live();
        let alive = |process: usize| live[process % live.len()];
        let mut op = match choice {
            Choice::Op(op) => op.clone(),
            Choice::Touch { process, vma, page, access } => {
                let process = alive(*process);
                let vmas = self.vmas_of(process);
                let vma = &self.vmas[vmas.get(vma % vmas.len().max(1))?];
                let page = vma.at + page % vma.pages;
                return self.is_told(process, page).then_some(Op::Touch {
                    process,
                    page,
                    access: *access,
                });
            }
        };
        if let Op::Map { file: None, how, .. } = &mut op {
            // Shared anonymous memory is a file.
            (how.shared, how.read_only_fd) = (false, false);
        }
        match &mut op {
            Op::Fill { file: ON_DISK, first, nr }
                if *first + *nr > ON_DISK_MOST || self.writes_large_folio(*first, *first + *nr) =>
            {
                return None;
            }
            Op::Fork { .. } if live.len() == PROCESSES => return None,
            Op::Exit { .. } if live.len() == 1 => return None,
            Op::Map { process, .. }
            | Op::Unmap { process, .. }
            | Op::Dontneed { process, .. }
            | Op::SoftClear { process }
            | Op::Protect { process, .. }
            | Op::Touch { process, .. }
            | Op::Fork { process }
            | Op::Remap { process, .. }
            | Op::Msync { process, .. }
            | Op::Exit { process } => *process = alive(*process),
            _ => {}
        }
        match &mut op {
            Op::Touch { process, page, .. } if !self.is_told(*process, *page) => return None,
            Op::Map { file: Some(ON_DISK), pages, pgoff, how, .. } => {
                how.populate &= *pgoff + *pages <= self.files[ON_DISK].pages;
            }
            _ => {}
        }
        Some(op)
    }

    /// Behind a file's end, whether its last page comes along depends on page tables, but for
    /// shared memory.
    fn is_told(&self, process: usize, page: u64) -> bool {
        self.vma_at(process, page).map(|id| self.vmas[&id]).is_none_or(|vma| {
            let file = &self.files[ON_DISK];
            vma.file != Some(ON_DISK) || vma.pgoff + (page - vma.at) < file.pages
        })
    }

    /// Does it; the answer in the same words as the emulator's.
    pub(crate) fn apply(&mut self, op: &Op) -> String {
        match *op {
            Op::Map { process, file, at, pages, pgoff, how } => {
                let done = self.mmap(process, file, (at, pages, pgoff), how);
                if done.is_ok() && how.populate {
                    self.populate(process, at, at + pages);
                }
                returned(done)
            }
            Op::Remap { process, at, pages, to, to_pages } => {
                returned(self.mremap(process, (at, pages), (to, to_pages)))
            }
            Op::Fsync { file } => returned(self.fsync(file, 0, u64::MAX)),
            Op::Msync { process, at, pages } => returned(self.msync(process, at, at + pages)),
            Op::Unmap { process, at, pages } => {
                self.munmap(process, at, at + pages);
                String::from("Ok(())")
            }
            Op::Touch { process, page, access } => self.touch(process, page, access),
            Op::Wp { file, first, nr } => self.wp(file, first, nr).to_string(),
            Op::Clean { file, first, nr, bitmap_pgoff } => {
                self.clean(file, first, nr, bitmap_pgoff).to_string()
            }
            Op::BitmapReset { file, start, end } => {
                let file = &mut self.files[file];
                (file.bitmap, file.bitmap_range) = (BTreeSet::new(), (start, end));
                String::new()
            }
            Op::Fill { file, first, nr } => {
                let filled = self.fill(file, first, nr);
                filled.map_or_else(|errno| format!("Err({errno})"), |n| format!("Ok({n})"))
            }
            Op::FaultAround { pages } => {
                self.fault_around = pages;
                String::new()
            }
            Op::Zap { file, first, nr, even_cows } => {
                self.unmap_mapping(file, first, nr, even_cows);
                String::new()
            }
            Op::Mkclean { file, first, nr } => self.mkclean(file, first, nr).to_string(),
            Op::WrprotectRange { file, first, nr } => {
                let changed = self.wrprotect_range(file, first, nr);
                changed.map_or_else(|errno| format!("Err({errno})"), |n| format!("Ok({n})"))
            }
            Op::Dontneed { process, at, pages } => returned(self.dontneed(process, at, at + pages)),
            Op::Truncate { file, pages } => returned(self.truncate(file, pages)),
            Op::Punch { file, first, nr } => returned(self.punch(file, first, nr)),
            Op::SoftClear { process } => {
                self.soft_clear(process);
                String::new()
            }
            Op::Protect { process, at, pages, access } => {
                returned(self.mprotect(process, (at, at + pages), access))
            }
            Op::Fork { process } => self.fork(process).to_string(),
            Op::Exit { process } => {
                self.exit(process);
                String::new()
            }
        }
    }

    fn live(&self) -> Vec<usize> {
        (0..self.processes.len()).filter(|p| self.processes[*p].is_some()).collect()
    }

    fn process(&mut self, process: usize) -> &mut Process {
        self.processes[process].as_mut().expect("a live process")
    }

    /// Entries of all processes that map `what`.
    fn mapcount(&self, what: Mapped) -> u32 {
        let all = self.processes.iter().flatten().flat_map(|process| process.entries.values());
        u32::try_from(all.filter(|entry| entry.what == what).count()).expect("a small world")
    }

    pub(crate) fn view(&self) -> View {
        let processes = self.live().into_iter().map(|process| {
            let vmas = self.vmas_of(process);
            (process, vmas.iter().map(|id| self.vma_view(&self.vmas[id])).collect())
        });
        let files = self.files.iter().enumerate().map(|(number, file)| {
            let cache = file.cache.iter().map(|(pgoff, dirty)| {
                (*pgoff, (*dirty, self.mapcount(Mapped::Page(number, *pgoff))))
            });
            FileView {
                pages: file.pages,
                cache: cache.collect(),
                bitmap: file.bitmap.clone(),
                bitmap_range: file.bitmap_range,
                heard: (file.faults, file.mkwrites, file.written.clone()),
                order: file
                    .order
                    .iter()
                    .map(|id| (self.vmas[id].process, self.vmas[id].at))
                    .collect(),
            }
        });
        View { processes: processes.collect(), files: files.collect() }
    }

    fn vma_view(&self, vma: &Vma) -> VmaView {
        let entries = &self.processes[vma.process].as_ref().expect("a live process").entries;
        let entries = entries.range(vma.at..vma.end()).map(|(page, entry)| {
            let (what, mapcount) = match entry.what {
                Mapped::Page(file, pgoff) => (What::Page(file, pgoff), self.mapcount(entry.what)),
                Mapped::Frame(file, pgoff) => (What::Frame(file, pgoff), 0),
                Mapped::Zero => (What::Zero, 0),
                Mapped::Copy(_) => (What::Copy, self.mapcount(entry.what)),
            };
            (*page, EntryView { word: entry.word(self.release), what, mapcount })
        });
        VmaView {
            place: (vma.at, vma.pages, vma.pgoff),
            file: vma.file.map(|file| (file, vma.read_only_fd)),
            flags: vma.flags,
            prot: self.fresh(vma, Mapped::Copy(0)).word(self.release),
            entries: entries.collect(),
        }
    }
}

impl Entry {
    /// The word without its frame number.
    fn word(self, release: Release) -> u64 {
        // A read-only entry that is dirty would be a shadow stack's: the dirt moves, from 6.6 on.
        let dirt = if self.write || release == Release::V6_1 { 1 << 6 } else { 1 << 58 };
        let bit = |is_set: bool, bit: u64| if is_set { bit } else { 0 };
        let special = matches!(self.what, Mapped::Frame(..) | Mapped::Zero);
        let present = if self.none { 1 << 8 } else { 1 << 0 | 1 << 2 | bit(!self.exec, 1 << 63) };
        present
            | bit(self.write, 1 << 1)
            | bit(self.young, 1 << 5)
            | bit(self.dirty, dirt)
            | bit(special, 1 << 9)
            | bit(self.soft_dirty, 1 << 11)
    }
}

/// How a system call ended, in the emulator's words.
fn returned(result: Result<(), &'static str>) -> String {
    result.map_or_else(|errno| format!("Err({errno})"), |()| String::from("Ok(())"))
}

/// The page-table that a page of the window belongs to.
fn table(page: u64) -> u64 {
    (BASE + page) / 512
}

fn is_device(file: Option<usize>) -> bool {
    file.is_some_and(|file| !matches!(FILES[file], FileKind::Shmem | FileKind::Ext4))
}
