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

/// Goes on listening until dropped.
pub struct Listener {
    _events: Vec<EventListener>,
}
