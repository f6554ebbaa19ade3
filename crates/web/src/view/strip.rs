//! The small timeline of embeds and phones: one bar a step, its height and colour by kind of event.

use std::rc::Rc;

use rangewalk_core::machine::Kind;
use yew::prelude::*;

use crate::command::Command;
use crate::model::timeline::TimelineModel;
use crate::platform::element::WidthObserver;
use crate::view::timeline_parts::{Axis, class_of, push_box};
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

#[derive(Properties, PartialEq)]
pub struct StripProps {
    pub model: Rc<TimelineModel>,
    /// Steps done of the run.
    pub at: u32,
    /// The step in words.
    pub said: AttrValue,
    pub on_command: Callback<Command>,
}

/// The strip with its playhead.
#[component]
pub fn Strip(props: &StripProps) -> Html {
    let node = use_node_ref();
    let width = use_state_eq(|| FIRST_WIDTH);
    {
        let width = width.clone();
        use_effect_with(node.clone(), move |node| {
            let observer = WidthObserver::new(node, Callback::from(move |px| width.set(px)));
            move || drop(observer)
        });
    }
    let model = &props.model;
    let axis = Axis::new(&model.window, (*width).max(60.0));
    let bars = use_memo((model.clone(), axis), |(model, axis)| bars(model, *axis));
    let path = |(kind, path): &(Kind, AttrValue)| {
        html! { <path class={class_of(*kind)}
        d={path.clone()}/> }
    };
    let (first, steps) = (model.span.start, model.span.end - model.span.start);
    let lowest = first + first.min(1);
    let end = model.span.end;
    let step_at = Callback::from(move |(x, _): (f64, f64)| (axis.step(x) + 1).clamp(lowest, end));
    let x = axis.x(props.at);
    html! {
        <div class="strip" ref={node}>
            <Scrub step={(props.at - first, steps)} before={first} said={props.said.clone()}
                {step_at}
                on_command={props.on_command.clone()}>
                <svg class="strip-svg" width={format!("{:.1}", axis.width)}
                    height={HEIGHT.to_string()} aria-hidden="true">
                    <clipPath id="past"><rect x="0" y="0" width={format!("{x:.1}")}
                        height={HEIGHT.to_string()}/></clipPath>
                    <g class="to-come">{ for bars.iter().map(path) }</g>
                    <g clip-path="url(#past)">{ for bars.iter().map(path) }</g>
                    <rect class="now-box" x={format!("{:.1}", x - 2.0)} y="1" width="4"
                        height={(HEIGHT - 2.0).to_string()} rx="1.5"/>
                </svg>
            </Scrub>
        </div>
    }
}

fn bars(model: &TimelineModel, axis: Axis) -> Vec<(Kind, AttrValue)> {
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
        (*kind, AttrValue::from(path))
    };
    HEIGHTS.iter().map(bars).collect()
}
