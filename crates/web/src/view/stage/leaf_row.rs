//! One row of 32 slots of the leaf table.

use std::rc::Rc;

use yew::prelude::*;

use super::svg::{n, path, rect};
use crate::model::lanes::CellState;
use crate::model::tables::SlotRow;

/// One row.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct LeafRowProps {
    /// The slots.
    pub(super) row: Rc<SlotRow>,
    /// Left and top edge.
    pub(super) at: (f32, f32),
    /// Width and height of a slot.
    pub(super) slot: (f32, f32),
}

/// 32 slots. Empty ones are one path of dots.
#[component]
pub(super) fn LeafRow(props: &LeafRowProps) -> Html {
    let LeafRowProps { row, at: (x0, y), slot: (w, h) } = props;
    let mut dots = String::new();
    let mut x = *x0;
    let mut cells = Vec::new();
    for (slot, state) in (row.first..).zip(&row.cells) {
        let here = row.now == Some(slot);
        match state {
            _ if here => {}
            CellState::Empty | CellState::NoTable(_) => {
                dots.push_str(&format!("M{} {}h1.2", n(x + w / 2.0 - 0.6), n(y + h / 2.0)));
            }
            state => cells.push(slot_view(*state, x, *y, *w, *h, is_dim(row, slot))),
        }
        x += w;
    }
    html! {
        <g>
            {path("dots", dots)}
            {cells}
            {outline("vma", row.owned, row.first, (*x0, *y), (*w, *h))}
            {outline("clip", row.clip, row.first, (*x0, *y), (*w, *h))}
        </g>
    }
}

/// Slots of other VMAs, or outside of the walked part.
fn is_dim(row: &SlotRow, slot: u32) -> bool {
    let inside =
        |span: Option<(u32, u32)>| span.is_some_and(|(low, high)| low <= slot && slot < high);
    !inside(row.clip.or(row.owned))
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

/// Around some of the row's slots. Rows above and below draw the rest of it.
fn outline(
    class: &'static str,
    span: Option<(u32, u32)>,
    first: u32,
    (x0, y): (f32, f32),
    (w, h): (f32, f32),
) -> Html {
    let Some((low, high)) = span else { return Html::default() };
    #[expect(clippy::cast_precision_loss, reason = "at most 32")]
    let edge = |slot: u32| x0 + w * (slot - first) as f32;
    rect(class, edge(low) - 0.9, y - 0.9, edge(high) - edge(low) + 1.0, h + 0.9)
}
