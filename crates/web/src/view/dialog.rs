//! The frame of everything that lies over the page.

use yew::prelude::*;

use crate::platform::element;

/// Where the focus goes when a dialog opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// To the first field or button, or the one marked `autofocus`.
    #[default]
    Inside,
    /// To the text, which is there to be read.
    Whole,
}

#[derive(Properties, PartialEq)]
pub struct DialogProps {
    pub title: AttrValue,
    #[prop_or_default]
    pub class: Classes,
    #[prop_or_default]
    pub focus: Focus,
    pub on_close: Callback<()>,
    pub children: Html,
}

/// A modal dialog: the browser keeps the focus inside, closes it on Escape and gives the focus
/// back.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let node = use_node_ref();
    let body = use_node_ref();
    {
        let (node, body, focus) = (node.clone(), body.clone(), props.focus);
        use_effect_with((), move |()| {
            element::open_dialog(&node);
            if focus == Focus::Whole {
                element::focus(&body);
            }
            move || element::close_dialog(&node)
        });
    }
    let closed = props.on_close.reform(|_: Event| ());
    let close = {
        let node = node.clone();
        Callback::from(move |_: MouseEvent| element::close_dialog(&node))
    };
    html! {
        <dialog ref={node} class={props.class.clone()} onclose={closed}
            aria-labelledby="dialog-title">
            <header class="dialog-head">
                <h2 id="dialog-title">{ &props.title }</h2>
                <button class="btn square" aria-label="Close" onclick={close}>{ "✕" }</button>
            </header>
            <div class="dialog-body" ref={body} tabindex="-1">{ props.children.clone() }</div>
        </dialog>
    }
}
