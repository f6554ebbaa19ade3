//! The page's messages about itself, and what screen readers are told while one steps.

use yew::prelude::*;

use crate::command::{Command, Notice, Tone};
use crate::view::markup::html;

/// One message, with what can be done about it.
pub fn notice_bar(notice: Option<&Notice>, on_command: &Callback<Command>) -> Html {
    let Some(notice) = notice else {
        return html! { <div class="notice-place" role="status"></div> };
    };
    let dismiss = on_command.reform(|_: MouseEvent| Command::Dismiss);
    let restore = on_command.reform(|_: MouseEvent| Command::Restore);
    let tone = match notice.tone {
        Tone::Bad => "notice bad",
        Tone::Plain | Tone::Shelved => "notice",
    };
    html! {
        <div class="notice-place" role="status">
            <div class={tone}>
                <p>{ &*notice.text }</p>
                if notice.tone == Tone::Shelved {
                    <button class="btn strong" onclick={restore}>{ "Bring it back" }</button>
                }
                <button class="btn square" aria-label="Dismiss" onclick={dismiss}>{ "✕" }</button>
            </div>
        </div>
    }
}

/// Read out when it changes; never seen.
pub fn spoken(text: &AttrValue) -> Html {
    html! { <p class="spoken unseen" role="status" aria-live="polite">{ text }</p> }
}
