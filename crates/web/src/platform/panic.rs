//! A bug of ours must not take what the user wrote: the page says what happened and shows the text
//! to be copied.

use std::cell::RefCell;
use std::panic::PanicHookInfo;

use gloo::utils::document;
use web_sys::{Document, Element};

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Remembers the scenario text for the day.
pub fn keep(text: &str) {
    TEXT.with_borrow_mut(|kept| text.clone_into(kept));
}

/// Shows panics on the page, and in the console.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        gloo::console::error!(info.to_string());
        if let Some(overlay) = overlay(&document(), info)
            && let Some(body) = document().body()
        {
            let _ = body.append_child(&overlay);
        }
    }));
}

fn overlay(document: &Document, info: &PanicHookInfo<'_>) -> Option<Element> {
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
    let parts = [
        element("h2", "Rangewalk has stopped: this is a bug of ours")?,
        element(
            "p",
            "Your scenario is below: copy it, then reload the page. A report with it would help.",
        )?,
        kept,
        element("pre", &info.to_string())?,
    ];
    for part in parts {
        overlay.append_child(&part).ok()?;
    }
    Some(overlay)
}
