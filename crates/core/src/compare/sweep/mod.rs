//! How a comparison changes with what is turned: points, spaced by ratios, and where lanes change
//! places.
//!
//! A [`Plan`] is made of a scenario with a `compare` and a `sweep`; each of its points is measured
//! by itself, so that whoever asks may stop between any two of them.

pub mod crossing;
pub mod csv;
pub mod metric;
pub mod shape;

pub use crossing::{Crossing, crossings};
pub use csv::csv;
pub use metric::{Metric, Part};
pub use shape::{Shape, TooLarge};

use crate::compare::count::Score;
use crate::compare::{Measured, measure};
use crate::scenario::ast::{Op, Scenario};
use crate::scenario::parse;
use crate::scenario::strategy::{AxisRange, Strategy};

/// Points of a sweep, at most.
pub const POINTS_MAX: usize = 4_096;

/// What is to be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is turned: one axis or two.
    pub axes: Vec<AxisRange>,
    /// What stays as it is.
    pub shape: Shape,
    /// The values of each axis, ascending.
    pub values: Vec<Vec<u64>>,
}

/// A point that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The value of each axis.
    pub at: Vec<u64>,
    /// For each lane its job and what came after; or why it was not measured.
    pub lanes: Result<Vec<LanePoint>, TooLarge>,
}

/// A lane at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanePoint {
    /// The job.
    pub job: Score,
    /// What came after it.
    pub after: Score,
    /// True if the kernel cannot do it, or something stopped it.
    pub failed: bool,
}

impl Plan {
    /// Of the scenario's own `sweep`, with so many points for each doubling. `None`: it has none,
    /// or nothing is compared.
    #[must_use]
    pub fn new(scenario: &Scenario, per_doubling: u64) -> Option<Self> {
        let axes = scenario.statements.iter().find_map(|statement| match &statement.op {
            Op::Sweep(axes) => Some(axes.clone()),
            _ => None,
        })?;
        Some(Self::over(Shape::of(scenario)?, axes, per_doubling))
    }

    /// Of this shape over these axes.
    #[must_use]
    pub fn over(shape: Shape, axes: Vec<AxisRange>, per_doubling: u64) -> Self {
        let values = axes.iter().map(|axis| ladder(*axis, per_doubling.max(1))).collect();
        Self { axes, shape, values }
    }

    /// What is compared.
    #[must_use]
    pub fn lanes(&self) -> &[Strategy] {
        &self.shape.lanes
    }

    /// How many points it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.iter().map(Vec::len).product::<usize>().min(POINTS_MAX)
    }

    /// True if it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where point `number` lies: the first axis goes fastest.
    #[must_use]
    pub fn at(&self, number: usize) -> Vec<u64> {
        let mut rest = number;
        let values = self.values.iter().map(|values| {
            let at = rest % values.len();
            rest /= values.len();
            values[at]
        });
        values.collect()
    }

    /// The shape of the point that lies there.
    #[must_use]
    pub fn shape_at(&self, at: &[u64]) -> Shape {
        let turned = self.axes.iter().zip(at);
        turned.fold(self.shape.clone(), |shape, (axis, value)| shape.with(axis.axis, *value))
    }

    /// Measures the point that lies there.
    #[must_use]
    pub fn measure(&self, at: &[u64]) -> Point {
        let lanes = self.shape_at(at).text().map(|text| {
            let lanes = measure(&parse(&text).0);
            let point = |lane: &Measured| LanePoint {
                job: lane.job.score,
                after: lane.after.score,
                failed: lane.failed,
            };
            lanes.iter().map(point).collect()
        });
        Point { at: at.to_vec(), lanes }
    }

    /// Measures all points, in their order.
    #[must_use]
    pub fn measure_all(&self) -> Vec<Point> {
        (0..self.len()).map(|number| self.measure(&self.at(number))).collect()
    }
}

/// Both ends, and between them so many values for each doubling as there are numbers.
fn ladder(range: AxisRange, per_doubling: u64) -> Vec<u64> {
    let AxisRange { from, to, .. } = range;
    let mut values = vec![from];
    let mut base = 1u64;
    while base < to {
        let steps = (0..per_doubling).map(|step| base + base * step / per_doubling);
        for value in steps {
            if value > values[values.len() - 1] && value < to {
                values.push(value);
            }
        }
        base *= 2;
    }
    if to > from {
        values.push(to);
    }
    values
}
