//! The entries of a range as a matrix: mappings down, pages across, and the order in which a lane
//! comes to them as a line.

use rangewalk_core::compare::MappedRange;

use crate::compare::Bench;
use crate::model::axis::{Axis, AxisSpec, Stretch};
use crate::model::compare::visits::Visit;
use crate::model::lanes_cell::{CellState, slot_state, upper_state};
use crate::model::sentence::count_words;
use crate::model::stage_now::Now;
use crate::model::stage_number::Pen;
use crate::model::tree::text_width;

/// Height of the numbers above the first row.
pub const HEAD: f32 = 20.0;
/// Room for all rows.
const ROOM: f32 = 228.0;
/// Widest and narrowest pitch of the rows.
const PITCH: (f32, f32) = (38.0, 19.0);
/// Most looks that the line shows, the latest ones.
const LINE_MAX: usize = 400;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MatrixCell {
    /// Page of the file.
    pub page: u64,
    /// Left edge.
    pub x: f32,
    /// What it holds; `None`: the lane took it away.
    pub state: Option<CellState>,
    /// Its word is another one at the end of the job than in the first lane.
    pub differs: bool,
    /// The step is about it.
    pub now: bool,
    /// It is in hand.
    pub picked: bool,
}

/// One mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixRow {
    /// Its place among the ranges.
    pub range: usize,
    /// What it is called.
    pub label: String,
    /// Whose it is.
    pub process: String,
    /// Top of its boxes.
    pub y: f32,
    /// Its pages with a column.
    pub cells: Vec<MatrixCell>,
    /// Breaks that it goes on through: left edge and width.
    pub breaks: Vec<(f32, f32)>,
}

/// A number above a column, or how many pages a break leaves out.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixNumber {
    /// Middle.
    pub x: f32,
    /// The number.
    pub text: String,
    /// The step is about its page.
    pub now: bool,
}

/// What a matrix is laid out by: the same for all lanes.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Width of the picture.
    pub width: f32,
    /// Where labels end.
    gutter: f32,
    /// Rows on show.
    rows: Vec<usize>,
    /// From one row to the next.
    pitch: f32,
    /// How many are left out, in words.
    pub folded: Option<String>,
    /// Height of the picture.
    pub height: f32,
}

/// A lane's entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// Width and height.
    pub size: (f32, f32),
    /// Width of a page.
    pub cell: f32,
    /// Height of a box.
    pub tall: f32,
    /// Where labels end.
    pub gutter: f32,
    /// Above the columns.
    pub numbers: Vec<MatrixNumber>,
    /// Mappings.
    pub rows: Vec<MatrixRow>,
    /// The line through the entries in order of visits.
    pub line: String,
    /// Its knots.
    pub knots: String,
    /// How many rows are left out, in words.
    pub folded: Option<String>,
}

impl Layout {
    /// For so many lanes side by side; `here` are the rows that some lane is in.
    #[must_use]
    pub fn new(bench: &Bench, width: f32, here: &[usize]) -> Self {
        let ranges = &bench.comparison.ranges;
        let label = |range: &MappedRange| text_width(&range.name) + 8.0;
        let process = |range: &MappedRange| text_width(bench.process(range.mm));
        let widest = |of: &dyn Fn(&MappedRange) -> f32| ranges.iter().map(of).fold(0.0, f32::max);
        let gutter = (widest(&label) + widest(&process) + 8.0).clamp(30.0, width * 0.3);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few rows")]
        let most = (ROOM / PITCH.1) as usize;
        let rows = rows(ranges.len(), most, here);
        #[expect(clippy::cast_precision_loss, reason = "a few rows")]
        let count = rows.len() as f32;
        let pitch = (ROOM / count.max(1.0)).clamp(PITCH.1, PITCH.0);
        let left = ranges.len() - rows.len();
        let words = || count_words(left as u64, "more mapping", "more mappings");
        let folded = (left > 0).then(words);
        let tail = if folded.is_some() { 14.0 } else { 0.0 };
        Self { width, gutter, pitch, folded, height: HEAD + count * pitch + tail, rows }
    }
}

