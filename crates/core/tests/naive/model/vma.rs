//! VMAs: mapping, cutting, unmapping, and their order in a file.

use super::merge::Range;
use super::{Entry, Mapped, Model, Release, is_device};
use crate::op::{BASE, How, ON_DISK};

/// A VMA's name for life.
pub(super) type VmaId = u32;

pub(super) const READ: u64 = 0x1;
pub(super) const WRITE: u64 = 0x2;
pub(super) const EXEC: u64 = 0x4;
pub(super) const SHARED: u64 = 0x8;
pub(super) const MAYWRITE: u64 = 0x20;
pub(super) const SOFTDIRTY: u64 = 0x800_0000;
const MAYREAD: u64 = 0x10;
const MAYEXEC: u64 = 0x40;
const MAYSHARE: u64 = 0x80;
pub(super) const ACCOUNT: u64 = 0x10_0000;
/// Raw frames: `PFNMAP`, `IO`, `DONTEXPAND`, `DONTDUMP`.
const DEVICE: u64 = 0x400 | 0x4000 | 0x4_0000 | 0x400_0000;
/// A VMA with one of these never merges.
pub(super) const DEVICE_LIKE: u64 = 0x400 | 0x4000 | 0x4_0000;

#[derive(Clone, Copy, Debug)]
pub(super) struct Vma {
    pub(super) process: usize,
    pub(super) at: u64,
    pub(super) pages: u64,
    pub(super) pgoff: u64,
    /// `None`: anonymous.
    pub(super) file: Option<usize>,
    pub(super) read_only_fd: bool,
    pub(super) flags: u64,
    /// Its protection was worked out when it was not soft-dirty: stores shall be told of.
    pub(super) tracked: bool,
    /// The family of its copies, and whether it has them from itself alone.
    pub(super) family: Option<u32>,
    pub(super) alone: bool,
    /// Second offset of private mappings (7.3).
    pub(super) anon_pgoff: u64,
}

impl Vma {
    pub(super) fn end(&self) -> u64 {
        self.at + self.pages
    }

    pub(super) fn has(&self, flags: u64) -> bool {
        self.flags & flags == flags
    }

    /// Copy on write: private, and may become writable.
    pub(super) fn is_cow(&self) -> bool {
        !self.has(SHARED) && self.has(MAYWRITE)
    }

    /// Itself, begun `pages` earlier.
    pub(super) fn longer_below(&self, pages: u64) -> Self {
        Self {
            at: self.at - pages,
            pages: self.pages + pages,
            pgoff: self.pgoff - pages,
            anon_pgoff: self.anon_pgoff - pages,
            ..*self
        }
    }

    /// The part of it from page `from` to `to` of the window.
    pub(super) fn piece(&self, from: u64, to: u64) -> Self {
        let skipped = from - self.at;
        Self {
            at: from,
            pages: to - from,
            pgoff: self.pgoff + skipped,
            anon_pgoff: self.anon_pgoff + skipped,
            ..*self
        }
    }
}

/// Which piece of a cut becomes a VMA of its own.
#[derive(Clone, Copy)]
pub(super) enum New {
    Below,
    Above,
}

impl Model {
    /// The process's VMAs by address.
    pub(super) fn vmas_of(&self, process: usize) -> Vec<VmaId> {
        let own = self.vmas.iter().filter(|(_, vma)| vma.process == process);
        let mut own: Vec<(u64, VmaId)> = own.map(|(id, vma)| (vma.at, *id)).collect();
        own.sort_unstable();
        own.into_iter().map(|(_, id)| id).collect()
    }

    /// The VMA of that page.
    pub(super) fn vma_at(&self, process: usize, page: u64) -> Option<VmaId> {
        let mut own = self.vmas.iter().filter(|(_, vma)| vma.process == process);
        own.find(|(_, vma)| (vma.at..vma.end()).contains(&page)).map(|(id, _)| *id)
    }

    /// Into the file's order: behind all that begin at the same page or before.
    pub(super) fn insert(&mut self, id: VmaId) {
        let Vma { file: Some(file), pgoff, .. } = self.vmas[&id] else { return };
        let order = &self.files[file].order;
        let place = order.iter().filter(|other| self.vmas[other].pgoff <= pgoff).count();
        self.files[file].order.insert(place, id);
    }

    pub(super) fn remove(&mut self, id: VmaId) {
        let Some(file) = self.vmas[&id].file else { return };
        self.files[file].order.retain(|other| *other != id);
    }

