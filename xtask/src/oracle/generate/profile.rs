//! What a random scenario is rich in: its ops and how often each is chosen, its files, its modes.

use Kind::{
    BitmapReset, Clean, Dax, Dontneed, Exit, FaultAround, Fill, Fork, Fsync, Load, Map, Migrate,
    Mkclean, Msync, Proc, Protect, Punch, Remap, Scan, Smaps, SoftClear, Store, Truncate, Uffd,
    Unmap, Wp, Wprange, Zap, ZapPages,
};

/// What a scenario is rich in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// Everything.
    Mixed,
    /// Walks that write-protect and clean, and stores between them.
    Walks,
    /// mprotect, mremap, munmap and mmap side by side, which cut and merge VMAs.
    Vmas,
    /// Hard: long storms of walks over many processes, copies and anonymous memory among them.
    Storm,
    /// Hard: cuts and merges of everything that can be mapped, page by page.
    Cuts,
    /// Hard: ranges of whole page tables, moved and freed.
    Tables,
    /// Hard: the page cache is filled, cut, punched, read ahead and written back.
    Cache,
}

impl Profile {
    /// Those of `--hard`.
    pub(super) const HARD: [Profile; 4] =
        [Profile::Storm, Profile::Cuts, Profile::Tables, Profile::Cache];

    /// One of those.
    pub(super) fn is_hard(self) -> bool {
        Profile::HARD.contains(&self)
    }
}

/// An op and how often it is chosen.
pub(super) type Weight = (Kind, u32);

/// An op, more or less.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Load,
    Store,
    Map,
    Proc,
    Unmap,
    Protect,
    Remap,
    Dontneed,
    Msync,
    Fork,
    Exit,
    Wp,
    Clean,
    Wprange,
    Dax,
    Migrate,
    Smaps,
    Uffd,
    Scan,
    BitmapReset,
    Zap,
    ZapPages,
    Mkclean,
    Fsync,
    Truncate,
    Punch,
    Fill,
    SoftClear,
    FaultAround,
}

impl Profile {
    /// Its ops.
    pub(super) fn weights(self) -> &'static [Weight] {
        match self {
            Profile::Mixed => MIXED,
            Profile::Walks => WALKS,
            Profile::Vmas => VMAS,
            Profile::Storm => STORM,
            Profile::Cuts => CUTS,
            Profile::Tables => TABLES,
            Profile::Cache => CACHE,
        }
    }

    /// Of the hard ones: kinds of files.
    pub(super) fn files(self) -> &'static [&'static str] {
        match self {
            Profile::Cache => &["ext4", "ext4", "ext4", "ext4", "memfd"],
            Profile::Tables => &["memfd", "memfd", "memfd", "ext4", "dev1", "dev0"],
            _ => &["memfd", "memfd", "memfd", "memfd", "ext4", "ext4", "dev1", "dev0"],
        }
    }

    /// Of the hard ones: pages of files.
    pub(super) fn sizes(self) -> &'static [u64] {
        match self {
            Profile::Storm => &[3, 16, 40, 64, 130, 300, 700, 1100],
            Profile::Cuts => &[16, 33, 64, 64, 130, 300],
            Profile::Tables => &[300, 700, 1100, 1600, 2100],
            _ => &[1, 8, 33, 64, 100, 130, 200, 300, 600],
        }
    }

    /// Of the hard ones: how a file is mapped.
    pub(super) fn modes(self, is_buffer: bool) -> &'static [&'static str] {
        match self {
            // The last but one is refused when what was there is gone already.
            _ if is_buffer => {
                &["srw", "srw", "srw", "srw", "srw", "sr", "sn", "srR", "prw", "srwP"]
            }
            Profile::Cuts => &[
                "srw", "srw", "srw", "sr", "prw", "prw", "prw", "pr", "pr", "srR", "sn", "pn",
                "srwP", "prwP", "prP", "srP", "srx", "srwx", "prx",
            ],
            Profile::Cache => &["srw", "srw", "srw", "sr", "prw", "pr", "srR", "srwP", "srx"],
            _ => &[
                "srw", "srw", "srw", "srw", "srw", "srw", "srw", "srw", "srwP", "sr", "prw", "prw",
                "prwP", "pr", "srR", "sn",
            ],
        }
    }
}

