//! A sweep as charts: log scales both ways, one line a lane, the places where lanes change places
//! in words, and a table under each.

use std::rc::Rc;

use rangewalk_core::compare::Weights;
use rangewalk_core::compare::sweep::crossing::{nanoseconds, said};
use rangewalk_core::compare::sweep::{Crossing, Metric, Part, Plan, Point, crossings};
use rangewalk_core::scenario::Scenario;

/// Width and height of a chart's plot, in picture units.
pub const PLOT: (f32, f32) = (300.0, 170.0);
/// Most charts over the values of a second axis.
const FAMILY_MAX: usize = 4;
/// Most crossings told of a chart.
const TOLD_MAX: usize = 4;

/// A lane's line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Its word.
    pub lane: &'static str,
    /// Its points on the plot.
    pub points: Vec<(f32, f32)>,
    /// The lines with the same points, by number, itself among them.
    pub alike: Vec<usize>,
}

impl Line {
    /// Its place among the lines with the same points, if it is line `at`.
    #[must_use]
    pub fn turn(&self, at: usize) -> usize {
        self.alike.iter().position(|line| *line == at).unwrap_or(0)
    }
}

/// A number on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where, from the left or from the top.
    pub at: f32,
    /// The number.
    pub text: String,
}

/// A row of a chart's table: one point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Which point, by its number in the plan.
    pub point: usize,
    /// Where it lies.
    pub at: String,
    /// By lane; empty where it was not measured.
    pub values: Vec<String>,
}

/// One chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// What it shows.
    pub title: String,
    /// What is turned.
    pub along: &'static str,
    /// One a lane.
    pub lines: Vec<Line>,
    /// Below and left.
    pub ticks: (Vec<Tick>, Vec<Tick>),
    /// Where lanes change places, on the plot.
    pub marks: Vec<(f32, f32)>,
    /// The same in words.
    pub crossings: Vec<String>,
    /// How many are not told.
    pub untold: usize,
    /// All lanes have the same values.
    pub alike: bool,
    /// The one value of all points and lanes: there is nothing to draw.
    pub constant: Option<String>,
    /// All points.
    pub table: Vec<TableRow>,
}

/// The view.
#[derive(Clone, PartialEq)]
pub struct SweepModel {
    /// What is measured.
    pub plan: Rc<Plan>,
    /// `pages from 1 to 256`.
    pub heading: String,
    /// Points measured, and how many there are.
    pub progress: (usize, usize),
    /// Whether it is under way.
    pub running: bool,
    /// Points that were too large, each with the reason.
    pub left_out: Vec<String>,
    /// What is drawn so far.
    pub charts: Vec<Rc<Chart>>,
}

/// What is said where there is nothing to turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoSweep {
    /// A line that would turn something, and the text with it; `None`: nothing is compared either.
    pub offer: Option<(&'static str, Rc<str>)>,
}

impl NoSweep {
    /// For this scenario, read from this text.
    #[must_use]
    pub fn new(scenario: &Scenario, text: &str) -> Self {
        const LINE: &str = "sweep mappings 1..64";
        let compares = rangewalk_core::compare::sweep::Shape::of(scenario).is_some();
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let offer = compares.then(|| (LINE, Rc::from(format!("{text}{end}{LINE}\n"))));
        Self { offer }
    }
}

impl SweepModel {
    /// The view of what is measured so far.
    #[must_use]
    pub fn new(plan: &Rc<Plan>, points: &[&Point], charts: &[Rc<Chart>], running: bool) -> Self {
        let axis = |axis: &rangewalk_core::scenario::strategy::AxisRange| {
            format!("{} from {} to {}", axis.axis.name(), axis.from, axis.to)
        };
        let heading: Vec<String> = plan.axes.iter().map(axis).collect();
        let left_out = |point: &&Point| {
            let why = point.lanes.as_ref().err()?;
            Some(format!("{}: {}", place(plan, &point.at), why.0))
        };
        Self {
            plan: plan.clone(),
            heading: heading.join(", and "),
            progress: (points.len(), plan.len()),
            running,
            left_out: points.iter().filter_map(left_out).collect(),
            charts: charts.to_vec(),
        }
    }
}

/// The charts of a metric: one, or with a second axis one for some of its values.
#[must_use]
pub fn chart(plan: &Plan, points: &[Point], metric: Metric, weights: &Weights) -> Vec<Chart> {
    let Some(along) = plan.values.first() else { return Vec::new() };
    let found = crossings(plan, points, metric, weights);
    let rows: Vec<&[Point]> = points.chunks(along.len()).collect();
    let every = rows.len().div_ceil(FAMILY_MAX).max(1);
    let shown = rows.iter().enumerate().filter(|(at, _)| at % every == 0);
    let one = |(at, row): (usize, &&[Point])| {
        let rest = row.first().map_or(&[][..], |point| &point.at[1..]);
        let own: Vec<&Crossing> = for_good(found.iter().filter(|it| it.rest == rest));
        let family = Family { plan, metric, weights };
        family.chart(at * along.len(), row, &own)
    };
    shown.filter_map(one).collect()
}

