//! The thread: one line from the tree node over the VMA and its page down the tables to the bits.
//! Where it ends, the walk is.

use crate::model::lanes::{LaneRow, Lanes};
use crate::model::stage_measures::TablesAt;
use crate::model::stage_number::{Pen, between};
use crate::model::tables::{ROW, Reach, Tables};
use crate::model::tree::{NodeLook, Tree};

/// A piece of the thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPath {
    /// Identity, for patching.
    pub part: &'static str,
    /// Path data. The commands of a part are always the same, so that it can slide.
    pub d: String,
}

/// Radius of the thread's bends.
const BEND: f32 = 6.0;
/// How far the thread runs below a row's box.
const BELOW: f32 = 4.0;

/// Middle of the entry `index` of an upper table, kept inside of it.
#[must_use]
pub fn tag_y(at: &TablesAt, index: u32) -> f32 {
    let (top, height) = at.rows;
    #[expect(clippy::cast_precision_loss, reason = "at most 512")]
    let y = top + height * (index as f32 + 0.5) / 512.0;
    between(y, top + 8.5, top + height - 8.5)
}

/// Left and top edge of slot `slot` of the leaf table.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "at most 512")]
pub fn slot_at(at: &TablesAt, slot: u32) -> (f32, f32) {
    let (x, y) = at.leaf;
    (x + at.slot.0 * (slot % ROW) as f32, y + at.slot.1 * (slot / ROW) as f32)
}

/// All pieces for the cursor. The links inside the tree carry their own.
#[must_use]
pub fn thread(tree: &Tree, lanes: &Lanes, tables: &Tables, at: &TablesAt) -> Vec<ThreadPath> {
    let mut parts = Vec::new();
    let row = lanes.here();
    let node = tree.nodes.iter().find(|node| node.look == NodeLook::Now);
    if let (Some(row), Some(node)) = (row, node.filter(|node| Some(node.id) == row.map(|r| r.id))) {
        // A node that was fanned out beyond its box comes back to it in the gap below the tree.
        let x = between(node.x, row.bar.0, row.bar.1);
        let (from, turn) = (node.y + node.radius, tree.bottom + 14.0);
        let pen = Pen::default().to('M', &[node.x, from]).to('V', &[turn]).to('H', &[x]);
        let d = pen.to('V', &[row.y]).done();
        parts.push(ThreadPath { part: "down", d });
    }
    let reached = |column: usize| match tables.columns[column].index {
        Some((index, Reach::Here | Reach::Hole)) => Some(tag_y(at, index)),
        _ => None,
    };
    if let (Some(row), Some(y)) = (row, reached(0)) {
        parts.push(ThreadPath {
            part: "across",
            d: across(row, lanes.cell, at.riser, (at.columns[0], y)),
        });
    }
    let last = tables.columns.len() - 1;
    for to in 1..=last {
        if let (Some(y0), Some(y1)) = (reached(to - 1), reached(to)) {
            let (x0, x1) = (at.columns[to - 1] + at.width, at.columns[to]);
            let bend = x1 - x0 - 3.0;
            let pen = Pen::default().to('M', &[x0, y0]);
            let d = pen.to('C', &[x0 + bend, y0, x1 - bend, y1, x1, y1]).done();
            parts.push(ThreadPath { part: tables.columns[to].level, d });
        }
    }
    let slot = tables.leaf.now();
    if let (Some(y0), Some(slot)) = (reached(last), slot) {
        let (x, y) = slot_at(at, slot);
        let (x, x0) = (x + at.slot.0 / 2.0 - 0.4, at.columns[last] + at.width);
        // Along the gap above the slot's row, so that the row stays readable.
        let lane = y - 1.0;
        let turn = x0 + 11.0;
        let d = Pen::default()
            .to('M', &[x0, y0])
            .to('C', &[turn, y0, x0 + 4.0, lane, x0 + 15.0, lane])
            .to('L', &[(x - BEND).max(x0 + 15.0), lane])
            .to('Q', &[x, lane, x, y + at.slot.1 / 2.0])
            .done();
        parts.push(ThreadPath { part: "leaf", d });
        let d = Pen::default().to('M', &[x, y + at.slot.1]).to('V', &[at.tag - 8.0]).done();
        parts.push(ThreadPath { part: "entry", d });
    }
    parts
}

/// The piece from the page at hand to the first tag of a descent in one line.
#[must_use]
pub fn to_descent(lanes: &Lanes, tables: &Tables, riser: f32, tag: (f32, f32)) -> Vec<ThreadPath> {
    let reached = matches!(tables.columns[0].index, Some((_, Reach::Here | Reach::Hole)));
    let row = lanes.here().filter(|_| reached);
    let part =
        |row: &LaneRow| ThreadPath { part: "across", d: across(row, lanes.cell, riser, tag) };
    row.map(part).into_iter().collect()
}

/// From the page's cell down, along below its row, and up or down to the tag at `x`, `y`.
fn across(row: &LaneRow, width: f32, riser: f32, (x1, y): (f32, f32)) -> String {
    let now = row.cells.iter().find(|cell| cell.now);
    let x = now.map_or_else(
        || row.clip.as_ref().map_or(row.bar, |clip| clip.ends).0 + 4.0,
        |cell| cell.x + width / 2.0,
    );
    let bottom = row.y + row.height;
    let lane = bottom + BELOW;
    // Up to the table, or down to it when the lane runs above.
    let turn = if y < lane { -BEND } else { BEND };
    Pen::default()
        .to('M', &[x, bottom])
        .to('Q', &[x, lane, x + BELOW, lane])
        .to('L', &[riser - BEND, lane])
        .to('Q', &[riser, lane, riser, lane + turn])
        .to('L', &[riser, y - turn])
        .to('Q', &[riser, y, riser + BEND, y])
        .to('L', &[x1, y])
        .done()
}
