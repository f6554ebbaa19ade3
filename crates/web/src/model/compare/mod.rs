//! The comparison as the page shows it: a pure function of the bench and where it stands.

pub mod columns;
pub mod empty;
pub mod field;
pub mod lane;
pub mod matrix;
pub mod notes;
pub mod score;
pub mod side;
pub mod visits;

use std::rc::Rc;

use rangewalk_core::arch::{Pte, PteFlags};
use rangewalk_core::compare::Align;
use rangewalk_core::compare::words;
use rangewalk_core::machine::MmId;

use crate::clock::Playback;
use crate::compare::Bench;
use crate::model::compare::lane::LaneModel;
use crate::model::compare::matrix::Layout;
use crate::model::compare::score::{PriceRow, ScoreRow};
use crate::model::sentence::span_words;
use crate::model::stage_now::Now;

/// A place on the scrubber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The position.
    pub at: u32,
    /// Whose end it is: `wp, zap`.
    pub text: String,
}

/// The scrubber and all that stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foot {
    /// Where one stands, and the last position.
    pub position: (u32, u32),
    /// What positions are: `of 316, the longest lane`.
    pub words: String,
    /// Where lanes end.
    pub marks: Vec<Mark>,
    /// Whether it plays.
    pub playing: bool,
    /// Positions a second.
    pub speed: u32,
}

/// The entry in hand, lane by lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRows {
    /// `entry of C, page 7`.
    pub name: String,
    /// Its word in each lane now.
    pub now: Vec<WordText>,
    /// Its word behind each lane's job.
    pub end: Vec<WordText>,
    /// What became of it there.
    pub fate: Vec<String>,
    /// Whether it does not end alike everywhere.
    pub differs: bool,
}

/// A word's digits, and which of them differ from what all lanes began with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordText {
    /// Sixteen digits, or `0`.
    pub digits: String,
    /// As many marks.
    pub changed: Vec<bool>,
    /// The bits that are set now or were at the start.
    pub bits: Vec<Bit>,
}

/// A bit of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bit {
    /// What it means: `W`.
    pub letter: char,
    /// Whether it is as all lanes found it.
    pub change: Change,
}

/// What became of a bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is set, as it was.
    Stays,
    /// It was not set.
    Came,
    /// It is set no more.
    Went,
}

/// The bits with a letter, in the order in which they are told.
const BITS: [(PteFlags, char); 7] = [
    (PteFlags::PRESENT, 'P'),
    (PteFlags::RW, 'W'),
    (PteFlags::DIRTY, 'D'),
    (PteFlags::SAVED_DIRTY, 'V'),
    (PteFlags::ACCESSED, 'A'),
    (PteFlags::SOFT_DIRTY, 'T'),
    (PteFlags::SPECIAL, 'S'),
];

/// The whole view.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareModel {
    /// `Three ways over pages 5–13 of data`.
    pub heading: String,
    /// `same start, step 42 in each`.
    pub under: String,
    /// By what lanes go on together.
    pub align: Align,
    /// How many entries of each lane but the first end otherwise: `4 and 7`.
    pub differs: Rc<str>,
    /// Whether any entry does.
    pub any_differs: bool,
    /// What is to be said of all lanes.
    pub notes: Rc<[String]>,
    /// Side by side.
    pub lanes: Vec<Rc<LaneModel>>,
    /// The scoreboard.
    pub rows: Vec<Rc<ScoreRow>>,
    /// The entry in hand.
    pub entry: Option<Rc<EntryRows>>,
    /// The prices.
    pub prices: Rc<[PriceRow]>,
    /// Scrubber and transport.
    pub foot: Rc<Foot>,
}

impl Bench {
    /// What a process is called.
    #[must_use]
    pub fn process(&self, mm: MmId) -> &str {
        self.comparison.names().map_or("?", |names| names.process(mm))
    }
}

