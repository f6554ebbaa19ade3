//! Compares the emulator's answer with the kernel's and keeps the tally.

use std::fmt::Display;

use super::answer::{Answer, BufBits, Clean, Count, Dump, Smaps, VmaDump};
use super::calls::Call;
use super::runs::{expand, length};
use super::script::{FILE_PAGES_MAX, STRETCH_PAGES_MAX};

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Category {
    /// A page loaded or stored: faults or signal.
    Accesses,
    /// How a system call ended.
    Returns,
    /// What a walk returned, and its bitmap.
    Counts,
    /// A VMA's borders, offset, file, flags and protection.
    Vmas,
    /// A page-table word.
    PteWords,
    /// The page behind it.
    MappedPages,
    /// That page's mapcount.
    Mapcounts,
    /// A whole interval tree.
    Tree,
    /// One pass of the tree's iterator.
    Order,
    /// A page of a page cache.
    PageCache,
    /// A call that a tracer saw, in its place.
    Calls,
}

impl Category {
    /// All of them, as reported.
    pub const ALL: [Category; 11] = [
        Category::Accesses,
        Category::Returns,
        Category::Counts,
        Category::Vmas,
        Category::PteWords,
        Category::MappedPages,
        Category::Mapcounts,
        Category::Tree,
        Category::Order,
        Category::PageCache,
        Category::Calls,
    ];

    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Category::Accesses => "accesses",
            Category::Returns => "returns",
            Category::Counts => "counts+bitmaps",
            Category::Vmas => "vmas",
            Category::PteWords => "pte words",
            Category::MappedPages => "mapped pages",
            Category::Mapcounts => "mapcounts",
            Category::Tree => "tree",
            Category::Order => "order",
            Category::PageCache => "page cache",
            Category::Calls => "calls",
        }
    }
}

/// How many of a category are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Equal to the kernel's.
    pub equal: u64,
    /// In the kernel's answers.
    pub total: u64,
    /// Of `total`: behind an op that could not be replayed.
    pub unreached: u64,
}

/// One tally a category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies([Tally; Category::ALL.len()]);

impl Tallies {
    /// The tally of `category`.
    #[must_use]
    pub fn of(&self, category: Category) -> Tally {
        self.0[category as usize]
    }

    fn add(&mut self, category: Category, equal: u64, total: u64) {
        let tally = &mut self.0[category as usize];
        tally.equal += equal;
        tally.total += total;
    }

    /// Counts an answer that the emulator has not reached.
    pub fn pass_over(&mut self, expected: &Answer) {
        let mut here = Tallies::default();
        compare(expected, expected, &mut here);
        for (tally, here) in self.0.iter_mut().zip(here.0) {
            tally.total += here.total;
            tally.unreached += here.total;
        }
    }
}

/// The first thing in which two answers differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What it is; empty if the answer is just that.
    pub what: String,
    /// The kernel's.
    pub expected: String,
    /// The emulator's.
    pub got: String,
}

fn mismatch(what: impl Into<String>, expected: impl ToString, got: impl ToString) -> Mismatch {
    Mismatch { what: what.into(), expected: expected.to_string(), got: got.to_string() }
}

/// Compares, counts, and tells the first difference.
pub fn compare(expected: &Answer, got: &Answer, tallies: &mut Tallies) -> Option<Mismatch> {
    let (category, difference) = match (expected, got) {
        (Answer::Hits(e), Answer::Hits(g)) => return hits(&e.hits, &g.hits, tallies),
        (Answer::Dump(e), Answer::Dump(g)) => return dump(e, g, tallies),
        (Answer::Pages(e), Answer::Pages(g)) => {
            let (e, g) = (&e.pg, &g.pg);
            return runs(Category::PageCache, e, g, FILE_PAGES_MAX, tallies);
        }
        (Answer::Calls(e), Answer::Calls(g)) => return calls(e, g, tallies),
        (Answer::Text, Answer::Text) => return None,
        (Answer::Content(e), Answer::Content(g)) => {
            (Category::Returns, (e != g).then(|| mismatch("text", &e.text, &g.text)))
        }
        (Answer::Return(e), Answer::Return(g)) => {
            (Category::Returns, (e != g).then(|| mismatch("rc", e.rc, g.rc)))
        }
        (Answer::Count(e), Answer::Count(g)) => {
            (Category::Counts, (e != g).then(|| mismatch("", count(e), count(g))))
        }
        (Answer::Clean(e), Answer::Clean(g)) => {
            (Category::Counts, (e != g).then(|| mismatch("", clean(e), clean(g))))
        }
        (Answer::BufBits(e), Answer::BufBits(g)) => {
            (Category::Counts, (e != g).then(|| mismatch("", buf_bits(e), buf_bits(g))))
        }
        (Answer::Smaps(e), Answer::Smaps(g)) => {
            (Category::Counts, (e != g).then(|| mismatch("", smaps(e), smaps(g))))
        }
        (Answer::Tree(e), Answer::Tree(g)) => (Category::Tree, list("node", &e.nodes, &g.nodes)),
        (Answer::Order(e), Answer::Order(g)) => (Category::Order, list("node", &e.nodes, &g.nodes)),
        _ => unreachable!("both answer the same op"),
    };
    tallies.add(category, difference.is_none().into(), 1);
    difference
}

