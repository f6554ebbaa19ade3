//! The page's messages about itself, and what screen readers are told while one steps.

use yew::prelude::*;

use crate::command::{Command, Notice, Tone};

#[derive(Properties, PartialEq)]
pub struct NoticeBarProps {
    pub notice: Option<Notice>,
    pub on_command: Callback<Command>,
}

/// One message, with what can be done about it.
#[component]
pub fn NoticeBar(props: &NoticeBarProps) -> Html {
    let Some(notice) = &props.notice else {
        return html! { <div class="notice-place" role="status"></div> };
    };
    let dismiss = props.on_command.reform(|_: MouseEvent| Command::Dismiss);
    let restore = props.on_command.reform(|_: MouseEvent| Command::Restore);
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

#[derive(Properties, PartialEq)]
pub struct SpokenProps {
    pub text: AttrValue,
}

/// Read out when it changes; never seen.
#[component]
pub fn Spoken(props: &SpokenProps) -> Html {
    html! { <p class="spoken unseen" role="status" aria-live="polite">{ &props.text }</p> }
}
