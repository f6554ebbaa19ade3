//! The gallery: every scenario as a card.

use yew::prelude::*;

use crate::command::{Command, Opened};
use crate::model::gallery::{Card, Sketch, cards};
use crate::view::dialog::Dialog;

/// A card's picture, in pixels.
const WIDTH: f64 = 200.0;
const HEIGHT: f64 = 64.0;

#[derive(Properties, PartialEq)]
pub struct GalleryProps {
    /// The text of the open scenario, to mark its card.
    pub open: AttrValue,
    pub on_command: Callback<Command>,
}

/// All scenarios, to open one.
#[component]
pub fn Gallery(props: &GalleryProps) -> Html {
    let cards = use_memo((), |()| cards());
    let card = |card: &Card| {
        let open = card.text.clone();
        let onclick =
            props.on_command.reform(move |_: MouseEvent| Command::Open(Opened::text(open.clone())));
        let current = (*card.text == *props.open).then_some("true");
        html! {
            <li>
                <button class="card" {onclick} aria-current={current}>
                    { sketch(&card.sketch) }
                    <b>{ &card.title }</b>
                    <span>{ &card.note }</span>
                </button>
            </li>
        }
    };
    let on_close = props.on_command.reform(|()| Command::Hide);
    html! {
        <Dialog title="Scenarios" class="gallery" {on_close}>
            <ul class="cards">{ for cards.iter().map(card) }</ul>
        </Dialog>
    }
}

fn sketch(sketch: &Sketch) -> Html {
    let rows = f64::from(u32::try_from(sketch.stripes.len().max(4)).unwrap_or(4));
    let pitch = (HEIGHT - 14.0) / rows;
    let px = |place: f64| format!("{:.1}", place * WIDTH);
    let rect = |class: &'static str, (from, to): (f64, f64), y: f64, height: f64| {
        html! {
            <rect {class} x={px(from)} width={px(to - from)} y={format!("{y:.1}")} height={format!("{height:.1}")}/>
        }
    };
    let rows = (0u32..).zip(&sketch.stripes).map(|(row, stripe)| {
        let y = 12.0 + f64::from(row) * pitch;
        let class = if stripe.writable { "stripe" } else { "stripe readonly" };
        let height = (pitch - 2.5).clamp(1.5, 8.0);
        let clipped = sketch.band.map(|(from, to)| (stripe.from.max(from), stripe.to.min(to)));
        html! {
            <>
                { rect(class, (stripe.from, stripe.to), y, height) }
                if let Some(part) = clipped.filter(|(from, to)| from < to) {
                    { rect("stripe-walked", part, y, height) }
                }
            </>
        }
    });
    html! {
        <svg class="sketch" viewBox="0 0 200 64" aria-hidden="true">
            if let Some(band) = sketch.band {
                { rect("sketch-band", band, 0.0, HEIGHT) }
            }
            { rect("sketch-file", (0.0, 1.0), 3.0, 4.0) }
            { for rows }
        </svg>
    }
}
