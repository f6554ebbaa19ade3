//! The story of a vmwgfx buffer on the page: frame by frame what was drawn, found and paid, as the
//! driver decides and with each of its methods alone. The driver's two numbers can be moved.

use std::rc::Rc;

use rangewalk_core::compare::film::{Film, with_settings};
use rangewalk_core::machine::address_space::DirtyMethod;
use rangewalk_core::scenario::vmw::VmwSetting;
use rangewalk_core::scenario::{self, Scenario};
use rangewalk_core::trace::Place;
use yew::{AttrValue, Html};

use crate::clock::{Motion, Playback};
use crate::command::{Command, FilmAsk, Go, Play};
use crate::model::film::{FilmModel, Take};
use crate::scene::{Frame, Scene, Subject};
use crate::session::Changed;
use crate::view;

/// Scans in a row, and percent, as the driver is built.
const BUILT: (u64, u64) = (2, 10);
/// Most that either can be moved to.
const MOST: u64 = 100;

/// The view.
struct Story {
    scenario: Scenario,
    /// As the driver decides, by page tables alone, by faults alone; as far as worked out.
    takes: [Option<Rc<Take>>; 3],
    /// There is no buffer, or nothing scans it.
    nothing: bool,
    thresholds: (u64, u64),
    /// The frame in hand.
    frame: u32,
    playback: Playback,
    motion: Motion,
}

/// Opens the view; nothing is worked out yet.
#[must_use]
pub fn open(subject: Subject<'_>) -> Box<dyn Scene> {
    Box::new(Story {
        scenario: scenario::parse(subject.text).0,
        takes: [None, None, None],
        nothing: false,
        thresholds: BUILT,
        frame: 0,
        playback: Playback::default(),
        motion: subject.motion,
    })
}

impl Story {
    /// Works the next take out.
    fn work(&mut self) {
        let Some(at) = self.takes.iter().position(Option::is_none) else { return };
        let (scans, percent) = self.thresholds;
        let settings = [
            VmwSetting::Thresholds(scans, percent),
            VmwSetting::Only(DirtyMethod::Pagetable),
            VmwSetting::Only(DirtyMethod::Mkwrite),
        ];
        let film: Option<Film> = with_settings(&self.scenario, &settings[at..=at]);
        self.nothing = film.is_none();
        self.takes[at] = film.map(|film| Rc::new(Take::new(film)));
    }

    fn is_waiting(&self) -> bool {
        !self.nothing && self.takes.iter().any(Option::is_none)
    }

    fn last(&self) -> u32 {
        let frames = self.takes[0].as_ref().map_or(0, |take| take.film.frames.len());
        u32::try_from(frames).unwrap_or(u32::MAX).saturating_sub(1)
    }

    fn seek(&mut self, frame: u32) -> Changed {
        let frame = frame.min(self.last());
        if self.frame == frame {
            return Changed::empty();
        }
        self.frame = frame;
        Changed::PLAYBACK
    }

    /// The frame that `go` leads to.
    fn goal(&self, go: Go) -> u32 {
        let at = self.frame;
        let switches = || {
            let film = self.takes[0].iter().flat_map(|take| take.film.switches());
            film.filter_map(|(frame, _)| u32::try_from(frame).ok())
        };
        match go {
            Go::To(frame) => frame,
            Go::Step | Go::Over | Go::Out => at + 1,
            Go::Back | Go::BackOver => at.saturating_sub(1),
            Go::First => 0,
            Go::Last => self.last(),
            Go::NextChange | Go::NextStatement => switches().find(|it| *it > at).unwrap_or(at),
            Go::PreviousChange | Go::PreviousStatement => {
                switches().filter(|it| *it < at).last().unwrap_or(at)
            }
            Go::Line(_) => at,
        }
    }

    fn tick(&mut self, elapsed: f64) -> Changed {
        if self.is_waiting() {
            self.work();
            return Changed::PLAYBACK;
        }
        let frames = self.playback.tick(elapsed, self.motion);
        let goal = self.frame.saturating_add(frames);
        if goal > self.last() {
            self.playback.set(false);
        }
        self.seek(goal)
    }

    fn play(&mut self, play: Play) -> Changed {
        match play {
            Play::Toggle => {
                let start = !self.playback.is_playing();
                if start && self.frame == self.last() {
                    self.frame = 0;
                }
                self.playback.set(start);
            }
            Play::Stop => self.playback.set(false),
            Play::Faster => self.playback.faster(),
            Play::Slower => self.playback.slower(),
        }
        Changed::PLAYBACK
    }
}

impl Scene for Story {
    fn apply(&mut self, command: &Command) -> Option<Changed> {
        Some(match command {
            Command::Tick(elapsed) => self.tick(*elapsed),
            Command::Go(go) => {
                self.playback.set(false);
                let goal = self.goal(*go);
                self.seek(goal)
            }
            Command::Play(play) => self.play(*play),
            Command::Film(FilmAsk::Thresholds(scans, percent)) => {
                self.thresholds = ((*scans).min(MOST), (*percent).min(MOST));
                self.takes[0] = None;
                Changed::PLAYBACK
            }
            Command::Zoom(_) => Changed::empty(),
            _ => return None,
        })
    }

    fn wants_ticks(&self) -> bool {
        self.is_waiting() || self.playback.is_playing()
    }

    fn place(&self) -> Option<Place> {
        None
    }

    fn position(&self) -> (u32, u32) {
        (self.frame, self.last())
    }

    fn spoken(&self) -> AttrValue {
        AttrValue::from("")
    }

    fn draw(&self, frame: &Frame) -> Html {
        if self.nothing {
            return view::film::nothing(frame);
        }
        let model = FilmModel::new(&self.takes, self.thresholds, self.frame, &self.playback);
        view::film::film(&model, frame)
    }
}