/// The rows on show: all of them, or the first ones and those that a lane is in.
fn rows(count: usize, most: usize, here: &[usize]) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    let mut rows: Vec<usize> = here.to_vec();
    rows.sort_unstable();
    rows.dedup();
    let mut next = 0;
    while rows.len() < most {
        if !rows.contains(&next) {
            rows.push(next);
        }
        next += 1;
    }
    rows.sort_unstable();
    rows
}

impl Matrix {
    /// The entries in lane `lane`, whose cursor is `now`.
    #[must_use]
    pub fn new(bench: &Bench, lane: usize, now: &Now<'_>, layout: &Layout) -> Self {
        let here = here(bench, now);
        let axis = axis(bench, layout, here.map(|(_, page)| page));
        let tall = layout.pitch - if layout.pitch > 30.0 { 6.0 } else { 4.0 };
        let place = Place { bench, lane, now, axis: &axis, here };
        let rows: Vec<MatrixRow> = (0u8..)
            .zip(&layout.rows)
            .map(|(at, range)| place.row(*range, HEAD + f32::from(at) * layout.pitch))
            .collect();
        let (line, knots) = line(bench, lane, now, &axis, &rows, tall);
        Self {
            size: (layout.width, layout.height),
            cell: axis.cell,
            tall,
            gutter: layout.gutter,
            numbers: numbers(&axis, bench.comparison.pages.first, here.map(|(_, page)| page)),
            rows,
            line,
            knots,
            folded: layout.folded.clone(),
        }
    }

    /// The entry at a place of the picture: its mapping's place among the ranges, and its page.
    #[must_use]
    pub fn entry_at(&self, x: f32, y: f32) -> Option<(usize, u64)> {
        let row = self.rows.iter().find(|row| row.y <= y && y < row.y + self.tall)?;
        let cell = row.cells.iter().find(|cell| cell.x <= x && x < cell.x + self.cell)?;
        Some((row.range, cell.page))
    }
}

/// The entry that the step of `now` is about, if it maps a page of the range.
#[must_use]
pub fn here(bench: &Bench, now: &Now<'_>) -> Option<(usize, u64)> {
    let (vma, addr) = (now.place.vma?, now.place.addr?);
    let range = bench.comparison.ranges.iter().position(|range| range.vma == vma)?;
    let page = now.page_at(vma, addr)?;
    let pages = bench.comparison.ranges[range].pages;
    (pages.first <= page && page < pages.end()).then_some((range, page))
}

fn axis(bench: &Bench, layout: &Layout, focus: Option<u64>) -> Axis {
    let pages = bench.comparison.pages;
    let spec = AxisSpec {
        x: layout.gutter,
        width: layout.width - layout.gutter,
        cell_max: 36.5,
        // Marks need no more; a broken axis would break at other pages in each lane.
        cell_min: 6.0,
        cell_broken: 14.5,
        skip: 26.0,
    };
    let inside = |page: u64| page.saturating_sub(pages.first);
    let borders: Vec<u64> = bench
        .comparison
        .ranges
        .iter()
        .flat_map(|range| [inside(range.pages.first), inside(range.pages.end())])
        .collect();
    Axis::new(spec, pages.count, &[], &borders, focus.map(inside))
}

/// A lane at its cursor.
struct Place<'a> {
    bench: &'a Bench,
    lane: usize,
    now: &'a Now<'a>,
    axis: &'a Axis,
    here: Option<(usize, u64)>,
}

