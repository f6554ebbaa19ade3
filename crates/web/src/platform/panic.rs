//! A bug of ours must not take what the user wrote: the page says what happened and shows the text
//! to be copied.

use std::cell::RefCell;

use gloo::events::EventListener;
use gloo::utils::{document, window};
use js_sys::{Reflect, WebAssembly};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Event};

use crate::platform::Listener;

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the scenario text for the day.
pub fn keep(text: &str) {
    TEXT.with_borrow_mut(|kept| text.clone_into(kept));
}

/// Shows on the page that the program has stopped. A panic is a trap that the browser tells of: the
/// program is compiled without the words of panics, which weigh more than the walk they guard.
#[must_use]
pub fn listen() -> Listener {
    let told = |name, field: &'static str| {
        EventListener::new(&window(), name, move |event: &Event| {
            let error = Reflect::get(event, &JsValue::from_str(field)).unwrap_or_default();
            if let Some(trap) = error.dyn_ref::<WebAssembly::RuntimeError>() {
                show(trap);
            }
        })
    };
    Listener { _events: vec![told("error", "error"), told("unhandledrejection", "reason")] }
}

fn show(trap: &WebAssembly::RuntimeError) {
    if let Some(overlay) = overlay(&document(), trap)
        && let Some(body) = document().body()
    {
        let _ = body.append_child(&overlay);
    }
}

fn overlay(document: &Document, trap: &WebAssembly::RuntimeError) -> Option<Element> {
    let element = |tag: &str, text: &str| {
        let element = document.create_element(tag).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let overlay = element("div", "")?;
    overlay.set_class_name("panic");
    overlay.set_attribute("role", "alert").ok()?;
    let text = TEXT.try_with(|text| text.try_borrow().map(|text| text.clone()).unwrap_or_default());
    let kept = element("textarea", &text.unwrap_or_default())?;
    kept.set_attribute("readonly", "").ok()?;
    kept.set_attribute("aria-label", "Your scenario").ok()?;
    // Where: `wasm-function[7]:0x1f2e`, which a build of the same version can be asked about.
    let stack = Reflect::get(trap, &JsValue::from_str("stack")).ok()?.as_string();
    let parts = [
        element("h2", "Rangewalk has stopped: this is a bug of ours")?,
        element(
            "p",
            "Your scenario is below: copy it, then reload the page. A report with it would help.",
        )?,
        kept,
        element("pre", &stack.unwrap_or_default())?,
    ];
    for part in parts {
        overlay.append_child(&part).ok()?;
    }
    Some(overlay)
}
