//! In which order a lane comes to the entries of the range.

use rangewalk_core::arch::level::PTRS_PER_TABLE;
use rangewalk_core::compare::{Comparison, Lane};
use rangewalk_core::machine::{Event, SlotId};

/// An entry looked at, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The step.
    pub step: u32,
    /// The place of its mapping among the ranges.
    pub range: u32,
    /// The page's place among those of the mapping.
    inside: u32,
}

impl Visit {
    /// Page of the file.
    #[must_use]
    pub fn page(&self, comparison: &Comparison) -> u64 {
        comparison.ranges[self.range as usize].pages.first + u64::from(self.inside)
    }
}

/// How a walk goes through mappings and pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// It comes to no two entries.
    None,
    /// Mapping by mapping.
    Rows,
    /// Page by page.
    Columns,
}

/// All looks at entries of the range during the job, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visits(Vec<Visit>);

impl Visits {
    /// Of this lane. Its cursor is at the start.
    #[must_use]
    pub fn new(comparison: &Comparison, lane: &Lane) -> Self {
        let mut leaves = Leaves::new(comparison, lane);
        let events = &lane.run.timeline.tape().events()[..lane.job_end as usize];
        // Counted first: a list this long that grows is copied again and again.
        let mut visits = Vec::with_capacity(events.iter().filter_map(looked_at).count());
        for (step, event) in (0..).zip(events) {
            if let Some((range, inside)) = looked_at(event).and_then(|slot| leaves.entry(slot)) {
                visits.push(Visit { step, range, inside });
            }
        }
        Self(visits)
    }

    /// The last `most` looks before `at` steps were done.
    #[must_use]
    pub fn before(&self, at: u32, most: usize) -> &[Visit] {
        let end = self.0.partition_point(|visit| visit.step < at);
        &self.0[end.saturating_sub(most)..end]
    }

    /// How they follow each other, on the whole.
    #[must_use]
    pub fn order(&self, comparison: &Comparison) -> Order {
        let (mut rows, mut columns) = (0, 0);
        for pair in self.0.windows(2) {
            let same_range = pair[0].range == pair[1].range;
            let same_page = pair[0].page(comparison) == pair[1].page(comparison);
            rows += u32::from(same_range && !same_page);
            columns += u32::from(!same_range && same_page);
        }
        match (rows, columns) {
            (0, 0) => Order::None,
            _ if rows >= columns => Order::Rows,
            _ => Order::Columns,
        }
    }
}

/// The entry that the event is a look at.
fn looked_at(event: &Event) -> Option<SlotId> {
    match *event {
        Event::Slot { slot, .. } | Event::Zap { slot, .. } | Event::Keep { slot, .. } => Some(slot),
        _ => None,
    }
}

/// Which entries of which tables map pages of the range.
struct Leaves {
    /// By their first entries.
    all: Vec<Leaf>,
    /// The one found last, where the next entry often lies too.
    last: usize,
}

/// Entries in a row of one table.
struct Leaf {
    first: SlotId,
    len: u32,
    range: u32,
    /// The page's place among those of the mapping.
    inside: u32,
}

impl Leaves {
    fn new(comparison: &Comparison, lane: &Lane) -> Self {
        let world = lane.run.timeline.world();
        let mut leaves = Vec::new();
        for (at, range) in (0..).zip(&comparison.ranges) {
            let mut page = 0;
            while page < range.pages.count {
                let addr = range.addr.add_pages(page);
                let index = (addr.0 >> 12) % u64::from(PTRS_PER_TABLE);
                let left = (u64::from(PTRS_PER_TABLE) - index).min(range.pages.count - page);
                if world.is_alive(range.mm)
                    && let Ok(first) = world.pte_slot(range.mm, addr)
                {
                    let len = u32::try_from(left).unwrap_or(PTRS_PER_TABLE);
                    let inside = u32::try_from(page).expect("a comparison holds all its entries");
                    leaves.push(Leaf { first, len, range: at, inside });
                }
                page += left;
            }
        }
        leaves.sort_unstable_by_key(|leaf| leaf.first);
        Self { all: leaves, last: 0 }
    }

    /// The mapping of this entry, and the place of its page there.
    fn entry(&mut self, slot: SlotId) -> Option<(u32, u32)> {
        let inside = |leaf: &Leaf| slot.0.checked_sub(leaf.first.0).filter(|it| *it < leaf.len);
        if self.all.get(self.last).and_then(inside).is_none() {
            self.last = self.all.partition_point(|leaf| leaf.first <= slot).checked_sub(1)?;
        }
        let leaf = self.all.get(self.last)?;
        inside(leaf).map(|inside| (leaf.range, leaf.inside + inside))
    }
}
