//! The comparison on the page: what a text's `compare` came to, where one stands in it, and what is
//! asked of it. What is drawn of it is made in `model::compare`.

use std::cell::OnceCell;
use std::rc::Rc;

use rangewalk_core::compare::align::Rails;
use rangewalk_core::compare::{self, Align, Comparison, Weights};
use rangewalk_core::scenario::{self, Scenario};
use rangewalk_core::trace::Place;
use yew::{AttrValue, Html};

use crate::clock::{Delay, Motion, Playback};
use crate::command::{Ask, Command, Go, Play};
use crate::model::compare::CompareModel;
use crate::model::compare::columns::Columns;
use crate::model::compare::empty::EmptyModel;
use crate::model::compare::score::thousands;
use crate::model::compare::side::Side;
use crate::scene::{Frame, Scene, Subject};
use crate::session::{Changed, Pace};
use crate::view;

/// All words are up to date so many milliseconds after the last fast move.
const SETTLE: f64 = 120.0;

/// A text's comparison, with all that is looked up in it again and again.
pub struct Bench {
    /// What was compared.
    pub comparison: Comparison,
    /// For each lane, what does not change from step to step.
    pub sides: Vec<Side>,
    /// By what lanes go on together.
    pub align: Align,
    /// What everything costs.
    pub weights: Weights,
    /// Where positions lead.
    pub rails: Rails,
    /// Where one stands.
    pub position: u32,
    /// The entry in hand: the place of its mapping among the ranges, and its page.
    pub picked: Option<(usize, u64)>,
    /// Whether any entry does not end alike in all lanes.
    pub any_differs: bool,
    /// How many entries of each lane but the first end otherwise than there: `4 and 7`.
    pub differs: Rc<str>,
    /// The file's name.
    pub file: String,
    /// What columns show that stand for several pages, once that was asked for.
    columns: OnceCell<Rc<Columns>>,
}

