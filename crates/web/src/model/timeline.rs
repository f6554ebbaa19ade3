//! The timeline as data: which kinds of event happen where, the calls as an icicle, and the
//! statements of the whole run. Counted in steps, so that the width on screen is the view's affair;
//! bounded, so that a million steps draw as fast as a hundred.

use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::machine::event::Verdict;
use rangewalk_core::machine::{Event, Kind};
use rangewalk_core::trace::{Frame, Names, Tape};

use crate::story::Story;

/// Most cells that stand side by side; with more steps than that, a cell stands for several.
pub const CELLS_MAX: u32 = 480;
/// Most statements shown apart in the overview.
const SEGMENTS_MAX: usize = 240;

/// Neighbouring cells of one row that have something in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// First step.
    pub first: u32,
    /// First step behind it.
    pub end: u32,
    /// Share of its steps that are of the row's kind, in 16ths, 1 to 16.
    pub share: u8,
}

/// The steps that concern one VMA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// First step.
    pub first: u32,
    /// First step behind it.
    pub end: u32,
    /// The VMA's label, and what is special.
    pub label: Rc<str>,
}

/// A call, or several too short to be told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its frame on the tape; `None` for several.
    pub frame: Option<u32>,
    /// Calls around it.
    pub depth: u32,
    /// First step.
    pub first: u32,
    /// First step behind it.
    pub end: u32,
    /// Its function.
    pub symbol: &'static str,
}

/// Part of a statement, in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineModel {
    /// The steps shown.
    pub window: Range<u32>,
    /// The steps of the statement.
    pub span: Range<u32>,
    /// Steps a cell.
    pub cell: u32,
    /// Bars of each kind, in order of [`Kind::ALL`].
    pub rows: [Vec<Bar>; Kind::ALL.len()],
    /// By VMA.
    pub groups: Vec<Group>,
    /// The icicle, callers first.
    pub calls: Vec<Call>,
    /// Rows of the icicle.
    pub depth: u32,
}

impl TimelineModel {
    /// The call at `depth` around `step`.
    #[must_use]
    pub fn call_at(&self, depth: u32, step: u32) -> Option<&Call> {
        self.calls.iter().find(|call| call.depth == depth && (call.first..call.end).contains(&step))
    }

    /// The kind of a step's row that has something at `step`, loudest first.
    #[must_use]
    pub fn kinds_at(&self, step: u32) -> Vec<Kind> {
        let has = |row: &[Bar]| row.iter().any(|bar| (bar.first..bar.end).contains(&step));
        let rows = Kind::ALL.into_iter().zip(&self.rows);
        rows.filter(|(_, row)| has(row)).map(|(kind, _)| kind).collect()
    }
}

/// The timeline of the steps in `window`, part of the statement at the cursor.
#[must_use]
pub fn timeline(story: &Story, window: Range<u32>) -> TimelineModel {
    let tape = story.run().timeline.tape();
    let cell = (window.end - window.start).div_ceil(CELLS_MAX).max(1);
    let calls = calls(story, &window, cell);
    let depth = calls.iter().map(|call| call.depth + 1).max().unwrap_or(0);
    let groups = groups(tape, &window, &story.run().names);
    TimelineModel {
        rows: bars(tape, &window, cell),
        groups,
        depth,
        calls,
        cell,
        span: story.span(),
        window,
    }
}

/// The events of a window.
fn events<'a>(tape: &'a Tape, window: &Range<u32>) -> &'a [Event] {
    &tape.events()[window.start as usize..window.end as usize]
}

/// The bars of each kind, in order of [`Kind::ALL`], `cell` steps each.
#[must_use]
pub fn bars(tape: &Tape, window: &Range<u32>, cell: u32) -> [Vec<Bar>; Kind::ALL.len()] {
    let mut rows = [const { Vec::new() }; Kind::ALL.len()];
    let cells = (window.start..).step_by(cell as usize);
    for (first, events) in cells.zip(events(tape, window).chunks(cell as usize)) {
        let mut counts = [0u32; Kind::ALL.len()];
        for event in events {
            counts[event.kind() as usize] += 1;
        }
        let end = (first + cell).min(window.end);
        for (row, count) in rows.iter_mut().zip(counts) {
            if count > 0 {
                let share = u8::try_from((count * 16).div_ceil(end - first)).unwrap_or(16);
                row.push(Bar { first, end, share });
            }
        }
    }
    rows
}

