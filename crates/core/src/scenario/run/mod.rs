//! Carries a scenario out, statement by statement.

mod beside;
mod compare;
mod expect;
mod intrusions;
mod processor;
mod statement;
mod vmw;
mod walk;
mod watch;

pub(crate) use compare::some_of;

use std::borrow::Cow;

#[cfg(feature = "bake")]
use databake::Bake;

use crate::machine::{Cpu, Event, MappingId, MmId, Sink, Stop, VmaId, World};
use crate::mm::page_alloc::FRAMES_MAX;
use crate::mm::pagewalk::FilterMiss;
use crate::order::sort_by_key;
use crate::scenario::ast::{Failure, FileId, LabelId, Op, ProcessId, Scenario, Statement};
use crate::scenario::cover::Cover;
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::format;
use crate::scenario::limits::STEPS_MAX;
use crate::scenario::run::statement::Effect;
use crate::scenario::run::walk::Seen;
use crate::scenario::run::watch::Watch;
use crate::trace::{self, Names, Place, Tape, Timeline};

/// The steps of one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::scenario::run))]
pub struct Span {
    /// The statement's line.
    pub line: u32,
    /// Its first step.
    pub first: u32,
    /// First step behind it. Declarations and `expect` take no steps: `first == end`.
    pub end: u32,
}

/// How a statement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::scenario::run))]
pub enum Verdict {
    /// It was carried out.
    Done,
    /// It failed, or the run ended before it.
    Failed,
    /// An `expect` that holds.
    Held,
    /// An `expect` that does not hold.
    Broken,
}

/// What came of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::scenario::run))]
pub struct Outcome {
    /// The statement's line.
    pub line: u32,
    /// How it ended.
    pub verdict: Verdict,
    /// What a walk or `fill` returned, or how many faults an access took.
    pub value: Option<u64>,
    /// The same in words; of an `expect` what was found. Empty if there is nothing to say.
    pub text: Cow<'static, str>,
}

/// A scenario carried out on tape.
#[derive(Clone, Debug)]
pub struct Run {
    /// The recorded run, its cursor at the end.
    pub timeline: Timeline,
    /// One for each statement, in order.
    pub spans: Vec<Span>,
    /// One for each statement, in order.
    pub outcomes: Vec<Outcome>,
    /// What went wrong or is worth knowing, in order of lines.
    pub diagnostics: Vec<Diagnostic>,
    /// What things are called.
    pub names: Names,
}

impl Run {
    /// The golden trace text of the whole run. Moves the cursor to the end.
    #[must_use]
    pub fn trace(&mut self, scenario: &Scenario) -> String {
        let statements: Vec<String> = statement_texts(scenario);
        trace::text::trace(&mut self.timeline, &self.names, &statements)
    }

    /// Where the run stands after `at` steps.
    #[must_use]
    pub fn place(&self, at: u32) -> Place {
        // The statement whose first step is the last one at or before the last step done.
        let begun = self.spans.partition_point(|span| span.first < at.max(1));
        let with_steps = self.spans[..begun].iter().rposition(|span| span.first < span.end);
        let statement = with_steps.unwrap_or(0);
        let first = self.spans.get(statement).map_or(0, |span| span.first);
        Place { statement: u32::try_from(statement).unwrap_or(u32::MAX), step: at - first.min(at) }
    }

    /// How many steps are done at `place`, as near as this run has it.
    #[must_use]
    pub fn steps_at(&self, place: Place) -> u32 {
        match self.spans.get(place.statement as usize) {
            Some(span) => span.first.saturating_add(place.step).min(span.end),
            None => self.timeline.tape().len(),
        }
    }

    /// What the run came to, for a link's digest: its length and the world at its end, in words.
    #[must_use]
    pub fn ending(&mut self) -> String {
        let at = self.timeline.at();
        self.timeline.seek(u32::MAX);
        let ending = format!("{} steps\n{}", self.timeline.at(), self.state());
        self.timeline.seek(at);
        ending
    }

