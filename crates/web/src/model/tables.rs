//! The page tables of one process on the way to one address: an entry a level, then the 512 entries
//! of the leaf table.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::level::PTRS_PER_TABLE;
use rangewalk_core::arch::{Entry, Level, Pte};
use rangewalk_core::machine::{Event, MmId, SlotId, TableId, World};

use crate::model::lanes_cell::{CellState, slot_state};
use crate::model::stage_now::Now;

/// How far the step has come at a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The thread runs through this entry.
    Here,
    /// The entry is empty: the descent ends here.
    Hole,
    /// Not read yet.
    ToCome,
}

/// One upper table as a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// `PGD`, `P4D`, `PUD`, `PMD`.
    pub level: &'static str,
    /// Its frame; `None`: there is no such table.
    pub frame: Option<String>,
    /// Entries in use, as runs: first index and length.
    pub used: Vec<(u32, u32)>,
    /// The index that the address takes.
    pub index: Option<(u32, Reach)>,
}

/// One row of 32 slots of the leaf table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotRow {
    /// Its first slot.
    pub first: u32,
    /// What the slots hold.
    pub cells: Vec<CellState>,
    /// Slots that the step is not concerned with are faint: the bright ones, first and one behind.
    pub bright: (u32, u32),
    /// The slot that the step is about.
    pub now: Option<u32>,
}

/// A leaf table among those that a mapping needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafMark {
    /// What it covers, counted from the first.
    pub number: u64,
    /// The walk is through with it, in it, or will come to it.
    pub state: LeafState,
    /// False: there is no such table, a hole of 2 MiB.
    pub exists: bool,
}

/// Where the walk stands with a leaf table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafState {
    /// Through with it.
    Done,
    /// In it.
    Now,
    /// Still to come.
    ToCome,
}

/// The leaf table, and its neighbours.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Its frame; `None`: there is no such table.
    pub frame: Option<String>,
    /// 16 rows, or none.
    pub rows: Vec<SlotRow>,
    /// Slots of the VMA at hand: first and one behind.
    pub owned: Option<(u32, u32)>,
    /// Slots of the part that the walk asks for.
    pub clip: Option<(u32, u32)>,
    /// `512 slots, C owns 12`.
    pub caption: String,
    /// The leaf tables that the mapping at hand needs, around the current one; empty if one is
    /// enough.
    pub tables: Vec<LeafMark>,
    /// `table 2 of 3`.
    pub which: Option<String>,
}

impl Leaf {
    /// The slot that the step is about.
    #[must_use]
    pub fn now(&self) -> Option<u32> {
        self.rows.iter().find_map(|row| row.now)
    }

    /// True if everything but the slots themselves looks the same.
    #[must_use]
    pub fn is_drawn_like(&self, other: &Self) -> bool {
        self.frame == other.frame
            && self.rows.is_empty() == other.rows.is_empty()
            && (self.owned, self.clip, self.now()) == (other.owned, other.clip, other.now())
            && self.caption == other.caption
            && self.tables == other.tables
            && self.which == other.which
    }
}

/// All levels, four or five.
#[derive(Clone, Debug, PartialEq)]
pub struct Tables {
    /// Whose.
    pub process: Option<String>,
    /// The address looked up, with its index at each level.
    pub address: Option<(String, Vec<u32>)>,
    /// PGD, PUD, PMD; with five levels the P4D behind the first.
    pub columns: Vec<Column>,
    /// PTEs.
    pub leaf: Leaf,
}

/// Leaf tables on show at once.
const MARKS_MAX: u64 = 12;
/// Slots of a row.
pub const ROW: u32 = 32;

