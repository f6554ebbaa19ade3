//! Watches a run for what it does with locks: taken in the kernel's order, held where memory
//! changes, given back. Each broken rule by name.

use crate::arch::Level;
use crate::machine::delta::{MappingField, PageField, VmaField};
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cell, CpuId, Delta, Event, MmId, SlotId, VmaId, World};

/// A broken rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockViolation {
    /// A lock is taken while one is held that comes behind it in the kernel's order.
    Order {
        /// Held.
        held: Lock,
        /// Taken now.
        taken: Lock,
    },
    /// A lock is taken by who holds it.
    Double(Lock),
    /// A lock is taken that another CPU holds: this one would wait for ever.
    Contended(Lock),
    /// A lock is dropped, or downgraded, that is not held so.
    NotHeld(Lock),
    /// A lock is held where a statement ends.
    LeftHeld(Lock),
    /// A cell changes without the lock that protects it.
    Unprotected {
        /// What changed.
        cell: Cell,
        /// What would have allowed it.
        lock: Lock,
    },
    /// A mapcount changes without any page table's lock.
    Mapcount(Cell),
}

/// The locks held so far, by CPU.
#[derive(Clone, Debug, Default)]
pub struct Lockdep {
    cpu: CpuId,
    held: Vec<(CpuId, Lock, Mode)>,
}

/// Place in the kernel's order (`mm/rmap.c`, at the top): outer ones first. A fault holds a VMA's
/// lock in place of `mmap_lock`, and takes that inside only by trying.
const fn rank(lock: Lock, mode: Mode) -> u8 {
    match (lock, mode) {
        (Lock::Mmap(_), _) | (Lock::Vma(_), Mode::Read) => 0,
        (Lock::Folio(_), _) => 1,
        (Lock::Vma(_), Mode::Write) => 2,
        (Lock::IMmap(_), _) => 3,
        (Lock::AnonVma(_), _) => 4,
        (Lock::PageTable(_) | Lock::Ptl(_), _) => 5,
    }
}

/// Locks of one kind of which two may be held: parent's and child's `mmap_lock` at a fork, the
/// tables of two addresses.
const fn may_nest(outer: Lock, inner: Lock) -> bool {
    matches!(
        (outer, inner),
        (Lock::Mmap(_) | Lock::Vma(_), Lock::Mmap(_)) | (Lock::Ptl(_), Lock::Ptl(_))
    )
}

impl Lockdep {
    /// Nobody holds anything.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes a step: its event, then what memory did. `world` is as it was behind the step.
    pub fn step(
        &mut self,
        world: &World,
        event: Event,
        deltas: &[Delta],
        found: &mut Vec<LockViolation>,
    ) {
        match event {
            Event::Statement { .. } => {
                self.finish(found);
                self.cpu = CpuId(0);
            }
            Event::Access { cpu, .. } | Event::Resume { cpu } => self.cpu = cpu,
            Event::Lock { lock, mode } => self.lock(lock, mode, found),
            Event::Unlock { lock, mode } => self.unlock(lock, mode, found),
            Event::Downgrade { lock } => {
                self.unlock(lock, Mode::Write, found);
                self.held.push((self.cpu, lock, Mode::Read));
            }
            _ => {}
        }
        for delta in deltas {
            found.extend(self.unprotected(world, event, deltas, delta));
        }
    }

    /// Whoever was at work is done: nothing may be held.
    pub fn finish(&mut self, found: &mut Vec<LockViolation>) {
        found.extend(self.held.drain(..).map(|(_, lock, _)| LockViolation::LeftHeld(lock)));
    }

    fn lock(&mut self, lock: Lock, mode: Mode, found: &mut Vec<LockViolation>) {
        for (cpu, held, how) in &self.held {
            let both_read = mode == Mode::Read && *how == Mode::Read;
            if *cpu != self.cpu {
                if *held == lock && !both_read {
                    found.push(LockViolation::Contended(lock));
                }
            } else if *held == lock {
                found.push(LockViolation::Double(lock));
            } else {
                let (outer, inner) = (rank(*held, *how), rank(lock, mode));
                if outer > inner || outer == inner && !may_nest(*held, lock) {
                    found.push(LockViolation::Order { held: *held, taken: lock });
                }
            }
        }
        self.held.push((self.cpu, lock, mode));
    }

