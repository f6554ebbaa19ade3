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
mod tree;

use std::rc::Rc;

use yew::prelude::*;

use crate::model::stage::{StageForm, StageModel};

/// What the stage draws.
#[derive(Clone, PartialEq, Properties)]
pub struct StageProps {
    /// The picture.
    pub model: Rc<StageModel>,
}

/// The stage in the form that its model is laid out for.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    let model = &props.model;
    match model.form {
        StageForm::Full => full::full(model),
        StageForm::Embed => embed::embed(model),
        StageForm::Phone => phone::phone(model),
    }
}
