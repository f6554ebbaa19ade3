//! What one page's entry holds, drawn in one cell: letters where they find room, shapes where they
//! do not. W stands left, D or V right.

use yew::prelude::*;

use super::svg::{n, rect};
use crate::model::lanes::{CellState, Marks};
use crate::view::markup::html;

/// Where and how to draw a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    /// Left edge.
    pub(super) x: f32,
    /// Top edge.
    pub(super) y: f32,
    /// Width.
    pub(super) width: f32,
    /// Height.
    pub(super) height: f32,
    /// Letters or shapes.
    pub(super) ink: Ink,
    /// What it stands on.
    pub(super) ground: Ground,
}

/// How marks are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// Letters.
    Letters,
    /// Bars.
    Shapes,
}

/// What a cell stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// The picture: the cell draws its own ground.
    Picture,
    /// Yellow: the step is about it.
    Now,
}

impl Ink {
    /// Letters where two find room side by side.
    pub(super) fn for_width(width: f32) -> Self {
        if width < 14.4 { Ink::Shapes } else { Ink::Letters }
    }
}

/// The cell's ground and marks.
pub(super) fn cell(state: CellState, place: Place) -> Html {
    let Place { x, y, width, height, ground, .. } = place;
    let on_now = ground == Ground::Now;
    let middle = (x + width / 2.0, y + height / 2.0);
    match state {
        CellState::NoTable(_) => {
            let half = (width * 0.2).min(3.0);
            let d = format!("M{} {}h{}", n(middle.0 - half), n(middle.1), n(half * 2.0));
            html! { <path class="notable" {d} /> }
        }
        CellState::Empty => {
            html! { <circle class="hole" cx={n(middle.0)} cy={n(middle.1)} r="1.3" /> }
        }
        CellState::TakenOut => rect("taken", x + 2.0, y + 2.0, width - 4.0, height - 4.0),
        CellState::NonPresent => html! {
            <>
                {rect("absent", x + 1.0, y + 1.0, width - 2.0, height - 2.0)}
                <path
                    class="absent-mark"
                    d={format!("M{} {}L{} {}", n(x + 3.0), n(y + height - 3.0), n(x + width - 3.0), n(y + 3.0))}
                />
            </>
        },
        CellState::Present(marks) => html! {
            <>
                if !on_now {
                    {rect(if marks.copy { "pcell copy" } else { "pcell" }, x + 0.5, y + 0.5, width - 1.0, height - 1.0)}
                }
                {marks_of(marks, place)}
            </>
        },
    }
}

fn marks_of(marks: Marks, place: Place) -> Html {
    let Place { x, y, width, height, ink, ground } = place;
    let corner = marks.s.then(|| {
        let size = (width * 0.28).min(5.0);
        let d = format!("M{} {}h{}v{}z", n(x + width - 0.5 - size), n(y + 0.5), n(size), n(size));
        html! { <path class="bS" {d} /> }
    });
    let apart = (width * 0.18).min(5.0);
    let letter = |class: &'static str, on: &'static str, side: f32, letter: &'static str| {
        let class = if ground == Ground::Now { on } else { class };
        let class = [class, if width < 17.0 { " small" } else { "" }].concat();
        html! { <text {class} x={n(x + width / 2.0 + side * apart)}
        y={n(y + height / 2.0 + 4.2)}>{letter}</text> }
    };
    let bars = |class: &'static str, left: bool| {
        let bar = (width * 0.28).clamp(2.2, 4.0);
        let at = if left { x + 0.5 } else { x + width - 0.5 - bar };
        rect(class, at, y + 0.5, bar, height - 1.0)
    };
    let hollow = || {
        let bar = (width * 0.28).clamp(2.2, 4.0);
        rect("hollowV", x + width - 1.0 - bar, y + 1.1, bar, height - 2.2)
    };
    html! {
        <>
            {corner.unwrap_or_default()}
            if ink == Ink::Shapes {
                if marks.w { {bars("bW", true)} }
                if marks.d { {bars("bD", false)} }
                if marks.v { {hollow()} }
            } else {
                if marks.w { {letter("lt tW", "lt on", -1.0, "W")} }
                if marks.d { {letter("lt tD", "lt on", 1.0, "D")} }
                if marks.v { {letter("lt tV", "lt on", 1.0, "V")} }
            }
        </>
    }
}
