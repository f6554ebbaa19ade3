//! Addresses, page frame numbers and page offsets: never a bare `usize`, for the page runs on
//! 32-bit wasm.

use std::fmt;

#[cfg(feature = "bake")]
use databake::Bake;

/// Bytes in a page.
pub const PAGE_SIZE: u64 = 1 << PAGE_SHIFT;
/// log2 of [`PAGE_SIZE`].
pub const PAGE_SHIFT: u32 = 12;

/// A user-space virtual address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::addr))]
pub struct VirtAddr(pub u64);

impl VirtAddr {
    /// The address `pages` pages further up.
    #[must_use]
    pub const fn add_pages(self, pages: u64) -> Self {
        Self(self.0 + (pages << PAGE_SHIFT))
    }

    /// Whole pages from `base` up to here.
    #[must_use]
    pub const fn pages_since(self, base: Self) -> u64 {
        (self.0 - base.0) >> PAGE_SHIFT
    }

    /// Start of the page that holds this address.
    #[must_use]
    pub const fn page_down(self) -> Self {
        Self(self.0 & !(PAGE_SIZE - 1))
    }

    /// True on a page boundary.
    #[must_use]
    pub const fn is_page_aligned(self) -> bool {
        self.0.is_multiple_of(PAGE_SIZE)
    }
}

impl fmt::Debug for VirtAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl fmt::Display for VirtAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// Number of a page frame: a physical address divided by [`PAGE_SIZE`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pfn(pub u64);

impl fmt::Debug for Pfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pfn {:x}", self.0)
    }
}

impl fmt::Display for Pfn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}
