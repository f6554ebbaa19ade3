//! The stage on a screen: tree, lanes, tables and entry in one picture, facts beside, sentence below.

use std::rc::Rc;

use yew::prelude::*;

use super::bits::{Bits, BitsAt, Columns, EntryHead};
use super::facts::{CountersView, HeldView, StackView};
use super::lanes::{LanesNow, LanesView};
use super::say::Say;
use super::strip::StripView;
use super::svg::{n, path, rect, text};
use super::tables::{TablesNow, TablesView};
use super::tree::{TreeLinks, TreeNodes};
use crate::model::stage::StageModel;
use crate::model::stage_measures::{StageForm, TABLES};
use crate::model::stage_thread::slot_at;

/// The picture, and where clicks go.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct FullProps {
    /// The picture.
    pub(super) model: Rc<StageModel>,
    /// Go to this many steps done.
    pub(super) on_seek: Callback<u32>,
}

const BITS: BitsAt = BitsAt { x: 640.0, y: 295.0, columns: Columns::All };

/// The whole stage.
#[component]
pub(super) fn Full(props: &FullProps) -> Html {
    let FullProps { model, on_seek } = props;
    let size = StageForm::Full.measures().size;
    html! {
        <div class="stg stg-full">
            <div class="stg-pic">
                <svg
                    class="stg-svg"
                    viewBox={format!("0 0 {} {}", n(size.0), n(size.1))}
                    role="img"
                    aria-label={model.sentence.plain()}
                >
                    {left(model)}
                    {right(model)}
                </svg>
                <div class="stg-facts">
                    <StackView stack={model.stack.clone()} on_seek={on_seek.clone()} />
                    <HeldView held={model.held.clone()} />
                    <CountersView counters={model.counters.clone()} />
                </div>
                <Say sentence={model.sentence.clone()} />
            </div>
        </div>
    }
}

/// File, tree, lanes and thread.
fn left(model: &StageModel) -> Html {
    let strip = &model.strip;
    let at = StageForm::Full.measures().strip;
    html! {
        <>
            {backdrop(model)}
            <text y="14">
                <tspan class="h">{format!("File {}", strip.file)}</tspan>
                <tspan class="i2" dx="10">{strip.about.clone()}</tspan>
            </text>
            {text("i3 s", 0.0, 66.0, "page")}
            <StripView strip={strip.clone()} {at} />
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
                <TreeLinks tree={tree.clone()} />
            }
            <LanesView lanes={model.lanes.clone()} right={588.0} />
            <TablesView tables={model.tables.clone()} at={TABLES} />
            <g class="thread-all">
                { for model.thread.iter().map(|part| html! {
                    <g key={part.part}>{path("thread-case", part.d.clone())}{path("thread", part.d.clone())}</g>
                }) }
            </g>
            if let Some(tree) = &model.tree {
                <TreeNodes tree={tree.clone()} />
            }
            <LanesNow lanes={model.lanes.clone()} right={588.0} />
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
    html! { <g class="backdrop">{band}{now}</g> }
}

/// Tags on the thread, and the entry.
fn right(model: &StageModel) -> Html {
    let entry = &model.entry;
    let slot = model.tables.leaf.rows.iter().find_map(|row| row.now);
    let tag = slot.map(|slot| slot_at(&TABLES, slot).0 + TABLES.slot.0 / 2.0);
    html! {
        <>
            <TablesNow tables={model.tables.clone()} at={TABLES} />
            <EntryHead entry={entry.clone()} at={BITS} {tag} />
            if entry.as_ref().is_some_and(|entry| entry.was.is_some()) {
                {path("hair", "M640 334H1132".to_owned())}
            }
            <Bits entry={entry.clone()} at={BITS} />
        </>
    }
}
