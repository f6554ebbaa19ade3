//! `rangewalk sweep`: how a scenario's comparison changes with what its `sweep` turns.

use std::path::PathBuf;

use rangewalk_core::compare::sweep::crossing::{nanoseconds, said};
use rangewalk_core::compare::sweep::{Metric, Plan, Point, crossings, csv};
use rangewalk_core::compare::{Count, Weights};

use crate::failure::{Failure, Verdict};
use crate::output::{print, remark};
use crate::source::Source;

/// Columns of the text.
const COLUMNS: usize = 72;

/// Turn what a scenario's `sweep` names, compare at every point, and say where lanes change places
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print every number of every lane at every point as CSV
    #[arg(long)]
    csv: bool,
    /// What to show: `cost`, or a count as `tree-queries`; of the job alone `job:cost`, of what
    /// came after `after:cost`
    #[arg(long, default_value = "cost")]
    metric: String,
    /// Points for each doubling
    #[arg(long, default_value_t = 2)]
    density: u64,
    /// Print the scenario of this point instead: one value, or two with a comma between them
    #[arg(long)]
    at: Option<String>,
    /// The scenario, which has a `compare` and a `sweep`; `-` is standard input
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let source = Source::load(&arguments.file)?;
    let scenario = source.understood()?;
    let Some(metric) = Metric::by_word(&arguments.metric) else {
        let known = Count::ALL.map(Count::word).join(" ");
        return Err(Failure::at("--metric", format!("`{}` is not counted", arguments.metric))
            .hint(&format!("cost, or one of {known}")));
    };
    let Some(plan) = Plan::new(&scenario, arguments.density.min(64)) else {
        return Err(Failure::at(arguments.file.display(), "it sweeps over nothing")
            .hint("sweep AXIS FROM..TO, below a `compare`"));
    };
    if let Some(at) = &arguments.at {
        return point(&plan, at);
    }
    let points = plan.measure_all();
    let weights = Weights::default();
    for point in &points {
        if let Err(why) = &point.lanes {
            remark(&format!("left out, {}: {}\n", place(&plan, point), why.0));
        }
    }
    if arguments.csv {
        print(&csv(&plan, &points, &weights))?;
    } else {
        print(&table(&plan, &points, metric, &weights))?;
    }
    Ok(Verdict::Fine)
}

/// The scenario of one point.
fn point(plan: &Plan, at: &str) -> Result<Verdict, Failure> {
    let values: Result<Vec<u64>, _> = at.split(',').map(str::parse).collect();
    let bad = |why: &str| Failure::at("--at", why);
    let values = values.map_err(|_| bad("a value is no number"))?;
    if values.len() != plan.axes.len() {
        return Err(bad("one value for each axis"));
    }
    for (value, axis) in values.iter().zip(&plan.axes) {
        let (least, most) = axis.axis.bounds();
        if !(least..=most).contains(value) {
            return Err(
                bad("out of bounds").hint(&format!("{} is {least}..{most}", axis.axis.name()))
            );
        }
    }
    print(&plan.shape_at(&values).text().map_err(|why| bad(&why.0))?)?;
    Ok(Verdict::Fine)
}

fn place(plan: &Plan, point: &Point) -> String {
    let values = plan.axes.iter().zip(&point.at);
    values.map(|(axis, value)| said(axis.axis, *value)).collect::<Vec<_>>().join(", ")
}

fn table(plan: &Plan, points: &[Point], metric: Metric, weights: &Weights) -> String {
    let width = 12.min((COLUMNS - 9 * plan.axes.len()) / plan.lanes().len());
    let mut out = format!("{}\n\n", metric.word());
    for axis in &plan.axes {
        out.push_str(&format!("{:>9}", axis.axis.name()));
    }
    for lane in plan.lanes() {
        let name: String = lane.name().chars().take(width - 1).collect();
        out.push_str(&format!("{name:>width$}"));
    }
    out.push('\n');
    for point in points {
        let Ok(lanes) = &point.lanes else { continue };
        for value in &point.at {
            out.push_str(&format!("{value:>9}"));
        }
        for lane in lanes {
            let value = metric.of(&lane.job, &lane.after, weights);
            let text = match (lane.failed, metric.count) {
                (true, _) => "-".to_owned(),
                (false, None) => nanoseconds(value),
                (false, Some(_)) => value.to_string(),
            };
            out.push_str(&format!("{text:>width$}"));
        }
        out.push('\n');
    }
    let crossings = crossings(plan, points, metric, weights);
    out.push('\n');
    for crossing in &crossings {
        crate::text::wrapped(&crossing.sentence(plan), &mut out);
    }
    if crossings.is_empty() {
        out.push_str("no lane changes places with another\n");
    }
    out
}
