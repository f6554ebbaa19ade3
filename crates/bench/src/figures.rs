//! The list of figures with their targets. A real 6.18 kernel takes 46.7 ns for each entry that it
//! write-protects, 96 ns for one that a fork copies, 83 ns for one that an exit takes away.

use crate::{Figure, Target, beside, fork, tree, walk};

/// Every figure, in the order of the table.
pub const FIGURES: &[Figure] = &[
    Figure {
        name: "wp of 262,144 dirty PTEs, no tape, a PTE",
        unit: "ns",
        native: Some(Target::AtMost(2.0)),
        browser: Some(Target::AtMost(5.0)),
        measure: walk::untraced,
    },
    Figure {
        name: "the same onto a tape, an event",
        unit: "ns",
        native: Some(Target::AtMost(20.0)),
        browser: Some(Target::AtMost(40.0)),
        measure: walk::taped,
    },
    Figure {
        name: "size of that tape, a step",
        unit: "bytes",
        native: Some(Target::AtMost(80.0)),
        browser: None,
        measure: walk::bytes_a_step,
    },
    Figure {
        name: "rewind of 1,000,000 steps",
        unit: "ms",
        native: Some(Target::AtMost(16.0)),
        browser: Some(Target::AtMost(16.0)),
        measure: walk::rewind,
    },
    Figure {
        name: "fork of 262,144 anonymous PTEs, no tape, a PTE",
        unit: "ns",
        native: Some(Target::AtMost(9.6)),
        browser: Some(Target::AtMost(24.0)),
        measure: fork::fork,
    },
    Figure {
        name: "exit of that child, a PTE",
        unit: "ns",
        native: Some(Target::AtMost(8.3)),
        browser: Some(Target::AtMost(20.0)),
        measure: fork::exit,
    },
    Figure {
        name: "zap of 262,144 dirty PTEs, no tape, a PTE",
        unit: "ns",
        native: Some(Target::AtMost(17.0)),
        browser: None,
        measure: beside::zap,
    },
    Figure {
        name: "folio_mkclean of 262,144 dirty pages, no tape, a PTE",
        unit: "ns",
        native: Some(Target::AtMost(30.0)),
        browser: None,
        measure: beside::mkclean,
    },
    Figure {
        name: "tree query, 1,000 VMAs",
        unit: "ns",
        native: Some(Target::AtMost(170.0)),
        browser: None,
        measure: || tree::query(1_000),
    },
    Figure {
        name: "tree query, 10,000 VMAs",
        unit: "ns",
        native: Some(Target::AtMost(520.0)),
        browser: None,
        measure: || tree::query(10_000),
    },
    Figure {
        name: "tree query, 100,000 VMAs",
        unit: "ns",
        native: Some(Target::AtMost(1500.0)),
        browser: None,
        measure: || tree::query(100_000),
    },
    Figure {
        name: "faster than iset, 1,000 / 10,000 / 100,000 VMAs: least",
        unit: "x",
        native: Some(Target::AtLeast(2.0)),
        browser: None,
        measure: tree::times_iset,
    },
    Figure {
        name: "faster than rb-interval-map: least",
        unit: "x",
        native: Some(Target::AtLeast(2.0)),
        browser: None,
        measure: tree::times_rb_interval_map,
    },
];
