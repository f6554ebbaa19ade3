//! What follows from a scenario text: its run, what was wrong with it, and where each `Go` leads.
//! Nothing here is typed by anyone.

use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::link::{self, TEXT_MAX};
use rangewalk_core::machine::{Event, Func, Kind};
use rangewalk_core::order::sort_by_key;
use rangewalk_core::scenario::{self, Diagnostic, Recording, Run, Severity, Span};
use rangewalk_core::trace::{Frame, Place, Tape, Timeline};

use crate::command::Go;
use crate::model::stage_index::StageIndex;

/// A text that was run.
pub struct Story {
    run: Run,
    title: Rc<str>,
    note: Rc<str>,
    index: StageIndex,
    diagnostics: Rc<[Diagnostic]>,
    /// The statements that take steps; declarations and expectations take none.
    acts: Vec<Span>,
    /// Steps that change an entry, ascending.
    changes: Vec<u32>,
    /// What the run came to; `None` if the text has errors.
    digest: Option<u32>,
    /// The line of the first error, before which the run ends.
    stopped: Option<u32>,
}

impl Story {
    /// Runs a text. With errors in it, what stands above the first of them runs.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.len() > TEXT_MAX {
            return Self::of_too_long(text.len());
        }
        let (mut parsed, mut diagnostics) = scenario::parse(text);
        let title = Rc::from(parsed.title().unwrap_or_default());
        let note = first_sentence(&parsed.notes().collect::<Vec<_>>().join(" ")).into();
        let error = first_error(&diagnostics);
        if let Some(line) = error {
            let sound: Vec<&str> = text.lines().take(line as usize - 1).collect();
            parsed = scenario::parse(&sound.join("\n")).0;
        }
        let mut run = scenario::run(&parsed);
        let digest = error.is_none().then(|| link::digest(&run.ending()));
        diagnostics.extend(run.diagnostics.iter().cloned());
        sort_by_key(&mut diagnostics, |d| (u64::from(d.line) << 32) | u64::from(d.column));
        let diagnostics = diagnostics.into();
        Self { title, note, diagnostics, digest, stopped: error, ..Self::told(run) }
    }

    /// What a recording holds, and what its run came to.
    #[must_use]
    pub fn recorded(recording: &Recording, digest: u32) -> Self {
        let title = Rc::from(&*recording.title);
        let note = first_sentence(&recording.notes).into();
        Self { title, note, digest: Some(digest), ..Self::told(recording.play()) }
    }

    /// What follows from a run alone.
    fn told(run: Run) -> Self {
        let changes = changes_of(run.timeline.tape());
        let acts = run.spans.iter().copied().filter(|span| span.first < span.end).collect();
        let index = StageIndex::new(&run.timeline);
        Self {
            run,
            title: "".into(),
            note: "".into(),
            index,
            diagnostics: Rc::new([]),
            acts,
            changes,
            digest: None,
            stopped: None,
        }
    }

    fn of_too_long(len: usize) -> Self {
        let message = format!("the text has {len} bytes; at most {TEXT_MAX} are run");
        let hint = "Take some lines out.".to_owned();
        let severity = Severity::Error;
        let diagnostic = Diagnostic { severity, line: 1, column: 1, len: 0, message, hint };
        let mut story = Self::of("");
        story.diagnostics = Rc::new([diagnostic]);
        story
    }

    /// The run, its cursor where the page stands.
    #[must_use]
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// What the scenario is called; empty if it says nothing.
    #[must_use]
    pub fn title(&self) -> Rc<str> {
        self.title.clone()
    }

    /// The first sentence of its notes; empty if it has none.
    #[must_use]
    pub fn note(&self) -> Rc<str> {
        self.note.clone()
    }

    /// What the stage wants to know of the run.
    #[must_use]
    pub fn index(&self) -> &StageIndex {
        &self.index
    }

    /// What is wrong with the text and what the run met, in order of lines.
    #[must_use]
    pub fn diagnostics(&self) -> &Rc<[Diagnostic]> {
        &self.diagnostics
    }

    /// The line of the first error: the run ends before it.
    #[must_use]
    pub fn stopped(&self) -> Option<u32> {
        self.stopped
    }

    /// Steps done.
    #[must_use]
    pub fn at(&self) -> u32 {
        self.timeline().at()
    }

    /// Steps of the whole run.
    #[must_use]
    pub fn steps(&self) -> u32 {
        self.timeline().tape().len()
    }

    fn timeline(&self) -> &Timeline {
        &self.run.timeline
    }

    /// Moves the cursor to `at` steps done or to the end.
    pub fn seek(&mut self, at: u32) {
        self.run.timeline.seek(at);
    }

    /// The statements that take steps, in order. Below, a statement is named by its place here.
    #[must_use]
    pub fn acts(&self) -> &[Span] {
        &self.acts
    }

    /// The statement that the last step belongs to; the first one before any step is done.
    #[must_use]
    pub fn statement(&self) -> Option<usize> {
        self.statement_of(self.at().saturating_sub(1))
    }

    /// The statement that `step` belongs to.
    #[must_use]
    pub fn statement_of(&self, step: u32) -> Option<usize> {
        self.acts.partition_point(|span| span.first <= step).checked_sub(1)
    }

    /// The steps of statement `index`.
    #[must_use]
    pub fn steps_of(&self, index: usize) -> Range<u32> {
        self.acts.get(index).map_or(0..self.steps(), |span| span.first..span.end)
    }

    /// The steps of the statement at the cursor.
    #[must_use]
    pub fn span(&self) -> Range<u32> {
        self.statement().map_or(0..self.steps(), |index| self.steps_of(index))
    }

    /// How many of the steps in `range` change an entry.
    #[must_use]
    pub fn changes_in(&self, range: Range<u32>) -> usize {
        self.changed_in(range).len()
    }

    /// Which they are.
    fn changed_in(&self, range: Range<u32>) -> &[u32] {
        let before = |step: u32| self.changes.partition_point(|change| *change < step);
        &self.changes[before(range.start)..before(range.end)]
    }

    /// Where a walk has first changed an entry, which is the fullest picture of one; the helpers
    /// have put it back by then. Where it begins, if it changes none; the end of a run without.
    #[must_use]
    pub fn opening(&self) -> u32 {
        let is_entry = |frame: &&Frame| matches!(frame.func, Func::WpPte | Func::CleanRecordPte);
        let mut entries = self.timeline().tape().frames().iter().filter(is_entry);
        let changed_by = |frame: &Frame| self.changed_in(frame.enter..frame.exit);
        let by_helper = entries.find_map(|frame| changed_by(frame).last().copied());
        let by_another = || changed_by(self.first_walk()?).first().copied();
        let change = by_helper.or_else(by_another);
        change.map_or_else(|| self.walk(), |change| change + 1)
    }

    /// Where the first walk over a file's mappings begins, else the end.
    #[must_use]
    pub fn walk(&self) -> u32 {
        let statement = self.first_walk().and_then(|frame| self.statement_of(frame.enter));
        statement.map_or(self.steps(), |index| self.steps_of(index).start + 1)
    }

    /// That of a helper, or without one what else a statement asks for.
    fn first_walk(&self) -> Option<&Frame> {
        let is_helper = |frame: &&Frame| {
            let func = frame.func;
            matches!(func, Func::WpSharedMappingRange | Func::CleanRecordSharedMappingRange)
        };
        let is_another = |frame: &&Frame| {
            let rmap = matches!(frame.func, Func::FolioMkclean | Func::MappingWrprotectRange);
            let other = matches!(frame.func, Func::UnmapMappingRange | Func::ClearRefsWrite);
            frame.parent.is_none() && (rmap || other)
        };
        let frames = self.timeline().tape().frames();
        frames.iter().find(is_helper).or_else(|| frames.iter().find(is_another))
    }

    /// The place that `go` leads to from the cursor.
    #[must_use]
    pub fn goal(&self, go: Go) -> u32 {
        let at = self.at();
        match go {
            Go::To(to) => to.min(self.steps()),
            Go::Step => (at + 1).min(self.steps()),
            Go::Back => at.saturating_sub(1),
            Go::Over => self.timeline().over(),
            Go::BackOver => self.timeline().back_over(),
            Go::Out => self.timeline().out(),
            Go::First => {
                let first = self.span().start + 1;
                if at > first { first } else { 0 }
            }
            Go::Last => {
                let last = self.span().end;
                if at < last { last } else { self.steps() }
            }
            Go::NextChange => {
                let next = self.changes.partition_point(|change| *change < at);
                self.changes.get(next).map_or(at, |change| change + 1)
            }
            Go::PreviousChange => {
                let before = self.changes.partition_point(|change| change + 1 < at);
                before.checked_sub(1).map_or(at, |index| self.changes[index] + 1)
            }
            Go::NextStatement => self.next_statement(),
            Go::PreviousStatement => self.previous_statement(),
            Go::Line(line) => self.line(line).unwrap_or(at),
        }
    }

    fn next_statement(&self) -> u32 {
        let next = if self.at() == 0 { Some(0) } else { self.statement().map(|index| index + 1) };
        let next = next.filter(|index| *index < self.acts.len());
        next.map_or(self.steps(), |index| (self.steps_of(index).start + 1).min(self.steps()))
    }

    fn previous_statement(&self) -> u32 {
        let Some(index) = self.statement() else { return 0 };
        let first = self.steps_of(index).start + 1;
        if self.at() > first {
            return first;
        }
        index.checked_sub(1).map_or(0, |before| self.steps_of(before).start + 1)
    }

    fn line(&self, line: u32) -> Option<u32> {
        let index = self.acts.iter().position(|span| span.line == line)?;
        Some((self.steps_of(index).start + 1).min(self.steps()))
    }

    /// The cursor as a place that outlives small changes of text and emulator.
    #[must_use]
    pub fn place(&self) -> Place {
        self.run.place(self.at())
    }

    /// Steps done at `place`, as near as this run has it.
    #[must_use]
    pub fn steps_at(&self, place: Place) -> u32 {
        self.run.steps_at(place)
    }

    /// What the run came to; `None` if the text has errors.
    #[must_use]
    pub fn digest(&self) -> Option<u32> {
        self.digest
    }
}

fn first_sentence(text: &str) -> &str {
    text.find(". ").map_or(text, |end| &text[..=end])
}

/// The line of the first error.
fn first_error(diagnostics: &[Diagnostic]) -> Option<u32> {
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| d.line.max(1)).min()
}

fn changes_of(tape: &Tape) -> Vec<u32> {
    let is_change = |event: &Event| event.kind() == Kind::Change;
    let steps = (0..).zip(tape.events());
    steps.filter(|(_, event)| is_change(event)).map(|(step, _)| step).collect()
}
