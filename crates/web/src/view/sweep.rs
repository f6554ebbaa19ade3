//! Sweeps: small multiples, what they say in words, tables, and files to take away.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use rangewalk_core::compare::sweep::Plan;
use yew::prelude::*;

use crate::command::{Command, Opened, SweepAsk, View};
use crate::model::stage_number::{Pen, number};
use crate::model::sweep::{Chart, Line, NoSweep, PLOT, SweepModel, TableRow};
use crate::platform::file;
use crate::scene::Frame;
use crate::view::live::{Own, Piece, live_as};
use crate::view::markup::html;

/// Left of a plot, where the numbers stand, and below it.
const MARGIN: (f32, f32) = (58.0, 34.0);
/// Width of a letter of the lanes' words, which stand right of a plot.
const LETTER: f32 = 6.7;
/// With more points than this a line has no dots.
const DOTS_MAX: usize = 24;
/// Length of a dash where lines that run alike take turns.
const TURN: usize = 9;
/// What stands before the words of the second and later ones of these.
const ALIKE: &str = "= ";

/// A sweep, under way or done.
pub fn sweep(model: &SweepModel, frame: &Frame) -> Html {
    let back = frame.on_command.reform(|_: MouseEvent| Command::Look(View::Compare));
    let save_csv = frame.on_command.reform(|_: MouseEvent| Command::Sweep(SweepAsk::Csv));
    let chart = |(at, chart): (u32, &Rc<Chart>)| {
        let piece = ChartPiece {
            at,
            model: chart.clone(),
            plan: model.plan.clone(),
            on_command: frame.on_command.clone(),
        };
        live_as(at, piece)
    };
    html! {
        <main class="cmp sweep" aria-label="Sweep" tabindex="0">
            <div class="cmp-head">
                <h2>{ format!("What if: {}", model.heading) }</h2>
                <span class="quiet">{ "both scales logarithmic; a ring marks where lanes change places" }</span>
                <div class="cmp-align">
                    <button class="btn" onclick={save_csv} disabled={model.running}>{ "CSV" }</button>
                    <button class="btn" onclick={back}>{ "Back to the lanes" }</button>
                </div>
            </div>
            { progress(model, frame) }
            <div class="sweep-charts">
                { for (0..).zip(&model.charts).filter(|(_, it)| it.constant.is_none()).map(chart) }
            </div>
            { for same(model) }
            { for model.left_out.iter().take(3).map(left_out) }
        </main>
    }
}

/// What is the same for all lanes and points, in words.
fn same(model: &SweepModel) -> Option<Html> {
    let one = |chart: &Rc<Chart>| {
        let value = chart.constant.as_ref()?;
        Some(html! { <li>{ format!("{}: {value}", chart.title) }</li> })
    };
    let all: Vec<Html> = model.charts.iter().filter_map(one).collect();
    (!all.is_empty()).then(|| html! {
        <div class="sweep-same quiet">
            <h3>{ format!("The same in every lane, whatever the {}", model.plan.axes[0].axis.name()) }</h3>
            <ul>{ for all }</ul>
        </div>
    })
}

fn left_out(why: &String) -> Html {
    html! { <p class="quiet">{ format!("Left out, {why}.") }</p> }
}

/// A table's head: the lanes' words behind an empty corner.
pub(crate) fn lanes_head<'l>(lanes: impl Iterator<Item = &'l str>) -> Html {
    let name = |lane: &str| html! { <th scope="col"><code>{ lane }</code></th> };
    html! { <thead><tr><td/>{ for lanes.map(name) }</tr></thead> }
}

/// How far it is, and a way to stop or go on.
fn progress(model: &SweepModel, frame: &Frame) -> Html {
    let (done, all) = model.progress;
    let button = |name: &'static str, ask: SweepAsk| {
        let onclick = frame.on_command.reform(move |_: MouseEvent| Command::Sweep(ask));
        html! { <button class="btn" {onclick}>{ name }</button> }
    };
    if model.running {
        return html! {
            <p class="sweep-progress">
                <progress value={done.to_string()} max={all.to_string()} aria-label="Points measured"/>
                <span>{ format!("{done} of {all} points") }</span>
                { button("Cancel", SweepAsk::Cancel) }
            </p>
        };
    }
    if done < all {
        return html! {
            <p class="sweep-progress">
                <span>{ format!("Stopped after {done} of {all} points.") }</span>
                { button("Go on", SweepAsk::GoOn) }
            </p>
        };
    }
    html! {
        <p class="quiet">{ format!("{all} points, each a scenario of its own that a click in a table opens.") }</p>
    }
}

