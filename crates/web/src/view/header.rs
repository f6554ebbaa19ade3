//! The top of the page: what is open, under which kernel, and what can be done with it.

use rangewalk_core::kernel::KERNELS;
use yew::prelude::*;

use crate::command::{Command, Panel};
use crate::platform::element;
use crate::view::icon::BrandMark;

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

#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    pub title: AttrValue,
    pub kernel: &'static str,
    pub room: Room,
    pub on_command: Callback<Command>,
}

/// Brand, scenario, kernel, links.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let show = |name: &'static str, panel: Panel| {
        let onclick = props.on_command.reform(move |_: MouseEvent| Command::Show(panel));
        html! { <button class="btn" aria-haspopup="dialog" {onclick}>{ name }</button> }
    };
    let help = props.on_command.reform(|_: MouseEvent| Command::Show(Panel::Help));
    let menu = props.on_command.reform(|_: MouseEvent| Command::Show(Panel::Menu));
    if props.room == Room::Phone {
        return html! {
            <header class="head">
                <div class="brand"><BrandMark/><span>{ "Rangewalk" }</span></div>
                <h1 class="unseen">{ &props.title }</h1>
                <nav aria-label="Page">
                    { show("Scenario", Panel::Editor) }
                    { show("Share", Panel::Share) }
                    <button class="btn square" aria-haspopup="dialog" aria-label="More" onclick={menu}>{ "⋯" }</button>
                </nav>
            </header>
        };
    }
    html! {
        <header class="head">
            <div class="brand"><BrandMark/><span>{ "Rangewalk" }</span></div>
            <Pick title={props.title.clone()} on_command={props.on_command.clone()}/>
            <KernelChoice kernel={props.kernel} on_command={props.on_command.clone()}/>
            <nav aria-label="Page">
                if props.room == Room::Narrow {
                    { show("Scenario", Panel::Editor) }
                }
                { show("Share link", Panel::Share) }
                { show("Embed", Panel::Embed) }
                { show("Export", Panel::Export) }
                <button class="btn square" aria-haspopup="dialog" aria-label="Keys" title="Keys (?)" onclick={help}>{ "?" }</button>
            </nav>
        </header>
    }
}

#[derive(Properties, PartialEq)]
pub struct PickProps {
    pub title: AttrValue,
    pub on_command: Callback<Command>,
}

/// The open scenario's title; opens the gallery.
#[component]
pub fn Pick(props: &PickProps) -> Html {
    let onclick = props.on_command.reform(|_: MouseEvent| Command::Show(Panel::Gallery));
    html! {
        <button class="btn pick" aria-haspopup="dialog" title="Open a scenario (o)" {onclick}>
            <h1>{ &props.title }</h1><span aria-hidden="true">{ "▾" }</span>
        </button>
    }
}

#[derive(Properties, PartialEq)]
pub struct KernelProps {
    pub kernel: &'static str,
    pub on_command: Callback<Command>,
}

/// Which kernel is emulated.
#[component]
pub fn KernelChoice(props: &KernelProps) -> Html {
    let list = use_node_ref();
    let onchange = {
        let (list, on_command) = (list.clone(), props.on_command.clone());
        Callback::from(move |_: Event| {
            let chosen = element::chosen(&list).and_then(|index| KERNELS.get(index as usize));
            if let Some(kernel) = chosen {
                on_command.emit(Command::Kernel(kernel.name));
            }
        })
    };
    let option = |name: &'static str| {
        html! { <option selected={name == props.kernel} value={name}>{ format!("Linux {name} semantics") }</option> }
    };
    html! {
        <select class="btn kernel" ref={list} {onchange} aria-label="Emulated kernel">
            { for KERNELS.iter().map(|kernel| option(kernel.name)) }
        </select>
    }
}
