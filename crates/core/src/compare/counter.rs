//! Counts what a run does, as it does it or from its tape: the one place where events become
//! numbers.

use std::ops::Range;

use crate::addr::PAGE_SIZE;
use crate::compare::count::{Count, Score};
use crate::compare::profile::Profile;
use crate::machine::event::{FaultCause, Found, Lock, Mode, Reach};
use crate::machine::{Cell, CpuId, Event, Func, Sink, Stop};
use crate::order::sort_by_key;
use crate::trace::Tape;

/// How long locks of one kind were held in one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// What they protect.
    pub kind: LockKind,
    /// How they were held.
    pub mode: Mode,
    /// Times taken.
    pub times: u64,
    /// Steps in all, from the one behind the taking to the one that drops it.
    pub steps: u64,
    /// Steps of the longest time.
    pub longest: u64,
}

/// A lock by what it protects, whosever it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockKind {
    /// `i_mmap_rwsem` of a file.
    IMmap,
    /// `mmap_lock` of a process.
    Mmap,
    /// A VMA's.
    Vma,
    /// A folio's.
    Folio,
    /// Of a family of copies on write.
    AnonVma,
    /// `page_table_lock`.
    PageTable,
    /// A page table's own.
    Ptl,
}

impl LockKind {
    /// All of them, in the kernel's order, outer ones first.
    pub const ALL: [LockKind; 7] = [
        LockKind::Mmap,
        LockKind::Folio,
        LockKind::Vma,
        LockKind::IMmap,
        LockKind::AnonVma,
        LockKind::PageTable,
        LockKind::Ptl,
    ];

    /// Its name in the kernel.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            LockKind::IMmap => "i_mmap_rwsem",
            LockKind::Mmap => "mmap_lock",
            LockKind::Vma => "VMA lock",
            LockKind::Folio => "folio lock",
            LockKind::AnonVma => "anon_vma lock",
            LockKind::PageTable => "page_table_lock",
            LockKind::Ptl => "PTL",
        }
    }
}

impl From<Lock> for LockKind {
    fn from(lock: Lock) -> Self {
        match lock {
            Lock::IMmap(_) => LockKind::IMmap,
            Lock::Mmap(_) => LockKind::Mmap,
            Lock::Vma(_) => LockKind::Vma,
            Lock::Folio(_) => LockKind::Folio,
            Lock::AnonVma(_) => LockKind::AnonVma,
            Lock::PageTable(_) => LockKind::PageTable,
            Lock::Ptl(_) => LockKind::Ptl,
        }
    }
}

/// What came of a run, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// What it did.
    pub score: Score,
    /// Which locks it held how long, in the order of [`LockKind::ALL`], readers first.
    pub held: Vec<Held>,
    /// In which functions.
    pub profile: Profile,
}

/// Counts.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    tally: Tally,
    /// Held now, since the step of that number.
    open: Vec<(Lock, Mode, u64)>,
    /// Another CPU has come in, and holds locks of its own.
    guest: bool,
    /// Where in the profile it is.
    at: u32,
    /// The addresses of the last `zap_pte_range`.
    zapping: [u64; 2],
}

impl Counter {
    /// What was counted.
    #[must_use]
    pub fn tally(mut self) -> Tally {
        sort_by_key(&mut self.tally.held, |held| {
            let kind = LockKind::ALL.iter().position(|kind| *kind == held.kind);
            kind.unwrap_or(0) as u64 * 2 + u64::from(held.mode == Mode::Write)
        });
        self.tally
    }

    /// The score so far.
    pub(super) fn score(&self) -> &Score {
        &self.tally.score
    }

    fn add(&mut self, count: Count, more: u64) {
        self.tally.score.add(count, more);
    }

    fn count(&mut self, event: &Event) {
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
            Event::Access { cpu, .. } => self.guest = cpu != CpuId(0) && !self.open.is_empty(),
            Event::Resume { .. } => self.guest = false,
            Event::Lock { lock, mode } => self.lock(lock, mode),
            Event::Unlock { lock, mode } => self.unlock(lock, mode),
            Event::Downgrade { lock } => {
                self.unlock(lock, Mode::Write);
                self.lock(lock, Mode::Read);
            }
            _ => {}
        }
    }

    /// One of the slots of the `zap_pte_range` at work is not empty after all.
    fn finds_entry(&mut self) {
        let empty = &mut self.tally.score.0[Count::EmptySlots as usize];
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

    fn lock(&mut self, lock: Lock, mode: Mode) {
        let ptl = matches!(lock, Lock::Ptl(_));
        self.add(if ptl { Count::PtlRounds } else { Count::OtherLocks }, 1);
        if self.guest {
            return;
        }
        self.open.push((lock, mode, self.tally.score.get(Count::Steps)));
    }

    fn unlock(&mut self, lock: Lock, mode: Mode) {
        if self.guest {
            return;
        }
        let now = self.tally.score.get(Count::Steps);
        let is_it = |open: &(Lock, Mode, u64)| (open.0, open.1) == (lock, mode);
        let Some(at) = self.open.iter().rposition(is_it) else { return };
        let steps = now - self.open.remove(at).2;
        let kind = LockKind::from(lock);
        let held = &mut self.tally.held;
        let at = held.iter().position(|held| (held.kind, held.mode) == (kind, mode));
        let at = at.unwrap_or_else(|| {
            held.push(Held { kind, mode, times: 0, steps: 0, longest: 0 });
            held.len() - 1
        });
        held[at].times += 1;
        held[at].steps += steps;
        held[at].longest = held[at].longest.max(steps);
    }
}

impl Sink for Counter {
    fn event(&mut self, event: &Event) -> Result<(), Stop> {
        self.add(Count::Steps, 1);
        self.tally.profile.step(self.at);
        self.count(event);
        Ok(())
    }

    fn delta(&mut self, _: Cell, _: u64, _: u64) {}

    fn enter(&mut self, func: Func, args: [u64; 2]) {
        self.at = self.tally.profile.call(self.at, func);
        if func == Func::ZapPteRange {
            self.zap_begins(args);
        }
    }

    fn exit(&mut self) {
        self.at = self.tally.profile.caller(self.at);
    }
}

/// Counts those steps of a tape. Of the functions that were called before them, only those still at
/// work count.
#[must_use]
pub fn tally_of(tape: &Tape, steps: Range<u32>) -> Tally {
    let mut counter = Counter::default();
    let frames = tape.frames();
    // Where in the profile each frame is.
    let mut places: Vec<u32> = Vec::new();
    for step in steps.clone() {
        while let Some(frame) = frames.get(places.len()).filter(|frame| frame.enter <= step) {
            let caller = frame.parent.map_or(0, |parent| places[parent as usize]);
            counter.at = caller;
            if frame.enter >= steps.start || frame.exit > step {
                counter.enter(frame.func, frame.args);
            }
            places.push(counter.at);
        }
        counter.at = tape.frame_at(step).map_or(0, |frame| places[frame as usize]);
        let counted = counter.event(&tape.event(step));
        debug_assert_eq!(counted, Ok(()), "a counter has no limit");
    }
    counter.tally()
}
