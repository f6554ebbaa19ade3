//! Which kernel functions two ways have in common, and how much of each of them that is.

use crate::compare::profile::Profile;
use crate::machine::Func;

/// What one way shares with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Functions that both run.
    pub functions: Vec<Func>,
    /// How many functions the first runs.
    pub of_functions: u64,
    /// Steps of the first within those functions themselves.
    pub steps: u64,
    /// Steps of the first within them and all that they call: what they drive.
    pub under: u64,
    /// All steps of the first.
    pub of: u64,
}

impl Shared {
    /// Steps of the functions themselves, in percent, rounded; 0 of nothing.
    #[must_use]
    pub fn percent(&self) -> u64 {
        percent(self.steps, self.of)
    }

    /// Steps that they drive, likewise.
    #[must_use]
    pub fn percent_under(&self) -> u64 {
        percent(self.under, self.of)
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
    let (mut functions, mut steps, mut of_functions) = (Vec::new(), 0, 0);
    for (func, own) in one.functions() {
        of_functions += 1;
        if other.has(func) {
            functions.push(func);
            steps += own;
        }
    }
    let under = one.under(|func| functions.contains(&func));
    Shared { functions, of_functions, steps, under, of: one.total() }
}
