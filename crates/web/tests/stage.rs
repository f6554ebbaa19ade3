//! The stage, natively: models with expectations checked by hand, components rendered to HTML.

mod sample;

use std::rc::Rc;

use rangewalk_core::kernel::LINUX_6_12;
use rangewalk_core::machine::Event;
use rangewalk_core::trace::Timeline;
use rangewalk_web::model::stage::{StageForm, StageModel, stage};
use rangewalk_web::model::stage_index::StageIndex;
use rangewalk_web::model::stage_names::Labels;
use rangewalk_web::view::stage::{Stage, StageProps};
use yew::{Callback, LocalServerRenderer};

fn html_of(model: StageModel) -> String {
    let props = StageProps { model: Rc::new(model), on_seek: Callback::noop() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let renderer = LocalServerRenderer::<Stage>::with_props(props).hydratable(false);
    local.block_on(&runtime, renderer.render())
}

/// The step behind the `n`th event that `is` one of those meant.
fn behind(timeline: &Timeline, n: usize, is: impl Fn(&Event) -> bool) -> u32 {
    let mut steps = (1u32..).zip(timeline.tape().events()).filter(|(_, event)| is(event));
    steps.nth(n).expect("it happens").0
}

fn at(timeline: &mut Timeline, labels: &Labels, step: u32, form: StageForm) -> StageModel {
    let index = StageIndex::new(timeline);
    timeline.seek(step);
    stage(timeline, &index, labels, form)
}

/// Writes pages to look at: `STAGE_OUT=dir cargo test -p rangewalk-web --test stage -- --ignored draw`.
#[test]
#[ignore = "for looking at, not for checking"]
fn draw() {
    let out = std::path::PathBuf::from(std::env::var("STAGE_OUT").expect("STAGE_OUT"));
    let (mut timeline, labels) = sample::clipped(&LINUX_6_12).done();
    let store = behind(&timeline, 5, |event| matches!(event, Event::Xchg { .. })) + 1;
    for (name, form) in
        [("full", StageForm::Full), ("embed", StageForm::Embed), ("phone", StageForm::Phone)]
    {
        let model = at(&mut timeline, &labels, store, form);
        page(&out, &format!("store-{name}"), &html_of(model));
    }
    let steps = std::env::var("STAGE_STEPS").unwrap_or_default();
    for step in steps.split(',').filter_map(|step| step.parse().ok()) {
        let model = at(&mut timeline, &labels, step, StageForm::Full);
        page(&out, &format!("step-{step}"), &html_of(model));
    }
}

fn page(out: &std::path::Path, name: &str, body: &str) {
    let css = std::fs::canonicalize("../../static/stage.css").expect("the style sheet");
    let html = format!(
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href='file://{}'><link rel=stylesheet href=frame.css>\
         <body class={name}>{body}</body>",
        css.display()
    );
    std::fs::write(out.join(format!("{name}.html")), html).expect("a writable directory");
}
