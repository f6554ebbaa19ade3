//! The page's own signs: brand mark and transport buttons.

use yew::prelude::*;

use crate::view::markup::html;

/// A sign on a transport button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    First,
    Out,
    Back,
    Play,
    Pause,
    Step,
    Over,
    Last,
}

impl Sign {
    /// Its outline on an 18 × 18 square.
    const fn path(self) -> &'static str {
        match self {
            Sign::First => "M3 3h2.4v12H3zM15.5 3v12L6.4 9z",
            Sign::Out => "M9 2.2 15.2 9h-3.9v6.8H6.7V9H2.8z",
            Sign::Back => "M12.6 3v12L3.9 9z",
            Sign::Play => "M5 2.8v12.4L15 9z",
            Sign::Pause => "M4.4 3h3.4v12H4.4zM10.2 3h3.4v12h-3.4z",
            Sign::Step => "M5.4 3v12L14.1 9z",
            Sign::Over => {
                "M1.8 11.6C3 6.9 6.3 4.6 9.6 5.1c2.4.4 3.9 1.9 4.6 3.9l2.3-.8-1.7 6.3-5.6-3.5 \
                 2.4-.9c-.5-1.3-1.3-2.1-2.6-2.3-2.1-.3-4.1 1.2-5 4.1z"
            }
            Sign::Last => "M12.6 3H15v12h-2.4zM2.5 3v12l9.1-6z",
        }
    }
}

/// A sign, in the colour of the text around it.
pub fn icon(sign: Sign) -> Html {
    html! {
        <svg class="icon" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
            <path d={sign.path()}/>
        </svg>
    }
}

/// A range between two bounds, the page that is being looked at in yellow.
pub fn brand_mark() -> Html {
    html! {
        <svg class="mark" width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
            <path class="mark-line" d="M3 11h16"/>
            <path class="mark-ends" d="M3 4v14M19 4v14"/>
            <rect class="mark-now" x="7.75" y="6.75" width="6.5" height="8.5"/>
        </svg>
    }
}
