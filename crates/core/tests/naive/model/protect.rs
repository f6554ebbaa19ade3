//! `mprotect`, and `clear_refs`: what VMAs and entries allow changes under way.

use super::vma::{ACCOUNT, EXEC, MAYWRITE, New, READ, SHARED, SOFTDIRTY, Vma, VmaId, WRITE};
use super::{Entry, Mapped, Model, Release, is_device};

impl Model {
    /// `mprotect` to `access`, of `READ`, `WRITE` and none. VMA by VMA, up to a hole or to one that
    /// may not become so.
    pub(super) fn mprotect(
        &mut self,
        process: usize,
        (at, end): (u64, u64),
        access: u64,
    ) -> Result<(), &'static str> {
        let mut at = at;
        while at < end {
            let id = self.vma_at(process, at).ok_or("NoMemory")?;
            let vma = self.vmas[&id];
            if access & WRITE != 0 && !vma.has(MAYWRITE) {
                return Err("Access");
            }
            at = self.protect_one(id, (at, end.min(vma.end())), access);
        }
        Ok(())
    }

    /// The part of one VMA. Returns where the VMA ends that it is in afterwards.
    fn protect_one(&mut self, id: VmaId, (at, end): (u64, u64), access: u64) -> u64 {
        let old = self.vmas[&id];
        let mut flags = old.flags & !(READ | WRITE | EXEC) | access;
        if flags == old.flags {
            return old.end();
        }
        if access & WRITE != 0 {
            if old.flags & (WRITE | SHARED) == 0 {
                flags |= ACCOUNT;
            }
        } else if self.release != Release::V6_1 && old.file.is_none() && old.family.is_none() {
            flags &= !ACCOUNT;
        }
        let changed = Vma { flags, ..old.piece(at, end) };
        let id = self.merge_changed(id, &changed).unwrap_or_else(|| {
            if old.at < at {
                self.split(id, at, New::Below);
            }
            if end < old.end() {
                self.split(id, end, New::Above);
            }
            self.vmas.get_mut(&id).expect("the middle").flags = flags;
            id
        });
        let vma = self.vmas.get_mut(&id).expect("the changed one");
        vma.tracked = !vma.has(SOFTDIRTY);
        let vma = *vma;
        for page in at..end {
            if let Some(entry) = self.process(vma.process).entries.get(&page).copied() {
                let entry = self.protected(&vma, entry);
                self.process(vma.process).entries.insert(page, entry);
            }
        }
        vma.end()
    }

    /// An entry under the VMA's new protection. One that would only fault to become writable
    /// becomes so at once: a dirty one of a shared VMA, a copy that was never shared.
    fn protected(&self, vma: &Vma, entry: Entry) -> Entry {
        let fresh = self.fresh(vma, entry.what);
        let tracked = !vma.has(SOFTDIRTY) && !entry.soft_dirty;
        let knows = match entry.what {
            Mapped::Copy(copy) => self.exclusive.contains(&copy),
            _ => vma.has(SHARED) && entry.dirty,
        };
        let write = fresh.write || vma.has(WRITE) && !tracked && knows;
        let Entry { dirty, soft_dirty, young, .. } = entry;
        Entry { write, dirty, soft_dirty, young, ..fresh }
    }

    /// `clear_refs`: every VMA and entry forgets that it was written. Raw frames are passed over.
    pub(super) fn soft_clear(&mut self, process: usize) {
        for id in self.vmas_of(process) {
            let vma = self.vmas.get_mut(&id).expect("a VMA");
            (vma.flags, vma.tracked) = (vma.flags & !SOFTDIRTY, true);
            let vma = *vma;
            if is_device(vma.file) {
                continue;
            }
            for (_, entry) in self.process(process).entries.range_mut(vma.at..vma.end()) {
                (entry.write, entry.soft_dirty) = (false, false);
            }
        }
    }
}
