//! What the browser says about window and user.

use gloo::events::EventListener;
use gloo::utils::window;
use yew::Callback;

use super::Listener;

/// A question to the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// The user wants little motion.
    ReducedMotion,
    /// One column: a phone.
    Phone,
    /// Too narrow for a pane beside the picture.
    Narrow,
}

impl Query {
    const fn text(self) -> &'static str {
        match self {
            Query::ReducedMotion => "(prefers-reduced-motion: reduce)",
            Query::Phone => "(max-width: 640px)",
            Query::Narrow => "(max-width: 1179px)",
        }
    }

    /// The answer now.
    #[must_use]
    pub fn holds(self) -> bool {
        window().match_media(self.text()).ok().flatten().is_some_and(|list| list.matches())
    }
}

/// Calls when one of the answers changes.
#[must_use]
pub fn on_change(changed: &Callback<()>) -> Listener {
    listen([Query::ReducedMotion, Query::Phone, Query::Narrow].map(Query::text), changed)
}

/// Calls when the style sheet's colours may be others.
#[must_use]
pub fn on_colours(changed: &Callback<()>) -> Listener {
    listen(["(prefers-color-scheme: dark)", "(forced-colors: active)", "print"], changed)
}

fn listen(queries: [&str; 3], changed: &Callback<()>) -> Listener {
    let lists = queries.iter().filter_map(|q| window().match_media(q).ok().flatten());
    let listen = |list: web_sys::MediaQueryList| {
        let changed = changed.clone();
        EventListener::new(&list, "change", move |_| changed.emit(()))
    };
    Listener { _events: lists.map(listen).collect() }
}
