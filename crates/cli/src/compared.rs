//! A comparison as JSON, for scripts.

use rangewalk_core::compare::{
    Comparison, Count, Lane, Score, Source, Tally, Weights, shared, words,
};
use rangewalk_core::machine::event::Mode;
use rangewalk_core::scenario::Scenario;
use serde::Serialize;
use serde_json::{Map, Value};

#[derive(Serialize)]
struct Report<'c> {
    kernel: &'static str,
    title: Option<&'c str>,
    first: u64,
    pages: u64,
    weights: Vec<Weight>,
    lanes: Vec<LaneReport<'c>>,
    /// For each lane and each other: what of the first the other runs too.
    shared: Vec<Vec<Shared>>,
    ranges: Vec<Range<'c>>,
}

#[derive(Serialize)]
struct Weight {
    count: String,
    ps: u64,
    source: &'static str,
    from: &'static str,
}

#[derive(Serialize)]
struct LaneReport<'c> {
    lane: &'static str,
    says: &'c str,
    sentence: String,
    failed: bool,
    job: Numbers,
    after: Numbers,
    ns: u64,
}

#[derive(Serialize)]
struct Numbers {
    score: Map<String, Value>,
    ns: u64,
    locks: Vec<Held>,
    functions: Map<String, Value>,
}

#[derive(Serialize)]
struct Held {
    lock: &'static str,
    mode: &'static str,
    times: u64,
    steps: u64,
    longest: u64,
}

#[derive(Serialize)]
struct Shared {
    functions: Vec<&'static str>,
    /// Percent of the first's steps in those functions themselves.
    percent: u64,
    /// Likewise in them and all that they call.
    percent_under: u64,
}

#[derive(Serialize)]
struct Range<'c> {
    vma: &'c str,
    first: u64,
    address: String,
    /// Before; then for each lane after its job: word, fate, dirt.
    entries: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    before: String,
    ends: Vec<(String, &'static str, &'static str)>,
}

/// The whole comparison.
pub(crate) fn report(scenario: &Scenario, comparison: &Comparison, weights: &Weights) -> String {
    let report = Report {
        kernel: scenario.kernel().name,
        title: scenario.title(),
        first: comparison.pages.first,
        pages: comparison.pages.count,
        weights: weights.rows().iter().map(weight).collect(),
        lanes: comparison.lanes.iter().map(|lane| self::lane(lane, weights)).collect(),
        shared: comparison.lanes.iter().map(|lane| shares(comparison, lane)).collect(),
        ranges: (0..comparison.ranges.len()).map(|range| self::range(comparison, range)).collect(),
    };
    serde_json::to_string_pretty(&report).expect("text and numbers are JSON")
}

fn weight(row: &rangewalk_core::compare::Weight) -> Weight {
    let (source, from) = match row.source {
        Source::Measured(from) => ("measured", from),
        Source::Derived(from) => ("derived", from),
        Source::Guess(from) => ("guess", from),
        Source::Free => ("free", ""),
        Source::Edited => ("edited", ""),
    };
    Weight { count: row.count.word(), ps: row.ps, source, from }
}

fn lane<'c>(lane: &'c Lane, weights: &Weights) -> LaneReport<'c> {
    LaneReport {
        lane: lane.strategy.name(),
        says: &lane.says,
        sentence: words::sentence(lane),
        failed: lane.failed,
        job: numbers(&lane.job, weights),
        after: numbers(&lane.after, weights),
        ns: weights.ns(&lane.score()),
    }
}

fn numbers(tally: &Tally, weights: &Weights) -> Numbers {
    let held = tally.held.iter().map(|held| Held {
        lock: held.kind.name(),
        mode: if held.mode == Mode::Read { "read" } else { "write" },
        times: held.times,
        steps: held.steps,
        longest: held.longest,
    });
    let functions = tally.profile.functions();
    Numbers {
        score: score(&tally.score),
        ns: weights.ns(&tally.score),
        locks: held.collect(),
        functions: functions.map(|(f, steps)| (f.symbol().to_owned(), steps.into())).collect(),
    }
}

fn score(score: &Score) -> Map<String, Value> {
    Count::ALL.into_iter().map(|count| (count.word(), score.get(count).into())).collect()
}

fn shares(comparison: &Comparison, one: &Lane) -> Vec<Shared> {
    let with = comparison.lanes.iter().map(|other| {
        let shared = shared::shared(&one.job.profile, &other.job.profile);
        Shared {
            functions: shared.functions.iter().map(|func| func.symbol()).collect(),
            percent: shared.percent(),
            percent_under: shared.percent_under(),
        }
    });
    with.collect()
}

fn range(comparison: &Comparison, at: usize) -> Range<'_> {
    let range = &comparison.ranges[at];
    let entries = (range.pages.first..).zip(&range.words).map(|(page, before)| {
        let ends = (0..comparison.lanes.len()).filter_map(|lane| comparison.end(lane, at, page));
        let ends = ends.map(|end| (hex(end.word.0), end.fate.name(), end.dirt.name()));
        Entry { before: hex(before.0), ends: ends.collect() }
    });
    Range {
        vma: &range.name,
        first: range.pages.first,
        address: format!("{:x}", range.addr.0),
        entries: entries.collect(),
    }
}

fn hex(word: u64) -> String {
    format!("{word:016x}")
}
