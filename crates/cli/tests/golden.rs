//! The emulator against what real kernels answered to the golden scripts.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use rangewalk::conform::answer::{self, Results};
use rangewalk::conform::compare::{Tallies, compare};
use rangewalk::conform::op::Case;
use rangewalk::conform::replay::{Replay, Settings, unsupported};
use rangewalk::conform::script;
use rangewalk::conform::{conform, kernel_of};
use rangewalk_core::kernel::{KERNELS, Kernel, LINUX_6_12};
use rangewalk_core::machine::World;

fn golden(name: &str) -> Option<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../golden");
    let mut text = String::new();
    if let Ok(mut file) = File::open(folder.join(name)) {
        file.read_to_string(&mut text).expect(name);
    } else {
        let packed = File::open(folder.join(format!("{name}.gz"))).ok()?;
        MultiGzDecoder::new(packed).read_to_string(&mut text).expect(name);
    }
    Some(text)
}

/// A script with the answers of `kernel`, if that was asked.
fn golden_pair(name: &str, kernel: &Kernel) -> Option<(Vec<Case>, Results)> {
    let answers = golden(&format!("linux-{kernel}/{name}.jsonl"))?;
    let cases = script::parse(&golden(&format!("{name}.txt")).expect(name)).expect(name);
    let results = answer::parse(&answers, &cases).expect(name);
    Some((cases, results))
}

fn is_emulated(case: &Case) -> bool {
    case.ops.iter().all(|line| unsupported(&line.op).is_none())
}

fn assert_equal(case: &Case, expected: &[answer::Answer], replay: &mut Replay) {
    for (line, expected) in case.ops.iter().zip(expected) {
        let place = format!("{}, line {}: {}", case.name, line.number, line.text);
        let got = replay.answer(&line.op).expect(&place);
        assert_eq!(compare(expected, &got, &mut Tallies::default()), None, "{place}");
        assert_eq!(replay.world().check(), [], "{place}");
    }
}

/// Every step leaves a sound world, beside the right answer.
#[test]
fn the_promised_scripts_are_equal_on_all_three_kernels() {
    let promised =
        [("facts", 32), ("merge", 54), ("huge", 34), ("five", 12), ("migrate", 18), ("uffd", 12)];
    for (kernel, (name, promised)) in
        KERNELS.into_iter().flat_map(|kernel| promised.map(|promised| (kernel, promised)))
    {
        let (cases, results) = golden_pair(name, kernel).expect("every kernel was asked");
        let mut settings = Settings::of(&World::new(kernel));
        let mut chosen = 0;
        for (case, expected) in cases.iter().zip(&results.cases) {
            if is_emulated(case) {
                let mut replay = Replay::new(kernel, settings, ());
                assert_equal(case, expected, &mut replay);
                settings = replay.settings();
                chosen += 1;
            }
        }
        assert_eq!(chosen, promised, "{name}, kernel {kernel}");
    }
}

/// Also in scenarios that later come to an op that is not emulated yet.
#[test]
fn whatever_is_reached_is_equal() {
    for kernel in KERNELS {
        for name in [
            "facts",
            "merge",
            "facts73",
            "random300",
            "wprange100",
            "thp",
            "huge",
            "huge73",
            "five",
            "migrate",
            "uffd",
        ] {
            let Some((cases, results)) = golden_pair(name, kernel) else { continue };
            assert_eq!(kernel_of(&results), Some(kernel), "{name}");
            let report = conform(kernel, &cases, &results);
            assert_eq!(report.differing_ops, 0, "{name}\n{report}");
            let whole = cases.iter().filter(|case| is_emulated(case)).count();
            assert_eq!(report.equal, whole, "{name}");
        }
    }
}

#[test]
fn every_golden_script_is_understood() {
    for (name, scenarios) in [
        ("facts", 32),
        ("merge", 54),
        ("facts73", 22),
        ("random300", 300),
        ("wprange100", 100),
        ("trace", 6),
        ("thp", 1),
        ("huge", 34),
        ("huge73", 4),
        ("five", 12),
        ("migrate", 18),
        ("uffd", 12),
    ] {
        let text = golden(&format!("{name}.txt")).expect(name);
        assert_eq!(script::parse(&text).expect(name).len(), scenarios, "{name}");
    }
}

/// The kernel's own call order, by kprobes and function_graph.
#[test]
fn steps_come_in_the_kernels_order() {
    let (cases, results) = golden_pair("trace", &LINUX_6_12).expect("6.12 was asked");
    let report = conform(&LINUX_6_12, &cases, &results);
    let differences: Vec<String> = report
        .differences
        .iter()
        .map(|d| format!("{}: {} expected {}", d.scenario, d.text, d.mismatch.expected))
        .collect();
    assert_eq!(differences, [] as [String; 0], "{report}");
}
