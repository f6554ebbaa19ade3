//! The emulator against a naive second implementation: whatever happens in a small random world,
//! both tell the same of every entry, page, VMA, bitmap, return value and order, with any sink, and
//! after the run was taken back and replayed.
#![allow(clippy::unwrap_used)]

mod emulator;
mod model;
mod op;
mod small;
mod view;

use proptest::prelude::*;
use rangewalk_core::kernel::{KERNELS, Kernel};
use rangewalk_core::machine::World;
use rangewalk_core::trace::{Tape, Timeline};

use emulator::Emulator;
use model::{Model, Release};
use op::{Choice, Op, Theme};
use view::View;

/// What a world looked like behind an op, and where the tape then ended.
struct Seen {
    op: Op,
    answer: String,
    view: View,
    steps: u32,
}

/// Does the choices in both worlds, one by one.
fn agree(kernel: &'static Kernel, choices: &[Choice]) {
    let mut model = Model::new(Release::named(kernel.name));
    let mut plain = Emulator::new(kernel, ());
    let mut taped = Emulator::new(kernel, Tape::default());
    let mut seen: Vec<Seen> = Vec::new();
    for choice in choices {
        let Some(op) = model.resolve(choice) else { continue };
        let place = |what: &str| format!("{kernel}: {what} of {op:?}");
        let answer = model.apply(&op);
        assert_eq!(plain.apply(&op), answer, "{}", place("answer"));
        assert_eq!(taped.apply(&op), answer, "{}", place("answer on tape"));
        let view = model.view();
        assert_eq!(plain.view(), view, "{}", place("world"));
        assert_eq!(plain.world().check(), [], "{}", place("rules"));
        seen.push(Seen { op, answer, view, steps: taped.tape().len() });
    }
    taken_back_and_replayed(kernel, taped, &seen);
}

/// The tape leads through the same worlds, backwards and forwards.
fn taken_back_and_replayed(kernel: &'static Kernel, taped: Emulator<Tape>, seen: &[Seen]) {
    let (world, tape) = taped.into_parts();
    let mut timeline = Timeline::new(world, tape);
    let view = |world: &World| emulator::view(world);
    for seen in seen.iter().rev() {
        timeline.seek(seen.steps);
        assert_eq!(view(timeline.world()), seen.view, "{kernel}: back behind {:?}", seen.op);
    }
    timeline.seek(0);
    for seen in seen {
        timeline.seek(seen.steps);
        let Seen { op, answer, .. } = seen;
        assert_eq!(view(timeline.world()), seen.view, "{kernel}: again {op:?} = {answer}");
    }
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn agrees_on_everything(choices in prop::collection::vec(op::choice(Theme::Mixed), 1..64)) {
        for kernel in KERNELS {
            agree(kernel, &choices);
        }
    }

    #[test]
    fn agrees_on_copies(choices in prop::collection::vec(op::choice(Theme::Copies), 1..64)) {
        for kernel in KERNELS {
            agree(kernel, &choices);
        }
    }
}
