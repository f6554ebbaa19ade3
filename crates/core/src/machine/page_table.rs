//! Page tables: 512 words each, in one flat arena.

use crate::addr::Pfn;
use crate::arch::level::PTRS_PER_TABLE;
use crate::arch::{Level, Pte};
use crate::machine::{MmId, SlotId, TableId};

/// What a table is, beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// The level of its entries.
    pub level: Level,
    /// Whose memory it maps.
    pub mm: MmId,
    /// The frame that holds it.
    pub pfn: Pfn,
}

impl Table {
    /// frame number << 24 | mm << 3 | level + 1; mm < 2^21.
    pub(crate) fn to_cell(self) -> u64 {
        self.pfn.0 << 24 | u64::from(self.mm.0) << 3 | (self.level as u64 + 1)
    }

    pub(super) fn from_cell(value: u64) -> Option<Self> {
        let level = match value & 7 {
            1 => Level::Pgd5,
            2 => Level::P4d,
            3 => Level::Pgd,
            4 => Level::Pud,
            5 => Level::Pmd,
            6 => Level::Pte,
            _ => return None,
        };
        let mm = u32::try_from((value >> 3) & 0x1f_ffff).expect("21 bits");
        Some(Self { level, mm: MmId(mm), pfn: Pfn(value >> 24) })
    }
}

/// Every page table of the machine.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    words: Vec<u64>,
    /// `None`: free.
    meta: Vec<Option<Table>>,
    /// The frame and the table that were found last below an entry of each level.
    found: [(Pfn, TableId); Level::Pte as usize],
}

impl Tables {
    pub(super) fn word(&self, slot: SlotId) -> Pte {
        Pte(self.words[slot.index()])
    }

    pub(super) fn word_mut(&mut self, slot: SlotId) -> &mut u64 {
        &mut self.words[slot.index()]
    }

    pub(super) fn get(&self, table: TableId) -> Option<Table> {
        *self.meta.get(table.index())?
    }

    /// The table in frame `pfn` below an entry of `level`, if it is the one that was found last.
    pub(super) fn found(&self, level: Level, pfn: Pfn) -> Option<TableId> {
        let (last, table) = self.found[level as usize];
        (last == pfn).then_some(table)
    }

    /// What [`Tables::found`] answers from now on, until a table is made or freed.
    pub(super) fn set_found(&mut self, level: Level, pfn: Pfn, table: TableId) {
        self.found[level as usize] = (pfn, table);
    }

    /// Makes or frees a table. Its words must be empty either way.
    pub(super) fn set(&mut self, table: TableId, meta: Option<Table>) {
        if table.index() >= self.meta.len() {
            self.meta.resize(table.index() + 1, None);
            self.words.resize(self.meta.len() * PTRS_PER_TABLE as usize, 0);
        }
        self.meta[table.index()] = meta;
        self.found = Default::default();
    }

    pub(super) fn words_of(&self, table: TableId) -> &[u64] {
        let start = table.index() * PTRS_PER_TABLE as usize;
        &self.words[start..start + PTRS_PER_TABLE as usize]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (TableId, Table)> + '_ {
        (0u32..).zip(&self.meta).filter_map(|(id, meta)| Some((TableId(id), (*meta)?)))
    }

    /// Lowest free number.
    pub(super) fn first_free(&self, from: u32) -> TableId {
        let used = |id: &u32| self.get(TableId(*id)).is_some();
        TableId((from..).find(|id| !used(id)).unwrap_or(u32::MAX))
    }
}
