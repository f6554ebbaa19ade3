//! A lane's entries: rows of few elements each, redrawn only where something changed.

use std::rc::Rc;

use yew::prelude::*;

use super::cells::Cells;
use super::describe;
use crate::command::{Ask, Command};
use crate::model::compare::matrix::{Layout, Matrix, MatrixCell, MatrixNumber, MatrixRow, Spot};
use crate::model::lanes::CellState;
use crate::model::stage_number::{Pen, number};
use crate::view::live::{Own, Piece, live, live_as};
use crate::view::markup::html;

/// Cells narrower than this hold shapes, not letters.
const LETTERS: f32 = 17.0;
/// Narrower ones do not even hold the zero of what is gone.
const ZERO: f32 = 9.0;
/// What is stressed in a field is at least as wide and high as this.
const SPOT: f32 = 7.0;

/// The picture of a lane's entries; a click takes one in hand.
pub(crate) fn matrix(
    model: &Rc<Matrix>,
    word: &'static str,
    on_command: &Callback<Command>,
) -> Html {
    let Layout { width, height, cell, .. } = *model.layout;
    let sizes = Sizes { cell, tall: model.tall };
    let rows = model.rows.iter().enumerate();
    let rows = rows.map(|(at, row)| {
        let key = u32::try_from(row.range).unwrap_or(u32::MAX);
        live_as(key, Row { matrix: model.clone(), at, sizes })
    });
    let field = model
        .field
        .iter()
        .map(|field| live(Cells { field: field.clone(), layout: model.layout.clone() }));
    let number_above = |it: &MatrixNumber| {
        let class = if it.now { "m s mid b" } else { "m s mid i3" };
        html! { <text {class} x={number(it.x)} y="12">{ &it.text }</text> }
    };
    html! {
        <div class="cmp-matrix">
            { live(Hit { matrix: model.clone(), label: format!("{word}: {}", describe(model)),
                on_command: on_command.clone(), children: html! {
                <>
                    { for field }
                    <svg viewBox={format!("0 0 {} {}", number(width), number(height))} aria-hidden="true">
                        <g>{ for model.numbers.iter().map(number_above) }</g>
                        <g>{ for rows }</g>
                        <path class="cmp-line" d={model.line.clone()}/>
                        <path class="cmp-knots" d={model.knots.clone()}/>
                        { for model.spots.iter().map(|it| spot(it, &model.layout)) }
                        { for model.layout.folded.iter().map(|words| html! {
                            <text class="s i2" x="0" y={number(height - 3.0)}>{ words }</text>
                        }) }
                    </svg>
                </>
            } }) }
        </div>
    }
}

/// What is stressed in a field, large enough to be seen.
fn spot(spot: &Spot, layout: &Layout) -> Html {
    let (wide, tall) = (layout.cell.max(SPOT), layout.pitch.max(SPOT));
    let (x, y) = (spot.at.0 - wide / 2.0, spot.at.1 + (layout.pitch - tall) / 2.0 - 0.5);
    html! {
        <rect class={if spot.now { "now-box" } else { "cmp-picked" }} x={number(x)} y={number(y)}
            width={number(wide)} height={number(tall)} rx="1.5"/>
    }
}

/// Where the pointer takes entries in hand.
struct Hit {
    matrix: Rc<Matrix>,
    label: String,
    on_command: Callback<Command>,
    children: Html,
}

impl Piece for Hit {
    fn is_like(&self, before: &dyn Piece) -> bool {
        let before = (before as &dyn std::any::Any).downcast_ref::<Self>();
        before.is_some_and(|it| it.matrix == self.matrix && it.label == self.label)
    }

    fn draw(&self, own: &Own) -> Html {
        let (matrix, on_command, node) =
            (self.matrix.clone(), self.on_command.clone(), own.node.clone());
        let onpointerdown = Callback::from(move |event: PointerEvent| {
            let Some((x, y)) = crate::platform::element::share_of(&event, &node) else { return };
            let Layout { width, height, .. } = *matrix.layout;
            if let Some((range, page)) = matrix.entry_at(x * width, y * height) {
                on_command.emit(Command::Compare(Ask::Pick(range, page)));
            }
        });
        html! {
            <div class="cmp-hit" role="img" aria-label={self.label.clone()} ref={own.node.clone()}
                {onpointerdown}>{ self.children.clone() }</div>
        }
    }
}

