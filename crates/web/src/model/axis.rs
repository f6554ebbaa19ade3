//! The one horizontal axis of the picture: page offsets of a file. Small files show every page; of
//! a longer one the stretches around the walked ranges and the borders of VMAs, with breaks
//! between, so that everything that names a page still stands under its column.

/// How wide the axis may be, in picture units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisSpec {
    /// Left end.
    pub x: f32,
    /// Room.
    pub width: f32,
    /// Widest column of a page.
    pub cell_max: f32,
    /// Narrowest column of a page before the axis breaks.
    pub cell_min: f32,
    /// Column of a page on a broken axis.
    pub cell_broken: f32,
    /// Width of a break.
    pub skip: f32,
}

/// What a stretch of the axis shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// One column a page.
    Cells,
    /// A break: its pages share one narrow column.
    Skip,
}

/// Some pages in a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// First page.
    pub first: u64,
    /// First page behind it.
    pub end: u64,
    /// Left edge.
    pub x: f32,
    /// Width.
    pub width: f32,
    /// What it shows.
    pub stretch: Stretch,
}

/// Page offsets laid out from left to right.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Pages of the file.
    pub pages: u64,
    /// Width of a page's column.
    pub cell: f32,
    /// Stretches in order, without gaps between them.
    pub segments: Vec<Segment>,
}

/// Pages in the window that follows the walk through a break.
const LENS: u64 = 6;
/// Pages shown at either end of a walked range.
const INSIDE: u64 = 3;
/// Most breaks, while borders are added.
const BREAKS_MAX: usize = 5;
/// A gap of so few pages is shown rather than broken.
const GAP_MIN: u64 = 2;

/// A page count as a picture measure.
#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn span(pages: u64) -> f32 {
    pages as f32
}

impl Axis {
    /// An axis for a file of `pages` pages. `ranges` are the walked ones, `borders` page offsets
    /// where something begins or ends, both the most important first; `focus` is the page that the
    /// walk is at, which always gets a column of its own.
    #[must_use]
    pub fn new(
        spec: AxisSpec,
        pages: u64,
        ranges: &[(u64, u64)],
        borders: &[u64],
        focus: Option<u64>,
    ) -> Self {
        let pages = pages.max(1);
        let cell = (spec.width / span(pages)).min(spec.cell_max);
        if cell >= spec.cell_min {
            return Self::lay(spec, pages, cell, &[(0, pages)]);
        }
        let cell = spec.cell_broken;
        let mut shown = Shown { pages, cell, skip: spec.skip, spans: Vec::new() };
        let lens = span(LENS) * cell + spec.skip;
        let room = spec.width - lens;
        for (first, end) in ranges {
            shown.try_add(first.saturating_sub(1), first + INSIDE, room);
            shown.try_add(end.saturating_sub(INSIDE), end + 1, room);
        }
        shown.try_add(0, 1, room);
        shown.try_add(pages - 1, pages, room);
        let inside = |page: &&u64| ranges.iter().any(|(first, end)| first <= *page && *page <= end);
        let (first, then): (Vec<&u64>, Vec<&u64>) = borders.iter().partition(inside);
        for border in first.into_iter().chain(then) {
            shown.try_border(*border, room);
        }
        shown.grow(room, |page| inside(&&page));
        shown.grow(room, |_| true);
        let at = focus.filter(|page| *page < pages && !shown.has(*page));
        let start = ranges.first().map_or(0, |(first, _)| *first);
        let first = at.map_or_else(|| shown.first_gap(start), |page| page - page % LENS);
        shown.add(first, first + LENS);
        Self::lay(spec, pages, cell, &shown.spans)
    }

