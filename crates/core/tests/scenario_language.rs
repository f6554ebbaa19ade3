//! The language: what is understood, what is said of the rest, and the one canonical form.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use rangewalk_core::scenario::{format, parse};

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

proptest! {
    #[test]
    fn any_text_is_read_and_its_canonical_form_is_a_fixed_point(text in "(?s).{0,400}") {
        let once = format(&parse(&text).0);
        prop_assert_eq!(&format(&parse(&once).0), &once);
    }
}
