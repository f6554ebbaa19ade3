//! A process's memory map (`mm_struct`). FIDELITY: no-maple-tree. Its VMAs are kept in address
//! order.

use std::collections::BTreeMap;

use crate::addr::VirtAddr;
use crate::machine::{TableId, VmaId};

/// One process's memory map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mm {
    /// In use: the process lives.
    pub alive: bool,
    /// Its top-level table.
    pub pgd: Option<TableId>,
    /// `tlb_flush_pending`: walks that have changed entries and not flushed yet.
    pub tlb_flush_pending: u32,
    /// `context.tlb_gen`: flushes of its translations so far, from 1.
    pub tlb_gen: u64,
    /// `mm_cpumask`: CPUs that may have translations of it, bit 0 for CPU 0.
    pub cpumask: u8,
    /// Page tables below the PGD.
    pub nr_tables: u32,
    pub(super) vmas: BTreeMap<VirtAddr, VmaId>,
}

impl Mm {
    /// Its VMAs in address order.
    pub fn vmas(&self) -> impl DoubleEndedIterator<Item = VmaId> + '_ {
        self.vmas.values().copied()
    }

    /// How many VMAs it has.
    #[must_use]
    pub fn map_count(&self) -> usize {
        self.vmas.len()
    }

    /// The last VMA that starts at or below `addr`.
    #[must_use]
    pub fn at_or_below(&self, addr: VirtAddr) -> Option<VmaId> {
        self.vmas.range(..=addr).next_back().map(|(_, vma)| *vma)
    }

    /// The first VMA that starts at or above `addr`.
    #[must_use]
    pub fn at_or_above(&self, addr: VirtAddr) -> Option<VmaId> {
        self.vmas.range(addr..).next().map(|(_, vma)| *vma)
    }
}
