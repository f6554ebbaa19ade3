//! Processes as lanes; one component a VMA.

use yew::prelude::*;

use super::cell::{Ground, Ink, Place, cell};
use super::svg::{at, n, path, rect, text};
use crate::model::lanes::{LaneCell, LaneHead, LaneLook, LaneRow, LaneStyle, Lanes, Note, Outline};
use crate::view::markup::html;

/// Right end of the rules between processes.
pub(super) const RULE_END: f32 = 588.0;

/// Headers, and what is folded.
pub(super) fn heads(lanes: &Lanes) -> Html {
    html! {
        <g class="heads">
            {lanes.heads.iter().map(|head| self::head(head, RULE_END)).collect::<Html>()}
            if let Some(fold) = &lanes.fold {
                <g class="fold">
                    {fold.bars.iter().map(|bar| fold_bar(*bar, fold.y)).collect::<Html>()}
                    {text("xs i2 halo", 0.0, fold.y + 12.0, fold.text.clone())}
                </g>
            }
        </g>
    }
}

fn fold_bar((x0, x1): (f32, f32), y: f32) -> Html {
    rect("foldbar", x0, y - 1.5, (x1 - x0).max(1.0), 3.0)
}

fn head(head: &LaneHead, right: f32) -> Html {
    html! {
        <g key={head.id}>
            {path("hair", format!("M0 {}H{}", n(head.rule), n(right)))}
            if let Some(base) = head.base {
                <text y={n(base)}>
                    <tspan class="h">{head.name.clone()}</tspan>
                    <tspan class="i2 s" dx="8">{head.note.clone()}</tspan>
                </text>
            }
        </g>
    }
}

/// One VMA's row. Where labels are tags, the one at hand is drawn with the thread.
pub(super) fn lane(lanes: &Lanes, at_row: usize) -> Html {
    let Some(row) = lanes.rows.get(at_row) else { return Html::default() };
    let width = lanes.cell;
    let tagged = lanes.style != LaneStyle::Beside;
    let class = match row.look {
        LaneLook::Now => "slide lane now",
        LaneLook::Plain => "slide lane",
        LaneLook::Aside => "slide lane aside",
    };
    let middle = row.height / 2.0;
    html! {
        <g {class} transform={at(0.0, row.y)}>
            {gutter(row, middle)}
            {row.cells.iter().map(|c| lane_cell(c, width, row.height)).collect::<Html>()}
            {outline(if row.private { "vma private" } else { "vma" }, &row.outline, row.height)}
            if let Some(clip) = &row.clip {
                {outline("clip", clip, row.height)}
            }
            if row.look != LaneLook::Now || !tagged {
                {label(row, middle, tagged)}
            }
            if let Some(words) = &row.note {
                {note(words, middle, "s halo note", "s halo note end")}
            }
        </g>
    }
}

/// One page, but for the one at hand, which is drawn with the thread.
fn lane_cell(c: &LaneCell, width: f32, height: f32) -> Html {
    if c.now {
        return html! { <g /> };
    }
    let (ink, ground) = (Ink::for_width(width), Ground::Picture);
    let place = Place { x: c.x, y: 0.0, width, height, ink, ground };
    html! { <g class={if c.asked { "" } else { "dim" }}>{cell(c.state, place)}</g> }
}

/// The VMA's label: smaller where it is long.
fn label(row: &LaneRow, middle: f32, tagged: bool) -> Html {
    match (tagged, is_long(&row.label)) {
        (true, false) => note(&row.label, middle, "b label", "b label end"),
        (true, true) => note(&row.label, middle, "b xs label", "b s label end"),
        (false, _) => note(&row.label, middle, "s label", "s label end"),
    }
}

/// More than a narrow column takes.
fn is_long(label: &Note) -> bool {
    !label.ends && label.text.len() > 3
}

fn note(note: &Note, middle: f32, starts: &'static str, ends: &'static str) -> Html {
    text(if note.ends { ends } else { starts }, note.x, middle + 4.0, note.text.clone())
}

/// Process, address, and what of the address space lies between two neighbours.
fn gutter(row: &LaneRow, middle: f32) -> Html {
    html! {
        <>
            if let Some(process) = &row.process {
                {note(process, middle, "s process", "s process end")}
            }
            if let Some(address) = &row.address {
                {note(address, middle, "m s address", "m s address end")}
                if row.adjacent {
                    {path("edge", format!("M{} {}v-6", n(address.x - 40.0), n(middle - 6.0)))}
                }
                if let Some(gap) = &row.gap {
                    {text("xs end i3", address.x, -3.0, format!("⋮ {gap}"))}
                }
            }
        </>
    }
}

/// A box, opened at breaks: there its lines are dotted between slanted strokes.
fn outline(class: &'static str, outline: &Outline, height: f32) -> Html {
    let Outline { ends, solid, broken } = outline;
    let (mut full, mut dotted) = (String::new(), String::new());
    for x in [ends.0, ends.1] {
        full.push_str(&format!("M{} 0V{}", n(x), n(height)));
    }
    for (x0, x1) in solid {
        full.push_str(&format!("M{0} 0H{1}M{0} {2}H{1}", n(*x0), n(*x1), n(height)));
    }
    for (x0, x1) in broken {
        let (x0, x1) = (n(*x0), n(*x1));
        dotted.push_str(&format!("M{x0} 0H{x1}M{x0} {}H{x1}", n(height)));
    }
    html! {
        <g {class}>
            {path("", full)}
            if !broken.is_empty() {
                {path("broken", dotted)}
            }
        </g>
    }
}

/// What is yellow in the lanes: the page's cell and the label of its VMA. Drawn over the thread.
pub(super) fn now(lanes: &Lanes) -> Html {
    let width = lanes.cell;
    let Some(row) = lanes.here() else { return Html::default() };
    html! {
        <g class="lanes-now">
            if lanes.style != LaneStyle::Beside {
                {tag(row)}
            }
            if let Some(c) = row.cells.iter().find(|c| c.now) {
                <g class="slide" transform={at(c.x, row.y)}>
                    <rect class="now-box" x="0.5" y="0.5" width={n(width - 1.0)}
                        height={n(row.height - 1.0)} />
                    {{
                        let (height, ink) = (row.height, Ink::for_width(width));
                        cell(c.state, Place { x: 0.0, y: 0.0, width, height, ink, ground: Ground::Now })
                    }}
                </g>
            }
        </g>
    }
}

/// The label of the VMA at hand, on yellow.
fn tag(row: &LaneRow) -> Html {
    #[expect(clippy::cast_precision_loss, reason = "a label's length")]
    let len = row.label.text.chars().count() as f32;
    let long = is_long(&row.label);
    let half = if long { 3.0 + 3.1 * len } else { 4.0 + 3.75 * len };
    let middle = if row.label.ends { row.label.x + 3.5 - half } else { row.label.x - 3.5 + half };
    html! {
        <g class="slide" transform={at(middle, row.y + row.height / 2.0)}>
            <rect class="now-box" x={n(-half)} y="-8" width={n(2.0 * half)} height="16" rx="2" />
            <text class={if long { "b xs mid on" } else { "b mid on" }}
                y="4.2">{row.label.text.clone()}</text>
        </g>
    }
}
