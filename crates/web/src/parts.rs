//! What the page fetches only when it is wanted: its late parts, each a file of WebAssembly beside
//! the program's own. `cargo xtask dist` cuts the program along the functions marked here: what
//! only they reach, code and data, goes into their part's file.
//!
//! A part is a table of plain functions. Whoever calls one asks whether the part is here, which it
//! always is outside a browser; if not, [`load`] fetches it, and who waits is drawn again.
#![allow(unsafe_code, reason = "calls across the cut are foreign calls for the compiler")]

use std::cell::Cell;

use rangewalk_core::arch::Pte;
use rangewalk_core::link::TooLong;
use rangewalk_core::machine::Event;
use rangewalk_core::trace::Place;
use wasm_split_helpers::{SplitLoaderError, wasm_split};
use yew::Html;

use crate::command::{Notice, Opened, Panel, View};
use crate::model::gallery::{Card, cards};
use crate::model::sentence::Said;
use crate::model::stage_now::Now;
use crate::model::{held_cpus, sentence_late, sentence_migration};
use crate::scene::{self, Scene, Subject};
use crate::session::Session;
use crate::story::Story;
use crate::view::page::PageModel;
use crate::view::panels::panel;
use crate::view::share::Export;
use crate::{export, links, sweep};

/// A late part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Reading and writing links.
    Links,
    /// Running a scenario.
    Emulator,
    /// What can lie over the page, and what is done from there.
    Panels,
    /// What can stand in the stage's place.
    Scenes,
}

impl Part {
    /// All of them, in the order in which they are likely to be wanted.
    pub const ALL: [Part; 4] = [Part::Links, Part::Emulator, Part::Panels, Part::Scenes];

    /// True if it takes this part to show the view or the panel.
    #[must_use]
    pub const fn is_for(self, view: View, panel: Option<Panel>) -> bool {
        match self {
            Part::Links => matches!(panel, Some(Panel::Share | Panel::Embed)),
            Part::Emulator => false,
            Part::Panels => panel.is_some(),
            Part::Scenes => !matches!(view, View::Stage),
        }
    }

    /// True if it need not be fetched.
    #[must_use]
    pub fn is_here(self) -> bool {
        match self {
            Part::Links => links().is_some(),
            Part::Emulator => emulator().is_some(),
            Part::Panels => panels().is_some(),
            Part::Scenes => scenes().is_some(),
        }
    }
}

/// [`Part::Links`].
pub struct Links {
    /// What a fragment says, or why it is no link.
    pub read: fn(&str) -> Result<Opened, Notice>,
    /// The fragment that stands for text and place.
    pub write: fn(&Session, Place) -> Result<String, TooLong>,
}

/// [`Part::Emulator`].
pub struct Emulator {
    /// Runs a text.
    pub run: fn(&str) -> Story,
    /// What the page's opening run has no use for.
    pub words: Words,
}

/// Words about what only another run can show.
pub struct Words {
    /// Of a step.
    pub said: fn(&Now<'_>, Event) -> Said,
    /// Of a step to come.
    pub next: fn(&Now<'_>, Event) -> String,
    /// Of several CPUs, in lines.
    pub cpus: fn(&Now<'_>) -> Vec<String>,
    /// Of a migration entry that is looked at.
    pub migration: fn(&Now<'_>, Pte) -> String,
    /// Of an entry that changed from one word to another, if it is a migration entry now.
    pub stored: fn(&Now<'_>, &str, (u64, u64)) -> Option<Said>,
    /// Of a migration entry, in short.
    pub in_short: fn(&Now<'_>, Pte) -> String,
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

/// [`Part::Scenes`].
pub struct Scenes {
    /// Opens a view; `None` for the stage.
    pub open: fn(View, Subject<'_>) -> Option<Box<dyn Scene>>,
    /// In a worker: measures sweeps.
    pub serve: fn(),
}

static LINKS: Links = Links { read: links::read, write: links::write };
static EMULATOR: Emulator = Emulator {
    run: Story::of,
    words: Words {
        said: sentence_late::said,
        next: sentence_late::next,
        cpus: held_cpus::lines,
        migration: sentence_migration::seen,
        stored: sentence_migration::stored,
        in_short: sentence_migration::in_short,
    },
};
static PANELS: Panels = Panels { cards, panel, export: export::export };
static SCENES: Scenes = Scenes { open: scene::open, serve: sweep::serve };

#[wasm_split(links, fallible)]
fn links_part() -> Result<&'static Links, SplitLoaderError> {
    Ok(&LINKS)
}

#[wasm_split(emulator, fallible)]
fn emulator_part() -> Result<&'static Emulator, SplitLoaderError> {
    Ok(&EMULATOR)
}

#[wasm_split(panels, fallible)]
fn panels_part() -> Result<&'static Panels, SplitLoaderError> {
    Ok(&PANELS)
}

#[wasm_split(scenes, fallible)]
fn scenes_part() -> Result<&'static Scenes, SplitLoaderError> {
    Ok(&SCENES)
}

thread_local! {
    static LINKS_HERE: Cell<Option<&'static Links>> = const { Cell::new(None) };
    static EMULATOR_HERE: Cell<Option<&'static Emulator>> = const { Cell::new(None) };
    static PANELS_HERE: Cell<Option<&'static Panels>> = const { Cell::new(None) };
    static SCENES_HERE: Cell<Option<&'static Scenes>> = const { Cell::new(None) };
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
pub fn emulator() -> Option<&'static Emulator> {
    #[cfg(not(target_family = "wasm"))]
    EMULATOR_HERE.set(Some(&EMULATOR));
    EMULATOR_HERE.get()
}

/// The part, if it is here.
#[must_use]
pub fn panels() -> Option<&'static Panels> {
    #[cfg(not(target_family = "wasm"))]
    PANELS_HERE.set(Some(&PANELS));
    PANELS_HERE.get()
}

/// The part, if it is here.
#[must_use]
pub fn scenes() -> Option<&'static Scenes> {
    #[cfg(not(target_family = "wasm"))]
    SCENES_HERE.set(Some(&SCENES));
    SCENES_HERE.get()
}

/// Fetches a part unless it is here.
///
/// # Errors
/// The page's folder could not be reached. It can be tried again.
pub async fn load(part: Part) -> Result<(), SplitLoaderError> {
    match part {
        Part::Links => LINKS_HERE.set(Some(links_part().await?)),
        Part::Emulator => EMULATOR_HERE.set(Some(emulator_part().await?)),
        Part::Panels => PANELS_HERE.set(Some(panels_part().await?)),
        Part::Scenes => SCENES_HERE.set(Some(scenes_part().await?)),
    }
    Ok(())
}
