//! Counts what a run does, as it does it or from its tape: a score, who held which lock how long,
//! and in which functions it was.

use std::ops::Range;

use crate::compare::count::{Count, Score};
use crate::compare::meter::Meter;
use crate::compare::profile::Profile;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cell, Event, Func, Sink, Stop};
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
    /// `mmap_lock` of a process.
    Mmap,
    /// A folio's.
    Folio,
    /// A VMA's.
    Vma,
    /// `i_mmap_rwsem` of a file.
    IMmap,
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

/// A counter has a place for each kind, by its number.
const _: () = {
    let mut at = 0;
    while at < LockKind::ALL.len() {
        assert!(LockKind::ALL[at] as usize == at);
        at += 1;
    }
};

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
    meter: Meter,
    /// Held now, since the step of that number.
    open: Vec<(Lock, Mode, u64)>,
    /// How long they were held by kind, in either mode.
    times: [[Times; 2]; LockKind::ALL.len()],
    profile: Profile,
    /// Where in the profile it is.
    at: u32,
}

/// How often something was held, how long in all, how long at most.
#[derive(Clone, Copy, Debug, Default)]
struct Times {
    times: u64,
    steps: u64,
    longest: u64,
}

impl Counter {
    /// What was counted.
    #[must_use]
    pub fn tally(self) -> Tally {
        let mut held = Vec::new();
        for (kind, modes) in LockKind::ALL.into_iter().zip(&self.times) {
            for (mode, of) in [Mode::Read, Mode::Write].into_iter().zip(modes) {
                let Times { times, steps, longest } = *of;
                held.extend((times > 0).then_some(Held { kind, mode, times, steps, longest }));
            }
        }
        Tally { score: *self.meter.score(), held, profile: self.profile }
    }

    /// The score so far, and what goes on counting from there.
    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    #[inline(never)]
    fn locks(&mut self, event: &Event) {
        // A guest's locks are its own affair.
        if self.meter.is_guest() {
            return;
        }
        match *event {
            Event::Lock { lock, mode } => self.lock(lock, mode),
            Event::Unlock { lock, mode } => self.unlock(lock, mode),
            Event::Downgrade { lock } => {
                self.unlock(lock, Mode::Write);
                self.lock(lock, Mode::Read);
            }
            _ => {}
        }
    }

    fn lock(&mut self, lock: Lock, mode: Mode) {
        self.open.push((lock, mode, self.meter.score().get(Count::Steps)));
    }

    fn unlock(&mut self, lock: Lock, mode: Mode) {
        let is_it = |open: &(Lock, Mode, u64)| (open.0, open.1) == (lock, mode);
        let Some(at) = self.open.iter().rposition(is_it) else { return };
        let steps = self.meter.score().get(Count::Steps) - self.open.remove(at).2;
        let of = &mut self.times[LockKind::from(lock) as usize][mode as usize];
        of.times += 1;
        of.steps += steps;
        of.longest = of.longest.max(steps);
    }
}

impl Sink for Counter {
    #[inline]
    fn event(&mut self, event: &Event) -> Result<(), Stop> {
        self.profile.step(self.at);
        self.meter.event(event);
        if matches!(event, Event::Lock { .. } | Event::Unlock { .. } | Event::Downgrade { .. }) {
            self.locks(event);
        }
        Ok(())
    }

    fn delta(&mut self, _: Cell, _: u64, _: u64) {}

    #[inline]
    fn enter(&mut self, func: Func, args: [u64; 2]) {
        self.at = self.profile.call(self.at, func);
        self.meter.enter(func, args);
    }

    #[inline]
    fn exit(&mut self) {
        self.at = self.profile.caller(self.at);
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
