//! Carrying scenarios out: what each statement comes to, what is said when it fails, and what
//! things are called.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "made for tests of random worlds")]
mod common;

use std::fs;
use std::path::Path;

use expect_test::{expect, expect_file};
use proptest::prelude::*;
use rangewalk_core::machine::{Event, VmaId};
use rangewalk_core::scenario::limits::STEPS_MAX;
use rangewalk_core::scenario::{Verdict, parse, run, run_with};

use common::digest;

/// Each text of `tests/stories` beside what is remarked, and what its statements come to.
#[test]
fn what_each_story_comes_to() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let (scenario, diagnostics) = parse(&fs::read_to_string(&path).unwrap());
        assert_eq!(diagnostics, []);
        let run = run(&scenario);
        let mut said: String = run.diagnostics.iter().map(|d| format!("{d}\n")).collect();
        for outcome in run.outcomes.iter().filter(|outcome| !outcome.text.is_empty()) {
            said += &format!("{}: {:?}: {}\n", outcome.line, outcome.verdict, outcome.text);
        }
        expect_file![path.with_extension("out")].assert_eq(&said);
    }
}

#[test]
fn the_run_ends_at_its_limit() {
    let text = "file data shmem 8\nproc P1\nmap A P1 data 0+8 @7f1000000000 rw\n\
                store A\nwp data 0+8\nexpect 8\n";
    let scenario = parse(text).0;
    let played = run_with(&scenario, &mut (), 40);
    assert_eq!(
        played.diagnostics[0].to_string(),
        "4:1: error: the run ends here: the limit is 40 steps"
    );
    assert_eq!(played.spans.last().unwrap().end, 40);
    let verdicts: Vec<Verdict> = played.outcomes.iter().map(|outcome| outcome.verdict).collect();
    use Verdict::{Done, Failed};
    assert_eq!(verdicts, [Done, Done, Done, Failed, Failed, Failed]);
}

/// Every name that each VMA has in the run, with the line it got it in. VMAs are numbered as they
/// come.
fn names(text: &str) -> String {
    let run = run(&parse(text).0);
    let mut out = String::new();
    let mut before: Vec<(VmaId, String)> = Vec::new();
    for step in 0..run.timeline.tape().len() {
        let Event::VmaChange { vma } = run.timeline.tape().event(step) else { continue };
        let number = before.iter().position(|(id, _)| *id == vma).unwrap_or_else(|| {
            before.push((vma, String::new()));
            before.len() - 1
        });
        let name = run.names.vma(vma, step);
        if name != before[number].1 {
            let span = run.spans.iter().find(|s| s.first <= step && step < s.end).unwrap();
            out.push_str(&format!("{}: {} is {name}\n", span.line, number + 1));
            before[number].1 = name.to_owned();
        }
    }
    out
}