/// Of each two lanes the last crossing, from which on it stays so as far as was measured: steps of
/// whole numbers make neighbours change places again and again.
fn for_good<'c>(all: impl Iterator<Item = &'c Crossing>) -> Vec<&'c Crossing> {
    let mut last: Vec<&Crossing> = Vec::new();
    for crossing in all {
        let pair = |it: &&Crossing| {
            (it.before, it.behind) == (crossing.before, crossing.behind)
                || (it.behind, it.before) == (crossing.before, crossing.behind)
        };
        last.retain(|it| !pair(it));
        last.push(crossing);
    }
    last
}

struct Family<'a> {
    plan: &'a Plan,
    metric: Metric,
    weights: &'a Weights,
}

impl Family<'_> {
    fn chart(&self, first: usize, row: &[Point], crossings: &[&Crossing]) -> Option<Chart> {
        let values: Vec<Vec<Option<u64>>> = row.iter().map(|point| self.values(point)).collect();
        let known = || values.iter().flatten().flatten().copied();
        let most = known().max().filter(|most| *most > 0)?;
        let least = known().filter(|value| *value > 0).min().unwrap_or(1);
        let ends = (row.first()?.at[0], row.last()?.at[0]);
        let x = Scale::new(Zero::among([ends.0]), ends, PLOT.0);
        let y = Scale::new(Zero::among(known()), (least, most), PLOT.1);
        let place = |at: u64, value: u64| (x.at(at), PLOT.1 - y.at(value));
        let line = |lane: usize| {
            let points = row.iter().zip(&values);
            let points = points.filter_map(|(point, all)| Some(place(point.at[0], all[lane]?)));
            points.collect()
        };
        let courses = (0..self.plan.lanes().len()).map(line).collect();
        let rest = row.first()?.at[1..].to_vec();
        let told = crossings.iter().take(TOLD_MAX);
        let table = row.iter().zip(&values).enumerate();
        Some(Chart {
            title: self.title(&rest),
            along: self.plan.axes[0].axis.name(),
            lines: self.lines(courses),
            ticks: (
                x.ticks(|n| n.to_string()),
                y.ticks(|n| self.text(n)).into_iter().map(down).collect(),
            ),
            marks: crossings.iter().map(|it| place(it.from, it.values.1)).collect(),
            crossings: told
                .map(|it| {
                    it.sentence(self.plan).replace(" us ", "\u{a0}µs ").replace(" us)", "\u{a0}µs)")
                })
                .collect(),
            untold: crossings.len().saturating_sub(TOLD_MAX),
            alike: values.iter().all(|all| all.iter().all(|value| *value == all[0])),
            constant: known().all(|value| value == most).then(|| self.text(most)),
            table: table.map(|(at, (point, all))| self.row(first + at, point, all)).collect(),
        })
    }

    /// The lanes' lines, of the points of each.
    fn lines(&self, courses: Vec<Vec<(f32, f32)>>) -> Vec<Line> {
        let like = |points: &[(f32, f32)]| {
            let all = courses.iter().enumerate();
            all.filter(|(_, other)| *other == points).map(|(lane, _)| lane).collect()
        };
        let alike: Vec<Vec<usize>> = courses.iter().map(|points| like(points)).collect();
        let lanes = self.plan.lanes().iter().zip(courses).zip(alike);
        lanes.map(|((lane, points), alike)| Line { lane: lane.name(), points, alike }).collect()
    }

    fn row(&self, number: usize, point: &Point, values: &[Option<u64>]) -> TableRow {
        let value = |value: &Option<u64>| value.map_or_else(String::new, |value| self.text(value));
        let at = point.at.first().copied().unwrap_or(0);
        TableRow {
            point: number,
            at: said(self.plan.axes[0].axis, at),
            values: values.iter().map(value).collect(),
        }
    }

    fn values(&self, point: &Point) -> Vec<Option<u64>> {
        let lanes = self.plan.lanes().len();
        let Ok(all) = &point.lanes else { return vec![None; lanes] };
        let value = |lane: usize| {
            let lane = all.get(lane).filter(|lane| !lane.failed)?;
            Some(self.metric.of(&lane.job, &lane.after, self.weights))
        };
        (0..lanes).map(value).collect()
    }

    fn text(&self, value: u64) -> String {
        let cost = self.metric.count.is_none();
        if cost { nanoseconds(value).replace("us", "µs") } else { value.to_string() }
    }

    fn title(&self, rest: &[u64]) -> String {
        let what = match (self.metric.part, self.metric.count) {
            (Part::Both, None) => "cost, the later bill with it".to_owned(),
            (Part::Job, None) => "cost of the job".to_owned(),
            (Part::After, None) => "later cost".to_owned(),
            (_, Some(count)) => count.name().to_owned(),
        };
        let others = self.plan.axes[1..].iter().zip(rest);
        others.fold(what, |text, (axis, value)| format!("{text}, {}", said(axis.axis, *value)))
    }
}

