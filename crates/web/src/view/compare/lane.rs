//! One lane: name, entries, sentence, calls, strip.

use std::rc::Rc;

use yew::prelude::*;

use super::matrix;
use crate::command::Command;
use crate::model::compare::lane::{LaneModel, StripModel};
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;
use crate::view::stage::words;
use crate::view::strip::kind_heights;
use crate::view::timeline_parts::{Axis, class_of, push_box, px};

/// Height of a strip.
const STRIP: f64 = 44.0;

/// The upper half of a lane.
#[derive(PartialEq)]
pub(super) struct LanePiece {
    pub(super) lane: Rc<LaneModel>,
    pub(super) on_command: Callback<Command>,
}

impl Piece for LanePiece {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        let lane = &self.lane;
        html! {
            <section class="cmp-lane" aria-label={lane.word}>
                <h3><code>{ lane.name }</code></h3>
                <p class="cmp-idea">{ lane.idea }</p>
                { matrix(&lane.matrix, lane.word, &self.on_command) }
                if lane.failed {
                    <p class="cmp-say bad">{ &*lane.outcome }</p>
                } else {
                    <p class="cmp-say"><strong>{ words(&lane.lead) }</strong>{ " " }{ words(&lane.why) }</p>
                }
                <p class="cmp-calls">{ for lane.calls.iter().map(|name| html! { <code>{ *name }</code> }) }</p>
                { strip(lane) }
            </section>
        }
    }
}

/// All strips share the scale of the longest lane.
fn strip(lane: &LaneModel) -> Html {
    let width = f64::from(lane.matrix.size.0);
    let (steps, longest) = lane.strip.steps;
    let axis = Axis::new(&(0..longest), width);
    let (end, job) = (axis.x(steps), axis.x(lane.strip.job_end));
    let at = axis.x(lane.at);
    let clip = format!("past-{}", lane.word);
    let bars = || live(Bars { strip: lane.strip.clone(), axis });
    let text = format!("{steps} steps");
    let room = f64::from(u32::try_from(text.len()).unwrap_or(0)) * 6.4;
    let (class, x) =
        if end + room + 6.0 < width { ("s i2", end + 6.0) } else { ("s i2 end", width) };
    html! {
        <svg class="cmp-strip" viewBox={format!("0 0 {} 62", px(width))} aria-hidden="true">
            <clipPath id={clip.clone()}><rect x="0" y="0" width={px(at)} height="50"/></clipPath>
            <g class="to-come">{ bars() }</g>
            <g clip-path={format!("url(#{clip})")}>{ bars() }</g>
            if lane.strip.job_end < steps {
                <path class="cmp-job-end" d={format!("M{} 2V48", px(job))}/>
            }
            <text {class} x={px(x)} y={if end + room + 6.0 < width { "42" } else { "60" }}>{ text }</text>
            <path class="thread-case" d={format!("M{} 2V46", px(at))}/>
            <path class="thread" d={format!("M{} 2V46", px(at))}/>
        </svg>
    }
}

/// The bars, which stay while one steps.
#[derive(PartialEq)]
struct Bars {
    strip: Rc<StripModel>,
    axis: Axis,
}

impl Piece for Bars {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        let bars = |(kind, height): (rangewalk_core::machine::Kind, f64)| {
            let mut path = String::new();
            for bar in &self.strip.rows[kind as usize] {
                let (from, to) = (self.axis.x(bar.first), self.axis.x(bar.end));
                let height = height * (STRIP - 4.0) / 28.0;
                push_box(&mut path, (from, STRIP - height), ((to - from - 0.35).max(0.6), height));
            }
            html! { <path class={class_of(kind)} d={path}/> }
        };
        kind_heights().map(bars).collect()
    }
}
