//! One scrubber and one transport for all lanes.

use std::rc::Rc;

use yew::prelude::*;

use crate::command::Command;
use crate::model::compare::{Foot, Mark};
use crate::view::live::{Own, Piece, Plot, is_same, live};
use crate::view::markup::html;
use crate::view::page::Form;
use crate::view::timeline_parts::{Axis, px};
use crate::view::timeline_scrub::Scrub;
use crate::view::transport::{Signs, buttons};

/// Drawn this wide until the browser has told the width.
const FIRST_WIDTH: f64 = 820.0;
/// The thumb's radius, which stays inside the picture.
const THUMB: f64 = 9.0;

/// The foot of the page.
#[derive(PartialEq)]
pub(super) struct FootPiece {
    pub(super) model: Rc<Foot>,
    pub(super) form: Form,
    pub(super) on_command: Callback<Command>,
}

impl Piece for FootPiece {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        let signs = match self.form {
            Form::Phone => Signs::Phone,
            Form::Embed => Signs::Embed,
            Form::Wide | Form::Narrow => Signs::Compare,
        };
        let (at, _) = self.model.position;
        html! {
            <footer class="foot cmp-foot" aria-label="Playback">
                { buttons(self.model.playing, signs, &self.on_command) }
                <p class="step"><b>{ at }</b><span>{ &self.model.words }</span></p>
                { track(self, own) }
            </footer>
        }
    }

    fn first_width(&self) -> Option<f64> {
        Some(FIRST_WIDTH)
    }
}

fn track(piece: &FootPiece, own: &Own) -> Html {
    let (at, last) = piece.model.position;
    let width = own.state::<Plot>().width.get().max(100.0);
    let axis = Axis::new(&(0..last), width - 2.0 * THUMB);
    let x = axis.x(at) + THUMB;
    let step_at = Callback::from(move |(x, _): (f64, f64)| {
        axis.step(x - THUMB + (width - 2.0 * THUMB) / f64::from(last.max(1)) / 2.0)
            .max(if x >= width - THUMB { last } else { 0 })
    });
    let marks = spread(&piece.model.marks, axis);
    let mark = |(mark_x, text): &(f64, Option<(f64, String)>)| {
        html! {
            <>
                <path class="cmp-mark" d={format!("M{} 20V31", px(mark_x + THUMB))}/>
                { for text.iter().map(|(x, text)| html! {
                    <text class="s i2" x={px(*x)} y="12">{ text }</text>
                }) }
            </>
        }
    };
    let picture = html! {
        <svg class="cmp-track" width={px(width)} height="38" aria-hidden="true">
            <rect class="cmp-rail" x={px(THUMB)} y="24" width={px(width - 2.0 * THUMB)} height="3" rx="1.5"/>
            { for marks.iter().map(mark) }
            <rect class="cmp-done" x={px(THUMB)} y="24" width={px(x - THUMB)} height="3" rx="1.5"/>
            <circle class="now-box" cx={px(x)} cy="25.5" r="8"/>
        </svg>
    };
    html! {
        <div class="strip" ref={own.node.clone()}>
            { live(Scrub {
                step: piece.model.position,
                before: 0,
                said: format!("{at} {}", piece.model.words).into(),
                step_at,
                on_hover: Callback::noop(),
                on_command: piece.on_command.clone(),
                children: picture,
            }) }
        </div>
    }
}

/// Marks with their words where these find room, from the right.
fn spread(marks: &[Mark], axis: Axis) -> Vec<(f64, Option<(f64, String)>)> {
    let mut left = axis.width + 2.0 * THUMB;
    let mut placed = Vec::new();
    let mut group: Vec<&str> = Vec::new();
    for mark in marks.iter().rev() {
        let x = axis.x(mark.at);
        group.insert(0, &mark.text);
        let text = format!("{} {} end", group.join(", "), mark.at);
        let room = 6.2 * f64::from(u32::try_from(text.chars().count()).unwrap_or(0));
        let start = (x + THUMB - room / 2.0).min(left - room - 8.0);
        let fits = start >= 0.0 && start + room + 4.0 <= left && start + room > x - 40.0;
        if fits {
            left = start;
            placed.push((x, Some((start, text))));
            group.clear();
        } else {
            group.clear();
            placed.push((x, None));
        }
    }
    placed
}
