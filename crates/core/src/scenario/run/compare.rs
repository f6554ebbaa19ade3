//! One job in several ways, what happens over and over, and accesses to some of many pages.

use super::statement::Effect;
use super::{Runner, Verdict, mapping};
use crate::machine::{MappingId, MmId, Stop};
use crate::mm::clear_refs::clear_refs_write;
use crate::mm::rmap::wrprotect_file_pages;
use crate::mm::zap::{Cows, unmap_mapping_pages};
use crate::scenario::ast::{Beside, FileId, Op, Pages, Statement};
use crate::scenario::strategy::Strategy;

impl Runner<'_> {
    /// The job of a `compare`, done in this way.
    pub(super) fn strategy(
        &mut self,
        statement: &Statement,
        file: FileId,
        pages: Pages,
        strategy: Strategy,
    ) -> Result<Effect, Stop> {
        let before = self.rest.filter;
        self.rest.filter = strategy.filter().unwrap_or(before);
        let done = self.job(statement, file, pages, strategy);
        self.rest.filter = before;
        done
    }

    fn job(
        &mut self,
        statement: &Statement,
        file: FileId,
        pages: Pages,
        strategy: Strategy,
    ) -> Result<Effect, Stop> {
        match strategy {
            Strategy::Wp | Strategy::WpSkip => self.wp(statement, file, pages),
            Strategy::Clean | Strategy::CleanSkip => self.clean(statement, file, pages, 0),
            Strategy::WpClean | Strategy::WpCleanSkip => {
                let protected = self.wp(statement, file, pages)?;
                let cleaned = self.clean(statement, file, pages, 0)?;
                Ok(both(protected, cleaned))
            }
            Strategy::Mkclean => self.beside(Beside::Mkclean(file, pages)),
            Strategy::Wrprotect => self.beside(Beside::Wrprotect(file, pages)),
            Strategy::WrprotectPages => {
                let Pages { first, count } = pages;
                let cpu = &mut self.cpu();
                let done = wrprotect_file_pages(cpu, mapping(file), first, count)?;
                Ok(self.walked_beside(done.map(Some)))
            }
            Strategy::Zap => {
                let Pages { first, count } = pages;
                unmap_mapping_pages(&mut self.cpu(), mapping(file), first, count, Cows::Keep)?;
                Ok(self.walked_beside(Ok(None)))
            }
            Strategy::Softclear => self.softclear_all(mapping(file), pages),
        }
    }

    /// Each process that maps a page of the range, by number: a walk of processes has to be told
    /// which.
    fn softclear_all(&mut self, mapping: MappingId, pages: Pages) -> Result<Effect, Stop> {
        let world = &self.rest.world;
        let meets = |mm: MmId| {
            world.vmas().any(|(_, vma)| {
                let own = vma.mm == Some(mm) && vma.mapping() == Some(mapping);
                own && vma.pgoff < pages.end() && vma.last_pgoff() >= pages.first
            })
        };
        let alive = world.mms().filter(|(_, mm)| mm.alive).map(|(mm, _)| mm);
        for mm in alive.filter(|mm| meets(*mm)).collect::<Vec<_>>() {
            clear_refs_write(&mut self.cpu(), mm)?;
        }
        let changed = self.watch.exchanged;
        Ok(self.walked_beside(Ok(Some(changed))))
    }

    /// The block of the `repeat` that is statement `at`. All its steps belong to that statement.
    pub(super) fn repeat(&mut self, at: usize, rounds: u64) {
        let first = self.watch.steps;
        let statements = &self.scenario.statements;
        let ends = |statement: &Statement| matches!(statement.op, Op::End);
        let end = statements[at..].iter().position(ends).map_or(statements.len(), |n| at + n);
        self.one(at);
        let (block, said) = (at + 1, self.rest.diagnostics.len());
        for round in 0..rounds {
            self.round = round;
            let new = self.rest.diagnostics.len();
            for inner in block..end {
                let outcome = self.try_one(inner);
                match self.rest.outcomes.get_mut(inner) {
                    None => self.rest.outcomes.push(outcome),
                    // The first round that goes wrong is the one to tell of.
                    Some(last) if last.verdict == Verdict::Failed => {}
                    Some(last) if last.verdict == Verdict::Broken => {}
                    Some(last) => *last = outcome,
                }
            }
            self.forget_repeated(said, new);
            if self.rest.stop.is_some() {
                break;
            }
        }
        self.round = 0;
        self.close_block(at, end, first, rounds);
    }

    /// What was said in a round before need not be said again.
    fn forget_repeated(&mut self, said: usize, new: usize) {
        let fresh = self.rest.diagnostics.split_off(new);
        for remark in fresh {
            if !self.rest.diagnostics[said..].iter().any(|known| known.line == remark.line) {
                self.rest.diagnostics.push(remark);
            }
        }
    }

    fn close_block(&mut self, at: usize, end: usize, first: u32, rounds: u64) {
        let steps = self.watch.steps;
        (self.rest.spans[at].first, self.rest.spans[at].end) = (first, steps);
        for inner in at + 1..end {
            let statement = &self.scenario.statements[inner];
            let line = statement.line;
            if rounds == 0 {
                let never = super::outcome(statement, Verdict::Done, None, String::new());
                self.rest.outcomes.push(never);
            }
            self.rest.spans.push(super::Span { line, first: steps, end: steps });
        }
        self.rest.next = end;
    }
}

/// What two walks came to.
fn both(first: Effect, second: Effect) -> Effect {
    match (first, second) {
        (Effect::Value(_, first), Effect::Value(value, second)) => {
            Effect::Value(value, format!("{first}; {second}"))
        }
        (_, second) => second,
    }
}

/// `some` of `count` pages, ascending: spread evenly, as the bits of their numbers read backwards
/// have it, so that fewer are always among more; and each round one page further.
pub(crate) fn some_of(count: u64, some: u64, round: u64) -> Vec<u64> {
    if some >= count {
        return (0..count).collect();
    }
    let bits = u64::BITS - (count - 1).leading_zeros();
    let spread = (0..1u64 << bits).map(|n| n.reverse_bits() >> (u64::BITS - bits));
    let spread = spread.filter(|page| *page < count);
    let words = usize::try_from(count.div_ceil(64)).unwrap_or(usize::MAX);
    let mut chosen = vec![0u64; words];
    for page in spread.take(usize::try_from(some).unwrap_or(usize::MAX)) {
        let page = (page + round) % count;
        chosen[usize::try_from(page / 64).unwrap_or(usize::MAX)] |= 1 << (page % 64);
    }
    let is_chosen = |page: &u64| {
        let word = usize::try_from(page / 64).unwrap_or(usize::MAX);
        chosen[word] >> (page % 64) & 1 == 1
    };
    (0..count).filter(is_chosen).collect()
}
