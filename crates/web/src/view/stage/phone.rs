//! The stage on a phone: sections under each other, the sentence first.

use std::rc::Rc;

use yew::prelude::*;

use super::bits::{BitsAt, Columns, bits};
use super::cell::{Ground, Ink, Place, cell};
use super::part::{Part, lane_rows, part};
use super::svg::{n, rect, text};
use crate::model::stage::StageModel;
use crate::view::markup::html;

const BITS: BitsAt = BitsAt { x: 0.0, y: 12.0, columns: Columns::Named(46.0, 34.6) };

/// Sentence, file, descent, leaf slots, entry, held, calls.
pub(super) fn phone(model: &Rc<StageModel>) -> Html {
    let held: Vec<_> = model.held.rows.iter().filter(|row| row.held).collect();
    html! {
        <div class="stg stg-phone" tabindex="0" role="group" aria-label="The step in pictures">
            {part(model, Part::Say)}
            {file(model)}
            {descent(model)}
            {slots(model)}
            {entry(model)}
            <h2>{"Held"}</h2>
            <p class="chips">
                if held.is_empty() { <span>{"nothing"}</span> }
                {held.iter().map(|row| html! {
                    <span>if let Some(lock) = &row.lock { <b>{lock.clone()}
                    </b>{" "} }{row.note.clone()}</span>
                }).collect::<Html>()}
            </p>
            <h2>{"In"}</h2>
            {calls(model)}
        </div>
    }
}

fn picture(height: f32, label: String, inside: Html) -> Html {
    html! {
        <svg class="stg-svg" viewBox={format!("0 0 343 {}", n(height))} role="img"
            aria-label={label}>{inside}</svg>
    }
}

fn file(model: &Rc<StageModel>) -> Html {
    let strip = &model.strip;
    let bottom = model.lanes.bottom;
    let inside = html! {
        <>
            if let Some(band) = &strip.band {
                {rect("band", band.x.0, 16.0, band.x.1 - band.x.0, bottom - 16.0)}
            }
            if let Some((_, x)) = strip.now {
                {rect("now-soft", x, 16.0, strip.cell, bottom - 16.0)}
            }
            {part(model, Part::Strip)}
            {part(model, Part::Heads)}
            {lane_rows(model)}
            {part(model, Part::LaneNow)}
        </>
    };
    html! {
        <>
            <h2>{format!("File {}", strip.file)}<span>{strip.about.clone()}</span></h2>
            {picture(model.height, format!("File {} and its mappings", strip.file), inside)}
        </>
    }
}

fn descent(model: &StageModel) -> Html {
    let Some((address, _)) = &model.tables.address else { return Html::default() };
    let whose = model.tables.process.clone().unwrap_or_default();
    let inside = super::descent::descent(&model.tables, (0.0, 11.0), (76.0, 66.0));
    html! {
        <>
            <h2>{format!("Descent in {whose}")}<code>{address.clone()}</code></h2>
            {picture(38.0, format!("Descent to {address}"), inside)}
        </>
    }
}

/// Sixteen slots around the current one.
fn slots(model: &StageModel) -> Html {
    let rows = &model.tables.leaf.rows;
    let Some(row) = rows.iter().find(|row| row.now.is_some()) else { return Html::default() };
    let Some(now) = row.now else { return Html::default() };
    let first = row.first + if now - row.first >= 16 { 16 } else { 0 };
    let width = 343.0 / 16.0;
    let inside: Html = (first..first + 16)
        .map(|slot| {
            #[expect(clippy::cast_precision_loss, reason = "sixteen")]
            let x = width * (slot - first) as f32;
            let state = row.cells[(slot - row.first) as usize];
            let here = slot == now;
            let ground = if here { Ground::Now } else { Ground::Picture };
            html! {
                <>
                    if here { {rect("now-box", x + 0.5, 1.0, width - 1.0, 20.0)} }
                    {cell(state, Place { x, y: 1.0, width, height: 20.0, ink: Ink::Letters, ground })}
                    {text(if here { "m xs mid b" } else { "m xs mid i2" }, x + width / 2.0, 33.0, slot.to_string())}
                </>
            }
        })
        .collect();
    html! {
        <>
            <h2>
                {format!("Leaf slots {first}–{}", first + 15)}
                <span>{model.tables.leaf.which.clone().unwrap_or_default()}</span></h2>
            {picture(36.0, format!("Slots {first} to {} of the leaf table", first + 15), inside)}
        </>
    }
}

fn entry(model: &StageModel) -> Html {
    let Some(entry) = &model.entry.word else { return Html::default() };
    let word = |nibbles: &[crate::model::entry::Nibble]| -> String {
        nibbles.iter().map(|nibble| nibble.digit).collect()
    };
    let words = match &entry.was {
        Some(was) => format!("{} → {}", word(was), word(&entry.is)),
        None => word(&entry.is),
    };
    let inside = bits(&model.entry, &BITS);
    html! {
        <>
            <h2>{"Entry"}<code>{words.clone()}</code></h2>
            {picture(108.0, format!("Entry {}: {words}", entry.index), inside)}
        </>
    }
}

/// The outermost call and the two innermost.
fn calls(model: &StageModel) -> Html {
    let calls = &model.stack.calls;
    let Some((top, outer)) = calls.split_last() else {
        return html! { <p class="crumbs">{"between calls"}</p> };
    };
    let mut path = outer.first().map_or_else(String::new, |call| format!("{} › ", call.name));
    if outer.len() > 2 {
        path.push_str("… › ");
    }
    if let Some(caller) = outer.last().filter(|_| outer.len() > 1) {
        path.push_str(caller.name);
        path.push_str(" › ");
    }
    html! { <p class="crumbs">{path}<mark>{top.name}</mark></p> }
}
