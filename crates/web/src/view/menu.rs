//! What a phone's header has no room for.

use yew::prelude::*;

use crate::command::{Command, Panel};
use crate::view::dialog::Dialog;
use crate::view::header::KernelChoice;

#[derive(Properties, PartialEq)]
pub struct MenuProps {
    pub kernel: &'static str,
    pub on_command: Callback<Command>,
}

/// Gallery, kernel, embed, export, keys.
#[component]
pub fn Menu(props: &MenuProps) -> Html {
    let row = |name: &'static str, what: &'static str, panel: Panel| {
        let onclick = props.on_command.reform(move |_: MouseEvent| Command::Show(panel));
        html! { <li><button class="btn row" {onclick}><b>{ name }</b><span>{ what }</span></button></li> }
    };
    let on_close = props.on_command.reform(|()| Command::Hide);
    html! {
        <Dialog title="More" class="small" {on_close}>
            <ul class="rows">
                { row("Open a scenario", "the gallery", Panel::Gallery) }
                { row("Go to step", "by its number", Panel::GoTo) }
                { row("Embed", "this picture on another page", Panel::Embed) }
                { row("Export", "picture, scenario, trace", Panel::Export) }
                { row("Keys", "for a keyboard", Panel::Help) }
            </ul>
            <KernelChoice kernel={props.kernel} on_command={props.on_command.clone()}/>
        </Dialog>
    }
}
