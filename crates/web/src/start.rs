//! What the page opens with: a link, this tab's draft, or the gallery's first scenario.

use std::cell::Cell;
use std::rc::Rc;

use rangewalk_core::scenario::gallery;
use rangewalk_core::trace::Place;
use yew::Properties;

use crate::app::{form, motion};
use crate::command::{Command, Notice, Opened, Panel, Tone, View};
use crate::parts::{self, Part};
use crate::platform::{location, storage};
use crate::session::{Session, can_open};
use crate::view::page::Form;

/// What must be here before anything is drawn: what a link says, the run of another text than the
/// page's own, another view than the stage.
pub fn wanted() -> impl Iterator<Item = Part> {
    let link = location::is_embed() || !location::fragment().is_empty();
    let scene = location::view() != View::Stage;
    let wanted = [
        (Part::Links, link),
        (Part::Emulator, link || scene || storage::draft().is_some()),
        (Part::Scenes, scene),
    ];
    wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(part, _)| part)
}

/// A session, and where another view than the stage shall stand.
pub(crate) type First = (Session, Option<Place>);

/// What the page opens with, taken once.
#[derive(Clone, Properties)]
pub struct Start {
    made: Rc<Cell<Option<First>>>,
}

impl Start {
    /// Runs it, ahead of the page being drawn.
    #[must_use]
    pub fn make() -> Self {
        Self { made: Rc::new(Cell::new(Some(open()))) }
    }

    pub(crate) fn take(&self) -> Option<First> {
        self.made.take()
    }
}

impl PartialEq for Start {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.made, &other.made)
    }
}

/// Reads it, and runs it.
pub(crate) fn open() -> First {
    let form = form();
    let (opened, notice) = first_scenario(form);
    let mut session = Session::new(&opened);
    session.set_motion(motion());
    if let Some(notice) = notice {
        session.apply(Command::Notify(notice));
        if form != Form::Embed {
            session.apply(Command::Show(Panel::Gallery));
        }
    }
    (session, opened.place)
}

/// What the page opens with: the link, else this tab's draft, else the gallery's first.
fn first_scenario(form: Form) -> (Opened, Option<Notice>) {
    let fragment = location::fragment();
    if !fragment.is_empty() {
        let read = parts::links().map_or_else(|| Err(lost()), |links| (links.read)(&fragment));
        return match read {
            Ok(opened) if !can_open(&opened.text) => (first_of_gallery(), Some(lost())),
            Ok(opened) => (opened, None),
            Err(notice) => (first_of_gallery(), Some(notice)),
        };
    }
    let draft = if form == Form::Embed { None } else { storage::draft() };
    match draft {
        Some(draft) if !can_open(&draft) => (first_of_gallery(), Some(lost())),
        Some(draft) => (Opened::text(draft), None),
        None => (first_of_gallery(), None),
    }
}

/// The scenario that stands first in the gallery.
pub(crate) fn first_of_gallery() -> Opened {
    Opened::text(gallery::FIRST)
}

/// Said when a late part could not be fetched.
pub(crate) fn lost() -> Notice {
    let text = "This part of the page could not be loaded. Is the network there? Try again.".into();
    Notice { tone: Tone::Bad, text }
}