/// While one scrubs, pictures follow at once and words take turns: so many frames and all are up to
/// date. Nobody reads sixty words a second, and laying them out would take most of a frame. Lanes
/// have the even turns, the scoreboard the odd ones: on the others it is left alone as a whole.
pub const TURNS: usize = 12;
/// Pictures of more lanes take turns too: two of them follow in a frame.
const LANES_AT_ONCE: usize = 3;

impl CompareModel {
    /// The view of `bench`, where it stands.
    #[must_use]
    pub fn new(bench: &Bench, playback: &Playback) -> Self {
        let (nows, layout) = lay_out(bench);
        let lanes = nows.iter().enumerate();
        Self {
            heading: heading(bench),
            under: under(bench),
            align: bench.align,
            differs: bench.differs.clone(),
            any_differs: bench.any_differs,
            notes: notes::notes(bench).into(),
            lanes: lanes
                .map(|(at, now)| Rc::new(LaneModel::new(bench, at, now, &layout)))
                .collect(),
            rows: score::rows(bench, None),
            entry: bench.picked.map(|(range, page)| Rc::new(entry(bench, range, page))),
            prices: score::prices(bench).into(),
            foot: Rc::new(foot(bench, playback)),
        }
    }

    /// The view of the same bench a moment later, while it moves fast: of the words those whose
    /// turn it is.
    #[must_use]
    pub fn moved(&self, bench: &Bench, playback: &Playback, turn: usize) -> Self {
        let (nows, layout) = lay_out(bench);
        let lanes = nows.iter().zip(&self.lanes).enumerate();
        let parts = if nows.len() > LANES_AT_ONCE { nows.len().div_ceil(2) } else { 1 };
        let lane = |(at, (now, before)): (usize, (&Now<'_>, &Rc<LaneModel>))| {
            if 2 * at % TURNS == turn % TURNS {
                Rc::new(LaneModel::new(bench, at, now, &layout))
            } else if at % parts == turn % parts {
                Rc::new(before.moved(bench, at, now, &layout))
            } else {
                before.clone()
            }
        };
        Self {
            under: if turn % TURNS == 1 { under(bench) } else { self.under.clone() },
            lanes: lanes.map(lane).collect(),
            rows: score::rows(bench, Some((&self.rows, turn))),
            foot: Rc::new(foot(bench, playback)),
            ..self.clone()
        }
    }

    /// What every lane has just done, to be read out.
    #[must_use]
    pub fn spoken(&self) -> String {
        let said =
            self.lanes.iter().map(|lane| format!("{}: {}", lane.word, lane.said.lead.plain()));
        said.collect::<Vec<_>>().join(" ")
    }
}

/// The lanes' cursors, and the layout that they share.
fn lay_out(bench: &Bench) -> (Vec<Now<'_>>, Rc<Layout>) {
    let lanes = &bench.comparison.lanes;
    let nows = lanes.iter().zip(&bench.sides);
    let nows: Vec<Now<'_>> = nows.map(|(lane, side)| Now::new(&lane.run, &side.index)).collect();
    let here = nows.iter().filter_map(|now| matrix::here(bench, now)).map(|(row, _)| row);
    let here: Vec<usize> = here.chain(bench.picked.map(|(range, _)| range)).collect();
    let layout = Layout::new(bench, lane::width(lanes.len()), &here);
    (nows, Rc::new(layout))
}

fn heading(bench: &Bench) -> String {
    let ways = ["", "One way", "Two ways", "Three ways", "Four ways", "Five ways", "Six ways"];
    let ways = ways.get(bench.comparison.lanes.len()).unwrap_or(&"Ways");
    let pages = bench.comparison.pages;
    let last = (pages.first + pages.count).saturating_sub(1);
    format!("{ways} over {} of {}", span_words(pages.first, last), bench.file)
}

fn under(bench: &Bench) -> String {
    let at = bench.position;
    let last = bench.rails.positions() - 1;
    match bench.align {
        _ if at == 0 => "all at the same start".to_owned(),
        _ if at == last => "all at their end".to_owned(),
        Align::Step => format!("same start, step {at} in each"),
        Align::Page => {
            let page = bench.comparison.pages.first + u64::from(at);
            match u64::from(at) < bench.comparison.pages.count {
                true => format!("same start, each where it first comes to page {page} or beyond"),
                false => "the jobs are done; step by step from here".to_owned(),
            }
        }
        Align::Change => {
            let steps = bench.rails.steps_at(bench.longest(), at);
            format!("same start, step {steps} in each, at a change in some lane")
        }
        Align::Cost => format!("same start, {at} µs in each"),
    }
}

fn entry(bench: &Bench, range: usize, page: u64) -> EntryRows {
    let comparison = &bench.comparison;
    let mapped = &comparison.ranges[range];
    let inside = page - mapped.pages.first;
    let before = usize::try_from(inside).ok().and_then(|at| mapped.words.get(at));
    let before = before.map_or(0, |word| word.0);
    let now = |lane: &rangewalk_core::compare::Lane| {
        let world = lane.run.timeline.world();
        let addr = mapped.addr.add_pages(inside);
        let alive = world.is_alive(mapped.mm);
        word_text(if alive { world.translation(mapped.mm, addr).0 } else { 0 }, before)
    };
    let ends = (0..comparison.lanes.len()).map(|lane| comparison.end(lane, range, page));
    let told = words::entry(comparison, range, page);
    // The lane's word stands in the column's head already.
    let fate = told.iter().map(|told| told.split_once(": ").map_or(told.as_str(), |(_, it)| it));
    EntryRows {
        name: format!("entry of {}, page {page}", mapped.name),
        now: comparison.lanes.iter().map(now).collect(),
        end: ends.map(|end| word_text(end.map_or(0, |end| end.word.0), before)).collect(),
        fate: fate.map(str::to_owned).collect(),
        differs: comparison.differs(range, page),
    }
}

fn word_text(word: u64, before: u64) -> WordText {
    let bit = |(flag, letter): (PteFlags, char)| {
        let change = match (Pte(before).flags().contains(flag), Pte(word).flags().contains(flag)) {
            (false, false) => return None,
            (true, true) => Change::Stays,
            (false, true) => Change::Came,
            (true, false) => Change::Went,
        };
        Some(Bit { letter, change })
    };
    let bits = BITS.into_iter().filter_map(bit).collect();
    if word == 0 {
        return WordText { digits: "0".to_owned(), changed: vec![before != 0], bits };
    }
    let digits = format!("{word:016x}");
    let changed = (0..16).map(|at| (word ^ before) >> (60 - 4 * at) & 15 != 0).collect();
    WordText { digits, changed, bits }
}

fn foot(bench: &Bench, playback: &Playback) -> Foot {
    let last = bench.rails.positions() - 1;
    let words = match bench.align {
        Align::Step => format!("of {last}, the longest lane"),
        Align::Page if u64::from(bench.position) < bench.comparison.pages.count => {
            format!("of {} pages", bench.comparison.pages.count)
        }
        Align::Page => format!("of {last}"),
        Align::Change => format!("of {last} steps that change an entry in some lane"),
        Align::Cost => format!("µs of {last}, the dearest lane"),
    };
    let mut marks: Vec<Mark> = Vec::new();
    for (at, lane) in bench.comparison.lanes.iter().enumerate() {
        let end = bench.rails.position_of(at, lane.run.timeline.tape().len());
        let name = lane.strategy.name();
        match marks.iter_mut().find(|mark| mark.at == end) {
            Some(mark) => mark.text.push_str(&format!(", {name}")),
            None => marks.push(Mark { at: end, text: name.to_owned() }),
        }
    }
    marks.sort_unstable_by_key(|mark| mark.at);
    Foot {
        position: (bench.position, last),
        words,
        marks,
        playing: playback.is_playing(),
        speed: playback.steps_a_second(),
    }
}