impl Tables {
    /// The tables of the process at the cursor.
    #[must_use]
    pub fn new(now: &Now<'_>) -> Self {
        let mm = now.place.mm;
        let addr = address(now);
        let process = mm.map(|mm| now.process(mm).to_owned());
        let levels = now.world().levels().all();
        let mut table = mm.and_then(|mm| now.world().mms().find(|(id, _)| *id == mm)?.1.pgd);
        let mut columns = Vec::new();
        for level in levels.iter().copied().filter(|level| *level != Level::Pte) {
            columns.push(column(now, level, table, addr));
            table = table.and_then(|table| below(now.world(), level, table, addr?));
        }
        let indices =
            |addr: VirtAddr| levels.iter().map(|level| level.index(addr)).collect::<Vec<_>>();
        Self {
            process,
            address: addr.map(|addr| (addr.to_string(), indices(addr))),
            columns,
            leaf: leaf(now, table, mm, addr),
        }
    }

    /// The first level at which the descent ends, if it does before the leaf.
    #[must_use]
    pub fn hole(&self) -> Option<usize> {
        self.columns.iter().position(|c| matches!(c.index, Some((_, Reach::Hole))))
    }
}

/// The address whose entries are shown: the step's, or where the walk of its VMA begins.
fn address(now: &Now<'_>) -> Option<VirtAddr> {
    let clipped = || now.visit.and_then(|visit| visit.clip).map(|(start, _)| start);
    let start = || now.place.vma.map(|vma| now.world().vma(vma)).filter(|vma| vma.mm.is_some());
    now.place.addr.map(VirtAddr::page_down).or_else(clipped).or_else(|| start().map(|v| v.start))
}

/// The table below the entry that `addr` uses, if there is one.
fn below(world: &World, level: Level, table: TableId, addr: VirtAddr) -> Option<TableId> {
    match world.word(SlotId::new(table, level.index(addr))).decode(level) {
        Entry::Table(pfn) => Some(world.table_at(pfn)),
        _ => None,
    }
}

fn frame(now: &Now<'_>, table: Option<TableId>) -> Option<String> {
    table.and_then(|table| now.world().table(table)).map(|table| table.pfn.to_string())
}

fn column(now: &Now<'_>, level: Level, table: Option<TableId>, addr: Option<VirtAddr>) -> Column {
    let mut used: Vec<(u32, u32)> = Vec::new();
    if let Some(table) = table {
        for (index, word) in (0u32..).zip(now.world().table_words(table)) {
            if Pte(*word).is_none() {
                continue;
            }
            match used.last_mut() {
                Some((first, len)) if *first + *len == index => *len += 1,
                _ => used.push((index, 1)),
            }
        }
    }
    let index = addr.map(|addr| {
        let index = level.index(addr);
        let empty = table.is_none_or(|table| {
            let word = now.world().word(SlotId::new(table, index));
            !matches!(word.decode(level), Entry::Table(_) | Entry::Leaf(_))
        });
        let reach = match now.place.level {
            // The table above is missing too.
            Some(_) if table.is_none() => Reach::ToCome,
            Some(at) if at >= level && empty => Reach::Hole,
            Some(at) if at >= level => Reach::Here,
            _ => Reach::ToCome,
        };
        (index, reach)
    });
    Column { level: level.name(), frame: frame(now, table), used, index }
}

fn leaf(now: &Now<'_>, table: Option<TableId>, mm: Option<MmId>, addr: Option<VirtAddr>) -> Leaf {
    let spans = addr.map_or_else(Spans::default, |addr| owned(now, addr));
    let rows = table.map_or_else(Vec::new, |table| {
        (0..PTRS_PER_TABLE / ROW).map(|row| slot_row(now, table, row * ROW, spans)).collect()
    });
    let owner = now.place.vma.map(|vma| now.vma(vma));
    let place = mm.zip(addr);
    let is_huge = table.is_none()
        && place.is_some_and(|(mm, addr)| now.world().leaf_slot(mm, addr).is_some());
    let caption = match (table, spans.owned, owner) {
        _ if is_huge => "none: the entry above maps all 512 pages".to_owned(),
        (None, ..) if mm.is_some() && addr.is_some() => "no such table".to_owned(),
        (Some(_), Some((first, end)), Some(owner)) => {
            format!("512 slots, {owner} owns {}", end - first)
        }
        (Some(_), ..) => "512 slots".to_owned(),
        _ => String::new(),
    };
    let (tables, which) = marks(now, mm, addr);
    let Spans { owned, clip } = spans;
    Leaf { frame: frame(now, table), rows, owned, clip, caption, tables, which }
}

