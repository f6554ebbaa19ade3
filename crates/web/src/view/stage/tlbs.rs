//! What the CPUs have cached, below the lanes. A stale translation is dashed, and said to be stale.

use yew::prelude::*;

use super::cell::{Ground, Ink, Place, cell};
use super::lanes::RULE_END;
use super::svg::{at, n, path, rect, text};
use crate::model::lanes::CellState;
use crate::model::stage::StageModel;
use crate::model::tlbs::{TlbCell, TlbRow};
use crate::view::markup::html;

/// What the header is drawn of: its place and how many rows found no room.
pub(super) fn head_of(model: &StageModel) -> Option<(f32, usize)> {
    model.tlbs.as_ref().map(|tlbs| (tlbs.top, tlbs.folded))
}

/// What a row is drawn of: the measures of a cell, and the row.
pub(super) fn row_of(model: &StageModel, at: usize) -> Option<((f32, f32), &TlbRow)> {
    let tlbs = model.tlbs.as_ref()?;
    Some(((tlbs.cell, tlbs.height), tlbs.rows.get(at)?))
}

/// The header.
pub(super) fn head(model: &StageModel) -> Html {
    let Some((top, folded)) = head_of(model) else { return Html::default() };
    let more = if folded > 0 { format!("; {folded} more rows") } else { String::new() };
    html! {
        <g class="heads">
            {path("hair", format!("M0 {}H{}", n(top), n(RULE_END)))}
            <text y={n(top + 16.0)}>
                <tspan class="h">{"TLBs"}</tspan>
                <tspan class="i2 s" dx="8">{format!("what each CPU still knows{more}")}</tspan>
            </text>
        </g>
    }
}

/// One CPU's row.
pub(super) fn row(model: &StageModel, at_row: usize) -> Html {
    let Some((size, row)) = row_of(model, at_row) else { return Html::default() };
    let base = size.1 / 2.0 + 4.0;
    html! {
        <g class="slide lane" transform={at(0.0, row.y)}>
            {text("s process", 0.0, base, row.cpu.clone())}
            if let Some((label, x)) = &row.label {
                {text("b label end", *x, base, label.clone())}
            }
            {row.cells.iter().map(|cell| translation(cell, size)).collect::<Html>()}
            {text("s note", row.note.1, base, row.note.0.clone())}
        </g>
    }
}

fn translation(of: &TlbCell, (width, height): (f32, f32)) -> Html {
    let (ink, ground) = (Ink::for_width(width), Ground::Picture);
    let place = Place { x: of.x, y: 0.0, width, height, ink, ground };
    html! {
        <g>
            {cell(CellState::Present(of.marks), place)}
            if of.stale {
                {rect("stale", of.x + 1.0, 0.5, width - 2.0, height - 1.0)}
            }
        </g>
    }
}
