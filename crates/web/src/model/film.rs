//! A story of frames as strips: pages down, frames across; and what each frame cost.

use std::cmp::Ordering;
use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::compare::Weights;
use rangewalk_core::compare::film::{Film, Frame, heat};
use rangewalk_core::compare::sweep::crossing::nanoseconds;
use rangewalk_core::machine::address_space::DirtyMethod;

use crate::clock::Playback;
use crate::model::stage_number::Pen;

/// Width of a strip, in picture units; all frames fill it.
pub const WIDTH: f32 = 1392.0;
/// Height of a strip.
pub const HEIGHT: f32 = 100.0;
/// Height of the chart of costs.
pub const COSTS: f32 = 110.0;
/// Most rows of a strip: more pages share one.
const ROWS_MAX: u64 = 96;
/// Shades of a box: by how many of its row's pages are meant.
pub const SHADES: usize = 4;

/// A story as one way of tracking makes it.
pub struct Take {
    /// Frame by frame.
    pub film: Film,
    /// What was stored to, shade by shade: what scans found, and what faults told of.
    pub heat: [[String; SHADES]; 2],
    /// What each frame cost, in picoseconds.
    pub costs: Vec<u64>,
}

/// What is said of a frame in one take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameRow {
    /// Which take.
    pub take: &'static str,
    /// The method in use.
    pub method: &'static str,
    /// Pages stored to, told of by faults, and handed over.
    pub pages: [u64; 3],
    /// What drawing and the submission cost.
    pub costs: [String; 2],
    /// What the whole story cost.
    pub total: String,
}

/// A point where the driver changes its method.
#[derive(Clone, Debug, PartialEq)]
pub struct Switch {
    /// Where.
    pub x: f32,
    /// `frame 83: to page tables`.
    pub text: String,
}

/// The view.
#[derive(Clone)]
pub struct FilmModel {
    /// As the driver decides, by page tables alone, by faults alone; as far as worked out.
    pub takes: [Option<Rc<Take>>; 3],
    /// Scans in a row, and percent.
    pub thresholds: (u64, u64),
    /// The frame in hand, and the last one.
    pub frame: (u32, u32),
    /// Its middle.
    pub x: f32,
    /// Where the driver changes its method.
    pub switches: Vec<Switch>,
    /// How many pages the buffer has.
    pub pages: u64,
    /// The dearest frame.
    pub most: u64,
    /// The same in words.
    pub dearest: String,
    /// What is said of the frame.
    pub rows: Vec<FrameRow>,
    /// What the choice is worth, in a sentence.
    pub verdict: String,
    /// Whether it plays.
    pub playing: bool,
}

/// What the takes are called.
pub const TAKES: [&str; 3] = ["the driver decides", "page tables alone", "faults alone"];

impl Take {
    /// Draws a film's strip.
    #[must_use]
    pub fn new(film: Film) -> Self {
        let weights = Weights::default();
        let costs = film.frames.iter().map(|frame| weights.ps(&frame.score())).collect();
        let mut heat: [[Pen; SHADES]; 2] = Default::default();
        let per_row = film.pages.div_ceil(ROWS_MAX).max(1);
        let rows = film.pages.div_ceil(per_row);
        let frames = film.frames.len();
        for row in 0..rows {
            let pages = row * per_row..((row + 1) * per_row).min(film.pages);
            let looks: Vec<Option<(usize, usize)>> =
                (0..frames).map(|frame| look(&film, frame, pages.clone())).collect();
            let place = Strip { row, rows, frames };
            for (how, pens) in heat.iter_mut().enumerate() {
                for (shade, pen) in pens.iter_mut().enumerate() {
                    let own = |frame: usize| looks[frame] == Some((how, shade));
                    *pen = place.runs(std::mem::take(pen), own);
                }
            }
        }
        Self { film, heat: heat.map(|pens| pens.map(Pen::done)), costs }
    }

    fn frame(&self, at: u32) -> Option<&Frame> {
        self.film.frames.get(at as usize)
    }

    fn total(&self) -> u64 {
        self.costs.iter().sum()
    }

    /// The costs of all frames as a line, on a scale whose top is `most`.
    #[must_use]
    pub fn line(&self, most: u64) -> String {
        let mut pen = Pen::default();
        let mut command = 'M';
        for (at, cost) in (0u32..).zip(&self.costs) {
            let x = frame_x(at, self.costs.len());
            pen = pen.to(command, &[x, COSTS - COSTS * ratio(*cost, most)]);
            command = 'L';
        }
        pen.done()
    }
}

