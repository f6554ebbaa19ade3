//! The argument: claim by claim what was said, what a comparison shows, and what comes of it.

use std::rc::Rc;

use rangewalk_core::compare::argument::{Holds, Keeps};
use yew::prelude::*;

use crate::command::{Command, View};
use crate::model::argument::{Bar, ClaimModel, Pair, Sharing, Tested, WHOLE};
use crate::model::compare::lane::LaneModel;
use crate::platform::location;
use crate::scene::Frame;
use crate::view::compare::{matrix, row};
use crate::view::live::{Own, Piece, is_same, live};
use crate::view::markup::html;
use crate::view::sweep::lanes_head;

/// Width of an icicle, in picture units.
const WIDTH: u32 = 640;
/// Height of its rows.
const ROW: u32 = 17;

/// The page.
pub fn argument(claims: &[Rc<ClaimModel>], frame: &Frame) -> Html {
    let back = frame.on_command.reform(|_: MouseEvent| Command::Look(View::Stage));
    let claim = |claim: &Rc<ClaimModel>| {
        live(ClaimPiece { model: claim.clone(), on_command: frame.on_command.clone() })
    };
    html! {
        <main class="cmp arg" aria-label="The argument" tabindex="0">
            <h2>{ "The argument, side by side" }</h2>
            <p class="arg-intro">
                { "In September 2019 a mail on linux-kernel weighed three homes for one job, to walk " }
                { "the mappings of a range of a file: rmap, pagewalk, or beside unmap_mapping_range. " }
                { "Here is each claim in our words, with a comparison that puts it to the test and a " }
                { "verdict worked out from it, in this page, now. Open one, bend it, and answer with a link." }
            </p>
            { for claims.iter().map(claim) }
            <p><button class="btn strong" onclick={back}>{ "Back to the stage" }</button></p>
        </main>
    }
}

/// One claim.
#[derive(PartialEq)]
struct ClaimPiece {
    model: Rc<ClaimModel>,
    on_command: Callback<Command>,
}

impl Piece for ClaimPiece {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        let ClaimModel { claim, tested } = &*self.model;
        html! {
            <section class="arg-claim" id={claim.name}>
                <div class="arg-says">
                    <h3>{ claim.title }</h3>
                    <blockquote>{ claim.says }</blockquote>
                    <p class="quiet">{ claim.source }</p>
                    if let Some(tested) = tested {
                        { verdict(tested) }
                    } else {
                        <p class="quiet">{ "being worked out …" }</p>
                    }
                </div>
                <div class="arg-shows">
                    { for tested.iter().map(|tested| shows(tested, &self.on_command)) }
                </div>
            </section>
        }
    }
}

fn verdict(tested: &Tested) -> Html {
    let class = match tested.verdict.holds {
        Holds::Yes => "arg-verdict ok",
        Holds::Partly => "arg-verdict warn",
        Holds::No => "arg-verdict bad",
    };
    let figure = |figure: &rangewalk_core::compare::argument::Figure| {
        html! { <tr><th scope="row">{ &figure.what }</th><td>{ figure.value.to_string() }</td></tr> }
    };
    html! {
        <>
            <p {class}><b>{ tested.verdict.holds.name() }</b></p>
            <p>{ &tested.verdict.sentence }</p>
            <details>
                <summary class="btn">{ "The figures behind it" }</summary>
                <table class="arg-figures"><tbody>{ for tested.verdict.figures.iter().map(figure) }</tbody></table>
            </details>
            { for tested.link.iter().map(|(view, fragment)| html! {
                <p><a href={location::page_address(*view, fragment)}>{ "Open it as a scenario" }</a></p>
            }) }
        </>
    }
}

/// What the claim's scenario shows.
fn shows(tested: &Tested, on_command: &Callback<Command>) -> Html {
    let small = |lane: &Rc<LaneModel>| {
        html! {
            <figure class="arg-lane">
                <figcaption><code>{ lane.word }</code></figcaption>
                { matrix(&lane.matrix, lane.word, on_command) }
                <p class="quiet">{ &*lane.outcome }</p>
            </figure>
        }
    };
    html! {
        <>
            if !tested.lanes.is_empty() {
                <div class={format!("arg-lanes n{}", tested.lanes.len())}>{ for tested.lanes.iter().map(small) }</div>
                <div class="arg-table" role="group" aria-label="Counts" tabindex="0">
                    <table class="arg-score">
                        { lanes_head(tested.lanes.iter().map(|lane| lane.word)) }
                        <tbody>{ for tested.rows.iter().map(row) }</tbody>
                    </table>
                </div>
            }
            { for tested.sharing.iter().map(sharing) }
            if !tested.icicle.is_empty() { { icicle(&tested.icicle) } }
            if !tested.locks.is_empty() { { locks(&tested.locks) } }
        </>
    }
}

