//! Words of PTEs that are neither empty nor present: migration entries, the one kind that is
//! emulated. FIDELITY: no-swap.

use crate::addr::Pfn;
use crate::arch::{Entry, Level, Levels, Pte};
use crate::kernel::Kernel;

/// The type stands in the uppermost five bits.
const TYPE_SHIFT: u32 = 59;
/// The offset, inverted (L1TF), in bits 9 to 58.
const OFFSET_SHIFT: u32 = 9;
/// `_PAGE_SWP_SOFT_DIRTY`: bit 1, where a present entry has RW.
const SOFT_DIRTY: u64 = 1 << 1;
/// `_PAGE_SWP_UFFD_WP`: bit 2.
const UFFD_WP: u64 = 1 << 2;
/// `SWP_MIGRATION_WRITE` behind `SWP_MIGRATION_READ`; between them is the type of anonymous pages
/// that are nobody else's.
const WRITE: u64 = 2;

/// What a migration entry remembers of the entry that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The page that migrates.
    pub pfn: Pfn,
    /// `SWP_MIGRATION_WRITE`, not `_READ`.
    pub write: bool,
    /// A was set.
    pub young: bool,
    /// D was set, or the dirt saved.
    pub dirty: bool,
    /// Soft-dirty.
    pub soft_dirty: bool,
}

/// `SWP_PFN_BITS`: bits of the offset that hold the frame number; A and D stand behind them.
const fn pfn_bits(levels: Levels) -> u32 {
    match levels {
        Levels::Four => 34,
        Levels::Five => 40,
    }
}

impl Pte {
    /// `make_readable_migration_entry` and its kin, `swp_entry_to_pte`.
    #[must_use]
    pub const fn migration(entry: Migration, kernel: &Kernel, levels: Levels) -> Self {
        let Migration { pfn, write, young, dirty, soft_dirty } = entry;
        let bits = pfn_bits(levels);
        let offset = pfn.0 | (young as u64) << bits | (dirty as u64) << (bits + 1);
        let kind = kernel.swp_migration_read + if write { WRITE } else { 0 };
        let field = !offset << (64 - TYPE_SHIFT + OFFSET_SHIFT) >> (64 - TYPE_SHIFT);
        Self(kind << TYPE_SHIFT | field | if soft_dirty { SOFT_DIRTY } else { 0 })
    }

    /// What a PTE that is neither empty nor present remembers.
    #[must_use]
    pub fn as_migration(self, kernel: &Kernel, levels: Levels) -> Option<Migration> {
        if self.decode(Level::Pte) != Entry::NonPresent {
            return None;
        }
        let bits = pfn_bits(levels);
        let offset = !self.0 << (64 - TYPE_SHIFT) >> (64 - TYPE_SHIFT + OFFSET_SHIFT);
        Some(Migration {
            pfn: Pfn(offset & ((1 << bits) - 1)),
            write: self.0 >> TYPE_SHIFT == kernel.swp_migration_read + WRITE,
            young: offset >> bits & 1 != 0,
            dirty: offset >> (bits + 1) & 1 != 0,
            soft_dirty: self.0 & SOFT_DIRTY != 0,
        })
    }

    /// The word without the frame number, which differs from run to run.
    #[must_use]
    pub const fn without_migration_pfn(self, levels: Levels) -> Self {
        Self(self.0 & !(((1 << pfn_bits(levels)) - 1) << OFFSET_SHIFT))
    }

    /// `make_readable_migration_entry(swp_offset(..))`: what it remembers of A and D stays.
    #[must_use]
    pub const fn make_readable_migration(self, kernel: &Kernel) -> Self {
        let others = self.0 & ((1 << TYPE_SHIFT) - 1);
        Self(kernel.swp_migration_read << TYPE_SHIFT | others)
    }

    /// `pte_swp_mksoft_dirty`.
    #[must_use]
    pub const fn swp_mksoft_dirty(self) -> Self {
        Self(self.0 | SOFT_DIRTY)
    }

    /// `pte_swp_clear_soft_dirty`.
    #[must_use]
    pub const fn swp_clear_soft_dirty(self) -> Self {
        Self(self.0 & !SOFT_DIRTY)
    }

    /// `pte_swp_clear_uffd_wp`.
    #[must_use]
    pub const fn swp_clear_uffd_wp(self) -> Self {
        Self(self.0 & !UFFD_WP)
    }
}
