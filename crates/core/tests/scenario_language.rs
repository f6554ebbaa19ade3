//! The language: what is understood, what is said of the rest, and the one canonical form.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use expect_test::expect_file;
use proptest::prelude::*;
use rangewalk_core::scenario::{Diagnostic, Op, Scenario, Severity, format, parse};

/// Each text of `tests/language` beside what is said of it and its canonical form.
#[test]
fn what_is_said_of_each_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let (scenario, diagnostics) = parse(&fs::read_to_string(&path).unwrap());
        let mut said: String = diagnostics.iter().map(|d| format!("{d}\n")).collect();
        said.push_str("---\n");
        said.push_str(&format(&scenario));
        expect_file![path.with_extension("out")].assert_eq(&said);
    }
}

#[test]
fn quoted_in_a_mail() {
    let mail = "> title Quoted\r\n> >  file data shmem 8\t# twice\r\n>\r\n> proc\tP1\r\n";
    let (scenario, diagnostics) = parse(mail);
    assert_eq!(diagnostics, []);
    let plain = "title Quoted\nfile data shmem 8  # twice\n\nproc P1\n";
    assert_eq!(format(&scenario), plain);
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
    prop::sample::select(&WORDS[..])
}

const WORDS: [&str; 72] = [
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
    "compare",
    "repeat",
    "end",
    "some",
    "mkclean",
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
];

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
            let ops = scenario.statements.iter().map(|statement| statement.op.clone());
            ops.filter(|op| !matches!(op, Op::Note(_))).collect()
        };
        prop_assert_eq!(ops(&again), ops(&scenario));
        let errors = |all: &[Diagnostic]| {
            all.iter().filter(|d| d.severity == Severity::Error).count()
        };
        prop_assert_eq!(errors(&same), errors(&diagnostics));
    }
}
