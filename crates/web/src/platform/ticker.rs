//! The clock: one call a frame, with the time that has passed.

use std::cell::RefCell;
use std::rc::Rc;

use gloo::render::{AnimationFrame, request_animation_frame};
use yew::Callback;

/// Ticks once a frame until dropped.
pub struct Ticker {
    next: Rc<RefCell<Option<AnimationFrame>>>,
}

impl Ticker {
    /// Calls `tick` with the milliseconds since the last call.
    #[must_use]
    pub fn new(tick: Callback<f64>) -> Self {
        let next = Rc::new(RefCell::new(None));
        schedule(&next, None, tick);
        Self { next }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.next.borrow_mut().take();
    }
}

/// Milliseconds, to tell how long something takes. Without a browser time stands still.
#[must_use]
pub fn now() -> f64 {
    if cfg!(target_family = "wasm") { js_sys::Date::now() } else { 0.0 }
}

fn schedule(next: &Rc<RefCell<Option<AnimationFrame>>>, last: Option<f64>, tick: Callback<f64>) {
    let again = Rc::downgrade(next);
    let frame = request_animation_frame(move |now| {
        let Some(next) = again.upgrade() else { return };
        schedule(&next, Some(now), tick.clone());
        tick.emit(last.map_or(0.0, |last| now - last));
    });
    *next.borrow_mut() = Some(frame);
}
