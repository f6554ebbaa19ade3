//! A recorded run can be walked in any direction: wherever one comes from, the world at a step is
//! the world at that step.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "made for tests of random worlds")]
mod common;

use rangewalk_core::machine::Event;
use rangewalk_core::scenario::gallery::GALLERY;
use rangewalk_core::scenario::{Run, parse, run};

use common::digest;

fn runs() -> impl Iterator<Item = (&'static str, Run)> {
    GALLERY.iter().map(|exhibit| (exhibit.name, run(&parse(exhibit.text).0)))
}

#[test]
fn back_to_the_start_and_forward_again() {
    for (name, mut run) in runs() {
        let end = run.timeline.at();
        let there = digest(run.timeline.world());
        run.timeline.seek(0);
        assert_eq!(run.timeline.world().mms().filter(|(_, mm)| mm.alive).count(), 0, "{name}");
        run.timeline.seek(end);
        assert!(there == digest(run.timeline.world()), "{name}");
    }
}

#[test]
fn every_step_is_the_same_from_both_sides() {
    for (name, mut run) in runs() {
        let end = run.timeline.at();
        let mut states = Vec::new();
        // Whole worlds at every 16th step; in between they would only cost time.
        for at in (0..=end).step_by(16) {
            run.timeline.seek(at);
            states.push((at, digest(run.timeline.world())));
        }
        run.timeline.seek(end);
        for (at, state) in states.iter().rev() {
            run.timeline.seek(*at);
            assert!(*state == digest(run.timeline.world()), "{name} at {at}");
        }
        for (at, state) in states.iter().skip(1).step_by(3) {
            run.timeline.seek(end - at);
            run.timeline.seek(*at);
            assert!(*state == digest(run.timeline.world()), "{name} jumped to {at}");
        }
    }
}

#[test]
fn nothing_is_broken_where_a_statement_ends() {
    for (name, mut run) in runs() {
        for span in run.spans.clone() {
            run.timeline.seek(span.end);
            assert_eq!(run.timeline.world().check(), [], "{name}, line {}", span.line);
        }
    }
}

#[test]
fn spans_are_the_statements_steps() {
    for (name, run) in runs() {
        let tape = run.timeline.tape();
        let begins = |step: u32| matches!(tape.event(step), Event::Statement { .. });
        let mut at = 0;
        for (index, span) in run.spans.iter().enumerate() {
            assert_eq!(span.first, at, "{name}, line {}", span.line);
            at = span.end;
            if span.first < span.end {
                let index = u32::try_from(index).unwrap();
                assert_eq!(tape.event(span.first), Event::Statement { index });
                assert!(!(span.first + 1..span.end).any(begins));
            }
        }
        assert_eq!(at, tape.len(), "{name}");
    }
}

#[test]
fn a_place_leads_back_to_its_step() {
    for (name, run) in runs() {
        for at in 0..=run.timeline.tape().len() {
            assert_eq!(run.steps_at(run.place(at)), at, "{name}");
        }
    }
}
