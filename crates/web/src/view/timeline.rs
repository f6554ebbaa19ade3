//! The timeline at the bottom: all statements above, the current one below in rows by kind of event
//! and as an icicle of calls.

use std::rc::Rc;

use rangewalk_core::machine::Kind;
use yew::prelude::*;

use crate::command::{Command, Go, Zoom};
use crate::model::timeline::{Segment, TimelineModel};
use crate::view::live::{Own, Piece, Plot, is_same, live};
use crate::view::markup::html;
use crate::view::timeline_parts::{
    Axis, BOTTOM, Part, TOP_CALLS, TOP_ROWS, What, playhead, px, row_height, stack, tip,
};
use crate::view::timeline_scrub::Scrub;

/// Left of the plot, where the names of the rows stand.
const GUTTER: f64 = 108.0;
/// Drawn this wide until the browser has told the width.
const FIRST_WIDTH: f64 = 1136.0;

/// The pane at the bottom.
#[derive(PartialEq)]
pub struct TimelineView {
    pub model: Rc<TimelineModel>,
    pub overview: Rc<[Segment]>,
    /// Steps done of the run.
    pub at: u32,
    /// The step in words.
    pub said: AttrValue,
    pub on_command: Callback<Command>,
}

impl Piece for TimelineView {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        view(self, own)
    }

    fn first_width(&self) -> Option<f64> {
        Some(FIRST_WIDTH)
    }
}

fn view(props: &TimelineView, own: &Own) -> Html {
    let model = &props.model;
    let plot: &Plot = own.state();
    let axis = Axis::new(&model.window, (plot.width.get() - GUTTER).max(100.0));
    let step_at = {
        let model = model.clone();
        Callback::from(move |place: (f64, f64)| step_at(&model, axis, place))
    };
    let (first, steps) = (model.span.start, model.span.end - model.span.start);
    let hovered = plot.hover.get().and_then(|at| Some((at, under(model, axis, at)?)));
    let on_hover = {
        let own = own.clone();
        Callback::from(move |place| {
            if own.state::<Plot>().hover.replace(place) != place {
                own.redraw();
            }
        })
    };
    let past = axis.x(props.at);
    let picture = html! {
        <svg class="plot-svg" width={px(axis.width)} height={px(BOTTOM)} aria-hidden="true">
            <clipPath id="past"><rect width={px(past)} height={px(TOP_CALLS)}/></clipPath>
            { live(Part { what: What::Still, model: model.clone(), axis }) }
            { stack(model, axis, props.at) }
            { live(Part { what: What::Names, model: model.clone(), axis }) }
            { playhead(past, &(props.at - first).to_string()) }
            { hovered.map(|(at, text)| tip(at, axis, &text)) }
        </svg>
    };
    html! {
        <div class="timeline" ref={own.node.clone()}>
            { overview(props, axis.width) }
            <div class="plot">
                <div class="gutter">
                    { row_names() }
                    { zoom_buttons(model, &props.on_command) }
                </div>
                { live(Scrub {
                    step: (props.at - first, steps),
                    before: first,
                    said: props.said.clone(),
                    step_at,
                    on_hover,
                    on_command: props.on_command.clone(),
                    children: picture,
                }) }
            </div>
        </div>
    }
}

/// A click on a call goes to its first step, anywhere else to the step above or below it.
fn step_at(model: &TimelineModel, axis: Axis, (x, y): (f64, f64)) -> u32 {
    let step = axis.step(x);
    let call = call_under(model, step, y);
    call.map_or_else(
        || (step + 1).clamp(model.span.start + model.span.start.min(1), model.span.end),
        |call| call.first + 1,
    )
}

fn call_under(model: &TimelineModel, step: u32, y: f64) -> Option<&crate::model::timeline::Call> {
    if y < TOP_CALLS || model.depth == 0 {
        return None;
    }
    let rows = (y - TOP_CALLS) / row_height(model.depth);
    let depth = (0..model.depth).find(|depth| f64::from(depth + 1) > rows)?;
    model.call_at(depth, step)
}

