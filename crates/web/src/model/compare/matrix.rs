//! The entries of a range as a matrix: mappings down, pages across, and the order in which a lane
//! comes to them as a line. All lanes share one layout, so that their columns agree: few entries
//! are boxes with letters, many are a [`Field`].

use std::rc::Rc;

use rangewalk_core::compare::MappedRange;

use crate::compare::Bench;
use crate::model::compare::columns::Columns;
use crate::model::compare::field::Field;
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
/// Widest and narrowest pitch of rows of boxes.
const PITCH: (f32, f32) = (38.0, 19.0);
/// Widest and narrowest box.
const BOX: (f32, f32) = (36.5, 5.0);
/// A row of a field is one to three times as high as this.
const LINE: f32 = 5.0;
/// Widest column of a field.
const COLUMN_MAX: f32 = 12.0;
/// From one label of a field to the next.
const LABEL: f32 = 12.0;
/// Most looks that the line shows, the latest ones: among boxes and in a field.
const LINE_MAX: (usize, usize) = (400, 60);

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

/// One mapping with its label.
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
    /// Its pages, where they are boxes.
    pub cells: Vec<MatrixCell>,
}

/// A number above a column.
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
    pub gutter: f32,
    /// First page, and how many there are.
    pub pages: (u64, u64),
    /// Pages from one column to the next.
    pub every: u64,
    /// Width of a column.
    pub cell: f32,
    /// Rows on show: their places among the ranges.
    pub rows: Vec<usize>,
    /// Of each of them the first page and the first behind it.
    spans: Vec<(u64, u64)>,
    /// From one row to the next.
    pub pitch: f32,
    /// What the columns of a field show; `None`: entries are boxes of their own.
    stands: Option<Rc<Columns>>,
    /// Rows with a label, by their places among the rows on show.
    labelled: Vec<usize>,
    /// How many are left out, in words.
    pub folded: Option<String>,
    /// Height of the picture.
    pub height: f32,
}

/// An entry of a field that is stressed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spot {
    /// Its mapping's place among the ranges, and its page.
    pub entry: (usize, u64),
    /// Middle of its column, and top of its row.
    pub at: (f32, f32),
    /// The step is about it; else it is in hand.
    pub now: bool,
}

