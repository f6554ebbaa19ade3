//! A sweep as a table for other programs.

use crate::compare::sweep::{Plan, Point};
use crate::compare::{Count, Weights};

/// One line for each lane at each point: all counts of the job, then of what came after.
#[must_use]
pub fn csv(plan: &Plan, points: &[Point], weights: &Weights) -> String {
    let mut head: Vec<String> = plan.axes.iter().map(|axis| axis.axis.name().to_owned()).collect();
    head.push("lane".to_owned());
    for part in ["job", "after"] {
        head.extend(Count::ALL.map(|count| format!("{part}:{}", count.word())));
        head.push(format!("{part}:ns"));
    }
    let mut out = head.join(",") + "\n";
    for point in points {
        let Ok(lanes) = &point.lanes else { continue };
        for (strategy, lane) in plan.lanes().iter().zip(lanes).filter(|(_, lane)| !lane.failed) {
            let mut row: Vec<String> = point.at.iter().map(u64::to_string).collect();
            row.push(strategy.name().to_owned());
            for score in [&lane.job, &lane.after] {
                row.extend(Count::ALL.map(|count| score.get(count).to_string()));
                row.push(weights.ns(score).to_string());
            }
            out.push_str(&(row.join(",") + "\n"));
        }
    }
    out
}
