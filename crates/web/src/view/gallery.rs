//! The gallery: every scenario as a card.

use yew::prelude::*;

use crate::command::{Command, Notice, Opened, View};
use crate::model::gallery::{Card, Dirt, Lane, Sketch};
use crate::view::dialog::{Focus, dialog};
use crate::view::markup::html;
use crate::view::timeline_parts::px;

/// A card's picture, in pixels.
const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 72.0;
/// Top of the first lane.
const TOP: f64 = 12.0;

/// All scenarios, to open one: `open` is the text of the one that is. `notice` says why the gallery
/// opened by itself.
pub fn gallery(
    cards: &[Card],
    open: &str,
    notice: Option<&Notice>,
    on_command: &Callback<Command>,
) -> Html {
    let card = |card: &Card| {
        let text = card.text.clone();
        let onclick =
            on_command.reform(move |_: MouseEvent| Command::Open(Opened::text(text.clone())));
        let here = *card.text == *open;
        html! {
            <li>
                <button class="card" {onclick} aria-current={here.then_some("true")}
                    autofocus={here}>
                    { sketch(&card.sketch) }
                    <b>{ &card.title }</b>
                    <span>{ &card.note }</span>
                    <small>{ &card.verdict }</small>
                </button>
            </li>
        }
    };
    let on_close = on_command.reform(|()| Command::Hide);
    let argue = on_command.reform(|_: MouseEvent| Command::Look(View::Argument));
    let frames = on_command.reform(|_: MouseEvent| Command::Look(View::Film));
    let inside = html! {
        <>
            if let Some(notice) = notice {
                <p class="notice bad" role="alert">
                { &*notice.text }{ " Here are the scenarios that come with Rangewalk." }</p>
            }
            <p class="gallery-more">
                <button class="btn strong" onclick={argue}>{ "The argument, claim by claim" }</button>
                <button class="btn strong" onclick={frames}>{ "A vmwgfx buffer, frame by frame" }</button>
            </p>
            <ul class="cards">{ for cards.iter().map(card) }</ul>
        </>
    };
    dialog("Scenarios", "gallery", Focus::Inside, on_close, inside)
}

fn sketch(sketch: &Sketch) -> Html {
    let px_of = |place: f64| px(place * WIDTH);
    let rect = |class: &'static str, (from, to): (f64, f64), y: f64, height: f64| {
        let (x, width) = (px_of(from), px_of(to - from));
        html! { <rect {class} {x} {width} y={px(y)} height={px(height)}/> }
    };
    let count = f64::from(u32::try_from(sketch.lanes.len()).unwrap_or(0));
    let pitch = ((HEIGHT - TOP) / count.max(1.0)).min(13.0);
    let height = pitch - 3.0;
    let lane = |(row, lane): (u32, &Lane)| {
        let y = TOP + f64::from(row) * pitch;
        let entry = |(at, dirt): &(f64, Dirt)| {
            let fill = rect("sketch-entry", (*at, at + sketch.page), y, height);
            let bar = (at + sketch.page * 0.6, at + sketch.page * 0.85);
            match dirt {
                Dirt::Clean => fill,
                Dirt::Dirty => html! { <>{ fill }{ rect("sketch-dirt", bar, y, height) }</> },
            }
        };
        html! {
            <>
                { for lane.entries.iter().map(entry) }
                { rect("sketch-lane", lane.place, y, height) }
                { for lane.asked.map(|asked| rect("sketch-asked", asked, y, height)) }
            </>
        }
    };
    html! {
        <svg class="sketch" viewBox="-1 0 202 72" aria-hidden="true">
            { for sketch.band.map(|band| rect("sketch-band", band, 0.0, HEIGHT)) }
            { rect("sketch-file", (0.0, 1.0), 2.0, 5.0) }
            { for (0..).zip(&sketch.lanes).map(lane) }
        </svg>
    }
}
