//! `oracle`: asks a real kernel, in a virtual machine, and compares its answers with ours.
//!
//! kernel and its headers ([`packages`]) + oracle/ ([`build`]) → guest → script ([`generate`], or
//! a file) → answers ([`vm`]) → comparison ([`judge`]) → what differs, made small ([`shrink`]).

mod build;
mod gallery;
mod generate;
mod host;
mod judge;
mod kernels;
mod packages;
mod shrink;
mod vm;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use flate2::read::GzDecoder;

use generate::Difficulty;
use judge::{Judge, Judgement};
use kernels::{DEFAULT, Kernel, kernel};
use shrink::Shrinker;
use vm::{Answers, FIVE_LEVELS, Levels, Vm, scenarios, wants_five_levels};

/// Scenarios that one boot replays: a panic loses no more.
const BATCH: usize = 1000;
/// Scenarios that differ and are made small, a run.
const SHRUNK_MAX: usize = 8;

/// What to ask.
struct Request {
    kernel: &'static Kernel,
    /// Of the page tables that random scenarios have.
    levels: Levels,
    difficulty: Difficulty,
    seed: u64,
    count: usize,
    /// More boot arguments; the last of a name holds.
    boot: String,
    files: Vec<PathBuf>,
}

/// The command: `[--kernel K] [--five-levels] [--hard] [--seed S] [--count N]`,
/// `[--kernel K] SCRIPT...`, or scenarios.
pub(crate) fn oracle(arguments: &[&str]) -> Result<()> {
    let request = parse(arguments)?;
    let differing = request.ask()?;
    ensure!(differing == 0, "{differing} scenarios differ");
    Ok(())
}

impl Request {
    /// How many scenarios differ.
    fn ask(&self) -> Result<usize> {
        let scenarios = gallery::scenarios(&self.files);
        if !scenarios.is_empty() {
            return gallery::ask(&scenarios);
        }
        let oracle = Oracle::set_up(self.kernel, &self.boot)?;
        if self.files.is_empty() {
            return oracle.ask_random(self.levels, self.difficulty, self.seed, self.count);
        }
        self.files.iter().map(|file| oracle.ask_file(file)).sum()
    }
}

/// Seed and number of the scenarios that the tests ask about.
const TESTED: (u64, usize) = (1, 300);

/// What the tests ask: how many random scenarios came out equal and how many did not, or why the
/// kernel cannot be asked here.
pub(crate) fn tested() -> Result<Result<(usize, usize), String>> {
    let kernel = kernel(DEFAULT)?;
    if let Some(obstacle) = host::obstacle(kernel) {
        return Ok(Err(obstacle));
    }
    let (seed, count) = TESTED;
    let oracle = Oracle::set_up(kernel, "")?;
    let differing = oracle.ask_random(Levels::Four, Difficulty::Golden, seed, count)?;
    Ok(Ok((count - differing, differing)))
}

fn parse(arguments: &[&str]) -> Result<Request> {
    let mut request = Request {
        kernel: kernel(DEFAULT)?,
        levels: Levels::Four,
        difficulty: Difficulty::Golden,
        seed: TESTED.0,
        count: TESTED.1,
        boot: String::new(),
        files: Vec::new(),
    };
    let mut left = arguments.iter();
    while let Some(word) = left.next() {
        let mut value = || left.next().with_context(|| format!("{word} wants a value"));
        match *word {
            "--kernel" => request.kernel = kernel(value()?)?,
            "--five-levels" => request.levels = Levels::Five,
            "--hard" => request.difficulty = Difficulty::Hard,
            "--seed" => request.seed = value()?.parse().context("--seed is a number")?,
            "--count" => request.count = value()?.parse().context("--count is a number")?,
            "--boot" => request.boot = (*value()?).to_owned(),
            option if option.starts_with("--") => {
                bail!(
                    "no such option: {option}; there are --kernel, --five-levels, --hard, --seed, \
                     --count, --boot"
                )
            }
            file => request.files.push(file.into()),
        }
    }
    Ok(request)
}

