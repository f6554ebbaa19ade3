//! One lane: name, entries, sentence, calls, strip.

use std::rc::Rc;

use yew::prelude::*;

use super::matrix;
use crate::command::Command;
use crate::model::compare::lane::{LaneModel, Said, StripModel};
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;
use crate::view::stage::words;
use crate::view::strip::kind_heights;
use crate::view::timeline_parts::{Axis, class_of, push_box, px};

/// A sentence of more bytes may take more lines than narrow lanes keep free: there it pushes down
/// what is below. The others do not, so that scrubbing moves nothing.
const LONG: usize = 140;
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
                <h3><code>{ breakable(lane.name) }</code></h3>
                <p class="cmp-idea">{ lane.idea }</p>
                { matrix(&lane.matrix, lane.word, &self.on_command) }
                if lane.failed {
                    <p class="cmp-say bad">{ &*lane.outcome }</p>
                    <p class="cmp-calls"></p>
                } else {
                    { live(Words(lane.said.clone())) }
                }
                { strip(lane) }
            </section>
        }
    }
}

/// What is said of its step.
#[derive(PartialEq)]
struct Words(Rc<Said>);

impl Piece for Words {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        let Said { lead, why, calls } = &*self.0;
        let long = lead.plain().len() + why.plain().len() > LONG;
        let class = if long { "cmp-say long" } else { "cmp-say" };
        html! {
            <>
                <p {class}><strong>{ words(lead) }</strong>{ " " }{ words(why) }</p>
                <p class="cmp-calls">{ for calls.iter().map(|name| html! { <code>{ *name }</code> }) }</p>
            </>
        }
    }
}

/// A function's name that may break behind its underscores.
fn breakable(name: &str) -> Html {
    name.split_inclusive('_').map(|part| html! { <>{ part }<wbr/></> }).collect()
}

/// All strips share the scale of the longest lane. The bars lie on a layer of their own, so that the
/// browser need not paint them again where the veil over what is to come moves.
fn strip(lane: &LaneModel) -> Html {
    let width = f64::from(lane.matrix.layout.width);
    let (steps, longest) = lane.strip.steps;
    let axis = Axis::new(&(0..longest), width);
    let (end, job) = (axis.x(steps), axis.x(lane.strip.job_end));
    let at = axis.x(lane.at);
    let text = format!("{steps} steps");
    let room = f64::from(u32::try_from(text.len()).unwrap_or(0)) * 6.4;
    let (class, x) =
        if end + room + 6.0 < width { ("s i2", end + 6.0) } else { ("s i2 end", width) };
    let view = format!("0 0 {} 62", px(width));
    html! {
        <div class="cmp-strip" aria-hidden="true">
            <svg class="cmp-bars" viewBox={view.clone()}>
                { live(Bars { strip: lane.strip.clone(), axis }) }
                if lane.strip.job_end < steps {
                    <path class="cmp-job-end" d={format!("M{} 2V48", px(job))}/>
                }
                <text {class} x={px(x)} y={if end + room + 6.0 < width { "42" } else { "60" }}>{ text }</text>
            </svg>
            <svg viewBox={view}>
                <rect class="cmp-veil" x={px(at)} width={px((end - at).max(0.0))} height={px(STRIP)}/>
                <path class="thread-case" d={format!("M{} 2V46", px(at))}/>
                <path class="thread" d={format!("M{} 2V46", px(at))}/>
            </svg>
        </div>
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
