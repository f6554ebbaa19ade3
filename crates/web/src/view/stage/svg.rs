//! Small helpers for drawing.

use yew::prelude::*;

use crate::model::stage_number::number;
use crate::view::markup::html;

/// A picture measure as an attribute.
pub(super) fn n(value: f32) -> AttrValue {
    AttrValue::from(number(value))
}

/// A `translate`.
pub(super) fn at(x: f32, y: f32) -> AttrValue {
    AttrValue::from(format!("translate({} {})", n(x), n(y)))
}

/// A rectangle.
pub(super) fn rect(class: &'static str, x: f32, y: f32, width: f32, height: f32) -> Html {
    html! { <rect {class} x={n(x)} y={n(y)} width={n(width)} height={n(height)} /> }
}

/// A line of text.
pub(super) fn text(class: &'static str, x: f32, y: f32, words: impl Into<AttrValue>) -> Html {
    let words: AttrValue = words.into();
    html! { <text {class} x={n(x)} y={n(y)}>{words}</text> }
}

/// A path.
pub(super) fn path(class: &'static str, d: String) -> Html {
    html! { <path {class} {d} /> }
}
