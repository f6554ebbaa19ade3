//! What can be done to a small world, and random choices of it.

use proptest::prelude::*;
use rangewalk_core::machine::FileKind;
use rangewalk_core::machine::event::Access;

/// Pages of every file, at first.
pub(crate) const FILE_PAGES: u64 = 12;
/// Bits of every bitmap: as many as a file can ever have pages.
pub(crate) const BITMAP_BITS: u64 = 2 * FILE_PAGES + 8;
/// Pages of the window that processes use; the 2 MiB, 1 GiB and 512 GiB boundaries lie in its
/// middle.
pub(crate) const WINDOW: u64 = 24;
/// Page number, in the whole address space, of the window's first page.
pub(crate) const BASE: u64 = (1 << 30) - WINDOW / 2;
/// Live processes at most.
pub(crate) const PROCESSES: usize = 4;

/// The files of a small world: shared memory twice, both kinds of device buffer, and one on a disk.
pub(crate) const FILES: [FileKind; 5] = [
    FileKind::Shmem,
    FileKind::Shmem,
    FileKind::DevPagetable { prefault: 3 },
    FileKind::DevMkwrite { prefault: 1 },
    FileKind::Ext4,
];
/// The one on a disk.
pub(crate) const ON_DISK: usize = 4;
/// It never has more pages: one look around any of them reaches all.
pub(crate) const ON_DISK_MOST: u64 = FILE_PAGES + 4;

/// How a process asks for a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct How {
    pub(crate) shared: bool,
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) exec: bool,
    pub(crate) read_only_fd: bool,
    pub(crate) populate: bool,
}

/// One thing that is done. Pages are of the window or of a file.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    /// Without a file: anonymous memory.
    Map {
        process: usize,
        file: Option<usize>,
        at: u64,
        pages: u64,
        pgoff: u64,
        how: How,
    },
    Unmap {
        process: usize,
        at: u64,
        pages: u64,
    },
    Touch {
        process: usize,
        page: u64,
        access: Access,
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
    BitmapReset {
        file: usize,
        start: u64,
        end: u64,
    },
    Fill {
        file: usize,
        first: u64,
        nr: u64,
    },
    FaultAround {
        pages: u64,
    },
    /// `unmap_mapping_range`, to the end if `nr` is 0.
    Zap {
        file: usize,
        first: u64,
        nr: u64,
        even_cows: bool,
    },
    Mkclean {
        file: usize,
        first: u64,
        nr: u64,
    },
    WrprotectRange {
        file: usize,
        first: u64,
        nr: u64,
    },
    Dontneed {
        process: usize,
        at: u64,
        pages: u64,
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
    SoftClear {
        process: usize,
    },
    /// `READ`, `WRITE` or neither, as in `vm_flags`.
    Protect {
        process: usize,
        at: u64,
        pages: u64,
        access: u64,
    },
    Fork {
        process: usize,
    },
    Exit {
        process: usize,
    },
    /// `mremap`: to page `to`, where it has `to_pages`. `pages` 0: shared memory a second time.
    Remap {
        process: usize,
        at: u64,
        pages: u64,
        to: u64,
        to_pages: u64,
    },
    Fsync {
        file: usize,
    },
    Msync {
        process: usize,
        at: u64,
        pages: u64,
    },
}

/// Accesses and processes are chosen by number among what there is when their turn comes.
#[derive(Clone, Debug)]
pub(crate) enum Choice {
    /// As it says, but the process is one of those alive.
    Op(Op),
    /// A page of one of the process's VMAs.
    Touch { process: usize, vma: usize, page: u64, access: Access },
}

/// What scenarios are about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Theme {
    /// Everything.
    Mixed,
    /// Small private mappings, side by side and much written: families of copies.
    Copies,
}

fn how(theme: Theme) -> impl Strategy<Value = How> {
    let private = match theme {
        Theme::Mixed => 4,
        Theme::Copies => 60,
    };
    let how = |shared, read, write, exec, read_only_fd| How {
        shared,
        read,
        write,
        exec,
        read_only_fd,
        populate: false,
    };
    let how = prop_oneof![
        8 => Just(how(true, true, true, false, false)),
        2 => Just(how(true, true, false, false, false)),
        2 => Just(how(true, true, false, false, true)),
        private => Just(how(false, true, true, false, false)),
        1 => Just(how(false, true, false, false, false)),
        1 => Just(how(false, true, true, false, true)),
        1 => Just(how(true, false, false, false, false)),
        1 => Just(how(true, true, true, true, false)),
        1 => Just(how(true, true, true, false, true)),
    ];
    (how, 0..6u32).prop_map(|(how, rare)| How { populate: rare == 0, ..how })
}

fn access(theme: Theme) -> impl Strategy<Value = Access> {
    let store = match theme {
        Theme::Mixed => 1,
        Theme::Copies => 4,
    };
    prop_oneof![1 => Just(Access::Load), store => Just(Access::Store)]
}

fn file() -> impl Strategy<Value = usize> {
    prop_oneof![5 => Just(0usize), 1 => 0..FILES.len(), 1 => Just(ON_DISK)]
}

/// What is mapped: mostly the first file.
fn backing(theme: Theme) -> impl Strategy<Value = Option<usize>> {
    let anonymous = match theme {
        Theme::Mixed => 1,
        Theme::Copies => 2,
    };
    prop_oneof![6 => file().prop_map(Some), anonymous => Just(None)]
}

