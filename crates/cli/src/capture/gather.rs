//! Finds every process that maps the chosen files.

use std::io;
use std::ops::Range;

use rangewalk_core::addr::PAGE_SIZE;
use rangewalk_core::arch::Levels;
use rangewalk_core::scenario::limits::{FILE_PAGES_MAX, PGOFF_MAX};

use super::maps::{FileKey, Mapping};
use super::procfs::{Origin, Presence, Procfs};
use super::tidy::tidy;

/// Most touched pages that are written down, so that the scenario fits a tape.
pub const TOUCHED_PAGES_MAX: u64 = 8192;

/// Which files to capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The file at this path, or those that maps call so.
    File {
        /// As given, or made absolute.
        path: String,
        /// Its identity, if it still has a name in the file system.
        key: Option<FileKey>,
    },
    /// All that these processes map shared.
    Pids(Vec<u32>),
}

/// What to capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which files.
    pub choice: Choice,
    /// How closely to look.
    pub detail: Detail,
    /// Which of the files' pages to look at and walk over.
    pub pages: Range<u64>,
}

/// Whether to look which pages are touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Mappings only.
    Mappings,
    /// Also read the pagemaps.
    TouchedPages,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// As asked for: which of the files' pages to walk over.
    pub pages: Range<u64>,
    /// Those that somebody may write to first, the largest first.
    pub files: Vec<CapturedFile>,
    /// In the order in which they were started.
    pub processes: Vec<CapturedProcess>,
    /// What was left out or could not be known: a sentence each.
    pub remarks: Vec<String>,
}

/// A file that is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedFile {
    /// Its identity.
    pub key: FileKey,
    /// What maps call it.
    pub path: String,
    /// Pages, as far as they are mapped.
    pub pages: u64,
}

/// A process that maps one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedProcess {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub comm: String,
    /// Where it comes from.
    pub origin: Origin,
    /// Place in [`Capture::processes`] of the parent that it has all these mappings from.
    pub forked_from: Option<usize>,
    /// By address.
    pub mappings: Vec<CapturedMapping>,
}

/// One of its mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedMapping {
    /// Place in [`Capture::files`].
    pub file: usize,
    /// The mapping itself.
    pub mapping: Mapping,
    /// Its touched pages, counted from its first: ascending runs.
    pub touched: Vec<Touched>,
}

/// A run of touched pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its first page, counted from the mapping's.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// Known to be written.
    pub written: bool,
}

impl CapturedMapping {
    /// The mapping's pages in the file: first and count.
    #[must_use]
    pub fn pages(&self) -> (u64, u64) {
        let Mapping { start, end, offset, .. } = self.mapping;
        (offset / PAGE_SIZE, (end - start) / PAGE_SIZE)
    }

    /// Those of its pages, counted from its first, that are among `pages` of the file.
    fn clip(&self, pages: &Range<u64>) -> Range<u64> {
        let (first, count) = self.pages();
        pages.start.saturating_sub(first)..pages.end.saturating_sub(first).min(count)
    }
}

/// Looks at every process.
///
/// # Errors
/// If there is no `/proc`, or a process that was asked for cannot be read.
pub fn gather(procfs: &Procfs, request: &Request) -> io::Result<Capture> {
    let mut keys = Vec::new();
    if let Choice::Pids(pids) = &request.choice {
        for pid in pids {
            let maps = procfs
                .maps(*pid)
                .map_err(|error| io::Error::new(error.kind(), format!("process {pid}: {error}")))?;
            keys.extend(maps.iter().filter(|m| m.shared && m.file.inode != 0).map(|m| m.file));
        }
    }
    let wanted = |mapping: &Mapping| match &request.choice {
        Choice::File { path, key } => {
            *key == Some(mapping.file) || (mapping.file.inode != 0 && is_called(mapping, path))
        }
        Choice::Pids(_) => keys.contains(&mapping.file),
    };
    let mut reading = Reading::default();
    for pid in procfs.pids()? {
        reading.process(procfs, pid, wanted);
    }
    let mut capture = reading.finish();
    capture.pages = request.pages.clone();
    tidy(&mut capture);
    if request.detail == Detail::TouchedPages {
        touched(procfs, &mut capture);
    }
    Ok(capture)
}

/// Maps add ` (deleted)` to what has no name any more.
fn is_called(mapping: &Mapping, path: &str) -> bool {
    fn name(path: &str) -> &str {
        path.strip_suffix(" (deleted)").unwrap_or(path)
    }
    name(&mapping.path) == name(path)
}

