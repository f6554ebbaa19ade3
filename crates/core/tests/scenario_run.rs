//! Carrying scenarios out: what each statement comes to, what is said when it fails, and what things are called.
#![allow(clippy::unwrap_used)]

use expect_test::{Expect, expect};
use rangewalk_core::machine::{Event, VmaId};
use rangewalk_core::scenario::{Verdict, parse, run, run_with};

/// Remarks, then line, verdict and words of each statement that has any.
fn check(text: &str, expected: Expect) {
    let (scenario, diagnostics) = parse(text);
    assert_eq!(diagnostics, []);
    let run = run(&scenario);
    let mut actual: String = run.diagnostics.iter().map(|d| format!("{d}\n")).collect();
    for outcome in run.outcomes.iter().filter(|outcome| !outcome.text.is_empty()) {
        actual.push_str(&format!("{}: {:?}: {}\n", outcome.line, outcome.verdict, outcome.text));
    }
    expected.assert_eq(&actual);
}

#[test]
fn what_does_not_hold_says_what_is_the_case() {
    check(
        "file data shmem 4\n\
         file bo dev-mkwrite 4 prefault 1\n\
         proc P1\n\
         map A P1 data 0+4 @7f1000000000 rw\n\
         map D P1 bo 0+4 @7f1000200000 rw\n\
         expect 1\n\
         expect faults 1\n\
         expect order A\n\
         store A 0+2\n\
         store D 1\n\
         expect faults 1\n\
         expect SIGBUS\n\
         wp data 0+4\n\
         expect 1\n\
         expect order A D\n\
         expect flush A all\n\
         expect flush D none\n\
         expect pte A 0+3 !W\n\
         expect pte A 1 none\n\
         expect pte A 3 P\n\
         expect pte D 0 hole PMD\n\
         clean data 0+4\n\
         expect bits data 0\n\
         expect hull data 0 4\n\
         expect written bo 0\n\
         expect tree data D\n",
        expect![[r#"
            6:1: error: expected 1, got no walk so far
            7:1: error: expected faults 1, got no access so far
            8:1: error: expected order A, got no walk so far
            11:1: error: expected faults 1, got 2
            12:1: error: expected SIGBUS, got no failure
            14:1: error: expected 1, got 2
            15:1: error: expected order A D, got A
            16:1: error: expected flush A all, got 2
            17:1: error: expected flush D none, got not walked
            19:1: error: expected pte A 1 none, got 8400000000000825 (P U A T V N) for page 1
            20:1: error: expected pte A 3 P, got none for page 3
            21:1: error: expected pte D 0 hole PMD, got none for page 0
            23:1: error: expected bits data 0, got 0+2
            24:1: error: expected hull data 0 4, got 0 2
            25:1: error: expected written bo 0, got 1
            26:1: error: expected tree data D, got A
            6: Broken: no walk so far
            7: Broken: no access so far
            8: Broken: no walk so far
            9: Done: 2 faults
            10: Done: 2 faults
            11: Broken: 2
            12: Broken: no failure
            13: Done: 2 entries write-protected
            14: Broken: 2
            15: Broken: A
            16: Broken: 2
            17: Broken: not walked
            18: Held: none
            19: Broken: 8400000000000825 (P U A T V N) for page 1
            20: Broken: none for page 3
            21: Broken: none for page 0
            22: Done: 2 entries cleaned; bits 0+2, start 0, end 2
            23: Broken: 0+2
            24: Broken: 0 2
            25: Broken: 1
            26: Broken: A
        "#]],
    );
}

#[test]
fn what_fails_is_an_error_unless_expected() {
    check(
        "file data shmem 2\n\
         file bo dev-pagetable 2\n\
         proc P1\n\
         map A P1 data 0+4 @7f1000000000 rw\n\
         store A\n\
         expect faults 3\n\
         expect SIGBUS\n\
         store A\n\
         load P1 @7f2000000000\n\
         expect SIGBUS\n\
         map B P1 data 0+2 @7f1000200000 rw ro-fd\n\
         map C P1 bo 0+2 @7f1000400000 rw private\n\
         map D P1 bo 0+2 @7f1000600000 rx\n\
         expect EPERM\n\
         map E P1 data 0+2 @7f1000800000 none\n\
         load E 0\n\
         expect SIGSEGV\n",
        expect![[r#"
            6:1: error: expected faults 3, got 2
            8:1: error: the store at 7f1000002000 ends in SIGBUS: that is behind the end of the file
            9:1: error: the load at 7f2000000000 ends in SIGSEGV: nothing is mapped there
            10:1: error: expected SIGBUS, got SIGSEGV
            11:1: error: mmap fails with EACCES: a read-only descriptor cannot be mapped shared and writable
            12:1: error: mmap fails with EINVAL: raw frames cannot be copied on write
            5: Failed: the store at 7f1000002000 ends in SIGBUS: that is behind the end of the file
            6: Broken: 2
            7: Held: SIGBUS
            8: Failed: the store at 7f1000002000 ends in SIGBUS: that is behind the end of the file
            9: Failed: the load at 7f2000000000 ends in SIGSEGV: nothing is mapped there
            10: Broken: SIGSEGV
            11: Failed: mmap fails with EACCES: a read-only descriptor cannot be mapped shared and writable
            12: Failed: mmap fails with EINVAL: raw frames cannot be copied on write
            13: Failed: mmap fails with EPERM: this kernel makes no device buffer executable
            14: Held: EPERM
            16: Failed: the load at 7f1000800000 ends in SIGSEGV: the mapping does not allow it
            17: Held: SIGSEGV
        "#]],
    );
}

#[test]
fn a_walk_says_where_it_ends_and_what_that_hides() {
    check(
        "file data shmem 8\n\
         proc P1\n\
         map A P1 data 0+2 @7f1000000000 rw\n\
         map R P1 data 1+4 @7f1000200000 r ro-fd\n\
         map Q P1 data 2+4 @7f1000400000 rw private\n\
         map B P1 data 3+2 @7f1000600000 rw\n\
         map C P1 data 6+2 @7f1000800000 rw\n\
         wp data 0+4\n\
         expect order A\n\
         wp data 5+3\n\
         wp data 1\n\
         unmap C\n\
         wp data 6+2\n",
        expect![[r#"
            8:9: warning: the walk ends at R: mapped through a read-only descriptor, it lacks VM_SHARED and VM_MAYWRITE (it hides Q B; `filter skip` does what the kernel's documentation says)
            10:9: warning: the walk ends at Q: it is private (it hides C; `filter skip` does what the kernel's documentation says)
            11:9: note: the walk ends at R: mapped through a read-only descriptor, it lacks VM_SHARED and VM_MAYWRITE (it hides nothing: no later mapping meets the range)
            13:9: warning: no mapping of data meets pages 6+2
            8: Done: 0 entries write-protected
            9: Held: A
            10: Done: 0 entries write-protected
            11: Done: 0 entries write-protected
            13: Done: 0 entries write-protected
        "#]],
    );
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

/// Every name that `vma` has in the run, with the line it got it in.
fn names(text: &str) -> String {
    let run = run(&parse(text).0);
    let mut out = String::new();
    let mut before = vec![String::new(); 16];
    for step in 0..run.timeline.tape().len() {
        for (id, last) in (0..).zip(&mut before) {
            let name = run.names.vma(VmaId(id), step);
            if name != *last && name != "?" {
                let span = run.spans.iter().find(|s| s.first <= step && step < s.end).unwrap();
                out.push_str(&format!("{}: {id} is {name}\n", span.line));
                assert!(matches!(run.timeline.tape().event(step), Event::VmaChange { .. }));
                *last = name.to_owned();
            }
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
        3: 0 is A
        4: 0 is A,B
        5: 0 is A..C
        6: 1 is A,B
        6: 0 is B+1
        6: 2 is B+2,C
        7: 0 is A
        7: 3 is A+3,B
        7: 1 is D
        8: 4 is A.P2
        8: 5 is D.P2
        8: 6 is A.P2+3,B.P2
        8: 7 is B.P2+2,C.P2
    "#]].assert_eq(&names(text));
    let old = names(&format!("kernel 6.1\n{text}"));
    expect![[r#"
        4: 0 is A
        5: 0 is A,B
        6: 0 is A..C
        7: 1 is B+2,C
        7: 0 is A,B
        7: 2 is B+1
        8: 2 is A+3,B
        8: 0 is A
        8: 3 is D
        9: 4 is A.P2
        9: 5 is D.P2
        9: 6 is A.P2+3,B.P2
        9: 7 is B.P2+2,C.P2
    "#]].assert_eq(&old);
}
