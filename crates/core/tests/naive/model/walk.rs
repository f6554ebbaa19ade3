//! Walks of a file: every VMA that maps the range, in the file's order, and each of its entries
//! there.

use super::vma::{MAYWRITE, SHARED, VmaId};
use super::{Entry, Model, is_device};

impl Model {
    /// VMAs that map a page of `first..first + nr`, in order.
    pub(super) fn mappers(&self, file: usize, first: u64, nr: u64) -> Vec<VmaId> {
        let meets = |id: &VmaId| {
            let vma = &self.vmas[id];
            vma.pgoff < first.saturating_add(nr) && first < vma.pgoff + vma.pages
        };
        self.files[file].order.iter().copied().filter(meets).collect()
    }

    /// The helpers' walk. A VMA that is not shared or may not become writable ends it.
    fn walk(&mut self, file: usize, first: u64, nr: u64, mut visit: impl FnMut(&mut Entry, u64)) {
        for id in self.mappers(file, first, nr) {
            let vma = self.vmas[&id];
            if !vma.has(SHARED | MAYWRITE) {
                return;
            }
            let entries = self.process(vma.process).entries.range_mut(vma.at..vma.end());
            for (page, entry) in entries {
                let pgoff = vma.pgoff + (page - vma.at);
                if (first..first + nr).contains(&pgoff) {
                    visit(entry, pgoff);
                }
            }
        }
    }

    pub(super) fn wp(&mut self, file: usize, first: u64, nr: u64) -> u64 {
        let mut total = 0;
        self.walk(file, first, nr, |entry, _| {
            total += u64::from(entry.write);
            entry.write = false;
        });
        total
    }

    pub(super) fn clean(&mut self, file: usize, first: u64, nr: u64, base: u64) -> u64 {
        let mut found = Vec::new();
        self.walk(file, first, nr, |entry, pgoff| {
            if entry.dirty {
                entry.dirty = false;
                found.push(pgoff - base);
            }
        });
        let file = &mut self.files[file];
        let (start, end) = file.bitmap_range;
        let (start, end) = if start >= end { (nr, 0) } else { (start, end) };
        file.bitmap_range = (
            found.iter().copied().fold(start, u64::min),
            found.iter().map(|bit| bit + 1).fold(end, u64::max),
        );
        file.bitmap.extend(&found);
        found.len() as u64
    }

    /// `pwrite`: pages become cached and dirty; the file grows if needed.
    pub(super) fn fill(&mut self, file: usize, first: u64, nr: u64) -> Result<u64, &'static str> {
        if is_device(Some(file)) {
            return Err("IllegalSeek");
        }
        let file = &mut self.files[file];
        file.cache.extend((first..first + nr).map(|pgoff| (pgoff, true)));
        file.pages = file.pages.max(first + nr);
        Ok(nr)
    }
}
