//! The score of a run: the one place where events become numbers.

use crate::addr::PAGE_SIZE;
use crate::compare::count::{Count, Score};
use crate::machine::event::{FaultCause, Found, Lock, Reach};
use crate::machine::{CpuId, Event, Func};

/// Adds up. A copy goes on from where it was taken.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    score: Score,
    /// Locks held now.
    locks: u32,
    /// Another CPU has come in meanwhile, and holds locks of its own.
    guest: bool,
    /// The addresses of the last `zap_pte_range`.
    zapping: [u64; 2],
}

impl Meter {
    /// What it has come to.
    #[must_use]
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// True while another CPU is in, who found locks held.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        self.guest
    }

    /// A step is done.
    #[inline]
    pub fn event(&mut self, event: &Event) {
        self.add(Count::Steps, 1);
        match *event {
            Event::TreeQuery { .. } => self.add(Count::TreeQueries, 1),
            Event::TreeLook { .. } => self.add(Count::TreeNodes, 1),
            Event::Descend { level, .. } => {
                self.add(Count::Descents, u64::from(level.is_top()));
                self.add(Count::TableHops, 1);
            }
            Event::Slot { found, .. } => {
                self.add(Count::Slots, 1);
                self.add(Count::EmptySlots, u64::from(found == Found::None));
            }
            Event::Store { .. } => self.add(Count::Changed, 1),
            Event::Zap { .. } => {
                self.add(Count::Zapped, 1);
                self.finds_entry();
            }
            Event::Keep { .. } => self.finds_entry(),
            Event::NotifierStart { .. } => self.add(Count::Notifiers, 1),
            Event::Flush { reach, start, end, .. } => self.flush(reach, end.pages_since(start)),
            Event::Ipi { .. } => self.add(Count::Ipis, 1),
            Event::PageDirty { .. } => self.add(Count::PagesDirtied, 1),
            Event::Fault { cause: FaultCause::Protection, .. } => self.add(Count::WriteFaults, 1),
            Event::Fault { cause: FaultCause::NotPresent, .. } => self.add(Count::MissingFaults, 1),
            Event::Install { .. } => self.add(Count::Installed, 1),
            Event::Mkwrite { .. } => self.add(Count::Mkwrites, 1),
            Event::Access { cpu, .. } => self.guest = cpu != CpuId(0) && self.locks > 0,
            Event::Resume { .. } => self.guest = false,
            Event::Lock { lock, .. } => self.lock(lock),
            Event::Unlock { .. } => self.unlock(),
            Event::Downgrade { lock } => {
                self.unlock();
                self.lock(lock);
            }
            _ => {}
        }
    }

    /// A function begins.
    #[inline]
    pub fn enter(&mut self, func: Func, args: [u64; 2]) {
        if func == Func::ZapPteRange {
            self.zap_begins(args);
        }
    }

    fn add(&mut self, count: Count, more: u64) {
        self.score.add(count, more);
    }

    /// One of the slots of the `zap_pte_range` at work is not empty after all.
    fn finds_entry(&mut self) {
        let empty = &mut self.score.0[Count::EmptySlots as usize];
        *empty = empty.saturating_sub(1);
    }

    /// `zap_pte_range` reads every slot of its range, and tells only of those that hold something.
    /// When a batch is full, 6.12 comes back for the rest: counted once.
    fn zap_begins(&mut self, [start, end]: [u64; 2]) {
        let [before, behind] = self.zapping;
        let again = before < start && start < behind && end == behind;
        self.zapping = [start, end];
        if !again {
            let pages = (end - start) / PAGE_SIZE;
            self.add(Count::Slots, pages);
            self.add(Count::EmptySlots, pages);
        }
    }

    fn flush(&mut self, reach: Reach, pages: u64) {
        match reach {
            Reach::None => return,
            Reach::Pages => self.add(Count::Invlpgs, pages),
            Reach::HugePages => self.add(Count::Invlpgs, pages.div_ceil(512)),
            Reach::All => self.add(Count::FullFlushes, 1),
        }
        self.add(Count::Flushes, 1);
    }

    fn lock(&mut self, lock: Lock) {
        let ptl = matches!(lock, Lock::Ptl(_));
        self.add(if ptl { Count::PtlRounds } else { Count::OtherLocks }, 1);
        self.locks += u32::from(!self.guest);
    }

    fn unlock(&mut self) {
        self.locks = self.locks.saturating_sub(u32::from(!self.guest));
    }
}