/// Measures that all rows share.
#[derive(Clone, Copy, PartialEq)]
struct Sizes {
    cell: f32,
    tall: f32,
}

/// One mapping.
struct Row {
    matrix: Rc<Matrix>,
    at: usize,
    sizes: Sizes,
}

impl Row {
    fn row(&self) -> Option<&MatrixRow> {
        self.matrix.rows.get(self.at)
    }
}

impl Piece for Row {
    fn is_like(&self, before: &dyn Piece) -> bool {
        let before = (before as &dyn std::any::Any).downcast_ref::<Self>();
        before.is_some_and(|it| it.sizes == self.sizes && it.row() == self.row())
    }

    fn draw(&self, _: &Own) -> Html {
        self.row().map_or_else(Html::default, |row| draw_row(row, self.sizes))
    }
}

/// What many cells have in common is one path or one text with many places.
#[derive(Default)]
struct Looks {
    fill: Pen,
    copy: Pen,
    gone: Pen,
    hole: Pen,
    taken: Pen,
    other: Pen,
    corner: Pen,
    bars: [Pen; 3],
    special: Pen,
    /// W, D, V and the zeros: where each letter stands.
    letters: [String; 4],
}

fn draw_row(row: &MatrixRow, sizes: Sizes) -> Html {
    let mut looks = Looks::default();
    let mut rest = Vec::new();
    for cell in &row.cells {
        if cell.now || cell.picked {
            rest.push(cell);
        }
        if !cell.now {
            looks = looks.with(cell, row.y, sizes);
        }
    }
    let base = number(row.y + letter_base(sizes.tall));
    let path = |class: &'static str, pen: Pen| {
        let d = pen.done();
        (!d.is_empty()).then(|| html! { <path {class} {d}/> })
    };
    let Looks { fill, copy, gone, hole, taken, other, corner, bars, special, letters } = looks;
    let [bar_w, bar_d, bar_v] = bars;
    let texts = letters.into_iter().zip(LETTER).map(|(x, (class, letter))| {
        let count = x.split(' ').count();
        (!x.is_empty())
            .then(|| html! { <text {class} {x} y={base.clone()}>{ letter.repeat(count) }</text> })
    });
    html! {
        <g>
            <text class="b" x="0" y={base.clone()}>{ &row.label }</text>
            <text class="s i2" x={number(label_width(&row.label))} y={base.clone()}>{ &row.process }</text>
            { path("pcell", fill) }{ path("pcell copy", copy) }{ path("cmp-gone", gone) }
            { path("cmp-hole", hole) }{ path("taken", taken) }{ path("absent", other) }
            { path("bW", bar_w) }{ path("bD", bar_d) }{ path("hollowV", bar_v) }{ path("bS", special) }
            { for texts }
            { path("cmp-corner", corner) }
            { for rest.into_iter().map(|cell| stressed(cell, row.y, sizes)) }
        </g>
    }
}

/// Width of the label, with the space behind it.
fn label_width(label: &str) -> f32 {
    crate::model::tree::text_width(label) + 6.0
}

/// W, D and V in their colours, and the zero of what is gone.
const LETTER: [(&str, &str); 4] = [("lt tW", "W"), ("lt tD", "D"), ("lt tV", "V"), ("lt", "0")];

/// Base line of a row's text.
fn letter_base(tall: f32) -> f32 {
    if tall < 10.0 {
        tall / 2.0 + 4.0
    } else if tall > 24.0 {
        tall / 2.0 + 2.0
    } else {
        tall / 2.0 + 2.6
    }
}

