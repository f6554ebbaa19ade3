//! The shape of a comparison: so many pages, mapped so often, so full and so dirty. It is taken off
//! a scenario, turned, and written as a scenario again: each point of a sweep can be opened.

use crate::compare::Start;
use crate::compare::shared::percent;
use crate::kernel::{Kernel, LINUX_7_3};
use crate::machine::FileKind;
use crate::machine::event::Access;
use crate::order::sort_by_key;
use crate::scenario::ast::{FileId, LabelId, Op, Place, Scenario};
use crate::scenario::limits::{MAPPINGS_MAX, PROCESSES_MAX, UNTRACED_STEPS_MAX};
use crate::scenario::run::some_of;
use crate::scenario::strategy::{Axis, Strategy};

/// Entries of one point, at most.
pub const ENTRIES_MAX: u64 = 1 << 18;
/// Letters of a `touch`, so that its line survives a mail.
const LETTERS_MAX: u64 = 56;
/// Where the first mapping lies.
const BASE: u64 = 0x7000_0000_0000;
/// Bytes between mappings: the start of a page table's own.
const STRIDE: u64 = 2 << 20;

/// What a point of a sweep is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Which kernel.
    pub kernel: &'static Kernel,
    /// What stands behind the file.
    pub kind: FileKind,
    /// Pages of the range, which is all of the file.
    pub pages: u64,
    /// How often each page is mapped.
    pub mappings: u64,
    /// Processes that the mappings are spread over.
    pub processes: u64,
    /// Of 100 entries of a mapping, how many are there.
    pub present: u64,
    /// Of 100 entries that are there, how many are dirty.
    pub dirty: u64,
    /// Pages of a VMA, as far as a mapping has so many; `None`: a mapping is one VMA.
    pub vma_pages: Option<u64>,
    /// What is compared.
    pub lanes: Vec<Strategy>,
    /// What is accessed behind the job.
    pub after: Option<After>,
}

/// Accesses behind the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct After {
    /// How.
    pub access: Access,
    /// Of 100 pages of a mapping, how many.
    pub pages: u64,
    /// Of 100 mappings how many, from the first; `None`: the first alone.
    pub mappings: Option<u64>,
}

/// A point that is too large, and why in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge(pub String);