    fn lay(spec: AxisSpec, pages: u64, cell: f32, shown: &[(u64, u64)]) -> Self {
        let mut segments = Vec::new();
        let (mut x, mut page) = (spec.x, 0);
        let mut push = |first: u64, end: u64, stretch: Stretch| {
            if first < end {
                let width = match stretch {
                    Stretch::Cells => span(end - first) * cell,
                    Stretch::Skip => spec.skip,
                };
                segments.push(Segment { first, end, x, width, stretch });
                x += width;
            }
        };
        for (first, end) in shown {
            push(page, *first, Stretch::Skip);
            push(*first, *end, Stretch::Cells);
            page = *end;
        }
        push(page, pages, Stretch::Skip);
        Self { pages, cell, segments }
    }

    /// Left edge of page `page`; in a break, its share of it. Pages behind the end stand at the
    /// right end.
    #[must_use]
    pub fn x(&self, page: u64) -> f32 {
        let at = self.segments.partition_point(|segment| segment.end <= page);
        match self.segments.get(at) {
            Some(s) => s.x + s.width * span(page - s.first) / span(s.end - s.first),
            None => self.right(),
        }
    }

    /// Left end.
    #[must_use]
    pub fn left(&self) -> f32 {
        self.segments[0].x
    }

    /// Right end.
    #[must_use]
    pub fn right(&self) -> f32 {
        self.segments.last().map_or(0.0, |segment| segment.x + segment.width)
    }

    /// Left edge of the page's own column, if it has one.
    #[must_use]
    pub fn column(&self, page: u64) -> Option<f32> {
        let shown = |s: &&Segment| s.stretch == Stretch::Cells && s.first <= page && page < s.end;
        self.segments.iter().find(shown).map(|_| self.x(page))
    }

    /// Every page of `first..=last` that has a column, with its left edge.
    pub fn columns(&self, first: u64, last: u64) -> impl Iterator<Item = (u64, f32)> + '_ {
        self.segments.iter().filter(|s| s.stretch == Stretch::Cells).flat_map(move |s| {
            let (from, to) = (s.first.max(first), s.end.min(last.saturating_add(1)));
            (from..to.max(from)).map(move |page| (page, s.x + self.cell * span(page - s.first)))
        })
    }

    /// The breaks that touch `first..=last`.
    pub fn breaks(&self, first: u64, last: u64) -> impl Iterator<Item = &Segment> + '_ {
        self.segments
            .iter()
            .filter(move |s| s.stretch == Stretch::Skip && s.first <= last && first < s.end)
    }

    /// True if some pages have no column of their own.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.segments.len() > 1
    }
}

/// The stretches chosen so far: sorted, apart by more than [`GAP_MIN`].
struct Shown {
    pages: u64,
    cell: f32,
    skip: f32,
    spans: Vec<(u64, u64)>,
}

impl Shown {
    fn has(&self, page: u64) -> bool {
        self.spans.iter().any(|(first, end)| *first <= page && page < *end)
    }

    /// The first page from `start` on that is not shown.
    fn first_gap(&self, start: u64) -> u64 {
        let covers = |(first, end): &&(u64, u64)| *first <= start && start < *end;
        self.spans.iter().find(covers).map_or(start, |(_, end)| *end)
    }

    fn breaks(&self) -> usize {
        let mut page = 0;
        let mut breaks = 0;
        for (first, end) in &self.spans {
            breaks += usize::from(page < *first);
            page = *end;
        }
        breaks + usize::from(page < self.pages)
    }

    fn width(&self) -> f32 {
        let cells: u64 = self.spans.iter().map(|(first, end)| end - first).sum();
        span(cells) * self.cell + span(self.breaks() as u64) * self.skip
    }

    /// Adds pages, joining what comes close.
    fn add(&mut self, first: u64, end: u64) {
        let (mut first, mut end) = (first, end.min(self.pages));
        if first >= end {
            return;
        }
        self.spans.retain(|(f, e)| {
            let apart = *f > end + GAP_MIN || *e + GAP_MIN < first;
            if !apart {
                first = first.min(*f);
                end = end.max(*e);
            }
            apart
        });
        // A gap as small as that at either end of the file is shown too.
        first = if first <= GAP_MIN { 0 } else { first };
        end = if end + GAP_MIN >= self.pages { self.pages } else { end };
        let at = self.spans.partition_point(|(f, _)| *f < first);
        self.spans.insert(at, (first, end));
    }

