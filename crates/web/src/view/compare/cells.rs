//! A field's entries, painted: W is the upper edge of an entry, D or V the lower one, as elsewhere
//! left and right; under them a dot where it ends otherwise than in the first lane.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use yew::prelude::*;

use crate::model::compare::field::{Field, Mark};
use crate::model::compare::matrix::{HEAD, Layout};
use crate::model::stage_number::number;
use crate::platform::Listener;
use crate::platform::canvas::{self, Picture};
use crate::platform::media;
use crate::view::live::{Own, Piece, is_same};
use crate::view::markup::html;

/// The colours, by their names in the style sheet.
const COLOURS: [&str; 7] = ["--fill", "--W", "--D", "--V", "--rule2", "--ink2", "--bad"];
/// Their places.
const FILL: usize = 0;
const W: usize = 1;
const D: usize = 2;
const V: usize = 3;
const GONE: usize = 4;
const OTHER: usize = 5;
const DIFFERS: usize = 6;
/// Lines of a row as it is painted: the first for W, the fourth for D or V, one between rows.
const LINES: usize = 5;
/// Pixels of a dot, at most.
const DOT: usize = 2;
/// From one dot to the next.
const DOTS: usize = 3;

/// What painted entries keep from one picture to the next.
#[derive(Default)]
struct Palette {
    /// The colours, until they may be others: to ask for them takes as long as to paint.
    colours: RefCell<Option<Vec<[u8; 4]>>>,
    listener: OnceCell<Listener>,
}

/// The painted entries.
#[derive(PartialEq)]
pub(super) struct Cells {
    pub(super) field: Rc<Field>,
    pub(super) layout: Rc<Layout>,
}

impl Piece for Cells {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, own: &Own) -> Html {
        let (width, height) = (number(self.layout.width), number(self.layout.height.ceil()));
        html! { <canvas ref={own.node.clone()} {width} {height} aria-hidden="true"/> }
    }

    fn state(&self) -> Rc<dyn Any> {
        Rc::new(Palette::default())
    }

    fn shown(&self, own: &Own) {
        let again = own.clone();
        let changed = media::on_colours(&Callback::from(move |()| {
            again.state::<Palette>().colours.take();
            again.redraw();
        }));
        let _ = own.state::<Palette>().listener.set(changed);
    }

    fn drawn(&self, own: &Own) {
        let mut colours = own.state::<Palette>().colours.borrow_mut();
        if colours.is_none() {
            *colours = canvas::colours(&own.node, &COLOURS);
        }
        if let Some(colours) = &*colours {
            canvas::paint(&own.node, &self.picture(colours));
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some hundred pixels")]
const fn pixels(length: f32) -> usize {
    length as usize
}

impl Cells {
    /// The entries in pixels of the canvas.
    fn picture(&self, colours: &[[u8; 4]]) -> Picture {
        let Field { columns, marks } = &*self.field;
        let (cell, pitch) = (pixels(self.layout.cell).max(1), pixels(self.layout.pitch));
        let width = columns * cell;
        let mut pixels_of = vec![0u8; width * pitch * self.layout.rows.len() * 4];
        // Wide columns stand apart.
        let wide = if cell >= 4 { cell - 1 } else { cell };
        let mut dots = Dots::default();
        for (at, mark) in marks.iter().enumerate() {
            let (row, column) = (at / columns, at % columns);
            dots = if column == 0 { Dots::default() } else { dots }.beside(*mark);
            for line in 0..pitch {
                let Some(colour) = colour(*mark, line * LINES / pitch, dots) else { continue };
                let wide = if colour == DIFFERS { wide.min(DOT) } else { wide };
                let first = ((row * pitch + line) * width + column * cell) * 4;
                for pixel in pixels_of[first..first + wide * 4].chunks_exact_mut(4) {
                    pixel.copy_from_slice(&colours[colour]);
                }
            }
        }
        Picture {
            place: (self.layout.gutter, HEAD),
            width: u32::try_from(width).unwrap_or(0),
            pixels: pixels_of,
        }
    }
}

/// How many columns in a row have what is dotted, up to the one in hand: the first of them always
/// has a dot.
#[derive(Clone, Copy, Default)]
struct Dots {
    differs: usize,
    saved: usize,
}

impl Dots {
    fn beside(self, mark: Mark) -> Self {
        let count = |what: Mark, before: usize| if mark.contains(what) { before + 1 } else { 0 };
        Self { differs: count(Mark::DIFFERS, self.differs), saved: count(Mark::V, self.saved) }
    }
}

/// The colour of one line of an entry.
fn colour(mark: Mark, line: usize, dots: Dots) -> Option<usize> {
    let has = |what: Mark| mark.contains(what);
    if line == LINES - 1 {
        return (dots.differs % DOTS == 1).then_some(DIFFERS);
    }
    if has(Mark::GONE) {
        return (line == 0 || line == LINES - 2).then_some(GONE);
    }
    if has(Mark::OTHER) {
        return (line == 0 || line == LINES - 2).then_some(OTHER);
    }
    if !has(Mark::PRESENT) {
        return None;
    }
    Some(match line {
        0 if has(Mark::W) => W,
        3 if has(Mark::D) => D,
        // Hollow, as elsewhere.
        3 if dots.saved % 2 == 1 => V,
        _ => FILL,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w_is_above_and_dirt_below_and_only_a_dot_is_between_rows() {
        let lines = |mark: Mark| {
            [0, 1, 2, 3, 4].map(|line| colour(mark, line, Dots::default().beside(mark)))
        };
        let dirty = Mark::PRESENT | Mark::W | Mark::D;
        assert_eq!(lines(dirty), [Some(W), Some(FILL), Some(FILL), Some(D), None]);
        let saved = Mark::PRESENT | Mark::V | Mark::DIFFERS;
        assert_eq!(lines(saved), [Some(FILL), Some(FILL), Some(FILL), Some(V), Some(DIFFERS)]);
        assert_eq!(lines(Mark::GONE), [Some(GONE), None, None, Some(GONE), None]);
        assert_eq!(lines(Mark::empty()), [None; 5]);
    }

    #[test]
    fn a_lone_difference_has_a_dot_wherever_it_is() {
        let alone = |column: usize| {
            let marks = (0..7).map(|at| if at == column { Mark::DIFFERS } else { Mark::empty() });
            let mut dots = Dots::default();
            let dotted = |mark: Mark| {
                dots = dots.beside(mark);
                colour(mark, LINES - 1, dots).is_some()
            };
            marks.map(dotted).collect::<Vec<_>>()
        };
        for column in 0..7 {
            assert_eq!(alone(column), (0..7).map(|at| at == column).collect::<Vec<_>>());
        }
    }
}
