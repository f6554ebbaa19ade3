//! The browser. The only files that name `web_sys` and `gloo`; everything here fails softly, for a
//! browser owes us nothing.

pub mod canvas;
pub mod clipboard;
pub mod element;
pub mod file;
pub mod idle;
pub mod keys;
pub mod location;
pub mod media;
pub mod panic;
pub mod storage;
pub mod ticker;
pub mod worker;

use gloo::events::EventListener;
use gloo::utils::document;
use wasm_bindgen::JsCast;
use web_sys::HtmlLinkElement;

/// Goes on listening until dropped.
pub struct Listener {
    _events: Vec<EventListener>,
}

/// The address of a file that lies beside the program.
fn beside_program(name: &str) -> Option<String> {
    let program = document().query_selector("link[rel=modulepreload]").ok()??;
    let program = program.dyn_into::<HtmlLinkElement>().ok()?.href();
    let (folder, _) = program.rsplit_once('/')?;
    Some(format!("{folder}/{name}"))
}
