//! One row of 32 slots of the leaf table.

use yew::prelude::*;

use super::svg::{n, path, rect};
use crate::model::lanes::CellState;
use crate::model::stage_measures::TABLES;
use crate::model::stage_thread::slot_at;
use crate::model::tables::SlotRow;
use crate::view::markup::html;

/// 32 slots. Empty ones are one path of dots.
pub(super) fn leaf_row(row: &SlotRow) -> Html {
    let (x0, y) = slot_at(&TABLES, row.first);
    let (w, h) = TABLES.slot;
    let mut dots = String::new();
    let mut x = x0;
    let mut cells = Vec::new();
    for (slot, state) in (row.first..).zip(&row.cells) {
        let here = row.now == Some(slot);
        match state {
            _ if here => {}
            CellState::Empty | CellState::NoTable(_) => {
                dots.push_str(&format!("M{} {}h1.2", n(x + w / 2.0 - 0.6), n(y + h / 2.0)));
            }
            state => cells.push(slot_view(
                *state,
                x,
                y,
                w,
                h,
                slot < row.bright.0 || row.bright.1 <= slot,
            )),
        }
        x += w;
    }
    html! {
        <g>
            {path("dots", dots)}
            {cells}
        </g>
    }
}

fn slot_view(state: CellState, x: f32, y: f32, w: f32, h: f32, dim: bool) -> Html {
    let CellState::Present(marks) = state else {
        let class = if state == CellState::TakenOut { "taken" } else { "absent" };
        return rect(class, x + 1.5, y + 1.5, w - 3.8, h - 3.9);
    };
    let (w, h) = (w - 0.8, h - 0.9);
    html! {
        <g class={if dim { "dim" } else { "" }}>
            {rect(if marks.copy { "pcell copy" } else { "pcell" }, x, y, w, h)}
            if marks.w { {rect("bW", x, y, 2.6, h)} }
            if marks.d { {rect("bD", x + w - 2.6, y, 2.6, h)} }
            if marks.v { {rect("hollowV", x + w - 2.9, y + 0.6, 2.4, h - 1.2)} }
            if marks.s { {path("bS", format!("M{} {}h2.8v2.8z", n(x + w - 2.8), n(y)))} }
        </g>
    }
}