/// What is under the pointer, in words.
fn under(model: &TimelineModel, axis: Axis, (x, y): (f64, f64)) -> Option<String> {
    let step = axis.step(x);
    let number = step + 1 - model.span.start;
    if let Some(call) = call_under(model, step, y) {
        let steps = call.end - call.first;
        return Some(match call.frame {
            Some(_) => format!("{}(): {steps} steps", call.symbol),
            None => format!("calls of {}()", call.symbol),
        });
    }
    if y < TOP_ROWS {
        return None;
    }
    let names: Vec<&str> = model.kinds_at(step).into_iter().map(Kind::name).collect();
    Some(format!("step {number}: {}", names.join(", ")))
}

fn row_names() -> Html {
    let name = |kind: &Kind| html! { <span>{ kind.name() }</span> };
    html! {
        <div class="row-names" aria-hidden="true">
            { for Kind::ALL.iter().map(name) }
            <span class="calls-name">{ "calls" }</span>
        </div>
    }
}

/// All statements of the run; a click goes to one.
fn overview(props: &TimelineView, width: f64) -> Html {
    let segments = &props.overview;
    let place = |mille: u32| f64::from(mille) / 1000.0 * width;
    let x_of = |step: u32| {
        let index = segments.partition_point(|s| s.first < step).saturating_sub(1);
        let Some(s) = segments.get(index) else { return 0.0 };
        let share =
            f64::from(step.clamp(s.first, s.end) - s.first) / f64::from((s.end - s.first).max(1));
        place(s.place.0) + share * (place(s.place.1) - place(s.place.0))
    };
    let segment = |s: &Segment| {
        let (from, to) = (place(s.place.0), place(s.place.1));
        let here = s.first < props.at && props.at <= s.end;
        let first = s.first + 1;
        let onclick = props.on_command.reform(move |_: MouseEvent| Command::Go(Go::To(first)));
        html! {
            <g class={if here { "segment here" } else { "segment" }} {onclick}>
                <title>{ &*s.label }</title>
                <rect x={px(from)} width={px((to - from - 1.0).max(1.0))} y="0" height="15"/>
            </g>
        }
    };
    let name = |s: &Segment| {
        let (from, to) = (place(s.place.0), place(s.place.1));
        // 10.5-pixel type takes some 6.4 pixels a character.
        let room =
            f64::from(u32::try_from(s.label.len()).unwrap_or(u32::MAX)) * 6.4 <= to - from - 8.0;
        let class = if s.first < props.at && props.at <= s.end {
            "segment-name here"
        } else {
            "segment-name"
        };
        room.then(|| html! { <text {class} x={px(from + 4.0)} y="11.5">{ &*s.label }</text> })
    };
    let (from, to) = (x_of(props.model.window.start), x_of(props.model.window.end));
    let at = x_of(props.at);
    html! {
        <svg class="overview" width={px(width)} height="18" aria-hidden="true">
            { for segments.iter().map(segment) }
            if props.model.window != props.model.span {
                <rect class="overview-window" x={px(from)} width={px((to - from).max(3.0))} y="0.75"
                    height="13.5"/>
            }
            <rect class="overview-now" x={px(at - 1.5)} width="3" y="-1" height="17"/>
            { for segments.iter().filter_map(name) }
        </svg>
    }
}

/// More or fewer steps, for statements that are long enough.
fn zoom_buttons(model: &TimelineModel, on_command: &Callback<Command>) -> Html {
    let shown = model.window.end - model.window.start;
    let whole = model.span.end - model.span.start;
    if whole <= 60 {
        return html! {};
    }
    let button = |name: &'static str, label: &'static str, zoom: Zoom, idle: bool| {
        let onclick = on_command.reform(move |_: MouseEvent| Command::Zoom(zoom));
        html! { <button class="key" aria-label={label} title={label} disabled={idle} {onclick}>
        { name }</button> }
    };
    html! {
        <div class="zoom" role="group" aria-label="Zoom">
            if shown < whole { <span class="shown">{ format!("{shown} of {whole}") }</span> }
            { button("−", "Show more steps (−)", Zoom::Out, shown == whole) }
            { button("+", "Show fewer steps (+)", Zoom::In, shown <= 30) }
            { button("all", "Show the whole statement (0)", Zoom::Whole, shown == whole) }
        </div>
    }
}
