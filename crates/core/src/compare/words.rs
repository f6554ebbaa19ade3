//! What each lane did to the entries, in a sentence.

use crate::compare::ends::{Dirt, End, Fate};
use crate::compare::{Comparison, Lane};

/// What the lane did to the entries of the range, and where their dirt is:
/// `6 entries read-only; the dirt of 4 moved to bit 58.`
#[must_use]
pub fn sentence(lane: &Lane) -> String {
    if lane.failed {
        return format!("{}.", lane.says);
    }
    let changed = |fate: Fate| count(&lane.ends, |end| end.fate == fate);
    let mut parts = Vec::new();
    let fates = [Fate::Protected, Fate::Cleaned, Fate::ProtectedCleaned, Fate::Dropped];
    for fate in fates {
        let number = changed(fate);
        if number > 0 {
            parts.push(format!("{} {}", entries(number), fate.name()));
        }
    }
    if parts.is_empty() {
        parts.push("no entry changed".to_owned());
    }
    for dirt in Dirt::ALL {
        let is_told = |end: &End| end.dirt == dirt && !matches!(end.fate, Fate::Missed);
        let number = count(&lane.ends, is_told);
        if number > 0 && dirt != Dirt::None {
            parts.push(format!("the dirt of {number} {}", dirt.name()));
        }
    }
    let missed = changed(Fate::Missed);
    if missed > 0 {
        parts.push(format!("{} missed", entries(missed)));
    }
    format!("{}.", parts.join("; "))
}

/// How the entry's fate differs between lanes: `wp: read-only, moved to bit 58`.
#[must_use]
pub fn entry(comparison: &Comparison, range: usize, page: u64) -> Vec<String> {
    let lanes = comparison.lanes.iter().enumerate();
    let told = lanes.filter_map(|(at, lane)| {
        let end = comparison.end(at, range, page)?;
        let dirt = match end.dirt {
            Dirt::None => String::new(),
            dirt => format!(", dirt {}", dirt.name()),
        };
        Some(format!("{}: {}{dirt}", lane.strategy.name(), end.fate.name()))
    });
    told.collect()
}

fn count(ends: &[End], wanted: impl Fn(&End) -> bool) -> usize {
    ends.iter().filter(|end| wanted(end)).count()
}

fn entries(number: usize) -> String {
    if number == 1 { "1 entry".to_owned() } else { format!("{number} entries") }
}
