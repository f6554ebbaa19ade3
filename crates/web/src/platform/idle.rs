//! Moments when the browser can do something else first.

use gloo::timers::callback::Timeout;

/// Milliseconds: the first picture is on the screen by then.
const AFTER: u32 = 500;

/// Calls once, when the browser has nothing better to do.
pub fn when_idle(then: impl FnOnce() + 'static) {
    Timeout::new(AFTER, then).forget();
}

/// Calls once, in a task of its own.
pub fn next_task(then: impl FnOnce() + 'static) {
    Timeout::new(0, then).forget();
}
