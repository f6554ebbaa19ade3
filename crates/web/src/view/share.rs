//! Links, embeds and files to take away.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use yew::prelude::*;

use crate::command::View;
use crate::model::share::ShareModel;
use crate::platform::{clipboard, element};
use crate::view::dialog::{Focus, dialog};
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;

/// A text to copy: by the button, or by hand from the field.
#[derive(PartialEq)]
struct Copy {
    /// What the field is called.
    label: AttrValue,
    text: AttrValue,
    /// What the button says.
    verb: &'static str,
}

/// What the page says about the last copy.
type Said = Cell<&'static str>;

impl Piece for Copy {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        copy(self, own)
    }

    fn state(&self) -> Rc<dyn Any> {
        Rc::new(Said::new(""))
    }
}

fn copy(props: &Copy, own: &Own) -> Html {
    let copy = {
        let (own, text) = (own.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            element::select_all(&own.node);
            let own = own.clone();
            let copied = move |copied| {
                own.state::<Said>().set(if copied {
                    "Copied."
                } else {
                    "The browser does not let the page copy: the text is marked, copy it by hand."
                });
                own.redraw();
            };
            clipboard::copy(&text, Callback::from(copied));
        })
    };
    html! {
        <div class="copy">
            <label>
                <span>{ &props.label }</span>
                <textarea ref={own.node.clone()} readonly=true rows="4" spellcheck="false"
                    value={props.text.clone()}/>
            </label>
            <div class="copy-row">
                <button class="btn solid" onclick={copy} autofocus=true>{ props.verb }</button>
                <span class="quiet" role="status">{ own.state::<Said>().get() }</span>
            </div>
        </div>
    }
}

/// The link to this scenario at this step.
pub fn share(model: &ShareModel, on_close: Callback<()>) -> Html {
    let label = |len: usize| format!("Link, {len} characters");
    let inside = html! {
        <>
            <p>
                { format!("Opens {}. ", model.what) }
                { "It holds everything itself: nothing is stored on a server." }
            </p>
            { to_copy(&model.link, label, "Copy link") }
        </>
    };
    dialog("Share", "", Focus::Inside, on_close, inside)
}

/// The line that shows what is on show on another page.
pub fn embed_code(model: &ShareModel, on_close: Callback<()>) -> Html {
    let inside = html! {
        <>
            <p>
                { "Shows this view alone, sized to its frame, with a way back to this page." }
            </p>
            { to_copy(&model.iframe, |_| "One line of HTML".to_owned(), "Copy HTML") }
        </>
    };
    dialog("Embed", "", Focus::Inside, on_close, inside)
}

/// The text, or why there is none.
fn to_copy(
    text: &Result<AttrValue, AttrValue>,
    label: fn(usize) -> String,
    verb: &'static str,
) -> Html {
    match text {
        Ok(text) => live(Copy { label: label(text.len()).into(), text: text.clone(), verb }),
        Err(why) => html! { <p class="bad">{ why }</p> },
    }
}

/// What can be taken away as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// The picture.
    Picture,
    /// The picture, painted.
    Pixels,
    /// The scenario text.
    Scenario,
    /// The run in words.
    Trace,
}

/// Files to take away.
pub fn export_files(view: View, on_export: &Callback<Export>, on_close: Callback<()>) -> Html {
    let row = |export: Export, name: &'static str, what: &'static str| {
        let onclick = on_export.reform(move |_: MouseEvent| export);
        html! {
            <li><button class="btn row" {onclick}><b>{ name }</b><span>{ what }</span></button></li>
        }
    };
    let picture = match view {
        View::Stage => "this step, with the scenario inside",
        _ => "this view as it stands, for a browser, with the scenario inside",
    };
    let rows = html! {
        <ul class="rows">
            { row(Export::Picture, "Picture, .svg", picture) }
            { row(Export::Pixels, "Picture, .png", "the same, painted") }
            { row(Export::Scenario, "Scenario, .txt", "the text, to run with rangewalk") }
            { row(Export::Trace, "Trace, .txt", "every step of the run in words") }
        </ul>
    };
    dialog("Export", "small", Focus::Inside, on_close, rows)
}
