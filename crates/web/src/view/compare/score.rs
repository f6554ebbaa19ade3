//! The scoreboard: a table with the lanes as columns, which stand under their pictures.

use std::rc::Rc;

use yew::prelude::*;

use crate::command::{Ask, Command};
use crate::model::compare::lane::LaneModel;
use crate::model::compare::score::{Figure, Part, ScoreRow};
use crate::model::compare::{Bit, Change, CompareModel, EntryRows, WordText};
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;

/// The tables: the entry in hand, then what is counted. Each is a sheet by itself, so that the
/// browser leaves alone what is scrolled away.
pub(super) fn score(model: &CompareModel, on_command: &Callback<Command>) -> Html {
    let lanes = model.lanes.len();
    let heading = |name: &'static str| {
        html! {
            <tr class="cmp-part"><th scope="colgroup" colspan={(lanes + 1).to_string()}>{ name }</th></tr>
        }
    };
    let counted = |part: Part, name: &'static str| {
        let own = model.rows.iter().filter(|row| row.part == part);
        let rows: Vec<Html> = own.map(|row| live(Row(row.clone()))).collect();
        let head = (!name.is_empty()).then(|| heading(name));
        (!rows.is_empty()).then(|| sheet(model, html! { { for head }{ for rows } }))
    };
    html! {
        <div class={format!("cmp-board n{lanes}")} role="region" aria-label="Scoreboard" tabindex="0">
            { for model.entry.iter().map(|entry| sheet(model, in_hand(entry, lanes, on_command))) }
            { for counted(Part::Job, "") }
            { sheet(model, outcomes(model)) }
            { for counted(Part::After, "after it, the same accesses in each") }
            { for counted(Part::Locks, "locks the job holds, in steps") }
            { for counted(Part::Cost, "priced by the table below") }
        </div>
    }
}

/// Rows as a table whose columns stand under their lanes.
fn sheet(model: &CompareModel, rows: Html) -> Html {
    let lane = |lane: &Rc<LaneModel>| html! { <th scope="col"><code>{ lane.word }</code></th> };
    html! {
        <div class="cmp-sheet">
            <table class="cmp-score">
                <colgroup><col class="cmp-name"/></colgroup>
                <thead><tr><td/>{ for model.lanes.iter().map(lane) }</tr></thead>
                <tbody>{ rows }</tbody>
            </table>
        </div>
    }
}

/// A row by itself.
pub(crate) fn row(row: &Rc<ScoreRow>) -> Html {
    live(Row(row.clone()))
}

/// What each lane did to the entries, in a sentence.
fn outcomes(model: &CompareModel) -> Html {
    let outcome = |lane: &Rc<LaneModel>| {
        html! { <td><div class="cmp-fig cmp-outcome">{ &*lane.outcome }</div></td> }
    };
    html! {
        <tr><th scope="row">{ "what it did" }</th>{ for model.lanes.iter().map(outcome) }</tr>
    }
}

/// One thing counted.
#[derive(PartialEq)]
struct Row(Rc<ScoreRow>);

impl Piece for Row {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        html! {
            <tr>
                <th scope="row">{ &self.0.name }</th>
                { for self.0.figures.iter().map(|figure| cell(figure, self.0.part)) }
            </tr>
        }
    }
}

fn cell(figure: &Figure, part: Part) -> Html {
    let end = if figure.least {
        html! { <b>{ &figure.end }</b> }
    } else {
        html! { <span>{ &figure.end }</span> }
    };
    let text = if part == Part::Locks || figure.now.is_empty() {
        html! { <span class="cmp-n">{ end }</span> }
    } else {
        html! { <span class="cmp-n">{ &figure.now }<i>{ " of " }</i>{ end }</span> }
    };
    let (now, whole) = figure.bar;
    html! {
        <td>
            <div class="cmp-fig cmp-count">
                { text }
                <svg viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
                    <rect class="cmp-bar" width={whole.to_string()} height="8"/>
                    if part != Part::Locks {
                        <rect class="cmp-bar now" width={now.to_string()} height="8"/>
                    }
                </svg>
                if part == Part::Locks { <i>{ &figure.now }</i> }
            </div>
        </td>
    }
}

/// The words of the entry in hand.
fn in_hand(entry: &EntryRows, lanes: usize, on_command: &Callback<Command>) -> Html {
    let step = |name: &'static str, label: &'static str, ask: Ask| {
        let onclick = on_command.reform(move |_: MouseEvent| Command::Compare(ask));
        html! { <button class="key" aria-label={label} title={label} {onclick}>{ name }</button> }
    };
    let words = |name: &'static str, words: &[WordText]| {
        let cell = |it: &WordText| {
            html! { <td><div class="cmp-fig cmp-word"><code>{ word(it) }</code>{ bits(it) }</div></td> }
        };
        html! { <tr><th scope="row">{ name }</th>{ for words.iter().map(cell) }</tr> }
    };
    html! {
        <>
            <tr class="cmp-part">
                <th scope="colgroup" colspan={(lanes + 1).to_string()}>
                    { &entry.name }
                    if !entry.differs { { ", alike in all lanes" } }
                    { " " }
                    { step("D", "D: the differing entry before", Ask::PreviousDifference) }
                    { step("d", "d: the next differing entry", Ask::NextDifference) }
                </th>
            </tr>
            { words("its word now", &entry.now) }
            { words("behind the job", &entry.end) }
            <tr>
                <th scope="row">{ "what became of it" }</th>
                { for entry.fate.iter().map(|fate| html! { <td><div class="cmp-fig">{ fate }</div></td> }) }
            </tr>
        </>
    }
}

/// A word, the digits that changed stressed.
fn word(word: &WordText) -> Html {
    let digit = |(digit, changed): (char, &bool)| {
        let digit = digit.to_string();
        if *changed {
            html! { <b>{ digit }</b> }
        } else {
            html! { { digit } }
        }
    };
    word.digits.chars().zip(&word.changed).map(digit).collect()
}

/// Its bits by letter: struck out what was there at the start, inserted what was not.
fn bits(word: &WordText) -> Html {
    let bit = |bit: &Bit| {
        let class = format!("c{}", bit.letter);
        match bit.change {
            Change::Stays => html! { <span {class}>{ bit.letter.to_string() }</span> },
            Change::Came => html! { <ins {class}>{ bit.letter.to_string() }</ins> },
            Change::Went => html! { <del {class}>{ bit.letter.to_string() }</del> },
        }
    };
    html! { <span class="cmp-bits">{ for word.bits.iter().map(bit) }</span> }
}
