//! The four levels of x86-64 page tables, from the top down. FIDELITY: four-levels. The folded P4D
//! has no table of its own.

use crate::addr::VirtAddr;

/// Entries in one page table.
pub const PTRS_PER_TABLE: u32 = 512;

/// A level of the page tables, named by its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Entries of 512 GiB.
    Pgd,
    /// Entries of 1 GiB.
    Pud,
    /// Entries of 2 MiB.
    Pmd,
    /// Entries of 4 KiB.
    Pte,
}

impl Level {
    /// All levels, from the top.
    pub const ALL: [Level; 4] = [Level::Pgd, Level::Pud, Level::Pmd, Level::Pte];

    /// log2 of the bytes that one entry maps.
    #[must_use]
    pub const fn shift(self) -> u32 {
        match self {
            Level::Pgd => 39,
            Level::Pud => 30,
            Level::Pmd => 21,
            Level::Pte => 12,
        }
    }

    /// Bytes that one entry maps.
    #[must_use]
    pub const fn size(self) -> u64 {
        1 << self.shift()
    }

    /// Which of the 512 entries `addr` uses at this level.
    #[must_use]
    pub const fn index(self, addr: VirtAddr) -> u32 {
        // Nine bits: the cast cannot cut.
        #[allow(clippy::cast_possible_truncation)]
        let index = (addr.0 >> self.shift()) as u32 & (PTRS_PER_TABLE - 1);
        index
    }

    /// The level that an entry of this one points to.
    #[must_use]
    pub const fn below(self) -> Option<Level> {
        match self {
            Level::Pgd => Some(Level::Pud),
            Level::Pud => Some(Level::Pmd),
            Level::Pmd => Some(Level::Pte),
            Level::Pte => None,
        }
    }

    /// The next boundary of this level above `addr`, or `end` if that comes first.
    #[must_use]
    pub const fn addr_end(self, addr: VirtAddr, end: VirtAddr) -> VirtAddr {
        let boundary = (addr.0 & !(self.size() - 1)) + self.size();
        if boundary < end.0 { VirtAddr(boundary) } else { end }
    }

    /// `addr` rounded down to a boundary of this level.
    #[must_use]
    pub const fn round_down(self, addr: VirtAddr) -> VirtAddr {
        VirtAddr(addr.0 & !(self.size() - 1))
    }

    /// `PGD`, `PUD`, `PMD` or `PTE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Pgd => "PGD",
            Level::Pud => "PUD",
            Level::Pmd => "PMD",
            Level::Pte => "PTE",
        }
    }
}
