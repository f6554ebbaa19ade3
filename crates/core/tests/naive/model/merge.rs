//! When a new mapping joins its neighbours, and how they then stand in the file's order.

use super::vma::{DEVICE_LIKE, SHARED, SOFTDIRTY, Vma, VmaId};
use super::{Model, Release};

impl Model {
    /// Could `lower` and `upper`, which follow each other, be one, copies aside?
    fn fits(&self, lower: &Vma, upper: &Vma) -> bool {
        let same_flags = (lower.flags ^ upper.flags) & !SOFTDIRTY == 0;
        let anon_offsets = self.release != Release::V7_3
            || upper.has(SHARED)
            || lower.anon_pgoff + lower.pages == upper.anon_pgoff;
        lower.process == upper.process
            && lower.end() == upper.at
            && (lower.file, lower.read_only_fd) == (upper.file, upper.read_only_fd)
            && lower.pgoff + lower.pages == upper.pgoff
            && same_flags
            && lower.flags & DEVICE_LIKE == 0
            && anon_offsets
    }

    /// The VMA that takes in the new range, if there is one.
    pub(super) fn merge_new(&mut self, new: &Vma) -> Option<VmaId> {
        let takes = |vma: &Vma| vma.family.is_none() || vma.alone;
        let find = |wanted: &dyn Fn(&Vma) -> bool| {
            self.vmas.iter().find(|(_, vma)| wanted(vma) && takes(vma)).map(|(id, vma)| (*id, *vma))
        };
        let prev = find(&|vma| self.fits(vma, new));
        let next = find(&|vma| self.fits(new, vma));
        match (prev, next) {
            (None, None) => None,
            (Some((prev, _)), None) => Some(self.grow(prev, new)),
            (None, Some((next, _))) => Some(self.grow(next, new)),
            (Some((prev, p)), Some((next, n))) => {
                let all = match self.release {
                    // The left one is compared as if the right one were new.
                    Release::V6_1 => p.family == n.family || n.family.is_none(),
                    _ => p.family == n.family || p.family.is_none() || n.family.is_none(),
                };
                Some(match (all, self.release) {
                    (true, _) => self.join(prev, new, next),
                    (false, Release::V6_1) => self.grow(next, new),
                    (false, _) => self.grow(prev, new),
                })
            }
        }
    }

    /// A neighbour grows over the new range.
    fn grow(&mut self, id: VmaId, new: &Vma) -> VmaId {
        self.remove(id);
        let vma = self.vmas.get_mut(&id).expect("a neighbour");
        if new.at < vma.at {
            (vma.at, vma.pgoff) = (new.at, new.pgoff);
            vma.anon_pgoff -= new.pages;
        }
        vma.pages += new.pages;
        self.insert(id);
        id
    }

    /// The left neighbour grows over the new range and the right neighbour.
    fn join(&mut self, prev: VmaId, new: &Vma, next: VmaId) -> VmaId {
        let eaten = self.vmas[&next];
        self.remove(prev);
        let vma = self.vmas.get_mut(&prev).expect("a neighbour");
        vma.pages += new.pages + eaten.pages;
        if vma.family.is_none() {
            (vma.family, vma.alone) = (eaten.family, eaten.alone);
        }
        self.insert(prev);
        self.remove(next);
        self.vmas.remove(&next);
        prev
    }
}
