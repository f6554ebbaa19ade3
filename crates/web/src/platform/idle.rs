//! A moment when the browser has nothing better to do.

use gloo::timers::callback::Timeout;

/// Milliseconds: the first picture is on the screen by then.
const AFTER: u32 = 500;

/// Calls once, later.
pub fn when_idle(then: impl FnOnce() + 'static) {
    Timeout::new(AFTER, then).forget();
}
