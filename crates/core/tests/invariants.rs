//! Random worlds step by step: what a lock protects holds whenever nobody holds that lock for
//! writing; recording changes nothing; and every step can be taken back.

mod common;

use std::collections::BTreeMap;

use proptest::prelude::*;
use rangewalk_core::kernel::{KERNELS, Kernel};
use rangewalk_core::machine::Event;
use rangewalk_core::machine::event::{Lock, Mode};
use rangewalk_core::trace::{Tape, Timeline};

/// Locks held for writing after the first steps.
#[derive(Default)]
struct WriteLocks(BTreeMap<String, u32>);

impl WriteLocks {
    fn step(&mut self, event: Event) {
        match event {
            Event::Lock { lock, mode: Mode::Write } => {
                *self.0.entry(format!("{lock:?}")).or_default() += 1;
            }
            Event::Unlock { lock, mode: Mode::Write } | Event::Downgrade { lock } => {
                let name = format!("{lock:?}");
                let held = self.0.get_mut(&name).expect("unlocked what is locked");
                *held -= 1;
                if *held == 0 {
                    self.0.remove(&name);
                }
            }
            Event::Lock { lock: Lock::Ptl(_), mode: Mode::Read } => {
                panic!("a PTL is a spin lock");
            }
            _ => {}
        }
    }
}

fn check(kernel: &'static Kernel, ops: &[common::Op]) {
    let mut plain = common::world(kernel);
    let untraced = common::run(&mut plain, &mut (), ops);

    let mut world = common::world(kernel);
    let mut tape = Tape::default();
    let traced = common::run(&mut world, &mut tape, ops);
    assert_eq!(untraced, traced);
    assert_eq!(common::digest(&plain), common::digest(&world));

    let fresh = common::digest(&common::world(kernel));
    let mut timeline = Timeline::new(world, tape);
    timeline.seek(0);
    assert_eq!(common::digest(timeline.world()), fresh);

    let mut locks = WriteLocks::default();
    for step in 0..timeline.tape().len() {
        timeline.seek(step + 1);
        locks.step(timeline.tape().event(step));
        if locks.0.is_empty() {
            let event = timeline.tape().event(step);
            assert_eq!(timeline.world().check(), [], "{kernel}, step {step}: {event:?}");
        }
    }
    assert!(locks.0.is_empty(), "locks left behind: {:?}", locks.0);
    assert_eq!(common::digest(timeline.world()), common::digest(&plain));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn hold_at_every_step(ops in prop::collection::vec(common::op(), 1..60)) {
        for kernel in KERNELS {
            check(kernel, &ops);
        }
    }
}
