//! What the scenario calls things, at every point of a run: numbers in the world are reused and
//! VMAs merge and split.

use crate::machine::{MappingId, MmId, VmaId};

/// Stands for a thing that has no name.
const NAMELESS: &str = "?";

/// Names of files, processes and VMAs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    files: Vec<String>,
    /// By number; empty if nameless.
    processes: Vec<String>,
    /// By number: from which step on each name holds, ascending.
    vmas: Vec<Vec<(u32, String)>>,
}

impl Names {
    /// A file's name.
    #[must_use]
    pub fn file(&self, mapping: MappingId) -> &str {
        self.files.get(mapping.index()).map_or(NAMELESS, String::as_str)
    }

    /// A process's name.
    #[must_use]
    pub fn process(&self, mm: MmId) -> &str {
        let name = self.processes.get(mm.index()).map_or("", String::as_str);
        if name.is_empty() { NAMELESS } else { name }
    }

    /// What a VMA is called in step `step`; for a world at rest, that of the last step done.
    ///
    /// A VMA has the label of its mapping: `C`. A later part of a mapping that was cut is `C+4`,
    /// by pages from the mapping's start; what merged is `A,B` or `A..D`.
    #[must_use]
    pub fn vma(&self, vma: VmaId, step: u32) -> &str {
        let names = self.vmas.get(vma.index()).map_or(&[][..], Vec::as_slice);
        let held = names.partition_point(|(from, _)| *from <= step);
        held.checked_sub(1).and_then(|at| names.get(at)).map_or(NAMELESS, |(_, name)| name)
    }

    /// The processes' names, in the order of their numbers; empty if nameless.
    pub(crate) fn processes(&self) -> impl Iterator<Item = &str> {
        self.processes.iter().map(String::as_str)
    }

    /// Each name of each VMA, and from which step on it holds.
    pub(crate) fn vmas(&self) -> impl Iterator<Item = (VmaId, u32, &str)> {
        let vmas = (0..).map(VmaId).zip(&self.vmas);
        vmas.flat_map(|(vma, names)| names.iter().map(move |(from, name)| (vma, *from, &**name)))
    }

    /// What is called so now was always called so.
    pub(crate) fn forget_steps(&mut self) {
        for names in &mut self.vmas {
            names.drain(..names.len().saturating_sub(1));
            names.iter_mut().for_each(|(from, _)| *from = 0);
        }
    }

    pub(crate) fn name_file(&mut self, name: &str) {
        self.files.push(name.to_owned());
    }

    pub(crate) fn name_process(&mut self, mm: MmId, name: &str) {
        self.processes.resize(self.processes.len().max(mm.index() + 1), String::new());
        name.clone_into(&mut self.processes[mm.index()]);
    }

    /// From step `from` on `vma` is called `name`. Steps must not go back.
    pub(crate) fn name_vma(&mut self, vma: VmaId, from: u32, name: &str) {
        self.vmas.resize(self.vmas.len().max(vma.index() + 1), Vec::new());
        let names = &mut self.vmas[vma.index()];
        if names.last().is_some_and(|(_, last)| last == name) {
            return;
        }
        names.push((from, name.to_owned()));
    }
}
