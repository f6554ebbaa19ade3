//! The address bar: the fragment holds scenario and place, the query says whether the page is an
//! embed.

use gloo::events::EventListener;
use gloo::utils::window;
use wasm_bindgen::JsValue;
use yew::Callback;

use super::Listener;

/// What stands behind the `#`, without it.
#[must_use]
pub fn fragment() -> String {
    let hash = window().location().hash().unwrap_or_default();
    hash.strip_prefix('#').unwrap_or_default().to_owned()
}

/// True if the page is asked to be an embed: `?embed`.
#[must_use]
pub fn is_embed() -> bool {
    let search = window().location().search().unwrap_or_default();
    let names = search.trim_start_matches('?').split('&');
    names.into_iter().any(|pair| pair.split('=').next() == Some("embed"))
}

/// The address of this page, not an embed, with another fragment.
#[must_use]
pub fn page_address(fragment: &str) -> String {
    let location = window().location();
    let part = |part: Result<String, JsValue>| part.unwrap_or_default();
    format!("{}{}#{fragment}", part(location.origin()), part(location.pathname()))
}

/// The address of this page as an embed, with another fragment.
#[must_use]
pub fn embed_address(fragment: &str) -> String {
    page_address(fragment).replacen('#', "?embed#", 1)
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

/// Calls when someone else changes the fragment: a pasted link, Back, Forward.
#[must_use]
pub fn on_fragment(changed: Callback<String>) -> Listener {
    let listener = EventListener::new(&window(), "hashchange", move |_| changed.emit(fragment()));
    Listener { _events: vec![listener] }
}

/// Calls when the page may be about to go away.
#[must_use]
pub fn on_leave(leaving: Callback<()>) -> Listener {
    let listener = EventListener::new(&window(), "pagehide", move |_| leaving.emit(()));
    Listener { _events: vec![listener] }
}
