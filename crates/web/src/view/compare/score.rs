//! The scoreboard: a table with the lanes as columns, which stand under their pictures.

use std::rc::Rc;

use yew::prelude::*;

use crate::command::{Ask, Command};
use crate::model::compare::lane::LaneModel;
use crate::model::compare::score::{Figure, Part, ScoreRow};
use crate::model::compare::{CompareModel, EntryRows, WordText};
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;

/// The table.
pub(super) fn score(model: &CompareModel, on_command: &Callback<Command>) -> Html {
    let lanes = model.lanes.len();
    let head = |part: Part, name: &'static str| {
        let any = model.rows.iter().any(|row| row.part == part);
        any.then(|| html! {
            <tr class="cmp-part"><th scope="colgroup" colspan={(lanes + 1).to_string()}>{ name }</th></tr>
        })
    };
    let rows = |part: Part| -> Vec<Html> {
        let own = model.rows.iter().filter(|row| row.part == part);
        own.map(|row| live(Row(row.clone()))).collect()
    };
    html! {
        <div class={format!("cmp-board n{lanes}")} role="region" aria-label="Scoreboard" tabindex="0">
            <table class="cmp-score">
                <colgroup><col class="cmp-name"/></colgroup>
                <thead>
                    <tr>
                        <td/>
                        { for model.lanes.iter().map(|lane| html! { <th scope="col"><code>{ lane.word }</code></th> }) }
                    </tr>
                </thead>
                <tbody>
                    { for rows(Part::Job) }
                    { outcomes(model) }
                    { for head(Part::After, "after it, the same accesses in each") }
                    { for rows(Part::After) }
                    { for head(Part::Locks, "locks the job holds, in steps") }
                    { for rows(Part::Locks) }
                    { for head(Part::Cost, "priced by the table below") }
                    { for rows(Part::Cost) }
                    { for model.entry.iter().map(|entry| in_hand(entry, lanes, on_command)) }
                </tbody>
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
        html! {
            <tr>
                <th scope="row">{ name }</th>
                { for words.iter().map(|it| html! { <td><div class="cmp-fig"><code>{ word(it) }</code></div></td> }) }
            </tr>
        }
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
