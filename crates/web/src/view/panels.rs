//! What can lie over the page. Loaded late: see `parts`.

use yew::prelude::*;

use crate::command::{Command, Panel};
use crate::view::dialog::{Focus, dialog};
use crate::view::gallery::gallery;
use crate::view::help::{self, GoTo};
use crate::view::live::live;
use crate::view::markup::html;
use crate::view::menu::menu;
use crate::view::page::{Form, PageModel, editor};
use crate::view::share;
use crate::view::transport::TransportModel;

/// The open panel; nothing if none is.
pub fn panel(props: &PageModel) -> Html {
    let on_command = props.on_command.clone();
    let on_close = on_command.reform(|()| Command::Hide);
    match (props.panel, props.share.clone()) {
        (Some(Panel::Share), Some(model)) => share::share(&model, on_close),
        (Some(Panel::Embed), Some(model)) => share::embed_code(&model, on_close),
        (Some(Panel::Gallery), _) => {
            let cards = props.cards.as_deref().unwrap_or_default();
            gallery(cards, &props.text, props.notice.as_ref(), &on_command)
        }
        (Some(Panel::Export), _) => share::export_files(props.view, &props.on_export, on_close),
        (Some(Panel::Help), _) => help::help(on_close),
        (Some(Panel::GoTo), _) => {
            let TransportModel { step, whole, .. } = props.transport;
            live(GoTo { step, before: whole.0 - step.0, on_command })
        }
        (Some(Panel::Editor), _) if props.form != Form::Wide || props.scene.is_some() => {
            let side = html! { <div class="side">{ editor(props) }</div> };
            dialog("Scenario", "sheet", Focus::Inside, on_close, side)
        }
        (Some(Panel::Menu), _) => menu(props.kernel, props.view, &on_command),
        _ => html! {},
    }
}
