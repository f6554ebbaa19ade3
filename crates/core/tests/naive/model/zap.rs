//! Entries are taken away, and what folio by folio walks do to them.

use super::vma::SHARED;
use super::{Mapped, Model, Release, is_device};

impl Model {
    /// `unmap_mapping_range`, to the end if `nr` is 0: nobody maps these pages any more. Private
    /// mappings are no exception, but their copies may be.
    pub(super) fn unmap_mapping(&mut self, file: usize, first: u64, nr: u64, even_cows: bool) {
        let nr = if nr == 0 { u64::MAX - first } else { nr };
        for (process, page) in self.places(file, first, nr) {
            let entry = self.process(process).entries.get(&page);
            let is_copy = entry.is_some_and(|entry| matches!(entry.what, Mapped::Copy(_)));
            if even_cows || !is_copy {
                self.zap(process, page);
            }
        }
    }

    /// Process and page of the window wherever the range of the file is mapped, or would be.
    fn places(&self, file: usize, first: u64, nr: u64) -> Vec<(usize, u64)> {
        let vmas = self.mappers(file, first, nr).into_iter().map(|id| self.vmas[&id]);
        let places = vmas.flat_map(|vma| {
            let wanted = move |at: &u64| (first..first + nr).contains(&(vma.pgoff + at));
            (0..vma.pages).filter(wanted).map(move |at| (vma.process, vma.at + at))
        });
        places.collect()
    }

    /// Makes entries of shared VMAs that map the wanted thing read-only and clean. Returns how many
    /// were neither.
    pub(super) fn protect_and_clean(
        &mut self,
        file: usize,
        first: u64,
        nr: u64,
        wanted: impl Fn(Mapped) -> bool,
    ) -> u64 {
        let mut changed = 0;
        for (process, page) in self.places(file, first, nr) {
            let vma = self.vmas[&self.vma_at(process, page).expect("it maps the file")];
            let Some(entry) = self.process(process).entries.get_mut(&page) else { continue };
            if vma.has(SHARED) && wanted(entry.what) {
                changed += u64::from(entry.write || entry.dirty);
                (entry.write, entry.dirty) = (false, false);
            }
        }
        changed
    }

    /// `folio_mkclean` of each page that is cached.
    pub(super) fn mkclean(&mut self, file: usize, first: u64, nr: u64) -> u64 {
        self.protect_and_clean(file, first, nr, |what| matches!(what, Mapped::Page(..)))
    }

    /// `mapping_wrprotect_range` of what is behind the pages of the file.
    pub(super) fn wrprotect_range(
        &mut self,
        file: usize,
        first: u64,
        nr: u64,
    ) -> Result<u64, &'static str> {
        if self.release != Release::V7_3 {
            return Err("NotSupported");
        }
        Ok(self.protect_and_clean(file, first, nr, |what| {
            matches!(what, Mapped::Page(..) | Mapped::Frame(..))
        }))
    }

    /// `madvise(MADV_DONTNEED)`: not of raw frames; holes are an error, but a late one.
    pub(super) fn dontneed(
        &mut self,
        process: usize,
        at: u64,
        end: u64,
    ) -> Result<(), &'static str> {
        let mut done = Ok(());
        for page in at..end {
            match self.vma_at(process, page).map(|id| self.vmas[&id]) {
                None => done = Err("NoMemory"),
                Some(vma) if is_device(vma.file) => return Err("Invalid"),
                Some(_) => self.zap(process, page),
            }
        }
        done
    }

    /// `ftruncate`: what is behind the new end goes, copies too.
    pub(super) fn truncate(&mut self, file: usize, pages: u64) -> Result<(), &'static str> {
        if is_device(Some(file)) {
            return Err("Invalid");
        }
        if pages < self.files[file].pages {
            self.unmap_mapping(file, pages, 0, true);
        }
        self.files[file].pages = pages;
        self.drop_pages(file, |pgoff| pgoff >= pages);
        Ok(())
    }

    /// `fallocate` that punches a hole: its pages go, copies stay.
    pub(super) fn punch(&mut self, file: usize, first: u64, nr: u64) -> Result<(), &'static str> {
        if is_device(Some(file)) {
            return Err("NoDevice");
        }
        self.unmap_mapping(file, first, nr, false);
        self.drop_pages(file, |pgoff| (first..first + nr).contains(&pgoff));
        Ok(())
    }
}
