//! What is counted of a walk, and a score that holds one number for each.

/// Something that a walk does, countable and with a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Count {
    /// Times the interval tree is asked for a range.
    TreeQueries,
    /// Its nodes looked at, those reached again from below among them.
    TreeNodes,
    /// Ways down from a PGD.
    Descents,
    /// Entries above the PTEs read.
    TableHops,
    /// PTEs read, empty ones among them.
    Slots,
    /// Those of them that were empty.
    EmptySlots,
    /// PTEs exchanged and put back.
    Changed,
    /// PTEs taken away by a zap.
    Zapped,
    /// Times the lock of a page table is taken.
    PtlRounds,
    /// Times any other lock is taken.
    OtherLocks,
    /// Pairs of MMU notifier calls.
    Notifiers,
    /// TLB flushes of any size.
    Flushes,
    /// Pages of those that flush page by page.
    Invlpgs,
    /// Those that flush all of an address space.
    FullFlushes,
    /// Other CPUs interrupted to flush.
    Ipis,
    /// Pages marked dirty for the kernel.
    PagesDirtied,
    /// Faults on an entry that forbids the access.
    WriteFaults,
    /// Faults where there is no entry.
    MissingFaults,
    /// Entries that faults install.
    Installed,
    /// Calls of `page_mkwrite` or `pfn_mkwrite`.
    Mkwrites,
    /// Pages whose dirt nobody knows of any more.
    DirtLost,
    /// Steps.
    Steps,
}

impl Count {
    /// All of them, in the order in which they are told.
    pub const ALL: [Count; 22] = [
        Count::TreeQueries,
        Count::TreeNodes,
        Count::Descents,
        Count::TableHops,
        Count::Slots,
        Count::EmptySlots,
        Count::Changed,
        Count::Zapped,
        Count::PtlRounds,
        Count::OtherLocks,
        Count::Notifiers,
        Count::Flushes,
        Count::Invlpgs,
        Count::FullFlushes,
        Count::Ipis,
        Count::PagesDirtied,
        Count::WriteFaults,
        Count::MissingFaults,
        Count::Installed,
        Count::Mkwrites,
        Count::DirtLost,
        Count::Steps,
    ];

    /// What it is called on the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Count::TreeQueries => "tree queries",
            Count::TreeNodes => "tree nodes visited",
            Count::Descents => "descents",
            Count::TableHops => "table hops",
            Count::Slots => "slots visited",
            Count::EmptySlots => "empty slots visited",
            Count::Changed => "PTEs changed",
            Count::Zapped => "PTEs zapped",
            Count::PtlRounds => "PTL round trips",
            Count::OtherLocks => "other locks taken",
            Count::Notifiers => "notifier pairs",
            Count::Flushes => "flushes",
            Count::Invlpgs => "INVLPG",
            Count::FullFlushes => "full flushes",
            Count::Ipis => "IPIs",
            Count::PagesDirtied => "pages dirtied",
            Count::WriteFaults => "write faults",
            Count::MissingFaults => "missing faults",
            Count::Installed => "PTEs installed",
            Count::Mkwrites => "mkwrite calls",
            Count::DirtLost => "dirt lost",
            Count::Steps => "steps",
        }
    }

    /// The same as one word, for a column or a key: `tree-queries`.
    #[must_use]
    pub fn word(self) -> String {
        self.name().replace(' ', "-").to_ascii_lowercase()
    }
}

/// One number for each [`Count`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score(pub(super) [u64; Count::ALL.len()]);

impl Score {
    /// How many.
    #[must_use]
    pub const fn get(&self, count: Count) -> u64 {
        self.0[count as usize]
    }

    /// All of them, in order of [`Count::ALL`].
    #[must_use]
    pub const fn numbers(&self) -> &[u64; Count::ALL.len()] {
        &self.0
    }

    /// Of such numbers.
    #[must_use]
    pub const fn of(numbers: [u64; Count::ALL.len()]) -> Self {
        Self(numbers)
    }

    /// So many more.
    pub(super) fn add(&mut self, count: Count, more: u64) {
        self.0[count as usize] += more;
    }

    /// Both together.
    #[must_use]
    pub fn plus(mut self, other: &Score) -> Score {
        for (mine, others) in self.0.iter_mut().zip(&other.0) {
            *mine += others;
        }
        self
    }

    /// What of it came behind `before`.
    pub(super) fn minus(mut self, before: &Score) -> Score {
        for (mine, before) in self.0.iter_mut().zip(&before.0) {
            *mine -= before;
        }
        self
    }

    /// Faults of both kinds.
    #[must_use]
    pub const fn faults(&self) -> u64 {
        self.get(Count::WriteFaults) + self.get(Count::MissingFaults)
    }
}