/// What is seen of a row's pages in a frame: whether a fault told of any, and the shade.
fn look(film: &Film, frame: usize, pages: Range<u64>) -> Option<(usize, usize)> {
    let (mut all, mut seen, mut told) = (0usize, 0, false);
    for page in pages {
        let bits = film.heat(frame, page);
        all += 1;
        seen += usize::from(bits & (heat::STORED | heat::REPORTED) != 0);
        told |= bits & heat::FAULTED != 0;
    }
    let shade = (seen * SHADES).div_ceil(all.max(1)).checked_sub(1)?;
    Some((usize::from(told), shade))
}

/// A row of a strip.
struct Strip {
    row: u64,
    rows: u64,
    frames: usize,
}

impl Strip {
    /// Boxes around neighbouring frames that are `hit`.
    fn runs(&self, mut pen: Pen, hit: impl Fn(usize) -> bool) -> Pen {
        let (y, next) =
            (HEIGHT * ratio(self.row, self.rows), HEIGHT * ratio(self.row + 1, self.rows));
        let mut at = 0;
        while at < self.frames {
            let first = at;
            while at < self.frames && hit(at) {
                at += 1;
            }
            if first < at {
                let (from, to) = (edge(first, self.frames), edge(at, self.frames));
                pen = pen.to('M', &[from, y]).to('H', &[to]).to('V', &[next]).to('H', &[from]);
                pen = pen.to('z', &[]);
            }
            at += usize::from(first == at);
        }
        pen
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn ratio(part: u64, whole: u64) -> f32 {
    part as f32 / whole.max(1) as f32
}

/// Where frame `at` begins.
fn edge(at: usize, frames: usize) -> f32 {
    WIDTH * ratio(at as u64, frames as u64)
}

/// The middle of frame `at`.
fn frame_x(at: u32, frames: usize) -> f32 {
    WIDTH * ratio(u64::from(at) * 2 + 1, frames as u64 * 2)
}

impl FilmModel {
    /// The view of what is worked out so far.
    #[must_use]
    pub fn new(
        takes: &[Option<Rc<Take>>; 3],
        thresholds: (u64, u64),
        frame: u32,
        playback: &Playback,
    ) -> Self {
        let own = takes[0].as_ref();
        let frames = own.map_or(0, |take| take.film.frames.len());
        let switch = |(at, method): (usize, DirtyMethod)| Switch {
            x: edge(at + 1, frames),
            text: format!("frame {}: to {}", at + 1, method_words(method)),
        };
        let all = || takes.iter().flatten();
        let most = all().flat_map(|take| take.costs.iter().copied()).max().unwrap_or(1);
        let row = |(take, name): (&Option<Rc<Take>>, &'static str)| {
            let take = take.as_ref()?;
            frame_row(take, name, frame)
        };
        Self {
            thresholds,
            frame: (frame, u32::try_from(frames).unwrap_or(u32::MAX).saturating_sub(1)),
            x: frame_x(frame, frames),
            switches: own.map_or_else(Vec::new, |it| it.film.switches().map(switch).collect()),
            pages: own.map_or(0, |take| take.film.pages),
            most,
            dearest: micro(most),
            rows: takes.iter().zip(TAKES).filter_map(row).collect(),
            verdict: verdict(takes),
            playing: playback.is_playing(),
            takes: takes.clone(),
        }
    }
}

fn frame_row(take: &Take, name: &'static str, at: u32) -> Option<FrameRow> {
    let frame = take.frame(at)?;
    let weights = Weights::default();
    Some(FrameRow {
        take: name,
        method: method_words(frame.method),
        pages: [frame.stored, frame.faulted, frame.reported],
        costs: [&frame.drawing, &frame.submission].map(|score| micro(weights.ps(score))),
        total: micro(take.total()),
    })
}

fn verdict(takes: &[Option<Rc<Take>>; 3]) -> String {
    let [Some(own), Some(tables), Some(faults)] = takes else {
        return "being worked out …".to_owned();
    };
    let (own, tables, faults) = (own.total(), tables.total(), faults.total());
    let best = tables.min(faults);
    let name = if tables <= faults { TAKES[1] } else { TAKES[2] };
    let compared = match own.cmp(&best) {
        Ordering::Less => format!("its choice saves {} against {name}", micro(best - own)),
        Ordering::Equal => format!("its choice costs what {name} would"),
        Ordering::Greater => format!("{name} would have saved {}", micro(own - best)),
    };
    format!(
        "All frames cost {} as the driver decides, {} by page tables alone and {} by faults alone: \
         {compared}.",
        micro(own),
        micro(tables),
        micro(faults),
    )
}

const fn method_words(method: DirtyMethod) -> &'static str {
    match method {
        DirtyMethod::Untracked => "nothing",
        DirtyMethod::Pagetable => "page tables",
        DirtyMethod::Mkwrite => "faults",
    }
}

fn micro(ps: u64) -> String {
    nanoseconds(ps).replace("us", "µs")
}
