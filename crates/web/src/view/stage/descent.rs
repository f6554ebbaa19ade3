//! The descent in one line: a tag a level on the thread.

use yew::prelude::*;

use super::svg::{n, rect, text};
use super::tables::tag_path;
use crate::model::tables::{Reach, Tables};
use crate::view::markup::html;

/// PGD, PUD, PMD, PTE: from `x` on, the level names on base line `y`, tags that far apart and so
/// wide. Five levels share the room of four.
pub(super) fn descent(tables: &Tables, (x, y): (f32, f32), (apart, width): (f32, f32)) -> Html {
    let narrow = if tables.columns.len() > 3 { 0.78 } else { 1.0 };
    let (apart, width) = (apart * narrow, width * narrow);
    let slot = tables.leaf.now();
    let upper = tables.columns.iter().map(|column| (column.level, column.index));
    let leaf = tables
        .address
        .as_ref()
        .and_then(|(_, indices)| indices.last())
        .map(|index| (*index, if slot.is_some() { Reach::Here } else { Reach::ToCome }));
    let tags: Vec<_> = upper.chain([("PTE", leaf)]).collect();
    let reached =
        tags.iter().take_while(|(_, i)| i.is_some_and(|(_, r)| r != Reach::ToCome)).count();
    #[expect(clippy::cast_precision_loss, reason = "five at most")]
    let left = |at: usize| x + apart * at as f32;
    html! {
        <g class="descent">
            if reached > 1 {
                {tag_path(x + 4.0, left(reached - 1), y + 15.0)}
            }
            {tags.iter().enumerate().map(|(at, (level, index))| html! {
                <g key={*level}>
                    {text("s i2", left(at), y, *level)}
                    {tag(left(at), y + 6.0, width, *index)}
                </g>
            }).collect::<Html>()}
        </g>
    }
}

fn tag(x: f32, y: f32, width: f32, index: Option<(u32, Reach)>) -> Html {
    let Some((index, reach)) = index else { return rect("tag-box", x, y, width, 18.0) };
    let (class, ink) = match reach {
        Reach::ToCome => ("tag-box", "m mid i2"),
        Reach::Here | Reach::Hole => ("now-box", "m b mid on"),
    };
    html! {
        <>
            <rect {class} x={n(x)} y={n(y)} width={n(width)} height="18" rx="2" />
            {text(ink, x + width / 2.0, y + 13.0, index.to_string())}
            if reach == Reach::Hole {
                {text("s b", x + width + 5.0, y + 13.0, "hole")}
            }
        </>
    }
}
