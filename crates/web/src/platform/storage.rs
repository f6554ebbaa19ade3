//! The draft, kept by the browser for this tab. Embeds never come here.

use gloo::utils::window;

const KEY: &str = "rangewalk.draft";

/// The text kept for this tab.
#[must_use]
pub fn draft() -> Option<String> {
    let storage = window().session_storage().ok().flatten()?;
    storage.get_item(KEY).ok().flatten().filter(|text| !text.is_empty())
}

/// Keeps a text for this tab. A browser that keeps nothing is no error: the address bar has it too.
pub fn keep_draft(text: &str) {
    if let Ok(Some(storage)) = window().session_storage() {
        let _ = storage.set_item(KEY, text);
    }
}
