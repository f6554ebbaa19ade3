//! The story of a vmwgfx buffer: heat strips, costs, switch points, and the driver's two numbers.

use std::rc::Rc;

use rangewalk_core::compare::film::STORY;
use yew::prelude::*;

use crate::command::{Command, FilmAsk, Opened, View};
use crate::model::film::{COSTS, FilmModel, FrameRow, HEIGHT, SHADES, Switch, TAKES, Take, WIDTH};
use crate::model::stage_number::number;
use crate::platform::element;
use crate::scene::Frame;
use crate::view::live::{Own, Piece, live};
use crate::view::markup::html;
use crate::view::timeline_scrub::Scrub;
use crate::view::transport::{Signs, buttons};

/// The story.
pub fn film(model: &FilmModel, frame: &Frame) -> Html {
    let take = |(at, take): (usize, &Option<Rc<Take>>)| {
        html! {
            <figure class="film-take">
                <figcaption>{ TAKES[at] }</figcaption>
                <svg viewBox={format!("0 0 {} {}", number(WIDTH), number(HEIGHT))}
                    preserveAspectRatio="none" role="img"
                    aria-label={format!("Pages down, frames across: {}", TAKES[at])}>
                    <rect class="film-ground" width={number(WIDTH)} height={number(HEIGHT)}/>
                    { for take.iter().map(|take| live(Heat(take.clone()))) }
                    { for switches(model, HEIGHT).filter(|_| at == 0) }
                    { now(model.x, HEIGHT) }
                </svg>
            </figure>
        }
    };
    html! {
        <>
            <main class="cmp film" aria-label="Frames" tabindex="0">
                <div class="cmp-head">
                    <h2>{ "Frame by frame" }</h2>
                    <span class="quiet">{ "what was drawn into a vmwgfx buffer, and what it cost to know" }</span>
                </div>
                <p class="film-verdict">{ &model.verdict }</p>
                { thresholds(model, frame) }
                { legend(model) }
                { for model.takes.iter().enumerate().map(take) }
                { costs(model) }
                { rows(model) }
            </main>
            { foot(model, frame) }
        </>
    }
}

/// Where there is no such buffer.
pub fn nothing(frame: &Frame) -> Html {
    let on_command = frame.on_command.clone();
    let open = Callback::from(move |_: MouseEvent| {
        on_command.emit(Command::Open(Opened::text(STORY)));
        on_command.emit(Command::Look(View::Film));
    });
    html! {
        <main class="cmp cmp-empty" aria-label="Frames" tabindex="0">
            <h2>{ "No frames here" }</h2>
            <p>{ "This scenario has no vmwgfx buffer that the driver scans." }</p>
            <p><button class="btn solid" onclick={open}>{ "Open the story that comes with Rangewalk" }</button></p>
        </main>
    }
}

/// A strip's boxes, which stay while one goes from frame to frame.
struct Heat(Rc<Take>);

impl Piece for Heat {
    fn is_like(&self, before: &dyn Piece) -> bool {
        let before = (before as &dyn std::any::Any).downcast_ref::<Self>();
        before.is_some_and(|it| Rc::ptr_eq(&it.0, &self.0))
    }

    fn draw(&self, _: &Own) -> Html {
        let shades = |(class, shades): (&'static str, &[String; SHADES])| {
            let shade = |d: &String| html! { <path d={d.clone()}/> };
            html! { <g {class}><g class="film-shades">{ for shades.iter().map(shade) }</g></g> }
        };
        let hows = HOWS.into_iter().zip(&self.0.heat);
        html! { <g>{ for hows.map(shades) }</g> }
    }
}

/// What scans found, and what faults told of.
const HOWS: [&str; 2] = ["film-found", "film-told"];

/// What the strips' colours say.
fn legend(model: &FilmModel) -> Html {
    let patch = |class: &'static str| {
        html! {
            <svg width="12" height="10" viewBox="0 0 12 10" aria-hidden="true">
                <g {class}><path d="M0 0H12V10H0z"/></g>
            </svg>
        }
    };
    let [found, told] = HOWS.map(patch);
    html! {
        <p class="quiet film-legend">
            { format!("{} pages down, {} frames across.", model.pages, model.frame.1 + 1) }
            <span>{ found }{ "written, " }<b class="cD">{ "D" }</b>{ " found by a scan of page tables" }</span>
            <span>{ told }{ "written, told by a fault for want of " }<b class="cW">{ "W" }</b></span>
            <span>{ "The stronger, the more of the pages that share a row." }</span>
        </p>
    }
}

/// Where the driver changes its method.
fn switches(model: &FilmModel, height: f32) -> impl Iterator<Item = Html> {
    model.switches.iter().map(move |switch| {
        let d = format!("M{} 0V{}", number(switch.x), number(height));
        html! { <path class="film-switch" {d}/> }
    })
}

/// The frame in hand.
fn now(x: f32, height: f32) -> Html {
    let d = format!("M{} 0V{}", number(x), number(height));
    html! { <><path class="thread-case" d={d.clone()}/><path class="thread" {d}/></> }
}

/// How the takes' lines look: in the colours of their strips.
const LINES: [&str; 3] = ["l0", "l2", "l1"];

