//! The stage: the picture of one step. Components are dumb: each draws one model, and a step
//! re-renders only what it changed.

mod bits;
mod cell;
mod descent;
mod embed;
mod facts;
mod full;
mod grid;
mod lanes;
mod leaf_row;
mod part;
mod phone;
mod say;
mod strip;
mod svg;
mod tables;
mod tlbs;
mod tree;

pub(crate) use self::say::words;

use std::rc::Rc;

use yew::prelude::*;

use crate::model::stage::{StageForm, StageModel};
use crate::view::live::{Own, Piece, is_same};

/// The stage in the form that its model is laid out for.
#[derive(PartialEq)]
pub struct Stage(pub Rc<StageModel>);

impl Piece for Stage {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        let model = &self.0;
        match model.form {
            StageForm::Full => full::full(model),
            StageForm::Embed => embed::embed(model),
            StageForm::Phone => phone::phone(model),
        }
    }
}
