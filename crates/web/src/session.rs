//! The page's state and the one place that changes it. Ground state is the scenario text and a
//! place in its run; the rest of what is kept here is how one looks at it, and never goes into a
//! link.

use std::ops::Range;
use std::rc::Rc;

use rangewalk_core::scenario::gallery;

use crate::clock::{Delay, Motion, Playback};
use crate::command::{Command, Go, Notice, Opened, Panel, Play, Tone, Zoom};
use crate::opening::{DIGEST, OPENING};
use crate::parts;
use crate::story::Story;

/// A text runs again so many milliseconds after its last edit.
const RERUN_AFTER: f64 = 150.0;
/// The address bar follows so many milliseconds after the last change.
const SAVE_AFTER: f64 = 300.0;
/// Up to so many steps the timeline shows a statement whole.
const WHOLE_MAX: u32 = 300;
/// Steps the timeline shows of a longer statement at first.
const PAGE: u32 = 240;
/// Said of a link whose run came to something else when it was made.
const CHANGED_SINCE: &str = "Rangewalk has changed since this link was made: its steps may \
    differ from what was shared.";
/// Fewest steps it zooms in to.
const PAGE_MIN: u32 = 30;

bitflags::bitflags! {
    /// What a command changed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Changed: u16 {
        /// The text.
        const TEXT = 1;
        /// The run and its diagnostics.
        const RUN = 1 << 1;
        /// The place in the run.
        const PLACE = 1 << 2;
        /// Playing or not, or how fast.
        const PLAYBACK = 1 << 3;
        /// What the timeline shows.
        const WINDOW = 1 << 4;
        /// The panel or notice.
        const OVERLAY = 1 << 5;
        /// Another scenario was opened.
        const OPENED = 1 << 6;
        /// The address bar is due.
        const SAVE = 1 << 7;
    }
}

/// How the place was last moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// By hand, a step or a call at a time: may ease, is spoken.
    Stepped,
    /// By scrubbing or playing fast: jumps, unspoken.
    Jumped,
}

/// What follows from a text; `None` while the emulator is not here, unless it is the text that the
/// page opens with.
fn story_of(text: &str) -> Option<Story> {
    if text == gallery::FIRST {
        return Some(Story::recorded(&OPENING, DIGEST));
    }
    parts::emulator().map(|emulator| (emulator.run)(text))
}

/// True if a session can be made with this text.
#[must_use]
pub fn can_open(text: &str) -> bool {
    text == gallery::FIRST || parts::emulator().is_some()
}

/// The state of the page.
pub struct Session {
    text: Rc<str>,
    story: Story,
    /// Typed into since it was opened.
    edited: bool,
    /// An edited scenario put aside.
    shelf: Option<Opened>,
    playback: Playback,
    motion: Motion,
    pace: Pace,
    rerun: Delay,
    save: Delay,
    window: Range<u32>,
    /// Steps that the timeline is asked to show; `None`: as it sees fit.
    zoom: Option<u32>,
    panel: Option<Panel>,
    notice: Option<Notice>,
}

impl Session {
    /// A page with this scenario open.
    ///
    /// # Panics
    /// Without the emulator: see [`can_open`].
    #[must_use]
    pub fn new(opened: &Opened) -> Self {
        let story = story_of(&opened.text).expect("whoever opens a text has seen that it can run");
        let mut session = Self {
            text: opened.text.clone(),
            story,
            edited: false,
            shelf: None,
            playback: Playback::default(),
            motion: Motion::Full,
            pace: Pace::Jumped,
            rerun: Delay::default(),
            save: Delay::default(),
            window: 0..0,
            zoom: None,
            panel: None,
            notice: None,
        };
        let at = opened.place.map(|place| session.story.steps_at(place));
        let at = at.unwrap_or_else(|| session.story.opening());
        session.story.seek(at);
        session.follow();
        if opened.digest.is_some_and(|digest| session.story.digest() != Some(digest)) {
            let text = CHANGED_SINCE.into();
            session.notice = Some(Notice { tone: Tone::Plain, text });
        }
        session
    }

