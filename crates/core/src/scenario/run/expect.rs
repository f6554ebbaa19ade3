//! Whether what the writer expects is the case, and what is the case.

use super::walk::{push_range, set_bits};
use super::{Outcome, Runner, Verdict, mapping, outcome};
use crate::addr::VirtAddr;
use crate::arch::pte::PFN_MASK;
use crate::arch::{Level, Pte, PteFlags};
use crate::machine::VmaId;
use crate::machine::event::{Reach, Verdict as Filtered};
use crate::machine::rbtree::Colour;
use crate::order::sort_by_key;
use crate::scenario::ast::{
    Expect, Failure, FileId, FlushWant, LabelId, Pages, PteWant, Statement, TreeWant,
};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::format;
use crate::scenario::syntax::PTE_LETTERS;

/// Whether it holds, and what was found.
type Finding = (bool, String);

impl Runner<'_> {
    pub(super) fn expect(&mut self, statement: &Statement, expect: &Expect) -> Outcome {
        let (holds, got) = self.finding(expect);
        if holds {
            return outcome(statement, Verdict::Held, None, got);
        }
        let wanted = format::expectation(self.scenario, expect);
        let message = format!("expected {wanted}, got {got}");
        self.rest.diagnostics.push(*Diagnostic::error(statement.site(), message));
        outcome(statement, Verdict::Broken, None, got)
    }

    fn finding(&mut self, expect: &Expect) -> Finding {
        match expect {
            Expect::Fails(wanted) => self.failed(*wanted),
            Expect::Returns(wanted) => match &self.rest.last.walk {
                Some(seen) => (seen.returned == *wanted, seen.returned.to_string()),
                None => (false, "no walk so far".to_owned()),
            },
            Expect::Faults(wanted) => match self.rest.last.faults {
                Some(faults) => (faults == *wanted, faults.to_string()),
                None => (false, "no access so far".to_owned()),
            },
            Expect::Order(wanted) => self.order(wanted),
            Expect::Flush(label, wanted) => self.flush(*label, *wanted),
            Expect::Pte(label, pages, wanted) => {
                let mm = self.mm(self.scenario.label(*label).process);
                let world = &self.rest.world;
                let entry = |addr| match (world.leaf_slot(mm, addr), world.pte_slot(mm, addr)) {
                    (None, Err((level, _))) => Err(level),
                    (Some((_, slot)), _) | (None, Ok(slot)) => Ok(world.word(slot)),
                };
                self.words(*label, *pages, *wanted, &entry)
            }
            Expect::Ipis(wanted) => (self.watch.ipis == *wanted, self.watch.ipis.to_string()),
            Expect::Flushes(wanted) => {
                (self.watch.flushes == *wanted, self.watch.flushes.to_string())
            }
            Expect::Tlb(label, pages, cpu, wanted) => {
                let cached = |addr| {
                    let mm = self.mm(self.scenario.label(*label).process);
                    let entry = self.rest.world.cpu(*cpu).entry(mm, addr);
                    Ok(entry.map_or(Pte::NONE, |entry| entry.word))
                };
                self.words(*label, *pages, *wanted, &cached)
            }
            Expect::Lost(file, wanted) => {
                same_ranges(wanted, &set_bits(&self.rest.world.mapping(mapping(*file)).lost))
            }
            Expect::Bits(file, wanted) => {
                let words = &self.rest.world.mapping(mapping(*file)).bitmap.words;
                same_ranges(wanted, &set_bits(words))
            }
            Expect::Hull(file, start, end) => {
                let bitmap = &self.rest.world.mapping(mapping(*file)).bitmap;
                let got = format!("{} {}", bitmap.start, bitmap.end);
                (bitmap.start == *start && bitmap.end == *end, got)
            }
            Expect::Written(file, wanted) => {
                same_ranges(wanted, &set_bits(&self.rest.world.mapping(mapping(*file)).written))
            }
            Expect::Method(file, wanted) => {
                let method = self.rest.world.mapping(mapping(*file)).method;
                (method == *wanted, method.name().to_owned())
            }
            Expect::Tree(file, wanted) => self.tree(*file, wanted.as_deref()),
        }
    }

    /// The failure of the last statement, which then was meant and is no error.
    fn failed(&mut self, wanted: Failure) -> Finding {
        match self.rest.last.failure.take() {
            Some((failure, _)) if failure == wanted => (true, failure.name().to_owned()),
            Some((failure, diagnostic)) => {
                self.rest.last.failure = Some((failure, diagnostic));
                (false, failure.name().to_owned())
            }
            None => (false, "no failure".to_owned()),
        }
    }

    fn order(&self, wanted: &[LabelId]) -> Finding {
        let Some(seen) = &self.rest.last.walk else { return (false, "no walk so far".to_owned()) };
        let walked: Vec<VmaId> = seen
            .visits
            .iter()
            .filter(|visit| visit.verdict == Filtered::Walk)
            .map(|visit| visit.vma)
            .collect();
        let same = walked.len() == wanted.len()
            && walked.iter().zip(wanted).all(|(vma, label)| self.covers(*vma, *label));
        let names: Vec<&str> =
            walked.iter().map(|vma| self.rest.names.vma(*vma, self.watch.steps)).collect();
        (same, if names.is_empty() { "none".to_owned() } else { names.join(" ") })
    }

    fn flush(&self, label: LabelId, wanted: FlushWant) -> Finding {
        let Some(seen) = &self.rest.last.walk else { return (false, "no walk so far".to_owned()) };
        let visit = seen.visits.iter().find(|visit| self.covers(visit.vma, label));
        let Some((_, reach, pages)) = visit.and_then(|visit| visit.flush) else {
            return (false, "not walked".to_owned());
        };
        let got = match reach {
            Reach::None => FlushWant::Nothing,
            Reach::Pages | Reach::HugePages => FlushWant::Pages(pages),
            Reach::All => FlushWant::All,
        };
        let text = match got {
            FlushWant::Nothing => "none".to_owned(),
            FlushWant::Pages(pages) => pages.to_string(),
            FlushWant::All => format!("all, for {pages} pages"),
        };
        (got == wanted, text)
    }

    /// Every page's word must be as wanted; the first that is not is what was found.
    fn words(
        &self,
        label: LabelId,
        pages: Pages,
        wanted: PteWant,
        word_at: &dyn Fn(VirtAddr) -> Result<Pte, Level>,
    ) -> Finding {
        let mut found = String::new();
        for pgoff in pages.first..pages.end() {
            let entry = word_at(self.scenario.label(label).address_of(pgoff));
            found = entry_text(entry);
            if !fits(entry, wanted) {
                return (false, format!("{found} for page {pgoff}"));
            }
        }
        (true, found)
    }

    fn tree(&self, file: FileId, wanted: Option<&TreeWant>) -> Finding {
        let root = self.rest.world.mapping(mapping(file)).root;
        let mut text = String::new();
        self.tree_text(root, &mut text);
        (self.same_tree(root, wanted), text)
    }

    fn same_tree(&self, node: Option<VmaId>, wanted: Option<&TreeWant>) -> bool {
        let (node, wanted) = match (node, wanted) {
            (None, None) => return true,
            (Some(node), Some(wanted)) => (node, wanted),
            _ => return false,
        };
        let at = self.rest.world.node(node);
        let [left, right] = &wanted.children;
        self.covers(node, wanted.label)
            && at.colour == wanted.colour
            && self.same_tree(at.left(), left.as_deref())
            && self.same_tree(at.right(), right.as_deref())
    }

    fn tree_text(&self, node: Option<VmaId>, out: &mut String) {
        let Some(node) = node else {
            out.push_str(if out.is_empty() { "none" } else { "-" });
            return;
        };
        let at = self.rest.world.node(node);
        out.push_str(self.rest.names.vma(node, self.watch.steps));
        if at.colour == Colour::Red {
            out.push('*');
        }
        if at.left().is_some() || at.right().is_some() {
            out.push('(');
            self.tree_text(at.left(), out);
            out.push(' ');
            self.tree_text(at.right(), out);
            out.push(')');
        }
    }
}

