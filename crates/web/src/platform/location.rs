//! The address bar: the fragment holds scenario and place, the query says which view is asked for
//! and whether the page is an embed.

use gloo::events::EventListener;
use gloo::utils::window;
use wasm_bindgen::JsValue;
use yew::Callback;

use super::Listener;
use crate::command::View;

/// What stands behind the `#`, without it.
#[must_use]
pub fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.strip_prefix('#').unwrap_or_default().to_owned()
}

/// True if the page is asked to be an embed: `?embed`.
#[must_use]
pub fn is_embed() -> bool {
    asks_for("embed")
}

/// The view that is asked for: `?compare`; the stage if none is.
#[must_use]
pub fn view() -> View {
    let asked = View::ALL.into_iter().find(|view| !view.word().is_empty() && asks_for(view.word()));
    asked.unwrap_or(View::Stage)
}

fn asks_for(word: &str) -> bool {
    let search = window().location().search().unwrap_or_default();
    let names = search.trim_start_matches('?').split('&');
    names.into_iter().any(|pair| pair.split('=').next() == Some(word))
}

/// The address of this page in that view, not an embed, with another fragment.
#[must_use]
pub fn page_address(view: View, fragment: &str) -> String {
    address(view.word(), fragment)
}

/// The address of that view as an embed, with another fragment.
#[must_use]
pub fn embed_address(view: View, fragment: &str) -> String {
    let and = if view.word().is_empty() { "" } else { "&" };
    address(&format!("embed{and}{}", view.word()), fragment)
}

fn address(query: &str, fragment: &str) -> String {
    let location = window().location();
    let part = |part: Result<String, JsValue>| part.unwrap_or_default();
    let ask = if query.is_empty() { "" } else { "?" };
    format!("{}{}{ask}{query}#{fragment}", part(location.origin()), part(location.pathname()))
}

/// Puts another view into the address bar as a new entry, so that Back returns to the one there.
pub fn push_view(view: View, fragment: &str) {
    if let Ok(history) = window().history() {
        let address = page_address(view, fragment);
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address));
    }
}

/// Puts `fragment` into the address bar in place of the one there.
pub fn replace_fragment(fragment: &str) {
    if let Ok(history) = window().history() {
        // Browsers refuse too many changes in a short time: the next one will say it all again.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("#{fragment}")));
    }
}

/// Puts `fragment` into the address bar as a new entry, so that Back returns to the one there.
pub fn push_fragment(fragment: &str) {
    if let Ok(history) = window().history() {
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&format!("#{fragment}")));
    }
}

/// Calls when someone else changes fragment or view: a pasted link, Back, Forward.
#[must_use]
pub fn on_address(changed: Callback<(View, String)>) -> Listener {
    let listener =
        EventListener::new(&window(), "popstate", move |_| changed.emit((view(), fragment())));
    Listener { _events: vec![listener] }
}

/// Calls when the page may be about to go away.
#[must_use]
pub fn on_leave(leaving: Callback<()>) -> Listener {
    let listener = EventListener::new(&window(), "pagehide", move |_| leaving.emit(()));
    Listener { _events: vec![listener] }
}
