//! The stage, natively: models with expectations checked by hand, components rendered to HTML.

use std::rc::Rc;

use rangewalk_core::machine::Event;
use rangewalk_core::scenario::{self, Run, gallery};
use rangewalk_core::trace::Timeline;
use rangewalk_web::model::stage::{StageForm, StageModel, stage};
use rangewalk_web::model::stage_index::StageIndex;
use rangewalk_web::view::stage::{Stage, StageProps};
use yew::{Callback, LocalServerRenderer};

fn html_of(model: StageModel) -> String {
    let props = StageProps { model: Rc::new(model), on_seek: Callback::noop() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let renderer = LocalServerRenderer::<Stage>::with_props(props).hydratable(false);
    local.block_on(&runtime, renderer.render())
}

fn run(name: &str) -> Run {
    let exhibit = gallery::exhibit(name).expect("a scenario of the gallery");
    let (scenario, diagnostics) = scenario::parse(exhibit.text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    scenario::run(&scenario)
}

/// The step behind the `n`th event that `is` one of those meant.
fn behind(timeline: &Timeline, n: usize, is: impl Fn(&Event) -> bool) -> u32 {
    let mut steps = (1u32..).zip(timeline.tape().events()).filter(|(_, event)| is(event));
    steps.nth(n).expect("it happens").0
}

fn at(run: &mut Run, step: u32, form: StageForm) -> StageModel {
    let index = StageIndex::new(&run.timeline);
    run.timeline.seek(step);
    stage(run, &index, form)
}

/// Writes pages to look at. `STAGE_OUT`: where to. `STAGE_AT`: `scenario:step`, several with commas.
#[test]
#[ignore = "for looking at, not for checking"]
fn draw() {
    let out = std::path::PathBuf::from(std::env::var("STAGE_OUT").expect("STAGE_OUT"));
    let mut seven = run("walk/seven");
    let store = behind(&seven.timeline, 5, |event| matches!(event, Event::Xchg { .. })) + 1;
    for (name, form) in
        [("full", StageForm::Full), ("embed", StageForm::Embed), ("phone", StageForm::Phone)]
    {
        page(&out, &format!("store-{name}"), &html_of(at(&mut seven, store, form)));
    }
    let places = std::env::var("STAGE_AT").unwrap_or_default();
    for place in places.split(',').filter(|place| !place.is_empty()) {
        let (name, step) = place.split_once(':').expect("scenario:step");
        let mut run = run(name);
        let step = step.parse::<u32>().expect("a step").clamp(1, run.timeline.tape().len());
        println!(
            "{place} of {}: {:?}",
            run.timeline.tape().len(),
            run.timeline.tape().event(step - 1)
        );
        let body = html_of(at(&mut run, step, StageForm::Full));
        page(&out, &format!("{}-{step}", name.replace('/', "-")), &body);
    }
}

fn page(out: &std::path::Path, name: &str, body: &str) {
    let css = std::fs::canonicalize("../../static/stage.css").expect("the style sheet");
    let html = format!(
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href='file://{}'>\
         <link rel=stylesheet href=frame.css><body class={name}>{body}</body>",
        css.display()
    );
    std::fs::write(out.join(format!("{name}.html")), html).expect("a writable directory");
}
