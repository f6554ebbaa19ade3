//! Links, embeds and files to take away.

use yew::prelude::*;

use crate::model::share::ShareModel;
use crate::platform::{clipboard, element};
use crate::view::dialog::Dialog;

#[derive(Properties, PartialEq)]
struct CopyProps {
    /// What the field is called.
    label: AttrValue,
    text: AttrValue,
    /// What the button says.
    verb: AttrValue,
}

/// A text to copy: by the button, or by hand from the field.
#[component]
fn Copy(props: &CopyProps) -> Html {
    let field = use_node_ref();
    let said = use_state(|| AttrValue::from(""));
    let copy = {
        let (field, said, text) = (field.clone(), said.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            element::select_all(&field);
            let said = said.clone();
            clipboard::copy(
                &text,
                Callback::from(move |copied| {
                    said.set(if copied { "Copied." } else {
                    "The browser does not let the page copy: the text is marked, copy it by hand."
                }.into());
                }),
            );
        })
    };
    html! {
        <div class="copy">
            <label>
                <span>{ &props.label }</span>
                <textarea ref={field} readonly=true rows="4" spellcheck="false"
                    value={props.text.clone()}/>
            </label>
            <div class="copy-row">
                <button class="btn solid" onclick={copy} autofocus=true>{ &props.verb }</button>
                <span class="quiet" role="status">{ (*said).clone() }</span>
            </div>
        </div>
    }
}

/// The link to this scenario at this step.
pub fn share(model: &ShareModel, on_close: Callback<()>) -> Html {
    html! {
        <Dialog title="Share" {on_close}>
            <p>
                { format!("Opens this scenario at {}. ", model.place) }
                { "It holds everything itself: nothing is stored on a server." }
            </p>
            {
                match &model.link {
                    Ok(link) => html! {
                        <Copy label={format!("Link, {} characters", link.len())} text={link.clone()}
                            verb="Copy link"/>
                    },
                    Err(why) => html! { <p class="bad">{ why }</p> },
                }
            }
        </Dialog>
    }
}

/// The line that shows this scenario on another page.
pub fn embed_code(model: &ShareModel, on_close: Callback<()>) -> Html {
    html! {
        <Dialog title="Embed" {on_close}>
            <p>{ "Shows picture and transport alone, sized to its frame, with a way back to this page." }</p>
            {
                match &model.iframe {
                    Ok(line) => html! { <Copy label="One line of HTML" text={line.clone()}
                        verb="Copy HTML"/> },
                    Err(why) => html! { <p class="bad">{ why }</p> },
                }
            }
        </Dialog>
    }
}

/// What can be taken away as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// The picture.
    Picture,
    /// The scenario text.
    Scenario,
    /// The run in words.
    Trace,
}

/// Files to take away.
pub fn export_files(on_export: &Callback<Export>, on_close: Callback<()>) -> Html {
    let row = |export: Export, name: &'static str, what: &'static str| {
        let onclick = on_export.reform(move |_: MouseEvent| export);
        html! {
            <li><button class="btn row" {onclick}><b>{ name }</b><span>{ what }</span></button></li>
        }
    };
    html! {
        <Dialog title="Export" class="small" {on_close}>
            <ul class="rows">
                { row(Export::Picture, "Picture, .svg", "this step, with the scenario inside") }
                { row(Export::Scenario, "Scenario, .txt", "the text, to run with rangewalk") }
                { row(Export::Trace, "Trace, .txt", "every step of the run in words") }
            </ul>
        </Dialog>
    }
}