    /// The world at the cursor, in words.
    #[must_use]
    pub fn state(&self) -> String {
        let step = self.timeline.last_step().unwrap_or(0);
        trace::state::state(self.timeline.world(), &self.names, step)
    }
}

/// Each statement in canonical form, for the trace text.
#[must_use]
pub fn statement_texts(scenario: &Scenario) -> Vec<String> {
    scenario.statements.iter().map(|s| format::statement(scenario, &s.op)).collect()
}

/// A scenario carried out onto a sink of the caller's.
#[derive(Clone, Debug)]
pub struct Played {
    /// The world at the end.
    pub world: World,
    /// As in [`Run`].
    pub spans: Vec<Span>,
    /// As in [`Run`].
    pub outcomes: Vec<Outcome>,
    /// As in [`Run`].
    pub diagnostics: Vec<Diagnostic>,
    /// As in [`Run`].
    pub names: Names,
}

/// Carries a scenario out on tape.
#[must_use]
pub fn run(scenario: &Scenario) -> Run {
    let mut tape = Tape::new(STEPS_MAX);
    let played = run_with(scenario, &mut tape, STEPS_MAX);
    let Played { world, spans, outcomes, diagnostics, names } = played;
    Run { timeline: Timeline::new(world, tape), spans, outcomes, diagnostics, names }
}

/// Carries a scenario out onto `sink`, at most `steps_max` steps of it.
pub fn run_with(scenario: &Scenario, sink: &mut dyn Sink, steps_max: u32) -> Played {
    let mut rest = Rest::begin(scenario);
    rest.go_on(scenario, scenario.statements.len(), sink, steps_max);
    rest.played()
}

/// A run that stands between two statements, and may go on from there more than once.
#[derive(Clone)]
pub struct Rest {
    world: World,
    cover: Cover,
    names: Names,
    /// By [`ProcessId`]: those that have come to be.
    mms: Vec<Option<MmId>>,
    filter: FilterMiss,
    last: Last,
    /// Which lane of a `compare` is taken.
    lane: usize,
    /// Statements done.
    next: usize,
    /// Steps done.
    steps: u32,
    /// Why it ended early.
    stop: Option<Diagnostic>,
    spans: Vec<Span>,
    outcomes: Vec<Outcome>,
    diagnostics: Vec<Diagnostic>,
}