/// Calls are equal up to the first that differs.
fn calls(expected: &[Call], got: &[Call], tallies: &mut Tallies) -> Option<Mismatch> {
    let equal = expected.iter().zip(got).take_while(|(e, g)| g.agrees(e)).count();
    let total = expected.len().max(got.len());
    tallies.add(Category::Calls, equal as u64, total as u64);
    let shown = |call: Option<&Call>| call.map_or("nothing".to_owned(), Call::to_string);
    let (expected, got) = (shown(expected.get(equal)), shown(got.get(equal)));
    (equal < total).then(|| mismatch(format!("call {} of {total}", equal + 1), expected, got))
}

fn count(answer: &Count) -> String {
    match answer.rc {
        0 => format!("n {}", answer.n),
        rc => format!("rc {rc} n {}", answer.n),
    }
}

fn clean(answer: &Clean) -> String {
    let Clean { n, start, end, bits } = answer;
    format!("n {n} start {start} end {end} bits {}", bits.join(" "))
}

fn buf_bits(answer: &BufBits) -> String {
    let BufBits { faults, mkwrites, bits } = answer;
    format!("faults {faults} mkwrites {mkwrites} bits {}", bits.join(" "))
}

fn smaps(answer: &Smaps) -> String {
    let Smaps { rc, smaps } = answer;
    format!("rc {rc} smaps {smaps:?}")
}

fn hits(expected: &str, got: &str, tallies: &mut Tallies) -> Option<Mismatch> {
    let equal = expected.chars().zip(got.chars()).filter(|(e, g)| e == g).count();
    tallies.add(Category::Accesses, equal as u64, expected.chars().count() as u64);
    (expected != got).then(|| mismatch("hits", expected, got))
}

fn list<T: Display + PartialEq>(what: &str, expected: &[T], got: &[T]) -> Option<Mismatch> {
    let longest = expected.len().max(got.len());
    let at = (0..longest).find(|at| expected.get(*at) != got.get(*at))?;
    let show = |node: Option<&T>| node.map_or("none".to_owned(), ToString::to_string);
    Some(mismatch(format!("{what} {at}"), show(expected.get(at)), show(got.get(at))))
}

fn dump(expected: &Dump, got: &Dump, tallies: &mut Tallies) -> Option<Mismatch> {
    let live = |dump: &Dump| dump.procs.iter().map(|proc| proc.p).collect::<Vec<_>>();
    let mut first = None;
    if live(expected) != live(got) {
        let (expected, got) = (live(expected), live(got));
        first = Some(mismatch("processes", format!("{expected:?}"), format!("{got:?}")));
    }
    for proc in &expected.procs {
        let theirs = got.procs.iter().find(|other| other.p == proc.p);
        let theirs = theirs.map_or(&[][..], |proc| &proc.vmas);
        for vma in &proc.vmas {
            let other = theirs.iter().find(|other| other.a == vma.a && other.n == vma.n);
            let difference = vma_dump(vma, other, tallies).map(|difference| {
                let what = format!("p{} vma {}+{} {}", proc.p, vma.a, vma.n, difference.what);
                Mismatch { what, ..difference }
            });
            first = first.or(difference);
        }
        for other in theirs.iter().filter(|o| !proc.vmas.iter().any(|v| v.a == o.a && v.n == o.n)) {
            tallies.add(Category::Vmas, 0, 1);
            let what = format!("p{} vma {}+{}", proc.p, other.a, other.n);
            first = first.or(Some(mismatch(what, "none", head(other))));
        }
    }
    first
}

fn head(vma: &VmaDump) -> String {
    let VmaDump { o, f, fl, pp, .. } = vma;
    format!("pgoff {o} file {f} flags {fl} prot {pp}")
}

fn vma_dump(expected: &VmaDump, got: Option<&VmaDump>, tallies: &mut Tallies) -> Option<Mismatch> {
    let heads = (head(expected), got.map_or("none".to_owned(), head));
    tallies.add(Category::Vmas, (heads.0 == heads.1).into(), 1);
    let mut first = (heads.0 != heads.1).then(|| mismatch("", heads.0, heads.1));
    let empty = String::new();
    let columns = [
        (Category::PteWords, &expected.t, got.map_or(&empty, |vma| &vma.t)),
        (Category::MappedPages, &expected.x, got.map_or(&empty, |vma| &vma.x)),
        (Category::Mapcounts, &expected.m, got.map_or(&empty, |vma| &vma.m)),
    ];
    for (category, expected, got) in columns {
        first = first.or(runs(category, expected, got, STRETCH_PAGES_MAX, tallies));
    }
    first
}

/// Two run-length strings, counted by page.
fn runs(
    category: Category,
    expected: &str,
    got: &str,
    limit: u64,
    tallies: &mut Tallies,
) -> Option<Mismatch> {
    if expected == got {
        let pages = length(expected, limit);
        tallies.add(category, pages, pages);
        return None;
    }
    let (tokens, others) = (expand(expected, limit), expand(got, limit));
    let equal = tokens.iter().zip(&others).filter(|(e, g)| e == g).count();
    tallies.add(category, equal as u64, tokens.len() as u64);
    let longest = tokens.len().max(others.len());
    let at = (0..longest).find(|at| tokens.get(*at) != others.get(*at))?;
    let show = |tokens: &[String]| tokens.get(at).map_or("none", String::as_str).to_owned();
    Some(mismatch(format!("{} of page {at}", category.name()), show(&tokens), show(&others)))
}
