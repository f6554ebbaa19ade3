//! The scoreboard: one row for each thing counted, one figure for each lane.

use std::rc::Rc;

use rangewalk_core::compare::{Count, Held, LockKind, Score, Source, Weight};
use rangewalk_core::machine::event::Mode;

use crate::compare::Bench;
use crate::model::compare::TURNS;

/// What a row tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The job itself.
    Job,
    /// The accesses that come after it.
    After,
    /// Locks held, in steps.
    Locks,
    /// Both, priced.
    Cost,
}

/// A lane's figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// So far.
    pub now: String,
    /// In the end.
    pub end: String,
    /// The same on a scale from 0 to 1000 that all lanes of the row share.
    pub bar: (u32, u32),
    /// No lane has less in the end, and some have more.
    pub least: bool,
}

/// One thing counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreRow {
    /// What it tells of.
    pub part: Part,
    /// What is counted.
    pub name: String,
    /// By lane.
    pub figures: Vec<Figure>,
}

/// A price, to be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Of what.
    pub count: Count,
    /// Nanoseconds, as text.
    pub ns: String,
    /// Where the figure is from.
    pub source: String,
}

/// The rows at the cursor; with rows of a moment before, those anew whose turn it is.
#[must_use]
pub fn rows(bench: &Bench, before: Option<(&[Rc<ScoreRow>], usize)>) -> Vec<Rc<ScoreRow>> {
    let mut board = Board { before, rows: Vec::new() };
    let lanes = bench.comparison.lanes.iter();
    let job = lanes.clone().map(|lane| (lane.job_so_far(), lane.job.score));
    let after = lanes.map(|lane| (lane.after_so_far(), lane.after.score));
    let (job, after): (Vec<_>, Vec<_>) = (job.collect(), after.collect());
    for (part, scores) in [(Part::Job, &job), (Part::After, &after)] {
        for count in Count::ALL {
            let pairs: Vec<_> = scores.iter().map(|(a, b)| (a.get(count), b.get(count))).collect();
            board.add(&pairs, || counted(part, count.name(), &pairs, |n| n.to_string()));
        }
    }
    for kind in LockKind::ALL {
        locks(bench, kind, &mut board);
    }
    let price = |scores: &[(Score, Score)]| -> Vec<(u64, u64)> {
        let ns = |score: &Score| bench.weights.ns(score);
        scores.iter().map(|(a, b)| (ns(a), ns(b))).collect()
    };
    let (one, other) = (price(&job), price(&after));
    let both: Vec<_> = one.iter().zip(&other).map(|(a, b)| (a.0 + b.0, a.1 + b.1)).collect();
    for (name, pairs) in [("the job, ns", one), ("later cost, ns", other), ("both, ns", both)] {
        board.add(&pairs, || counted(Part::Cost, name, &pairs, thousands));
    }
    board.rows
}

/// Rows in the making.
struct Board<'a> {
    /// Those of a moment before, and whose turn it is.
    before: Option<(&'a [Rc<ScoreRow>], usize)>,
    rows: Vec<Rc<ScoreRow>>,
}

impl Board<'_> {
    /// Adds a row, unless no lane has any of it in the end.
    fn add(&mut self, pairs: &[(u64, u64)], make: impl FnOnce() -> ScoreRow) {
        if pairs.iter().all(|(_, end)| *end == 0) {
            return;
        }
        // Which rows there are does not change from step to step.
        let at = self.rows.len();
        let waits = self.before.filter(|(_, turn)| (2 * at + 1) % TURNS != turn % TURNS);
        let old = waits.and_then(|(rows, _)| rows.get(at).cloned());
        self.rows.push(old.unwrap_or_else(|| Rc::new(make())));
    }
}

/// A row of figures so far and in the end.
fn counted(part: Part, name: &str, pairs: &[(u64, u64)], text: impl Fn(u64) -> String) -> ScoreRow {
    let most = pairs.iter().map(|(_, end)| *end).max().unwrap_or(0).max(1);
    let fewest = pairs.iter().map(|(_, end)| *end).min().unwrap_or(0);
    let mille = |n: u64| u32::try_from(n.min(most) * 1000 / most).unwrap_or(1000);
    let figure = |(now, end): &(u64, u64)| {
        // A zap takes a table's slots for empty until it has found what is in them.
        let now = (*now).min(*end);
        Figure {
            now: text(now),
            end: text(*end),
            bar: (mille(now), mille(*end)),
            least: *end == fewest && fewest < most,
        }
    };
    let figures = pairs.iter().map(figure).collect();
    ScoreRow { part, name: name.to_owned(), figures }
}

/// How long a lock is held by the job, all in all and at a time.
fn locks(bench: &Bench, kind: LockKind, board: &mut Board<'_>) {
    let of = |held: &[Held]| {
        let own = held.iter().filter(|held| held.kind == kind);
        let longest = own.clone().map(|held| held.longest).max().unwrap_or(0);
        let write = own.clone().any(|held| held.mode == Mode::Write);
        (own.map(|held| held.steps).sum::<u64>(), longest, write)
    };
    let all: Vec<_> = bench.comparison.lanes.iter().map(|lane| of(&lane.job.held)).collect();
    let pairs: Vec<_> = all.iter().map(|(steps, ..)| (*steps, *steps)).collect();
    board.add(&pairs, || {
        let mut row = counted(Part::Locks, kind.name(), &pairs, |n| n.to_string());
        for (figure, (steps, longest, write)) in row.figures.iter_mut().zip(all) {
            let long = || format!("longest {longest}");
            figure.now = if steps == 0 { String::new() } else { long() };
            if write && kind != LockKind::Ptl && steps > 0 {
                figure.now.push_str(", write");
            }
        }
        row
    });
}

/// The prices, in the order in which things are counted.
#[must_use]
pub fn prices(bench: &Bench) -> Vec<PriceRow> {
    let row = |weight: &Weight| PriceRow {
        count: weight.count,
        ns: ns_text(weight.ps),
        source: match weight.source {
            Source::Measured(what) => format!("measured: {what}"),
            Source::Derived(how) => format!("worked out: {how}"),
            Source::Guess(why) => format!("a guess: {why}"),
            Source::Free => "free, or part of something else".to_owned(),
            Source::Edited => "yours".to_owned(),
        },
    };
    bench.weights.rows().iter().map(row).collect()
}

/// Picoseconds as nanoseconds with at most two decimals: `273.67`.
#[must_use]
pub fn ns_text(ps: u64) -> String {
    let (whole, part) = (ps / 1000, ps % 1000 / 10);
    match part {
        0 => whole.to_string(),
        part if part % 10 == 0 => format!("{whole}.{}", part / 10),
        part => format!("{whole}.{part:02}"),
    }
}

/// Nanoseconds as typed, in picoseconds.
#[must_use]
pub fn ps_of(text: &str) -> Option<u64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let whole: u64 = whole.parse().ok()?;
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    whole.checked_mul(1000)?.checked_add(digits.parse().ok()?)
}

/// A number with a thin space between thousands.
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_read_as_they_are_written() {
        for (ps, text) in [(273_670, "273.67"), (20_000, "20"), (500, "0.5"), (1_550, "1.55")] {
            assert_eq!((ns_text(ps).as_str(), ps_of(text)), (text, Some(ps)));
        }
        assert_eq!([ps_of("x"), ps_of(""), ps_of("1.5e9"), ps_of("-1")], [None; 4]);
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(thousands(1_234_567), "1\u{2009}234\u{2009}567");
        assert_eq!(thousands(999), "999");
    }
}
