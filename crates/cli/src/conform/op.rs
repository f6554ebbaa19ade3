//! What a golden script can ask for: every op of the format, typed.

use rangewalk_core::arch::Levels;
use rangewalk_core::machine::event::Phase;

/// One `scenario` of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What it does, in order.
    pub ops: Vec<Line>,
}

/// An op with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Line in the script, from 1.
    pub number: usize,
    /// The line itself, without surrounding blanks: what the kernel's answer repeats.
    pub text: String,
    /// What it asks for.
    pub op: Op,
}

/// What backs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// `memfd`: shmem, with an empty page cache.
    Memfd,
    /// `ext4`: every page cached and clean.
    Ext4,
    /// `dev0`: raw frames, writable entries.
    Dev0 {
        /// Entries that one fault inserts.
        prefault: u32,
    },
    /// `dev1`: raw frames, read-only entries, `pfn_mkwrite` hears of writes.
    Dev1 {
        /// Entries that one fault inserts.
        prefault: u32,
    },
}

/// MODE of `map`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MapMode {
    /// `s`, not `p`.
    pub shared: bool,
    /// `r`.
    pub read: bool,
    /// `w`.
    pub write: bool,
    /// `x`.
    pub exec: bool,
    /// `R`: through an `O_RDONLY` descriptor.
    pub read_only_fd: bool,
    /// `P`: `MAP_POPULATE`.
    pub populate: bool,
}

/// PROT of `prot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtMode {
    /// `r`.
    Read,
    /// `rw`.
    ReadWrite,
    /// `n`.
    None,
}

/// One op. Addresses are page numbers in the window, offsets and lengths are in pages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the golden format's own words")]
pub enum Op {
    Levels {
        levels: Levels,
    },
    File {
        file: usize,
        backing: Backing,
        pages: u64,
    },
    Proc {
        proc: usize,
    },
    /// `file` is `None` for anonymous memory.
    Map {
        proc: usize,
        file: Option<usize>,
        at: u64,
        pages: u64,
        pgoff: u64,
        mode: MapMode,
    },
    Load {
        proc: usize,
        at: u64,
        pages: u64,
    },
    Store {
        proc: usize,
        at: u64,
        pages: u64,
    },
    Unmap {
        proc: usize,
        at: u64,
        pages: u64,
    },
    Protect {
        proc: usize,
        at: u64,
        pages: u64,
        mode: ProtMode,
    },
    Dontneed {
        proc: usize,
        at: u64,
        pages: u64,
    },
    Msync {
        proc: usize,
        at: u64,
        pages: u64,
    },
    Remap {
        proc: usize,
        at: u64,
        pages: u64,
        to: u64,
        to_pages: u64,
    },
    Fork {
        proc: usize,
        child: usize,
    },
    Exit {
        proc: usize,
    },
    Wp {
        file: usize,
        first: u64,
        nr: u64,
    },
    Clean {
        file: usize,
        first: u64,
        nr: u64,
        bitmap_pgoff: u64,
    },
    /// `hull` is START and END, if given.
    BitmapReset {
        file: usize,
        bits: u64,
        hull: Option<(u64, u64)>,
    },
    Zap {
        file: usize,
        first: u64,
        nr: u64,
        even_cows: bool,
    },
    ZapPages {
        file: usize,
        first: u64,
        nr: u64,
        even_cows: bool,
    },
    Mkclean {
        file: usize,
        pgoff: u64,
    },
    Wprange {
        file: usize,
        first: u64,
        nr: u64,
    },
    Dax {
        file: usize,
        first: u64,
        nr: u64,
    },
    /// `migrate`, `migrated`.
    Migrate {
        file: usize,
        pgoff: u64,
        phase: Phase,
    },
    Uffd {
        proc: usize,
        at: u64,
        pages: u64,
    },
    Scan {
        proc: usize,
        at: u64,
        pages: u64,
    },
    Smaps {
        proc: usize,
        at: u64,
    },
    Fsync {
        file: usize,
    },
    Truncate {
        file: usize,
        pages: u64,
    },
    Punch {
        file: usize,
        first: u64,
        nr: u64,
    },
    Fill {
        file: usize,
        first: u64,
        nr: u64,
    },
    SoftClear {
        proc: usize,
    },
    FaultAround {
        bytes: u64,
    },
    Dump,
    Tree {
        file: usize,
    },
    Order {
        file: usize,
        first: u64,
        nr: u64,
    },
    Pages {
        file: usize,
    },
    BufBits {
        file: usize,
        clear: bool,
    },
    /// Text written into a file of tracefs.
    TraceWrite {
        file: String,
        text: String,
    },
    TraceDump,
    /// Reads a file.
    Cat {
        path: String,
    },
}

impl Op {
    /// Its name in a script.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Op::Levels { .. } => "levels",
            Op::File { .. } => "file",
            Op::Proc { .. } => "proc",
            Op::Map { .. } => "map",
            Op::Load { .. } => "r",
            Op::Store { .. } => "w",
            Op::Unmap { .. } => "unmap",
            Op::Protect { .. } => "prot",
            Op::Dontneed { .. } => "dontneed",
            Op::Msync { .. } => "msync",
            Op::Remap { .. } => "remap",
            Op::Fork { .. } => "fork",
            Op::Exit { .. } => "exit",
            Op::Wp { .. } => "wp",
            Op::Clean { .. } => "clean",
            Op::BitmapReset { .. } => "bmreset",
            Op::Zap { .. } => "zap",
            Op::ZapPages { .. } => "zapp",
            Op::Mkclean { .. } => "mkclean",
            Op::Wprange { .. } => "wprange",
            Op::Dax { .. } => "dax",
            Op::Migrate { phase: Phase::Begins, .. } => "migrate",
            Op::Migrate { .. } => "migrated",
            Op::Uffd { .. } => "uffd",
            Op::Scan { .. } => "scan",
            Op::Smaps { .. } => "smaps",
            Op::Fsync { .. } => "fsync",
            Op::Truncate { .. } => "trunc",
            Op::Punch { .. } => "punch",
            Op::Fill { .. } => "fill",
            Op::SoftClear { .. } => "softclear",
            Op::FaultAround { .. } => "faround",
            Op::Dump => "dump",
            Op::Tree { .. } => "tree",
            Op::Order { .. } => "order",
            Op::Pages { .. } => "pages",
            Op::BufBits { .. } => "bufbits",
            Op::TraceWrite { .. } => "tr",
            Op::TraceDump => "trdump",
            Op::Cat { .. } => "cat",
        }
    }
}
