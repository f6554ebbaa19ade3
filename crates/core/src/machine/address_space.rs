//! A file's side: its `address_space` with page cache and i_mmap tree, and what the device buffers
//! remember beside it.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::addr::Pfn;
use crate::machine::xarray::XArray;
use crate::machine::{PageId, VmaId};

/// What stands behind a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::address_space))]
pub enum FileKind {
    /// Shared memory: memfd, tmpfs.
    Shmem,
    /// A file of a disk file system that wants to know of writes: ext4, on a disk that answers at
    /// once.
    Ext4,
    /// A device buffer of raw frames whose dirty bits tell what was written.
    DevPagetable {
        /// Entries that one fault inserts.
        prefault: u32,
    },
    /// A device buffer of raw frames whose first write of a page faults into `pfn_mkwrite`.
    DevMkwrite {
        /// Entries that one fault inserts.
        prefault: u32,
    },
    /// A buffer object of the vmwgfx driver, which changes between the two ways by itself.
    /// FIDELITY: one-buffer-a-device.
    Vmwgfx {
        /// Entries that one fault inserts.
        prefault: u32,
    },
}

impl FileKind {
    /// True for the device buffers: raw frames, no page cache.
    #[must_use]
    pub const fn is_device(self) -> bool {
        self.on_anon_inode() || matches!(self, FileKind::Vmwgfx { .. })
    }

    /// True if the file hangs on an anonymous inode, not on a device node.
    #[must_use]
    pub const fn on_anon_inode(self) -> bool {
        matches!(self, FileKind::DevPagetable { .. } | FileKind::DevMkwrite { .. })
    }
}

/// The bitmap that `clean_record_shared_mapping_range` writes, with its in-out `start` and `end`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirtyBitmap {
    /// 64 bits a word, bit 0 = page `pgoff`.
    pub words: Vec<u64>,
    /// The last call's `bitmap_pgoff`.
    pub pgoff: u64,
    /// Bits in use.
    pub bits: u64,
    /// First bit of the hull; with `start >= end` nothing is set.
    pub start: u64,
    /// First bit behind the hull.
    pub end: u64,
}

/// What an open file remembers of its readahead (`struct file_ra_state`), in pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileRaState {
    /// Where the last window began.
    pub start: u64,
    /// How long it was.
    pub size: u64,
    /// The mark stands this far before its end.
    pub async_size: u64,
    /// Order of its folios (7.3).
    pub order: u64,
    /// Misses of mapped reads not yet made good by hits.
    pub mmap_miss: u64,
}

/// How the vmwgfx driver learns what was written (`enum vmw_bo_dirty_method`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::address_space))]
pub enum DirtyMethod {
    /// Not at all: nobody asked.
    #[default]
    Untracked,
    /// Cleans the page tables and looks what was dirty.
    Pagetable,
    /// Write-protects and hears of the first write of each page.
    Mkwrite,
}

impl DirtyMethod {
    /// All of them; a cell holds the place.
    pub const ALL: [DirtyMethod; 3] =
        [DirtyMethod::Untracked, DirtyMethod::Pagetable, DirtyMethod::Mkwrite];

    /// `untracked`, `pagetable`, `mkwrite`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            DirtyMethod::Untracked => "untracked",
            DirtyMethod::Pagetable => "pagetable",
            DirtyMethod::Mkwrite => "mkwrite",
        }
    }

    pub(super) fn from_cell(value: u64) -> Self {
        Self::ALL.into_iter().find(|method| *method as u64 == value).unwrap_or_default()
    }
}

/// A file's address space. Never to be mixed up with a process's [`Mm`](super::Mm).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressSpace {
    /// What stands behind it.
    pub kind: FileKind,
    /// `i_size` in pages.
    pub pages: u64,
    /// Readahead of each way in which it is open, by [`OpenMode`](super::vma::OpenMode).
    pub readahead: [FileRaState; 2],
    /// First frame of a device buffer, whose frames are contiguous.
    pub dev_pfn: Pfn,
    /// Root of the i_mmap interval tree.
    pub root: Option<VmaId>,
    /// Its cached leftmost node.
    pub leftmost: Option<VmaId>,
    /// Where `clean` records.
    pub bitmap: DirtyBitmap,
    /// Device buffer: pages that `pfn_mkwrite` was told of, 64 a word.
    pub written: Vec<u64>,
    /// Pages that were stored to when neither an entry nor the bitmap nor the kernel's page nor the
    /// driver came to know of it, 64 a word.
    pub lost: Vec<u64>,
    /// Device buffer: faults answered so far.
    pub faults: u64,
    /// Device buffer: `pfn_mkwrite` calls so far.
    pub mkwrites: u64,
    /// vmwgfx: how it tracks now.
    pub method: DirtyMethod,
    /// vmwgfx: consecutive scans that spoke for the other method.
    pub change_count: u64,
    pub(super) i_pages: XArray,
}

impl AddressSpace {
    /// The cached page at `pgoff`.
    #[must_use]
    pub fn page(&self, pgoff: u64) -> Option<PageId> {
        self.i_pages.load(pgoff)
    }

    /// The cached pages in `first..=last`, ascending.
    pub fn pages_in(&self, first: u64, last: u64) -> impl Iterator<Item = (u64, PageId)> + '_ {
        self.i_pages.pages_from(first).take_while(move |(pgoff, _)| *pgoff <= last)
    }
}

/// Whether shared memory is cached in folios of 2 MiB (`shmem_enabled`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShmemEnabled {
    /// In single pages: what a kernel begins with.
    Never = 0,
    /// Wherever 2 MiB have room, and nothing of them is cached yet.
    Force = 1,
}

impl ShmemEnabled {
    /// As sysfs has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ShmemEnabled::Never => "never",
            ShmemEnabled::Force => "force",
        }
    }
}
