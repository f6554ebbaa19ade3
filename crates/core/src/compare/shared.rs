//! Which kernel functions two ways have in common, and how much of each of them that is.

use crate::compare::counter::Profile;
use crate::machine::Func;

/// What one way shares with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Functions in which both take steps.
    pub functions: Vec<Func>,
    /// Steps of the first within them.
    pub steps: u64,
    /// All steps of the first.
    pub of: u64,
}

impl Shared {
    /// In percent, rounded; 0 of nothing.
    #[must_use]
    pub fn percent(&self) -> u64 {
        percent(self.steps, self.of)
    }
}

/// How many of 100 that is, rounded; 0 of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> u64 {
    (part * 100 + whole / 2).checked_div(whole).unwrap_or(0)
}

/// How much of `one` is spent in functions that `other` runs too.
#[must_use]
pub fn shared(one: &Profile, other: &Profile) -> Shared {
    let both = one.functions().filter(|(func, _)| other.of(*func) > 0);
    let (mut functions, mut steps) = (Vec::new(), 0);
    for (func, own) in both {
        functions.push(func);
        steps += own;
    }
    Shared { functions, steps, of: one.total() }
}
