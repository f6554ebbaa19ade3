//! The language: what is understood, what is said of the rest, and the one canonical form.
#![allow(clippy::unwrap_used)]

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rangewalk_core::scenario::{Diagnostic, Op, Scenario, Severity, format, parse};

/// Diagnostics of `text`, then its canonical form.
fn check(text: &str, expected: Expect) {
    let (scenario, diagnostics) = parse(text);
    let mut actual: String = diagnostics.iter().map(|d| format!("{d}\n")).collect();
    actual.push_str("---\n");
    actual.push_str(&format(&scenario));
    expected.assert_eq(&actual);
}

#[test]
fn every_statement_in_canonical_form() {
    check(
        "title   Write-protect,  clipped\n\
         note one line\n\n\n\
         kernel 6.12\n\
         faround 4096\n\
         filter skip\n\
         file data shmem 0x18   # the data\n\
         file bo dev-mkwrite 64 prefault 1\n\
         file bq dev-pagetable 64 prefault 16\n\
         fill data 0+8\n\
         proc P0 P1\n\
         map A P0 data 2+12 @7f1234562000 rw\n\
         map BB P1 data 12+2 @0x7f1234800000 r private ro-fd\n\
         # a comment\n\
         map N P1 bo 0+1 @7f1235000000 none\n\
         touch A rw.w\n\
         load A 3+2\n\
         store A 3+1\n\
         load P1 @7f1234800000+2\n\
         unmap A 4\n\
         fork P1 P3\n\
         store BB.P3\n\
         exit P3\n\
         bitmap data 64 0 9\n\
         pending P1\n\
         wp data 5+9\n\
         flushed P1\n\
         clean data 5+9 at 5\n\
         expect 10\n\
         expect bits data 0 2 4+3\n\
         expect hull data 0 9\n\
         expect pte A 7 P !W V\n\
         expect pte A 7+2 = 84000001a2b07825\n\
         expect pte A 7 none\n\
         expect pte A 7 hole PMD\n\
         expect faults 2\n\
         expect order A BB\n\
         expect flush A 33\n\
         expect flush BB all\n\
         expect EACCES\n\
         expect SIGBUS\n\
         expect written bo none\n\
         expect tree data A(- BB*( - BB.P3 ) )\n",
        expect![[r#"
            ---
            title Write-protect, clipped
            note one line

            kernel 6.12
            faround 4K
            filter skip
            file data shmem 24  # the data
            file bo dev-mkwrite 64 prefault 1
            file bq dev-pagetable 64
            fill data 0+8
            proc P0 P1
            map A  P0 data  2+12 @7f1234562000 rw
            map BB P1 data 12+2  @7f1234800000 r private ro-fd
            # a comment
            map N P1 bo 0+1 @7f1235000000 none
            touch A rw.w
            load A 3+2
            store A 3
            load P1 @7f1234800000+2
            unmap A 4
            fork P1 P3
            store BB.P3
            exit P3
            bitmap data 64 0 9
            pending P1
            wp data 5+9
            flushed P1
            clean data 5+9 at 5
            expect 10
            expect bits data 0 2 4+3
            expect hull data 0 9
            expect pte A 7 P !W V
            expect pte A 7+2 = 8400000000000825
            expect pte A 7 none
            expect pte A 7 hole PMD
            expect faults 2
            expect order A BB
            expect flush A 33
            expect flush BB all
            expect EACCES
            expect SIGBUS
            expect written bo none
            expect tree data A(- BB*(- BB.P3))
        "#]],
    );
}

#[test]
fn mistakes_have_a_place_and_a_hint() {
    check(
        "titel Typo\n\
         title One\n\
         title Two\n\
         kernel 5.5\n\
         faround 5000\n\
         filter maybe\n\
         file data memfd 8\n\
         load A\n",
        expect![[r#"
            1:1: error: `titel` is not a statement (did you mean `title`?)
            3:7: error: a second title; the first is in line 2
            4:8: error: kernel 5.5 is not emulated (one of 7.3 6.12 6.1)
            5:9: error: the size is 5000 bytes; the kernel takes a power of two (from 4K (one page) to 2048K)
            6:8: error: `maybe` is not a filter rule (stop is what the kernel does, skip what its documentation says)
            7:11: error: `memfd` is not a kind of file (write shmem)
            8:6: error: `A` is not a mapping that is known here (there is none yet: declare a mapping first)
            ---
            titel Typo
            title One
            title Two
            kernel 5.5
            faround 5000
            filter maybe
            file data memfd 8
            load A
        "#]],
    );
    check(
        "file data shmem 8\n\
         file data shmem 8\n\
         file big shmem 99999999999\n\
         file none shmem 0\n\
         file averylongnameindeed shmem 1\n\
         proc P0 P0\n\
         proc 1st\n\
         proc P1 P2\n\
         map A P1 data 0+4 @7f1000000010 rw\n\
         load A 3\n\
         map B P1 dada 0+4 @7f1000000000 rw\n\
         map C P1 data 0+4 @ffff800000000000 rw\n\
         map D P1 data 0+4 7f1000000000 rw\n\
         map E P1 data 0+0 @7f1000000000 rw\n\
         map F P1 data 0+4 @7f1000000000 wr x\n\
         map G P1 data 0+4 @7f1000000000 rr\n\
         map H P1 data 8+4 @7f1000000000 rw\n\
         map I P1 data 0+8 @7f1000002000 rw\n",
        expect![[r#"
            2:6: error: `data` already is a file (line 1) (choose another name)
            3:16: error: the number of pages is 99999999999; the limit is 16777216
            4:6: error: a file of no pages (the size is in pages of 4 KiB)
            5:6: error: the name has 19 characters; the limit is 16
            6:9: error: `P0` stands here twice
            7:6: error: `1st` cannot be a name (a letter, then letters, digits, _ or -)
            9:19: error: the address is not page-aligned (the page begins at @7f1000000000)
            10:6: note: left out, for it needs `A` of line 9
            11:10: error: `dada` is not a file that is known here (did you mean `data`?)
            12:19: error: reaches beyond user space (the last page ends at 7ffffffff000)
            13:19: error: `7f1000000000` is not an address (write @ and hexadecimal digits: @7f1234562000)
            14:15: error: a range of no pages (5+9 is nine pages from page 5)
            15:36: error: `x` does not fit here (private or ro-fd)
            16:33: error: `rr` is not a protection (some of r, w and x, as rw, or none)
            17:15: warning: maps nothing of data, which has 8 pages (an access there ends in SIGBUS)
            18:19: warning: takes the place of H, as MAP_FIXED does
            ---
            file data shmem 8
            file data shmem 8
            file big shmem 99999999999
            file none shmem 0
            file averylongnameindeed shmem 1
            proc P0 P0
            proc 1st
            proc P1 P2
            map A P1 data 0+4 @7f1000000010 rw
            load A 3
            map B P1 dada 0+4 @7f1000000000 rw
            map C P1 data 0+4 @ffff800000000000 rw
            map D P1 data 0+4 7f1000000000 rw
            map E P1 data 0+0 @7f1000000000 rw
            map F P1 data 0+4 @7f1000000000 wr x
            map G P1 data 0+4 @7f1000000000 rr
            map H P1 data 8+4 @7f1000000000 rw
            map I P1 data 0+8 @7f1000002000 rw
        "#]],
    );
    check(
        "file data shmem 8\n\
         proc P1 P2\n\
         map A P1 data 2+4 @7f1000000000 rw\n\
         load A 6\n\
         load A x\n\
         load P1\n\
         load P3 @7f1000000000\n\
         load P1 @7f1000000000+0\n\
         touch A rwq\n\
         touch A rwrwr\n\
         unmap A 3 4\n\
         fork P1 P2\n\
         exit P2\n\
         exit P2\n\
         fork P1 P4\n\
         load A.P4 5\n\
         load A.P2 5\n\
         wp data 4+8\n\
         clean data 4+8\n\
         clean data 2+2 at 4\n\
         wp P1 4+2\n",
        expect![[r#"
            4:8: error: A maps pages 2 to 5 of the file (pages are counted from the file's start)
            5:8: error: `x` is not a page range (write FIRST+PAGES: 5+9 is nine pages from page 5)
            6:6: error: `P1` is a process, not a mapping (line 2)
            7:6: error: `P3` is not a process that is known here (did you mean `P1`?)
            8:9: error: `+0` is not a number of pages (@7f1234562000+4 is four pages from there)
            9:11: error: `q` is not an access (r loads, w stores, . leaves the page alone)
            10:9: error: 5 letters for the 4 pages of A (one letter a page, from the mapping's first)
            11:11: error: `4` is one word too many (the form is: unmap LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES)
            12:9: error: `P2` already is a process (line 2) (choose another name)
            14:6: error: P2 exited in line 13
            17:6: error: `A.P2` is not a mapping that is known here (did you mean `A.P4`?)
            18:9: warning: reaches beyond data, which has 8 pages
            19:12: error: the bitmap covers pages 0 to 7 (clean must not be asked for more: widen it with `bitmap`, or move it with `at`)
            20:12: error: the bitmap covers pages 4 to 11 (clean must not be asked for more: widen it with `bitmap`, or move it with `at`)
            21:4: error: `P1` is a process, not a file (line 2)
            ---
            file data shmem 8
            proc P1 P2
            map A P1 data 2+4 @7f1000000000 rw
            load A 6
            load A x
            load P1
            load P3 @7f1000000000
            load P1 @7f1000000000+0
            touch A rwq
            touch A rwrwr
            unmap A 3 4
            fork P1 P2
            exit P2
            exit P2
            fork P1 P4
            load A.P4 5
            load A.P2 5
            wp data 4+8
            clean data 4+8
            clean data 2+2 at 4
            wp P1 4+2
        "#]],
    );
    check(
        "file data shmem 8\n\
         proc P1\n\
         map A P1 data 0+8 @7f1000000000 rw\n\
         expect\n\
         expect lots\n\
         expect fault 3\n\
         expect order B\n\
         expect pte A 9 P\n\
         expect pte A 7 Q\n\
         expect pte A 7 = xyz\n\
         expect pte A 7 hole PTE\n\
         expect written data 0\n\
         expect tree data A(-\n\
         expect tree data A(- -) B\n\
         expect flush A some\n",
        expect![[r#"
            4:7: error: the expectation is missing (the form is: expect WHAT)
            5:8: error: cannot expect `lots` (a number, or one of: faults order flush pte bits hull written tree EACCES EINVAL EPERM SIGBUS SIGSEGV)
            6:8: error: cannot expect `fault` (did you mean `faults`?)
            7:14: error: `B` is not a mapping that is known here (did you mean `A`?)
            8:14: error: A maps pages 0 to 7 of the file (pages are counted from the file's start)
            9:16: error: `Q` is not a bit of an entry (P W U A D S T N V, with ! for clear; or = WORD, none, hole LEVEL)
            10:18: error: `xyz` is not a page-table word (up to 16 hexadecimal digits; the frame number is not compared)
            11:21: error: `PTE` is not a level (PGD, PUD or PMD: the level whose entry is empty)
            12:16: error: data is shared memory (only device buffers have pfn_mkwrite)
            13:20: error: a node has two children, - for none, and a closing bracket (as B(A* C*) or B(- C*))
            14:25: error: `B` is behind the tree's end (as B(A* C*))
            15:16: error: `some` is not a number (the form is: expect flush LABEL PAGES|all|none)
            ---
            file data shmem 8
            proc P1
            map A P1 data 0+8 @7f1000000000 rw
            expect
            expect lots
            expect fault 3
            expect order B
            expect pte A 9 P
            expect pte A 7 Q
            expect pte A 7 = xyz
            expect pte A 7 hole PTE
            expect written data 0
            expect tree data A(-
            expect tree data A(- -) B
            expect flush A some
        "#]],
    );
}

#[test]
fn one_mistake_is_one_error() {
    check(
        "file data shmem 8\n\
         prok P1\n\
         map A P1 data 0+4 @7f1000000000 rw\n\
         store A 0\n\
         wp data 0+8\n",
        expect![[r#"
            2:1: error: `prok` is not a statement (did you mean `proc`?)
            3:7: note: left out, for it needs `P1` of line 2
            4:7: note: left out, for it needs `A` of line 3
            ---
            file data shmem 8
            prok P1
            map A P1 data 0+4 @7f1000000000 rw
            store A 0
            wp data 0+8
        "#]],
    );
}

#[test]
fn quoted_in_a_mail() {
    check(
        "> title Quoted\r\n\
         > >  file data shmem 8\t# twice\r\n\
         >\r\n\
         > proc\tP1\r\n",
        expect![[r#"
            ---
            title Quoted
            file data shmem 8  # twice

            proc P1
        "#]],
    );
}

#[test]
fn what_mails_garble() {
    check(
        "title Größe\n\
         note a line that is far too long for a mail and goes on and on and on until it ends here\n\
         # a comment that is far too long for a mail and goes on and on until it ends\n",
        expect![[r#"
            1:9: warning: not a 7-bit ASCII character; mails may garble it
            2:73: warning: the line has 88 columns; mails keep 72
            3:73: warning: the line has 76 columns; mails keep 72
            ---
            title Größe
            note a line that is far too long for a mail and goes on and on and on
            note until it ends here
            # a comment that is far too long for a mail and goes on and on until it ends
        "#]],
    );
}

#[test]
fn limits_are_named() {
    let lines = "proc P\n".repeat(20_001);
    let (scenario, diagnostics) = parse(&lines);
    assert_eq!(scenario.statements.len(), 1);
    assert_eq!(diagnostics.len(), 200);
    let last = diagnostics.last().unwrap().to_string();
    assert!(last.contains("the limit is 200 remarks"), "{last}");
    assert_eq!(format(&scenario), lines);

    let many: String = (0..257).map(|n| format!("proc P{n}\n")).collect();
    let said = parse(&many).1;
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].to_string(), "257:6: error: too many processes; the limit is 256");

    let map = |n: u64| format!("map M{n} P data 0+1 @{:x} rw\n", 0x7000_0000_0000 + (n << 20));
    let many: String = (0..4_097).map(map).collect();
    let said = parse(&format!("file data shmem 1\nproc P\n{many}")).1;
    assert_eq!(said[0].to_string(), "4099:5: error: too many mappings; the limit is 4096");

    let lines = "\n".repeat(20_000) + "proc P\n";
    let said = parse(&lines).1;
    assert_eq!(
        said[0].to_string(),
        "20001:1: error: not read from here on; the limit is 20000 lines"
    );
}

/// Statements and near misses of them: what a proptest of plain text would hardly ever write.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "title",
        "note",
        "kernel",
        "faround",
        "filter",
        "file",
        "proc",
        "map",
        "unmap",
        "fill",
        "load",
        "store",
        "touch",
        "fork",
        "exit",
        "bitmap",
        "wp",
        "clean",
        "pending",
        "flushed",
        "expect",
        "data",
        "P1",
        "P2",
        "A",
        "B",
        "A.P2",
        "shmem",
        "dev-mkwrite",
        "7.3",
        "64K",
        "8",
        "0+4",
        "18446744073709551615",
        "0x10+0xff",
        "5+9",
        "@7f1000000000",
        "@7f1000000000+2",
        "@0",
        "rw",
        "none",
        "private",
        "ro-fd",
        "rw.w",
        "at",
        "skip",
        "bits",
        "hull",
        "pte",
        "=",
        "8000000000000867",
        "W",
        "!D",
        "order",
        "flush",
        "all",
        "tree",
        "A(-",
        "B*)",
        "written",
        "faults",
        "SIGBUS",
        "EACCES",
        "#",
        ">",
        "\t",
        "ä",
    ])
}

proptest! {
    #[test]
    fn any_text_is_read_and_its_canonical_form_is_a_fixed_point(text in "(?s).{0,400}") {
        let once = format(&parse(&text).0);
        prop_assert_eq!(&format(&parse(&once).0), &once);
    }

    #[test]
    fn so_is_any_heap_of_words(
        lines in prop::collection::vec(prop::collection::vec(word(), 0..8), 0..24)
    ) {
        let lines: Vec<String> = lines.iter().map(|words| words.join(" ")).collect();
        let text = format!("file data shmem 8\nproc P1\nmap A P1 data 0+4 @7f1000000000 rw\n{}",
            lines.join("\n"));
        let (scenario, diagnostics) = parse(&text);
        let once = format(&scenario);
        let (again, same) = parse(&once);
        prop_assert_eq!(&format(&again), &once);
        let ops = |scenario: &Scenario| -> Vec<Op> {
            scenario.statements.iter().filter(|s| !matches!(s.op, Op::Note(_))).map(|s| s.op.clone())
                .collect()
        };
        prop_assert_eq!(ops(&again), ops(&scenario));
        let errors = |all: &[Diagnostic]| {
            all.iter().filter(|d| d.severity == Severity::Error).count()
        };
        prop_assert_eq!(errors(&same), errors(&diagnostics));
    }
}
