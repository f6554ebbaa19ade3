//! The entry word, old and new: in hex with the changed digits strong, and bit by bit.

use yew::prelude::*;

use super::svg::{n, path, rect, text};
use crate::model::entry::{Arc, BitColumn, EntryPanel, EntryWord, Nibble};
use crate::model::sentence_words::Bit;
use crate::model::stage::StageModel;
use crate::model::stage_measures::TABLES;
use crate::model::stage_thread::slot_at;
use crate::view::markup::html;

/// Where the columns stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BitsAt {
    /// Left end: the row names.
    pub(super) x: f32,
    /// Base line of the letters.
    pub(super) y: f32,
    /// Which columns there are.
    pub(super) columns: Columns,
}

/// All bits, or the nine with a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Columns {
    /// Every bit of the word has its place.
    All,
    /// The named ones: middle of the first, and their distance.
    Named(f32, f32),
}

impl Columns {
    /// From the letters down to the word as it is.
    fn is(self) -> f32 {
        match self {
            Columns::All => 56.0,
            Columns::Named(..) => 51.0,
        }
    }
}

/// Middle of a column, from the left end, when all are shown.
fn middle_of_all(column: &BitColumn) -> (f32, f32) {
    match column.low {
        63 => (38.0, 24.0),
        59 => (65.0, 28.0),
        58 => (92.0, 20.0),
        57 => (110.0, 14.0),
        52 => (138.0, 30.0),
        12 => (196.0, 80.0),
        #[expect(clippy::cast_precision_loss, reason = "eleven at most")]
        low => (250.5 + 21.0 * (11 - low) as f32, 21.0),
    }
}

/// The columns with their middles and widths.
fn placed<'a>(bits: &'a [BitColumn], at: &BitsAt) -> Vec<(&'a BitColumn, f32, f32)> {
    match at.columns {
        Columns::All => bits
            .iter()
            .map(|column| {
                let (middle, width) = middle_of_all(column);
                (column, at.x + middle, width)
            })
            .collect(),
        Columns::Named(first, apart) => {
            let mut x = first - apart;
            let named = bits.iter().filter(|column| column.bit.is_some());
            named
                .map(|column| {
                    x += apart;
                    (column, x, apart)
                })
                .collect()
        }
    }
}

/// Letters, numbers, before and after. Every element is always there, so that a step only changes attributes and text.
pub(super) fn bits(entry: &EntryPanel, at: &BitsAt) -> Html {
    let columns = placed(&entry.bits, at);
    let word = entry.word.as_ref();
    let (was, is) = (word.is_some_and(|word| word.was.is_some()), word.is_some());
    let flips = word.into_iter().flat_map(|word| &word.flips);
    html! {
        <g class="bits">
            {text("s i2", at.x, at.y + 30.0, if was { "was" } else { "" })}
            {text("s i2", at.x, at.y + at.columns.is(), if is { "is" } else { "" })}
            {columns.iter().map(|(column, x, width)| self::column(column, (*x, *width), at)).collect::<Html>()}
            {word.and_then(|word| arc(word.arc, &columns, at)).unwrap_or_default()}
            {flips.filter_map(|(bit, on)| flip(*bit, *on, &columns, at)).collect::<Html>()}
        </g>
    }
}

fn letter_class(bit: Bit) -> &'static str {
    match bit {
        Bit::W => "m b mid tW",
        Bit::D => "m b mid tD",
        Bit::V => "m b mid tV",
        Bit::A => "m b mid tA",
        Bit::T => "m b mid tT",
        Bit::S => "m b mid tS",
        Bit::P | Bit::U | Bit::N => "m b mid",
    }
}

fn column(column: &BitColumn, (x, width): (f32, f32), at: &BitsAt) -> Html {
    let (y, is) = (at.y, at.y + at.columns.is());
    let number = match column.high - column.low {
        0 => column.low.to_string(),
        39 => "51 … 12".to_owned(),
        _ => format!("{}–{}", column.high, column.low),
    };
    let (class, name) = match column.bit {
        Some(bit) => (letter_class(bit), bit.letter()),
        None if column.low == 12 => ("mid s i2", "page frame"),
        None => ("mid", ""),
    };
    let value = |word: &str| if word.chars().all(|c| c == '0') { "m mid i3" } else { "m mid b" };
    let hot = column.changed;
    let wide = width.min(84.0);
    html! {
        <g key={column.low} class={if hot { "hot" } else { "cold" }}>
            {rect("now-soft", x - width / 2.0, y - 12.0, width, at.columns.is() + 30.0)}
            {text(class, x, y, name)}
            {text("m mid xs i3", x, y + 13.0, number)}
            {text(value(&column.was), x, y + 30.0, column.was.clone())}
            {rect("now-box", x - wide / 2.0 + 1.5, is - 14.0, wide - 3.0, 19.0)}
            {text(if hot { "m mid on b" } else { value(&column.is) }, x, is, column.is.clone())}
        </g>
    }
}

fn place_of(bit: Bit, columns: &[(&BitColumn, f32, f32)]) -> Option<f32> {
    columns.iter().find(|(column, ..)| column.bit == Some(bit)).map(|(_, x, _)| *x)
}