impl Looks {
    fn with(mut self, cell: &MatrixCell, y: f32, sizes: Sizes) -> Self {
        let Sizes { cell: width, tall } = sizes;
        let (x, right) = (cell.x + 0.5, cell.x + width - 1.5);
        let boxed = |pen: Pen| {
            pen.to('M', &[x, y]).to('H', &[right]).to('v', &[tall]).to('H', &[x]).to('z', &[])
        };
        match cell.state {
            None => {
                self.gone = boxed(self.gone);
                if width >= ZERO {
                    push(&mut self.letters[3], cell.x + width / 2.0 - 0.5);
                }
            }
            Some(CellState::NoTable(_) | CellState::Empty) => {
                let middle = [cell.x + width / 2.0 - 0.5, y + tall / 2.0];
                self.hole = self.hole.to('M', &middle).to('h', &[0.0]);
            }
            Some(CellState::TakenOut) => self.taken = boxed(self.taken),
            Some(CellState::NonPresent) => self.other = boxed(self.other),
            Some(CellState::Present(marks)) => {
                if marks.copy {
                    self.copy = boxed(self.copy);
                } else {
                    self.fill = boxed(self.fill);
                }
                let set = [marks.w, marks.d, marks.v];
                let apart = if width > 24.0 { 6.5 } else { (width * 0.18).min(5.0) };
                let middle = cell.x + width / 2.0 - 0.5;
                for (at, side) in [-apart, apart, apart].into_iter().enumerate() {
                    if !set[at] {
                        continue;
                    }
                    if width >= LETTERS {
                        push(&mut self.letters[at], middle + side);
                        continue;
                    }
                    let bar = (width * 0.28).clamp(2.2, 4.0);
                    let left = if at == 0 { x } else { right - bar };
                    let pen = std::mem::take(&mut self.bars[at]);
                    let pen = pen.to('M', &[left, y]).to('h', &[bar]).to('v', &[tall]);
                    self.bars[at] = pen.to('h', &[-bar]).to('z', &[]);
                }
                if marks.s {
                    let size = (width * 0.28).min(5.0);
                    let at = [right, y + tall - size];
                    self.special =
                        self.special.to('M', &at).to('v', &[size]).to('h', &[-size]).to('z', &[]);
                }
            }
        }
        if cell.differs {
            self.corner = corner(self.corner, right, y, width);
        }
        self
    }
}

fn corner(pen: Pen, right: f32, y: f32, width: f32) -> Pen {
    // Beside the bars of a narrow box it must be told from them.
    let size = if width < LETTERS { (width * 0.5).min(8.0) } else { (width * 0.31).min(11.0) };
    pen.to('M', &[right, y]).to('v', &[size]).to('L', &[right - size, y]).to('z', &[])
}

fn push(places: &mut String, x: f32) {
    if !places.is_empty() {
        places.push(' ');
    }
    places.push_str(&number(x));
}

/// The entry that the step is about, on yellow, and the one in hand, framed.
fn stressed(cell: &MatrixCell, y: f32, sizes: Sizes) -> Html {
    let Sizes { cell: width, tall } = sizes;
    let letters = match cell.state {
        None => "0".to_owned(),
        Some(CellState::Present(marks)) => {
            let set = [(marks.w, "W"), (marks.d, "D"), (marks.v, "V")];
            set.iter().filter(|(set, _)| *set).map(|(_, letter)| *letter).collect()
        }
        Some(_) => String::new(),
    };
    let (x, side) = (number(cell.x + 0.5), number(width - 2.0));
    let small = width < LETTERS;
    html! {
        <g>
            if cell.now {
                <rect class="now-box" x={x.clone()} y={number(y)} width={side.clone()} height={number(tall)} rx="2"/>
                <text class={if small { "lt on xs" } else { "lt on" }} x={number(cell.x + width / 2.0 - 0.5)}
                    y={number(y + letter_base(tall))}>{ letters }</text>
                if cell.differs {
                    <path class="cmp-corner" d={corner(Pen::default(), cell.x + width - 1.5, y, width).done()}/>
                }
            }
            if cell.picked {
                <rect class="cmp-picked" {x} y={number(y)} width={side} height={number(tall)} rx="2"/>
            }
        </g>
    }
}
