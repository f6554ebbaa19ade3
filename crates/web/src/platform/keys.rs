//! Keys pressed anywhere on the page.

use gloo::events::{EventListener, EventListenerOptions};
use gloo::utils::window;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::Callback;

use super::Listener;
use crate::command::{Focus, Key};

/// What came of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It was a shortcut: the browser shall do nothing.
    Yes,
    /// It was none.
    No,
}

/// Calls at each key that could be a shortcut: no modifier but shift, no dialog open.
#[must_use]
pub fn on_key(pressed: Callback<Key, Taken>) -> Listener {
    let options = EventListenerOptions::enable_prevent_default();
    let listener = EventListener::new_with_options(&window(), "keydown", options, move |event| {
        let Some(event) = event.dyn_ref::<KeyboardEvent>() else { return };
        if event.default_prevented() || event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let Some(focus) = focus_of(target.as_ref()) else { return };
        let key = Key { name: event.key(), shift: event.shift_key(), focus };
        if pressed.emit(key) == Taken::Yes {
            event.prevent_default();
        }
    });
    Listener { _events: vec![listener] }
}

/// `None` inside a dialog, which has its keys to itself.
fn focus_of(target: Option<&Element>) -> Option<Focus> {
    let Some(target) = target else { return Some(Focus::Page) };
    let within = |selector: &str| target.closest(selector).ok().flatten().is_some();
    if within("dialog") {
        return None;
    }
    Some(if within("input, textarea, select") {
        Focus::Field
    } else if within("[role=slider]") {
        Focus::Slider
    } else if within("button, a, summary") {
        Focus::Button
    } else {
        Focus::Page
    })
}