    pub(super) fn new_vma(&mut self, vma: Vma) -> VmaId {
        self.next_vma += 1;
        self.vmas.insert(self.next_vma, vma);
        self.next_vma
    }

    /// Cuts a VMA in two: the new piece comes into the order first, then the old one, which is
    /// what is left, comes again.
    pub(super) fn split(&mut self, id: VmaId, page: u64, new: New) {
        let old = self.vmas[&id];
        let (below, above) = (old.piece(old.at, page), old.piece(page, old.end()));
        let (piece, rest) = match new {
            New::Below => (below, above),
            New::Above => (above, below),
        };
        let piece = self.new_vma(piece);
        self.insert(piece);
        self.remove(id);
        self.vmas.insert(id, rest);
        self.insert(id);
    }

    pub(super) fn munmap(&mut self, process: usize, at: u64, end: u64) {
        if at == end {
            return;
        }
        let (at_start, at_end) = match self.release {
            Release::V6_1 => (New::Above, New::Below),
            _ => (New::Below, New::Above),
        };
        for (page, new) in [(at, at_start), (end, at_end)] {
            if let Some(id) = self.vma_at(process, page).filter(|id| self.vmas[id].at < page) {
                self.split(id, page, new);
            }
        }
        for page in at..end {
            self.zap(process, page);
        }
        for id in self.vmas_of(process) {
            let vma = self.vmas[&id];
            if at <= vma.at && vma.end() <= end {
                self.remove(id);
                self.vmas.remove(&id);
            }
        }
    }

    /// Takes an entry away; a file's page keeps its dirt.
    pub(super) fn zap(&mut self, process: usize, page: u64) {
        if let Some(entry) = self.process(process).entries.remove(&page)
            && let Mapped::Page(file, pgoff) = entry.what
            && entry.dirty
        {
            self.mark_dirty(file, pgoff);
        }
    }

    /// `mmap(MAP_FIXED)`: where, how many pages, from which page of the file.
    pub(super) fn mmap(
        &mut self,
        process: usize,
        file: Option<usize>,
        (at, pages, pgoff): (u64, u64, u64),
        how: How,
    ) -> Result<(), &'static str> {
        let bit = |is_set: bool, bit: u64| if is_set { bit } else { 0 };
        let mut flags = MAYREAD | MAYWRITE | MAYEXEC;
        flags |= bit(how.read, READ) | bit(how.write, WRITE) | bit(how.exec, EXEC);
        if is_device(file) && self.release == Release::V7_3 {
            if how.exec {
                return Err("Perm");
            }
            flags &= !MAYEXEC;
        }
        if how.shared {
            flags |= SHARED | MAYSHARE;
            if how.read_only_fd {
                if how.write {
                    return Err("Access");
                }
                flags &= !(SHARED | MAYWRITE);
            }
        } else if how.write {
            flags |= ACCOUNT;
        }
        let anon_pgoff = BASE + at;
        // Anonymous memory has its address for an offset.
        let pgoff = if file.is_some() { pgoff } else { anon_pgoff };
        let (read_only_fd, family, alone) = (how.read_only_fd && file.is_some(), None, false);
        let mut new = Vma {
            process,
            at,
            pages,
            pgoff,
            file,
            read_only_fd,
            flags,
            tracked: false,
            family,
            alone,
            anon_pgoff,
        };
        self.munmap(process, at, at + pages);
        if is_device(file) {
            // The driver is asked only now.
            if new.is_cow() {
                return Err("Invalid");
            }
            new.flags |= DEVICE;
        }
        let id = match self.merge_new(&new, Range::Mapped) {
            Some(id) => id,
            None => {
                let id = self.new_vma(new);
                self.insert(id);
                id
            }
        };
        let vma = self.vmas.get_mut(&id).expect("it was just made");
        (vma.flags, vma.tracked) = (new.flags | SOFTDIRTY, false);
        Ok(())
    }

    /// An entry as the VMA's protection makes it. Where somebody wants to hear of the first store,
    /// it is read-only whatever the VMA allows.
    pub(super) fn fresh(&self, vma: &Vma, what: Mapped) -> Entry {
        let notified = is_device(vma.file) || vma.file == Some(ON_DISK) || vma.tracked;
        let none = vma.flags & (READ | WRITE | EXEC) == 0;
        Entry {
            what,
            write: vma.has(SHARED | WRITE) && !notified,
            dirty: false,
            soft_dirty: false,
            young: true,
            exec: vma.has(EXEC),
            none,
        }
    }
}
