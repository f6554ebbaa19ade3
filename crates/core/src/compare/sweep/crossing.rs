//! Where two lanes change places: found between points, narrowed down to the very number, and said
//! in words.

use crate::compare::sweep::{LanePoint, Metric, Plan, Point};
use crate::compare::weights::Weights;
use crate::order::sort_by_key;
use crate::scenario::strategy::{Axis, Strategy};

/// Two lanes change places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The lane that is less before.
    pub before: Strategy,
    /// The lane that is less, or as much, from here on.
    pub behind: Strategy,
    /// What is turned: the plan's first axis.
    pub axis: Axis,
    /// The first value from which on it is so.
    pub from: u64,
    /// The values of the other axis, if there is one.
    pub rest: Vec<u64>,
    /// What the two come to there: `before`, then `behind`.
    pub values: (u64, u64),
    /// Of what.
    pub metric: Metric,
}

/// All crossings of `points`, which are those of `plan` in their order, along its first axis.
#[must_use]
pub fn crossings(
    plan: &Plan,
    points: &[Point],
    metric: Metric,
    weights: &Weights,
) -> Vec<Crossing> {
    let Some(along) = plan.values.first() else { return Vec::new() };
    let mut found = Vec::new();
    for row in points.chunks(along.len()) {
        let mut in_row = Vec::new();
        for one in 0..plan.lanes().len() {
            for other in one + 1..plan.lanes().len() {
                row_crossings(&Search { plan, metric, weights, one, other }, row, &mut in_row);
            }
        }
        sort_by_key(&mut in_row, |crossing| crossing.from);
        found.append(&mut in_row);
    }
    found
}

/// Two lanes, by number, under one metric.
struct Search<'p> {
    plan: &'p Plan,
    metric: Metric,
    weights: &'p Weights,
    one: usize,
    other: usize,
}

fn row_crossings(search: &Search<'_>, row: &[Point], found: &mut Vec<Crossing>) {
    let mut last: Option<(u64, bool)> = None;
    for point in row {
        let Some((one, other)) = search.values(point) else { continue };
        // As much as the other is no side of its own.
        if one == other {
            continue;
        }
        let (x, less) = (point.at[0], one < other);
        if let Some((_, was)) = last.filter(|(_, was)| *was != less) {
            let (low, _) = last.unwrap_or((x, less));
            found.extend(search.narrow(low, point, was));
        }
        last = Some((x, less));
    }
}

impl Search<'_> {
    fn values(&self, point: &Point) -> Option<(u64, u64)> {
        let lanes = point.lanes.as_ref().ok()?;
        let value = |lane: &LanePoint| {
            (!lane.failed).then(|| self.metric.of(&lane.job, &lane.after, self.weights))
        };
        Some((value(lanes.get(self.one)?)?, value(lanes.get(self.other)?)?))
    }

    /// Between `low`, where the first was less if `was_less`, and `high`, where it is not: the
    /// first value from which on it is not.
    fn narrow(&self, mut low: u64, high: &Point, was_less: bool) -> Option<Crossing> {
        let mut best = high.clone();
        while best.at[0] - low > 1 {
            let middle = low + (best.at[0] - low) / 2;
            let mut at = best.at.clone();
            at[0] = middle;
            let point = self.plan.measure(&at);
            let (one, other) = self.values(&point)?;
            let still = if was_less { one < other } else { other < one };
            if still { low = middle } else { best = point }
        }
        let (one, other) = self.values(&best)?;
        let (one_lane, other_lane) = (self.plan.lanes()[self.one], self.plan.lanes()[self.other]);
        let (before, behind, values) = if was_less {
            (one_lane, other_lane, (one, other))
        } else {
            (other_lane, one_lane, (other, one))
        };
        Some(Crossing {
            before,
            behind,
            axis: self.plan.axes[0].axis,
            from: best.at[0],
            rest: best.at[1..].to_vec(),
            values,
            metric: self.metric,
        })
    }
}

impl Crossing {
    /// `from 7 mappings on, wp costs no more than mkclean (4.1 us against 4.6 us)`
    #[must_use]
    pub fn sentence(&self, plan: &Plan) -> String {
        let mut from = said(self.axis, self.from);
        for (axis, value) in plan.axes[1..].iter().zip(&self.rest) {
            from.push_str(&format!(", at {}", said(axis.axis, *value)));
        }
        let (before, behind) = (self.before.name(), self.behind.name());
        let (was, is) = (self.amount(self.values.0), self.amount(self.values.1));
        let verb = match self.metric.count {
            None => "costs".to_owned(),
            Some(count) => format!("needs in {}", count.name()),
        };
        format!("from {from} on, {behind} {verb} no more than {before} ({is} against {was})")
    }

    fn amount(&self, value: u64) -> String {
        if self.metric.count.is_some() { value.to_string() } else { nanoseconds(value) }
    }
}

/// `7 mappings`, `30 % present`.
#[must_use]
pub fn said(axis: Axis, value: u64) -> String {
    let plural = if value == 1 { "" } else { "s" };
    match axis {
        Axis::Pages => format!("{value} page{plural}"),
        Axis::Mappings => format!("{value} mapping{plural}"),
        Axis::Processes if value == 1 => "1 process".to_owned(),
        Axis::Processes => format!("{value} processes"),
        Axis::Present => format!("{value} % present"),
        Axis::Dirty => format!("{value} % dirty"),
        Axis::VmaPages => format!("{value} page{plural} a VMA"),
    }
}

/// Picoseconds as `850 ns`, `12.3 us`, `4.56 ms`: three figures.
#[must_use]
pub fn nanoseconds(ps: u64) -> String {
    let (unit, name) = match ps {
        0..1_000_000 => (1_000, "ns"),
        1_000_000..1_000_000_000 => (1_000_000, "us"),
        _ => (1_000_000_000, "ms"),
    };
    let hundredths = ps / (unit / 100);
    match hundredths {
        0..1_000 if unit > 1_000 => {
            format!("{}.{:02} {name}", hundredths / 100, hundredths % 100)
        }
        1_000..10_000 if unit > 1_000 => {
            format!("{}.{} {name}", hundredths / 100, hundredths / 10 % 10)
        }
        _ => format!("{} {name}", hundredths / 100),
    }
}
