//! Processes as lanes; one component a VMA.

use std::rc::Rc;

use yew::prelude::*;

use super::cell::{Ink, Place, cell};
use super::svg::{at, n, path, rect, text};
use crate::model::lanes::{LaneHead, LaneLook, LaneRow, LaneStyle, Lanes, Note};

/// All lanes.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct LanesProps {
    /// The lanes.
    pub(super) lanes: Lanes,
    /// Width of a page.
    pub(super) cell: f32,
    /// Right end of rules.
    pub(super) right: f32,
}

/// Everything but what is yellow.
#[component]
pub(super) fn LanesView(props: &LanesProps) -> Html {
    let LanesProps { lanes, cell, right } = props;
    let tagged = lanes.style != LaneStyle::Beside;
    html! {
        <g class="lanes">
            { for lanes.heads.iter().map(|head| self::head(head, *right)) }
            { for lanes.rows.iter().map(|row| html! {
                <Lane key={row.id} row={Rc::new(row.clone())} cell={*cell} {tagged} />
            }) }
            if let Some(fold) = &lanes.fold {
                <g class="fold">
                    { for fold.bars.iter().map(|(x0, x1)| rect("foldbar", *x0, fold.y - 1.5, (x1 - x0).max(1.0), 3.0)) }
                    {text("xs i2 halo", 0.0, fold.y + 12.0, fold.text.clone())}
                </g>
            }
        </g>
    }
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

#[derive(Clone, PartialEq, Properties)]
struct LaneProps {
    row: Rc<LaneRow>,
    cell: f32,
    /// The label of the row at hand is a yellow tag, drawn over the thread.
    tagged: bool,
}

/// One VMA's row.
#[component]
fn Lane(props: &LaneProps) -> Html {
    let LaneProps { row, cell: width, tagged } = props;
    let class = match row.look {
        LaneLook::Now => "lane now",
        LaneLook::Plain => "lane",
        LaneLook::Aside => "lane aside",
    };
    let middle = row.height / 2.0;
    let (x0, x1) = row.bar;
    html! {
        <g class={classes!("slide", class)} transform={at(0.0, row.y)}>
            {gutter(row, middle)}
            { for row.cells.iter().filter(|c| !c.now).map(|c| {
                let place = Place { x: c.x, y: 0.0, width: *width, height: row.height, ink: Ink::for_width(*width) };
                html! { <g class={if c.asked { "" } else { "dim" }}>{cell(c.state, place)}</g> }
            }) }
            <rect class={if row.private { "vma private" } else { "vma" }} x={n(x0)} y="0" width={n(x1 - x0)} height={n(row.height)} />
            if let Some((c0, c1)) = row.clip {
                {rect("clip", c0, 0.0, c1 - c0, row.height)}
            }
            { for row.breaks.iter().map(|(x, w)| broken(*x, *w, row.height)) }
            if row.look != LaneLook::Now || !tagged {
                {note(&row.label, middle, if *tagged { "b label" } else { "s label" }, if *tagged { "b label end" } else { "s label end" })}
            }
            if let Some(words) = &row.note {
                {note(words, middle, "s note", "s note end")}
            }
        </g>
    }
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

/// A break through a box: the box is opened, two slanted strokes at each side.
fn broken(x: f32, width: f32, height: f32) -> Html {
    let d = |at: f32| format!("M{} {}l-3 {}", n(at), n(-2.0), n(height + 4.0));
    html! {
        <>
            {rect("gap", x + 4.0, -1.5, width - 8.0, height + 3.0)}
            {path("edge", format!("{}{}", d(x + 5.5), d(x + width - 2.5)))}
        </>
    }
}

/// What is yellow in the lanes: the page's cell and the label of its VMA. Drawn over the thread.
#[component]
pub(super) fn LanesNow(props: &LanesProps) -> Html {
    let LanesProps { lanes, cell: width, .. } = props;
    let Some(row) = lanes.here() else { return Html::default() };
    html! {
        <g class="lanes-now">
            if lanes.style != LaneStyle::Beside {
                {tag(row)}
            }
            if let Some(c) = row.cells.iter().find(|c| c.now) {
                <g class="slide" transform={at(c.x, row.y)}>
                    <rect class="now-box" x="0.5" y="0.5" width={n(width - 1.0)} height={n(row.height - 1.0)} />
                    {cell(c.state, Place { x: 0.0, y: 0.0, width: *width, height: row.height, ink: now_ink(*width) })}
                </g>
            }
        </g>
    }
}

/// The label of the VMA at hand, on yellow.
fn tag(row: &LaneRow) -> Html {
    #[expect(clippy::cast_precision_loss, reason = "a label's length")]
    let len = row.label.text.chars().count() as f32;
    let half = 4.0 + 3.75 * len;
    let middle = if row.label.ends { row.label.x + 3.5 - half } else { row.label.x - 3.5 + half };
    html! {
        <g class="slide" transform={at(middle, row.y + row.height / 2.0)}>
            <rect class="now-box" x={n(-half)} y="-8" width={n(2.0 * half)} height="16" rx="2" />
            <text class="b mid on" y="4.5">{row.label.text.clone()}</text>
        </g>
    }
}

fn now_ink(width: f32) -> Ink {
    match Ink::for_width(width) {
        Ink::Shapes => Ink::Shapes,
        _ => Ink::LettersOnNow,
    }
}
