//! What a lock keeps still and what may change under it; and what came in under which.

use crate::compare::Lane;
use crate::compare::counter::{Held, LockKind, tally_of};
use crate::machine::event::Lock;
use crate::machine::{CpuId, Event};

/// What it means to hold a lock as a walk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeps {
    /// Which.
    pub kind: LockKind,
    /// What cannot change meanwhile.
    pub still: &'static str,
    /// What may.
    pub changes: &'static str,
    /// What keeps the page tables alive.
    pub tables: &'static str,
}

/// What each lock that a walk begins with keeps still.
#[must_use]
pub const fn keeps(kind: LockKind) -> Option<Keeps> {
    let (still, changes, tables) = match kind {
        LockKind::IMmap => (
            "who is in the file's tree, and where: borders and pgoff of each VMA",
            "flags that mprotect changes, entries, new tables; an empty PTE table may go",
            "a VMA leaves the tree before its upper tables are freed; PTE tables go by RCU, so \
             that the walk looks again where one has vanished",
        ),
        LockKind::Mmap => (
            "the VMAs of one process, with their flags; for writing, faults wait too",
            "entries of other processes; rmap and zaps of a file come in",
            "no VMA of the process goes, so neither do its tables",
        ),
        LockKind::Folio => (
            "which file the folio belongs to, and that it stays in the page cache",
            "everything else; i_mmap_rwsem is taken below it",
            "as with i_mmap_rwsem",
        ),
        LockKind::Ptl => (
            "the entries of one table, but for A and D, which the processor sets",
            "all other tables",
            "the table that it belongs to",
        ),
        LockKind::Vma | LockKind::AnonVma | LockKind::PageTable => return None,
    };
    Some(Keeps { kind, still, changes, tables })
}

/// The locks of the job itself: without those of another CPU that had to wait until it was over.
pub(super) fn own_locks(lane: &Lane) -> Vec<Held> {
    if came_in_under(lane).is_some() {
        return lane.job.held.clone();
    }
    let tape = lane.run.timeline.tape();
    let other = |event: &Event| matches!(event, Event::Access { cpu, .. } if *cpu != CpuId(0));
    let end = tape.events().iter().position(other).and_then(|at| u32::try_from(at).ok());
    tally_of(tape, 0..end.unwrap_or(lane.job_end).min(lane.job_end)).held
}

/// What the job held when another CPU came in; `None`: that one had to wait until it held nothing.
pub(super) fn came_in_under(lane: &Lane) -> Option<Vec<LockKind>> {
    let mut held: Vec<Lock> = Vec::new();
    for event in lane.run.timeline.tape().events() {
        match *event {
            Event::Lock { lock, .. } => held.push(lock),
            Event::Unlock { lock, .. } => held.retain(|it| *it != lock),
            Event::Access { cpu, .. } if cpu != CpuId(0) => {
                let kinds = held.iter().map(|lock| LockKind::from(*lock)).collect();
                return (!held.is_empty()).then_some(kinds);
            }
            _ => {}
        }
    }
    None
}
