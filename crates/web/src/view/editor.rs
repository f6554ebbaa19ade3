//! The editor pane: a text area over a mirror of itself that carries the marks.

use std::rc::Rc;

use rangewalk_core::scenario::{Diagnostic, Severity};
use yew::prelude::*;

use crate::command::{Command, Go};
use crate::model::editor::{Checked, EditorModel, Line, Look, Piece as Stretch, Remark};
use crate::platform::element;
use crate::view::live::{Own, Piece, is_same, live_as};
use crate::view::markup::html;

/// Characters in a line of the pane.
const COLUMNS: usize = 35;

/// Text, diagnostics and the letters' meanings.
#[derive(PartialEq)]
pub struct Editor {
    pub text: Rc<str>,
    pub model: Rc<EditorModel>,
    pub on_command: Callback<Command>,
}

impl Piece for Editor {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        editor(self, &own.node)
    }
}

fn editor(props: &Editor, area: &NodeRef) -> Html {
    let typed = {
        let (area, on_command) = (area.clone(), props.on_command.clone());
        Callback::from(move |_: InputEvent| {
            if let Some(text) = element::value(&area) {
                on_command.emit(Command::Edit(text.into()));
            }
        })
    };
    let keys = {
        let area = area.clone();
        Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                element::blur(&area);
            }
        })
    };
    let line = |line: &Rc<Line>| {
        let on_command = props.on_command.clone();
        live_as(line.number, EditorLine { line: line.clone(), on_command })
    };
    let go_to = {
        let (area, text) = (area.clone(), props.text.clone());
        Callback::from(move |d: Diagnostic| element::put_caret(&area, index_of(&text, &d)))
    };
    html! {
        <>
            <div class="ed-scroll">
                <div class={if props.model.lines.is_some() { "ed" } else { "ed plain" }}
                    aria-busy={props.model.stale.then_some("true")}>
                    if let Some(lines) = &props.model.lines {
                        <div class="mirror" aria-hidden="true">{ for lines.iter().map(line) }</div>
                    }
                    <textarea ref={area.clone()} aria-label="Scenario text" aria-describedby="remarks"
                        value={props.text.to_string()} oninput={typed} onkeydown={keys}
                            spellcheck="false"
                        autocomplete="off" autocapitalize="off" autocorrect="off" wrap="soft"/>
                </div>
            </div>
            { remarks(&props.model.remarks, &go_to) }
            { letters() }
        </>
    }
}

/// Where a diagnostic begins, in UTF-16 units from the start of the text.
fn index_of(text: &str, diagnostic: &Diagnostic) -> u32 {
    let lines = text.split('\n').take(diagnostic.line as usize - 1);
    let before: usize = lines.map(|line| line.encode_utf16().count() + 1).sum();
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(diagnostic.column.saturating_sub(1))
}

#[derive(PartialEq)]
struct EditorLine {
    line: Rc<Line>,
    on_command: Callback<Command>,
}

impl Piece for EditorLine {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        editor_line(self)
    }
}

fn editor_line(props: &EditorLine) -> Html {
    let line = &props.line;
    let number = line.number;
    let onclick = props.on_command.reform(move |_: MouseEvent| Command::Go(Go::Line(number)));
    let class = if line.here { "line here" } else { "line" };
    let (in_gutter, behind) = verdict(line);
    let gutter = match in_gutter {
        _ if line.here => html! { { "▸" } },
        Some(mark) => mark,
        None => html! { { number } },
    };
    html! {
        <div {class}>
            <i {onclick} title="Go to this statement">{ gutter }</i>
            <span>{ for line.pieces.iter().map(piece) }{ "\u{200b}" }</span>
            { for behind }
        </div>
    }
}

/// ✓ or ✗ with what was found: behind the line, or in the gutter where a long line leaves no room.
fn verdict(line: &Line) -> (Option<Html>, Option<Html>) {
    let Some(Checked { held, got }) = &line.checked else { return (None, None) };
    let (class, mark) = if *held { ("ok", "✓") } else { ("bad", "✗") };
    let used: usize = line.pieces.iter().map(|piece| piece.text.chars().count()).sum();
    let full = format!("{mark} {got}");
    let fits = |text: &str| used + text.chars().count() < COLUMNS;
    let behind = [full.as_str(), mark].into_iter().find(|text| fits(text));
    match behind {
        Some(text) => (None, Some(html! { <em {class}>{ text.to_owned() }</em> })),
        None => (Some(html! { <b {class}>{ mark }</b> }), None),
    }
}

fn piece(piece: &Stretch) -> Html {
    let look = match piece.look {
        Look::Plain => None,
        Look::Keyword => Some("kw"),
        Look::Comment => Some("cm"),
    };
    let under = piece.under.map(|severity| match severity {
        Severity::Error => "wavy error",
        Severity::Warning => "wavy warning",
        Severity::Note => "wavy note",
    });
    if look.is_none() && under.is_none() {
        return html! { { &piece.text } };
    }
    let class = [look, under].into_iter().flatten().collect::<Vec<_>>().join(" ");
    html! { <span {class}>{ &piece.text }</span> }
}

/// What is wrong, in words; each leads to its place.
fn remarks(remarks: &[Remark], on_go: &Callback<Diagnostic>) -> Html {
    let remark = |Remark { diagnostic, also }: &Remark| {
        let lines: String = also.iter().take(3).map(|line| format!(", {line}")).collect();
        let more = if also.len() > 3 { " …" } else { "" };
        let to = diagnostic.clone();
        let onclick = on_go.reform(move |_: MouseEvent| to.clone());
        let (class, word) = match diagnostic.severity {
            Severity::Error => ("remark error", "error: "),
            Severity::Warning => ("remark warning", ""),
            Severity::Note => ("remark note", ""),
        };
        html! {
            <li>
                <button {class} {onclick}>
                    <span><b>{ format!("line {}{lines}{more}: {word}", diagnostic.line) }</b>
                    { prose(&diagnostic.message) }</span>
                    if !diagnostic.hint.is_empty() {
                        <span class="hint">{ prose(&diagnostic.hint) }</span>
                    }
                </button>
            </li>
        }
    };
    html! {
        <ul class="remarks" id="remarks">{ for remarks.iter().take(20).map(remark) }</ul>
    }
}

/// Words between back quotes are code.
fn prose(text: &str) -> Html {
    let part = |(index, part): (usize, &str)| match index % 2 {
        0 => html! { { part.to_owned() } },
        _ => html! { <code>{ part.to_owned() }</code> },
    };
    text.split('`').enumerate().map(part).collect()
}

const LETTERS: [(&str, &str, &str); 8] = [
    ("P", "", "present"),
    ("W", "cW", "writable"),
    ("D", "cD", "dirty"),
    ("V", "cV", "saved-dirty"),
    ("A", "cA", "accessed"),
    ("T", "cT", "soft-dirty"),
    ("S", "cS", "special"),
    ("U N", "wide", "user, no-exec"),
];

/// What the letters on the page mean.
fn letters() -> Html {
    let letter = |(letter, class, meaning): &(&'static str, &'static str, &'static str)| {
        html! { <div><dt class={*class}>{ *letter }</dt><dd>{ *meaning }</dd></div> }
    };
    html! { <dl class="letters" aria-label="Letters">{ for LETTERS.iter().map(letter) }</dl> }
}
