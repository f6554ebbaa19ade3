//! The two walks over a file's mappings, and what is worth saying about one that ends early or
//! meets nothing.

use super::statement::{Effect, counted};
use super::watch::Visit;
use super::{Runner, mapping};
use crate::machine::event::Verdict;
use crate::machine::{MappingId, Stop, VmFlags, VmaId};
use crate::mm::mapping_dirty_helpers::{
    clean_record_shared_mapping_range, wp_shared_mapping_range,
};
use crate::scenario::ast::{FileId, Pages, Part, Statement};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::format;

/// What the last walk did.
#[derive(Clone)]
pub(super) struct Seen {
    pub(super) returned: u64,
    /// VMAs met, in order; they are still there, for a walk changes none.
    pub(super) visits: Vec<Visit>,
}

impl Runner<'_> {
    pub(super) fn wp(
        &mut self,
        statement: &Statement,
        file: FileId,
        pages: Pages,
    ) -> Result<Effect, Stop> {
        let filter = self.rest.filter;
        let Pages { first, count } = pages;
        let total = wp_shared_mapping_range(&mut self.cpu(), mapping(file), first, count, filter)?;
        self.walked(statement, file, pages, total);
        let text = match total {
            1 => "1 entry write-protected".to_owned(),
            _ => format!("{total} entries write-protected"),
        };
        Ok(Effect::Value(total, text))
    }

    pub(super) fn clean(
        &mut self,
        statement: &Statement,
        file: FileId,
        pages: Pages,
        at: u64,
    ) -> Result<Effect, Stop> {
        let filter = self.rest.filter;
        let Pages { first, count } = pages;
        let cpu = &mut self.cpu();
        let total =
            clean_record_shared_mapping_range(cpu, mapping(file), first, count, at, filter)?;
        self.walked(statement, file, pages, total);
        let bitmap = &self.rest.world.mapping(mapping(file)).bitmap;
        let text = format!(
            "{} cleaned; bits {}, start {}, end {}",
            if total == 1 { "1 entry".to_owned() } else { format!("{total} entries") },
            format::ranges(&set_bits(&bitmap.words)),
            bitmap.start,
            bitmap.end
        );
        Ok(Effect::Value(total, text))
    }

    fn walked(&mut self, statement: &Statement, file: FileId, pages: Pages, returned: u64) {
        let visits = std::mem::take(&mut self.watch.visits);
        let remark = match visits.last() {
            None => Some(self.met_nothing(statement, file, pages)),
            Some(visit) if visit.verdict == Verdict::EndsWalk => {
                Some(self.ended_at(statement, file, pages, visit.vma))
            }
            Some(_) => None,
        };
        self.rest.diagnostics.extend(remark.map(|remark| *remark));
        self.rest.last.walk = Some(Seen { returned, visits });
    }

    fn met_nothing(&self, statement: &Statement, file: FileId, pages: Pages) -> Box<Diagnostic> {
        let file = &self.scenario.file(file).name;
        let message = format!("no mapping of {file} meets pages {}", format::range(pages));
        Diagnostic::warning(statement.part(Part::Pages), message)
    }

    /// A VMA failed the filter, so the walk ended: whom does that hide?
    fn ended_at(
        &self,
        statement: &Statement,
        file: FileId,
        pages: Pages,
        at: VmaId,
    ) -> Box<Diagnostic> {
        let step = self.watch.steps;
        let vma = self.rest.world.vma(at);
        let why = if vma.flags.contains(VmFlags::MAYSHARE) {
            "mapped through a read-only descriptor, it lacks VM_SHARED and VM_MAYWRITE"
        } else {
            "it is private"
        };
        let hidden: Vec<&str> = in_order(self, mapping(file))
            .into_iter()
            .skip_while(|vma| *vma != at)
            .skip(1)
            .filter(|vma| {
                let node = self.rest.world.node(*vma);
                node.start < pages.end() && node.last >= pages.first
            })
            .map(|vma| self.rest.names.vma(vma, step))
            .collect();
        let message = format!("the walk ends at {}: {why}", self.rest.names.vma(at, step));
        let site = statement.part(Part::Pages);
        if hidden.is_empty() {
            return Diagnostic::note(site, message)
                .hint("it hides nothing: no later mapping meets the range");
        }
        let shown: Vec<&str> = hidden.iter().copied().take(8).collect();
        let more = if hidden.len() > shown.len() {
            format!(" and {}", counted((hidden.len() - shown.len()) as u64, "other"))
        } else {
            String::new()
        };
        Diagnostic::warning(site, message).hint(format!(
            "it hides {}{more}; `filter skip` does what the kernel's documentation says",
            shown.join(" ")
        ))
    }
}

/// A file's VMAs in tree order.
pub(super) fn in_order(runner: &Runner<'_>, mapping: MappingId) -> Vec<VmaId> {
    let world = &runner.rest.world;
    let mut order = Vec::new();
    let mut above = Vec::new();
    let mut next = world.mapping(mapping).root;
    while next.is_some() || !above.is_empty() {
        while let Some(node) = next {
            above.push(node);
            next = world.node(node).left();
        }
        let node = above.pop().expect("one was pushed");
        order.push(node);
        next = world.node(node).right();
    }
    order
}

/// The set bits of a bitmap as ranges.
pub(super) fn set_bits(words: &[u64]) -> Vec<Pages> {
    let mut ranges: Vec<Pages> = Vec::new();
    for (base, word) in (0u64..).step_by(64).zip(words) {
        let mut word = *word;
        while word != 0 {
            let first = u64::from(word.trailing_zeros());
            let count = u64::from((word >> first).trailing_ones());
            word &= if first + count == 64 { 0 } else { u64::MAX << (first + count) };
            push_range(&mut ranges, Pages { first: base + first, count });
        }
    }
    ranges
}

/// Adds a range behind the others, joining the last if they touch.
pub(super) fn push_range(ranges: &mut Vec<Pages>, next: Pages) {
    match ranges.last_mut() {
        Some(last) if last.end() >= next.first => {
            last.count = last.count.max(next.end().saturating_sub(last.first));
        }
        _ => ranges.push(next),
    }
}
