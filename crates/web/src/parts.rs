//! What the page fetches only when it is wanted: its late parts, each a file of WebAssembly beside
//! the program's own. `cargo xtask dist` cuts the program along the functions marked here: what
//! only they reach, code and data, goes into their part's file.
//!
//! A part is a table of plain functions. Whoever calls one asks whether the part is here, which it
//! always is outside a browser; if not, [`load`] fetches it, and who waits is drawn again.
#![allow(unsafe_code, reason = "calls across the cut are foreign calls for the compiler")]

use std::cell::Cell;

use rangewalk_core::link::TooLong;
use wasm_split_helpers::{SplitLoaderError, wasm_split};
use yew::Html;

use crate::command::{Notice, Opened, Panel};
use crate::model::gallery::{Card, cards};
use crate::session::Session;
use crate::view::page::PageModel;
use crate::view::panels::panel;
use crate::view::share::Export;
use crate::{export, links};

/// A late part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Reading and writing links.
    Links,
    /// What can lie over the page, and what is done from there.
    Panels,
}

impl Part {
    /// All of them, in the order in which they are likely to be wanted.
    pub const ALL: [Part; 2] = [Part::Links, Part::Panels];

    /// True if it takes this part to show the panel.
    #[must_use]
    pub const fn is_for(self, panel: Option<Panel>) -> bool {
        match self {
            Part::Links => matches!(panel, Some(Panel::Share | Panel::Embed)),
            Part::Panels => panel.is_some(),
        }
    }

    /// True if it need not be fetched.
    #[must_use]
    pub fn is_here(self) -> bool {
        match self {
            Part::Links => links().is_some(),
            Part::Panels => panels().is_some(),
        }
    }
}

/// [`Part::Links`].
pub struct Links {
    /// What a fragment says, or why it is no link.
    pub read: fn(&str) -> Result<Opened, Notice>,
    /// The fragment that stands for text and place.
    pub write: fn(&Session) -> Result<String, TooLong>,
}

/// [`Part::Panels`].
pub struct Panels {
    /// The gallery.
    pub cards: fn() -> Vec<Card>,
    /// The open panel.
    pub panel: fn(&PageModel) -> Html,
    /// Makes a file.
    pub export: fn(&Session, &str, Export),
}

static LINKS: Links = Links { read: links::read, write: links::write };
static PANELS: Panels = Panels { cards, panel, export: export::export };

#[wasm_split(links, fallible)]
fn links_part() -> Result<&'static Links, SplitLoaderError> {
    Ok(&LINKS)
}

#[wasm_split(panels, fallible)]
fn panels_part() -> Result<&'static Panels, SplitLoaderError> {
    Ok(&PANELS)
}

thread_local! {
    static LINKS_HERE: Cell<Option<&'static Links>> = const { Cell::new(None) };
    static PANELS_HERE: Cell<Option<&'static Panels>> = const { Cell::new(None) };
}

/// The part, if it is here.
#[must_use]
pub fn links() -> Option<&'static Links> {
    #[cfg(not(target_family = "wasm"))]
    LINKS_HERE.set(Some(&LINKS));
    LINKS_HERE.get()
}

/// The part, if it is here.
#[must_use]
pub fn panels() -> Option<&'static Panels> {
    #[cfg(not(target_family = "wasm"))]
    PANELS_HERE.set(Some(&PANELS));
    PANELS_HERE.get()
}

/// Fetches a part unless it is here.
///
/// # Errors
/// The page's folder could not be reached. It can be tried again.
pub async fn load(part: Part) -> Result<(), SplitLoaderError> {
    match part {
        Part::Links => LINKS_HERE.set(Some(links_part().await?)),
        Part::Panels => PANELS_HERE.set(Some(panels_part().await?)),
    }
    Ok(())
}
