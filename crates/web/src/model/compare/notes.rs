//! What is to be said of all lanes together, worked out from what they did.

use rangewalk_core::compare::Count;

use crate::compare::Bench;
use crate::model::compare::lane::width;
use crate::model::compare::matrix::Layout;
use crate::model::compare::score::thousands;
use crate::model::compare::visits::Order;
use crate::model::sentence::count_words;

/// A few sentences.
#[must_use]
pub fn notes(bench: &Bench) -> Vec<String> {
    let mut notes = Vec::new();
    for (order, how) in [(Order::Rows, "row by row"), (Order::Columns, "column by column")] {
        let those = bench.sides.iter().enumerate().filter(|(_, side)| side.order == order);
        let those: Vec<usize> = those.map(|(at, _)| at).collect();
        if those.is_empty() {
            continue;
        }
        let names: Vec<&str> = those.iter().map(|at| name(bench, *at)).collect();
        let goes = if names.len() == 1 { "goes" } else { "go" };
        notes.push(format!("{} {goes} {how}: {}.", and(&names), bill(bench, &those)));
    }
    notes.extend(cheapest(bench));
    notes.extend(failed(bench));
    notes.extend(key(bench));
    notes.push("Counts: now of end; bold is the fewest.".to_owned());
    notes
}

/// How entries too many for boxes are to be read.
fn key(bench: &Bench) -> Option<String> {
    let every = Layout::new(bench, width(bench.comparison.lanes.len()), &[]).field_step()?;
    let column = match every {
        1 => "A column is a page".to_owned(),
        n => format!(
            "A column is {n} pages: it shows one that ends otherwise in some lane, else one that \
             changes, else one that is mapped"
        ),
    };
    Some(format!(
        "{column}. Blue above: W; orange below: D; brown dots: V; empty frame: taken out; red \
         dots: not as in the first lane."
    ))
}

/// Queries and descents of these lanes: one figure, or from the least to the most.
fn bill(bench: &Bench, those: &[usize]) -> String {
    let figures = |count: Count| {
        let own = those.iter().map(|at| bench.comparison.lanes[*at].job.score.get(count));
        (own.clone().min().unwrap_or(0), own.max().unwrap_or(0))
    };
    let words = |(least, most): (u64, u64), one: &str, many: &str| {
        if least == most {
            count_words(most, one, many)
        } else {
            format!("{} to {} {many}", thousands(least), thousands(most))
        }
    };
    let queries = words(figures(Count::TreeQueries), "tree query", "tree queries");
    let descents = words(figures(Count::Descents), "descent", "descents");
    format!("{queries}, {descents}")
}

fn cheapest(bench: &Bench) -> Option<String> {
    let cost = |at: &usize| bench.weights.ps(&bench.comparison.lanes[*at].score());
    let all = || 0..bench.comparison.lanes.len();
    let sound = || all().filter(|at| !bench.comparison.lanes[*at].failed);
    let (least, most) = (sound().min_by_key(cost)?, sound().max_by_key(cost)?);
    if cost(&least) == cost(&most) {
        return None;
    }
    let score = bench.comparison.lanes[least].score();
    let percent = bench.weights.guessed_ps(&score) * 100 / cost(&least).max(1);
    Some(format!(
        "{} costs least, the later bill with it, {} most. {percent} % of {}’s figure rests on \
         guesses.",
        name(bench, least),
        name(bench, most),
        name(bench, least),
    ))
}

fn failed(bench: &Bench) -> Vec<String> {
    let failed = bench.comparison.lanes.iter().filter(|lane| lane.failed);
    failed
        .map(|lane| format!("{} could not be done: {}.", lane.strategy.name(), lane.says))
        .collect()
}

fn name(bench: &Bench, lane: usize) -> &'static str {
    bench.comparison.lanes[lane].strategy.name()
}

/// `a`, `a and b`, `a, b and c`.
fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