#[test]
fn vmas_are_called_after_their_mappings() {
    let text = "file data shmem 32\n\
                proc P1\n\
                map A P1 data 0+4 @7f1000000000 rw\n\
                map B P1 data 4+4 @7f1000004000 rw\n\
                map C P1 data 8+4 @7f1000008000 rw\n\
                unmap B 5\n\
                map D P1 data 20+2 @7f1000001000 rw\n\
                fork P1 P2\n\
                unmap A.P2 0\n";
    expect![[r#"
        3: 1 is A
        4: 1 is A,B
        5: 1 is A..C
        6: 2 is A,B
        6: 1 is B+1
        6: 3 is B+2,C
        7: 1 is A
        7: 4 is A+3,B
        7: 2 is D
        8: 5 is A.P2
        8: 6 is D.P2
        8: 7 is A.P2+3,B.P2
        8: 8 is B.P2+2,C.P2
    "#]]
    .assert_eq(&names(text));
    let old = names(&format!("kernel 6.1\n{text}"));
    expect![[r#"
        4: 1 is A
        5: 1 is A,B
        6: 1 is A..C
        7: 2 is B+2,C
        7: 1 is A,B
        7: 3 is B+1
        8: 3 is A+3,B
        8: 1 is A
        8: 4 is ?
        8: 4 is D
        9: 5 is A.P2
        9: 6 is D.P2
        9: 7 is A.P2+3,B.P2
        9: 8 is B.P2+2,C.P2
    "#]]
    .assert_eq(&old);
}

/// A line that is understood in most places, with numbers that meet, overlap and miss each other.
fn line() -> impl Strategy<Value = String> {
    let label = prop::sample::select(vec!["A", "B", "C", "D", "A.P2", "B.P2", "A.P3"]);
    let process = prop::sample::select(vec!["P1", "P2", "P3"]);
    let file = prop::sample::select(vec!["data", "bo", "bq"]);
    let mode = prop::sample::select(vec!["rw", "r", "none", "rw private", "r ro-fd", "rwx"]);
    let word = prop::sample::select(vec!["load", "store", "unmap"]);
    let walk = prop::sample::select(vec!["wp", "clean"]);
    let other = prop::sample::select(vec![
        "fork P1 P2",
        "fork P1 P3",
        "fork P2 P3",
        "exit P1",
        "exit P2",
        "pending P1",
        "flushed P1",
        "filter skip",
        "filter stop",
        "faround 4K",
        "faround 16K",
        "fill data 3+9",
        "bitmap data 40",
        "bitmap bo 24 3 5",
        "clean data 2+9 at 1",
        "kernel 6.1",
        "kernel 6.12",
        "expect 3",
        "expect tree data A(- B*)",
        "expect order A B",
        "expect SIGBUS",
        "expect pte A 3 P !W",
        "expect flush B 2",
        "expect bits data 3+2",
        "expect EINVAL",
    ]);
    // The window spans a 2 MiB and a 512 GiB border; every second mapping leaves a gap.
    let start = 0x7f_8000_0000_u64 * 2 - 0x6000;
    let map = (label.clone(), process.clone(), file.clone(), 0..20u64, 1..9u64, 0..16u64, mode);
    prop_oneof![
        4 => map.prop_map(move |(label, process, file, first, pages, at, mode)| {
            let label = label.trim_end_matches(|c: char| c != 'A' && c.is_ascii_digit());
            let addr = start + (at << 12);
            format!("map {label} {process} {file} {first}+{pages} @{addr:x} {mode}")
        }),
        4 => (word, label.clone(), 0..24u64, 1..4u64)
            .prop_map(|(word, label, first, pages)| format!("{word} {label} {first}+{pages}")),
        2 => (process, 0..20u64, 1..6u64).prop_map(move |(process, at, pages)| {
            format!("store {process} @{:x}+{pages}", start + (at << 12))
        }),
        1 => label.prop_map(|label| format!("touch {label} rw.w")),
        3 => (walk, file, 0..9u64, 1..20u64)
            .prop_map(|(walk, file, first, pages)| format!("{walk} {file} {first}+{pages}")),
        2 => other.prop_map(str::to_owned),
    ]
}

proptest! {
    #[test]
    fn any_story_can_be_told_forwards_and_backwards(
        lines in prop::collection::vec(line(), 0..40)
    ) {
        let head = "file data shmem 24\nfile bo dev-mkwrite 24 prefault 4\n\
                    file bq dev-pagetable 24\nproc P1\n\
                    map A P1 data 0+8 @7f1000000000 rw\n";
        let scenario = parse(&format!("{head}{}\n", lines.join("\n"))).0;
        let mut run = run(&scenario);
        prop_assert_eq!(run.timeline.world().check(), []);
        let end = digest(run.timeline.world());
        let played = run_with(&scenario, &mut (), STEPS_MAX);
        prop_assert_eq!(&digest(&played.world), &end);
        prop_assert_eq!(&played.outcomes, &run.outcomes);
        prop_assert_eq!(&played.names, &run.names);
        run.timeline.seek(0);
        prop_assert_eq!(run.timeline.world().vmas().count(), 0);
        prop_assert!(run.trace(&scenario).is_ascii());
        prop_assert_eq!(&digest(run.timeline.world()), &end);
    }
}
