//! Sweeps on the page: points measured by a worker, with a way to stop; in slices between two
//! frames where a browser starts none.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use rangewalk_core::compare::sweep::{LanePoint, Metric, Plan, Point, csv};
use rangewalk_core::compare::{Count, Score, Weights};
use rangewalk_core::scenario::{self, Scenario};
use rangewalk_core::trace::Place;
use yew::{AttrValue, Callback, Html};

use crate::command::{Command, SweepAsk};
use crate::model::sweep::{Chart, NoSweep, SweepModel, chart};
use crate::platform::file;
use crate::platform::worker::{self, Heard, Worker};
use crate::scene::{Frame, Scene, Subject};
use crate::session::Changed;
use crate::view;

/// Points for each doubling, the finest first that makes neither too many points nor too much work.
const DENSITIES: [u64; 4] = [8, 4, 2, 1];
/// Most points.
const POINTS_MAX: usize = 1_500;
/// Most entries that are measured, over all points and lanes: some ten seconds of work.
const WORK_MAX: u64 = 40_000_000;
/// Entries that may be measured between two frames, in all lanes: less than 30 ms of work.
const SLICE: u64 = 6_000;
/// Likewise between two messages of a worker.
const MESSAGE: u64 = 30_000;
/// Most charts.
const CHARTS_MAX: usize = 9;
/// Numbers of a lane on their way from a worker: whether it failed, its job, what came after.
const LANE: usize = 1 + 2 * Count::ALL.len();

/// A sweep under way.
struct Sweep {
    text: Rc<str>,
    plan: Rc<Plan>,
    points: Vec<Point>,
    charts: Vec<Rc<Chart>>,
    /// What is still to be drawn, when all points are there.
    metrics: VecDeque<Metric>,
    /// Charts that wait to be put on the page.
    made: VecDeque<Chart>,
    running: bool,
    /// Who measures; nobody: it is done here.
    worker: Option<Worker>,
    /// What it has told and nobody has looked at.
    heard: Rc<RefCell<Vec<Heard>>>,
}

/// The view.
enum View {
    /// There is nothing to turn.
    Nothing(NoSweep),
    /// There is.
    Sweep(Box<Sweep>),
}

/// Opens the view and starts to measure.
#[must_use]
pub fn open(subject: Subject<'_>) -> Box<dyn Scene> {
    let (parsed, _) = scenario::parse(subject.text);
    Box::new(match plan(&parsed) {
        Some(plan) => {
            let mut sweep = Sweep {
                text: subject.text.into(),
                plan: Rc::new(plan),
                points: Vec::new(),
                charts: Vec::new(),
                metrics: VecDeque::new(),
                made: VecDeque::new(),
                running: true,
                worker: None,
                heard: Rc::default(),
            };
            sweep.hire();
            View::Sweep(Box::new(sweep))
        }
        None => View::Nothing(NoSweep::new(&parsed, subject.text)),
    })
}

/// In a worker: measures what is asked for.
pub fn serve() {
    worker::serve(work);
}

/// A job is the number of the first point, a line feed, and the scenario's text.
fn work(job: &str, tell: &dyn Fn(&[f64])) {
    let Some((first, text)) = job.split_once('\n') else { return };
    let (Ok(first), Some(plan)) = (first.parse(), plan(&scenario::parse(text).0)) else { return };
    let mut at = first;
    while at < plan.len() {
        let mut numbers = Vec::new();
        for point in slice(&plan, &mut at, MESSAGE) {
            pack(&point, &mut numbers);
        }
        tell(&numbers);
    }
}

/// Measures points of so many entries from `at` on, which then is the next one.
fn slice(plan: &Plan, at: &mut usize, entries: u64) -> Vec<Point> {
    let mut points = Vec::new();
    let mut spent = 0;
    while spent < entries && *at < plan.len() {
        let place = plan.at(*at);
        spent += effort(plan, &place);
        points.push(plan.measure(&place));
        *at += 1;
    }
    points
}

/// Entries of a point in all lanes, and what it takes at least.
fn effort(plan: &Plan, at: &[u64]) -> u64 {
    let shape = plan.shape_at(at);
    shape.pages * shape.mappings * shape.lanes.len() as u64 + 100
}

fn plan(scenario: &Scenario) -> Option<Plan> {
    let plans = DENSITIES.into_iter().map(|density| Plan::new(scenario, density));
    let fits = |plan: &Plan| {
        let work = || (0..plan.len()).map(|at| effort(plan, &plan.at(at))).sum::<u64>();
        plan.len() <= POINTS_MAX && work() <= WORK_MAX
    };
    let mut coarsest = None;
    for plan in plans {
        let plan = plan?;
        if fits(&plan) {
            return Some(plan);
        }
        coarsest = Some(plan);
    }
    coarsest
}

/// A point as numbers: how many lanes, then each. One that is too large has none.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn pack(point: &Point, numbers: &mut Vec<f64>) {
    let lanes = point.lanes.as_deref().unwrap_or_default();
    numbers.push(lanes.len() as f64);
    for lane in lanes {
        numbers.push(f64::from(u8::from(lane.failed)));
        let counts = lane.job.numbers().iter().chain(lane.after.numbers());
        numbers.extend(counts.map(|count| *count as f64));
    }
}

/// The first point of `numbers`, which then are those behind it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
fn unpack(plan: &Plan, at: &[u64], numbers: &mut &[f64]) -> Option<Point> {
    let (lanes, rest) = numbers.split_first()?;
    let (own, rest) = rest.split_at_checked(*lanes as usize * LANE)?;
    *numbers = rest;
    if own.is_empty() {
        // That costs nothing: it is not measured here either.
        return Some(plan.measure(at));
    }
    let score = |counts: &[f64]| {
        let mut numbers = [0; Count::ALL.len()];
        numbers.iter_mut().zip(counts).for_each(|(number, count)| *number = *count as u64);
        Score::of(numbers)
    };
    let lane = |own: &[f64]| {
        let (job, after) = own[1..].split_at(Count::ALL.len());
        LanePoint { failed: own[0] != 0.0, job: score(job), after: score(after) }
    };
    Some(Point { at: at.to_vec(), lanes: Ok(own.chunks_exact(LANE).map(lane).collect()) })
}