/// A stretch of the window.
fn stretch(theme: Theme) -> impl Strategy<Value = (u64, u64)> {
    let (from, to, most) = match theme {
        Theme::Mixed => (0, WINDOW, 9u64),
        Theme::Copies => (WINDOW / 2 - 3, WINDOW / 2 + 3, 3),
    };
    (from..to, 1..most).prop_map(move |(at, pages)| (at, pages.min(to - at)))
}

/// A stretch of a file, which may begin and end behind its end.
fn range() -> impl Strategy<Value = (u64, u64)> {
    (0..FILE_PAGES + 2, prop_oneof![4 => 1..FILE_PAGES, 1 => Just(FILE_PAGES + 4)])
}

/// What is done in a scenario of that theme.
pub(crate) fn choice(theme: Theme) -> impl Strategy<Value = Choice> {
    let process = match theme {
        Theme::Mixed => 0..PROCESSES,
        Theme::Copies => 0..2,
    };
    let map = (process.clone(), backing(theme), stretch(theme), 0..FILE_PAGES, how(theme))
        .prop_map(|(process, file, (at, pages), pgoff, how)| Op::Map {
            process,
            file,
            at,
            pages,
            pgoff,
            how,
        });
    // At the offset that suits what may be there already: merges are not rare then.
    let aligned = (process.clone(), backing(theme), stretch(theme), how(theme)).prop_map(
        |(process, file, (at, pages), how)| Op::Map {
            process,
            file,
            at,
            pages,
            pgoff: at % FILE_PAGES,
            how,
        },
    );
    // Mostly as long as before, and mostly not over itself.
    let remap = (process.clone(), stretch(theme), stretch(theme), 0..8u32).prop_map(
        |(process, (at, pages), (to, to_pages), kind)| {
            let same = pages.min(WINDOW - to);
            let (pages, to_pages) = match kind {
                0 => (0, to_pages),
                1 | 2 => (pages, to_pages),
                _ => (same, same),
            };
            Op::Remap { process, at, pages, to, to_pages }
        },
    );
    let (unaligned, walks) = match theme {
        Theme::Mixed => (8, 6),
        Theme::Copies => (1, 1),
    };
    let op = prop_oneof![
        unaligned => map,
        6 => aligned,
        4 => (process.clone(), stretch(theme))
            .prop_map(|(process, (at, pages))| Op::Unmap { process, at, pages }),
        2 => (process.clone(), 0..WINDOW, access(theme))
            .prop_map(|(process, page, access)| Op::Touch { process, page, access }),
        2 * walks + 13 => file_op(walks),
        1 => (0..6u32).prop_map(|log| Op::FaultAround { pages: 1 << log }),
        2 => (process.clone(), stretch(theme))
            .prop_map(|(process, (at, pages))| Op::Dontneed { process, at, pages }),
        1 => process.clone().prop_map(|process| Op::SoftClear { process }),
        5 => (process.clone(), stretch(theme), prop::sample::select(vec![0, 1, 3])).prop_map(
            |(process, (at, pages), access)| Op::Protect { process, at, pages, access }
        ),
        3 => process.clone().prop_map(|process| Op::Fork { process }),
        1 => process.clone().prop_map(|process| Op::Exit { process }),
        4 => remap,
        1 => (process.clone(), stretch(theme))
            .prop_map(|(process, (at, pages))| Op::Msync { process, at, pages }),
    ];
    let touch = (process, 0..8usize, 0..9u64, access(theme))
        .prop_map(|(process, vma, page, access)| Choice::Touch { process, vma, page, access });
    prop_oneof![2 => op.prop_map(Choice::Op), 1 => touch]
}

/// What is done to a file; `walks` says how often the two helpers walk it.
fn file_op(walks: u32) -> impl Strategy<Value = Op> {
    prop_oneof![
        walks => (file(), range()).prop_map(|(file, (first, nr))| Op::Wp { file, first, nr }),
        walks => (file(), range(), 0..3u64).prop_map(|(file, (first, nr), before)| {
            Op::Clean { file, first, nr, bitmap_pgoff: first.saturating_sub(before) }
        }),
        1 => (file(), 0..FILE_PAGES, 0..FILE_PAGES)
            .prop_map(|(file, start, end)| Op::BitmapReset { file, start, end }),
        2 => (file(), range()).prop_map(|(file, (first, nr))| Op::Fill { file, first, nr }),
        2 => (file(), range(), any::<bool>()).prop_map(|(file, (first, nr), even_cows)| {
            Op::Zap { file, first, nr: if nr > FILE_PAGES { 0 } else { nr }, even_cows }
        }),
        2 => (file(), range()).prop_map(|(file, (first, nr))| Op::Mkclean { file, first, nr }),
        2 => (file(), range())
            .prop_map(|(file, (first, nr))| Op::WrprotectRange { file, first, nr }),
        1 => (file(), 0..FILE_PAGES + 4)
            .prop_map(|(file, pages)| Op::Truncate { file, pages }),
        1 => (file(), range()).prop_map(|(file, (first, nr))| Op::Punch { file, first, nr }),
        1 => (0..FILES.len()).prop_map(|file| Op::Fsync { file }),
        1 => Just(Op::Fsync { file: ON_DISK }),
    ]
}
