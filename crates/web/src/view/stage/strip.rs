//! The file strip: pages, the walked range as a bracket, breaks.

use yew::prelude::*;

use super::svg::{n, path, rect, text};
use crate::model::stage::{StageForm, Strip};
use crate::view::markup::html;

/// Pages from left to right.
pub(super) fn strip(strip: &Strip, form: StageForm) -> Html {
    let (y, height) = form.measures().strip;
    let base = y + height / 2.0 + 4.0;
    html! {
        <g class="strip">
            if let Some(band) = &strip.band {
                {{
                    let width = (band.x.1 - band.x.0 - 2.0).max(2.0);
                    let from = (n(band.x.0 + 1.0), n(y - 6.5));
                    path("inkline", format!("M{} {}v-8h{}v8", from.0, from.1, n(width)))
                }}
                {text("m mid s b", (band.x.0 + band.x.1) / 2.0, y - 19.5, band.text.clone())}
            }
            {strip.cells.iter().map(|cell| {
                let class = match (cell.cached, cell.asked) {
                    (true, true) => "pcell",
                    (true, false) => "pcell half",
                    (false, true) => "uncached",
                    (false, false) => "uncached half",
                };
                rect(class, cell.x + 0.5, y, strip.cell - 1.0, height)
            }).collect::<Html>()}
            {strip.recorded.iter().map(|x| recorded(*x, strip.cell, y + height)).collect::<Html>()}
            {strip.breaks.iter().map(|gap| html! {
                <g key={gap.pages}>
                    <title>{format!("{} pages left out", gap.pages)}</title>
                    {break_mark(gap.x, gap.width, y, height)}
                    {text("mid xs i2", gap.x + gap.width / 2.0, base - 0.5, gap.text.clone())}
                </g>
            }).collect::<Html>()}
            if let Some((page, x)) = strip.now {
                {now_box(strip, page, x, y, height)}
            }
            {strip.numbers.iter().map(|number| {
                let now = strip.now.is_some_and(|(page, _)| page == number.page);
                let class = match (now, number.asked) {
                    (true, _) if number.wide => "m mid xs on b",
                    (true, _) => "m mid s on b",
                    (false, true) if number.wide => "m mid xs halo",
                    (false, true) => "m mid s",
                    (false, false) if number.wide => "m mid xs i3 halo",
                    (false, false) => "m mid s i3",
                };
                text(class, number.x, base, number.page.to_string())
            }).collect::<Html>()}
        </g>
    }
}

/// A page that stands in the bitmap.
fn recorded(x: f32, cell: f32, y: f32) -> Html {
    rect("bD", x + 2.0, y + 2.0, cell - 4.0, 3.0)
}

/// The page at hand: its column, or as much more as its number takes.
fn now_box(strip: &Strip, page: u64, x: f32, y: f32, height: f32) -> Html {
    let number = strip.numbers.iter().find(|number| number.page == page && number.wide);
    let width = number.map_or(strip.cell - 1.0, |_| {
        #[expect(clippy::cast_precision_loss, reason = "seven digits")]
        let digits = page.to_string().len() as f32;
        digits * 6.0 + 5.0
    });
    let left = number.map_or(x + 0.5, |number| number.x - width / 2.0);
    html! {
        <rect class="now-box slide-x" x={n(left)} y={n(y)} width={n(width)} height={n(height)} />
    }
}

/// Two slanted strokes at each side of a break.
fn break_mark(x: f32, width: f32, y: f32, height: f32) -> Html {
    let stroke = |at: f32| format!("M{} {}l-3 {}", n(at), n(y), n(height));
    let strokes = [x + 4.0, x + 7.0, x + width - 4.0, x + width - 1.0].map(stroke).concat();
    html! { <path class="edge" d={strokes} /> }
}
