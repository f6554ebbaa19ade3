//! What can stand in the stage's place: views with a state of their own. Each is opened by one
//! function, so that its code can come when it is asked for.

use rangewalk_core::trace::Place;
use yew::{AttrValue, Callback, Html};

use crate::clock::Motion;
use crate::command::{Command, View};
use crate::session::Changed;
use crate::view::page::Form;
use crate::{argument, compare, film, sweep};

/// A view in the stage's place.
pub trait Scene {
    /// Does what is asked and says what changed; `None` if that is not its affair.
    fn apply(&mut self, command: &Command) -> Option<Changed>;

    /// True while it needs to be told the time.
    fn wants_ticks(&self) -> bool;

    /// The place that a link leads to.
    fn place(&self) -> Option<Place>;

    /// Where it stands: a position, and how many there are behind the first.
    fn position(&self) -> (u32, u32);

    /// What has just happened, in words; nothing while it runs.
    fn spoken(&self) -> AttrValue;

    /// What is seen below the header.
    fn draw(&self, frame: &Frame) -> Html;
}

/// What a view is drawn into.
pub struct Frame {
    /// How much room there is.
    pub form: Form,
    /// Where it sends what is asked of it.
    pub on_command: Callback<Command>,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Subject<'t> {
    /// The scenario text.
    pub text: &'t str,
    /// Where to stand in it.
    pub place: Place,
    /// How much may move.
    pub motion: Motion,
}

/// Opens a view; `None` for the stage, which stands there by itself.
#[must_use]
pub fn open(view: View, subject: Subject<'_>) -> Option<Box<dyn Scene>> {
    match view {
        View::Stage => None,
        View::Compare => Some(compare::open(subject)),
        View::Sweep => Some(sweep::open(subject)),
        View::Argument => Some(argument::open()),
        View::Film => Some(film::open(subject)),
    }
}
