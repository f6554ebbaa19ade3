//! The scrubber: a slider over whatever is drawn under it, for pointer and keys alike.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use yew::prelude::*;

use crate::command::{Command, Go};
use crate::platform::element;
use crate::view::live::{Own, Piece, is_same};
use crate::view::markup::html;

/// A slider from the first to the last step of the statement.
#[derive(PartialEq)]
pub struct Scrub {
    /// Steps done, counted in the statement, and how many it has.
    pub step: (u32, u32),
    /// Steps of the run before the statement.
    pub before: u32,
    /// The step in words.
    pub said: AttrValue,
    /// Which step is under a pixel: x, y to steps done.
    pub step_at: Callback<(f64, f64), u32>,
    /// Where the pointer hovers.
    pub on_hover: Callback<Option<(f64, f64)>>,
    pub on_command: Callback<Command>,
    pub children: Html,
}

/// Whether the pointer holds it.
type Dragging = Cell<bool>;

impl Piece for Scrub {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        scrub(self, own)
    }

    fn state(&self) -> Rc<dyn Any> {
        Rc::new(Dragging::new(false))
    }
}

fn scrub(props: &Scrub, own: &Own) -> Html {
    let (step, steps) = props.step;
    // The step before a statement's first belongs to another statement: only the run has a step 0.
    let lowest = props.before.min(1);
    let down = {
        let own = own.clone();
        let (step_at, on_command) = (props.step_at.clone(), props.on_command.clone());
        Callback::from(move |event: PointerEvent| {
            if event.button() != 0 {
                return;
            }
            own.state::<Dragging>().set(true);
            element::capture(&event, &own.node);
            if let Some(place) = element::place_in(&event, &own.node) {
                on_command.emit(Command::Go(Go::To(step_at.emit(place))));
            }
        })
    };
    let moved = {
        let own = own.clone();
        let (step_at, on_command) = (props.step_at.clone(), props.on_command.clone());
        let on_hover = props.on_hover.clone();
        Callback::from(move |event: PointerEvent| {
            let Some(place) = element::place_in(&event, &own.node) else { return };
            if own.state::<Dragging>().get() {
                on_command.emit(Command::Go(Go::To(step_at.emit(place))));
            } else {
                on_hover.emit(Some(place));
            }
        })
    };
    let up = {
        let own = own.clone();
        Callback::from(move |_: PointerEvent| own.state::<Dragging>().set(false))
    };
    let leave = props.on_hover.reform(|_: PointerEvent| None);
    let keys = {
        let (on_command, before) = (props.on_command.clone(), props.before);
        Callback::from(move |event: KeyboardEvent| {
            let go = match event.key().as_str() {
                "ArrowRight" | "ArrowUp" => Go::Step,
                "ArrowLeft" | "ArrowDown" => Go::Back,
                "PageUp" => Go::PreviousStatement,
                "PageDown" => Go::NextStatement,
                "Home" => Go::To(before + lowest),
                "End" => Go::To(before + steps),
                _ => return,
            };
            event.prevent_default();
            on_command.emit(Command::Go(go));
        })
    };
    // A click must not take the arrow keys away from the page.
    let keep_focus = Callback::from(|event: MouseEvent| event.prevent_default());
    html! {
        <div class="scrub" ref={own.node.clone()} role="slider" tabindex="0" aria-label="Step"
            aria-valuemin={lowest.to_string()} aria-valuemax={steps.to_string()}
                aria-valuenow={step.to_string()}
            aria-valuetext={props.said.clone()} onkeydown={keys}
            onmousedown={keep_focus} onpointerdown={down}
            onpointermove={moved} onpointerup={up.clone()} onpointercancel={up}
                onpointerleave={leave}>
            { props.children.clone() }
        </div>
    }
}
