//! The levels of x86-64 page tables, from the top down: four, or five with LA57.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::addr::{PAGE_SIZE, VirtAddr};

/// Entries in one page table.
pub const PTRS_PER_TABLE: u32 = 512;

/// How many levels a machine's page tables have (`pgtable_l5_enabled`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::arch::level))]
pub enum Levels {
    /// PGD, PUD, PMD, PTE: addresses of 47 bits for a process.
    #[default]
    Four,
    /// PGD, P4D, PUD, PMD, PTE (LA57): addresses of 56 bits.
    Five,
}

impl Levels {
    /// All of them, from the top.
    #[must_use]
    pub const fn all(self) -> &'static [Level] {
        match self {
            Levels::Four => &[Level::Pgd, Level::Pud, Level::Pmd, Level::Pte],
            Levels::Five => &[Level::Pgd5, Level::P4d, Level::Pud, Level::Pmd, Level::Pte],
        }
    }

    /// The level of a process's first table.
    #[must_use]
    pub const fn top(self) -> Level {
        match self {
            Levels::Four => Level::Pgd,
            Levels::Five => Level::Pgd5,
        }
    }

    /// `TASK_SIZE_MAX`: first address behind what a process may map.
    #[must_use]
    pub const fn task_size(self) -> u64 {
        match self {
            Levels::Four => (1 << 47) - PAGE_SIZE,
            Levels::Five => (1 << 56) - PAGE_SIZE,
        }
    }
}

/// A level of the page tables, named by its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::arch::level))]
pub enum Level {
    /// Entries of 256 TiB: the PGD of five levels.
    Pgd5,
    /// Entries of 512 GiB, below a PGD of five levels.
    P4d,
    /// Entries of 512 GiB: the PGD of four levels, the P4D folded into it.
    Pgd,
    /// Entries of 1 GiB.
    Pud,
    /// Entries of 2 MiB.
    Pmd,
    /// Entries of 4 KiB.
    Pte,
}

impl Level {
    /// log2 of the bytes that one entry maps.
    #[must_use]
    pub const fn shift(self) -> u32 {
        match self {
            Level::Pgd5 => 48,
            Level::P4d | Level::Pgd => 39,
            Level::Pud => 30,
            Level::Pmd => 21,
            Level::Pte => 12,
        }
    }

    /// True for the level of a process's first table.
    #[must_use]
    pub const fn is_top(self) -> bool {
        matches!(self, Level::Pgd5 | Level::Pgd)
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
            Level::Pgd5 => Some(Level::P4d),
            Level::P4d | Level::Pgd => Some(Level::Pud),
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

    /// `PGD`, `P4D`, `PUD`, `PMD` or `PTE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Level::Pgd5 | Level::Pgd => "PGD",
            Level::P4d => "P4D",
            Level::Pud => "PUD",
            Level::Pmd => "PMD",
            Level::Pte => "PTE",
        }
    }
}
