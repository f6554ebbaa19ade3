//! The stage in another page's frame.

use std::rc::Rc;

use yew::prelude::*;

use super::bits::{BitsAt, Columns, bits, digits};
use super::descent::descent;
use super::part::{Part, lane_rows, part};
use super::svg::{n, path, rect, text};
use crate::model::stage::StageModel;
use crate::model::stage_measures::StageForm;
use crate::view::markup::html;

const BITS: BitsAt = BitsAt { x: 420.0, y: 100.0, columns: Columns::Named(463.0, 26.0) };

/// Strip, lanes, descent, bits and the sentence.
pub(super) fn embed(model: &Rc<StageModel>) -> Html {
    let measures = StageForm::Embed.measures();
    html! {
        <div class="stg stg-embed">
            <svg class="stg-svg" role="img" aria-label={model.sentence.plain()}
                viewBox={format!("0 0 {} {}", n(measures.size.0), n(measures.size.1))}>
                {left(model)}
                {right(model)}
            </svg>
            {part(model, Part::Say)}
        </div>
    }
}

fn left(model: &Rc<StageModel>) -> Html {
    let strip = &model.strip;
    let bottom = model.lanes.bottom.max(100.0);
    html! {
        <>
            if let Some(band) = &strip.band {
                {rect("band", band.x.0, 18.0, band.x.1 - band.x.0, bottom - 18.0)}
            }
            if let Some((_, x)) = strip.now {
                {rect("now-soft", x, 18.0, strip.cell, bottom - 18.0)}
            }
            {text("s i2", 0.0, 36.0, strip.file.clone())}
            {part(model, Part::Strip)}
            {part(model, Part::Heads)}
            {lane_rows(model)}
            {model.thread.iter().map(|part| html! {
                <g key={part.part}>{path("thread-case", part.d.clone())}{path("thread", part.d.clone())}</g>
            }).collect::<Html>()}
            {part(model, Part::LaneNow)}
        </>
    }
}

fn right(model: &StageModel) -> Html {
    let inner = model.stack.calls.iter().rev().take(2).map(|call| call.name).collect::<Vec<_>>();
    let locks: Vec<String> = model
        .held
        .rows
        .iter()
        .filter(|row| row.held)
        .filter_map(|row| row.lock.as_ref().map(|lock| format!("{lock} {}", row.note)))
        .collect();
    html! {
        <>
            {descent(&model.tables, (420.0, 16.0), (74.0, 50.0))}
            if let Some(entry) = &model.entry.word {
                <text class="m word-s" x="420" y="78">
                    if let Some(was) = &entry.was {
                        {digits(was)}<tspan class="i3">{" → "}</tspan>
                    }
                    {digits(&entry.is)}
                </text>
            }
            {bits(&model.entry, &BITS)}
            if let Some(top) = inner.first() {
                <text x="420" y="206">
                    <tspan class="s i2">{"in "}</tspan>
                    <tspan class="m i2 xs">{format!("… › {} › ", inner.get(1).copied().unwrap_or(""))}</tspan>
                    <tspan class="m b s">{*top}</tspan>
                </text>
            }
            if !locks.is_empty() {
                {text("s i2", 420.0, 222.0, format!("holding {}", locks.join(", ")))}
            }
        </>
    }
}
