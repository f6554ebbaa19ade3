//! Processes as lanes, their VMAs under the file pages they map: addresses, clipped part, and what
//! each page's entry holds.

use rangewalk_core::machine::{MmId, Vma, VmaId};

use crate::model::axis::Axis;
pub use crate::model::lanes_cell::{CellState, Marks};
use crate::model::lanes_fold::{self, Group, Plan};
use crate::model::sentence::count_words;
use crate::model::stage_now::Now;
use crate::model::{lanes_note, lanes_row};

/// One page of one VMA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneCell {
    /// Page offset in the file.
    pub page: u64,
    /// Left edge.
    pub x: f32,
    /// What its entry holds.
    pub state: CellState,
    /// Inside the walked range.
    pub asked: bool,
    /// The step is about it.
    pub now: bool,
}

/// A box on the axis, opened where the axis breaks.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// Left and right end.
    pub ends: (f32, f32),
    /// Stretches with columns: left and right ends.
    pub solid: Vec<(f32, f32)>,
    /// Breaks: left and right ends.
    pub broken: Vec<(f32, f32)>,
}

/// How a VMA's row looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneLook {
    /// The walk is in it.
    Now,
    /// Part of the walk, or no walk is on.
    Plain,
    /// Not part of the walk.
    Aside,
}

/// Words beside a box.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The words.
    pub text: String,
    /// Where they start, or end.
    pub x: f32,
    /// True if they end at `x`.
    pub ends: bool,
}

/// How VMAs are named and ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneStyle {
    /// By process and address, with the address in the gutter.
    Processes,
    /// In the order of the walk, label and process in a narrow column.
    Column,
    /// In the order of the walk, label and process beside the box.
    Beside,
}

/// One VMA.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneRow {
    /// Identity, for patching.
    pub id: u32,
    /// Its label, left of the box or where the style has it.
    pub label: Note,
    /// First address, and where it ends; `None` where there is no room.
    pub address: Option<Note>,
    /// Top of its box.
    pub y: f32,
    /// Height of its box.
    pub height: f32,
    /// Left and right edge of its box.
    pub bar: (f32, f32),
    /// Its box.
    pub outline: Outline,
    /// The part that the walk clips it to.
    pub clip: Option<Outline>,
    /// How it looks.
    pub look: LaneLook,
    /// Private: its writes never reach the file.
    pub private: bool,
    /// Pages with a column.
    pub cells: Vec<LaneCell>,
    /// What is to be said of it.
    pub note: Option<Note>,
    /// Name of the process, if the row names it.
    pub process: Option<Note>,
    /// What lies between the VMA above and this one: `2 MiB`.
    pub gap: Option<String>,
    /// The VMA above ends where this one begins.
    pub adjacent: bool,
}

/// A process's header.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneHead {
    /// Identity, for patching.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What is to be said of it.
    pub note: String,
    /// Where its rule runs.
    pub rule: f32,
    /// Base line of its name; `None`: its first row names it.
    pub base: Option<f32>,
}

/// Rows that found no room.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneFold {
    /// Middle of the line.
    pub y: f32,
    /// How many, in words.
    pub text: String,
    /// Where they stand on the axis: left and right edges.
    pub bars: Vec<(f32, f32)>,
}

/// All lanes.
#[derive(Clone, Debug, PartialEq)]
pub struct Lanes {
    /// Width of a page.
    pub cell: f32,
    /// How VMAs are named.
    pub style: LaneStyle,
    /// Processes.
    pub heads: Vec<LaneHead>,
    /// VMAs.
    pub rows: Vec<LaneRow>,
    /// What was folded.
    pub fold: Option<LaneFold>,
    /// Where the picture ends.
    pub bottom: f32,
}

/// Room for the lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LanesRoom {
    /// How VMAs are named and ordered.
    pub style: LaneStyle,
    /// The first process's rule, or the first box.
    pub top: f32,
    /// Height.
    pub height: f32,
    /// Where notes may go to on the right.
    pub right: f32,
}

/// Most bars of folded VMAs.
const FOLD_BARS: usize = 32;

