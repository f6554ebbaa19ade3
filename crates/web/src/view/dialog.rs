//! The frame of everything that lies over the page.

use yew::prelude::*;

use crate::platform::element;
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;

/// Where the focus goes when a dialog opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// To the first field or button, or the one marked `autofocus`.
    #[default]
    Inside,
    /// To the text, which is there to be read.
    Whole,
}

#[derive(PartialEq)]
struct Dialog {
    title: &'static str,
    class: &'static str,
    focus: Focus,
    on_close: Callback<()>,
    children: Html,
}

/// A modal dialog: the browser keeps the focus inside, closes it on Escape and gives the focus
/// back.
pub fn dialog(
    title: &'static str,
    class: &'static str,
    focus: Focus,
    on_close: Callback<()>,
    children: Html,
) -> Html {
    live(Dialog { title, class, focus, on_close, children })
}

impl Piece for Dialog {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        let closed = self.on_close.reform(|_: Event| ());
        let close = {
            let node = own.node.clone();
            Callback::from(move |_: MouseEvent| element::close_dialog(&node))
        };
        html! {
            <dialog ref={own.node.clone()} class={self.class} onclose={closed}
                aria-labelledby="dialog-title">
                <header class="dialog-head">
                    <h2 id="dialog-title">{ self.title }</h2>
                    <button class="btn square" aria-label="Close" onclick={close}>{ "✕" }</button>
                </header>
                <div class="dialog-body" ref={own.inner.clone()} tabindex="-1">
                    { self.children.clone() }
                </div>
            </dialog>
        }
    }

    fn shown(&self, own: &Own) {
        element::open_dialog(&own.node);
        if self.focus == Focus::Whole {
            element::focus(&own.inner);
        }
    }

    fn leaves(&self, own: &Own) {
        element::close_dialog(&own.node);
    }
}