/// Where nothing is turned.
pub fn nothing(model: &NoSweep, frame: &Frame) -> Html {
    let add = |(line, text): &(&'static str, Rc<str>)| {
        let text = text.clone();
        let onclick = frame.on_command.reform(move |_: MouseEvent| Command::Rewrite(text.clone()));
        html! {
            <p><button class="btn solid" {onclick}>{ "Sweep" }</button>{ " with this line: " }<code>{ *line }</code></p>
        }
    };
    let back = frame.on_command.reform(|_: MouseEvent| Command::Look(View::Compare));
    html! {
        <main class="cmp cmp-empty" aria-label="Sweep" tabindex="0">
            <h2>{ "Nothing is turned here yet" }</h2>
            <p>
                { "A line " }<code>{ "sweep AXIS FROM..TO" }</code>{ " below a " }<code>{ "compare" }</code>
                { " measures the lanes over and over, with more pages, mappings, processes or dirt." }
            </p>
            if let Some(offer) = &model.offer {
                { add(offer) }
            } else {
                <p><button class="btn solid" onclick={back}>{ "Compare something first" }</button></p>
            }
        </main>
    }
}

/// One chart.
struct ChartPiece {
    at: u32,
    model: Rc<Chart>,
    plan: Rc<Plan>,
    on_command: Callback<Command>,
}

impl Piece for ChartPiece {
    fn is_like(&self, before: &dyn Piece) -> bool {
        let before = (before as &dyn Any).downcast_ref::<Self>();
        before.is_some_and(|it| Rc::ptr_eq(&it.model, &self.model) && it.at == self.at)
    }

    /// Whether its table was ever asked for: all tables together are thousands of cells.
    fn state(&self) -> Rc<dyn Any> {
        Rc::new(Cell::new(false))
    }

    fn draw(&self, own: &Own) -> Html {
        let Chart { title, crossings, untold, table, .. } = &*self.model;
        let asked = own.state::<Cell<bool>>().get();
        let again = own.clone();
        let ask = Callback::from(move |_: MouseEvent| {
            if !again.state::<Cell<bool>>().replace(true) {
                again.redraw();
            }
        });
        let selector = format!("#chart-{} svg", self.at);
        let name = format!("sweep-{}.svg", self.at + 1);
        let save = Callback::from(move |_: MouseEvent| {
            if let Some(picture) = file::picture(&selector, "cmp sweep", "") {
                file::save(&name, "image/svg+xml", &picture);
            }
        });
        let told = |it: &String| html! { <li>{ it }</li> };
        let none = match self.model.alike {
            true => "All lanes are alike.",
            false => "No lane changes places with another.",
        };
        html! {
            <figure class="sweep-chart" id={format!("chart-{}", self.at)}>
                <figcaption>{ title }</figcaption>
                { plot(&self.model) }
                if crossings.is_empty() {
                    <p class="quiet">{ none }</p>
                } else {
                    <ul>{ for crossings.iter().map(told) }</ul>
                }
                if *untold > 0 { <p class="quiet">{ format!("and {untold} more") }</p> }
                <details>
                    <summary class="btn" onclick={ask}>{ "Table" }</summary>
                    <div class="arg-table" role="group" aria-label={title.clone()} tabindex="0">
                        <table>
                            { lanes_head(self.plan.lanes().iter().map(|lane| lane.name())) }
                            <tbody>{ for table.iter().filter(|_| asked).map(|row| self.row(row)) }</tbody>
                        </table>
                    </div>
                </details>
                <button class="btn" onclick={save}>{ "SVG" }</button>
            </figure>
        }
    }
}

impl ChartPiece {
    /// A point; a click opens it as a scenario.
    fn row(&self, row: &TableRow) -> Html {
        let (plan, point, on_command) = (self.plan.clone(), row.point, self.on_command.clone());
        let open = Callback::from(move |_: MouseEvent| {
            if let Ok(text) = plan.shape_at(&plan.at(point)).text() {
                on_command.emit(Command::Open(Opened::text(text)));
                on_command.emit(Command::Look(View::Compare));
            }
        });
        html! {
            <tr>
                <th scope="row"><button class="key" onclick={open}>{ &row.at }</button></th>
                { for row.values.iter().map(|value| html! { <td>{ value }</td> }) }
            </tr>
        }
    }
}

