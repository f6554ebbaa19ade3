//! What the timeline is drawn of. Everything but the playhead and the calls around it stays as it
//! is while one steps.

use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::machine::Kind;
use yew::prelude::*;

use crate::model::stage_number::number;
use crate::model::timeline::{Call, Group, TimelineModel, fit};
use crate::view::live::{Own, Piece, is_same};
use crate::view::markup::html;

/// Top of the rows by kind.
pub const TOP_ROWS: f64 = 19.0;
/// Pitch of the rows by kind.
const ROW: f64 = 10.0;
/// Top of the icicle.
pub const TOP_CALLS: f64 = TOP_ROWS + 7.0 * ROW + 3.0;
/// Height of everything.
pub const BOTTOM: f64 = 187.0;
/// A character of an icicle's name takes so many pixels.
const CHAR: f64 = 6.1;

/// Height of an icicle row.
#[must_use]
pub fn row_height(depth: u32) -> f64 {
    ((BOTTOM - TOP_CALLS) / f64::from(depth.max(1))).min(12.0)
}

/// From steps to pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    start: u32,
    len: u32,
    /// Pixels in all.
    pub width: f64,
}

impl Axis {
    /// `window` over `width` pixels.
    #[must_use]
    pub fn new(window: &Range<u32>, width: f64) -> Self {
        Self { start: window.start, len: (window.end - window.start).max(1), width }
    }

    /// Where `steps` done end.
    #[must_use]
    pub fn x(self, steps: u32) -> f64 {
        let inside = steps.saturating_sub(self.start).min(self.len);
        f64::from(inside) / f64::from(self.len) * self.width
    }

    /// The step under a pixel.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    #[must_use]
    pub fn step(self, x: f64) -> u32 {
        let inside = (x / self.width * f64::from(self.len)).floor();
        self.start + (inside.max(0.0) as u32).min(self.len - 1)
    }

    /// Cells stand apart where there is room.
    fn gap(self) -> f64 {
        if self.width / f64::from(self.len) >= 4.0 { 1.0 } else { 0.0 }
    }
}

/// The class that gives a kind its colour.
#[must_use]
pub fn class_of(kind: Kind) -> String {
    format!("k-{}", kind.name())
}

/// Adds a box to a path.
pub fn push_box(path: &mut String, (x, y): (f64, f64), (width, height): (f64, f64)) {
    for (command, length) in [("M", x), (" ", y), ("h", width), ("v", height), ("h", -width)] {
        path.push_str(command);
        path.push_str(&px(length));
    }
    path.push('z');
}

/// What does not change while one steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Groups, rows, and the calls under what is stressed.
    Still,
    /// The calls' names, as far as they fit.
    Names,
}

/// Some of the plot.
#[derive(PartialEq)]
pub struct Part {
    pub what: What,
    pub model: Rc<TimelineModel>,
    pub axis: Axis,
}

impl Piece for Part {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        match self.what {
            What::Still => still(&self.model, self.axis),
            What::Names => names(&self.model, self.axis),
        }
    }
}

fn still(model: &TimelineModel, axis: Axis) -> Html {
    let path = |(kind, d): (&Kind, String)| html! { <path class={class_of(*kind)} {d}/> };
    let rows: Html = Kind::ALL.iter().zip(paths(model, axis)).map(path).collect();
    let calls = calls(model.calls.iter(), axis, row_height(model.depth));
    html! {
        <>
            { for model.groups.iter().map(|group| group_box(group, axis)) }
            <g class="to-come">{ rows.clone() }</g>
            <g clip-path="url(#past)">{ rows }</g>
            <path class="call" d={calls}/>
        </>
    }
}

/// A stretch of the walk that belongs to one VMA.
fn group_box(group: &Group, axis: Axis) -> Html {
    let (from, to) = (axis.x(group.first), axis.x(group.end));
    let (x, width) = (px(from), px(to - from));
    html! {
        <>
            <rect class="group" {x} {width} y={px(TOP_ROWS)}
                height={px(7.0 * ROW)}/>
            if to - from > CHAR {
                <text class="group-name" x={px(from + 2.0)} y="13">{ &*group.label }</text>
            }
        </>
    }
}

