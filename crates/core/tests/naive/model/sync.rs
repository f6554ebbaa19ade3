//! `fsync` and `msync`: what the kernel knows to be dirty goes to the disk.

use super::vma::SHARED;
use super::{Mapped, Model, is_device};
use crate::op::ON_DISK;

impl Model {
    /// Pages `first..end` of a file. No entry can write to what was written before it is told.
    pub(super) fn fsync(&mut self, file: usize, first: u64, end: u64) -> Result<(), &'static str> {
        if is_device(Some(file)) {
            return Err("Invalid");
        }
        if file != ON_DISK {
            return Ok(());
        }
        let dirty = self.files[file].cache.range(first..end).filter(|(_, dirty)| **dirty);
        for pgoff in dirty.map(|(pgoff, _)| *pgoff).collect::<Vec<_>>() {
            self.protect_and_clean(file, pgoff, 1, |what| matches!(what, Mapped::Page(..)));
            self.files[file].cache.insert(pgoff, false);
            self.files[file].marked.remove(&pgoff);
        }
        Ok(())
    }

    /// What shared mappings show of their files in a stretch of addresses. Holes are an error, but
    /// a late one.
    pub(super) fn msync(&mut self, process: usize, at: u64, end: u64) -> Result<(), &'static str> {
        let mut done = Ok(());
        for page in at..end {
            match self.vma_at(process, page).map(|id| self.vmas[&id]) {
                None => done = Err("NoMemory"),
                Some(vma) if vma.has(SHARED) => {
                    let pgoff = vma.pgoff + (page - vma.at);
                    vma.file.map_or(Ok(()), |file| self.fsync(file, pgoff, pgoff + 1))?;
                }
                Some(_) => {}
            }
        }
        done
    }
}