fn plot(chart: &Chart) -> Html {
    let (width, height) = PLOT;
    let letters = (0..).zip(&chart.lines).map(|(at, line)| word(at, line).len());
    let letters = letters.max().unwrap_or(0);
    let letters = f32::from(u8::try_from(letters).unwrap_or(u8::MAX));
    let size = (width + MARGIN.0 + 10.0 + letters * LETTER, height + MARGIN.1 + 8.0);
    let (below, left) = &chart.ticks;
    let grid = left
        .iter()
        .fold(Pen::default(), |pen, tick| pen.to('M', &[0.0, tick.at]).to('H', &[width]));
    let marks = chart.marks.iter().map(|(x, y)| {
        html! { <circle class="sweep-mark" cx={number(*x)} cy={number(*y)} r="5"/> }
    });
    let below = below.iter().map(|tick| {
        html! { <text class="s mid i2" x={number(tick.at)} y={number(height + 14.0)}>{ &tick.text }</text> }
    });
    let left = left.iter().map(|tick| {
        html! { <text class="s end i2" x="-6" y={number(tick.at + 4.0)}>{ &tick.text }</text> }
    });
    let label = format!("{} over {}", chart.title, chart.along);
    html! {
        <svg viewBox={format!("0 0 {} {}", number(size.0), number(size.1))} role="img" aria-label={label}>
            <g transform={format!("translate({} 8)", number(MARGIN.0))}>
                <path class="sweep-grid" d={grid.done()}/>
                { for below }{ for left }
                <text class="s mid i2" x={number(width / 2.0)} y={number(height + 29.0)}>{ chart.along }</text>
                { for (0..).zip(&chart.lines).map(line) }
                { for words(&chart.lines) }
                { for marks }
            </g>
        </svg>
    }
}

/// A lane's line; lines that run alike take turns in dashes and dots.
fn line((at, line): (usize, &Line)) -> Html {
    let mut pen = Pen::default();
    let mut dots = Pen::default();
    let mut command = 'M';
    let turn = line.turn(at);
    let turns = line.alike.len();
    for (number, (x, y)) in line.points.iter().enumerate() {
        pen = pen.to(command, &[*x, *y]);
        if line.points.len() <= DOTS_MAX && number % turns == turn {
            dots = dots.to('M', &[*x, *y]).to('h', &[0.0]);
        }
        command = 'L';
    }
    let dashes = || (format!("{TURN} {}", TURN * (turns - 1)), format!("-{}", TURN * turn));
    let (dashes, offset) = (turns > 1).then(dashes).unzip();
    html! {
        <g class={format!("sweep-line l{at}")}>
            <path class={if turns > 1 { "" } else { "own" }} d={pen.done()}
                stroke-dasharray={dashes} stroke-dashoffset={offset}/>
            <path class="dots" d={dots.done()}/>
        </g>
    }
}

/// A lane's word behind the end of its line.
fn word(at: usize, line: &Line) -> String {
    let alike = if line.turn(at) > 0 { ALIKE } else { "" };
    format!("{alike}{}", line.lane)
}

/// The lanes' words, apart from each other; those of lines that run alike stand together.
fn words(lines: &[Line]) -> Vec<Html> {
    let ends = lines.iter().enumerate();
    let mut ends: Vec<(f32, usize)> =
        ends.filter_map(|(at, line)| Some((line.points.last()?.1, at))).collect();
    let first = |at: usize| lines[at].alike.first();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0).then(first(one.1).cmp(&first(other.1))));
    // From the lowest up, each at least a line above the one before.
    let mut free = PLOT.1 + 15.0;
    for (y, _) in ends.iter_mut().rev() {
        *y = y.min(free - 13.0);
        free = *y;
    }
    // Too many for that at the top: from there down.
    let mut free = -13.0f32;
    for (y, _) in &mut ends {
        *y = y.max(free + 13.0);
        free = *y;
    }
    let named = |(y, at): (f32, usize)| {
        html! {
            <text class={format!("s m sweep-word l{at}")} x={number(PLOT.0 + 8.0)}
                y={number(y + 4.0)}>{ word(at, &lines[at]) }</text>
        }
    };
    ends.into_iter().map(named).collect()
}