impl Rest {
    /// Before the first statement.
    #[must_use]
    pub fn begin(scenario: &Scenario) -> Self {
        let mut world = World::new(scenario.kernel());
        world.set_cpus(scenario.cpus());
        world.set_levels(scenario.levels());
        let mut names = Names::default();
        for file in &scenario.files {
            world.add_file(file.kind, file.pages);
            names.name_file(&file.name);
        }
        Self {
            world,
            cover: Cover::default(),
            names,
            mms: vec![None; scenario.processes.len()],
            filter: FilterMiss::EndsWalk,
            last: Last::default(),
            lane: 0,
            next: 0,
            steps: 0,
            stop: None,
            spans: Vec::new(),
            outcomes: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// The same memory, but as if nothing had led there: steps count from here, and a `compare`
    /// takes its lane number `lane`.
    #[must_use]
    pub fn lane(mut self, lane: usize) -> Self {
        let nothing = |span: &mut Span| (span.first, span.end) = (0, 0);
        self.spans.iter_mut().for_each(nothing);
        self.names.forget_steps();
        self.diagnostics.clear();
        (self.lane, self.steps) = (lane, 0);
        self
    }

    /// Carries out the statements before number `until`, onto `sink`, at most `steps_max` steps
    /// since the start in all.
    pub fn go_on(
        &mut self,
        scenario: &Scenario,
        until: usize,
        sink: &mut dyn Sink,
        steps_max: u32,
    ) {
        let watch = Watch::new(sink, self.steps, steps_max);
        let mut runner = Runner { scenario, rest: self, watch, round: 0 };
        runner.statements(until);
        self.steps = runner.watch.steps;
    }

    /// The world as it stands.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What things are called.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Steps done.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// What came of statement `at`, if it has got there.
    #[must_use]
    pub fn outcome(&self, at: usize) -> Option<&Outcome> {
        self.outcomes.get(at)
    }

    /// What came of it so far.
    #[must_use]
    pub fn played(self) -> Played {
        let Self { world, spans, outcomes, mut diagnostics, names, last, stop, .. } = self;
        diagnostics.extend(stop);
        diagnostics.extend(last.failure.map(|(_, diagnostic)| diagnostic));
        sort_by_key(&mut diagnostics, |diagnostic| diagnostic.line.into());
        Played { world, spans, outcomes, diagnostics, names }
    }
}

/// `steps` were done: of a run that may have no more, all that it may have.
fn stop_text(stop: Stop, steps: u32) -> String {
    match stop {
        Stop::Steps => format!("the run ends here: the limit is {steps} steps"),
        Stop::Memory => format!("the run ends here: the limit is {FRAMES_MAX} page frames"),
    }
}

fn outcome(statement: &Statement, verdict: Verdict, value: Option<u64>, text: String) -> Outcome {
    Outcome { line: statement.line, verdict, value, text: text.into() }
}

/// What the statements so far left behind for `expect`.
#[derive(Clone, Default)]
struct Last {
    /// Of the last walk.
    walk: Option<Seen>,
    /// Of the last access.
    faults: Option<u64>,
    /// Of the last statement: not yet reported, for an `expect` may have meant it.
    failure: Option<(Failure, Diagnostic)>,
}

/// A run in progress.
struct Runner<'s> {
    scenario: &'s Scenario,
    rest: &'s mut Rest,
    watch: Watch<'s>,
    /// Rounds done of the `repeat` that it is in.
    round: u64,
}

impl<'s> Runner<'s> {
    /// Carries out the statements before number `until`.
    fn statements(&mut self, until: usize) {
        while self.rest.next < until {
            let at = self.rest.next;
            match self.scenario.statements[at].op {
                Op::Repeat(rounds) if self.rest.stop.is_none() => self.repeat(at, rounds),
                _ => self.one(at),
            }
        }
    }

    fn one(&mut self, at: usize) {
        let first = self.watch.steps;
        let outcome = self.try_one(at);
        let line = outcome.line;
        self.rest.outcomes.push(outcome);
        self.rest.spans.push(Span { line, first, end: self.watch.steps });
        self.rest.next = at + 1;
    }

    fn try_one(&mut self, at: usize) -> Outcome {
        let statement = &self.scenario.statements[at];
        if self.rest.stop.is_some() {
            return outcome(statement, Verdict::Failed, None, "not reached".to_owned());
        }
        self.statement(u32::try_from(at).unwrap_or(u32::MAX), statement).unwrap_or_else(|why| {
            let text = stop_text(why, self.watch.steps);
            self.rest.stop = Some(*Diagnostic::error(statement.site(), text.as_str()));
            outcome(statement, Verdict::Failed, None, text)
        })
    }

    fn statement(&mut self, index: u32, statement: &Statement) -> Result<Outcome, Stop> {
        if let Op::Expect(expect) = &statement.op {
            // What is expected behind a `compare` is expected of its first lane.
            if self.rest.lane > 0 {
                return Ok(outcome(statement, Verdict::Done, None, String::new()));
            }
            return Ok(self.expect(statement, expect));
        }
        let unmeant = self.rest.last.failure.take();
        self.rest.diagnostics.extend(unmeant.map(|(_, diagnostic)| diagnostic));
        if let Op::During(_, _, cpu) = statement.op {
            return Ok(self.during(statement, cpu));
        }
        if is_declaration(&statement.op) {
            return Ok(outcome(statement, Verdict::Done, None, String::new()));
        }
        self.watch.begin_statement();
        self.cpu().event(Event::Statement { index })?;
        self.expect_intrusions(index);
        let effect = self.carry_out(statement);
        self.let_waiting_go_on()?;
        self.name_vmas();
        Ok(match effect? {
            Effect::Nothing => outcome(statement, Verdict::Done, None, String::new()),
            Effect::Value(value, text) => outcome(statement, Verdict::Done, Some(value), text),
            Effect::Failed(failure, text) => {
                let diagnostic = Diagnostic::error(statement.site(), text.as_str());
                self.rest.last.failure = Some((failure, *diagnostic));
                outcome(statement, Verdict::Failed, None, text)
            }
        })
    }

