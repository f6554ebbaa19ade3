//! Asks a kernel about scenarios of the gallery, and keeps what it said: its answers beside each
//! scenario, and one line each in `scenarios/verdicts.txt`, which the page shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use std::io::Write;

use crate::oracle::kernels::KERNELS;
use crate::oracle::vm::{Answers, wants_five_levels};
use crate::oracle::{Oracle, split};
use crate::shell::{command, output};

const FOLDER: &str = "scenarios";
const VERDICTS: &str = "scenarios/verdicts.txt";
const HEAD: &str = "\
# Which real kernel was asked about a scenario, when, and whether it agrees with the emulator.
# Written by `cargo xtask oracle scenarios`; its answers lie beside each scenario, and a test
# compares them anew. A changed scenario must be asked about again, or lose its line.
";

/// The scenarios among `paths`: files, and whatever lies below folders.
pub(super) fn scenarios(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        let listing = output(command("find").arg(path).args(["-name", "scenario.txt"]));
        found.extend(listing.unwrap_or_default().lines().map(PathBuf::from));
    }
    found.sort();
    found
}

/// Asks each scenario's own kernel; how many scenarios differ.
pub(super) fn ask(files: &[PathBuf]) -> Result<usize> {
    let mut differing = 0;
    for kernel in &KERNELS {
        let script = Oracle::script_of(kernel, files)?;
        script.lines().filter(|line| line.starts_with('#')).for_each(|line| println!("{line}"));
        if !script.lines().any(|line| line.starts_with("scenario ")) {
            continue;
        }
        let oracle = Oracle::set_up(kernel, "")?;
        // A guest has four levels or five.
        let (five, four): (Vec<&str>, Vec<&str>) =
            split(&script).into_iter().partition(|story| wants_five_levels(story));
        for (name, stories) in [("gallery", four), ("gallery-la57", five)] {
            if stories.is_empty() {
                continue;
            }
            let (answers, unequal) = oracle.answers_and_difference(name, &stories.concat())?;
            keep(&answers, &unequal)?;
            differing += unequal.len();
        }
    }
    Ok(differing)
}

/// Writes answers and verdicts of scenarios of the gallery.
fn keep(answers: &Answers, unequal: &[String]) -> Result<()> {
    let mut verdicts = read_verdicts();
    let date = output(&mut command("date -u +%F")).context("there is no date")?;
    let header = without_uptime(answers.text.lines().next().unwrap_or_default());
    for line in answers.scenarios() {
        let name = line.trim_start_matches("{\"s\":\"").split('"').next().unwrap_or_default();
        let folder = Path::new(FOLDER).join(name);
        if !folder.join("scenario.txt").exists() {
            continue;
        }
        let text = format!("{header}\n{line}\n{{\"done\":1}}\n");
        let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
        packed.write_all(text.as_bytes())?;
        fs::write(folder.join("answers.jsonl.gz"), packed.finish()?)?;
        let word = if unequal.iter().any(|other| other == name) { "differs" } else { "agrees" };
        verdicts.insert(name.to_owned(), format!("{} {date} {word}", answers.linux()));
    }
    let lines = verdicts.iter().map(|(name, verdict)| format!("{name} {verdict}\n"));
    Ok(fs::write(VERDICTS, HEAD.to_owned() + &lines.collect::<String>())?)
}

/// The first line of the answers, the same every time.
fn without_uptime(header: &str) -> String {
    let (before, rest) = header.split_once("\"t\":").unwrap_or((header, ""));
    format!("{before}{}", rest.split_once(',').map_or(rest, |(_, after)| after))
}

/// By scenario.
fn read_verdicts() -> BTreeMap<String, String> {
    let text = fs::read_to_string(VERDICTS).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.split_once(' '))
        .map(|(name, verdict)| (name.to_owned(), verdict.to_owned()))
        .collect()
}
