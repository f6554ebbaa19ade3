//! Page frames of ordinary memory.

use crate::addr::Pfn;
use crate::machine::{MappingId, PageId};

/// Frame number of `PageId(0)`: the emulated machine's memory begins at 4 GiB.
pub const PAGE_PFN_BASE: u64 = 0x10_0000;
/// Frame of the zero page, in the kernel's image: what loads of anonymous memory see. Its entries
/// are special, nobody counts them.
pub const ZERO_PFN: Pfn = Pfn(0x2c0f);

/// What a frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum PageKind {
    /// Not in use.
    #[default]
    Free,
    /// Page cache of a file.
    File,
    /// A copy on write.
    Anon,
    /// A page table.
    Table,
}

bitflags::bitflags! {
    /// Flags of a folio, kept in its first page, and few of a page itself.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct PageFlags: u8 {
        /// `PG_dirty`: the kernel knows that it was written.
        const DIRTY = 1;
        /// `PG_uptodate`.
        const UPTODATE = 2;
        /// `PG_anon_exclusive`: a copy on write that no fork has shared since it was made or last
        /// written.
        const ANON_EXCLUSIVE = 4;
        /// Of a page of a large folio, not of the folio: blocks of it are dirty.
        const BLOCKS_DIRTY = 64;
        /// `PG_locked` by who migrates it: migration entries stand where it was mapped.
        const MIGRATES = 128;
        /// `PG_writeback`: on its way to the disk.
        const WRITEBACK = 8;
        /// `PG_readahead`: whoever comes here reads on.
        const READAHEAD = 16;
        /// `PG_referenced`: an entry that mapped it had been accessed.
        const REFERENCED = 32;
    }
}

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Page {
    /// Use.
    pub kind: PageKind,
    /// Flags.
    pub flags: PageFlags,
    /// How many PTEs map it; in 6.1 also how many leaf PMDs.
    pub mapcount: u32,
    /// Of a folio's first page: how many leaf PMDs map the folio.
    pub entire_mapcount: u16,
    /// File: its mapping. Table: the `TableId`. Otherwise 0.
    pub owner: u32,
    /// File: page offset. Otherwise 0.
    pub pgoff: u64,
    /// Its place in the folio that it belongs to.
    pub part: Part,
}

/// A page's place in its folio, a run of 2^order pages that the page cache handles as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Part {
    /// log2 of the folio's pages.
    pub order: u8,
    /// Pages of the folio before this one.
    pub index: u16,
}

impl Part {
    /// Pages of the folio.
    #[must_use]
    pub const fn pages(self) -> u64 {
        1 << self.order
    }

    /// order << 16 | index.
    pub(crate) fn to_cell(self) -> u64 {
        u64::from(self.order) << 16 | u64::from(self.index)
    }

    pub(super) fn from_cell(value: u64) -> Self {
        let [low, high, order, ..] = value.to_le_bytes();
        Self { order, index: u16::from_le_bytes([low, high]) }
    }
}

impl Page {
    /// The file and page offset that this page caches, if it does.
    #[must_use]
    pub fn file(&self) -> Option<(MappingId, u64)> {
        (self.kind == PageKind::File).then_some((MappingId(self.owner), self.pgoff))
    }
}

impl PageId {
    /// The page `pages` frames further on.
    #[must_use]
    pub const fn add(self, pages: u32) -> Self {
        Self(self.0 + pages)
    }

    /// Its frame number.
    #[must_use]
    pub const fn pfn(self) -> Pfn {
        Pfn(PAGE_PFN_BASE + self.0 as u64)
    }

    /// The page of `pfn`, if that is ordinary memory: a world of `pages` frames.
    #[must_use]
    pub fn of(pfn: Pfn, pages: usize) -> Option<Self> {
        let index = pfn.0.wrapping_sub(PAGE_PFN_BASE);
        // Pages have numbers of 32 bits: the cast cannot cut.
        #[allow(clippy::cast_possible_truncation)]
        let page = Self(index as u32);
        (index < pages as u64).then_some(page)
    }
}

impl PageKind {
    /// From the number kept in a cell.
    pub(super) fn from_cell(value: u64) -> Self {
        match value {
            1 => Self::File,
            2 => Self::Anon,
            3 => Self::Table,
            _ => Self::Free,
        }
    }
}