/// Cuts the window at each VMA that the filter is asked about; a look at the tree ends what came
/// before.
fn groups(tape: &Tape, window: &Range<u32>, names: &Names) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut open = false;
    for (step, event) in (window.start..).zip(events(tape, window)) {
        match event {
            Event::Filter { vma, verdict } => {
                let label = names.vma(*vma, step).to_owned()
                    + match verdict {
                        Verdict::Walk => "",
                        Verdict::EndsWalk => " stop",
                        Verdict::Skipped => " skipped",
                    };
                groups.push(Group { first: step, end: step + 1, label: label.into() });
                open = true;
            }
            Event::TreeLook { .. } | Event::TreeEnd { .. } | Event::Statement { .. } => {
                open = false
            }
            _ => {}
        }
        if let Some(group) = groups.last_mut().filter(|_| open) {
            group.end = step + 1;
        }
    }
    groups
}

/// The calls that meet the window. Such as are narrower than half a cell are drawn together.
fn calls(story: &Story, window: &Range<u32>, cell: u32) -> Vec<Call> {
    let run = story.run();
    let (tape, kernel) = (run.timeline.tape(), run.timeline.world().kernel());
    let frames = tape.frames();
    let call = |index: u32, frame: &Frame, depth: usize| Call {
        frame: Some(index),
        depth: u32::try_from(depth).unwrap_or(u32::MAX),
        first: frame.enter.max(window.start),
        end: frame.exit.min(window.end),
        symbol: frame.func.symbol_in(kernel),
    };
    let mut open: Vec<&Frame> = Vec::new();
    let mut calls: Vec<Call> = Vec::new();
    // Where the last call of each depth stands in `calls`.
    let mut last_at: Vec<usize> = Vec::new();
    let around = tape.stack_at(window.start);
    let entered = frames.partition_point(|frame| frame.enter <= window.start);
    let inside = frames[entered..].iter().take_while(|frame| frame.enter < window.end);
    let inside = (u32::try_from(entered).unwrap_or(u32::MAX)..).zip(inside);
    for (index, frame) in around.iter().map(|f| (*f, &frames[*f as usize])).chain(inside) {
        while open.last().is_some_and(|around| around.exit <= frame.enter) {
            open.pop();
        }
        let new = call(index, frame, open.len());
        open.push(frame);
        if new.first >= new.end {
            continue;
        }
        let depth = new.depth as usize;
        last_at.resize(last_at.len().max(depth + 1), usize::MAX);
        let narrow = cell > 1 && (new.end - new.first) * 2 < cell;
        match calls.get_mut(last_at[depth]) {
            Some(last) if narrow && last.frame.is_none() && new.first < last.end + cell => {
                last.end = new.end;
            }
            _ => {
                last_at[depth] = calls.len();
                calls.push(if narrow { Call { frame: None, ..new } } else { new });
            }
        }
    }
    calls
}

/// A statement in the overview of the run, or several neighbours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First step.
    pub first: u32,
    /// First step behind it.
    pub end: u32,
    /// The statement as written.
    pub label: Rc<str>,
    /// Where it begins and ends on a scale from 0 to 1000.
    pub place: (u32, u32),
}

/// All statements of the run, none too narrow to be hit.
#[must_use]
pub fn overview(story: &Story, text: &str) -> Vec<Segment> {
    let lines: Vec<&str> = text.lines().collect();
    let spans = story.acts();
    let together = spans.len().div_ceil(SEGMENTS_MAX).max(1);
    let chunks: Vec<_> = spans.chunks(together).filter(|chunk| !chunk.is_empty()).collect();
    // A quarter of the width is shared out evenly, the rest by steps: long walks are long, short
    // statements can be hit.
    let (even, len) =
        (250.0 / f64::from(u32::try_from(chunks.len().max(1)).unwrap_or(1)), story.steps());
    let mut at = 0.0;
    let mut segments = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let (first, end) = (chunk[0].first, chunk[chunk.len() - 1].end);
        let label = lines.get(chunk[0].line as usize - 1).map_or("", |line| line.trim());
        let start = at;
        at += even + 750.0 * f64::from(end - first) / f64::from(len.max(1));
        segments.push(Segment {
            first,
            end,
            label: label.into(),
            place: (mille(start), mille(at)),
        });
    }
    segments
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
fn mille(place: f64) -> u32 {
    place.round().clamp(0.0, 1000.0) as u32
}

/// A function's name in at most `chars` characters: whole, or its telling part, or nothing.
#[must_use]
pub fn fit(symbol: &'static str, chars: u32) -> &'static str {
    let fits = |name: &&str| name.len() <= chars as usize;
    let bare = symbol.trim_start_matches('_');
    let core = bare.strip_prefix("walk_").and_then(|name| name.strip_suffix("_range"));
    let last = bare.rsplit('_').next();
    [Some(symbol), Some(bare), core, last].into_iter().flatten().find(fits).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_shrink_to_what_tells_them_apart() {
        let fits: Vec<&str> = [20, 13, 3, 2].map(|n| fit("walk_pud_range", n)).into();
        assert_eq!(fits, ["walk_pud_range", "pud", "pud", ""]);
    }
}