/// The way of the dirt: drawn once, from where it was to where it is.
fn arc(arc: Option<Arc>, columns: &[(&BitColumn, f32, f32)], at: &BitsAt) -> Option<Html> {
    let Arc { from, to } = arc?;
    let (x0, x1) = (place_of(from, columns)?, place_of(to, columns)?);
    let top = at.y + at.columns.is() + 9.0;
    let line = format!(
        "M{} {}C{0} {} {} {2} {3} {}M{} {}l4 -6l4 6",
        n(x0),
        n(top),
        n(top + 21.0),
        n(x1),
        n(top + 1.0),
        n(x1 - 4.0),
        n(top + 6.0)
    );
    let words = match at.columns {
        Columns::All => format!("the dirt moves: bit {} → bit {}", from.number(), to.number()),
        Columns::Named(..) => "dirt moves".to_owned(),
    };
    Some(html! {
        <g key="arc">
            <path class="dirt" d={line} pathLength="1" />
            {text("mid s b tD", (x0 + x1) / 2.0, top + 28.0, words)}
        </g>
    })
}

fn flip(bit: Bit, on: bool, columns: &[(&BitColumn, f32, f32)], at: &BitsAt) -> Option<Html> {
    let x = place_of(bit, columns)?;
    let words = format!("{} {}", bit.letter(), if on { "on" } else { "off" });
    let class = match bit {
        Bit::W => "mid s b tW",
        Bit::D => "mid s b tD",
        Bit::V => "mid s b tV",
        Bit::A => "mid s b tA",
        Bit::T => "mid s b tT",
        Bit::S => "mid s b tS",
        Bit::P | Bit::U | Bit::N => "mid s b",
    };
    // Neighbours stand two rows deep.
    let down = if bit.number() % 2 == 1 { 22.0 } else { 33.0 };
    Some(text(class, x, at.y + at.columns.is() + down, words))
}

/// A word's digits, the changed ones strong; or the place of its digits.
pub(super) fn digits(nibbles: &[Nibble]) -> Html {
    let digit = |at: usize| {
        let nibble = nibbles.get(at);
        let class = if nibble.is_some_and(|nibble| nibble.changed) { "b" } else { "i2" };
        let digit = nibble.map_or_else(String::new, |nibble| nibble.digit.to_string());
        html! { <tspan {class}>{digit}</tspan> }
    };
    (0..16).map(digit).collect()
}

/// The entry's name, its place, and both words.
fn head(entry: Option<&EntryWord>, at: &BitsAt, tag: Option<f32>) -> Html {
    let name = entry.map_or_else(
        || "Entry".to_owned(),
        |entry| match entry.level {
            "PTE" => format!("Entry {}", entry.index),
            level => format!("{level} entry {}", entry.index),
        },
    );
    let changed = entry.is_some_and(|entry| entry.was.is_some());
    let first = entry.map(|entry| entry.was.as_ref().unwrap_or(&entry.is));
    let second = entry.filter(|_| changed).map(|entry| &entry.is);
    let word = |word: Option<&Vec<Nibble>>| digits(word.map_or(&[], Vec::as_slice));
    let (first, second) = (word(first), word(second));
    let (class, x, state) = match entry {
        None => ("i2", 0.0, "No entry in hand at this step."),
        Some(_) if !changed => ("s i2", 150.0, "read, not changed"),
        Some(entry) => ("s i2 mid", 204.0, entry.how.unwrap_or_default()),
    };
    html! {
        <g class={if changed { "entry" } else { "entry read" }}>
            {text("h", at.x, 239.0, name.clone())}
            {about(entry, at.x, &name, tag)}
            <text class="m word" x={n(at.x)} y="263">{first}</text>
            {text(class, at.x + x, 263.0, state)}
            {path("inkline thin arrow", format!("M{} 268h96m-5 -4l5 4l-5 4", n(at.x + 154.0)))}
            <text class="m word" x={n(at.x + 262.0)} y="263">{second}</text>
            {path("hair arrow", format!("M{} 334H{}", n(at.x), n(at.x + 492.0)))}
        </g>
    }
}

/// Where the entry is and what it maps: behind its name, or behind the tag if that is in the way.
fn about(entry: Option<&EntryWord>, x: f32, name: &str, tag: Option<f32>) -> Html {
    let about = entry.map_or_else(String::new, |entry| entry.about.clone());
    #[expect(clippy::cast_precision_loss, reason = "a line of text")]
    let width = |text: &str, char: f32| text.chars().count() as f32 * char;
    let start = x + width(name, 7.2) + 4.0;
    let end = start + width(&about, 5.8);
    let met = tag.filter(|tag| start < tag + 20.0 && tag - 20.0 < end);
    text("i2 s", met.map_or(start, |tag| tag + 22.0), 239.0, about)
}

const FULL: BitsAt = BitsAt { x: 640.0, y: 295.0, columns: Columns::All };

/// The entry of the full form: name, words and all bits.
pub(super) fn full(model: &StageModel) -> Html {
    let slot = model.tables.leaf.now();
    let tag = slot.map(|slot| slot_at(&TABLES, slot).0 + TABLES.slot.0 / 2.0);
    html! {
        <>
            {head(model.entry.word.as_ref(), &FULL, tag)}
            {bits(&model.entry, &FULL)}
        </>
    }
}
