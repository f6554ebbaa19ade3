//! The whole page in its four forms: wide, narrow, phone, embed.

use std::rc::Rc;

use yew::prelude::*;

use crate::command::{Command, Notice, Panel, View};
use crate::model::editor::EditorModel;
use crate::model::gallery::Card;
use crate::model::share::ShareModel;
use crate::model::stage::StageModel;
use crate::model::timeline::{Segment, TimelineModel};
use crate::parts::panels;
use crate::session::Pace;
use crate::view::editor::Editor;
use crate::view::header::{self, Room};
use crate::view::icon::brand_mark;
use crate::view::live::live;
use crate::view::markup::html;
use crate::view::notice::{notice_bar, spoken};
use crate::view::share::Export;
use crate::view::stage::Stage;
use crate::view::strip::Strip;
use crate::view::timeline::TimelineView;
use crate::view::transport::{self, Signs, TransportModel};

/// How the page is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Editor and picture side by side.
    Wide,
    /// The editor behind a button.
    Narrow,
    /// One column.
    Phone,
    /// Picture and transport alone, in someone else's page.
    Embed,
}

/// Everything the page shows.
pub struct PageModel {
    pub form: Form,
    /// What the page shows of the scenario.
    pub view: View,
    /// What stands below the header in the stage's place.
    pub scene: Option<Html>,
    pub text: Rc<str>,
    pub title: AttrValue,
    pub kernel: &'static str,
    pub editor: Rc<EditorModel>,
    pub stage: Rc<StageModel>,
    pub timeline: Rc<TimelineModel>,
    pub overview: Rc<[Segment]>,
    pub transport: TransportModel,
    /// How the place was last moved.
    pub pace: Pace,
    /// The step in words.
    pub said: AttrValue,
    /// What is read out.
    pub spoken: AttrValue,
    pub share: Option<Rc<ShareModel>>,
    pub cards: Option<Rc<[Card]>>,
    pub panel: Option<Panel>,
    pub notice: Option<Notice>,
    pub on_command: Callback<Command>,
    pub on_export: Callback<Export>,
}

/// The page.
pub fn page(props: &PageModel) -> Html {
    let form = match props.form {
        form if props.scene.is_some() => scene(props, form),
        Form::Wide => wide(props),
        Form::Narrow => narrow(props),
        Form::Phone => phone(props),
        Form::Embed => embed(props),
    };
    html! {
        <>
            { form }
            { notice_bar(props.notice.as_ref().filter(|_| props.panel.is_none()), &props.on_command) }
            { spoken(&props.spoken) }
            { panels().map(|panels| (panels.panel)(props)) }
        </>
    }
}

/// Another view than the stage.
fn scene(props: &PageModel, form: Form) -> Html {
    let (class, head) = match form {
        Form::Wide | Form::Narrow => ("page scene", header(props, Room::Narrow)),
        Form::Phone => ("page scene phone", header(props, Room::Phone)),
        Form::Embed => ("page scene embed", embed_head(props)),
    };
    html! { <div {class}>{ head }{ props.scene.clone() }</div> }
}

fn wide(props: &PageModel) -> Html {
    html! {
        <div class="page wide">
            { header(props, Room::Wide) }
            <section class="side" aria-labelledby="side-title">
                <h2 id="side-title">
                    { "Scenario" }
                    if let Some(line) = props.editor.stopped {
                        <span class="quiet bad">{ format!("runs up to line {}", line.max(2) - 1) }
                        </span>
                    } else {
                        <span class="quiet">{ "re-runs as you type" }</span>
                    }
                </h2>
                { editor(props) }
            </section>
            { stage(props) }
            { transport(props) }
            { timeline(props) }
        </div>
    }
}

fn narrow(props: &PageModel) -> Html {
    html! {
        <div class="page narrow">
            { header(props, Room::Narrow) }
            { stage(props) }
            { transport(props) }
            { timeline(props) }
        </div>
    }
}

fn phone(props: &PageModel) -> Html {
    let (step, steps) = props.transport.step;
    let (changed, changes) = props.transport.changes;
    html! {
        <div class="page phone">
            { header(props, Room::Phone) }
            { stage(props) }
            <footer class="foot" aria-label="Playback">
                <p class="step">
                    <b>{ step }</b>
                    <span>{ format!("of {steps} · change {changed} of {changes}") }</span>
                </p>
                { strip(props) }
                { buttons(props, Signs::Phone) }
            </footer>
        </div>
    }
}

fn embed(props: &PageModel) -> Html {
    let (step, steps) = props.transport.step;
    html! {
        <div class="page embed">
            { embed_head(props) }
            { stage(props) }
            <footer class="foot" aria-label="Playback">
                { buttons(props, Signs::Embed) }
                { strip(props) }
                <span class="count">{ format!("{step}/{steps}") }</span>
            </footer>
        </div>
    }
}

/// What it is, and the way to the page.
fn embed_head(props: &PageModel) -> Html {
    let link = props.share.as_ref().and_then(|share| share.link.as_ref().ok());
    let open = match (props.view, props.transport.step) {
        (View::Stage | View::Compare, (step, _)) => format!("Open at step {step} ↗"),
        (View::Film, (frame, _)) => format!("Open at frame {frame} ↗"),
        (View::Sweep | View::Argument, _) => "Open ↗".to_owned(),
    };
    html! {
        <header class="head">
            { brand_mark() }
            <h1>{ &props.title }</h1>
            <span class="quiet">{ format!("Linux {}", props.kernel) }</span>
            if let Some(link) = link {
                <a href={link.clone()} target="_blank" rel="noopener">{ open }</a>
            }
        </header>
    }
}

fn header(props: &PageModel, room: Room) -> Html {
    header::header(&props.title, props.kernel, (room, props.view), &props.on_command)
}

pub(crate) fn editor(props: &PageModel) -> Html {
    live(Editor {
        text: props.text.clone(),
        model: props.editor.clone(),
        on_command: props.on_command.clone(),
    })
}

fn stage(props: &PageModel) -> Html {
    let class = match props.pace {
        Pace::Stepped => "pic",
        Pace::Jumped => "pic fast",
    };
    html! {
        <main {class} aria-label="Picture">
            { live(Stage(props.stage.clone())) }
        </main>
    }
}

fn transport(props: &PageModel) -> Html {
    html! {
        <section class="keys" aria-label="Playback">
            { transport::transport(&props.transport, &props.on_command) }
        </section>
    }
}

fn timeline(props: &PageModel) -> Html {
    html! {
        <section class="time" aria-label="Timeline">
            { live(TimelineView {
                model: props.timeline.clone(),
                overview: props.overview.clone(),
                at: props.transport.whole.0,
                said: props.said.clone(),
                on_command: props.on_command.clone(),
            }) }
        </section>
    }
}

fn strip(props: &PageModel) -> Html {
    live(Strip {
        model: props.timeline.clone(),
        at: props.transport.whole.0,
        said: props.said.clone(),
        on_command: props.on_command.clone(),
    })
}

fn buttons(props: &PageModel, signs: Signs) -> Html {
    transport::buttons(props.transport.playing, signs, &props.on_command)
}
