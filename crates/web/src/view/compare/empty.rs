//! What stands there where a scenario compares nothing.

use std::rc::Rc;

use rangewalk_core::scenario::strategy::Strategy;
use yew::prelude::*;

use crate::command::Command;
use crate::model::compare::empty::{EmptyModel, Offer};
use crate::scene::Frame;
use crate::view::markup::html;

/// How to compare something, and a button that does.
pub fn empty(model: &Rc<EmptyModel>, frame: &Frame) -> Html {
    let add = |offer: &Offer| {
        let text = offer.text.clone();
        let onclick = frame.on_command.reform(move |_: MouseEvent| Command::Rewrite(text.clone()));
        html! {
            <>
                <p><button class="btn solid" {onclick}>{ "Compare" }</button>
                    { " with this line: " }<code>{ &offer.line }</code></p>
                <p class="quiet">{ &offer.what }</p>
            </>
        }
    };
    let lane = |lane: &Strategy| {
        html! { <div><dt><code>{ lane.name() }</code></dt><dd>{ marked(lane.meaning()) }</dd></div> }
    };
    html! {
        <main class="cmp cmp-empty" aria-label="Comparison" tabindex="0">
            <h2>{ "Nothing is compared here yet" }</h2>
            <p>
                { "A line " }<code>{ "compare FILE FIRST+PAGES LANE LANE …" }</code>
                { " does one job in two to six ways, each on the same memory. What stands below it " }
                { "happens in every lane, so that the bill that comes later is counted too." }
            </p>
            if let Some(offer) = &model.offer {
                { add(offer) }
            } else {
                <p>{ "This scenario has no file to compare anything on." }</p>
            }
            <h3>{ "Lanes" }</h3>
            <dl class="cmp-known">{ for Strategy::ALL.iter().map(lane) }</dl>
        </main>
    }
}

/// Text with code between back quotes.
fn marked(text: &str) -> Html {
    let parts = text.split('`').enumerate();
    let part = |(at, part): (usize, &str)| {
        if at % 2 == 1 {
            html! { <code>{ part }</code> }
        } else {
            html! { { part } }
        }
    };
    parts.map(part).collect()
}
