//! Accesses of other CPUs that wait for their moment in a statement: the first flush of their page
//! for which they need not wait.

use crate::addr::VirtAddr;
use crate::machine::event::{FaultEnd, Lock, Mode};
use crate::machine::sink::{Intrusion, MayFault};
use crate::machine::{Event, MmId};

/// Faults that it took, and how it ended.
pub(super) type Came = (u32, FaultEnd);

/// One statement's.
#[derive(Default)]
pub(super) struct Intrusions {
    /// Lined up, by the line they stand in.
    coming: Vec<(u32, Intrusion)>,
    /// Would have faulted while the statement held what a fault takes.
    waiting: Vec<(u32, Intrusion)>,
    /// Going on.
    inside: Option<(u32, Intrusion)>,
    /// With what came of them.
    came: Vec<(u32, Came)>,
    /// What the statement holds alone.
    held: Vec<Lock>,
}

impl Intrusions {
    pub(super) fn line_up(&mut self, line: u32, intrusion: Intrusion) {
        self.coming.push((line, intrusion));
    }

    /// One of them is going on.
    pub(super) fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    /// Keeps what is held, for as long as somebody is still to come.
    #[inline]
    pub(super) fn step(&mut self, event: &Event) {
        if !self.coming.is_empty() {
            self.hold(event);
        }
    }

    fn hold(&mut self, event: &Event) {
        match *event {
            Event::Lock { lock, mode: Mode::Write } if !self.is_inside() => self.held.push(lock),
            Event::Unlock { lock, mode: Mode::Write } | Event::Downgrade { lock }
                if !self.is_inside() =>
            {
                self.held.retain(|held| *held != lock);
            }
            _ => {}
        }
    }

    /// The first whose page of `mm` is in `start..end`, which is about to be flushed.
    pub(super) fn next(&mut self, mm: MmId, start: VirtAddr, end: VirtAddr) -> Option<Intrusion> {
        if self.is_inside() {
            return None;
        }
        let here = |(_, it): &(u32, Intrusion)| it.mm == mm && start <= it.addr && it.addr < end;
        let at = self.coming.iter().position(here)?;
        let (line, mut intrusion) = self.coming.remove(at);
        let stops_faults = |lock: &Lock| match lock {
            Lock::Mmap(locked) => *locked == mm,
            Lock::Ptl(_) => true,
            Lock::Vma(_) | Lock::PageTable(_) | Lock::AnonVma(_) => true,
            Lock::IMmap(_) | Lock::Folio(_) => false,
        };
        if self.held.iter().any(stops_faults) {
            intrusion.may_fault = MayFault::No;
        }
        self.inside = Some((line, intrusion));
        Some(intrusion)
    }

    /// The one that is inside has gone through, or has to wait.
    pub(super) fn done(&mut self, came: Option<Came>) {
        if let Some((line, intrusion)) = self.inside.take() {
            match came {
                Some(came) => self.came_in(line, came),
                None => self.waiting.push((line, intrusion)),
            }
        }
    }

    pub(super) fn next_waiting(&mut self) -> Option<(u32, Intrusion)> {
        (!self.waiting.is_empty()).then(|| self.waiting.remove(0))
    }

    pub(super) fn came_in(&mut self, line: u32, came: Came) {
        self.came.push((line, came));
    }

    /// Forgets those of a line that never came in. Returns how many they were.
    pub(super) fn forget(&mut self, line: u32) -> usize {
        let all = self.coming.len();
        self.coming.retain(|(of, _)| *of != line);
        all - self.coming.len()
    }

    /// What came of those of a line.
    pub(super) fn results(&self, line: u32) -> Vec<Came> {
        self.came.iter().filter(|(of, _)| *of == line).map(|(_, came)| *came).collect()
    }
}
