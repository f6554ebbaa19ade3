//! Loads and stores, and what the kernel does when they fault.

use rangewalk_core::machine::FileKind;
use rangewalk_core::machine::event::Access;

use super::vma::{EXEC, READ, SHARED, SOFTDIRTY, Vma, VmaId, WRITE};
use super::{Entry, File, Mapped, Model, Release, is_device, table};
use crate::op::{BASE, FILES, ON_DISK};

/// What a fault does that had to wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Retry {
    /// It goes on, and takes no notice of a mark any more.
    AsTried,
    /// It begins anew.
    Anew,
}

impl Model {
    /// One access: how many faults, and how it ended.
    pub(super) fn touch(&mut self, process: usize, page: u64, access: Access) -> String {
        for faults in 0.. {
            if let Some(entry) = self.process(process).entries.get_mut(&page)
                && !entry.none
                && (access == Access::Load || entry.write)
            {
                entry.young = true;
                entry.dirty |= access == Access::Store;
                return format!("{faults} Retry");
            }
            let end = self.fault(process, page, access);
            if end != "Retry" {
                return format!("{faults} {end}");
            }
        }
        unreachable!("every access ends");
    }

    fn fault(&mut self, process: usize, page: u64, access: Access) -> &'static str {
        let Some(id) = self.vma_at(process, page) else { return "SegvMapErr" };
        let vma = self.vmas[&id];
        let needed = if access == Access::Load { READ | WRITE | EXEC } else { WRITE };
        if vma.flags & needed == 0 {
            return "SegvAccErr";
        }
        match self.process(process).entries.get(&page).copied() {
            Some(entry) => {
                self.store_to_read_only(id, page, entry);
                "Retry"
            }
            None => self.missing(id, page, access, Retry::AsTried),
        }
    }

    /// `MAP_POPULATE`: as if every page were read, or written where that makes a copy, up to the
    /// first that cannot be had; but nobody uses an entry.
    pub(super) fn populate(&mut self, process: usize, at: u64, end: u64) {
        for page in at..end {
            let id = self.vma_at(process, page).expect("it was just mapped");
            let vma = self.vmas[&id];
            if is_device(vma.file) || vma.flags & (READ | WRITE | EXEC) == 0 {
                return;
            }
            let copies = vma.has(WRITE) && !vma.has(SHARED);
            let access = if copies { Access::Store } else { Access::Load };
            let is_there = self.process(process).entries.contains_key(&page);
            if !is_there && self.missing(id, page, access, Retry::Anew) == "Bus" {
                return;
            }
        }
    }

    fn missing(&mut self, id: VmaId, page: u64, access: Access, retry: Retry) -> &'static str {
        let vma = self.vmas[&id];
        let pgoff = vma.pgoff + (page - vma.at);
        let copies = access == Access::Store && !vma.has(SHARED);
        if copies {
            self.found_family(id);
        }
        let Some(file) = vma.file else {
            let entry = match access {
                Access::Load => self.fresh(&vma, Mapped::Zero),
                Access::Store => self.copy_entry(&vma),
            };
            self.process(vma.process).entries.insert(page, entry);
            return "Retry";
        };
        if is_device(vma.file) {
            return self.device_fault(&vma, file, page);
        }
        let mut asks_disk = file == ON_DISK;
        loop {
            if access == Access::Load && self.fault_around > 1 {
                self.map_around(&vma, file, page);
                if self.process(vma.process).entries.contains_key(&page) {
                    return "Retry";
                }
            }
            if pgoff >= self.files[file].pages {
                return "Bus";
            }
            if !asks_disk || !self.read_for_fault(&vma, pgoff) {
                break;
            }
            asks_disk = retry == Retry::Anew;
        }
        self.files[file].cache.entry(pgoff).or_default();
        if access == Access::Store && !copies {
            self.mark_dirty(file, pgoff);
        }
        let entry = match access {
            Access::Load => self.page_entry(&vma, file, pgoff),
            Access::Store if copies => self.copy_entry(&vma),
            Access::Store => written(self.fresh(&vma, Mapped::Page(file, pgoff))),
        };
        self.process(vma.process).entries.insert(page, entry);
        "Retry"
    }

    /// A cached page, for reading. 7.3 tells a writable entry that the page is dirty.
    fn page_entry(&self, vma: &Vma, file: usize, pgoff: u64) -> Entry {
        let entry = self.fresh(vma, Mapped::Page(file, pgoff));
        let dirty = self.files[file].cache[&pgoff];
        if self.release == Release::V7_3 && entry.write && dirty { written(entry) } else { entry }
    }

    /// A copy that nobody else has yet.
    fn copy_entry(&mut self, vma: &Vma) -> Entry {
        self.next_copy += 1;
        self.exclusive.insert(self.next_copy);
        written(self.fresh(vma, Mapped::Copy(self.next_copy)))
    }

    /// Fault-around: the cached pages of an aligned window that begins where the VMA or the table
    /// does, if that is later, and ends where they or the file do.
    fn map_around(&mut self, vma: &Vma, file: usize, page: u64) {
        let window = self.fault_around;
        let aligned = page - ((BASE + page) % window).min(page);
        let from = aligned.max(vma.at);
        let from = (from..=page).find(|at| table(*at) == table(page)).expect("the page itself");
        for at in from..(from + window).min(vma.end()) {
            let pgoff = vma.pgoff + (at - vma.at);
            let File { pages, cache, marked, .. } = &self.files[file];
            let cached = pgoff < *pages && cache.contains_key(&pgoff) && !marked.contains(&pgoff);
            let is_empty = !self.process(vma.process).entries.contains_key(&at);
            if cached && is_empty && table(at) == table(page) {
                let entry = self.page_entry(vma, file, pgoff);
                self.process(vma.process).entries.insert(at, entry);
            }
        }
    }

    /// A buffer's driver inserts frames from the fault on.
    fn device_fault(&mut self, vma: &Vma, file: usize, page: u64) -> &'static str {
        self.files[file].faults += 1;
        let pgoff = vma.pgoff + (page - vma.at);
        if pgoff >= self.files[file].pages {
            return "Bus";
        }
        let (prefault, told_by_dirt) = match FILES[file] {
            FileKind::DevPagetable { prefault } => (prefault, true),
            FileKind::DevMkwrite { prefault } => (prefault, false),
            other => unreachable!("no driver for {other:?}"),
        };
        for step in 0..u64::from(prefault) {
            let (at, pgoff) = (page + step, pgoff + step);
            if at >= vma.end() || pgoff >= self.files[file].pages {
                break;
            }
            let mut entry = self.fresh(vma, Mapped::Frame(file, pgoff));
            entry.write = told_by_dirt && vma.has(SHARED | WRITE);
            self.process(vma.process).entries.entry(at).or_insert(entry);
        }
        "Retry"
    }

    fn store_to_read_only(&mut self, id: VmaId, page: u64, entry: Entry) {
        let vma = self.vmas[&id];
        let entry = match entry.what {
            Mapped::Frame(file, pgoff) => {
                self.files[file].mkwrites += 1;
                if let FileKind::DevMkwrite { .. } = FILES[file] {
                    self.files[file].written.insert(pgoff);
                }
                written(entry)
            }
            Mapped::Page(file, pgoff) if vma.has(SHARED) => {
                self.mark_dirty(file, pgoff);
                written(entry)
            }
            Mapped::Copy(copy) if self.mapcount(entry.what) == 1 => {
                self.exclusive.insert(copy);
                written(entry)
            }
            Mapped::Page(..) | Mapped::Copy(_) | Mapped::Zero => {
                self.found_family(id);
                self.copy_entry(&vma)
            }
        };
        self.process(vma.process).entries.insert(page, entry);
    }

    /// The VMA is about to have copies: of a family with a neighbour that it might merge with one
    /// day, the next one first, or of one of its own.
    fn found_family(&mut self, id: VmaId) {
        let vma = self.vmas[&id];
        if vma.family.is_some() {
            return;
        }
        let kin = |lower: &Vma, upper: &Vma| {
            let loose = READ | WRITE | EXEC | SOFTDIRTY;
            lower.process == upper.process
                && lower.end() == upper.at
                && (lower.file, lower.read_only_fd) == (upper.file, upper.read_only_fd)
                && lower.pgoff + lower.pages == upper.pgoff
                && (self.release != Release::V7_3
                    || lower.anon_pgoff + lower.pages == upper.anon_pgoff)
                && (lower.flags ^ upper.flags) & !loose == 0
        };
        let usable = |other: &Vma| other.family.is_some() && other.alone;
        let mut others = self.vmas.values();
        let next = others.find(|other| kin(&vma, other) && usable(other));
        let prev = self.vmas.values().find(|other| kin(other, &vma) && usable(other));
        let family = next.or(prev).and_then(|other| other.family).unwrap_or(self.next_family);
        self.next_family += 1;
        let vma = self.vmas.get_mut(&id).expect("a VMA");
        (vma.family, vma.alone) = (Some(family), true);
    }
}

/// Young, dirty and writable.
fn written(entry: Entry) -> Entry {
    Entry { write: true, dirty: true, soft_dirty: true, young: true, ..entry }
}