/// A lane's entries.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    /// What it is laid out by.
    pub layout: Rc<Layout>,
    /// Height of a box.
    pub tall: f32,
    /// Above the columns.
    pub numbers: Vec<MatrixNumber>,
    /// Mappings.
    pub rows: Vec<MatrixRow>,
    /// Too many entries for boxes.
    pub field: Option<Rc<Field>>,
    /// What is stressed there.
    pub spots: Vec<Spot>,
    /// The line through the entries in order of visits.
    pub line: String,
    /// Its knots.
    pub knots: String,
}

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn units(count: u64) -> f32 {
    count as f32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a picture")]
fn whole(length: f32) -> u64 {
    length.max(0.0) as u64
}

impl Layout {
    /// For so many lanes side by side; `here` are the rows that some lane is in.
    #[must_use]
    pub fn new(bench: &Bench, width: f32, here: &[usize]) -> Self {
        let ranges = &bench.comparison.ranges;
        let label = |range: &MappedRange| text_width(&range.name) + 8.0;
        let process = |range: &MappedRange| text_width(bench.process(range.mm));
        let widest = |of: &dyn Fn(&MappedRange) -> f32| ranges.iter().map(of).fold(0.0, f32::max);
        let gutter = (widest(&label) + widest(&process) + 8.0).clamp(30.0, width * 0.3).round();
        let room = width - gutter;
        let pages = (bench.comparison.pages.first, bench.comparison.pages.count.max(1));
        let most = whole(ROOM / PITCH.1);
        let boxes = ranges.len() as u64 <= most && units(pages.1) * BOX.1 <= room;
        let most = if boxes { most } else { whole(ROOM / LINE) };
        let rows = rows(ranges.len(), usize::try_from(most).unwrap_or(1), here);
        let count = units(rows.len() as u64).max(1.0);
        let every = pages.1.div_ceil(whole(room));
        let fitting = room / units(pages.1.div_ceil(every));
        let (pitch, cell) = if boxes {
            ((ROOM / count).clamp(PITCH.1, PITCH.0), fitting.min(BOX.0))
        } else {
            let lines = (ROOM / count / LINE).floor().clamp(1.0, 3.0);
            (lines * LINE, fitting.floor().min(COLUMN_MAX))
        };
        let left = ranges.len() - rows.len();
        let words = || count_words(left as u64, "more mapping", "more mappings");
        let folded = (left > 0).then(words);
        let tail = if folded.is_some() { 14.0 } else { 0.0 };
        let height = HEAD + count * pitch + tail;
        let labelled = labelled(rows.len(), pitch);
        let span = |at: &usize| (ranges[*at].pages.first, ranges[*at].pages.end());
        let spans = rows.iter().map(span).collect();
        Self {
            spans,
            width,
            gutter,
            pages,
            every,
            cell,
            rows,
            pitch,
            stands: (!boxes).then(|| bench.columns(every)),
            labelled,
            folded,
            height,
        }
    }

    /// Columns.
    #[must_use]
    pub fn columns(&self) -> u64 {
        self.pages.1.div_ceil(self.every)
    }

    /// Pages from one column to the next of a field; `None` where entries are boxes.
    #[must_use]
    pub fn field_step(&self) -> Option<u64> {
        self.stands.as_ref().map(|_| self.every)
    }

    fn is_boxes(&self) -> bool {
        self.stands.is_none()
    }

    /// Left edge of the column that page `page` is in.
    #[must_use]
    pub fn x(&self, page: u64) -> f32 {
        self.gutter + self.cell * units(page.saturating_sub(self.pages.0) / self.every)
    }

    /// Top of a row, by its place among the ranges.
    #[must_use]
    pub fn y(&self, range: usize) -> Option<f32> {
        let at = self.rows.binary_search(&range).ok()?;
        Some(HEAD + units(at as u64) * self.pitch)
    }
}

/// The rows on show: all of them, or the first ones and those that a lane is in; ascending.
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

/// The rows whose labels find room, from the top.
fn labelled(rows: usize, pitch: f32) -> Vec<usize> {
    let apart = usize::try_from(whole((LABEL / pitch).ceil())).unwrap_or(1);
    (0..rows).step_by(apart.max(1)).collect()
}

impl Matrix {
    /// The entries in lane `lane`, whose cursor is `now`.
    #[must_use]
    pub fn new(bench: &Bench, lane: usize, now: &Now<'_>, layout: &Rc<Layout>) -> Self {
        let here = here(bench, now);
        let air = match layout.is_boxes() {
            true if layout.pitch > 30.0 => 6.0,
            true => 4.0,
            false => layout.pitch / LINE,
        };
        let place = Place { bench, lane, now, layout, here };
        let (line, knots) = place.line(layout.pitch - air);
        let field = |stands: &Rc<Columns>| Rc::new(Field::new(bench, lane, now, layout, stands));
        let field = layout.stands.as_ref().map(field);
        Self {
            tall: layout.pitch - air,
            numbers: numbers(layout, here.map(|(_, page)| page)),
            rows: layout.labelled.iter().map(|at| place.row(*at)).collect(),
            spots: if field.is_some() { place.spots() } else { Vec::new() },
            field,
            line,
            knots,
            layout: layout.clone(),
        }
    }

    /// The entry at a place of the picture: its mapping's place among the ranges, and its page.
    #[must_use]
    pub fn entry_at(&self, x: f32, y: f32) -> Option<(usize, u64)> {
        let layout = &self.layout;
        if x < layout.gutter || y < HEAD {
            return None;
        }
        let row = usize::try_from(whole((y - HEAD) / layout.pitch)).ok()?;
        let column = whole((x - layout.gutter) / layout.cell);
        let (first, end) = *layout.spans.get(row)?;
        let range = layout.rows[row];
        let page = match &layout.stands {
            None => layout.pages.0 + column,
            Some(stands) => {
                first + u64::from(stands.of(range).get(usize::try_from(column).ok()?)?.inside?)
            }
        };
        (first <= page && page < end).then_some((range, page))
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

/// A lane at its cursor.
struct Place<'a> {
    bench: &'a Bench,
    lane: usize,
    now: &'a Now<'a>,
    layout: &'a Layout,
    here: Option<(usize, u64)>,
}

impl Place<'_> {
    /// Row `at` of those on show.
    fn row(&self, at: usize) -> MatrixRow {
        let layout = self.layout;
        let index = layout.rows[at];
        let range = &self.bench.comparison.ranges[index];
        let pages = if layout.is_boxes() { range.pages.first..range.pages.end() } else { 0..0 };
        MatrixRow {
            range: index,
            label: range.name.clone(),
            process: self.bench.process(range.mm).to_owned(),
            y: HEAD + units(at as u64) * layout.pitch,
            cells: pages.map(|page| self.cell(index, range, page)).collect(),
        }
    }

    fn cell(&self, at: usize, range: &MappedRange, page: u64) -> MatrixCell {
        let comparison = &self.bench.comparison;
        let word = |lane| comparison.end(lane, at, page).map(|end| end.word);
        MatrixCell {
            page,
            x: self.layout.x(page),
            state: self.state(range, page),
            differs: word(self.lane) != word(0),
            now: self.here == Some((at, page)),
            picked: self.bench.picked == Some((at, page)),
        }
    }

    /// What is stressed in a field.
    fn spots(&self) -> Vec<Spot> {
        let spot = |entry: Option<(usize, u64)>, now: bool| {
            let (range, page) = entry?;
            let at = (self.layout.x(page) + self.layout.cell / 2.0, self.layout.y(range)?);
            Some(Spot { entry: (range, page), at, now })
        };
        [spot(self.bench.picked, false), spot(self.here, true)].into_iter().flatten().collect()
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

    /// The line from visit to visit and its knots, where they have a row.
    fn line(&self, tall: f32) -> (String, String) {
        let layout = self.layout;
        let at = self.now.step.map_or(0, |step| step + 1);
        let (most, up) =
            if layout.is_boxes() { (LINE_MAX.0, 3.5) } else { (LINE_MAX.1, tall / 2.0) };
        let (mut line, mut knots) = (Pen::default(), Pen::default());
        let mut pen = 'M';
        let point = |visit: &Visit| {
            let y = layout.y(visit.range as usize)?;
            let page = visit.page(&self.bench.comparison);
            Some((layout.x(page) + layout.cell / 2.0, y + tall - up))
        };
        let visits = self.bench.sides[self.lane].visits.before(at, most);
        for (x, y) in visits.iter().filter_map(point) {
            line = line.to(pen, &[x, y]);
            if layout.is_boxes() {
                knots = knots.to('M', &[x, y]).to('h', &[0.0]);
            }
            pen = 'L';
        }
        (line.done(), knots.done())
    }
}

/// The numbers that find room: where the step is, both ends, then every page, every second, every
/// fourth …, or in a field the quarters.
fn numbers(layout: &Layout, here: Option<u64>) -> Vec<MatrixNumber> {
    let mut taken: Vec<(f32, f32)> = Vec::new();
    let mut numbers = Vec::new();
    let mut put = |page: u64, now: bool| {
        let text = page.to_string();
        let half = text_width(&text) / 2.0 + 2.0;
        let x = layout.x(page) + layout.cell / 2.0;
        let x = if layout.is_boxes() { x } else { x.min(layout.width - half) };
        if taken.iter().all(|(from, to)| x + half <= *from || *to <= x - half) {
            taken.push((x - half, x + half));
            numbers.push(MatrixNumber { x, text, now });
        }
    };
    if let Some(page) = here {
        put(page, true);
    }
    let (first, count) = layout.pages;
    put(first, false);
    put(first + count - 1, false);
    let (start, between) = if layout.is_boxes() {
        let widest = text_width(&(first + count).to_string()) + 4.0;
        let mut between = 1;
        while units(between) * layout.cell < widest {
            between *= 2;
        }
        (first.next_multiple_of(between), between)
    } else {
        (first, count.div_ceil(4))
    };
    let between = usize::try_from(between).unwrap_or(usize::MAX);
    for page in (start..first + count).step_by(between) {
        put(page, false);
    }
    numbers
}
