//! `docs/scenario.md` tells the truth: its examples run, its tables are the parser's, its limits
//! the program's.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use rangewalk_core::scenario::limits::{
    DIAGNOSTICS_MAX, DISK_PAGES_MAX, FAULT_AROUND_MAX, FILE_PAGES_MAX, FILES_MAX, LANES_MAX,
    LANES_STEPS_MAX, LINES_MAX, MAPPINGS_MAX, NAME_MAX, PGOFF_MAX, PREFAULT_MAX, PROCESSES_MAX,
    REPEAT_MAX, STEPS_MAX, UNTRACED_STEPS_MAX,
};
use rangewalk_core::scenario::strategy::Strategy;
use rangewalk_core::scenario::syntax::{EXPECTS, STATEMENTS};
use rangewalk_core::scenario::{Severity, Verdict, format, parse, run};

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/scenario.md");
    fs::read_to_string(path).unwrap()
}

#[test]
fn every_example_runs_and_holds() {
    let page = page();
    let examples: Vec<&str> =
        page.split("```scenario\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() >= 7);
    for text in examples {
        let (scenario, diagnostics) = parse(text);
        assert_eq!(diagnostics, [], "{text}");
        assert_eq!(format(&scenario), text);
        let run = run(&scenario);
        let errors: Vec<String> = run
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .map(ToString::to_string)
            .collect();
        assert!(errors.is_empty(), "{text}\n{errors:#?}");
        assert!(!run.outcomes.iter().any(|outcome| outcome.verdict == Verdict::Broken));
    }
}

#[test]
fn its_tables_are_the_parsers() {
    let page = page();
    let mut rows = Vec::new();
    for row in STATEMENTS.iter().chain(&EXPECTS) {
        rows.push(format!("| `{}` | {} |", row.form.replace('|', "\\|"), row.meaning));
    }
    let forms = |line: &&str| line.starts_with("| `");
    let told: Vec<&str> = page.lines().filter(forms).collect();
    assert_eq!(told, rows);
}

#[test]
fn its_lanes_are_the_programs() {
    let page = page();
    let (_, behind) = page.split_once("| lane | what it calls |\n|---|---|\n").unwrap();
    let told: Vec<&str> = behind.lines().take_while(|line| line.starts_with('|')).collect();
    let row = |lane: Strategy| format!("| {} | {} |", lane.name(), lane.meaning());
    assert_eq!(told, Strategy::ALL.map(row));
}

#[test]
fn its_limits_are_the_programs() {
    let page = page();
    let (_, limits) = page.split_once("## Limits").unwrap();
    let told: Vec<u64> = limits
        .lines()
        .filter_map(|line| {
            line.strip_suffix(" |")?.rsplit("| ").next()?.replace(',', "").parse().ok()
        })
        .collect();
    let ours = [
        u64::from(LINES_MAX),
        NAME_MAX as u64,
        FILES_MAX as u64,
        FILE_PAGES_MAX,
        DISK_PAGES_MAX,
        PGOFF_MAX,
        PROCESSES_MAX as u64,
        MAPPINGS_MAX as u64,
        PREFAULT_MAX,
        FAULT_AROUND_MAX,
        REPEAT_MAX,
        LANES_MAX as u64,
        STEPS_MAX.into(),
        LANES_STEPS_MAX.into(),
        UNTRACED_STEPS_MAX.into(),
        DIAGNOSTICS_MAX as u64,
    ];
    assert_eq!(told, ours);
}
