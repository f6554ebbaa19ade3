//! The small timeline of embeds and phones: one bar a step, its height and colour by kind of event.

use std::rc::Rc;

use rangewalk_core::machine::Kind;
use yew::prelude::*;

use crate::command::Command;
use crate::model::timeline::TimelineModel;
use crate::view::live::{Own, Piece, Plot, is_same, live};
use crate::view::markup::html;
use crate::view::timeline_parts::{Axis, class_of, push_box, px};
use crate::view::timeline_scrub::Scrub;

/// Height of the strip.
const HEIGHT: f64 = 32.0;
/// Drawn this wide until the browser has told the width.
const FIRST_WIDTH: f64 = 340.0;
/// From the quietest kind to the loudest, with its height: a louder bar covers a quieter one.
const HEIGHTS: [(Kind, f64); 7] = [
    (Kind::Lock, 7.0),
    (Kind::Mapping, 10.0),
    (Kind::Tree, 13.0),
    (Kind::Table, 16.0),
    (Kind::Entry, 19.0),
    (Kind::Change, 28.0),
    (Kind::Flush, 28.0),
];

/// The kinds in the order in which they are drawn, each with its height of 28.
pub fn kind_heights() -> impl Iterator<Item = (Kind, f64)> {
    HEIGHTS.into_iter()
}

/// The strip with its playhead.
#[derive(PartialEq)]
pub struct Strip {
    pub model: Rc<TimelineModel>,
    /// Steps done of the run.
    pub at: u32,
    /// The step in words.
    pub said: AttrValue,
    pub on_command: Callback<Command>,
}

impl Piece for Strip {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        strip(self, own)
    }

    fn first_width(&self) -> Option<f64> {
        Some(FIRST_WIDTH)
    }
}

fn strip(props: &Strip, own: &Own) -> Html {
    let model = &props.model;
    let axis = Axis::new(&model.window, own.state::<Plot>().width.get().max(60.0));
    let bars = || live(Bars { model: model.clone(), axis });
    let (first, steps) = (model.span.start, model.span.end - model.span.start);
    let lowest = first + first.min(1);
    let end = model.span.end;
    let step_at = Callback::from(move |(x, _): (f64, f64)| (axis.step(x) + 1).clamp(lowest, end));
    let x = axis.x(props.at);
    let picture = html! {
        <svg class="strip-svg" width={px(axis.width)} height={px(HEIGHT)} aria-hidden="true">
            <clipPath id="past">
                <rect x="0" y="0" width={px(x)} height={px(HEIGHT)}/>
            </clipPath>
            <g class="to-come">{ bars() }</g>
            <g clip-path="url(#past)">{ bars() }</g>
            <rect class="now-box" x={px(x - 2.0)} y="1" width="4" height={px(HEIGHT - 2.0)}
                rx="1.5"/>
        </svg>
    };
    html! {
        <div class="strip" ref={own.node.clone()}>
            { live(Scrub {
                step: (props.at - first, steps),
                before: first,
                said: props.said.clone(),
                step_at,
                on_hover: Callback::noop(),
                on_command: props.on_command.clone(),
                children: picture,
            }) }
        </div>
    }
}

/// The bars, which stay while one steps.
#[derive(PartialEq)]
struct Bars {
    model: Rc<TimelineModel>,
    axis: Axis,
}

impl Piece for Bars {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        bars(&self.model, self.axis)
    }
}

fn bars(model: &TimelineModel, axis: Axis) -> Html {
    let bars = |(kind, height): &(Kind, f64)| {
        let mut path = String::new();
        for bar in &model.rows[*kind as usize] {
            let (from, to) = (axis.x(bar.first), axis.x(bar.end));
            push_box(
                &mut path,
                (from, HEIGHT - 2.0 - height),
                ((to - from - 0.6).max(0.8), *height),
            );
        }
        html! { <path class={class_of(*kind)} d={path}/> }
    };
    HEIGHTS.iter().map(bars).collect()
}
