//! When a new mapping joins its neighbours, and how they then stand in the file's order.

use super::vma::{DEVICE_LIKE, SHARED, SOFTDIRTY, Vma, VmaId};
use super::{Model, Release};

/// Where a range that joins its neighbours comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Range {
    /// `mmap`: it has no copies yet.
    Mapped,
    /// `mremap`: it is another one again.
    Copied,
}

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
    pub(super) fn merge_new(&mut self, new: &Vma, range: Range) -> Option<VmaId> {
        let find = |wanted: &dyn Fn(&Vma) -> bool| {
            let mut all = self.vmas.iter();
            all.find(|(_, vma)| wanted(vma) && self.families_fit(new, vma))
                .map(|(id, vma)| (*id, *vma))
        };
        // 6.1's mmap compares the left one as if the right one were new.
        let by_right = self.release == Release::V6_1 && range == Range::Mapped;
        let prev = find(&|vma| self.fits(vma, new));
        let next = find(&|vma| self.fits(new, vma));
        match (prev, next) {
            (None, None) => None,
            (Some((prev, _)), None) => Some(self.grow(prev, new)),
            (None, Some((next, _))) => Some(self.grow(next, new)),
            (Some((prev, p)), Some((next, n))) => {
                let all =
                    p.family == n.family || n.family.is_none() || p.family.is_none() && !by_right;
                Some(match (all, by_right) {
                    (true, _) => self.join(prev, new, next),
                    (false, true) => self.grow(next, new),
                    (false, false) => self.grow(prev, new),
                })
            }
        }
    }

    /// The VMA that takes in `changed`, a part of `id` with other flags, if there is one.
    pub(super) fn merge_changed(&mut self, id: VmaId, changed: &Vma) -> Option<VmaId> {
        let whole = self.vmas[&id];
        let find = |wanted: &dyn Fn(&Vma) -> bool| {
            let mut others = self.vmas.iter().filter(|(other, _)| **other != id);
            others
                .find(|(_, vma)| wanted(vma) && self.families_fit(changed, vma))
                .map(|(id, _)| *id)
        };
        let prev = find(&|vma| changed.at == whole.at && self.fits(vma, changed));
        let next = find(&|vma| changed.end() == whole.end() && self.fits(changed, vma));
        let (prev, next) = match (prev, next) {
            (Some(prev), Some(next)) if !self.could_be_one(prev, next) => (Some(prev), None),
            found => found,
        };
        let taken: Vec<VmaId> = prev.into_iter().chain([id]).chain(next).collect();
        let soft = taken.iter().map(|id| self.vmas[id].flags & SOFTDIRTY).fold(0, |a, b| a | b);
        let family = taken.iter().map(|id| &self.vmas[id]).find(|vma| vma.family.is_some());
        let family = family.map(|vma| (vma.family, vma.alone));
        let is_whole = changed.pages == whole.pages;
        let survivor = match (prev, next) {
            (None, None) => return None,
            (Some(prev), Some(next)) => {
                let pages = changed.pages + self.vmas[&next].pages;
                self.reshape(prev, |vma| vma.pages += pages);
                self.eat(id);
                self.eat(next);
                prev
            }
            (Some(prev), None) if is_whole => {
                self.reshape(prev, |vma| vma.pages += changed.pages);
                self.eat(id);
                prev
            }
            (None, Some(next)) if is_whole => {
                self.reshape(next, |vma| *vma = vma.longer_below(changed.pages));
                self.eat(id);
                next
            }
            (Some(prev), None) => {
                self.remove(prev);
                self.remove(id);
                self.vmas.insert(id, whole.piece(changed.end(), whole.end()));
                self.vmas.get_mut(&prev).expect("it").pages += changed.pages;
                self.insert(id);
                self.insert(prev);
                prev
            }
            (None, Some(next)) => {
                self.remove(id);
                self.remove(next);
                self.vmas.insert(id, whole.piece(whole.at, changed.at));
                let longer = self.vmas[&next].longer_below(changed.pages);
                self.vmas.insert(next, longer);
                self.insert(next);
                self.insert(id);
                next
            }
        };
        let vma = self.vmas.get_mut(&survivor).expect("it took the range in");
        // 7.3: whoever was soft-dirty makes all so.
        vma.flags = changed.flags | if self.release == Release::V7_3 { soft } else { 0 };
        if let (None, Some((family, alone))) = (vma.family, family) {
            (vma.family, vma.alone) = (family, alone);
        }
        Some(survivor)
    }

    /// May copies of a changed VMA and of a neighbour be of one family?
    fn families_fit(&self, changed: &Vma, other: &Vma) -> bool {
        match (changed.family, other.family) {
            (None, None) => true,
            (None, Some(_)) => other.alone,
            (Some(_), None) => self.release == Release::V7_3 && changed.alone,
            (Some(own), Some(others)) => own == others,
        }
    }

    /// May both neighbours become one with what is between them?
    fn could_be_one(&self, prev: VmaId, next: VmaId) -> bool {
        let (prev, next) = (self.vmas[&prev].family, self.vmas[&next].family);
        prev == next || prev.is_none() || next.is_none()
    }

    /// A VMA changes its size: out of the order and in again.
    fn reshape(&mut self, id: VmaId, change: impl FnOnce(&mut Vma)) {
        self.remove(id);
        change(self.vmas.get_mut(&id).expect("it"));
        self.insert(id);
    }

    fn eat(&mut self, id: VmaId) {
        self.remove(id);
        self.vmas.remove(&id);
    }

    /// A neighbour grows over the new range.
    fn grow(&mut self, id: VmaId, new: &Vma) -> VmaId {
        let below = new.at < self.vmas[&id].at;
        self.reshape(id, |vma| match below {
            true => *vma = vma.longer_below(new.pages),
            false => vma.pages += new.pages,
        });
        self.take_over(id, new);
        id
    }

    /// Who has no copies yet takes over a part's; on 7.3 who was soft-dirty makes all so.
    fn take_over(&mut self, id: VmaId, part: &Vma) {
        let vma = self.vmas.get_mut(&id).expect("it took the part in");
        if vma.family.is_none() {
            (vma.family, vma.alone) = (part.family, part.alone);
        }
        if self.release == Release::V7_3 {
            vma.flags |= part.flags & SOFTDIRTY;
        }
    }

    /// The left neighbour grows over the new range and the right neighbour.
    fn join(&mut self, prev: VmaId, new: &Vma, next: VmaId) -> VmaId {
        let eaten = self.vmas[&next];
        self.remove(prev);
        let vma = self.vmas.get_mut(&prev).expect("a neighbour");
        vma.pages += new.pages + eaten.pages;
        self.insert(prev);
        self.eat(next);
        self.take_over(prev, &eaten);
        self.take_over(prev, new);
        prev
    }
}
