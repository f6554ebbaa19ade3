//! When vmwgfx changes its method: the thresholds that the driver's source names, at their edges.
#![allow(clippy::unwrap_used)]

use rangewalk_core::scenario::{Severity, parse, run};

/// Every `expect` in the story holds.
fn check(story: &str) {
    let (scenario, diagnostics) = parse(story);
    let run = run(&scenario);
    let errors: Vec<String> = diagnostics
        .iter()
        .chain(&run.diagnostics)
        .filter(|d| d.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    assert!(errors.is_empty(), "{story}\n{errors:#?}");
}

/// A buffer of `pages` pages, tracked, and what follows.
fn tracked(pages: u64, rest: &str) {
    let begin = format!("file bo vmwgfx {pages}\nproc P\nmap A P bo 0+{pages} @7f1000000000 rw\n");
    check(&format!("{begin}vmw add bo\n{rest}"));
}

#[test]
fn what_fits_one_page_table_is_scanned() {
    tracked(511, "expect method bo pagetable\n");
    tracked(512, "expect method bo mkwrite\n");
}

#[test]
fn eleven_percent_are_many_and_ten_are_not() {
    let scan = |stores: u64| format!("store A 0+{stores}\nvmw scan bo\nvmw transfer bo 0+600\n");
    let dense = scan(66) + &scan(70) + &scan(80);
    tracked(600, &format!("{dense}expect method bo pagetable\n"));
    let interrupted = scan(66) + &scan(70) + &scan(65) + &scan(66) + &scan(66);
    tracked(600, &format!("{interrupted}expect method bo mkwrite\n"));
}

#[test]
fn three_idle_scans_change_the_method_and_a_write_between_them_does_not() {
    let scan = "vmw scan bo\n";
    tracked(16, &format!("{}expect method bo mkwrite\nexpect bits bo none\n", scan.repeat(3)));
    let written = format!("{scan}{scan}store A 1\n{scan}{scan}{scan}");
    tracked(16, &format!("{written}expect method bo pagetable\nexpect bits bo 1\n"));
}

#[test]
fn counts_are_entries_so_two_mappings_count_twice() {
    // 40 of 600 pages are 6 percent, but 80 entries are 13.
    let begin = "file bo vmwgfx 600\nproc P Q\nmap A P bo 0+600 @7f1000000000 rw\n\
                 map B Q bo 0+600 @7f2000000000 rw\nvmw add bo\n";
    let scan = "store A 0+40\nstore B 0+40\nvmw scan bo\nvmw transfer bo 0+600\n";
    check(&format!("{begin}{}expect method bo pagetable\n", scan.repeat(3)));
}

#[test]
fn a_transfer_takes_its_part_and_shrinks_the_hull() {
    let written = "store A 1\nstore A 3+2\nstore A 9\nvmw scan bo\nexpect hull bo 1 10\n";
    tracked(
        16,
        &format!(
            "{written}vmw transfer bo 0+4\nexpect 2\nexpect bits bo 4 9\nexpect hull bo 4 10\n\
             vmw transfer bo 8+8\nexpect 1\nexpect bits bo 4\nexpect hull bo 4 8\n\
             vmw clear bo 0+16\nexpect bits bo none\n"
        ),
    );
    // Releases before 7.3 go on to the hull's end.
    let begin = "kernel 6.12\nfile bo vmwgfx 16\nproc P\nmap A P bo 0+16 @7f1000000000 rw\n";
    check(&format!("{begin}vmw add bo\n{written}vmw transfer bo 0+4\nexpect 4\n"));
}

#[test]
fn unmapping_saves_the_dirt_and_may_begin_the_hull_too_early() {
    // The helper's neutral start is the length of the range, 2, not the object's size.
    let story = "store A 9\nvmw unmap bo 8+2\nexpect pte A 9 none\nexpect bits bo 9\n";
    tracked(16, &format!("{story}expect hull bo 2 10\nstore A 9\nexpect faults 1\n"));
}
