//! Columns of a field: which of its pages each shows of each mapping. Where a column stands for
//! several, what is rare must not fall between: it shows an entry that does not end alike in all
//! lanes before one that a lane changes, and that before one that merely is there. So all lanes
//! show the same entries, and none that differs goes unseen.

use rangewalk_core::arch::Pte;
use rangewalk_core::compare::{Comparison, MappedRange};

/// What a column shows of a mapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The page's place among those of the mapping; `None`: the column has none of them.
    pub inside: Option<u32>,
    /// A bit for each lane: an entry of the column ends otherwise there than in the first lane.
    pub differs: u8,
    /// How much is to be told of the entry.
    weight: Weight,
}

/// From what need not be seen to what must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    Empty,
    Mapped,
    Changed,
    Differs,
}

/// What all columns show.
#[derive(Debug, PartialEq, Eq)]
pub struct Columns {
    /// How many columns there are.
    count: usize,
    /// Mapping after mapping.
    shown: Vec<Shown>,
}

impl Columns {
    /// Of columns of `every` pages.
    #[must_use]
    pub fn new(comparison: &Comparison, every: u64) -> Self {
        let pages = comparison.pages;
        let count = usize::try_from(pages.count.max(1).div_ceil(every)).unwrap_or(1);
        let none = Shown { inside: None, differs: 0, weight: Weight::Empty };
        let mut shown = vec![none; count * comparison.ranges.len()];
        for (range, row) in comparison.ranges.iter().zip(shown.chunks_exact_mut(count)) {
            for (inside, page) in (0..).zip(range.pages.first..range.pages.end()) {
                let column = usize::try_from((page - pages.first) / every).unwrap_or(0);
                let (weight, differs) = weigh(comparison, range, inside as usize);
                let shown = &mut row[column];
                shown.differs |= differs;
                if shown.inside.is_none() || shown.weight < weight {
                    (shown.inside, shown.weight) = (Some(inside), weight);
                }
            }
        }
        Self { count, shown }
    }

    /// What they show of a mapping, by its place among the ranges.
    #[must_use]
    pub fn of(&self, range: usize) -> &[Shown] {
        &self.shown[range * self.count..(range + 1) * self.count]
    }
}

/// How much is to be told of an entry, and in which lanes it ends otherwise than in the first.
fn weigh(comparison: &Comparison, range: &MappedRange, inside: usize) -> (Weight, u8) {
    let before = range.words[inside];
    let word = |lane: usize| {
        let end = comparison.lanes[lane].ends.get(range.first + inside);
        end.map_or(Pte(0), |end| end.word)
    };
    let first = word(0);
    let mut weight = match (first == before, before.is_none()) {
        (false, _) => Weight::Changed,
        (true, false) => Weight::Mapped,
        (true, true) => Weight::Empty,
    };
    let mut differs = 0;
    for lane in 1..comparison.lanes.len() {
        if word(lane) != first {
            differs |= 1 << lane;
            weight = Weight::Differs;
        }
    }
    (weight, differs)
}
