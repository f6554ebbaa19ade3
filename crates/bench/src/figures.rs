//! The list of figures, and how each is measured.

use std::hint::black_box;

use rangewalk_core::arch::{Level, Pte};

use crate::measure::nanoseconds_each;
use crate::{Figure, Target};

/// Every figure, in the order of the table.
pub const FIGURES: &[Figure] = &[Figure {
    name: "decode a page-table entry",
    unit: "ns",
    native: Some(Target::AtMost(2.0)),
    browser: Some(Target::AtMost(5.0)),
    measure: decode,
}];

fn decode() -> f64 {
    let words: Vec<Pte> = (0..512).map(|pfn| Pte(pfn << 12 | 0x67)).collect();
    nanoseconds_each(512, || {
        for word in black_box(&words) {
            black_box(word.decode(Level::Pte));
        }
    })
}
