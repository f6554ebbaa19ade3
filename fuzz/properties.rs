//! What holds for any input whatever. The fuzz targets try it on what a fuzzer finds, a test of the
//! command line's on random changes of what is known to be good.

use rangewalk::conform::answer;
use rangewalk::conform::op::Case;
use rangewalk::conform::replay::{Replay, Settings, unsupported};
use rangewalk::conform::script;
use rangewalk_core::compare::{Count, measure_within};
use rangewalk_core::kernel::{KERNELS, LINUX_7_3};
use rangewalk_core::link::{Link, decode, encode};
use rangewalk_core::machine::World;
use rangewalk_core::scenario::run::run_with;
use rangewalk_core::scenario::{format, parse};
use rangewalk_core::trace::{Tape, Timeline};

/// Steps after which a run is cut off. Most worlds that can be made are made by then.
const STEPS_MAX: u32 = 20_000;

/// A scenario is read; its canonical form is a fixed point; it runs to its end or to the limit,
/// recorded or not; what it leaves behind breaks no rule; and it can be taken back.
pub(crate) fn scenario(text: &str) {
    let (scenario, _) = parse(text);
    let canonical = format(&scenario);
    assert_eq!(format(&parse(&canonical).0), canonical);

    let plain = run_with(&scenario, &mut (), STEPS_MAX);
    let mut tape = Tape::new(STEPS_MAX);
    let taped = run_with(&scenario, &mut tape, STEPS_MAX);
    assert_eq!(plain.outcomes, taped.outcomes);
    assert_eq!(plain.diagnostics, taped.diagnostics);
    assert!(tape.len() <= STEPS_MAX);
    // A run that was cut off stands in the middle of something.
    if tape.len() < STEPS_MAX {
        assert_eq!(taped.world.check(), []);
    }
    let mut timeline = Timeline::new(taped.world, tape);
    timeline.seek(0);
    assert_eq!(timeline.world().mms().filter(|(_, mm)| mm.alive).count(), 0);
}

/// A comparison is carried out in every lane, to its end or to the limit, and tells of every entry
/// in each.
pub(crate) fn comparison(text: &str) {
    let lanes = measure_within(&parse(text).0, STEPS_MAX);
    for lane in &lanes {
        assert_eq!(lane.ends.len(), lanes[0].ends.len());
        assert!(lane.job.score.get(Count::Steps) <= STEPS_MAX.into());
    }
}

/// A golden script is read, or is an error with its line; what is read is replayed on every kernel
/// as far as it is emulated.
pub(crate) fn golden_script(text: &str) {
    let Ok(cases) = script::parse(text) else { return };
    for kernel in KERNELS {
        for case in &cases {
            let mut replay =
                Replay::new(kernel, Settings::of(&World::new(kernel)), Tape::new(STEPS_MAX));
            let emulated = case.ops.iter().take_while(|line| unsupported(&line.op).is_none());
            let stopped = emulated.map(|line| replay.answer(&line.op)).any(|done| done.is_err());
            if !stopped {
                assert_eq!(replay.world().check(), [], "{kernel}: {}", case.name);
            }
        }
    }
}

/// Answers to `script` are read, or are an error with its line.
pub(crate) fn answers(script: &[Case], text: &str) {
    let _ = answer::parse(text, script);
}

/// A fragment is a link, or is not; any text that fits a link comes out as it went in.
pub(crate) fn link(text: &str) {
    if let Ok(link) = decode(text) {
        let again = encode(&link).expect("it came out of a link");
        assert_eq!(decode(&again).expect("it was just made"), link);
    }
    let link = Link { text: text.to_owned(), place: None, kernel: &LINUX_7_3, digest: None };
    if let Ok(fragment) = encode(&link) {
        assert_eq!(decode(&fragment).expect("it was just made"), link);
    }
}
