//! Sweeps on the page: points measured in slices between two frames, so that the page stays
//! responsive, with a way to stop. A Web Worker would have to load the program a second time.

use std::rc::Rc;

use rangewalk_core::compare::sweep::{Metric, Plan, Point};
use rangewalk_core::compare::{Count, Weights};
use rangewalk_core::scenario::{self, Scenario};
use rangewalk_core::trace::Place;
use yew::{AttrValue, Html};

use crate::command::{Command, SweepAsk};
use crate::model::sweep::{Chart, NoSweep, SweepModel, chart};
use crate::scene::{Frame, Scene, Subject};
use crate::session::Changed;
use crate::view;

/// Points for each doubling.
const DENSITY: u64 = 4;
/// Entries that may be measured between two frames, in all lanes: less than 30 ms of work.
const SLICE: u64 = 6_000;
/// Most charts.
const CHARTS_MAX: usize = 9;

/// A sweep under way.
struct Sweep {
    plan: Rc<Plan>,
    points: Vec<Point>,
    charts: Vec<Rc<Chart>>,
    /// What is still to be drawn, when all points are there.
    metrics: Vec<Metric>,
    running: bool,
}

/// The view.
enum View {
    /// There is nothing to turn.
    Nothing(NoSweep),
    /// There is.
    Sweep(Sweep),
}

/// Opens the view and starts to measure.
#[must_use]
pub fn open(subject: Subject<'_>) -> Box<dyn Scene> {
    let (parsed, _) = scenario::parse(subject.text);
    Box::new(match plan(&parsed) {
        Some(plan) => View::Sweep(Sweep {
            plan: Rc::new(plan),
            points: Vec::new(),
            charts: Vec::new(),
            metrics: Vec::new(),
            running: true,
        }),
        None => View::Nothing(NoSweep::new(&parsed, subject.text)),
    })
}

fn plan(scenario: &Scenario) -> Option<Plan> {
    // Two axes make many points: fewer of them for each doubling.
    let fine = Plan::new(scenario, DENSITY)?;
    if fine.axes.len() == 1 { Some(fine) } else { Plan::new(scenario, 1) }
}

impl Sweep {
    /// Measures some points, or draws one chart.
    fn slice(&mut self) {
        if self.points.len() < self.plan.len() {
            let mut spent = 0;
            while spent < SLICE && self.points.len() < self.plan.len() {
                let at = self.plan.at(self.points.len());
                let shape = self.plan.shape_at(&at);
                spent += shape.pages * shape.mappings * shape.lanes.len() as u64 + 100;
                self.points.push(self.plan.measure(&at));
            }
            if self.points.len() == self.plan.len() {
                self.metrics = metrics(&self.points);
            }
            return;
        }
        match self.metrics.first().copied() {
            Some(metric) => {
                self.metrics.remove(0);
                let made = chart(&self.plan, &self.points, metric, &Weights::default());
                self.charts.extend(made.into_iter().map(Rc::new));
            }
            None => self.running = false,
        }
    }

    fn model(&self) -> SweepModel {
        SweepModel::new(&self.plan, &self.points, &self.charts, self.running)
    }
}

/// The cost, and whatever else is counted anywhere.
fn metrics(points: &[Point]) -> Vec<Metric> {
    use rangewalk_core::compare::sweep::Part;
    let counted = |count: &Count| {
        let mut lanes = points.iter().flat_map(|point| point.lanes.iter().flatten());
        *count != Count::Steps && lanes.any(|lane| lane.job.get(*count) > 0)
    };
    let count = |count: Count| Metric { part: Part::Job, count: Some(count) };
    let cost = [Part::Both, Part::Job, Part::After].map(|part| Metric { part, count: None });
    let counts = Count::ALL.into_iter().filter(counted).map(count);
    cost.into_iter().chain(counts).take(CHARTS_MAX).collect()
}

impl Scene for View {
    fn apply(&mut self, command: &Command) -> Option<Changed> {
        let View::Sweep(sweep) = self else {
            let idle = matches!(command, Command::Go(_) | Command::Play(_) | Command::Zoom(_));
            return idle.then_some(Changed::empty());
        };
        match command {
            Command::Tick(_) if sweep.running => {
                sweep.slice();
                Some(Changed::PLAYBACK)
            }
            Command::Tick(_) | Command::Go(_) | Command::Play(_) | Command::Zoom(_) => {
                Some(Changed::empty())
            }
            Command::Sweep(SweepAsk::Cancel) => {
                sweep.running = false;
                Some(Changed::PLAYBACK)
            }
            Command::Sweep(SweepAsk::GoOn) => {
                sweep.running = true;
                Some(Changed::PLAYBACK)
            }
            _ => None,
        }
    }

    fn wants_ticks(&self) -> bool {
        matches!(self, View::Sweep(sweep) if sweep.running)
    }

    fn place(&self) -> Option<Place> {
        None
    }

    fn position(&self) -> (u32, u32) {
        (0, 0)
    }

    fn spoken(&self) -> AttrValue {
        AttrValue::from("")
    }

    fn draw(&self, frame: &Frame) -> Html {
        match self {
            View::Nothing(model) => view::sweep::nothing(model, frame),
            View::Sweep(sweep) => view::sweep::sweep(&sweep.model(), frame),
        }
    }
}
