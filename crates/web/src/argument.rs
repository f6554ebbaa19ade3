//! The argument on the page: each claim with a comparison that puts it to the test, worked out one
//! after the other so that the page never stands still for long.

use std::rc::Rc;

use rangewalk_core::compare::argument::CLAIMS;
use rangewalk_core::trace::Place;
use yew::{AttrValue, Html};

use crate::command::Command;
use crate::model::argument::{ClaimModel, Tested, tested};
use crate::scene::{Frame, Scene};
use crate::session::Changed;
use crate::view;

/// The view.
struct Argument {
    claims: Vec<Rc<ClaimModel>>,
}

/// Opens the view; nothing is worked out yet.
#[must_use]
pub fn open() -> Box<dyn Scene> {
    let claims = CLAIMS.iter().map(|claim| Rc::new(ClaimModel { claim, tested: None }));
    Box::new(Argument { claims: claims.collect() })
}

impl Argument {
    fn next(&mut self) -> Option<&mut Rc<ClaimModel>> {
        self.claims.iter_mut().find(|claim| claim.tested.is_none())
    }
}

impl Scene for Argument {
    fn apply(&mut self, command: &Command) -> Option<Changed> {
        match command {
            Command::Tick(_) => {
                let Some(next) = self.next() else { return Some(Changed::empty()) };
                let result: Rc<Tested> = Rc::new(tested(next.claim));
                *next = Rc::new(ClaimModel { claim: next.claim, tested: Some(result) });
                Some(Changed::PLAYBACK)
            }
            Command::Go(_) | Command::Play(_) | Command::Zoom(_) | Command::Compare(_) => {
                Some(Changed::empty())
            }
            _ => None,
        }
    }

    fn wants_ticks(&self) -> bool {
        self.claims.iter().any(|claim| claim.tested.is_none())
    }

    fn place(&self) -> Option<Place> {
        None
    }

    fn position(&self) -> (u32, u32) {
        (0, 0)
    }

    fn spoken(&self) -> AttrValue {
        AttrValue::from("")
    }

    fn draw(&self, frame: &Frame) -> Html {
        view::argument::argument(&self.claims, frame)
    }
}
