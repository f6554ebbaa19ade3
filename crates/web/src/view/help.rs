//! The keys, and the dialog that asks for a step's number.

use yew::prelude::*;

use crate::command::{Command, Go};
use crate::platform::element;
use crate::view::dialog::{Focus, dialog};
use crate::view::live::{Own, Piece, is_same};
use crate::view::markup::html;

/// Keys, and what they do.
type Row = (&'static [&'static str], &'static str);

const KEYS: [(&str, &[Row]); 5] = [
    (
        "Step",
        &[
            (&["←", "→"], "one step back, on"),
            (&["↓"], "over the call that begins"),
            (&["↑"], "out of this function"),
            (&["⇧ ←"], "back over the call that ended"),
        ],
    ),
    (
        "Jump",
        &[
            (&["N", "n"], "previous, next changed entry"),
            (&["PgUp", "PgDn"], "previous, next statement (also ⇧ ↑, ⇧ ↓)"),
            (&["Home", "End"], "first, last step of the statement; again: of the run"),
            (&["g"], "go to a step by number"),
        ],
    ),
    (
        "Compare, frames",
        &[
            (&["D", "d"], "compare: previous, next differing entry"),
            (&["PgUp", "PgDn"], "compare: previous, next end of a job or a lane"),
            (&["N", "n"], "compare: previous, next change; frames: switch of method"),
        ],
    ),
    ("Play", &[(&["space"], "play, pause"), (&["[", "]"], "half, twice as fast")]),
    (
        "Page",
        &[
            (&["−", "+"], "timeline: show more, fewer steps"),
            (&["0"], "timeline: show the whole statement"),
            (&["o"], "open a scenario"),
            (&["s"], "share"),
            (&["?"], "this list"),
            (&["Esc"], "leave the editor or a dialog"),
        ],
    ),
];

/// All keys.
pub fn help(on_close: Callback<()>) -> Html {
    let row = |(keys, what): &Row| {
        html! {
            <div class="key-row">
                <dt>{ for keys.iter().map(|key| html! { <kbd>{ *key }</kbd> }) }</dt>
                <dd>{ *what }</dd>
            </div>
        }
    };
    let group = |(title, rows): &(&'static str, &[Row])| {
        html! { <section><h3>{ *title }</h3><dl>{ for rows.iter().map(row) }</dl></section> }
    };
    let inside = html! {
        <>
            <div class="key-groups">{ for KEYS.iter().map(group) }</div>
            <p class="quiet">
                { "Any step, cell or call in the timeline can be clicked. " }
                { "While you type in the editor, keys are its own." }
            </p>
        </>
    };
    dialog("Keys", "help", Focus::Whole, on_close, inside)
}

/// Asks for a step of the statement.
#[derive(PartialEq)]
pub struct GoTo {
    /// Steps done now, counted in the statement, and how many it has.
    pub step: (u32, u32),
    /// Steps of the run before the statement.
    pub before: u32,
    pub on_command: Callback<Command>,
}

impl Piece for GoTo {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        go_to(self, &own.node)
    }

    fn shown(&self, own: &Own) {
        element::focus(&own.node);
        element::select_all(&own.node);
    }
}

fn go_to(props: &GoTo, field: &NodeRef) -> Html {
    let (step, steps) = props.step;
    let go = {
        let (field, on_command, before) = (field.clone(), props.on_command.clone(), props.before);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Some(step) = element::value(&field).and_then(|text| text.trim().parse().ok()) {
                on_command.emit(Command::Hide);
                on_command.emit(Command::Go(Go::To(before + u32::min(step, steps))));
            }
        })
    };
    let on_close = props.on_command.reform(|()| Command::Hide);
    let form = html! {
        <form class="ask" onsubmit={go}>
            <label for="go-to">{ format!("Step, 0 to {steps}") }</label>
            <input id="go-to" ref={field.clone()} type="number" inputmode="numeric" min="0"
                max={steps.to_string()} value={step.to_string()}/>
            <button class="btn solid">{ "Go" }</button>
        </form>
    };
    dialog("Go to step", "small", Focus::Inside, on_close, form)
}
