//! The figures of speed we hold ourselves to, each beside its target. One list is measured twice:
//! natively and in the browser's wasm. `cargo xtask bench` runs both and prints the table.

mod beside;
mod figures;
mod fork;
mod measure;
mod tree;
mod walk;

use std::fmt;

pub use figures::FIGURES;

/// One figure: what it is, where it is measured, and what must be reached there.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// What is measured, in the words of the table.
    pub name: &'static str,
    /// The unit of the measured value.
    pub unit: &'static str,
    /// What to reach natively; `None`: not measured there.
    pub native: Option<Target>,
    /// What to reach in the browser; `None`: not measured there.
    pub browser: Option<Target>,
    /// Measures it once, and answers the value in `unit`.
    pub measure: fn() -> f64,
}

/// What a figure must reach.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// The smaller, the better.
    AtMost(f64),
    /// The larger, the better.
    AtLeast(f64),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(f, "<= {limit}"),
            Self::AtLeast(limit) => write!(f, ">= {limit}"),
        }
    }
}

/// Measures every figure that has a target here and hands each to `print` as one line:
/// `figure`, name, value, unit and target, with tabs between.
pub fn report(print: impl Fn(&str)) {
    for figure in FIGURES {
        let target = if cfg!(target_arch = "wasm32") { figure.browser } else { figure.native };
        if let Some(target) = target {
            let value = (figure.measure)();
            print(&format!("figure\t{}\t{value:.3}\t{}\t{target}", figure.name, figure.unit));
        }
    }
}
