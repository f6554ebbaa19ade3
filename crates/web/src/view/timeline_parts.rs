//! What the timeline is drawn of. Everything but the playhead and the calls around it stays as it is while one steps.

use std::fmt::Write as _;
use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::machine::Kind;
use yew::prelude::*;

use crate::model::timeline::{Call, Group, TimelineModel, fit};

/// Top of the rows by kind.
pub const TOP_ROWS: f64 = 19.0;
/// Pitch of the rows by kind.
const ROW: f64 = 9.0;
/// Top of the icicle.
pub const TOP_CALLS: f64 = TOP_ROWS + 7.0 * ROW + 4.0;
/// Height of everything.
pub const BOTTOM: f64 = 176.0;
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
        self.start + inside.clamp(0.0, f64::from(self.len - 1)) as u32
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
    // Writing to a string does not fail.
    let _ = write!(path, "M{x:.1} {y:.1}h{width:.1}v{height:.1}h-{width:.1}z");
}

#[derive(Properties, PartialEq)]
pub struct PartProps {
    pub model: Rc<TimelineModel>,
    pub axis: Axis,
}

/// The VMAs that stretches of the walk belong to.
#[component]
pub fn Groups(props: &PartProps) -> Html {
    let axis = props.axis;
    let group = |group: &Group| {
        let (from, to) = (axis.x(group.first), axis.x(group.end));
        let room = to - from > CHAR;
        html! {
            <>
                <rect class="group" x={format!("{from:.1}")} width={format!("{:.1}", to - from)} y={TOP_ROWS.to_string()} height={(7.0 * ROW).to_string()}/>
                if room { <text class="group-name" x={format!("{:.1}", from + 2.0)} y="13">{ &*group.label }</text> }
            </>
        }
    };
    html! { <g>{ for props.model.groups.iter().map(group) }</g> }
}

#[derive(Properties, PartialEq)]
pub struct RowsProps {
    pub model: Rc<TimelineModel>,
    pub axis: Axis,
    /// Where the past ends, in pixels.
    pub past: f64,
}

/// The rows by kind of event: what is to come is pale, what is done is full.
#[component]
pub fn Rows(props: &RowsProps) -> Html {
    let paths = use_memo((props.model.clone(), props.axis), |(model, axis)| paths(model, *axis));
    let path = |(kind, path): (&Kind, &AttrValue)| html! { <path class={class_of(*kind)} d={path.clone()}/> };
    let rows = || Kind::ALL.iter().zip(paths.iter()).map(path);
    html! {
        <>
            <clipPath id="past"><rect x="0" y="0" width={format!("{:.1}", props.past)} height={TOP_CALLS.to_string()}/></clipPath>
            <g class="to-come">{ for rows() }</g>
            <g clip-path="url(#past)">{ for rows() }</g>
        </>
    }
}

fn paths(model: &TimelineModel, axis: Axis) -> Vec<AttrValue> {
    let tops = (0u32..).map(|row| TOP_ROWS + f64::from(row) * ROW);
    let path = |(top, bars): (f64, &Vec<_>)| {
        let mut path = String::new();
        for bar in bars {
            let bar: &crate::model::timeline::Bar = bar;
            let (from, to) = (axis.x(bar.first), axis.x(bar.end));
            let height = ((ROW - 1.0) * f64::from(bar.share) / 16.0).max(2.0);
            let width = (to - from - axis.gap()).max(1.0);
            push_box(&mut path, (from, top + ROW - 1.0 - height), (width, height));
        }
        AttrValue::from(path)
    };
    tops.zip(&model.rows).map(path).collect()
}

#[derive(Properties, PartialEq)]
pub struct CallsProps {
    pub model: Rc<TimelineModel>,
    pub axis: Axis,
    /// Steps done of the run.
    pub at: u32,
}