/// A kernel in its virtual machine, and the emulator beside it.
struct Oracle {
    kernel: &'static Kernel,
    vm: Vm,
    judge: Judge,
}

impl Oracle {
    fn set_up(kernel: &'static Kernel, boot: &str) -> Result<Self> {
        host::set_up(kernel)?;
        let unpacked = packages::kernel(kernel)?;
        let folder = Path::new("target/oracle").join(kernel.name);
        let guest = build::guest(kernel, &unpacked, &folder)?;
        let boot = format!("{} {boot}", kernel.boot);
        let vm = Vm { guest, folder, boot };
        Ok(Self { kernel, vm, judge: Judge::new(kernel)? })
    }

    /// Asks about random scenarios; how many differ.
    fn ask_random(
        &self,
        levels: Levels,
        difficulty: Difficulty,
        seed: u64,
        count: usize,
    ) -> Result<usize> {
        let script = generate::script(self.kernel, levels, difficulty, seed, count);
        let stories = split(&script);
        let mut differing = 0;
        for (number, batch) in stories.chunks(BATCH).enumerate() {
            let hard = if difficulty == Difficulty::Hard { "hard-" } else { "" };
            let five = if levels == Levels::Five { "la57-" } else { "" };
            let name = format!("{five}{hard}seed-{seed}-{number}");
            differing += self.answers_and_difference(&name, &batch.concat())?.1.len();
        }
        Ok(differing)
    }

    /// Asks a golden script; how many scenarios differ. Where a kernel's answers are stored beside
    /// it, ours must be the same, byte for byte: that is the proof of module and /init.
    fn ask_file(&self, file: &Path) -> Result<usize> {
        let script = read(file)?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default().to_owned();
        let (answers, differing) = self.answers_and_difference(&stem, &script)?;
        let stored = file.with_file_name(format!("linux-{}", self.kernel.name));
        for ending in ["jsonl", "jsonl.gz"] {
            let stored = stored.join(format!("{stem}.{ending}"));
            if stored.exists() {
                prove(&answers, &stored)?;
            }
        }
        Ok(differing.len())
    }

    /// The scenarios of that kernel among those files, as a script.
    fn script_of(kernel: &'static Kernel, files: &[PathBuf]) -> Result<String> {
        Judge::new(kernel)?.script(files)
    }

    /// What the kernel said, and the names of the scenarios that differ.
    fn answers_and_difference(&self, name: &str, script: &str) -> Result<(Answers, Vec<String>)> {
        let start = Instant::now();
        let answers = self.vm.replay(name, script)?;
        let count = split(script).len();
        let seconds = start.elapsed().as_secs();
        println!("Linux {} answered {count} scenarios in {seconds} s.", answers.linux());
        let Judgement { report, differing } = self.judge.judge(script, &answers)?;
        print!("{report}");
        if !differing.is_empty() {
            self.make_small(name, script, &differing)?;
        }
        Ok((answers, differing))
    }

    /// Shrinks the first scenarios that differ, all of them at a time, and saves what is left.
    fn make_small(&self, name: &str, script: &str, differing: &[String]) -> Result<()> {
        let stories = split(script);
        let head = head(script);
        let kept = |line: &&str| *line != FIVE_LEVELS;
        let mut shrinkers: Vec<(String, Shrinker)> = stories
            .iter()
            .map(|story| (story_name(story).to_owned(), *story))
            .filter(|(name, _)| differing.contains(name))
            .take(SHRUNK_MAX)
            .map(|(name, story)| {
                let ops = story.lines().skip(1).filter(kept).map(str::to_owned);
                (name, Shrinker::new(ops.collect()))
            })
            .collect();
        println!("Making {} of {} small.", shrinkers.len(), differing.len());
        while shrinkers.iter().any(|(_, shrinker)| !shrinker.is_done()) {
            self.shrink_once(name, head, &mut shrinkers)?;
        }
        for (name, shrinker) in &shrinkers {
            self.save(name, head, shrinker.ops())?;
        }
        Ok(())
    }