/// The processes as they are read.
#[derive(Default)]
struct Reading {
    capture: Capture,
    /// Processes that may not be looked at.
    unreadable: usize,
    /// Mappings that the language cannot say: huge pages, addresses and offsets beyond its limits.
    unsayable: usize,
}

impl Reading {
    fn process(&mut self, procfs: &Procfs, pid: u32, wanted: impl Fn(&Mapping) -> bool) {
        let maps = match procfs.maps(pid) {
            Ok(maps) => maps,
            // It ended in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(_) => {
                self.unreadable += 1;
                return;
            }
        };
        if !maps.iter().any(&wanted) {
            return;
        }
        let maps = procfs.smaps(pid).unwrap_or(maps);
        let mappings: Vec<CapturedMapping> =
            maps.into_iter().filter(wanted).filter_map(|mapping| self.mapping(mapping)).collect();
        self.capture.processes.push(CapturedProcess {
            pid,
            comm: procfs.comm(pid).unwrap_or_default(),
            origin: procfs.origin(pid).unwrap_or_default(),
            forked_from: None,
            mappings,
        });
    }

    fn mapping(&mut self, mapping: Mapping) -> Option<CapturedMapping> {
        let end = mapping.offset / PAGE_SIZE + (mapping.end - mapping.start) / PAGE_SIZE;
        let sayable = mapping.end <= Levels::Five.task_size()
            && end <= FILE_PAGES_MAX.min(PGOFF_MAX)
            && !mapping.vm_flags.is_some_and(|flags| flags.hugetlb);
        if !sayable {
            self.unsayable += 1;
            return None;
        }
        let files = &mut self.capture.files;
        let known = files.iter().position(|file| file.key == mapping.file);
        let file = known.unwrap_or_else(|| {
            files.push(CapturedFile { key: mapping.file, path: mapping.path.clone(), pages: 0 });
            files.len() - 1
        });
        files[file].pages = files[file].pages.max(end);
        Some(CapturedMapping { file, mapping, touched: Vec::new() })
    }

    fn finish(mut self) -> Capture {
        let unreadable = (self.unreadable, "processes that could not be read", "");
        let unsayable = (self.unsayable, "mappings left out", " (huge pages or beyond the limits)");
        for (count, what, why) in [unreadable, unsayable] {
            if count > 0 {
                self.capture.remarks.push(format!("{what}: {count}{why}"));
            }
        }
        self.capture
    }
}

/// Reads the pagemaps; each mapping gets an equal share of the limit.
fn touched(procfs: &Procfs, capture: &mut Capture) {
    let mappings: usize = capture.processes.iter().map(|process| process.mappings.len()).sum();
    let share = TOUCHED_PAGES_MAX / (mappings as u64).max(1);
    let (mut cut, mut failed, mut unknown) = (0, 0, false);
    for process in &mut capture.processes {
        for captured in &mut process.mappings {
            let mut runs = Runs { touched: Vec::new(), room: share };
            let flags = captured.mapping.vm_flags.unwrap_or_default();
            let pages = captured.clip(&capture.pages);
            let (skip, count) = (pages.start, pages.end.saturating_sub(pages.start));
            let start = captured.mapping.start + skip * PAGE_SIZE;
            let read = procfs.pagemap(process.pid, start, count, |page, presence| {
                let written = presence == Presence::SoftDirty && !flags.soft_dirty;
                unknown |= presence != Presence::Absent && !written;
                let fits = presence == Presence::Absent || runs.add(skip + page, written);
                cut += usize::from(!fits);
                fits
            });
            failed += usize::from(read.is_err());
            captured.touched = runs.touched;
        }
    }
    if cut > 0 {
        capture.remarks.push(format!(
            "only the first {share} touched pages of {cut} mappings: the limit is \
             {TOUCHED_PAGES_MAX} in all"
        ));
    }
    if failed > 0 {
        capture.remarks.push(format!("mappings whose touched pages could not be read: {failed}"));
    }
    if unknown {
        let why = "a page is known to be written only since soft-dirty was cleared \
                   (/proc/PID/clear_refs); the others are loads";
        capture.remarks.push(why.to_owned());
    }
}

/// Touched pages as they are read.
struct Runs {
    touched: Vec<Touched>,
    room: u64,
}

impl Runs {
    /// False once there is no more room.
    fn add(&mut self, page: u64, written: bool) -> bool {
        if self.room == 0 {
            return false;
        }
        self.room -= 1;
        match self.touched.last_mut() {
            Some(run) if run.first + run.count == page && run.written == written => run.count += 1,
            _ => self.touched.push(Touched { first: page, count: 1, written }),
        }
        true
    }
}