impl Sweep {
    /// Lets a worker go on from here.
    fn hire(&mut self) {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hears = heard.clone();
        let job = format!("{}\n{}", self.points.len(), self.text);
        let tell = Callback::from(move |what| hears.borrow_mut().push(what));
        self.worker = Worker::start(job, tell);
        self.heard = heard;
    }

    /// Takes in what was measured, or measures some points, or draws one chart; and says whether
    /// anything is new.
    fn go_on(&mut self) -> Changed {
        if self.points.len() == self.plan.len() {
            self.draw();
            return Changed::PLAYBACK;
        }
        let before = self.points.len();
        let heard: Vec<Heard> = self.heard.borrow_mut().drain(..).collect();
        for what in heard {
            match what {
                Heard::Numbers(numbers) => self.take(&numbers),
                Heard::Lost => self.worker = None,
            }
        }
        if self.worker.is_none() {
            let mut at = self.points.len();
            self.points.extend(slice(&self.plan, &mut at, SLICE));
        }
        if self.points.len() == self.plan.len() {
            self.worker = None;
            self.metrics = metrics(&self.points);
        }
        if self.points.len() > before { Changed::PLAYBACK } else { Changed::empty() }
    }

    fn take(&mut self, mut numbers: &[f64]) {
        while self.points.len() < self.plan.len() {
            let at = self.plan.at(self.points.len());
            let Some(point) = unpack(&self.plan, &at, &mut numbers) else { break };
            self.points.push(point);
        }
    }

    /// One chart at a time.
    fn draw(&mut self) {
        if let Some(made) = self.made.pop_front() {
            self.charts.push(Rc::new(made));
        } else if let Some(metric) = self.metrics.pop_front() {
            self.made = chart(&self.plan, &self.points, metric, &Weights::default()).into();
        } else {
            self.running = false;
        }
    }

    fn model(&self) -> SweepModel {
        SweepModel::new(&self.plan, &self.points, &self.charts, self.running)
    }
}

/// The cost, and whatever else is counted anywhere.
fn metrics(points: &[Point]) -> VecDeque<Metric> {
    use rangewalk_core::compare::sweep::Part;
    let counted = |count: &Count| {
        let mut lanes = points.iter().flat_map(|point| point.lanes.iter().flatten());
        *count != Count::Steps && lanes.any(|lane| lane.job.get(*count) > 0)
    };
    let count = |count: Count| Metric { part: Part::Job, count: Some(count) };
    let mut lanes = points.iter().flat_map(|point| point.lanes.iter().flatten());
    let later = lanes.any(|lane| Count::ALL.into_iter().any(|count| lane.after.get(count) > 0));
    let parts: &[Part] = if later { &[Part::Both, Part::Job, Part::After] } else { &[Part::Job] };
    let cost = parts.iter().map(|part| Metric { part: *part, count: None });
    let counts = Count::ALL.into_iter().filter(counted).map(count);
    cost.chain(counts).take(CHARTS_MAX).collect()
}

impl Scene for View {
    fn apply(&mut self, command: &Command) -> Option<Changed> {
        let View::Sweep(sweep) = self else {
            let idle = matches!(command, Command::Go(_) | Command::Play(_) | Command::Zoom(_));
            return idle.then_some(Changed::empty());
        };
        match command {
            Command::Tick(_) if sweep.running => Some(sweep.go_on()),
            Command::Tick(_) | Command::Go(_) | Command::Play(_) | Command::Zoom(_) => {
                Some(Changed::empty())
            }
            Command::Sweep(SweepAsk::Cancel) => {
                (sweep.running, sweep.worker) = (false, None);
                Some(Changed::PLAYBACK)
            }
            Command::Sweep(SweepAsk::GoOn) => {
                sweep.running = true;
                if sweep.points.len() < sweep.plan.len() {
                    sweep.hire();
                }
                Some(Changed::PLAYBACK)
            }
            Command::Sweep(SweepAsk::Csv) => {
                let table = csv(&sweep.plan, &sweep.points, &Weights::default());
                file::save("sweep.csv", "text/csv", &table);
                Some(Changed::empty())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_tells_is_what_is_measured_here() {
        // Of one-page VMAs there may not be so many.
        let text = "file data shmem 128\nproc P\nmap A P data 0+128 @7f1000000000 rw\nstore A\n\
            compare data 0+128 wp zap\nstore A 1\nsweep vma-pages 1..2 mappings 30..36\n";
        let plan = plan(&scenario::parse(text).0).expect("it sweeps");
        let told = RefCell::new(Vec::new());
        work(&format!("3\n{text}"), &|numbers| told.borrow_mut().extend_from_slice(numbers));
        let told = told.into_inner();
        let mut rest = &told[..];
        let mut left_out = 0;
        for number in 3..plan.len() {
            let at = plan.at(number);
            let point = plan.measure(&at);
            left_out += usize::from(point.lanes.is_err());
            assert_eq!(unpack(&plan, &at, &mut rest), Some(point), "{at:?}");
        }
        assert!(rest.is_empty() && left_out > 0);
    }

    #[test]
    fn a_job_that_is_none_is_not_done() {
        for job in ["", "x\n", "0\nproc P\n", "0"] {
            work(job, &|_| panic!("told of {job:?}"));
        }
    }
}