    fn unlock(&mut self, lock: Lock, mode: Mode, found: &mut Vec<LockViolation>) {
        match self.held.iter().rposition(|held| *held == (self.cpu, lock, mode)) {
            Some(at) => {
                self.held.remove(at);
            }
            None => found.push(LockViolation::NotHeld(lock)),
        }
    }

    fn holds(&self, lock: Lock, mode: Mode) -> bool {
        self.held.contains(&(self.cpu, lock, mode))
    }

    fn holds_any(&self, lock: Lock) -> bool {
        self.holds(lock, Mode::Read) || self.holds(lock, Mode::Write)
    }

    fn unprotected(
        &self,
        world: &World,
        event: Event,
        deltas: &[Delta],
        delta: &Delta,
    ) -> Option<LockViolation> {
        let cell = delta.cell;
        let (allowed, lock) = match cell {
            Cell::Word(slot) => self.word(world, event, slot)?,
            Cell::Node(vma, _) => {
                let lock = Lock::IMmap(world.vma(vma).mapping()?);
                (self.holds(lock, Mode::Write), lock)
            }
            Cell::Mapping(mapping, MappingField::Root | MappingField::Leftmost) => {
                let lock = Lock::IMmap(mapping);
                (self.holds(lock, Mode::Write), lock)
            }
            Cell::Vma(vma, field) => self.vma(world, deltas, vma, field)?,
            Cell::VmaAt(mm, _) => {
                let lock = Lock::Mmap(mm);
                // A detached VMA is forgotten later, under a downgraded lock.
                (self.holds(lock, Mode::Write) || delta.new == 0 && self.holds_any(lock), lock)
            }
            Cell::Page(page, PageField::Mapcount | PageField::EntireMapcount) => {
                let comes_or_goes =
                    deltas.iter().any(|d| d.cell == Cell::Page(page, PageField::Kind));
                let ptl = |held: &(CpuId, Lock, Mode)| matches!(held.1, Lock::Ptl(_));
                let protected = comes_or_goes || self.held.iter().any(ptl);
                return (!protected).then_some(LockViolation::Mapcount(cell));
            }
            _ => return None,
        };
        (!allowed).then_some(LockViolation::Unprotected { cell, lock })
    }

    /// An entry: its table's lock, or `page_table_lock` above the PMDs. The processor takes none,
    /// and tables that no VMA needs any more have nobody else who could look at them.
    fn word(&self, world: &World, event: Event, slot: SlotId) -> Option<(bool, Lock)> {
        let table = world.table(slot.table())?;
        let lock = match table.level {
            Level::Pte | Level::Pmd => Lock::Ptl(slot.table()),
            _ => Lock::PageTable(table.mm),
        };
        let allowed = match event {
            Event::Hardware { .. } => true,
            Event::TableFree { .. } => {
                self.holds_any(Lock::Mmap(table.mm)) || self.holds(lock, Mode::Write)
            }
            _ => self.holds(lock, Mode::Write),
        };
        Some((allowed, lock))
    }

    /// A field of a VMA: `mmap_lock` for writing; a fault may give it its first family of copies.
    fn vma(
        &self,
        world: &World,
        deltas: &[Delta],
        vma: VmaId,
        field: VmaField,
    ) -> Option<(bool, Lock)> {
        let was = deltas.iter().find(|delta| delta.cell == Cell::Vma(vma, VmaField::Mm));
        let was = was.and_then(|delta| u32::try_from(delta.old.checked_sub(1)?).ok());
        let mm = world.vma(vma).mm.or(was.map(MmId))?;
        let lock = Lock::Mmap(mm);
        let reading = || self.holds_any(lock) || self.holds_any(Lock::Vma(vma));
        let family = |held: &(CpuId, Lock, Mode)| matches!(held.1, Lock::AnonVma(_));
        let allowed = match field {
            VmaField::AnonVma | VmaField::AnonChain => {
                self.holds(lock, Mode::Write) || reading() && self.held.iter().any(family)
            }
            // A detached VMA is freed later, under a downgraded lock.
            VmaField::Mm | VmaField::Detached => self.holds_any(lock),
            _ => self.holds(lock, Mode::Write),
        };
        Some((allowed, lock))
    }
}
