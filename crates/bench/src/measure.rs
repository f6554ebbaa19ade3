//! Timing: the fastest of many rounds, for whatever else a machine does only adds.

use std::time::Duration;

use web_time::Instant;

const ROUNDS: u32 = 30;

/// No round may be shorter: a browser's clock ticks in 0.1 ms.
const ROUND_MIN: Duration = Duration::from_millis(10);

/// The time of one of the `count` like things that `run` does at each call, in nanoseconds.
///
/// # Panics
/// If `run` does nothing that takes time.
pub(crate) fn nanoseconds_each(count: u32, mut run: impl FnMut()) -> f64 {
    let mut repeat = 1_u32;
    loop {
        let fastest = (0..ROUNDS).map(|_| time(repeat, &mut run)).min().unwrap_or_default();
        if fastest >= ROUND_MIN {
            return fastest.as_secs_f64() * 1e9 / (f64::from(repeat) * f64::from(count));
        }
        repeat = repeat.checked_mul(2).expect("something to measure");
    }
}

fn time(repeat: u32, run: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    for _ in 0..repeat {
        run();
    }
    start.elapsed()
}
