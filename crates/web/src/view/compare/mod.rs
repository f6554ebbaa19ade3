//! The comparison: lanes side by side over one scoreboard, one scrubber for all.

mod cells;
mod empty;
mod foot;
mod lane;
mod matrix;
mod prices;
mod score;

use std::rc::Rc;

use rangewalk_core::compare::Align;
use yew::prelude::*;

pub use self::empty::empty;
pub(super) use self::matrix::matrix;
pub(super) use self::score::row;
use crate::command::{Ask, Command, View};
use crate::model::compare::CompareModel;
use crate::model::compare::field::Mark;
use crate::model::compare::matrix::Matrix;
use crate::scene::Frame;
use crate::view::live::{live, live_as};
use crate::view::markup::html;
use crate::view::page::Form;

/// The lanes.
pub fn lanes(model: &Rc<CompareModel>, frame: &Frame) -> Html {
    let on_command = &frame.on_command;
    let count = model.lanes.len();
    html! {
        <>
            <main class="cmp" aria-label="Comparison" tabindex="0">
                { head(model, frame) }
                <div class={format!("cmp-lanes n{count}")}>
                    <div class="cmp-notes">
                        <p><b>{ "The line is the order of visits." }</b></p>
                        { for model.notes.iter().map(|note| html! { <p>{ note }</p> }) }
                    </div>
                    { for (0..).zip(&model.lanes).map(|(at, lane)| live_as(at, lane::LanePiece {
                        lane: lane.clone(),
                        on_command: on_command.clone(),
                    })) }
                </div>
                { score::score(model, on_command) }
                { live(prices::Prices { rows: model.prices.clone(), on_command: on_command.clone() }) }
            </main>
            { live(foot::FootPiece { model: model.foot.clone(), form: frame.form, on_command: on_command.clone() }) }
        </>
    }
}

fn head(model: &CompareModel, frame: &Frame) -> Html {
    let on_command = &frame.on_command;
    let sweep = on_command.reform(|_: MouseEvent| Command::Look(View::Sweep));
    let align = |align: Align| {
        let onclick = on_command.reform(move |_: MouseEvent| Command::Compare(Ask::Align(align)));
        let here = align == model.align;
        html! {
            <button class={if here { "btn tab here" } else { "btn tab" }} {onclick}
                aria-pressed={if here { "true" } else { "false" }}>{ align.name() }</button>
        }
    };
    html! {
        <div class="cmp-head">
            <h2>{ &model.heading }</h2>
            <span class="quiet">{ &model.under }</span>
            <div class="cmp-align" role="group" aria-label="In step by">
                <span>{ "In step by" }</span>
                { for Align::ALL.into_iter().map(align) }
            </div>
            if frame.form != Form::Embed { <button class="btn" onclick={sweep}>{ "Sweep" }</button> }
            if model.any_differs {
                <p class="cmp-differs">
                    <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
                        <path class="cmp-corner" d="M12 0v12L0 0z"/>
                    </svg>
                    { "ends otherwise than in the first lane: " }<b>{ &*model.differs }</b>
                </p>
            }
        </div>
    }
}

/// A lane's entries in words, for those who do not see them.
fn describe(matrix: &Matrix) -> String {
    let rows = matrix.layout.rows.len();
    let boxes = matrix.rows.iter().flat_map(|row| &row.cells).filter(|cell| cell.differs).count();
    let places = matrix.field.iter().flat_map(|field| &field.marks);
    let differ = boxes + places.filter(|mark| mark.contains(Mark::DIFFERS)).count();
    format!(
        "Entries of {rows} mappings; {differ} of those on show end otherwise than in the first lane"
    )
}
