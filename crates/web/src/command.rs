//! Everything that a user, a link or the clock can ask of the page, as data. `Session::apply` is
//! the one place that acts on it.

use std::rc::Rc;

use rangewalk_core::compare::{Align, Count};
use rangewalk_core::trace::Place;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Opens another scenario and shelves an edited one.
    Open(Opened),
    /// The text was edited; it runs again a moment later.
    Edit(Rc<str>),
    /// Puts another text in place of the open one, to run at once.
    Rewrite(Rc<str>),
    /// Asks for another kernel: edits the text's `kernel` line.
    Kernel(&'static str),
    /// Takes the shelved scenario back.
    Restore,
    /// Moves the place.
    Go(Go),
    /// Changes playback.
    Play(Play),
    /// Time has passed, in milliseconds.
    Tick(f64),
    /// Changes how much the timeline shows.
    Zoom(Zoom),
    /// Opens a panel, in place of the one open.
    Show(Panel),
    /// Closes the open panel.
    Hide,
    /// Takes the notice away.
    Dismiss,
    /// Puts up a notice.
    Notify(Notice),
    /// Goes over to another view.
    Look(View),
    /// Concerns the comparison alone.
    Compare(Ask),
    /// Concerns the sweep alone.
    Sweep(SweepAsk),
    /// Concerns the frames alone.
    Film(FilmAsk),
}

/// What the page shows of a scenario. Each has a word of its own in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// One run, step by step.
    Stage,
    /// The lanes of its `compare`, side by side.
    Compare,
    /// The same over and over, with what its `sweep` turns.
    Sweep,
    /// The claims of 2019; of no scenario.
    Argument,
    /// A vmwgfx buffer, frame by frame.
    Film,
}

impl View {
    /// All of them.
    pub const ALL: [View; 5] =
        [View::Stage, View::Compare, View::Sweep, View::Argument, View::Film];

    /// Those with a tab.
    pub const TABS: [View; 2] = [View::Stage, View::Compare];

    /// Its word in an address's query; the stage has none.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            View::Stage => "",
            View::Compare => "compare",
            View::Sweep => "sweep",
            View::Argument => "argument",
            View::Film => "frames",
        }
    }

    /// Its name on the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            View::Stage => "Stage",
            View::Compare => "Compare",
            View::Sweep => "Sweep",
            View::Argument => "The argument",
            View::Film => "Frames",
        }
    }
}

/// What can be asked of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepAsk {
    /// Stops.
    Cancel,
    /// Goes on.
    GoOn,
    /// Hands out every number as CSV.
    Csv,
}

/// What can be asked of a story of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilmAsk {
    /// The driver's two numbers: scans in a row, and percent.
    Thresholds(u64, u64),
}

/// What can be asked of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// By what the lanes go on together.
    Align(Align),
    /// Another price: picoseconds for one.
    Price(Count, u64),
    /// The prices that it began with.
    Prices,
    /// Takes an entry in hand: its mapping's place among the ranges, and its page of the file.
    Pick(usize, u64),
    /// Looks at the next entry that does not end alike in all lanes.
    NextDifference,
    /// Looks at the one before.
    PreviousDifference,
}

/// A scenario on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// Its text.
    pub text: Rc<str>,
    /// Where to stand in its run; `None`: where the first walk begins.
    pub place: Option<Place>,
    /// What its run came to when the link was made.
    pub digest: Option<u32>,
}

impl Opened {
    /// A text by itself.
    #[must_use]
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self { text: text.into(), place: None, digest: None }
    }
}

/// Where to go. Places are counted in steps done, 0 to the length of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// So many steps done.
    To(u32),
    /// One step on.
    Step,
    /// One step back.
    Back,
    /// On over the call that begins.
    Over,
    /// Back over the call that ended.
    BackOver,
    /// To where the function has returned.
    Out,
    /// To the statement's first step, from there to the start of the run.
    First,
    /// To the statement's last step, from there to the end of the run.
    Last,
    /// To the next changed entry.
    NextChange,
    /// To the changed entry before.
    PreviousChange,
    /// To the first step of the next statement.
    NextStatement,
    /// To the first step of this statement, from there of the one before.
    PreviousStatement,
    /// To the first step of the statement on this line, counted from 1.
    Line(u32),
}

/// Playback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Play {
    /// Starts or stops.
    Toggle,
    /// Stops.
    Stop,
    /// Twice as fast.
    Faster,
    /// Half as fast.
    Slower,
}

