//! `rangewalk compare`: a scenario's `compare`, lane beside lane, as text for a mail or as JSON.

use std::path::PathBuf;

use rangewalk_core::compare::{Comparison, Count, Held, Score, Weights, compare, shared, words};
use rangewalk_core::machine::event::Mode;
use rangewalk_core::scenario::ast::Pages;
use rangewalk_core::scenario::{Severity, format};

use crate::compared;
use crate::failure::{Failure, Verdict};
use crate::output::{print, remark};
use crate::source::Source;
use crate::text::wrapped;

/// Columns of the text.
const COLUMNS: usize = 72;
/// Columns of the names on the left.
const LEFT: usize = 20;
/// Places that end differently, at most this many told one by one.
const RUNS_MAX: usize = 8;

/// Do one job in several ways and set side by side what each did
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The scenario, which has a `compare`; `-` is standard input
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let source = Source::load(&arguments.file)?;
    let scenario = source.understood()?;
    let Some(comparison) = compare(&scenario) else {
        return Err(Failure::at(arguments.file.display(), "it compares nothing")
            .hint("compare FILE FIRST+PAGES LANE LANE ..."));
    };
    let weights = Weights::default();
    if arguments.json {
        print(&format!("{}\n", compared::report(&scenario, &comparison, &weights)))?;
    } else {
        let op = &scenario.statements[comparison.statement as usize].op;
        let title = scenario.title().unwrap_or_default();
        let statement = format::statement(&scenario, op);
        print(&report(title, &statement, &comparison, &weights))?;
    }
    remark(&source.show_all(&comparison.diagnostics));
    for lane in &comparison.lanes {
        remark(&source.show_all(&lane.run.diagnostics));
    }
    let all = comparison.lanes.iter().flat_map(|lane| &lane.run.diagnostics);
    let bad = all.chain(&comparison.diagnostics).any(|d| d.severity == Severity::Error);
    Ok(if bad { Verdict::Bad } else { Verdict::Fine })
}

fn report(title: &str, statement: &str, comparison: &Comparison, weights: &Weights) -> String {
    let mut out = String::new();
    if !title.is_empty() {
        out.push_str(&format!("{title}\n\n"));
    }
    out.push_str(&format!("{statement}\n\n"));
    for lane in &comparison.lanes {
        let sentence = format!("{}: {}", lane.strategy.name(), words::sentence(lane));
        wrapped(&sentence, &mut out);
    }
    differences(comparison, &mut out);
    scores(comparison, weights, &mut out);
    locks(comparison, &mut out);
    functions(comparison, &mut out);
    out
}

/// Entries that end differently, neighbours alike in one line.
fn differences(comparison: &Comparison, out: &mut String) {
    let mut runs: Vec<(usize, u64, u64, Vec<String>)> = Vec::new();
    let (mut total, mut differing) = (0, 0);
    for (at, range) in comparison.ranges.iter().enumerate() {
        total += range.words.len();
        for page in range.pages.first..range.pages.end() {
            if !comparison.differs(at, page) {
                continue;
            }
            differing += 1;
            let told = words::entry(comparison, at, page);
            match runs.last_mut() {
                Some((of, first, count, same))
                    if (*of, *first + *count) == (at, page) && *same == told =>
                {
                    *count += 1;
                }
                _ => runs.push((at, page, 1, told)),
            }
        }
    }
    out.push_str(&format!("\n{differing} of {total} entries end differently\n"));
    for (at, first, count, told) in runs.iter().take(RUNS_MAX) {
        let name = &comparison.ranges[*at].name;
        let pages = format::range(Pages { first: *first, count: *count });
        out.push_str(&format!("  {name} {pages}\n"));
        for lane in told {
            wrapped(&format!("    {lane}"), out);
        }
    }
    if runs.len() > RUNS_MAX {
        out.push_str(&format!("  and {} more places\n", runs.len() - RUNS_MAX));
    }
}

