//! The upper page tables as columns, with the tags of the indices taken.

use yew::prelude::*;

use super::svg::{at as translate, n, path, rect, text};
use crate::model::stage_measures::TablesAt;
use crate::model::stage_thread::{slot_at, tag_y};
use crate::model::tables::{Column, Reach, Tables};
use crate::view::markup::html;

/// Everything of the upper tables but what is yellow.
pub(super) fn tables(tables: &Tables) -> Html {
    let at = TablesAt::of(tables.columns.len());
    let title = match &tables.process {
        Some(process) => format!("Page tables of {process}"),
        None => "Page tables".to_owned(),
    };
    html! {
        <g class="tables">
            {text("h", at.columns[0], 14.0, title)}
            if let Some((address, indices)) = &tables.address {
                <text class="m s end" x={n(at.leaf.0 + 308.0)} y="14">
                    {format!("{address} = ")}
                    <tspan class="b">{indices.iter().map(u32::to_string).collect::<Vec<_>>().join(" · ")}</tspan>
                    {" · 000"}
                </text>
            }
            {tables.columns.iter().zip(at.columns).map(|(column, x)| self::column(column, *x, at)).collect::<Html>()}
        </g>
    }
}

fn column(column: &Column, x: f32, at: &TablesAt) -> Html {
    let (top, height) = at.rows;
    let class = match (&column.frame, column.index) {
        (Some(_), _) => "table",
        (None, Some(_)) => "table missing",
        (None, None) => "table idle",
    };
    #[expect(clippy::cast_precision_loss, reason = "at most 512")]
    let y = |index: u32| top + height * index as f32 / 512.0;
    html! {
        <g key={column.level}>
            {text("b", x, 34.0, column.level)}
            {text("m s i3", x, 48.0, column.frame.clone().unwrap_or_default())}
            {rect(class, x + 0.5, top, at.width - 1.0, height)}
            {column.used.iter().map(|(first, len)| {
                rect("used", x + 1.0, y(*first), at.width - 2.0, (y(first + len) - y(*first)).max(1.0))
            }).collect::<Html>()}
            if let Some((index, Reach::ToCome)) = column.index {
                <g class="tag tocome" transform={translate(x, tag_y(at, index))}>
                    {rect("tag-box", 0.5, -8.5, at.width - 1.0, 17.0)}
                    {text("m mid s", at.width / 2.0, 4.0, index.to_string())}
                </g>
            }
        </g>
    }
}

/// What is yellow in the tables. Drawn over the thread.
pub(super) fn now(tables: &Tables) -> Html {
    let at = TablesAt::of(tables.columns.len());
    let slot = tables.leaf.now();
    html! {
        <g class="tables-now">
            {tables.columns.iter().zip(at.columns).filter_map(|(column, x)| tag(column, *x, at)).collect::<Html>()}
            if let Some(slot) = slot {
                {slot_tag(slot, at)}
            }
        </g>
    }
}

fn tag(column: &Column, x: f32, at: &TablesAt) -> Option<Html> {
    let (index, reach) = column.index.filter(|(_, reach)| *reach != Reach::ToCome)?;
    let y = tag_y(at, index);
    Some(html! {
        <g key={column.level}>
            <g class="slide" transform={translate(x, y)}>
                <rect class="now-box" y="-8.5" width={n(at.width)} height="17" rx="2" />
                {text("m b mid on s", at.width / 2.0, 4.0, index.to_string())}
            </g>
            if reach == Reach::Hole {
                {dead_end(x + at.width, y)}
            }
        </g>
    })
}

/// The descent ends here: a bar across, and the word.
fn dead_end(x: f32, y: f32) -> Html {
    html! {
        <g class="dead" transform={translate(x, y)}>
            <path class="inkline" d="M0 0h7M7 -6v12" />
            {text("s b halo", 11.0, 4.0, "hole")}
        </g>
    }
}

fn slot_tag(slot: u32, at: &TablesAt) -> Html {
    let (x, y) = slot_at(at, slot);
    let middle = x + at.slot.0 / 2.0 - 0.4;
    let half = at.slot.0 / 2.0 + 2.0;
    html! {
        <>
            <g class="slide" transform={translate(middle, y + at.slot.1 / 2.0)}>
                <rect class="now-box" x={n(-half)} y="-8" width={n(2.0 * half)} height="15.5" rx="1"
                    />
            </g>
            <g class="slide" transform={translate(middle, at.tag)}>
                <rect class="now-box" x="-16" y="-8" width="32" height="16" rx="2" />
                {text("m b mid on s", 0.0, 4.0, slot.to_string())}
            </g>
        </>
    }
}

/// A row of tags alone, for the small forms.
pub(super) fn tag_path(from: f32, to: f32, y: f32) -> Html {
    let d = format!("M{} {}H{}", n(from), n(y), n(to));
    html! { <>{path("thread-case", d.clone())}{path("thread", d)}</> }
}
