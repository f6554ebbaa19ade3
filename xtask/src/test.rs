//! `test`: everything that must hold, stage by stage. It runs every stage, names those that
//! failed, and closes with the line `N passed, N failed`.

use std::ops::AddAssign;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use crate::shell::{command, run, run_showing};
use crate::{dist, oracle, tools};

/// A stage: what its name is, what it holds, and how it is run.
type Stage = (&'static str, &'static str, fn() -> Result<Tally>);

const STAGES: [Stage; 6] = [
    ("fmt", "the code is formatted", fmt),
    ("clippy", "the lints are clean", clippy),
    ("unit", "native tests, doc tests and tidy", unit),
    ("page", "the page builds for the browser", page),
    ("browser", "the built page in Chromium and Firefox", browser),
    ("oracle", "a real kernel answers as the emulator does", oracle),
];

/// How many tests passed and failed. A stage that is no test runner counts as one test.
#[derive(Clone, Copy, Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    const ONE_PASSED: Self = Self { passed: 1, failed: 0 };
    const ONE_FAILED: Self = Self { passed: 0, failed: 1 };
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Runs the stages of those names, or all when none is named.
pub(crate) fn test(names: &[&str]) -> Result<()> {
    for name in names {
        let known = STAGES.map(|(name, ..)| name);
        ensure!(known.contains(name), "no stage is named {name}: there are {}", known.join(", "));
    }
    let mut total = Tally::default();
    let mut failed = Vec::new();
    for (name, meaning, stage) in STAGES {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        println!("\n== {name}: {meaning}");
        let start = Instant::now();
        let tally = stage().unwrap_or_else(|error| {
            println!("error: {error:#}");
            Tally::ONE_FAILED
        });
        let outcome = if tally.failed == 0 { "ok" } else { "FAILED" };
        println!("== {name}: {outcome}, {} s", start.elapsed().as_secs());
        if tally.failed > 0 {
            failed.push(name);
        }
        total += tally;
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn fmt() -> Result<Tally> {
    tools::component("rustfmt", "fmt")?;
    run(&mut command("cargo fmt --all --check"))?;
    Ok(Tally::ONE_PASSED)
}

fn clippy() -> Result<Tally> {
    tools::component("clippy", "clippy")?;
    run(command("cargo clippy --workspace --all-targets --locked --quiet --")
        .args(["-D", "warnings"]))?;
    Ok(Tally::ONE_PASSED)
}

fn unit() -> Result<Tally> {
    let (status, shown) =
        run_showing(&mut command("cargo test --workspace --locked --no-fail-fast --quiet"))?;
    let mut tally = Tally::default();
    for line in shown.lines() {
        tally += cargo_tally(line).unwrap_or_default();
    }
    Ok(consistent(tally, status.success()))
}

fn page() -> Result<Tally> {
    dist::dist()?;
    Ok(Tally::ONE_PASSED)
}

fn browser() -> Result<Tally> {
    tools::node_modules()?;
    tools::browsers()?;
    ensure!(
        PathBuf::from("dist/index.html").exists(),
        "dist/ is empty: run the stage `page` first"
    );
    let mut files: Vec<PathBuf> = std::fs::read_dir("tests/browser")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    // One file at a time: each starts two browsers of its own.
    let mut node = command("node --test --test-concurrency=1 --test-reporter=spec");
    let (status, shown) = run_showing(node.args(files))?;
    let count = |label: &str| shown.lines().find_map(|line| node_count(line, label)).unwrap_or(0);
    let tally = Tally { passed: count("pass"), failed: count("fail") + count("cancelled") };
    Ok(consistent(tally, status.success()))
}

fn oracle() -> Result<Tally> {
    Ok(match oracle::tested()? {
        Ok((equal, differing)) => {
            let count = |scenarios| u32::try_from(scenarios).unwrap_or(u32::MAX);
            Tally { passed: count(equal), failed: count(differing) }
        }
        Err(obstacle) => {
            println!("NOT ASKED: no kernel can be asked here, for {obstacle}.");
            Tally::default()
        }
    })
}

/// A runner that fails without counting a failure (it crashed, or did not build) counts as one.
fn consistent(tally: Tally, succeeded: bool) -> Tally {
    if succeeded || tally.failed > 0 { tally } else { Tally { failed: 1, ..tally } }
}

/// The counts of `test result: ok. 3 passed; 0 failed; ...`, cargo test's closing line.
fn cargo_tally(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?;
    let count = |label: &str| counts.split_once(label)?.0.rsplit([' ', '.']).next()?.parse().ok();
    Some(Tally { passed: count(" passed")?, failed: count(" failed")? })
}

/// The count of `ℹ pass 3`, a closing line of node's test runner.
fn node_count(line: &str, label: &str) -> Option<u32> {
    line.strip_prefix("ℹ ")?.strip_prefix(label)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runners_closing_lines_are_counted() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out";
        let tally = cargo_tally(line).unwrap();
        assert_eq!((tally.passed, tally.failed), (12, 3));
        assert!(cargo_tally("running 15 tests").is_none());
        assert_eq!(node_count("ℹ pass 8", "pass"), Some(8));
        assert_eq!(node_count("ℹ duration_ms 8", "pass"), None);
    }

    #[test]
    fn a_runner_that_fails_uncounted_counts_as_one_failure() {
        assert_eq!(consistent(Tally::default(), false).failed, 1);
        assert_eq!(consistent(Tally { passed: 1, failed: 2 }, false).failed, 2);
        assert_eq!(consistent(Tally { passed: 1, failed: 0 }, true).failed, 0);
    }
}
