//! The claims of the argument: each verdict worked out anew, its figures held against what the
//! facts about the kernel give by hand, and another verdict where the scenario gives cause.
#![allow(clippy::unwrap_used)]

use rangewalk_core::compare::argument::{CLAIMS, Holds, Verdict, claim, keeps};
use rangewalk_core::compare::{LockKind, compare};
use rangewalk_core::scenario::{Severity, format, parse, run};

fn verdict(name: &str) -> Verdict {
    claim(name).unwrap().verdict()
}

/// The value of a figure.
fn figure(verdict: &Verdict, what: &str) -> u64 {
    let figure = verdict.figures.iter().find(|figure| figure.what == what);
    figure.unwrap_or_else(|| panic!("no `{what}` among {:#?}", verdict.figures)).value
}

/// What the verdict says of its claim's scenario with `from` replaced.
fn on_another(name: &str, from: &str, to: &str) -> Option<Verdict> {
    let claim = claim(name).unwrap();
    assert!(claim.scenario.contains(from), "{from}");
    claim.verdict_on(&parse(&claim.scenario.replace(from, to)).0)
}

#[test]
fn every_scenario_is_canonical_and_runs() {
    for claim in &CLAIMS {
        let (scenario, diagnostics) = parse(claim.scenario);
        assert_eq!(diagnostics, [], "{}", claim.name);
        assert_eq!(format(&scenario), claim.scenario, "{}", claim.name);
        let errors = |all: &[rangewalk_core::scenario::Diagnostic]| {
            all.iter().filter(|d| d.severity == Severity::Error).count()
        };
        match compare(&scenario) {
            None => assert_eq!(errors(&run(&scenario).diagnostics), 0, "{}", claim.name),
            Some(comparison) => {
                assert_eq!(errors(&comparison.diagnostics), 0, "{}", claim.name);
                for lane in &comparison.lanes {
                    assert!(!lane.failed && !lane.is_cut(), "{}", claim.name);
                    assert_eq!(errors(&lane.run.diagnostics), 0, "{}", claim.name);
                }
            }
        }
        let said = claim.verdict();
        let in_words = |value: u64| said.sentence.contains(&value.to_string());
        assert!(said.figures.iter().any(|figure| in_words(figure.value)), "{}", claim.name);
    }
}

#[test]
fn ranges() {
    // A and B map 32 pages of the range, C 16 of them: k mappings, N pages, and 80 pairs.
    let said = verdict("ranges");
    assert_eq!(said.holds, Holds::Yes);
    let of = |what| figure(&said, what);
    assert_eq!((of("pages of the range"), of("mappings of it")), (32, 3));
    assert_eq!((of("wp: tree queries"), of("mkclean: tree queries")), (1, 32));
    assert_eq!((of("wp: descents"), of("mkclean: descents")), (3, 80));
    assert_eq!((of("wp: slots visited"), of("mkclean: slots visited")), (80, 80));
    // A range of one page is no range.
    let one = on_another("ranges", "compare data 8+32", "compare data 8+1").unwrap();
    assert_eq!(one.holds, Holds::Partly);
}

#[test]
fn the_lookup_is_the_least_part_of_it() {
    let said = verdict("lookup");
    assert_eq!(said.holds, Holds::Yes);
    // The search is one query and, in a tree of three equal ranges, each node and the ways back:
    // far from the two steps that each of 192 slots takes at least.
    let of = |what| figure(&said, what);
    assert!(of("wp: steps in the tree") <= 1 + 4 * 3 && of("wp: all steps") >= 192);
    assert!(of("percent in the tree, 1 page") > of("percent in the tree"));
}

#[test]
fn the_walker_shares_more_than_rmap_and_zap_do() {
    let said = verdict("sharing");
    assert_eq!(said.holds, Holds::Yes);
    let of = |what| figure(&said, what);
    // __walk_page_range and the four levels that clear_refs does not handle itself.
    assert_eq!(of("functions that softclear runs too"), 5);
    // iter_first and iter_next: with rmap and the zap it has the tree in common.
    assert_eq!(of("functions that mkclean runs too"), 2);
    assert_eq!(of("functions that zap runs too"), 2);
    assert_eq!(of("of them in mm/rmap.c"), 0);
    assert!(of("percent of wp's steps that they drive, softclear") > 90);
    assert!(of("percent of wp's steps that they drive, mkclean") < 10);
}

