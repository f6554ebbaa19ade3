//! Sweeps on the page, with a way to stop: the page itself measures points from the first one on,
//! in slices between two frames, and a worker from the last one back, where they are larger. Where
//! a browser starts no worker the page does all of it, and a small sweep is done before one would
//! have started.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::compare::sweep::{LanePoint, Metric, Plan, Point, csv};
use rangewalk_core::compare::{Count, Score, Weights};
use rangewalk_core::scenario::{self, Scenario};
use rangewalk_core::trace::Place;
use yew::{AttrValue, Callback, Html};

use crate::command::{Command, SweepAsk};
use crate::model::sweep::{Chart, NoSweep, SweepModel, chart};
use crate::platform::file;
use crate::platform::ticker;
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
/// Milliseconds that may be spent on points between two frames.
const SLICE: f64 = 12.0;
/// Likewise while a worker starts: it needs the processor more.
const SLICE_AT_START: f64 = 2.0;
/// Milliseconds from one look at the progress to the next: drawing, too, takes a processor.
const LOOKS: f64 = 100.0;
/// So many entries in all lanes are worth a worker.
const WORKER_FROM: u64 = 300_000;
/// Entries that are measured between two messages of a worker, in all lanes.
const MESSAGE: u64 = 30_000;
/// Most charts.
const CHARTS_MAX: usize = 9;
/// Numbers of a lane on their way from a worker: whether it failed, its job, what came after.
const LANE: usize = 1 + 2 * Count::ALL.len();

/// A sweep under way.
struct Sweep {
    text: Rc<str>,
    plan: Rc<Plan>,
    /// From the first one on: measured here.
    points: Vec<Point>,
    /// From the last one back: what the worker has told, until the two meet.
    behind: Vec<Point>,
    charts: Vec<Rc<Chart>>,
    /// What is still to be drawn, when all points are there.
    metrics: VecDeque<Metric>,
    /// Charts that wait to be put on the page.
    made: VecDeque<Chart>,
    running: bool,
    /// Whether a worker is still to be looked for: that is a step of its own.
    to_hire: bool,
    /// Milliseconds since the progress was drawn.
    unseen: f64,
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
        Some(plan) => View::Sweep(Box::new(Sweep {
            text: subject.text.into(),
            plan: Rc::new(plan),
            points: Vec::new(),
            behind: Vec::new(),
            charts: Vec::new(),
            metrics: VecDeque::new(),
            made: VecDeque::new(),
            running: true,
            to_hire: true,
            unseen: 0.0,
            worker: None,
            heard: Rc::default(),
        })),
        None => View::Nothing(NoSweep::new(&parsed, subject.text)),
    })
}

/// In a worker: measures what is asked for.
pub fn serve() {
    worker::serve(work);
}

/// A job is how many points are left, a line feed, and the scenario's text: the last one of them
/// comes first.
fn work(job: &str, tell: &dyn Fn(&[f64])) {
    let Some((left, text)) = job.split_once('\n') else { return };
    let (Ok(left), Some(plan)) = (left.parse(), plan(&scenario::parse(text).0)) else { return };
    let mut left = (0..plan.len().min(left)).rev();
    while left.len() > 0 {
        let mut numbers = Vec::new();
        for point in slice(&plan, &mut left, |entries| entries < MESSAGE) {
            pack(&point, &mut numbers);
        }
        tell(&numbers);
    }
}

/// Measures points, the next ones of `left`, as long as `more` agrees that there be more than so
/// many entries.
fn slice(
    plan: &Plan,
    left: &mut dyn Iterator<Item = usize>,
    more: impl Fn(u64) -> bool,
) -> Vec<Point> {
    let mut points = Vec::new();
    let mut spent = 0;
    while more(spent) {
        let Some(number) = left.next() else { break };
        let place = plan.at(number);
        spent += effort(plan, &place);
        points.push(plan.measure(&place));
    }
    points
}