/// The rows by kind of event, a path each.
fn paths(model: &TimelineModel, axis: Axis) -> impl Iterator<Item = String> {
    let tops = (0u32..).map(|row| TOP_ROWS + f64::from(row) * ROW);
    tops.zip(&model.rows).map(move |(top, bars)| {
        let mut path = String::new();
        for bar in bars {
            let (from, to) = (axis.x(bar.first), axis.x(bar.end));
            let height = ((ROW - 1.0) * f64::from(bar.share) / 16.0).max(2.0);
            let width = (to - from - axis.gap()).max(1.0);
            push_box(&mut path, (from, top + ROW - 1.0 - height), (width, height));
        }
        path
    })
}

/// Calls as one path.
fn calls<'c>(calls: impl Iterator<Item = &'c Call>, axis: Axis, height: f64) -> String {
    let mut path = String::new();
    for call in calls {
        let (from, to) = (axis.x(call.first), axis.x(call.end));
        let y = TOP_CALLS + f64::from(call.depth) * height;
        push_box(&mut path, (from, y), ((to - from - axis.gap()).max(0.5), height - 1.0));
    }
    path
}

/// The calls around the last step, stressed.
pub fn stack(model: &TimelineModel, axis: Axis, at: u32) -> Html {
    let height = row_height(model.depth);
    let last = at.checked_sub(1);
    let around = |call: &&Call| {
        call.frame.is_some() && last.is_some_and(|step| (call.first..call.end).contains(&step))
    };
    let mut stack: Vec<&Call> = model.calls.iter().filter(around).collect();
    let top = stack.pop();
    html! {
        <>
            <path class="call-around" d={calls(stack.into_iter(), axis, height)}/>
            <path class="call-now" d={calls(top.into_iter(), axis, height)}/>
        </>
    }
}

fn names(model: &TimelineModel, axis: Axis) -> Html {
    let height = row_height(model.depth);
    let name = |call: &Call| {
        let (from, to) = (axis.x(call.first), axis.x(call.end));
        call.frame?;
        let shown = fit(call.symbol, chars(to - from - 6.0));
        let y = TOP_CALLS + f64::from(call.depth + 1) * height - 2.6;
        let (x, y) = (px(from + 4.0), px(y));
        (!shown.is_empty()).then(|| html! { <text class="call-name" {x} {y}>{ shown }</text> })
    };
    let readable = height >= 9.0;
    html! {
        <g>
            if readable { { for model.calls.iter().filter_map(name) } }
        </g>
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn chars(px: f64) -> u32 {
    (px / CHAR).clamp(0.0, 100.0) as u32
}

/// Now: a line, and the step's number on a flag.
pub fn playhead(x: f64, label: &str) -> Html {
    let down = format!("M0 18V{}", px(BOTTOM));
    let width = (12.0 + 8.0 * length(label)).max(28.0);
    html! {
        <g class="playhead" transform={format!("translate({} 0)", px(x))}>
            <path class="thread-case" d={down.clone()}/>
            <path class="thread" d={down}/>
            <rect class="now-box" x={px(-width / 2.0)} y="1" width={px(width)} height="16" rx="2"/>
            <text class="flag" x="0" y="13.5">{ label }</text>
        </g>
    }
}

/// What is under the pointer, kept inside the plot.
pub fn tip((x, y): (f64, f64), axis: Axis, text: &str) -> Html {
    let width = 12.0 + 6.7 * length(text);
    let x = (x + 10.0).min(axis.width - width).max(0.0);
    let y = if y > BOTTOM - 44.0 { y - 28.0 } else { y + 16.0 };
    html! {
        <g class="tip" transform={format!("translate({} {})", px(x.round()), px(y.round()))}>
            <rect width={px(width)} height="20" rx="4"/>
            <text x="6" y="14">{ text }</text>
        </g>
    }
}

fn length(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(0))
}

/// A length for an attribute.
#[expect(clippy::cast_possible_truncation, reason = "screens are some thousand pixels wide")]
#[must_use]
pub fn px(value: f64) -> String {
    number(value as f32)
}