fn down(tick: Tick) -> Tick {
    Tick { at: PLOT.1 - tick.at, ..tick }
}

/// Where a point lies, in words.
fn place(plan: &Plan, at: &[u64]) -> String {
    let values = plan.axes.iter().zip(at).map(|(axis, value)| said(axis.axis, *value));
    values.collect::<Vec<_>>().join(", ")
}

/// Where on a log scale a zero lies.
enum Zero {
    /// There is none.
    Absent,
    /// At the end, an eighth of the scale below the least.
    Below,
}

impl Zero {
    fn among(values: impl IntoIterator<Item = u64>) -> Self {
        if values.into_iter().any(|value| value == 0) { Self::Below } else { Self::Absent }
    }
}

/// A log scale.
struct Scale {
    least: u64,
    most: u64,
    length: f32,
    /// From the end to the least: room for a zero.
    foot: f32,
}

impl Scale {
    fn new(zero: Zero, (from, to): (u64, u64), length: f32) -> Self {
        let least = from.max(1);
        let foot = match zero {
            Zero::Absent => 0.0,
            Zero::Below => length / 8.0,
        };
        Self { least, most: to.max(least + 1), length, foot }
    }

    fn at(&self, value: u64) -> f32 {
        if value < self.least {
            return 0.0;
        }
        let span = log2(self.most) - log2(self.least);
        self.foot + (log2(value) - log2(self.least)) / span * (self.length - self.foot)
    }

    /// Zero, both ends, and the powers of ten or two between them that find room.
    fn ticks(&self, text: impl Fn(u64) -> String) -> Vec<Tick> {
        let zero = (self.foot > 0.0).then(|| Tick { at: 0.0, text: text(0) });
        let mut ticks: Vec<Tick> = zero.into_iter().collect();
        ticks.push(Tick { at: self.foot, text: text(self.least) });
        let base = if self.most / self.least > 200 { 10 } else { 2 };
        let mut next = 1u64;
        while next < self.most {
            let at = self.at(next);
            let apart = self.length / 6.0;
            let clear = ticks.last().is_none_or(|last| at - last.at >= apart);
            if next > self.least && clear && self.length - at >= apart {
                ticks.push(Tick { at, text: text(next) });
            }
            next = next.saturating_mul(base);
        }
        ticks.push(Tick { at: self.length, text: text(self.most) });
        ticks
    }
}

/// The binary logarithm, near enough for a picture.
#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn log2(value: u64) -> f32 {
    let value = value.max(1);
    let whole = value.ilog2();
    // Between two powers of two: a parabola through both ends and the middle.
    let part = value as f32 / (1u64 << whole) as f32 - 1.0;
    whole as f32 + part * (1.0 + 0.344 * (1.0 - part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_logarithmic_and_keeps_to_its_ends() {
        let scale = Scale::new(Zero::Absent, (1, 64), 300.0);
        let places: Vec<f32> = [1, 2, 8, 64].iter().map(|n| scale.at(*n)).collect();
        assert_eq!(places, [0.0, 50.0, 150.0, 300.0]);
        // 3 lies at log2(3) = 1.585 of 6.
        assert!((scale.at(3) - 79.25).abs() < 1.0, "{}", scale.at(3));
    }

    #[test]
    fn a_zero_lies_below_the_least_and_is_named() {
        let scale = Scale::new(Zero::among([0, 6, 96]), (6, 96), 160.0);
        let places: Vec<f32> = [0, 6, 96].iter().map(|n| scale.at(*n)).collect();
        assert_eq!(places, [0.0, 20.0, 160.0]);
        let ticks = scale.ticks(|n| n.to_string());
        assert_eq!(ticks[..2].iter().map(|it| &*it.text).collect::<Vec<_>>(), ["0", "6"]);
    }

    #[test]
    fn lines_that_run_alike_know_of_each_other() {
        // One query each for the helper and zap, however many mappings; one a page for rmap.
        let text = "file data shmem 4\nproc P\nmap A P data 0+4 @7f1000000000 rw\nstore A\n\
            compare data 0+4 wp mkclean zap\nsweep mappings 1..3\n";
        let plan = Plan::new(&rangewalk_core::scenario::parse(text).0, 1).expect("it sweeps");
        let points: Vec<Point> = (0..plan.len()).map(|at| plan.measure(&plan.at(at))).collect();
        let queries =
            Metric { part: Part::Job, count: Some(rangewalk_core::compare::Count::TreeQueries) };
        let charts = chart(&plan, &points, queries, &Weights::default());
        let alike: Vec<&[usize]> = charts[0].lines.iter().map(|line| &line.alike[..]).collect();
        assert_eq!(alike, [&[0, 2][..], &[1], &[0, 2]]);
        assert_eq!([charts[0].lines[0].turn(0), charts[0].lines[2].turn(2)], [0, 1]);
    }
}
