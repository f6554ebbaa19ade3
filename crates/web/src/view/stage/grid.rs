//! The leaf table: 512 slots in 16 rows, and which of the mapping's leaf tables it is.

use yew::prelude::*;

use super::svg::{n, path, rect, text};
use crate::model::stage_measures::{TABLES, TablesAt};
use crate::model::stage_thread::slot_at;
use crate::model::tables::{Leaf, LeafMark, LeafState, ROW};
use crate::view::markup::html;

/// Header, outlines and the label of the row at hand.
pub(super) fn grid(leaf: &Leaf) -> Html {
    let at = &TABLES;
    let right = at.leaf.0 + 32.0 * at.slot.0;
    let now = leaf.now();
    html! {
        <g class="grid">
            <text x={n(at.leaf.0)} y="34">
                <tspan class="b">{"PTE table"}</tspan>
                <tspan class="m s i3" dx="8">{leaf.frame.clone().unwrap_or_default()}</tspan>
            </text>
            {header(leaf, right)}
            if leaf.rows.is_empty() {
                {{
                    let idle = leaf.caption.is_empty();
                    let class = if idle { "table idle" } else { "table missing" };
                    let (width, height) = (32.0 * at.slot.0, 16.0 * at.slot.1);
                    rect(class, at.leaf.0 + 0.5, at.leaf.1, width, height)
                }}
            }
            if !leaf.rows.is_empty() {
                {outline("vma", leaf.owned, at)}
                {outline("clip", leaf.clip, at)}
            }
            if let Some(slot) = now.or(leaf.clip.map(|(low, _)| low)).filter(|_| !leaf.rows.is_empty()) {
                {row_label(slot / ROW * ROW, leaf, at)}
            }
        </g>
    }
}

/// Around slots in reading order: the first row from its first slot, the last one up to its last.
fn outline(class: &'static str, span: Option<(u32, u32)>, at: &TablesAt) -> Html {
    let Some((low, end)) = span.filter(|(low, end)| low < end) else { return Html::default() };
    let (x0, x1) = (at.leaf.0 - 0.9, at.leaf.0 + at.slot.0 * 32.0 - 0.4);
    let (left, top) = slot_at(at, low);
    let (last, bottom) = slot_at(at, end - 1);
    let (left, top) = (left - 0.9, top - 0.9);
    let (right, bottom) = (last + at.slot.0 - 0.4, bottom + at.slot.1 - 0.5);
    let d = if low / ROW == (end - 1) / ROW {
        format!("M{} {}H{}V{}H{0}z", n(left), n(top), n(right), n(bottom))
    } else {
        let (second, last) = (top + at.slot.1, bottom - at.slot.1);
        format!(
            "M{} {}H{}V{}H{}V{}H{}V{}H{0}z",
            n(left),
            n(top),
            n(x1),
            n(last),
            n(right),
            n(bottom),
            n(x0),
            n(second)
        )
    };
    path(class, d)
}

/// `352 … 383` at that end of the row which is free.
fn row_label(first: u32, leaf: &Leaf, at: &TablesAt) -> Html {
    let (low, end) = leaf.owned.or(leaf.clip).unwrap_or((first, first));
    let y = slot_at(at, first).1 + at.slot.1 / 2.0 + 3.6;
    let words = format!("{first} … {}", first + ROW - 1);
    let right = at.leaf.0 + 32.0 * at.slot.0;
    if end <= first + 24 {
        text("m xs i3 end halo", right - 1.0, y, words)
    } else if low >= first + 8 {
        text("m xs i3 halo", at.leaf.0, y, words)
    } else {
        Html::default()
    }
}

fn header(leaf: &Leaf, right: f32) -> Html {
    let Some(which) = &leaf.which else {
        return text("s i2 end", right + 1.0, 34.0, leaf.caption.clone());
    };
    #[expect(clippy::cast_precision_loss, reason = "a dozen")]
    let left = right - 9.0 * leaf.tables.len() as f32;
    html! {
        <>
            {leaf.tables.iter().enumerate().map(|(at, mark)| {
                #[expect(clippy::cast_precision_loss, reason = "a dozen")]
                let x = left + 9.0 * at as f32;
                leaf_mark(*mark, x)
            }).collect::<Html>()}
            {text("s i2 end", left - 6.0, 34.0, which.clone())}
        </>
    }
}

/// One leaf table of several: full when done, yellow now, hollow to come; a mere dash where there
/// is none.
fn leaf_mark(mark: LeafMark, x: f32) -> Html {
    let class = match (mark.exists, mark.state) {
        (false, LeafState::Now) => "lm none now",
        (false, _) => "lm none",
        (true, LeafState::Done) => "lm done",
        (true, LeafState::Now) => "lm now",
        (true, LeafState::ToCome) => "lm",
    };
    if mark.exists {
        html! { <rect key={mark.number} {class} x={n(x + 0.5)} y="25" width="7" height="9.5" /> }
    } else {
        html! { <path key={mark.number} {class} d={format!("M{} 29.75h6", n(x + 1.0))} /> }
    }
}
