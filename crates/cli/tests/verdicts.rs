//! The verdicts of real kernels on the gallery: each stands on answers that were given to this
//! very scenario, and the emulator still agrees or differs as it says.

use std::fs::{self, File};
use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use rangewalk::conform::{answer, conform, kernel_of, scenario, script};
use rangewalk_core::scenario::gallery::{Exhibit, GALLERY, exhibit};
use rangewalk_core::scenario::parse;

const AGAIN: &str = "ask again with `cargo xtask oracle`, or remove its verdict";

fn scenarios() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

/// The answers, and the script that asked for them.
fn answers(exhibit: &Exhibit) -> (String, String) {
    let file = scenarios().join(exhibit.name).join("answers.jsonl.gz");
    let file = File::open(&file).unwrap_or_else(|_| panic!("{}: no answers", exhibit.name));
    let mut answers = String::new();
    GzDecoder::new(file).read_to_string(&mut answers).expect(exhibit.name);
    let lines = scenario::script(&parse(exhibit.text).0).expect(exhibit.name);
    (answers, format!("scenario {}\n{}\n", exhibit.name, lines.join("\n")))
}

#[test]
fn every_verdict_is_borne_out_by_the_kernels_answers() {
    let mut asked = 0;
    for exhibit in GALLERY {
        let name = exhibit.name;
        let Some(verdict) = exhibit.verdict() else { continue };
        let (answers, script) = answers(exhibit);
        assert!(
            answers.contains(&format!("Debian {}-", verdict.linux)),
            "{name}: another kernel's"
        );
        let cases = script::parse(&script).expect(name);
        let results = answer::parse(&answers, &cases)
            .unwrap_or_else(|error| panic!("{name} has changed ({error}): {AGAIN}"));
        let report = conform(kernel_of(&results).expect(name), &cases, &results);
        assert_eq!(report.equal == 1, verdict.agrees, "{AGAIN}:\n{report}");
        asked += 1;
    }
    assert!(asked > 0, "no kernel was asked");
}

#[test]
fn every_line_of_the_verdicts_names_an_exhibit() {
    let text = fs::read_to_string(scenarios().join("verdicts.txt")).expect("verdicts.txt");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(' ').next().unwrap_or_default();
        assert!(exhibit(name).and_then(Exhibit::verdict).is_some(), "{line}");
    }
}