/// The lanes' names above their columns, each as wide as they leave room for.
fn heads(comparison: &Comparison, what: &str, out: &mut String) -> usize {
    let width = (COLUMNS - LEFT) / comparison.lanes.len();
    out.push_str(&format!("\n{what:LEFT$}"));
    for lane in &comparison.lanes {
        let name = lane.strategy.name();
        let name = if name.len() < width { name } else { short(name) };
        out.push_str(&format!("{name:>width$}"));
    }
    out.push('\n');
    width
}

/// A lane's name in at most seven letters.
fn short(name: &str) -> &str {
    match name {
        "wp+clean" => "wp+cl",
        "clean-skip" => "cl-skip",
        "wp+clean-skip" => "w+c-sk",
        "wrprotect" => "wrprot",
        "wrprotect-pages" => "wrpr-pg",
        "softclear" => "softcl",
        name => name,
    }
}

fn scores(comparison: &Comparison, weights: &Weights, out: &mut String) {
    for after in [false, true] {
        let score = |lane: usize| -> &Score {
            let lane = &comparison.lanes[lane];
            if after { &lane.after.score } else { &lane.job.score }
        };
        let lanes = 0..comparison.lanes.len();
        if lanes.clone().all(|lane| score(lane).get(Count::Steps) == 0) {
            continue;
        }
        let width = heads(comparison, if after { "after" } else { "the job" }, out);
        for count in Count::ALL {
            let values: Vec<u64> = lanes.clone().map(|lane| score(lane).get(count)).collect();
            if values.iter().any(|value| *value > 0) {
                row(count.name(), &values, width, out);
            }
        }
        let ns: Vec<u64> = lanes.map(|lane| weights.ns(score(lane))).collect();
        row("ns, weighted", &ns, width, out);
    }
    let width = heads(comparison, "both", out);
    let totals: Vec<Score> = comparison.lanes.iter().map(|lane| lane.score()).collect();
    let ns: Vec<u64> = totals.iter().map(|score| weights.ns(score)).collect();
    row("ns, weighted", &ns, width, out);
    let guessed = totals.iter();
    let guessed = guessed.map(|s| shared::percent(weights.guessed_ps(s), weights.ps(s)));
    row("% of it guessed", &guessed.collect::<Vec<_>>(), width, out);
}

fn row(name: &str, values: &[u64], width: usize, out: &mut String) {
    out.push_str(&format!("{name:LEFT$}"));
    for value in values {
        out.push_str(&format!("{value:>width$}"));
    }
    out.push('\n');
}

fn locks(comparison: &Comparison, out: &mut String) {
    out.push_str("\nlocks of the job: times taken, steps held, longest\n");
    for lane in &comparison.lanes {
        let held: Vec<String> = lane.job.held.iter().map(held).collect();
        let held = if held.is_empty() { "none".to_owned() } else { held.join("; ") };
        wrapped(&format!("  {}: {held}", lane.strategy.name()), out);
    }
}

fn held(held: &Held) -> String {
    let mode = if held.mode == Mode::Read { "read" } else { "write" };
    format!("{} ({mode}) {}, {}, {}", held.kind.name(), held.times, held.steps, held.longest)
}

/// What share of the row's functions the column runs too, and what share of its steps they drive.
fn functions(comparison: &Comparison, out: &mut String) {
    for (head, of_steps) in [("% of functions with", false), ("% of steps with", true)] {
        let width = heads(comparison, head, out);
        for (at, one) in comparison.lanes.iter().enumerate() {
            out.push_str(&format!("{:LEFT$}", one.strategy.name()));
            for (with, other) in comparison.lanes.iter().enumerate() {
                let shared = shared::shared(&one.job.profile, &other.job.profile);
                let both = shared.functions.len() as u64;
                let percent = if of_steps {
                    shared.percent_under()
                } else {
                    shared::percent(both, shared.of_functions)
                };
                let percent = if at == with { "-".to_owned() } else { percent.to_string() };
                out.push_str(&format!("{percent:>width$}"));
            }
            out.push('\n');
        }
    }
}