impl Bench {
    /// The comparison of a scenario, at its start; `None` if it has none.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Option<Self> {
        let comparison = compare::compare(scenario)?;
        let weights = Weights::default();
        let align = Align::Step;
        let picked = comparison.differing().next();
        let mut bench = Self {
            sides: comparison.lanes.iter().map(|lane| Side::new(&comparison, lane)).collect(),
            rails: Rails::new(&comparison, align, &weights),
            align,
            weights,
            position: 0,
            picked,
            differs: differs(&comparison).into(),
            any_differs: picked.is_some(),
            file: scenario.files.get(comparison.mapping.index()).map_or("", |f| &f.name).into(),
            comparison,
            columns: OnceCell::new(),
        };
        bench.seek(0);
        Some(bench)
    }

    /// What columns of `every` pages show: as many for a bench at all times.
    #[must_use]
    pub fn columns(&self, every: u64) -> Rc<Columns> {
        self.columns.get_or_init(|| Rc::new(Columns::new(&self.comparison, every))).clone()
    }

    /// Moves every lane to where `position` leads.
    pub fn seek(&mut self, position: u32) {
        self.position = position.min(self.rails.positions() - 1);
        for (at, lane) in self.comparison.lanes.iter_mut().enumerate() {
            lane.run.timeline.seek(self.rails.steps_at(at, self.position));
        }
    }

    /// Lanes go on together by something else; they stay where they are as far as that has a place
    /// for it.
    fn set_align(&mut self, align: Align) {
        let lead = self.lead();
        let steps = self.steps_of(lead);
        self.align = align;
        self.rails = Rails::new(&self.comparison, align, &self.weights);
        self.seek(self.rails.position_of(lead, steps));
    }

    fn set_weights(&mut self, weights: Weights) {
        self.weights = weights;
        if self.align == Align::Cost {
            self.set_align(Align::Cost);
        }
    }

    /// The lane that jumps are about: the first one that goes on from here, else the first.
    fn lead(&self) -> usize {
        let goes_on = |lane: &compare::Lane| lane.run.timeline.next_step().is_some();
        self.comparison.lanes.iter().position(goes_on).unwrap_or(0)
    }

    /// The lane with most steps on tape.
    #[must_use]
    pub fn longest(&self) -> usize {
        let steps = |at: &usize| self.comparison.lanes[*at].run.timeline.tape().len();
        (0..self.comparison.lanes.len()).max_by_key(steps).unwrap_or(0)
    }

    /// Steps done in that lane.
    #[must_use]
    pub fn steps_of(&self, lane: usize) -> u32 {
        self.comparison.lanes.get(lane).map_or(0, |lane| lane.run.timeline.at())
    }

    /// Where `go` leads.
    fn goal(&self, go: Go) -> u32 {
        let (at, last) = (self.position, self.rails.positions() - 1);
        let lead = self.lead();
        let timeline = &self.comparison.lanes[lead].run.timeline;
        let to = |steps: u32| self.rails.position_of(lead, steps);
        match go {
            Go::To(position) => position,
            Go::Step => at + 1,
            Go::Back => at.saturating_sub(1),
            Go::Over => to(timeline.over()).max(at + 1),
            Go::Out => to(timeline.out()).max(at + 1),
            Go::BackOver => to(timeline.back_over()).min(at.saturating_sub(1)),
            Go::First => 0,
            Go::Last => last,
            Go::NextChange => to(self.sides[lead].next_change(timeline.at())).max(at),
            Go::PreviousChange => to(self.sides[lead].previous_change(timeline.at())).min(at),
            Go::NextStatement => self.stops().find(|stop| *stop > at).unwrap_or(last),
            Go::PreviousStatement => self.stops().filter(|stop| *stop < at).last().unwrap_or(0),
            Go::Line(_) => at,
        }
    }

    /// Where a lane's job ends, or a lane, ascending.
    fn stops(&self) -> impl Iterator<Item = u32> {
        let mut stops: Vec<u32> = Vec::new();
        for (at, lane) in self.comparison.lanes.iter().enumerate() {
            for steps in [lane.job_end, lane.run.timeline.tape().len()] {
                stops.push(self.rails.position_of(at, steps));
            }
        }
        stops.sort_unstable();
        stops.into_iter()
    }

    /// The differing entry behind or before the one in hand.
    fn next_difference(&self, forward: bool) -> Option<(usize, u64)> {
        let all = || self.comparison.differing();
        let Some(picked) = self.picked else { return all().next() };
        if forward {
            all().find(|it| *it > picked).or_else(|| all().next())
        } else {
            all().take_while(|it| *it < picked).last().or_else(|| all().last())
        }
    }

    fn ask(&mut self, ask: Ask) {
        match ask {
            Ask::Align(align) => self.set_align(align),
            Ask::Price(count, ps) => {
                let mut weights = self.weights.clone();
                weights.set(count, ps);
                self.set_weights(weights);
            }
            Ask::Prices => self.set_weights(Weights::default()),
            Ask::Pick(range, page) => self.picked = Some((range, page)),
            Ask::NextDifference => self.picked = self.next_difference(true),
            Ask::PreviousDifference => self.picked = self.next_difference(false),
        }
    }
}

