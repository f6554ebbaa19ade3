//! The stage on a screen: tree, lanes, tables and entry in one picture, facts beside, sentence
//! below.

use std::rc::Rc;

use yew::prelude::*;

use super::part::{Part, lane_rows, leaf_rows, part, tlb_rows};
use super::svg::{n, path, rect, text};
use crate::model::stage::StageModel;
use crate::model::stage_measures::StageForm;
use crate::view::markup::html;

/// The whole stage.
pub(super) fn full(model: &Rc<StageModel>) -> Html {
    let size = StageForm::Full.measures().size;
    html! {
        <div class="stg stg-full" tabindex="0" role="group" aria-label="The step in pictures">
            <div class="stg-pic">
                <svg
                    class="stg-svg"
                    viewBox={format!("0 0 {} {}", n(size.0), n(size.1))}
                    role="img"
                    aria-label={model.sentence.plain()}
                >
                    {left(model)}
                    {part(model, Part::TablesNow)}
                    {part(model, Part::Entry)}
                </svg>
                <div class="stg-facts">
                    {part(model, Part::Stack)}
                    {part(model, Part::Held)}
                    {part(model, Part::Counters)}
                </div>
                {part(model, Part::Say)}
            </div>
        </div>
    }
}

/// File, tree, lanes and thread.
fn left(model: &Rc<StageModel>) -> Html {
    let strip = &model.strip;
    html! {
        <>
            {backdrop(model)}
            <text y="14">
                <tspan class="h">{format!("File {}", strip.file)}</tspan>
                <tspan class="i2" dx="10">{strip.about.clone()}</tspan>
            </text>
            {text("i3 s", 0.0, 66.0, "page")}
            {part(model, Part::Strip)}
            if let Some(tree) = &model.tree {
                {text("h", 0.0, 104.0, "Interval tree")}
                {text("i2 s", 0.0, 120.0, "i_mmap, keyed")}
                {text("i2 s", 0.0, 134.0, "by pgoff")}
                <g class="legend">
                    <circle class="rb black" cx="3" cy="146" r="2.75" />
                    {text("xs i2", 10.0, 149.5, "black")}
                    <circle class="rb red" cx="45" cy="146" r="2.75" />
                    {text("xs i2", 52.0, 149.5, "red")}
                </g>
                if let Some(doing) = &tree.doing {
                    {text("s b", 108.0, 92.0, doing.clone())}
                }
                {part(model, Part::Links)}
            }
            {part(model, Part::Heads)}
            {lane_rows(model)}
            {part(model, Part::TlbHead)}
            {tlb_rows(model)}
            {part(model, Part::Tables)}
            {leaf_rows(model)}
            {part(model, Part::Grid)}
            <g class="thread-all">
                {model.thread.iter().map(|part| html! {
                    <g key={part.part}>{path("thread-case", part.d.clone())}{path("thread", part.d.clone())}</g>
                }).collect::<Html>()}
            </g>
            {part(model, Part::Nodes)}
            {part(model, Part::LaneNow)}
        </>
    }
}

/// The walked range and the page at hand, through everything that stands on the axis.
fn backdrop(model: &StageModel) -> Html {
    let bottom = model.lanes.bottom.max(200.0);
    let band = model.strip.band.as_ref().map(|band| {
        let (x0, x1) = band.x;
        let edge = |x: f32| path("edge dash", format!("M{} 46V{}", n(x), n(bottom)));
        html! { <>{rect("band", x0, 46.0, x1 - x0, bottom - 46.0)}{edge(x0)}{edge(x1)}</> }
    });
    let row = model.lanes.rows.iter().find(|row| row.cells.iter().any(|cell| cell.now));
    let now = model.strip.now.zip(row).map(|((_, x), row)| {
        rect("now-soft", x, 76.0, model.strip.cell, (row.y + row.height - 76.0).max(0.0))
    });
    html! { <g class="backdrop">{band.unwrap_or_default()}{now.unwrap_or_default()}</g> }
}