/// What each frame cost: a line for each take, and where the driver changes its method.
fn costs(model: &FilmModel) -> Html {
    let line = |(at, take): (usize, &Rc<Take>)| {
        html! { <g class={format!("sweep-line {}", LINES[at])}><path d={take.line(model.most)}/></g> }
    };
    let takes = model.takes.iter().enumerate().filter_map(|(at, take)| Some((at, take.as_ref()?)));
    let switch = |(at, switch): (u8, &Switch)| {
        let y = f32::from(at % 3) * 13.0 + 10.0;
        let end = switch.x > WIDTH * 0.7;
        let (class, x) = if end { ("s end", switch.x - 4.0) } else { ("s", switch.x + 4.0) };
        html! { <text {class} x={number(x)} y={number(y)}>{ &switch.text }</text> }
    };
    let name = |(at, name): (usize, &&'static str)| {
        html! {
            <span class={format!("film-key {}", LINES[at])}>
                <svg width="28" height="8" viewBox="0 0 28 8" aria-hidden="true">
                    <g class={format!("sweep-line {}", LINES[at])}><path d="M0 4H28"/></g>
                </svg>
                { *name }
            </span>
        }
    };
    let told: Vec<&str> = model.switches.iter().map(|it| it.text.as_str()).collect();
    let told = match told.as_slice() {
        [] => "The driver never changes its method.".to_owned(),
        all => format!("The driver changes its method at {}.", all.join(", at ")),
    };
    html! {
        <figure class="film-take">
            <figcaption>
                { format!("cost of each frame, up to {}", model.dearest) }
                { for TAKES.iter().enumerate().map(name) }
            </figcaption>
            <svg viewBox={format!("0 -4 {} {}", number(WIDTH), number(COSTS + 8.0))}
                preserveAspectRatio="none" role="img" aria-label="Cost of each frame">
                <path class="sweep-grid" d={format!("M0 {0}H{1}M0 0H{1}", number(COSTS), number(WIDTH))}/>
                { for takes.map(line) }
                { for switches(model, COSTS) }
                { for (0..).zip(&model.switches).map(switch) }
                { now(model.x, COSTS) }
            </svg>
            <p class="film-axis quiet"><span>{ "frame 1" }</span><span>{ model.frame.1.div_ceil(2) }</span>
                <span>{ model.frame.1 + 1 }</span></p>
            <p class="film-switches">{ told }</p>
        </figure>
    }
}

/// What is said of the frame in hand.
fn rows(model: &FilmModel) -> Html {
    let row = |row: &FrameRow| {
        let cells = row.pages.iter().map(u64::to_string).chain(row.costs.iter().cloned());
        html! {
            <tr>
                <th scope="row">{ row.take }</th><td>{ row.method }</td>
                { for cells.map(|cell| html! { <td>{ cell }</td> }) }
                <td>{ &row.total }</td>
            </tr>
        }
    };
    let heads = [
        "by",
        "pages stored to",
        "told of by faults",
        "handed over",
        "drawing",
        "submission",
        "all frames",
    ];
    html! {
        <div class="arg-table" role="group" aria-label="The frame in hand" tabindex="0">
            <table class="film-rows">
                <thead><tr>
                    <th scope="col">{ format!("frame {}", model.frame.0 + 1) }</th>
                    { for heads.iter().map(|name| html! { <th scope="col">{ *name }</th> }) }
                </tr></thead>
                <tbody>{ for model.rows.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

/// The driver's two numbers.
fn thresholds(model: &FilmModel, frame: &Frame) -> Html {
    let (scans, percent) = model.thresholds;
    let moved = |ask: fn((u64, u64), u64) -> FilmAsk| {
        let (on_command, thresholds) = (frame.on_command.clone(), model.thresholds);
        Callback::from(move |event: Event| {
            let typed = element::typed(&event).and_then(|text| text.trim().parse().ok());
            if let Some(value) = typed {
                on_command.emit(Command::Film(ask(thresholds, value)));
            }
        })
    };
    let on_scans = moved(|(_, percent), value| FilmAsk::Thresholds(value, percent));
    let on_percent = moved(|(scans, _), value| FilmAsk::Thresholds(scans, value));
    html! {
        <p class="film-asks">
            <label>
                { "changes its method after more than " }
                <input type="number" min="0" max="100" value={scans.to_string()} onchange={on_scans}/>
                { " scans in a row" }
            </label>
            <label>
                { "dense is more than " }
                <input type="number" min="0" max="100" value={percent.to_string()} onchange={on_percent}/>
                { " percent" }
            </label>
        </p>
    }
}

fn foot(model: &FilmModel, frame: &Frame) -> Html {
    let (at, last) = model.frame;
    let picture = html! {
        <svg class="cmp-track" viewBox="0 0 1000 38" preserveAspectRatio="none" aria-hidden="true">
            <rect class="cmp-rail" x="0" y="24" width="1000" height="3"/>
            <rect class="cmp-done" x="0" y="24" width={number(1000.0 * model.x / WIDTH)} height="3"/>
            { now(1000.0 * model.x / WIDTH, 38.0) }
        </svg>
    };
    let step_at = Callback::from(move |(x, _): (f64, f64)| {
        let width = element::inner_width(".film-track").unwrap_or(1.0);
        crate::view::timeline_parts::Axis::new(&(0..last + 1), width).step(x)
    });
    html! {
        <footer class="foot cmp-foot" aria-label="Playback">
            { buttons(model.playing, Signs::Compare, &frame.on_command) }
            <p class="step"><b>{ at + 1 }</b><span>{ format!("of {} frames", last + 1) }</span></p>
            <div class="strip film-track">
                { live(Scrub {
                    step: (at, last),
                    before: 0,
                    said: format!("frame {}", at + 1).into(),
                    step_at,
                    on_hover: Callback::noop(),
                    on_command: frame.on_command.clone(),
                    children: picture,
                }) }
            </div>
        </footer>
    }
}