fn fits(entry: Result<Pte, Level>, wanted: PteWant) -> bool {
    match (entry, wanted) {
        (Err(level), PteWant::Hole(wanted)) => level == wanted,
        (Ok(pte), PteWant::Empty) => pte.is_none(),
        (Ok(pte), PteWant::Word(word)) => pte.0 & !PFN_MASK == word,
        (Ok(pte), PteWant::Bits { set, clear }) => {
            pte.flags().contains(set) && !pte.flags().intersects(clear)
        }
        (Err(_), _) | (Ok(_), PteWant::Hole(_)) => false,
    }
}

fn entry_text(entry: Result<Pte, Level>) -> String {
    match entry {
        Err(level) => format!("hole {}", level.name()),
        Ok(pte) if pte.is_none() => "none".to_owned(),
        Ok(pte) => {
            format!("{:x} ({})", pte.0 & !PFN_MASK, letters(pte.flags()))
        }
    }
}

/// `P W U A`.
fn letters(flags: PteFlags) -> String {
    let set = PTE_LETTERS.iter().filter(|(_, flag)| flags.contains(*flag));
    set.map(|(letter, _)| letter.to_string()).collect::<Vec<_>>().join(" ")
}

fn same_ranges(wanted: &[Pages], got: &[Pages]) -> Finding {
    let mut sorted = wanted.to_vec();
    sort_by_key(&mut sorted, |pages| pages.first);
    let mut joined = Vec::new();
    for pages in sorted {
        push_range(&mut joined, pages);
    }
    (joined == got, format::ranges(got))
}
