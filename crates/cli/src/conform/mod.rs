//! Replays the golden scripts in the emulator and compares every answer with a real kernel's.
//! script (text) + answers (JSON lines) → [`replay`] → [`compare`] → [`Report`].

pub mod answer;
pub mod calls;
pub mod compare;
mod observe;
pub mod op;
pub mod replay;
pub mod report;
mod runs;
pub mod scenario;
pub mod script;
pub mod story;

use rangewalk_core::kernel::{KERNELS, Kernel};
use rangewalk_core::machine::World;
use rangewalk_core::trace::Tape;

use answer::Results;
use op::{Case, Op};
use replay::{Replay, Settings};
pub use report::{Difference, Report};

/// The emulated kernel of the release that gave `results`.
#[must_use]
pub fn kernel_of(results: &Results) -> Option<&'static Kernel> {
    let release = &results.release;
    KERNELS.into_iter().find(|kernel| {
        release.strip_prefix(kernel.name).is_some_and(|rest| rest.starts_with(['.', '-']))
    })
}

/// Replays `script` on `kernel` and compares with `results`, which must be answers to it.
#[must_use]
pub fn conform(kernel: &'static Kernel, script: &[Case], results: &Results) -> Report {
    let mut report = Report::new(kernel);
    let mut settings = Settings::of(&World::new(kernel));
    for (case, expected) in script.iter().zip(&results.cases) {
        let is_traced = case.ops.iter().any(|line| line.op == Op::TraceDump);
        settings = if is_traced {
            report.add(case, expected, Replay::new(kernel, settings, Tape::default()))
        } else {
            report.add(case, expected, Replay::new(kernel, settings, ()))
        };
    }
    report
}