    /// The place moved in another view: the address bar is due a moment later.
    pub fn moved(&mut self) {
        self.save.ask(SAVE_AFTER);
    }

    /// The scenario text, as typed.
    #[must_use]
    pub fn text(&self) -> &Rc<str> {
        &self.text
    }

    /// What followed from the text when it was last run.
    #[must_use]
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// True while the text waits to be run again.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.rerun.is_pending()
    }

    /// True if someone typed into the text since it was opened.
    #[must_use]
    pub fn is_edited(&self) -> bool {
        self.edited
    }

    /// Playback.
    #[must_use]
    pub fn playback(&self) -> &Playback {
        &self.playback
    }

    /// How the place was last moved.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// The steps that the timeline shows.
    #[must_use]
    pub fn window(&self) -> Range<u32> {
        self.window.clone()
    }

    /// What lies over the page.
    #[must_use]
    pub fn panel(&self) -> Option<Panel> {
        self.panel
    }

    /// The message on show.
    #[must_use]
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// Says how much may move.
    pub fn set_motion(&mut self, motion: Motion) {
        self.motion = motion;
    }

    /// True while it needs to be told the time.
    #[must_use]
    pub fn wants_ticks(&self) -> bool {
        self.playback.is_playing() || self.is_unsaved()
    }

    /// True if the address bar does not show the latest.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        self.rerun.is_pending() || self.save.is_pending()
    }

    /// Does what is asked and says what changed.
    pub fn apply(&mut self, command: Command) -> Changed {
        match command {
            Command::Open(opened) => self.open(&opened),
            Command::Edit(text) => self.edit(text),
            Command::Kernel(name) => {
                let text = crate::model::editor::with_kernel(&self.text, name);
                self.edit(text.into()) | self.run_again()
            }
            Command::Rewrite(text) => self.edit(text) | self.run_again(),
            Command::Restore => self.restore(),
            Command::Go(go) => self.go(go),
            Command::Play(play) => self.play(play),
            Command::Tick(elapsed) => self.tick(elapsed),
            Command::Zoom(zoom) => self.zoom(zoom),
            Command::Show(panel) => self.put_panel(Some(panel)),
            Command::Hide => self.put_panel(None),
            Command::Notify(notice) => self.put_notice(Some(notice)),
            Command::Dismiss => self.put_notice(None),
            // They concern what stands beside the stage.
            Command::Look(_) | Command::Compare(_) | Command::Sweep(_) | Command::Film(_) => {
                Changed::empty()
            }
        }
    }

    fn open(&mut self, opened: &Opened) -> Changed {
        let shelf =
            (self.edited && self.text != opened.text && !self.text.trim().is_empty()).then(|| {
                let (text, place) = (self.text.clone(), Some(self.story.place()));
                Opened { text, place, digest: None }
            });
        let (panel, motion) = (None, self.motion);
        *self = Self { panel, motion, playback: self.playback.clone(), ..Self::new(opened) };
        self.playback.set(false);
        if shelf.is_some() {
            let text = "The scenario you were editing is put aside.".into();
            self.notice = Some(Notice { tone: Tone::Shelved, text });
        }
        self.shelf = shelf;
        Changed::all() - Changed::SAVE
    }

    fn restore(&mut self) -> Changed {
        let Some(shelved) = self.shelf.take() else { return Changed::empty() };
        let changed = self.open(&shelved);
        self.edited = true;
        self.notice = None;
        changed
    }

    fn edit(&mut self, text: Rc<str>) -> Changed {
        if text == self.text {
            return Changed::empty();
        }
        self.text = text;
        self.edited = true;
        self.rerun.ask(RERUN_AFTER);
        Changed::TEXT | self.play(Play::Stop)
    }

    fn run_again(&mut self) -> Changed {
        let Some(story) = story_of(&self.text) else {
            self.rerun.ask(RERUN_AFTER);
            return Changed::empty();
        };
        self.rerun.cancel();
        let place = self.story.place();
        self.story = story;
        let at = self.story.steps_at(place);
        self.story.seek(at);
        self.pace = Pace::Jumped;
        self.save.ask(SAVE_AFTER);
        self.window = 0..0;
        self.follow();
        Changed::RUN | Changed::PLACE | Changed::WINDOW
    }

    fn go(&mut self, go: Go) -> Changed {
        let stopped = self.play(Play::Stop);
        self.pace = match go {
            Go::To(_) => Pace::Jumped,
            _ => Pace::Stepped,
        };
        stopped | self.seek(self.story.goal(go))
    }

    fn seek(&mut self, at: u32) -> Changed {
        if at == self.story.at() {
            return Changed::empty();
        }
        self.story.seek(at);
        self.save.ask(SAVE_AFTER);
        Changed::PLACE | self.follow()
    }

    fn play(&mut self, play: Play) -> Changed {
        let before = self.playback.clone();
        match play {
            Play::Toggle => {
                let start = !self.playback.is_playing();
                if start && self.story.at() == self.story.steps() {
                    self.story.seek(self.story.goal(Go::First));
                    self.follow();
                }
                self.playback.set(start);
            }
            Play::Stop if self.playback.is_playing() => self.playback.set(false),
            Play::Stop => {}
            Play::Faster => self.playback.faster(),
            Play::Slower => self.playback.slower(),
        }
        if before == self.playback { Changed::empty() } else { Changed::PLAYBACK }
    }

    fn tick(&mut self, elapsed: f64) -> Changed {
        let mut changed = Changed::empty();
        if self.rerun.tick(elapsed) {
            changed |= self.run_again();
        }
        if self.save.tick(elapsed) {
            changed |= Changed::SAVE;
        }
        let steps = self.playback.tick(elapsed, self.motion);
        if steps > 0 {
            let fast = self.playback.steps_a_second() > 8;
            self.pace = if fast { Pace::Jumped } else { Pace::Stepped };
            changed |= self.seek(self.story.at().saturating_add(steps).min(self.story.steps()));
            if self.story.at() == self.story.steps() {
                changed |= self.play(Play::Stop);
            }
        }
        changed
    }

    fn zoom(&mut self, zoom: Zoom) -> Changed {
        let len = self.window.end - self.window.start;
        let span = self.story.span();
        let whole = span.end - span.start;
        self.zoom = Some(match zoom {
            Zoom::In => (len / 2).max(PAGE_MIN),
            Zoom::Out => len.saturating_mul(2).min(whole),
            Zoom::Whole => whole,
        });
        self.window = 0..0;
        self.follow()
    }

    /// Keeps the place inside what the timeline shows, turning the page where it must.
    fn follow(&mut self) -> Changed {
        let (at, span) = (self.story.at(), self.story.span());
        let whole = span.end - span.start;
        let fitting = if whole <= WHOLE_MAX { whole } else { PAGE };
        let len = self.zoom.unwrap_or(fitting).min(whole);
        let before = self.window.clone();
        let kept = before.end - before.start == len
            && span.start <= before.start
            && before.end <= span.end
            && (before.start..=before.end).contains(&at);
        if kept {
            return Changed::empty();
        }
        let start = if at < before.start {
            at.saturating_sub(len - len / 8)
        } else {
            at.saturating_sub(len / 8)
        };
        let start = start.clamp(span.start, span.end - len);
        self.window = start..start + len;
        Changed::WINDOW
    }

    fn put_panel(&mut self, panel: Option<Panel>) -> Changed {
        if self.panel == panel {
            return Changed::empty();
        }
        self.panel = panel;
        Changed::OVERLAY | self.play(Play::Stop)
    }

    fn put_notice(&mut self, notice: Option<Notice>) -> Changed {
        self.notice = notice;
        Changed::OVERLAY
    }
}
