//! The top of the page: what is open, under which kernel, and what can be done with it.

use rangewalk_core::kernel::KERNELS;
use yew::prelude::*;

use crate::command::{Command, Panel, View};
use crate::platform::element;
use crate::view::icon::brand_mark;
use crate::view::markup::html;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// For everything.
    Wide,
    /// The editor is behind a button.
    Narrow,
    /// One column: most of it is behind a menu.
    Phone,
}

/// Brand, scenario, kernel, links.
pub fn header(
    title: &AttrValue,
    kernel: &str,
    (room, view): (Room, View),
    on_command: &Callback<Command>,
) -> Html {
    let show = |name: &'static str, panel: Panel| {
        let onclick = on_command.reform(move |_: MouseEvent| Command::Show(panel));
        html! { <button class="btn" aria-haspopup="dialog" {onclick}>{ name }</button> }
    };
    let square = |sign: &'static str, name: &'static str, panel: Panel| {
        let onclick = on_command.reform(move |_: MouseEvent| Command::Show(panel));
        html! {
            <button class="btn square" aria-haspopup="dialog" aria-label={name} title={name}
                {onclick}>{ sign }</button>
        }
    };
    let (what, links) = match room {
        Room::Phone => (
            html! { <h1 class="unseen">{ title }</h1> },
            html! {
                <>
                    { show("Scenario", Panel::Editor) }
                    { show("Share", Panel::Share) }
                    { square("⋯", "More", Panel::Menu) }
                </>
            },
        ),
        Room::Wide | Room::Narrow => (
            html! { <>{ pick(title, on_command) }{ kernel_choice(kernel, on_command) }</> },
            html! {
                <>
                    { tabs(view, on_command) }
                    if room == Room::Narrow { { show("Scenario", Panel::Editor) } }
                    { show("Share link", Panel::Share) }
                    { show("Embed", Panel::Embed) }
                    { show("Export", Panel::Export) }
                    { square("?", "Keys (?)", Panel::Help) }
                </>
            },
        ),
    };
    html! {
        <header class="head">
            <div class="brand">{ brand_mark() }<span>{ "Rangewalk" }</span></div>
            { what }
            <nav aria-label="Page">{ links }</nav>
        </header>
    }
}

/// The views; the one on show is underlined.
pub fn tabs(view: View, on_command: &Callback<Command>) -> Html {
    let tab = |to: View| {
        let onclick = on_command.reform(move |_: MouseEvent| Command::Look(to));
        let here = to == view || (view, to) == (View::Sweep, View::Compare);
        html! {
            <button class={if here { "btn tab here" } else { "btn tab" }} {onclick}
                aria-current={here.then_some("page")}>{ to.name() }</button>
        }
    };
    html! { <div class="tabs">{ for View::TABS.into_iter().map(tab) }</div> }
}

/// The open scenario's title; opens the gallery.
fn pick(title: &AttrValue, on_command: &Callback<Command>) -> Html {
    let onclick = on_command.reform(|_: MouseEvent| Command::Show(Panel::Gallery));
    html! {
        <button class="btn pick" aria-haspopup="dialog" title="Open a scenario (o)" {onclick}>
            <h1>{ title }</h1><span aria-hidden="true">{ "▾" }</span>
        </button>
    }
}

/// Which kernel is emulated.
pub fn kernel_choice(kernel: &str, on_command: &Callback<Command>) -> Html {
    let on_command = on_command.clone();
    let onchange = Callback::from(move |event: Event| {
        let chosen = element::chosen(&event).and_then(|index| KERNELS.get(index as usize));
        if let Some(kernel) = chosen {
            on_command.emit(Command::Kernel(kernel.name));
        }
    });
    let option = |name: &'static str| {
        html! { <option selected={name == kernel} value={name}>{ format!("Linux {name} semantics") }
        </option> }
    };
    html! {
        <select class="btn kernel" {onchange} aria-label="Emulated kernel">
            { for KERNELS.iter().map(|kernel| option(kernel.name)) }
        </select>
    }
}
