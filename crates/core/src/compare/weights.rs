//! What each thing counted costs, and where the figure is from: measured on a real kernel, worked
//! out from what was measured, or a guess. All of them can be changed.

use crate::compare::count::{Count, Score};

/// Where a figure is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Measured on Linux 6.18 in a virtual machine, median of nine: what was timed.
    Measured(&'static str),
    /// Worked out from such measurements: how.
    Derived(&'static str),
    /// Nobody measured it: why so much.
    Guess(&'static str),
    /// It is free, or part of something else that is counted.
    Free,
    /// The reader's own.
    Edited,
}

/// What one of something costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// Of what.
    pub count: Count,
    /// Picoseconds for one.
    pub ps: u64,
    /// Where the figure is from.
    pub source: Source,
}

const fn weight(count: Count, ps: u64, source: Source) -> Weight {
    Weight { count, ps, source }
}

/// The measurements are told in `docs/costs.md`. Of the two ways to fill an empty entry, one fault
/// for one page took 1160.84 ns and one for sixteen took 16 times 449.28 ns: so a fault costs
/// 759.00 ns and each entry that it installs 401.84 ns.
const DEFAULT: [Weight; Count::ALL.len()] = [
    weight(Count::TreeQueries, 20_000, Source::Guess("a call that looks at the root")),
    weight(Count::TreeNodes, 5_000, Source::Guess("a cache line, mostly warm")),
    weight(Count::Descents, 0, Source::Free),
    weight(Count::TableHops, 5_000, Source::Guess("a cache line, mostly warm")),
    weight(Count::Slots, 1_550, Source::Measured("PAGEMAP_SCAN that changes nothing, a PTE")),
    weight(Count::EmptySlots, 0, Source::Free),
    weight(
        Count::Changed,
        45_180,
        Source::Derived("PAGEMAP_SCAN that write-protects, less one that changes nothing"),
    ),
    weight(Count::Zapped, 170_540, Source::Measured("MADV_DONTNEED of a shared mapping, a PTE")),
    weight(Count::PtlRounds, 15_000, Source::Guess("an atomic that nobody contends")),
    weight(Count::OtherLocks, 20_000, Source::Guess("two atomics that nobody contends")),
    weight(Count::Notifiers, 10_000, Source::Guess("two calls with nobody listening")),
    weight(Count::Flushes, 0, Source::Free),
    weight(
        Count::Invlpgs,
        273_670,
        Source::Derived(
            "page_mkclean of one more mapping, 370.40 ns, less what else is counted of it",
        ),
    ),
    weight(
        Count::FullFlushes,
        9_031_110,
        Source::Guess("as much as 33 INVLPG: the kernel's ceiling"),
    ),
    weight(Count::Ipis, 2_000_000, Source::Guess("an interrupt there and an answer back")),
    weight(Count::PagesDirtied, 50_000, Source::Guess("a flag and its accounting")),
    weight(Count::WriteFaults, 853_040, Source::Measured("write fault on a write-protected PTE")),
    weight(
        Count::MissingFaults,
        759_000,
        Source::Derived("a fault for one page, and one for sixteen"),
    ),
    weight(Count::Installed, 401_840, Source::Derived("a fault for one page, and one for sixteen")),
    weight(
        Count::Mkwrites,
        801_840,
        Source::Derived("write fault with page_mkwrite on ext4, less one without"),
    ),
    weight(Count::DirtLost, 0, Source::Free),
    weight(Count::Steps, 0, Source::Free),
];

/// What everything costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights([Weight; Count::ALL.len()]);

impl Default for Weights {
    fn default() -> Self {
        Self(DEFAULT)
    }
}

impl Weights {
    /// All rows, in the order of [`Count::ALL`].
    #[must_use]
    pub fn rows(&self) -> &[Weight] {
        &self.0
    }

    /// The reader's own figure, in picoseconds.
    pub fn set(&mut self, count: Count, ps: u64) {
        self.0[count as usize] = weight(count, ps, Source::Edited);
    }

    /// What a score comes to, in picoseconds.
    #[must_use]
    pub fn ps(&self, score: &Score) -> u64 {
        let each = self.0.iter().map(|row| row.ps.saturating_mul(score.get(row.count)));
        each.fold(0, u64::saturating_add)
    }

    /// The same in nanoseconds, rounded.
    #[must_use]
    pub fn ns(&self, score: &Score) -> u64 {
        (self.ps(score) + 500) / 1_000
    }

    /// How much of it rests on guesses, in picoseconds.
    #[must_use]
    pub fn guessed_ps(&self, score: &Score) -> u64 {
        let guessed = self.0.iter().filter(|row| matches!(row.source, Source::Guess(_)));
        let each = guessed.map(|row| row.ps.saturating_mul(score.get(row.count)));
        each.fold(0, u64::saturating_add)
    }
}