impl Lanes {
    /// The lanes of the file on show at the cursor.
    #[must_use]
    pub fn new(now: &Now<'_>, axis: &Axis, room: LanesRoom) -> Self {
        let plan = lanes_fold::plan(now, room);
        let style = room.style;
        let (heads, rows) = (Vec::new(), Vec::new());
        let cell = axis.cell;
        let mut lanes = Self { cell, style, heads, rows, fold: None, bottom: 0.0 };
        let mut y = room.top;
        for group in &plan.groups {
            y = lanes.add(now, axis, &plan, group, room, y);
        }
        if !plan.folded.is_empty() {
            lanes.fold = Some(fold(now, axis, &plan, y + 7.0));
            y += lanes_fold::FOLD_HEIGHT;
        }
        lanes.bottom = y;
        lanes
    }

    fn add(
        &mut self,
        now: &Now<'_>,
        axis: &Axis,
        plan: &Plan,
        group: &Group,
        room: LanesRoom,
        top: f32,
    ) -> f32 {
        let name = now.process(group.mm);
        if room.style == LaneStyle::Processes {
            let base = (!plan.merged).then_some(top + plan.head - 7.0);
            let note = lanes_note::process(now, group.mm);
            let (id, name) = (group.mm.0, name.to_owned());
            self.heads.push(LaneHead { id, name, note, rule: top, base });
        }
        let mut y = top + plan.head;
        let mut above: Option<&Vma> = None;
        for (at, id) in group.vmas.iter().enumerate() {
            let named = (plan.merged && at == 0).then_some(name);
            let mut row = lanes_row::row(now, axis, *id, named, room);
            (row.y, row.height) = (y, plan.height);
            let vma = now.world().vma(*id);
            let gap = above.map(|above| vma.start.0.saturating_sub(above.end.0));
            row.adjacent = gap == Some(0);
            row.gap = gap.filter(|gap| *gap > 0 && plan.pitch >= 26.0).map(size_words);
            self.rows.push(row);
            above = Some(vma);
            y += plan.pitch;
        }
        y + plan.behind
    }

    /// The row that the step is in.
    #[must_use]
    pub fn here(&self) -> Option<&LaneRow> {
        self.rows.iter().find(|row| row.look == LaneLook::Now)
    }
}

/// A length of address space in words: `4 KiB`, `1.9 MiB`, `61.5 GiB`.
#[must_use]
pub fn size_words(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut unit = 0;
    let mut tenths = (bytes >> 10).saturating_mul(10) + (((bytes & 1023) * 10) >> 10);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths >>= 10;
        unit += 1;
    }
    if tenths >= 1000 || tenths.is_multiple_of(10) {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

fn fold(now: &Now<'_>, axis: &Axis, plan: &Plan, y: f32) -> LaneFold {
    let mut bars: Vec<(f32, f32)> = Vec::new();
    for id in &plan.folded {
        let vma = now.world().vma(*id);
        let bar = (axis.x(vma.pgoff), axis.x(vma.last_pgoff() + 1));
        if bars.len() < FOLD_BARS && !bars.contains(&bar) {
            bars.push(bar);
        }
    }
    LaneFold { y, text: fold_words(now, &plan.folded), bars }
}

/// A few by name, many by number.
fn fold_words(now: &Now<'_>, folded: &[VmaId]) -> String {
    let said = |id: &VmaId| {
        let note = lanes_note::row(now, *id)?;
        Some(format!("{} {note}", now.vma(*id)))
    };
    if now.walk.is_some() && folded.len() <= 2 {
        return folded.iter().filter_map(said).collect::<Vec<_>>().join(", ");
    }
    let mut processes: Vec<MmId> = Vec::new();
    for mm in folded.iter().filter_map(|vma| now.world().vma(*vma).mm) {
        if !processes.contains(&mm) {
            processes.push(mm);
        }
    }
    let (vmas, of) = (folded.len() as u64, processes.len() as u64);
    let vmas = count_words(vmas, "more mapping", "more mappings");
    format!("{vmas} in {}", count_words(of, "process", "processes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short_and_round_down() {
        let words = [
            (4096, "4 KiB"),
            (0x19_f000, "1.6 MiB"),
            (2 << 20, "2 MiB"),
            (1023 << 10, "1023 KiB"),
            ((5 << 30) / 2, "2.5 GiB"),
            (300 << 30, "300 GiB"),
        ];
        for (bytes, expected) in words {
            assert_eq!(size_words(bytes), expected);
        }
    }
}
