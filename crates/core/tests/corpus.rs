//! Every folder of `scenarios/`: its text is canonical, what it expects holds, and the run is the
//! one on record, told step by step in `trace.txt` and by its end in `world.txt`.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "made for tests of random worlds")]
mod common;
mod shelf;

use std::fs;

use expect_test::expect_file;
use rangewalk_core::scenario::gallery::GALLERY;
use rangewalk_core::scenario::limits::STEPS_MAX;
use rangewalk_core::scenario::{Run, Scenario, Severity, Verdict, format, parse, run, run_with};

use common::digest;
use shelf::folders;

/// Remarks, what each statement came to, and the world at the end.
fn ending(scenario: &Scenario, run: &mut Run) -> String {
    let mut out: String = run.diagnostics.iter().map(|d| format!("{d}\n")).collect();
    let texts = rangewalk_core::scenario::statement_texts(scenario);
    for (text, outcome) in texts.iter().zip(&run.outcomes).filter(|(_, o)| !o.text.is_empty()) {
        out.push_str(&format!("{}: {text}: {}\n", outcome.line, outcome.text));
    }
    out.push_str(&run.ending());
    out
}

#[test]
fn every_scenario_runs_as_on_record() {
    for folder in folders() {
        let name = folder.display();
        let text = fs::read_to_string(folder.join("scenario.txt")).unwrap();
        let (scenario, diagnostics) = parse(&text);
        assert_eq!(diagnostics, [], "{name}");
        assert_eq!(format(&scenario), text, "{name}: not in canonical form");

        let mut run = run(&scenario);
        let errors: Vec<String> = run
            .diagnostics
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .map(ToString::to_string)
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        assert!(run.outcomes.iter().any(|o| o.verdict == Verdict::Held), "{name} proves nothing");

        expect_file![folder.join("trace.txt")].assert_eq(&run.trace(&scenario));
        expect_file![folder.join("world.txt")].assert_eq(&ending(&scenario, &mut run));
    }
}

#[test]
fn a_trace_is_ascii_and_has_one_line_a_step() {
    for folder in folders() {
        let trace = fs::read_to_string(folder.join("trace.txt")).unwrap();
        assert!(trace.is_ascii(), "{}", folder.display());
        let steps = trace.lines().filter(|line| !line.starts_with("        ")).count();
        let text = fs::read_to_string(folder.join("scenario.txt")).unwrap();
        assert_eq!(steps, run(&parse(&text).0).timeline.tape().len() as usize);
    }
}

#[test]
fn a_run_off_the_record_ends_the_same() {
    for folder in folders() {
        let text = fs::read_to_string(folder.join("scenario.txt")).unwrap();
        let scenario = parse(&text).0;
        let taped = run(&scenario);
        let untaped = run_with(&scenario, &mut (), STEPS_MAX);
        assert_eq!(digest(taped.timeline.world()), digest(&untaped.world));
        assert_eq!(taped.spans, untaped.spans);
        assert_eq!(taped.outcomes, untaped.outcomes);
        assert_eq!(taped.diagnostics, untaped.diagnostics);
        assert_eq!(taped.names, untaped.names);
    }
}

#[test]
fn the_gallery_shows_every_scenario() {
    let mut shown: Vec<String> = GALLERY.iter().map(|exhibit| exhibit.name.to_owned()).collect();
    shown.sort();
    let root = shelf::scenarios();
    let all: Vec<String> = folders()
        .iter()
        .map(|folder| folder.strip_prefix(&root).unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(shown, all);
    for exhibit in GALLERY {
        assert!(parse(exhibit.text).0.title().is_some(), "{} has no title", exhibit.name);
    }
}