impl Place<'_> {
    fn row(&self, at: usize, y: f32) -> MatrixRow {
        let range = &self.bench.comparison.ranges[at];
        let first = self.bench.comparison.pages.first;
        let (from, to) = (range.pages.first - first, range.pages.end() - 1 - first);
        let columns = self.axis.columns(from, to);
        MatrixRow {
            range: at,
            label: range.name.clone(),
            process: self.bench.process(range.mm).to_owned(),
            y,
            cells: columns.map(|(page, x)| self.cell(at, range, page + first, x)).collect(),
            breaks: self.axis.breaks(from, to).map(|gap| (gap.x, gap.width)).collect(),
        }
    }

    fn cell(&self, at: usize, range: &MappedRange, page: u64, x: f32) -> MatrixCell {
        let comparison = &self.bench.comparison;
        let word = |lane| comparison.end(lane, at, page).map(|end| end.word);
        MatrixCell {
            page,
            x,
            state: self.state(range, page),
            differs: word(self.lane) != word(0),
            now: self.here == Some((at, page)),
            picked: self.bench.picked == Some((at, page)),
        }
    }

    fn state(&self, range: &MappedRange, page: u64) -> Option<CellState> {
        let world = self.now.world();
        let inside = page - range.pages.first;
        let before = usize::try_from(inside).ok().and_then(|at| range.words.get(at));
        let was = before.is_some_and(|word| !word.is_none());
        if !world.is_alive(range.mm) {
            return None;
        }
        let state = match world.pte_slot(range.mm, range.addr.add_pages(inside)) {
            Ok(slot) => slot_state(self.now, slot),
            Err((level, slot)) => upper_state(self.now, level, slot),
        };
        let gone = matches!(state, CellState::Empty | CellState::NoTable(_)) && was;
        (!gone).then_some(state)
    }
}

/// The line from visit to visit and its knots, where they have a column and a row.
fn line(
    bench: &Bench,
    lane: usize,
    now: &Now<'_>,
    axis: &Axis,
    rows: &[MatrixRow],
    tall: f32,
) -> (String, String) {
    let first = bench.comparison.pages.first;
    let at = now.step.map_or(0, |step| step + 1);
    let (mut line, mut knots) = (Pen::default(), Pen::default());
    let mut pen = 'M';
    let point = |visit: &Visit| {
        let row = rows.iter().find(|row| row.range == visit.range as usize)?;
        let x = axis.column(visit.page.checked_sub(first)?)? + axis.cell / 2.0;
        Some((x, row.y + tall - 3.5))
    };
    let visits = bench.sides[lane].visits.before(at, LINE_MAX);
    for (x, y) in visits.iter().filter_map(point) {
        line = line.to(pen, &[x, y]);
        knots = knots.to('M', &[x, y]).to('h', &[0.0]);
        pen = 'L';
    }
    (line.done(), knots.done())
}

/// The numbers that find room: where the step is, the ends of each stretch, then the rest.
fn numbers(axis: &Axis, first: u64, here: Option<u64>) -> Vec<MatrixNumber> {
    let mut taken: Vec<(f32, f32)> = Vec::new();
    let mut numbers = Vec::new();
    let mut put = |x: f32, text: String, now: bool| {
        let half = text_width(&text) / 2.0 + 2.0;
        if taken.iter().all(|(from, to)| x + half <= *from || *to <= x - half) {
            taken.push((x - half, x + half));
            numbers.push(MatrixNumber { x, text, now });
        }
    };
    let middle = |page: u64| axis.column(page).map(|x| x + axis.cell / 2.0);
    let here = here.map(|page| page - first);
    if let Some((page, x)) = here.and_then(|page| Some((page, middle(page)?))) {
        put(x, (page + first).to_string(), true);
    }
    for gap in axis.segments.iter().filter(|s| s.stretch == Stretch::Skip) {
        put(gap.x + gap.width / 2.0, "…".to_owned(), false);
    }
    let ends = axis.segments.iter().filter(|s| s.stretch == Stretch::Cells);
    let ends = ends.flat_map(|s| [s.first, s.end - 1]);
    for page in ends.chain(axis.columns(0, axis.pages).map(|(page, _)| page)) {
        if let Some(x) = middle(page) {
            put(x, (page + first).to_string(), false);
        }
    }
    numbers
}