/// The matrix of shared functions: of each row's steps, how many the functions drive that the
/// column runs too.
fn sharing(sharing: &Sharing) -> Html {
    let cell = |(at, row): (usize, usize), pair: &Pair| {
        let names = pair.functions.join(", ");
        let title = if names.is_empty() { "nothing in common".to_owned() } else { names };
        let share = format!("arg-share s{}", pair.percent / 10);
        if at == row {
            return html! { <td class="arg-self">{ format!("{} functions", pair.of) }</td> };
        }
        html! { <td class={share} {title}><b>{ format!("{} %", pair.percent) }</b>
        <span>{ format!("{} of {}", pair.functions.len(), pair.of) }</span></td> }
    };
    let row = |(row, pairs): (usize, &Vec<Pair>)| {
        let cells = pairs.iter().enumerate().map(|(at, pair)| cell((at, row), pair));
        html! { <tr><th scope="row"><code>{ sharing.names[row] }</code></th>{ for cells }</tr> }
    };
    html! {
        <div class="arg-table" role="group" aria-label="Shared functions" tabindex="0">
            <p class="quiet">
                { "Of each row’s steps, the share under functions that the column runs too, " }
                { "and how many functions those are." }
            </p>
            <table class="arg-matrix">
                { lanes_head(sharing.names.iter().copied()) }
                <tbody>{ for sharing.pairs.iter().enumerate().map(row) }</tbody>
            </table>
        </div>
    }
}

/// Where steps fall, callers above callees; what fork and exit are made of is stressed.
fn icicle(bars: &[Bar]) -> Html {
    let depth = bars.iter().map(|bar| bar.depth + 1).max().unwrap_or(0);
    let x = |mille: u32| mille * WIDTH / WHOLE;
    let bar = |bar: &Bar| {
        let (from, to) = (x(bar.place.0), x(bar.place.1));
        let width = (to - from).max(2) - 1;
        let text = format!("{} {} %", bar.name, bar.percent);
        let room = usize::try_from(width).unwrap_or(0) / 6;
        let shown = [text.as_str(), bar.name].into_iter().find(|text| text.len() <= room);
        let y = bar.depth * ROW;
        html! {
            <g>
                <title>{ text.clone() }</title>
                <rect class={if bar.stressed { "arg-hot" } else { "arg-call" }} x={from.to_string()}
                    y={y.to_string()} width={width.to_string()} height={(ROW - 1).to_string()}/>
                { for shown.map(|shown| html! {
                    <text class={if bar.stressed { "m on-hot" } else { "m" }}
                        x={(from + 3).to_string()} y={(y + 12).to_string()}>{ shown }</text>
                }) }
            </g>
        }
    };
    html! {
        <div class="arg-table" role="group" aria-label="Where the steps fall" tabindex="0">
            <p class="quiet">
                { "Where the steps of the load fall, callers above callees; " }
                { "under copy_page_range and unmap_page_range in ink." }
            </p>
            <svg class="arg-icicle" viewBox={format!("0 0 {WIDTH} {}", depth * ROW)} role="img"
                aria-label="Profile as an icicle">
                { for bars.iter().map(bar) }
            </svg>
        </div>
    }
}

/// What each lock keeps still.
fn locks(locks: &[Keeps]) -> Html {
    let row = |keeps: &Keeps| {
        html! {
            <tr>
                <th scope="row"><code>{ keeps.kind.name() }</code></th>
                <td>{ keeps.still }</td><td>{ keeps.changes }</td><td>{ keeps.tables }</td>
            </tr>
        }
    };
    html! {
        <div class="arg-table" role="group" aria-label="Locks" tabindex="0">
            <table class="arg-locks">
                <thead><tr><th scope="col">{ "held" }</th><th scope="col">{ "stands still" }</th>
                    <th scope="col">{ "may change" }</th><th scope="col">{ "keeps page tables alive" }</th></tr></thead>
                <tbody>{ for locks.iter().map(row) }</tbody>
            </table>
        </div>
    }
}
