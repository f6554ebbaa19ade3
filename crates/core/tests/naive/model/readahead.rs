//! What a disk delivers beside the page that was asked for. Files are short: a window reaches from
//! their beginning to their end, unless it is one of code.

use super::vma::{EXEC, Vma};
use super::{Model, Release};
use crate::op::ON_DISK;

/// Pages of the longest window.
const LONGEST: u64 = 32;

/// What was read last through a descriptor: first page, pages, and how far before its end the mark
/// stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    start: u64,
    pages: u64,
    ahead: u64,
}

impl Model {
    /// A fault asks for a page of the file on disk. True if the disk had to be asked, so that the
    /// fault is tried again.
    pub(super) fn read_for_fault(&mut self, vma: &Vma, pgoff: u64) -> bool {
        let file = &mut self.files[ON_DISK];
        let window = if !file.cache.contains_key(&pgoff) {
            self.around(vma, pgoff)
        } else if file.marked.remove(&pgoff) {
            self.behind_mark(vma, pgoff)
        } else {
            return false;
        };
        self.read(vma, window);
        true
    }

    /// 7.3 reads code from the page to the end of its VMA.
    fn around(&self, vma: &Vma, pgoff: u64) -> Window {
        if self.release == Release::V7_3 && vma.has(EXEC) {
            return Window { start: pgoff, pages: vma.pgoff + vma.pages - pgoff, ahead: 0 };
        }
        Window { start: pgoff.saturating_sub(LONGEST / 2), pages: LONGEST, ahead: LONGEST / 4 }
    }

    /// The next window: behind the last one if that had the mark, else from the first page that is
    /// missing. 6.1 begins anew at page 0, and reads on where the last window ended.
    fn behind_mark(&self, vma: &Vma, pgoff: u64) -> Window {
        let last = self.files[ON_DISK].windows[usize::from(vma.read_only_fd)];
        let end = last.start + last.pages;
        let is_old = self.release == Release::V6_1;
        let longer = if last.pages == 0 { 0 } else { LONGEST };
        let (start, pages) = if is_old && pgoff == 0 {
            (0, LONGEST)
        } else if pgoff == end - last.ahead || is_old && pgoff == end {
            (end, longer)
        } else {
            let cache = &self.files[ON_DISK].cache;
            let missing = (pgoff + 1..).find(|pgoff| !cache.contains_key(pgoff));
            (missing.expect("files end"), LONGEST)
        };
        let ahead = if is_old && start == pgoff { LONGEST / 2 } else { pages };
        Window { start, pages, ahead }
    }

    /// What is missing in the window. Its mark is where it would be in a longer file, counted from
    /// the end; 7.3 sets none if the file ends first.
    fn read(&mut self, vma: &Vma, window: Window) {
        let Window { start, pages, ahead } = window;
        let file = &mut self.files[ON_DISK];
        file.windows[usize::from(vma.read_only_fd)] = window;
        let end = (start + pages).min(file.pages);
        for pgoff in start..end {
            if file.cache.contains_key(&pgoff) {
                continue;
            }
            file.cache.insert(pgoff, false);
            if self.release != Release::V7_3 && pgoff + ahead == end {
                file.marked.insert(pgoff);
            }
        }
    }

    /// The kernel learns that a page was written, which takes its mark.
    pub(super) fn mark_dirty(&mut self, file: usize, pgoff: u64) {
        self.files[file].cache.insert(pgoff, true);
        self.files[file].marked.remove(&pgoff);
    }

    /// Pages leave the cache.
    pub(super) fn drop_pages(&mut self, file: usize, gone: impl Fn(u64) -> bool) {
        let file = &mut self.files[file];
        file.cache.retain(|pgoff, _| !gone(*pgoff));
        file.marked.retain(|pgoff| !gone(*pgoff));
    }

    /// True if 7.3 would write two pages or more as one folio: what becomes of those is no matter
    /// of flat maps.
    pub(super) fn writes_large_folio(&self, first: u64, end: u64) -> bool {
        let missing = |pgoff: u64| !self.files[ON_DISK].cache.contains_key(&pgoff);
        let two = |pgoff: u64| pgoff.is_multiple_of(2) && pgoff + 1 < end;
        let mut pairs = (first..end).filter(|pgoff| two(*pgoff));
        self.release == Release::V7_3 && pairs.any(|pgoff| missing(pgoff) && missing(pgoff + 1))
    }
}
