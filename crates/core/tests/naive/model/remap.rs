//! `mremap`: a range goes elsewhere, over whatever is there.

use super::merge::Range;
use super::vma::{SHARED, Vma};
use super::{Model, Release, is_device};
use crate::op::BASE;

/// `MAP_SHARED`, through whatever descriptor.
const MAYSHARE: u64 = 0x80;

impl Model {
    /// `pages` pages from `at` move to `to`, where there are `to_pages` of them.
    pub(super) fn mremap(
        &mut self,
        process: usize,
        (at, pages): (u64, u64),
        (to, to_pages): (u64, u64),
    ) -> Result<(), &'static str> {
        let apart = at + pages <= to || to + to_pages <= at;
        let is_new = self.release == Release::V7_3;
        if is_new && !apart {
            return Err("Invalid");
        }
        let vma = self.vma_at(process, at).map(|id| self.vmas[&id]).ok_or("Fault")?;
        if !apart {
            return Err("Invalid");
        }
        let left = pages.min(to_pages);
        if !is_new {
            // Only then is it looked whether that can be.
            self.munmap(process, to, to + to_pages);
            self.munmap(process, at + left, at + pages);
            let vma = self.vma_at(process, at).map(|id| self.vmas[&id]).ok_or("Fault")?;
            may_move(&vma, (at, left), to_pages)?;
            self.place(process, (at, left), (to, to_pages));
        } else if pages == to_pages {
            for (from, end) in self.pieces(process, at, at + pages) {
                let (to, pages) = (to + (from - at), end - from);
                self.munmap(process, to, to + pages);
                self.place(process, (from, pages), (to, pages));
            }
        } else {
            may_move(&vma, (at, pages), to_pages)?;
            self.munmap(process, to, to + to_pages);
            self.vma_at(process, at).ok_or("Fault")?;
            self.munmap(process, at + left, at + pages);
            self.place(process, (at, left), (to, to_pages));
        }
        Ok(())
    }

    /// First page and end of what each VMA has of `at..end`.
    fn pieces(&self, process: usize, at: u64, end: u64) -> Vec<(u64, u64)> {
        let own = self.vmas_of(process).into_iter().map(|id| self.vmas[&id]);
        let pieces = own.map(|vma| (vma.at.max(at), vma.end().min(end)));
        pieces.filter(|(from, to)| from < to).collect()
    }

    /// A VMA like the old one at the target, or a neighbour that takes it in; then the entries;
    /// then the old range goes, unless it was none at all.
    fn place(&mut self, process: usize, (at, pages): (u64, u64), (to, to_pages): (u64, u64)) {
        let old = self.vmas[&self.vma_at(process, at).expect("it was looked at")];
        let before = at - old.at;
        // What was never copied on write has its address for an offset.
        let fresh = BASE + to;
        let kept = old.family.is_some();
        let pgoff = if old.file.is_none() && !kept { fresh } else { old.pgoff + before };
        let anon_pgoff = if kept { old.anon_pgoff + before } else { fresh };
        let new = Vma { at: to, pages: to_pages, pgoff, anon_pgoff, ..old };
        if self.merge_new(&new, Range::Copied).is_none() {
            let id = self.new_vma(new);
            self.insert(id);
        }
        for page in 0..pages {
            let entries = &mut self.process(process).entries;
            if let Some(mut entry) = entries.remove(&(at + page)) {
                entry.soft_dirty = true;
                entries.insert(to + page, entry);
            }
        }
        self.munmap(process, at, at + pages);
    }
}

/// The range lies in the VMA, which may grow if it shall.
fn may_move(vma: &Vma, (at, pages): (u64, u64), to_pages: u64) -> Result<(), &'static str> {
    if pages == 0 && vma.flags & (SHARED | MAYSHARE) == 0 {
        return Err("Invalid");
    }
    let out_of_it = at + pages.min(to_pages) > vma.end();
    if out_of_it || to_pages > pages && is_device(vma.file) { Err("Fault") } else { Ok(()) }
}