/// Slots of one leaf table: of the VMA, and of the part walked.
#[derive(Clone, Copy, Debug, Default)]
struct Spans {
    owned: Option<(u32, u32)>,
    clip: Option<(u32, u32)>,
}

fn owned(now: &Now<'_>, addr: VirtAddr) -> Spans {
    let Some(id) = now.place.vma else { return Spans::default() };
    let vma = now.world().vma(id);
    let base = Level::Pmd.round_down(addr);
    let slots = |start: VirtAddr, end: VirtAddr| {
        let low = start.max(base);
        let high = end.min(VirtAddr(base.0 + Level::Pmd.size()));
        let slot = |at: VirtAddr| u32::try_from(at.pages_since(base)).unwrap_or(PTRS_PER_TABLE);
        (low < high).then(|| (slot(low), slot(high)))
    };
    let clip = now.visit.and_then(|visit| visit.clip).and_then(|(start, end)| slots(start, end));
    Spans { owned: slots(vma.start, vma.end), clip }
}

fn slot_row(now: &Now<'_>, table: TableId, first: u32, spans: Spans) -> SlotRow {
    let (low, high) = spans.clip.or(spans.owned).unwrap_or((0, 0));
    let bright = (low.clamp(first, first + ROW), high.clamp(first, first + ROW));
    let here = now.place.slot.filter(|slot| slot.table() == table);
    let cells = (first..first + ROW).map(|slot| slot_state(now, SlotId::new(table, slot)));
    SlotRow {
        first,
        cells: cells.collect(),
        bright,
        now: here.map(SlotId::entry).filter(|slot| (first..first + ROW).contains(slot)),
    }
}

/// The leaf tables of the mapping at hand, if it needs several.
fn marks(
    now: &Now<'_>,
    mm: Option<MmId>,
    addr: Option<VirtAddr>,
) -> (Vec<LeafMark>, Option<String>) {
    let (Some(mm), Some(addr), Some(id)) = (mm, addr, now.place.vma) else {
        return (Vec::new(), None);
    };
    let vma = now.world().vma(id);
    let (start, end) = now.visit.and_then(|v| v.clip).unwrap_or((vma.start, vma.end));
    if !(start <= addr && addr < end) {
        return (Vec::new(), None);
    }
    let number = |addr: VirtAddr| (addr.0 - Level::Pmd.round_down(start).0) >> Level::Pmd.shift();
    let (here, all) = (number(addr), number(VirtAddr(end.0 - 1)) + 1);
    if all < 2 {
        return (Vec::new(), None);
    }
    let first = here.saturating_sub(MARKS_MAX / 2).min(all.saturating_sub(MARKS_MAX));
    let base = Level::Pmd.round_down(start);
    let done = matches!(now.event, Some(Event::Flush { .. } | Event::NotifierEnd { .. }));
    let begun = now.place.level.is_some();
    let mark = |at: u64| LeafMark {
        number: at,
        state: match at.cmp(&here) {
            _ if done => LeafState::Done,
            std::cmp::Ordering::Less => LeafState::Done,
            std::cmp::Ordering::Equal if begun => LeafState::Now,
            _ => LeafState::ToCome,
        },
        exists: now.world().leaf_slot(mm, VirtAddr(base.0 + (at << Level::Pmd.shift()))).is_some(),
    };
    let marks = (first..all.min(first + MARKS_MAX)).map(mark).collect();
    (marks, Some(format!("table {} of {all}", here + 1)))
}