    /// One boot for the candidates of all.
    fn shrink_once(
        &self,
        name: &str,
        head: &str,
        shrinkers: &mut [(String, Shrinker)],
    ) -> Result<()> {
        let mut script = String::new();
        for (index, (_, shrinker)) in shrinkers.iter().enumerate() {
            for (number, ops) in shrinker.candidates().iter().enumerate() {
                script.push_str(&format!("scenario {index}-{number}\n{head}"));
                script.extend(ops.iter().map(|op| format!("{op}\n")));
            }
        }
        let answers = self.vm.replay(&format!("{name}-smaller"), &script)?;
        let differing = self.judge.differing(&script, &answers)?;
        for (index, (_, shrinker)) in shrinkers.iter_mut().enumerate() {
            let count = shrinker.candidates().len();
            let still = |number| differing.contains(&format!("{index}-{number}"));
            let answers: Vec<bool> = (0..count).map(still).collect();
            shrinker.answer(&answers);
        }
        Ok(())
    }

    fn save(&self, name: &str, head: &str, ops: &[String]) -> Result<()> {
        let folder = Path::new("target/oracle/found");
        fs::create_dir_all(folder)?;
        let script = format!("scenario {name}\n{head}{}\n", ops.join("\n"));
        let answers = self.vm.replay("found", &script)?;
        let report = self.judge.judge(&script, &answers)?.report;
        let file = folder.join(format!("{}-{name}.txt", self.kernel.name));
        fs::write(&file, &script)?;
        fs::copy(&answers.file, file.with_extension("jsonl"))?;
        if let Some(story) = self.judge.story(&file) {
            fs::write(file.with_extension("scenario.txt"), story)?;
        }
        let first = report.split("\naccesses").next().unwrap_or_default();
        println!("\n{}:\n{script}{first}", file.display());
        Ok(())
    }
}

/// What a scenario that is made small keeps.
fn head(script: &str) -> &'static str {
    if wants_five_levels(script) { "levels 5\nfaround 65536\n" } else { "faround 65536\n" }
}

/// Compares with answers that are kept.
fn prove(answers: &Answers, stored: &Path) -> Result<()> {
    let kept = read(stored)?;
    let (ours, kept) = (answers.scenarios(), scenarios(&kept));
    ensure!(ours.len() == kept.len(), "{} answers other scenarios", stored.display());
    let unequal = ours.iter().zip(&kept).filter(|(ours, kept)| ours != kept).count();
    let (equal, total) = (kept.len() - unequal, kept.len());
    println!("{}: {equal} of {total} lines are the same, byte for byte", stored.display());
    ensure!(
        unequal == 0,
        "the kernel's answers in {} are not those of {}",
        answers.file.display(),
        stored.display()
    );
    Ok(())
}

/// A text file, plain or .gz.
fn read(file: &Path) -> Result<String> {
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let mut text = String::new();
    if file.extension().is_some_and(|extension| extension == "gz") {
        GzDecoder::new(&*bytes).read_to_string(&mut text)?;
    } else {
        text = String::from_utf8(bytes)?;
    }
    Ok(text)
}

/// The scenarios of a script, each with its first line.
fn split(script: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = script.match_indices("scenario ").map(|(at, _)| at).collect();
    starts.retain(|at| *at == 0 || script.as_bytes()[at - 1] == b'\n');
    let ends = starts.iter().skip(1).copied().chain([script.len()]);
    starts.iter().zip(ends).map(|(start, end)| &script[*start..end]).collect()
}

fn story_name(story: &str) -> &str {
    story.lines().next().unwrap_or_default().trim_start_matches("scenario ").trim()
}
