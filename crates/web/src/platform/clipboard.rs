//! The clipboard.

use gloo::utils::window;
use wasm_bindgen_futures::JsFuture;
use yew::Callback;
use yew::platform::spawn_local;

/// Copies a text and tells whether the browser let us.
pub fn copy(text: &str, done: Callback<bool>) {
    // Absent on pages without a secure origin.
    let navigator = window().navigator();
    let present = js_sys::Reflect::has(&navigator, &"clipboard".into()).unwrap_or(false);
    if !present || navigator.clipboard().is_undefined() {
        done.emit(false);
        return;
    }
    let promise = navigator.clipboard().write_text(text);
    spawn_local(async move { done.emit(JsFuture::from(promise).await.is_ok()) });
}
