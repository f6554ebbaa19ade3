//! Timing: the fastest of many rounds, for whatever else a machine does only adds.

use std::time::Duration;

use web_time::Instant;

const ROUNDS: u32 = 15;

/// Things timed together: short beside a scheduler's slice, so that some round of every chunk runs
/// undisturbed, and long beside the reading of a clock.
const CHUNK: usize = 500;

/// The time of `run` on one of `items`, in nanoseconds. Every round takes all items in turn, so
/// that caches and branch predictors have seen as much in between; each chunk counts with its
/// fastest round.
pub(crate) fn nanoseconds_each<T>(items: &[T], mut run: impl FnMut(&T)) -> f64 {
    let mut fastest = vec![Duration::MAX; items.len().div_ceil(CHUNK)];
    for _ in 0..ROUNDS {
        for (chunk, fastest) in items.chunks(CHUNK).zip(&mut fastest) {
            *fastest = time(|| chunk.iter().for_each(&mut run)).min(*fastest);
        }
    }
    let count = u32::try_from(items.len()).expect("well below 2^32");
    nanoseconds(fastest.iter().sum()) / f64::from(count)
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
