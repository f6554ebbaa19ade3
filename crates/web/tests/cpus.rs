//! What the page says of several CPUs: in *Held*, in the counters and in sentences.

use rangewalk_core::machine::Event;
use rangewalk_core::scenario::{self, Run, gallery};
use rangewalk_web::model::stage::{StageForm, StageModel, stage};
use rangewalk_web::model::stage_index::StageIndex;

fn run(name: &str) -> Run {
    let exhibit = gallery::exhibit(name).expect("a scenario of the gallery");
    scenario::run(&scenario::parse(exhibit.text).0)
}

/// The stage just behind the `n`th event that `is` one of those meant.
fn behind(run: &mut Run, n: usize, is: impl Fn(&Event) -> bool) -> StageModel {
    let mut steps = (1u32..).zip(run.timeline.tape().events()).filter(|(_, event)| is(event));
    let step = steps.nth(n).expect("it happens").0;
    let index = StageIndex::new(&run.timeline);
    run.timeline.seek(step);
    stage(run, &index, StageForm::Full)
}

fn cpus(model: &StageModel) -> Vec<&str> {
    let notes = model.held.rows.iter().map(|row| row.note.as_str());
    notes.filter(|note| note.contains("CPU")).collect()
}

#[test]
fn a_stale_write_is_told_where_it_is_made() {
    let mut run = run("tlb/window");
    let model = behind(&mut run, 0, |event| matches!(event, Event::TlbHit { .. }));
    assert_eq!(cpus(&model), ["CPU 0: P1", "CPU 1: P1, page 3 cached W D", "stale on CPU 1: 3"],);
    assert_eq!(model.sentence.lead.plain(), "CPU 1 writes page 3 by what it has cached.");
    assert!(model.sentence.why.plain().contains("until the flush this is allowed"));
}

#[test]
fn a_flush_is_counted_with_its_interrupts() {
    let mut run = run("tlb/window");
    let model = behind(&mut run, 0, |event| matches!(event, Event::Ipi { .. }));
    let ipis = model.counters.rows.iter().find(|row| row.name == "IPIs").expect("a row");
    assert_eq!((ipis.value.as_str(), ipis.hot), ("1", true));
    assert_eq!(cpus(&model), ["CPU 0: P1", "CPU 1: P1"], "nothing is cached any more");
}

#[test]
fn a_lost_write_is_called_so() {
    let mut run = run("tlb/lost-write");
    let model = behind(&mut run, 1, |event| matches!(event, Event::TlbHit { .. }));
    assert!(model.sentence.why.plain().ends_with("it is lost."));
}

#[test]
fn one_cpu_is_not_talked_about() {
    let mut run = run("walk/clipped");
    let model = behind(&mut run, 0, |event| matches!(event, Event::Store { .. }));
    assert_eq!(cpus(&model), [] as [&str; 0]);
    assert!(model.counters.rows.iter().all(|row| row.name != "IPIs"));
}