/// Entries of a point in all lanes, and what it takes at least.
fn effort(plan: &Plan, at: &[u64]) -> u64 {
    let shape = plan.shape_at(at);
    shape.pages * shape.mappings * shape.lanes.len() as u64 + 100
}

/// The same of many points.
fn work_of(plan: &Plan, points: Range<usize>) -> u64 {
    points.map(|number| effort(plan, &plan.at(number))).sum()
}

fn plan(scenario: &Scenario) -> Option<Plan> {
    let plans = DENSITIES.into_iter().map(|density| Plan::new(scenario, density));
    let fits = |plan: &Plan| plan.len() <= POINTS_MAX && work_of(plan, 0..plan.len()) <= WORK_MAX;
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
    /// Lets a worker go on from here, if there is enough for two.
    fn hire(&mut self) {
        if work_of(&self.plan, self.left()) < WORKER_FROM {
            return;
        }
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hears = heard.clone();
        let job = format!("{}\n{}", self.left().end, self.text);
        let tell = Callback::from(move |what| hears.borrow_mut().push(what));
        self.worker = Worker::start(job, tell);
        self.heard = heard;
    }

    /// The points that are there, in their order.
    fn measured(&self) -> Vec<&Point> {
        self.points.iter().chain(self.behind.iter().rev()).collect()
    }

    /// The points that nobody has measured yet.
    fn left(&self) -> Range<usize> {
        self.points.len()..self.plan.len() - self.behind.len()
    }

    /// Takes in what was measured and measures some points, or draws one chart.
    fn go_on(&mut self, elapsed: f64) -> Changed {
        if self.left().is_empty() {
            self.draw();
            return Changed::PLAYBACK;
        }
        if std::mem::take(&mut self.to_hire) {
            self.hire();
            return Changed::empty();
        }
        let heard: Vec<Heard> = self.heard.borrow_mut().drain(..).collect();
        for what in heard {
            match what {
                Heard::Numbers(numbers) => self.take(&numbers),
                Heard::Lost => self.worker = None,
            }
        }
        let begin = ticker::now();
        let starting = self.worker.is_some() && self.behind.is_empty();
        let room = if starting { SLICE_AT_START } else { SLICE };
        let more = |_| ticker::now() - begin < room;
        self.points.extend(slice(&self.plan, &mut self.left(), more));
        if self.left().is_empty() {
            self.worker = None;
            self.points.extend(self.behind.drain(..).rev());
            self.metrics = metrics(&self.points);
        }
        self.unseen += elapsed;
        if self.unseen < LOOKS {
            return Changed::empty();
        }
        self.unseen = 0.0;
        Changed::PLAYBACK
    }

    fn take(&mut self, mut numbers: &[f64]) {
        while !self.left().is_empty() {
            let at = self.plan.at(self.left().end - 1);
            let Some(point) = unpack(&self.plan, &at, &mut numbers) else { break };
            self.behind.push(point);
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
        SweepModel::new(&self.plan, &self.measured(), &self.charts, self.running)
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
            Command::Tick(elapsed) if sweep.running => Some(sweep.go_on(*elapsed)),
            Command::Tick(_) | Command::Go(_) | Command::Play(_) | Command::Zoom(_) => {
                Some(Changed::empty())
            }
            Command::Sweep(SweepAsk::Cancel) => {
                (sweep.running, sweep.worker) = (false, None);
                Some(Changed::PLAYBACK)
            }
            Command::Sweep(SweepAsk::GoOn) => {
                (sweep.running, sweep.to_hire) = (true, true);
                Some(Changed::PLAYBACK)
            }
            Command::Sweep(SweepAsk::Csv) => {
                let points: Vec<Point> = sweep.measured().into_iter().cloned().collect();
                let table = csv(&sweep.plan, &points, &Weights::default());
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
        let left = plan.len() - 1;
        work(&format!("{left}\n{text}"), &|numbers| told.borrow_mut().extend_from_slice(numbers));
        let told = told.into_inner();
        let mut rest = &told[..];
        let mut left_out = 0;
        for number in (0..left).rev() {
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