    fn cpu(&mut self) -> Cpu<'_, Watch<'s>> {
        Cpu::new(&mut self.rest.world, &mut self.watch)
    }

    /// The memory map of a process that the parser knows to live.
    fn mm(&self, process: ProcessId) -> MmId {
        self.rest.mms[process.0 as usize]
            .expect("the parser lets no process be used before it exists")
    }

    fn process_of(&self, mm: MmId) -> Option<ProcessId> {
        let index = self.rest.mms.iter().position(|it| *it == Some(mm))?;
        u32::try_from(index).ok().map(ProcessId)
    }

    /// Gives the VMAs that this statement made or moved the names of the mappings they cover.
    fn name_vmas(&mut self) {
        let mut seen: Vec<VmaId> = Vec::new();
        for (vma, step) in std::mem::take(&mut self.watch.changed) {
            let process = self.rest.world.vma(vma).mm.and_then(|mm| self.process_of(mm));
            let gone = self.watch.gone.iter().rev().find(|(gone, _)| *gone == vma);
            let Some(process) = process.filter(|_| gone.is_none_or(|(_, at)| step > *at)) else {
                continue;
            };
            if !seen.contains(&vma) {
                seen.push(vma);
                self.name_vma(process, vma, step);
            }
        }
    }

    /// Likewise those that it made and took away again, before it is forgotten what they covered.
    fn name_dead_vmas(&mut self, process: ProcessId) {
        let changed = self.watch.changed.iter();
        let dead = changed.filter(|(vma, _)| self.rest.world.vma(*vma).mm.is_none());
        for (vma, step) in dead.copied().collect::<Vec<_>>() {
            self.name_vma(process, vma, step);
        }
    }

    fn name_vma(&mut self, process: ProcessId, vma: VmaId, from: u32) {
        let record = self.rest.world.vma(vma);
        let names: Vec<String> = self
            .rest
            .cover
            .pieces(process, record.start, record.end)
            .map(|(addr, piece)| {
                let label = self.scenario.label(piece.label);
                match piece.cut + addr.max(record.start).pages_since(addr) {
                    0 => label.name.clone(),
                    cut => format!("{}+{cut}", label.name),
                }
            })
            .collect();
        let name = match names.as_slice() {
            [] => return,
            [one] => one.clone(),
            [one, two] => format!("{one},{two}"),
            [one, .., last] => format!("{one}..{last}"),
        };
        self.rest.names.name_vma(vma, from, &name);
    }

    /// True if the VMA covers the start of the mapping.
    fn covers(&self, vma: VmaId, label: LabelId) -> bool {
        let vma = self.rest.world.vma(vma);
        let label = self.scenario.label(label);
        vma.mm.and_then(|mm| self.process_of(mm)) == Some(label.process) && vma.contains(label.addr)
    }
}

/// The file's address space: files enter the world in the scenario's order.
const fn mapping(file: FileId) -> MappingId {
    MappingId(file.0)
}

/// True if the statement takes no steps.
const fn is_declaration(op: &Op) -> bool {
    matches!(
        op,
        Op::Title(_)
            | Op::Note(_)
            | Op::Kernel(_)
            | Op::Cpus(_)
            | Op::Levels(_)
            | Op::File(_)
            | Op::Sweep(_)
            | Op::Repeat(_)
            | Op::End
    )
}
