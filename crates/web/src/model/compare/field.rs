//! Entries too many for boxes: one byte for each place of a grid, mappings down, pages across.
//! A column stands for as many pages as find no room beside each other, and shows one of them of
//! each mapping: [`Columns`] says which.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Entry, Level, Pte, PteFlags};
use rangewalk_core::compare::MappedRange;
use rangewalk_core::machine::SlotId;

use crate::compare::Bench;
use crate::model::compare::columns::Columns;
use crate::model::compare::matrix::Layout;
use crate::model::stage_now::Now;

bitflags::bitflags! {
    /// What is seen of an entry.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Mark: u8 {
        /// Present.
        const PRESENT = 1;
        /// Writable.
        const W = 1 << 1;
        /// Dirty.
        const D = 1 << 2;
        /// Its dirt is saved in bit 58.
        const V = 1 << 3;
        /// The lane took it away.
        const GONE = 1 << 4;
        /// Neither empty nor present.
        const OTHER = 1 << 5;
        /// A word of the column is another one at the end of the job than in the first lane.
        const DIFFERS = 1 << 6;
    }
}

/// The grid, row after row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Columns.
    pub columns: usize,
    /// What is seen of each entry.
    pub marks: Vec<Mark>,
}

impl Field {
    /// Of lane `lane`, whose cursor is `now`.
    #[must_use]
    pub fn new(
        bench: &Bench,
        lane: usize,
        now: &Now<'_>,
        layout: &Layout,
        stands: &Columns,
    ) -> Self {
        let columns = usize::try_from(layout.columns()).unwrap_or(0);
        let mut marks = vec![Mark::empty(); columns * layout.rows.len()];
        for (at, row) in layout.rows.iter().zip(marks.chunks_exact_mut(columns)) {
            let range = &bench.comparison.ranges[*at];
            let shown = stands.of(*at).iter().zip(&mut *row);
            read(now, range, shown.filter_map(|(it, mark)| Some((it.inside? as usize, mark))));
            for (it, mark) in stands.of(*at).iter().zip(row) {
                mark.set(Mark::DIFFERS, it.differs >> lane & 1 != 0);
            }
        }
        Self { columns, marks }
    }
}

/// Where a table's first entry lies, or where the descent to it ends.
type Descent = Result<SlotId, (Level, SlotId)>;

/// Reads entries of a mapping, by their places in it, from left to right: neighbours lie in one
/// table.
fn read<'m>(
    now: &Now<'_>,
    range: &MappedRange,
    entries: impl Iterator<Item = (usize, &'m mut Mark)>,
) {
    let world = now.world();
    let alive = world.is_alive(range.mm);
    let saved = if now.kernel().saved_dirty { PteFlags::SAVED_DIRTY } else { PteFlags::empty() };
    let mut table: Option<(VirtAddr, Descent)> = None;
    for (inside, mark) in entries {
        let gone = if range.words[inside].is_none() { Mark::empty() } else { Mark::GONE };
        if !alive {
            *mark = gone;
            continue;
        }
        let addr = range.addr.add_pages(inside as u64);
        let start = Level::Pmd.round_down(addr);
        // The table at hand, by the addresses that it maps.
        let leaf = match table {
            Some((at, leaf)) if at == start => leaf,
            _ => world.pte_slot(range.mm, start),
        };
        table = Some((start, leaf));
        let (level, slot) = match leaf {
            Ok(first) => (Level::Pte, SlotId(first.0 + Level::Pte.index(addr))),
            Err(above) => above,
        };
        let word = world.word(slot);
        *mark = match word.decode(level) {
            Entry::Leaf(_) => present(word, saved),
            Entry::NonPresent => Mark::OTHER,
            Entry::None | Entry::Table(_) => gone,
        };
    }
}

/// A present word; `saved` is the bit for saved dirt, where there is one.
fn present(word: Pte, saved: PteFlags) -> Mark {
    let flags = word.flags();
    let mut mark = Mark::PRESENT;
    mark.set(Mark::W, flags.contains(PteFlags::RW));
    mark.set(Mark::D, flags.contains(PteFlags::DIRTY));
    mark.set(Mark::V, flags.intersects(saved));
    mark
}