/// The icicle, the calls around the last step stressed.
#[component]
pub fn Calls(props: &CallsProps) -> Html {
    let (model, axis) = (&props.model, props.axis);
    let height = row_height(model.depth);
    let all = use_memo((model.clone(), axis), |(model, axis)| {
        let mut path = String::new();
        model.calls.iter().for_each(|call| push_call(&mut path, call, *axis, height));
        AttrValue::from(path)
    });
    let last = props.at.checked_sub(1);
    let around = |call: &&Call| {
        call.frame.is_some() && last.is_some_and(|step| (call.first..call.end).contains(&step))
    };
    let mut stack: Vec<&Call> = model.calls.iter().filter(around).collect();
    let top = stack.pop();
    let path_of = |calls: &[&Call]| {
        let mut path = String::new();
        calls.iter().for_each(|call| push_call(&mut path, call, axis, height));
        path
    };
    html! {
        <g>
            <path class="call" d={(*all).clone()}/>
            <path class="call-around" d={path_of(&stack)}/>
            <path class="call-now" d={top.map(|call| path_of(&[call])).unwrap_or_default()}/>
            if height >= 9.0 {
                <Names model={model.clone()} {axis}/>
            }
        </g>
    }
}

fn push_call(path: &mut String, call: &Call, axis: Axis, height: f64) {
    let (from, to) = (axis.x(call.first), axis.x(call.end));
    let y = TOP_CALLS + f64::from(call.depth) * height;
    push_box(path, (from, y), ((to - from - axis.gap()).max(0.5), height - 1.0));
}

/// The calls' names, as far as they fit.
#[component]
fn Names(props: &PartProps) -> Html {
    let (model, axis) = (&props.model, props.axis);
    let height = row_height(model.depth);
    let name = |call: &Call| {
        let (from, to) = (axis.x(call.first), axis.x(call.end));
        call.frame?;
        let shown = fit(call.symbol, chars(to - from - 6.0));
        let y = TOP_CALLS + f64::from(call.depth) * height + height - 2.6;
        (!shown.is_empty()).then(|| {
            html! { <text class="call-name" x={format!("{:.1}", from + 4.0)} y={format!("{y:.1}")}>{ shown }</text> }
        })
    };
    html! { <g>{ for model.calls.iter().filter_map(name) }</g> }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn chars(px: f64) -> u32 {
    (px / CHAR).clamp(0.0, 100.0) as u32
}

#[derive(Properties, PartialEq)]
pub struct PlayheadProps {
    pub x: f64,
    pub label: AttrValue,
}

/// Now: a line, and the step's number on a flag.
#[component]
pub fn Playhead(props: &PlayheadProps) -> Html {
    let down = format!("M0 18V{BOTTOM}");
    html! {
        <g class="playhead" transform={format!("translate({:.1} 0)", props.x)}>
            <path class="thread-case" d={down.clone()}/>
            <path class="thread" d={down.clone()}/>
            <Now label={props.label.clone()}/>
        </g>
    }
}

#[derive(Properties, PartialEq)]
pub struct NowProps {
    pub label: AttrValue,
}

/// The flag.
#[component]
pub fn Now(props: &NowProps) -> Html {
    let width = 12.0 + 8.0 * f64::from(u32::try_from(props.label.len()).unwrap_or(0));
    let width = width.max(28.0);
    html! {
        <>
            <rect class="now-box" x={format!("{:.1}", -width / 2.0)} y="1" width={format!("{width:.1}")} height="16" rx="2"/>
            <text class="flag" x="0" y="13.5">{ &props.label }</text>
        </>
    }
}

#[derive(Properties, PartialEq)]
pub struct TipProps {
    pub at: (f64, f64),
    /// The plot's width, that the tip does not leave it.
    pub width: f64,
    pub text: AttrValue,
}

/// What is under the pointer.
#[component]
pub fn Tip(props: &TipProps) -> Html {
    let chars = f64::from(u32::try_from(props.text.chars().count()).unwrap_or(0));
    let width = 12.0 + 6.7 * chars;
    let (x, y) = props.at;
    let x = (x + 10.0).min(props.width - width).max(0.0);
    let y = if y > BOTTOM - 44.0 { y - 28.0 } else { y + 16.0 };
    html! {
        <g class="tip" transform={format!("translate({x:.0} {y:.0})")}>
            <rect width={format!("{width:.0}")} height="20" rx="4"/>
            <text x="6" y="14">{ &props.text }</text>
        </g>
    }
}
