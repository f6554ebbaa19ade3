//! The argument of September 2019, claim by claim: what was said, in our words, a comparison that
//! puts it to the test, and what comes of it, worked out each time anew.

mod judge;
mod locks;

pub use locks::{Keeps, keeps};

use crate::compare::{Comparison, compare};
use crate::scenario::{Scenario, parse};

/// A claim.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// One word, for an address.
    pub name: &'static str,
    /// In a line.
    pub title: &'static str,
    /// What was said, in our words.
    pub says: &'static str,
    /// Who said it, and where it can be read.
    pub source: &'static str,
    /// The scenario that puts it to the test.
    pub scenario: &'static str,
    judge: fn(&Case<'_>) -> Option<Verdict>,
}

/// Whether a claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It does.
    Yes,
    /// In part, as the sentence says.
    Partly,
    /// It does not.
    No,
}

impl Holds {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Holds::Yes => "holds",
            Holds::Partly => "holds in part",
            Holds::No => "does not hold",
        }
    }

    /// `Yes` if all of it is so, `No` if none.
    fn of(parts: &[bool]) -> Self {
        if parts.iter().all(|part| *part) {
            Holds::Yes
        } else if parts.iter().any(|part| *part) {
            Holds::Partly
        } else {
            Holds::No
        }
    }
}

/// What a test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the claim holds.
    pub holds: Holds,
    /// The figures that it rests on, each with what it is.
    pub figures: Vec<Figure>,
    /// What they say, in a few sentences.
    pub sentence: String,
}

/// A number and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// `wp: tree queries`.
    pub what: String,
    /// How many.
    pub value: u64,
}

/// A claim's scenario, read and compared.
struct Case<'s> {
    scenario: &'s Scenario,
    /// `None` where the scenario compares nothing.
    comparison: Option<Comparison>,
}

impl Claim {
    /// Works the verdict out.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict_on(&parse(self.scenario).0).expect("its own scenario has all its lanes")
    }

    /// The same on another scenario. `None`: it lacks a lane that the test needs.
    #[must_use]
    pub fn verdict_on(&self, scenario: &Scenario) -> Option<Verdict> {
        let comparison = compare(scenario);
        (self.judge)(&Case { scenario, comparison })
    }
}

/// The claim called `name`.
#[must_use]
pub fn claim(name: &str) -> Option<&'static Claim> {
    CLAIMS.iter().find(|claim| claim.name == name)
}

const MAIL: &str = "Linus Torvalds, linux-kernel, 27 September 2019, \
    \"Re: Ack to merge through DRM?\"";
const THREAD: &str = "Linus Torvalds, linux-kernel, 26 to 30 September 2019, the same thread";

macro_rules! claim {
    ($name:literal, $judge:path, $source:expr, $title:literal, $says:literal) => {
        Claim {
            name: $name,
            title: $title,
            says: $says,
            source: $source,
            scenario: include_str!(concat!("../../../../../scenarios/argument/", $name, ".txt")),
            judge: $judge,
        }
    };
}

/// All of them, in the order of the mail.
pub static CLAIMS: [Claim; 8] = [
    claim!(
        "ranges",
        judge::ranges,
        MAIL,
        "One page at a time, or a range",
        "rmap goes from a page to its virtual addresses, one page at a time. The page walker goes \
         from virtual addresses to entries, always a range at a time. The new code wants both, \
         but mostly ranges."
    ),
    claim!(
        "lookup",
        judge::lookup,
        MAIL,
        "The lookup is the least part of it",
        "Looking up mappings by address space is in there too, but it is the least part."
    ),
    claim!(
        "sharing",
        judge::sharing,
        MAIL,
        "Where code could be shared",
        "rmap.c is the wrong place, the furthest away from what is wanted. pagewalk.c has the \
         most code that could really be shared, and there the addition would be smallest."
    ),
    claim!(
        "closest",
        judge::closest,
        MAIL,
        "unmap_mapping_range is the closest in what it does",
        "In what it does the closest relative is unmap_mapping_range, but no code could be shared \
         with it without changing all of the zap."
    ),
    claim!(
        "hot",
        judge::hot,
        MAIL,
        "fork and exit are hot",
        "Taking page tables down at exit is critical: copy_page_range and zap_page_range show in \
         profiles of script-heavy loads. Nobody wants them to become more configurable."
    ),
    claim!(
        "locking",
        judge::locking,
        THREAD,
        "The locking differs",
        "A walk over the mappings of a file differs from one over a process above all in its \
         locking, and that should be told at length."
    ),
    claim!(
        "filter",
        judge::filter,
        "include/linux/pagewalk.h of Linux 5.5 and since: 1 from test_walk skips the VMA",
        "What came after: the filter that stops",
        "A VMA that fails the filter is skipped, says the header."
    ),
    claim!(
        "answer",
        judge::answer,
        "Lorenzo Stoakes, linux-mm, January and February 2025; merged in 6.15",
        "What came after: rmap's answer",
        "rmap can walk a range too: mapping_wrprotect_range needs no folio, and asks the tree \
         once for all pages whose frames lie in a row."
    ),
];
