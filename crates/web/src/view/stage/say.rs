//! The sentence, and what comes next.

use yew::prelude::*;

use crate::model::sentence::Sentence;
use crate::model::sentence_words::{Bit, Piece, Words};
use crate::view::markup::html;

/// The step in words.
pub(super) fn say(sentence: &Sentence) -> Html {
    let Sentence { lead, why, next } = sentence;
    html! {
        <div class="stg-say">
            <p><strong>{words(lead)}</strong>{" "}{words(why)}</p>
            if !next.is_empty() {
                <p class="next"><strong>{"Next"}</strong>{" "}{words(next)}</p>
            }
        </div>
    }
}

/// Text with its letters in their colours.
pub(crate) fn words(words: &Words) -> Html {
    words
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => html! { {text.clone()} },
            Piece::Code(code) => html! { <code>{code.clone()}</code> },
            Piece::Bit(bit) => html! { <b class={bit_class(*bit)}>{bit.letter()}</b> },
        })
        .collect()
}

/// The colour of a bit's letter in running text.
pub(super) const fn bit_class(bit: Bit) -> &'static str {
    match bit {
        Bit::W => "tW",
        Bit::D => "tD",
        Bit::V => "tV",
        Bit::A => "tA",
        Bit::T => "tT",
        Bit::S => "tS",
        Bit::P | Bit::U | Bit::N => "tP",
    }
}