    fn try_add(&mut self, first: u64, end: u64, room: f32) -> bool {
        let before = self.spans.clone();
        self.add(first, end);
        let fits = self.width() <= room;
        if !fits {
            self.spans = before;
        }
        fits
    }

    /// Adds the pages on both sides of a border, unless that would break the axis too often.
    fn try_border(&mut self, border: u64, room: f32) {
        let before = self.spans.clone();
        if self.try_add(border.saturating_sub(1), border + 1, room) && self.breaks() > BREAKS_MAX {
            self.spans = before;
        }
    }

    /// Spends what room is left evenly on all stretches, towards those pages that are `wanted`.
    fn grow(&mut self, room: f32, wanted: impl Fn(u64) -> bool) {
        let mut grew = true;
        while grew {
            grew = false;
            for at in 0..self.spans.len() {
                let Some((first, end)) = self.spans.get(at).copied() else { break };
                grew |= first > 0 && wanted(first - 1) && self.try_add(first - 1, end, room);
                let Some((first, end)) = self.spans.get(at).copied() else { break };
                grew |= end < self.pages && wanted(end) && self.try_add(first, end + 1, room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: AxisSpec = AxisSpec {
        x: 108.0,
        width: 480.0,
        cell_max: 20.0,
        cell_min: 11.0,
        cell_broken: 15.0,
        skip: 40.0,
    };

    #[test]
    fn twenty_four_pages_stand_twenty_units_apart() {
        let axis = Axis::new(SPEC, 24, &[], &[], None);
        assert!(!axis.is_broken());
        assert_eq!((axis.x(0), axis.x(7), axis.x(24)), (108.0, 248.0, 588.0));
        assert_eq!(axis.columns(5, 7).collect::<Vec<_>>(), [(5, 208.0), (6, 228.0), (7, 248.0)]);
    }

    #[test]
    fn a_long_file_breaks_between_its_borders() {
        let axis = Axis::new(SPEC, 262_144, &[(1000, 1009)], &[131_072], None);
        assert!(axis.is_broken());
        assert!(axis.right() <= SPEC.x + SPEC.width, "{axis:?}");
        for page in [0, 999, 1000, 1008, 1009, 131_071, 131_072, 262_143] {
            assert!(axis.column(page).is_some(), "page {page} has a column");
        }
        let pages: u64 = axis.segments.iter().map(|s| s.end - s.first).sum();
        assert_eq!(pages, 262_144, "no page is lost");
        assert!(axis.segments.windows(2).all(|w| w[0].end == w[1].first));
    }

    #[test]
    fn the_walk_always_has_a_column_and_the_others_stay() {
        let far = Axis::new(SPEC, 262_144, &[], &[1000, 200_000], Some(150_000));
        assert!(far.column(150_000).is_some());
        assert!(far.right() <= SPEC.x + SPEC.width);
        let near = Axis::new(SPEC, 262_144, &[], &[1000, 200_000], Some(150_001));
        assert_eq!(near, far, "one page on, nothing moves");
        let none = Axis::new(SPEC, 262_144, &[], &[1000, 200_000], None);
        for page in [0, 1000, 200_000, 262_143] {
            assert!(none.column(page).is_some());
        }
    }

    #[test]
    fn it_never_runs_backwards_and_never_overflows_with_many_borders() {
        let borders: Vec<u64> = (0..500).map(|n| n * 521 % 262_144).collect();
        let axis = Axis::new(SPEC, 262_144, &[(10, 200_000)], &borders, Some(77_777));
        assert!(axis.right() <= SPEC.x + SPEC.width, "{}", axis.right());
        let xs: Vec<f32> = (0..262_144).step_by(97).map(|page| axis.x(page)).collect();
        assert!(xs.windows(2).all(|w| w[0] <= w[1]));
    }
}