impl Shape {
    /// The shape of a scenario's comparison, as its lanes find it. `None`: it compares nothing.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Option<Self> {
        let (start, rest) = Start::new(scenario, UNTRACED_STEPS_MAX)?;
        let ranges = &start.ranges;
        let words = || ranges.iter().flat_map(|range| &range.words);
        let entries = words().count() as u64;
        let there = words().filter(|word| !word.is_none()).count() as u64;
        let dirty = words().filter(|word| word.is_dirty(scenario.kernel())).count() as u64;
        let mut processes: Vec<u32> = ranges.iter().map(|range| range.mm.0).collect();
        sort_by_key(&mut processes, |mm| u64::from(*mm));
        processes.dedup();
        let (pages, longest) = (start.pages.count, ranges.iter().map(|r| r.pages.count).max());
        Some(Self {
            kernel: scenario.kernel(),
            kind: rest.world().mapping(start.mapping).kind,
            pages,
            mappings: entries.div_ceil(pages).max(1),
            processes: (processes.len() as u64).max(1),
            present: percent(there, entries),
            dirty: percent(dirty, there),
            vma_pages: longest.filter(|longest| *longest < pages),
            lanes: start.lanes.to_vec(),
            after: after(scenario, start.at, FileId(start.mapping.0), entries),
        })
    }

    /// The same, turned.
    #[must_use]
    pub fn with(mut self, axis: Axis, value: u64) -> Self {
        match axis {
            Axis::Pages => self.pages = value,
            Axis::Mappings => self.mappings = value,
            Axis::Processes => self.processes = value,
            Axis::Present => self.present = value,
            Axis::Dirty => self.dirty = value,
            Axis::VmaPages => self.vma_pages = Some(value),
        }
        self
    }

    /// Processes that there are mappings for.
    fn processes(&self) -> u64 {
        self.processes.min(self.mappings)
    }

    /// Pages of each VMA but the last of a mapping.
    fn piece(&self) -> u64 {
        self.vma_pages.unwrap_or(self.pages).min(self.pages)
    }

    /// It as a scenario, in canonical form.
    ///
    /// # Errors
    /// It has more entries, mappings or processes than there may be.
    pub fn text(&self) -> Result<String, TooLarge> {
        let entries = self.pages * self.mappings;
        let vmas = self.mappings * self.pages.div_ceil(self.piece());
        let limit = |what: &str, have: u64, max: u64| {
            let message = || format!("{have} {what}; the limit is {max}");
            if have > max { Err(TooLarge(message())) } else { Ok(()) }
        };
        limit("entries", entries, ENTRIES_MAX)?;
        limit("VMAs", vmas, MAPPINGS_MAX as u64)?;
        limit("processes", self.processes(), PROCESSES_MAX as u64)?;
        let mut out = String::new();
        self.head(&mut out);
        for mapping in 0..self.mappings {
            self.map(mapping, &mut out);
        }
        out.push('\n');
        // All loads come first: a page that is dirty would come into other mappings dirty.
        let there = self.share(self.present, self.pages);
        for access in [Access::Load, Access::Store] {
            let some = if access == Access::Load { there } else { self.share(self.dirty, there) };
            for mapping in 0..self.mappings {
                self.touch(mapping, access, some, &mut out);
            }
        }
        out.push_str(&format!("\ncompare data 0+{}", self.pages));
        for lane in &self.lanes {
            out.push(' ');
            out.push_str(lane.name());
        }
        out.push('\n');
        if let Some(after) = self.after {
            let mappings = after.mappings.map_or(1, |share| self.share(share, self.mappings));
            for mapping in 0..mappings {
                self.touch(mapping, after.access, self.share(after.pages, self.pages), &mut out);
            }
        }
        Ok(out)
    }

    /// So many of 100, at least one unless it is none.
    fn share(&self, percent: u64, of: u64) -> u64 {
        let some = (of * percent.min(100) + 50) / 100;
        if percent > 0 { some.max(1).min(of) } else { 0 }
    }

    fn head(&self, out: &mut String) {
        let kind = match self.kind {
            FileKind::Shmem => "shmem",
            FileKind::Ext4 => "ext4",
            FileKind::DevPagetable { .. } => "dev-pagetable",
            FileKind::DevMkwrite { .. } => "dev-mkwrite",
            FileKind::Vmwgfx { .. } => "vmwgfx",
        };
        if self.kernel.name != LINUX_7_3.name {
            out.push_str(&format!("kernel {}\n", self.kernel.name));
        }
        let prefault = if self.kind.is_device() { " prefault 1" } else { "" };
        out.push_str(&format!("faround 4K\nfile data {kind} {}{prefault}\n", self.pages));
        let mut line = "proc".to_owned();
        for process in 0..self.processes() {
            if line.len() > 64 {
                out.push_str(&line);
                line = "\nproc".to_owned();
            }
            line.push_str(&format!(" P{process}"));
        }
        out.push_str(&line);
        out.push('\n');
    }

    /// The pieces of a mapping: label, first page, pages.
    fn pieces(&self, mapping: u64) -> impl Iterator<Item = (String, u64, u64)> {
        let (piece, pages) = (self.piece(), self.pages);
        (0..pages.div_ceil(piece)).map(move |number| {
            let name = if piece == pages { String::new() } else { format!("-{number}") };
            let first = number * piece;
            (format!("M{mapping}{name}"), first, piece.min(pages - first))
        })
    }

    /// One VMA after the other, with a page between them, lest they merge.
    fn map(&self, mapping: u64, out: &mut String) {
        let own = (self.pages + self.pages.div_ceil(self.piece())) << 12;
        let start = BASE + mapping * own.next_multiple_of(STRIDE);
        let process = mapping % self.processes();
        for (number, (name, first, count)) in (0..).zip(self.pieces(mapping)) {
            let at = start + ((first + number) << 12);
            out.push_str(&format!("map {name} P{process} data {first}+{count} @{at:x} rw\n"));
        }
    }

    /// Accesses to `some` of a mapping's pages.
    fn touch(&self, mapping: u64, access: Access, some: u64, out: &mut String) {
        if some == 0 {
            return;
        }
        let (verb, letter) = match access {
            Access::Load => ("load", 'r'),
            Access::Store => ("store", 'w'),
        };
        if self.piece() == self.pages {
            let of = if some < self.pages { format!(" some {some}") } else { String::new() };
            out.push_str(&format!("{verb} M{mapping}{of}\n"));
            return;
        }
        let chosen = some_of(self.pages, some, 0);
        for (name, first, count) in self.pieces(mapping) {
            let own = chosen.iter().filter(|page| (first..first + count).contains(page));
            let own: Vec<u64> = own.copied().collect();
            let mut from = first;
            while let Some(page) = own.iter().find(|page| **page >= from) {
                from = first.max(*page);
                if count <= LETTERS_MAX {
                    let letter = |page| if own.contains(&page) { letter } else { '.' };
                    let letters: String = (first..=own[own.len() - 1]).map(letter).collect();
                    out.push_str(&format!("touch {name} {letters}\n"));
                    break;
                }
                let run =
                    (from..first + count).take_while(|page| own.contains(page)).count() as u64;
                let run_text = if run == 1 { String::new() } else { format!("+{run}") };
                out.push_str(&format!("{verb} {name} {from}{run_text}\n"));
                from += run;
            }
        }
    }
}

/// What is accessed of the file behind the comparison, whose range has so many entries: by stores
/// rather than loads.
fn after(scenario: &Scenario, at: usize, file: FileId, entries: u64) -> Option<After> {
    let mut loads = 0;
    let mut stores = 0;
    let mut labels: Vec<LabelId> = Vec::new();
    let mut note = |label: LabelId, access: Access, count: u64| {
        if scenario.label(label).file == Some(file) && count > 0 {
            *(if access == Access::Load { &mut loads } else { &mut stores }) += count;
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
    };
    for statement in &scenario.statements[at + 1..] {
        let (place, access, some) = match &statement.op {
            Op::Access(access, place, _) => (*place, *access, None),
            Op::AccessSome(access, place, some, _) => (*place, *access, Some(*some)),
            Op::Touch(label, accesses, _) => {
                for access in [Access::Load, Access::Store] {
                    let those = accesses.iter().filter(|it| **it == Some(access));
                    note(*label, access, those.count() as u64);
                }
                continue;
            }
            _ => continue,
        };
        let Place::Label { label, .. } = place else { continue };
        let (_, start, end) = scenario.extent(place);
        note(label, access, some.unwrap_or(end.pages_since(start)));
    }
    let touched = labels.iter().map(|label| scenario.label(*label).pages.count).sum::<u64>();
    let share = |count: u64| percent(count.min(touched), touched).max(1);
    let mappings = (labels.len() > 1).then(|| percent(touched.min(entries), entries).max(1));
    match (stores, loads) {
        (0, 0) => None,
        (0, loads) => Some(After { access: Access::Load, pages: share(loads), mappings }),
        (stores, _) => Some(After { access: Access::Store, pages: share(stores), mappings }),
    }
}
