//! What a phone's header has no room for.

use yew::prelude::*;

use crate::command::{Command, Panel, View};
use crate::view::dialog::{Focus, dialog};
use crate::view::header::{kernel_choice, tabs};
use crate::view::markup::html;

/// Gallery, kernel, embed, export, keys.
pub fn menu(kernel: &str, view: View, on_command: &Callback<Command>) -> Html {
    let row = |name: &'static str, what: &'static str, panel: Panel| {
        let onclick = on_command.reform(move |_: MouseEvent| Command::Show(panel));
        html! { <li><button class="btn row" {onclick}><b>{ name }</b><span>{ what }
        </span></button></li> }
    };
    let on_close = on_command.reform(|()| Command::Hide);
    let inside = html! {
        <>
            { tabs(view, on_command) }
            <ul class="rows">
                { row("Open a scenario", "the gallery", Panel::Gallery) }
                { row("Go to step", "by its number", Panel::GoTo) }
                { row("Embed", "this picture on another page", Panel::Embed) }
                { row("Export", "picture, scenario, trace", Panel::Export) }
                { row("Keys", "for a keyboard", Panel::Help) }
            </ul>
            { kernel_choice(kernel, on_command) }
        </>
    };
    dialog("More", "small", Focus::Inside, on_close, inside)
}