#[test]
fn the_zap_goes_the_same_way_and_destroys() {
    let said = verdict("closest");
    assert_eq!(said.holds, Holds::Yes);
    let of = |what| figure(&said, what);
    assert_eq!(of("VMAs clipped by the helper"), 3);
    // Of 64 pages every second is written, so of the 48 in the range 24; raw frames have no page
    // that could keep the dirt.
    assert_eq!(of("zap: dirt lost"), 24);
    assert_eq!(of("zap: entries gone"), of("helpers: entries that stay"));
    // The dirt of shared memory goes to its pages.
    let shmem = on_another("closest", "dev-pagetable 64 prefault 1", "shmem 64").unwrap();
    assert_eq!((shmem.holds, figure(&shmem, "zap: dirt lost")), (Holds::Partly, 0));
    // A mapping that fails the filter parts their ways.
    let stops = on_another("closest", "16+32 @7f2000000000 rw", "16+32 @7f2000000000 r ro-fd");
    assert_eq!(stops.unwrap().holds, Holds::Partly);
}

#[test]
fn fork_and_exit_are_hot() {
    let said = verdict("hot");
    assert_eq!(said.holds, Holds::Yes);
    let of = |what| figure(&said, what);
    assert!(of("steps under copy_page_range") + of("steps under the zap") > of("steps") / 3);
    // A program that only computes forks nothing.
    let none = on_another("hot", "repeat 24", "repeat 0").unwrap();
    assert_eq!(figure(&none, "steps under copy_page_range"), 0);
    assert_eq!(none.holds, Holds::No);
}

#[test]
fn the_locking_differs() {
    let said = verdict("locking");
    assert_eq!(said.holds, Holds::Yes);
    let of = |what| figure(&said, what);
    assert_eq!((of("wp: i_mmap_rwsem taken"), of("wp: mmap_lock taken")), (1, 0));
    assert_eq!((of("mkclean: i_mmap_rwsem taken"), of("mkclean: folio lock taken")), (16, 16));
    assert_eq!((of("softclear: i_mmap_rwsem taken"), of("softclear: mmap_lock taken")), (0, 2));
    // A fault takes the VMA's lock and a PTL, which the helper does not hold when it flushes.
    assert_eq!(of("wp: the other CPU's store came in"), 1);
    assert_eq!(of("mkclean: the other CPU's store came in"), 0);
    assert_eq!(of("softclear: the other CPU's store came in"), 0);
    for kind in [LockKind::IMmap, LockKind::Mmap, LockKind::Folio, LockKind::Ptl] {
        assert_eq!(keeps(kind).unwrap().kind, kind);
    }
}

#[test]
fn a_filter_miss_does_not_skip() {
    // G5: A, R, C in this order; wp changes A's entries alone.
    let said = verdict("filter");
    assert_eq!(said.holds, Holds::No);
    let of = |what| figure(&said, what);
    assert_eq!((of("wp: PTEs changed"), of("wp: entries missed")), (8, 8));
    assert_eq!((of("wp-skip: PTEs changed"), of("wp-skip: entries missed")), (16, 0));
    assert_eq!(of("mkclean: entries missed"), 0);
    assert_eq!(of("wp: stores after that nobody hears of"), 8);
    assert!(said.sentence.contains("A real Linux 7.3"), "{}", said.sentence);
    let none = on_another("filter", " r ro-fd", " rw").unwrap();
    assert_eq!(none.holds, Holds::Yes);
    assert!(!none.sentence.contains("A real Linux"));
}

#[test]
fn rmap_walks_ranges_too_since_2025() {
    let said = verdict("answer");
    assert_eq!(said.holds, Holds::Yes);
    let of = |what| figure(&said, what);
    // N = 64, k = 2; 40 entries written and 40 that came in writable.
    assert_eq!((of("wrprotect: tree queries"), of("wrprotect-pages: tree queries")), (1, 64));
    assert_eq!((of("wrprotect: descents"), of("wrprotect-pages: descents")), (2, 128));
    assert_eq!((of("wrprotect: PTEs changed"), of("wrprotect: flushes")), (80, 80));
    assert_eq!((of("wp+clean: dirt lost"), of("wrprotect: dirt lost")), (0, 40));
    // Pages of a page cache are given one by one.
    let shmem = on_another("answer", "dev-pagetable 64 prefault 1", "shmem 64").unwrap();
    assert_eq!(shmem.holds, Holds::No);
}

#[test]
fn a_scenario_without_the_lanes_has_no_verdict() {
    assert_eq!(on_another("ranges", " mkclean", ""), None);
    assert_eq!(claim("sharing").unwrap().verdict_on(&parse("proc P\n").0), None);
}
