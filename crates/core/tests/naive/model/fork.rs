//! Processes come and go.

use super::vma::{SHARED, Vma};
use super::{Mapped, Model, Process, is_device};

impl Model {
    /// The child: each VMA behind its parent in the file's order, and the entries that a fault
    /// could not bring back. Returns the child's number.
    pub(super) fn fork(&mut self, parent: usize) -> usize {
        let child = self.processes.len();
        self.processes.push(Some(Process::default()));
        for id in self.vmas_of(parent) {
            let from = self.vmas[&id];
            let mut vma = Vma { process: child, ..from };
            if from.family.is_some() {
                (vma.family, vma.alone) = (Some(self.next_family), false);
                self.next_family += 1;
            }
            let to = self.new_vma(vma);
            if let Some(file) = from.file {
                let order = &mut self.files[file].order;
                let parent = order.iter().position(|other| *other == id).expect("it is there");
                order.insert(parent + 1, to);
            }
            if is_device(from.file) || from.family.is_some() {
                self.copy_entries(&from, child);
            }
        }
        child
    }

    fn copy_entries(&mut self, from: &Vma, child: usize) {
        for page in from.at..from.end() {
            let Some(entry) = self.process(from.process).entries.get_mut(&page) else { continue };
            if from.is_cow() {
                entry.write = false;
            }
            let mut copy = *entry;
            if let Mapped::Copy(shared) = copy.what {
                self.exclusive.remove(&shared);
            }
            copy.dirty &= !from.has(SHARED);
            copy.young = false;
            self.process(child).entries.insert(page, copy);
        }
    }

    pub(super) fn exit(&mut self, process: usize) {
        for id in self.vmas_of(process) {
            for page in self.vmas[&id].at..self.vmas[&id].end() {
                self.zap(process, page);
            }
        }
        for id in self.vmas_of(process) {
            self.remove(id);
            self.vmas.remove(&id);
        }
        self.processes[process] = None;
    }
}
