//! Timing: the fastest of many rounds, for whatever else a machine does only adds.

use std::time::Duration;

use web_time::Instant;

const ROUNDS: u32 = 15;

/// No round may be shorter: a browser's clock ticks in 0.1 ms.
const ROUND_MIN: Duration = Duration::from_millis(10);

/// The time of one of the `count` like things that `run` does at each call, in nanoseconds.
///
/// # Panics
/// If `run` does nothing that takes time.
pub(crate) fn nanoseconds_each(count: u32, mut run: impl FnMut()) -> f64 {
    let mut repeat = 1_u32;
    loop {
        let fastest = (0..ROUNDS).map(|_| time(|| (0..repeat).for_each(|_| run()))).min();
        let fastest = fastest.unwrap_or_default();
        if fastest >= ROUND_MIN {
            return nanoseconds(fastest) / (f64::from(repeat) * f64::from(count));
        }
        repeat = repeat.checked_mul(2).expect("something to measure");
    }
}

/// The fastest of many calls of `run`, in nanoseconds, each on what `prepare` makes anew and nobody
/// times.
pub(crate) fn nanoseconds_on_fresh<T>(
    mut prepare: impl FnMut() -> T,
    mut run: impl FnMut(&mut T),
) -> f64 {
    let fresh = |_| {
        let mut input = prepare();
        time(|| run(&mut input))
    };
    nanoseconds((0..ROUNDS).map(fresh).min().unwrap_or_default())
}

fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}
