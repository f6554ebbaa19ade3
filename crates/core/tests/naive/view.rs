//! What both worlds show: everything that a process, a file or a kernel could tell, without a word
//! of how it is kept.

use std::collections::{BTreeMap, BTreeSet};

/// A whole world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// VMAs of each live process, by address.
    pub(crate) processes: BTreeMap<usize, Vec<VmaView>>,
    pub(crate) files: Vec<FileView>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VmaView {
    /// First page in the window, pages, page offset.
    pub(crate) place: (u64, u64, u64),
    /// File, and whether through a read-only descriptor.
    pub(crate) file: Option<(usize, bool)>,
    pub(crate) flags: u64,
    pub(crate) prot: u64,
    /// The entries that are not empty, by page of the window.
    pub(crate) entries: BTreeMap<u64, EntryView>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EntryView {
    /// The word without its frame number.
    pub(crate) word: u64,
    pub(crate) what: What,
    /// Entries that map the same page.
    pub(crate) mapcount: u32,
}

/// What an entry maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What {
    /// A page of a file's cache.
    Page(usize, u64),
    /// A frame of a device buffer.
    Frame(usize, u64),
    /// A copy on write.
    Copy,
    /// The zero page.
    Zero,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileView {
    pub(crate) pages: u64,
    /// Cached pages: dirty, mapcount.
    pub(crate) cache: BTreeMap<u64, (bool, u32)>,
    pub(crate) bitmap: BTreeSet<u64>,
    pub(crate) bitmap_range: (u64, u64),
    /// Of a device buffer: faults, write notifications, pages written.
    pub(crate) heard: (u64, u64, BTreeSet<u64>),
    /// Process and first page of the window of each VMA, as a walk meets them.
    pub(crate) order: Vec<(usize, u64)>,
}