/// How many entries of each lane but the first end otherwise than there.
fn differs(comparison: &Comparison) -> String {
    let first = &comparison.lanes[0].ends;
    let other = |lane: &compare::Lane| {
        let pairs = lane.ends.iter().zip(first);
        thousands(pairs.filter(|(one, other)| one.word != other.word).count() as u64)
    };
    let counts: Vec<String> = comparison.lanes.iter().skip(1).map(other).collect();
    match counts.as_slice() {
        [] => String::new(),
        [one, rest @ ..] if rest.iter().all(|it| it == one) && rest.len() > 1 => {
            format!("{one} in each")
        }
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The view.
enum Compare {
    /// The scenario compares nothing.
    Nothing(Rc<EmptyModel>),
    /// It does.
    Lanes(Box<Lanes>),
}

/// A comparison on show.
struct Lanes {
    bench: Bench,
    model: Rc<CompareModel>,
    playback: Playback,
    motion: Motion,
    /// The last move was one by hand, to be read out.
    spoken: bool,
    /// All words are due so long after the last fast move; while it is, they take turns.
    settle: Delay,
    /// Whose turn it is.
    turn: usize,
}

/// Opens the view.
#[must_use]
pub fn open(subject: Subject<'_>) -> Box<dyn Scene> {
    let (parsed, _) = scenario::parse(subject.text);
    let Some(mut bench) = Bench::new(&parsed) else {
        return Box::new(Compare::Nothing(Rc::new(EmptyModel::new(&parsed, subject.text))));
    };
    let inside = subject.place.statement == bench.comparison.statement;
    bench.seek(if inside { subject.place.step } else { 0 });
    let playback = Playback::default();
    let model = Rc::new(CompareModel::new(&bench, &playback));
    let motion = subject.motion;
    let (spoken, settle, turn) = (false, Delay::default(), 0);
    Box::new(Compare::Lanes(Box::new(Lanes {
        bench,
        model,
        playback,
        motion,
        spoken,
        settle,
        turn,
    })))
}

impl Lanes {
    fn seek(&mut self, position: u32) -> Changed {
        let before = self.bench.position;
        self.bench.seek(position);
        if self.bench.position == before { Changed::empty() } else { Changed::PLACE }
    }

    fn play(&mut self, play: Play) -> Changed {
        let last = self.bench.rails.positions() - 1;
        match play {
            Play::Toggle => {
                let start = !self.playback.is_playing();
                if start && self.bench.position == last {
                    self.bench.seek(0);
                }
                self.playback.set(start);
            }
            Play::Stop if self.playback.is_playing() => self.playback.set(false),
            Play::Stop => return Changed::empty(),
            Play::Faster => self.playback.faster(),
            Play::Slower => self.playback.slower(),
        }
        Changed::PLAYBACK
    }

    fn tick(&mut self, elapsed: f64) -> Changed {
        let positions = self.playback.tick(elapsed, self.motion);
        if positions == 0 {
            return Changed::empty();
        }
        let goal = self.bench.position.saturating_add(positions);
        let changed = self.seek(goal);
        if self.bench.position < goal { changed | self.play(Play::Stop) } else { changed }
    }

    /// What is seen of a move: with the second fast one in a row, words begin to take turns.
    fn look(&mut self, pace: Pace) {
        let fast = pace == Pace::Jumped && self.settle.is_pending();
        match pace {
            Pace::Jumped => self.settle.ask(SETTLE),
            Pace::Stepped => self.settle.cancel(),
        }
        self.turn += 1;
        self.model = Rc::new(if fast {
            self.model.moved(&self.bench, &self.playback, self.turn)
        } else {
            CompareModel::new(&self.bench, &self.playback)
        });
    }

    fn apply(&mut self, command: &Command) -> Option<Changed> {
        let mut pace = Pace::Stepped;
        let changed = match command {
            Command::Go(go) => {
                if matches!(go, Go::To(_)) {
                    pace = Pace::Jumped;
                }
                self.spoken = !matches!(go, Go::To(_));
                let goal = self.bench.goal(*go);
                self.play(Play::Stop) | self.seek(goal)
            }
            Command::Play(play) => self.play(*play),
            Command::Tick(elapsed) => {
                let changed = self.tick(*elapsed);
                self.spoken &= changed.is_empty();
                if changed.contains(Changed::PLACE) {
                    pace = Pace::Jumped;
                    changed
                } else if self.settle.tick(*elapsed) {
                    changed | Changed::PLAYBACK
                } else {
                    changed
                }
            }
            Command::Compare(ask) => {
                self.bench.ask(*ask);
                Changed::PLACE
            }
            Command::Zoom(_) => Changed::empty(),
            _ => return None,
        };
        if !changed.is_empty() {
            self.look(pace);
        }
        Some(changed)
    }
}

impl Scene for Compare {
    fn apply(&mut self, command: &Command) -> Option<Changed> {
        match (self, command) {
            (Compare::Lanes(lanes), _) => lanes.apply(command),
            (Compare::Nothing(_), Command::Go(_) | Command::Play(_) | Command::Zoom(_)) => {
                Some(Changed::empty())
            }
            (Compare::Nothing(_), _) => None,
        }
    }

    fn wants_ticks(&self) -> bool {
        matches!(self, Compare::Lanes(lanes)
            if lanes.playback.is_playing() || lanes.settle.is_pending())
    }

    fn place(&self) -> Option<Place> {
        let Compare::Lanes(lanes) = self else { return None };
        let bench = &lanes.bench;
        Some(Place { statement: bench.comparison.statement, step: bench.steps_of(bench.longest()) })
    }

    fn position(&self) -> (u32, u32) {
        match self {
            Compare::Lanes(lanes) => (lanes.bench.position, lanes.bench.rails.positions() - 1),
            Compare::Nothing(_) => (0, 0),
        }
    }

    fn spoken(&self) -> AttrValue {
        match self {
            Compare::Lanes(lanes) if lanes.spoken => lanes.model.spoken().into(),
            _ => AttrValue::from(""),
        }
    }

    fn draw(&self, frame: &Frame) -> Html {
        match self {
            Compare::Nothing(model) => view::compare::empty(model, frame),
            Compare::Lanes(lanes) => view::compare::lanes(&lanes.model, frame),
        }
    }
}