/// How many steps the timeline shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zoom {
    /// Half as many.
    In,
    /// Twice as many.
    Out,
    /// The whole statement.
    Whole,
}

/// What can lie over the page. One at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// The scenarios.
    Gallery,
    /// The link.
    Share,
    /// The line that embeds the page.
    Embed,
    /// Files to take away.
    Export,
    /// The keys.
    Help,
    /// A step's number.
    GoTo,
    /// The editor, where the window is too narrow for its pane.
    Editor,
    /// What the header has no room for.
    Menu,
}

/// A message of the page about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it is said.
    pub tone: Tone,
    /// In one or two sentences.
    pub text: Rc<str>,
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Good to know.
    Plain,
    /// Something did not work.
    Bad,
    /// An edited scenario was put aside and can be had back.
    Shelved,
}

/// A key that was pressed, as far as shortcuts care.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// `KeyboardEvent.key`.
    pub name: String,
    /// Shift is down.
    pub shift: bool,
    /// Where the focus is.
    pub focus: Focus,
}

/// What has the focus, as far as shortcuts care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Focus {
    /// Nothing that takes keys for itself.
    Page,
    /// A button or link: space and enter are its own.
    Button,
    /// The scrubber: arrows, Home, End and the page keys are its own.
    Slider,
    /// A field that one types into, or a list to choose from.
    Field,
}

impl Command {
    /// The command behind a shortcut.
    #[must_use]
    pub fn of_key(key: &Key) -> Option<Command> {
        let name = key.name.as_str();
        let taken = match key.focus {
            Focus::Page => false,
            Focus::Button => matches!(name, " " | "Enter"),
            Focus::Slider => {
                name.starts_with("Arrow") || matches!(name, "Home" | "End" | "PageUp" | "PageDown")
            }
            Focus::Field => true,
        };
        if taken {
            return None;
        }
        Some(match (name, key.shift) {
            ("ArrowRight", false) => Command::Go(Go::Step),
            ("ArrowLeft", false) => Command::Go(Go::Back),
            ("ArrowDown", false) => Command::Go(Go::Over),
            ("ArrowUp", false) => Command::Go(Go::Out),
            ("ArrowDown", true) => Command::Go(Go::NextStatement),
            ("ArrowUp", true) => Command::Go(Go::PreviousStatement),
            ("ArrowLeft", true) => Command::Go(Go::BackOver),
            ("ArrowRight", true) => Command::Go(Go::Over),
            ("PageDown", _) => Command::Go(Go::NextStatement),
            ("PageUp", _) => Command::Go(Go::PreviousStatement),
            ("Home", _) => Command::Go(Go::First),
            ("End", _) => Command::Go(Go::Last),
            ("n", _) => Command::Go(Go::NextChange),
            ("N", _) => Command::Go(Go::PreviousChange),
            ("d", _) => Command::Compare(Ask::NextDifference),
            ("D", _) => Command::Compare(Ask::PreviousDifference),
            (" ", _) => Command::Play(Play::Toggle),
            ("]", _) => Command::Play(Play::Faster),
            ("[", _) => Command::Play(Play::Slower),
            ("+" | "=", _) => Command::Zoom(Zoom::In),
            ("-", _) => Command::Zoom(Zoom::Out),
            ("0", _) => Command::Zoom(Zoom::Whole),
            ("g", _) => Command::Show(Panel::GoTo),
            ("o", _) => Command::Show(Panel::Gallery),
            ("s", _) => Command::Show(Panel::Share),
            ("?", _) => Command::Show(Panel::Help),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, focus: Focus) -> Option<Command> {
        Command::of_key(&Key { name: name.into(), shift: false, focus })
    }

    #[test]
    fn fields_keep_their_keys() {
        for name in ["n", " ", "ArrowLeft", "?", "Home"] {
            assert_eq!(of(name, Focus::Field), None, "{name}");
        }
    }

    #[test]
    fn a_button_keeps_what_presses_it() {
        assert_eq!(of(" ", Focus::Button), None);
        assert_eq!(of("ArrowLeft", Focus::Button), Some(Command::Go(Go::Back)));
    }

    #[test]
    fn the_slider_keeps_what_moves_it() {
        assert_eq!(of("End", Focus::Slider), None);
        assert_eq!(of(" ", Focus::Slider), Some(Command::Play(Play::Toggle)));
    }
}