const MIXED: &[Weight] = &[
    (Store, 36),
    (Load, 16),
    (Wp, 14),
    (Clean, 12),
    (Wprange, 4),
    (Map, 10),
    (Zap, 6),
    (ZapPages, 4),
    (Fork, 5),
    (Unmap, 4),
    (Protect, 4),
    (Dontneed, 3),
    (BitmapReset, 2),
    (Mkclean, 3),
    (Fsync, 2),
    (SoftClear, 2),
    (Remap, 2),
    (Msync, 1),
    (Exit, 1),
    (Punch, 1),
    (Truncate, 1),
    (Fill, 2),
];

const WALKS: &[Weight] = &[
    (Store, 40),
    (Load, 10),
    (Wp, 20),
    (Clean, 24),
    (Wprange, 10),
    (BitmapReset, 5),
    (Mkclean, 4),
    (Fsync, 3),
    (SoftClear, 2),
    (Map, 5),
    (Fork, 4),
    (Protect, 4),
    (Zap, 2),
    (Unmap, 1),
    (Exit, 1),
];

const VMAS: &[Weight] = &[
    (Protect, 28),
    (Map, 26),
    (Unmap, 12),
    (Remap, 14),
    (Store, 20),
    (Load, 6),
    (Fork, 4),
    (Exit, 2),
    (Dontneed, 2),
    (SoftClear, 2),
    (Wp, 2),
    (Clean, 2),
    (Zap, 1),
];

const STORM: &[Weight] = &[
    (Store, 40),
    (Load, 16),
    (Wp, 30),
    (Clean, 34),
    (Wprange, 12),
    (Dax, 8),
    (Migrate, 6),
    (Smaps, 4),
    (Uffd, 4),
    (Scan, 8),
    (BitmapReset, 6),
    (Mkclean, 5),
    (Fsync, 4),
    (Msync, 3),
    (SoftClear, 4),
    (Map, 8),
    (Proc, 2),
    (Fork, 6),
    (Protect, 8),
    (Remap, 4),
    (Zap, 4),
    (ZapPages, 3),
    (Dontneed, 3),
    (Unmap, 3),
    (Exit, 2),
    (Fill, 2),
    (Truncate, 1),
    (Punch, 2),
    (FaultAround, 2),
];

const CUTS: &[Weight] = &[
    (Protect, 30),
    (Map, 30),
    (Unmap, 12),
    (Remap, 18),
    (Store, 24),
    (Load, 8),
    (Proc, 1),
    (Fork, 5),
    (Exit, 2),
    (Dontneed, 3),
    (SoftClear, 4),
    (Msync, 2),
    (Wp, 4),
    (Clean, 4),
    (Wprange, 2),
    (Dax, 2),
    (Migrate, 3),
    (Smaps, 3),
    (Uffd, 4),
    (Scan, 6),
    (Mkclean, 1),
    (Zap, 2),
    (Truncate, 1),
];

const TABLES: &[Weight] = &[
    (Store, 30),
    (Load, 14),
    (Remap, 24),
    (Map, 12),
    (Unmap, 8),
    (Dontneed, 10),
    (Protect, 8),
    (Fork, 4),
    (Exit, 2),
    (Wp, 6),
    (Clean, 6),
    (Wprange, 3),
    (Dax, 3),
    (Smaps, 3),
    (Uffd, 4),
    (Scan, 6),
    (Zap, 4),
    (ZapPages, 2),
    (SoftClear, 2),
    (Fsync, 1),
    (Msync, 1),
    (Truncate, 1),
    (Punch, 1),
];

const CACHE: &[Weight] = &[
    (Load, 30),
    (Store, 20),
    (Fill, 12),
    (Punch, 10),
    (Truncate, 8),
    (Fsync, 6),
    (Msync, 4),
    (Mkclean, 4),
    (Map, 8),
    (Wp, 4),
    (Clean, 6),
    (Wprange, 4),
    (Dax, 4),
    (Migrate, 4),
    (Smaps, 4),
    (Zap, 6),
    (ZapPages, 3),
    (Dontneed, 5),
    (Fork, 3),
    (Exit, 1),
    (Protect, 4),
    (Remap, 2),
    (FaultAround, 4),
    (SoftClear, 2),
];
