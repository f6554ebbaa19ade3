//! The scoreboard: a table with the lanes as columns, which stand under their pictures.

use std::rc::Rc;

use yew::prelude::*;

use crate::command::{Ask, Command};
use crate::model::compare::lane::LaneModel;
use crate::model::compare::score::{Figure, Part, ScoreRow};
use crate::model::compare::{Bit, Change, CompareModel, EntryRows, WordText};
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;

/// The tables, left alone while no figure changes.
pub(super) fn score(model: &CompareModel, on_command: &Callback<Command>) -> Html {
    let lane = |lane: &Rc<LaneModel>| (lane.word, lane.outcome.clone());
    live(Board {
        lanes: model.lanes.iter().map(lane).collect(),
        entry: model.entry.clone(),
        rows: model.rows.clone(),
        on_command: on_command.clone(),
    })
}

/// The entry in hand, then what is counted.
struct Board {
    /// The lanes' words, and what their jobs came to.
    lanes: Vec<(&'static str, Rc<str>)>,
    entry: Option<Rc<EntryRows>>,
    rows: Vec<Rc<ScoreRow>>,
    on_command: Callback<Command>,
}

impl Piece for Board {
    fn is_like(&self, before: &dyn Piece) -> bool {
        let before = (before as &dyn std::any::Any).downcast_ref::<Self>();
        before.is_some_and(|it| {
            (&it.lanes, &it.entry, &it.rows) == (&self.lanes, &self.entry, &self.rows)
        })
    }

    fn draw(&self, _: &Own) -> Html {
        board(self)
    }
}

/// Each table is a sheet by itself, so that the browser leaves alone what is scrolled away.
fn board(board: &Board) -> Html {
    let lanes = board.lanes.len();
    let heading = |name: &'static str| {
        html! {
            <tr class="cmp-part">
                <th scope="colgroup" colspan={(lanes + 1).to_string()}><span>{ name }</span></th>
            </tr>
        }
    };
    let counted = |part: Part, name: &'static str| {
        let own = board.rows.iter().filter(|row| row.part == part);
        let rows: Vec<Html> = own.map(|row| live(Row(row.clone()))).collect();
        let head = (!name.is_empty()).then(|| heading(name));
        (!rows.is_empty()).then(|| sheet(&board.lanes, html! { { for head }{ for rows } }))
    };
    html! {
        <div class={format!("cmp-board n{lanes}")} role="region" aria-label="Scoreboard" tabindex="0">
            { for board.entry.iter().map(|entry| {
                sheet(&board.lanes, in_hand(entry, lanes, &board.on_command))
            }) }
            { for counted(Part::Job, "") }
            { sheet(&board.lanes, outcomes(&board.lanes)) }
            { for counted(Part::After, "after it, the same accesses in each") }
            { for counted(Part::Locks, "locks the job holds, in steps") }
            { for counted(Part::Cost, "priced by the table below") }
        </div>
    }
}

/// Rows as a table whose columns stand under their lanes.
fn sheet(lanes: &[(&'static str, Rc<str>)], rows: Html) -> Html {
    let lane =
        |(word, _): &(&'static str, _)| html! { <th scope="col"><code>{ *word }</code></th> };
    html! {
        <div class="cmp-sheet">
            <table class="cmp-score">
                <colgroup><col class="cmp-name"/></colgroup>
                <thead><tr><td/>{ for lanes.iter().map(lane) }</tr></thead>
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
fn outcomes(lanes: &[(&'static str, Rc<str>)]) -> Html {
    let outcome = |(_, outcome): &(_, Rc<str>)| {
        html! { <td><div class="cmp-fig cmp-outcome">{ &**outcome }</div></td> }
    };
    html! {
        <tr><th scope="row">{ "what it did" }</th>{ for lanes.iter().map(outcome) }</tr>
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
    let class = match part {
        Part::Locks => "cmp-fig cmp-count cmp-held",
        _ => "cmp-fig cmp-count",
    };
    html! {
        <td>
            <div {class}>
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
                    <span>
                        { &entry.name }
                        if !entry.differs { { ", alike in all lanes" } }
                        { " " }
                        { step("D", "D: the differing entry before", Ask::PreviousDifference) }
                        { step("d", "d: the next differing entry", Ask::NextDifference) }
                    </span>
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
