//! Boots the guest with a script and waits for its answers. What hangs, panics or stops half-way
//! is an error that shows the guest's console.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use crate::oracle::build::{Guest, pack};
use crate::shell::command;

/// The op by which a scenario asks for LA57.
pub(super) const FIVE_LEVELS: &str = "levels 5";
/// The guest writes something at least that often.
const SILENCE_MAX: Duration = Duration::from_secs(240);
// On a busy host the kernel's look at its timer may find it dead, and panic; its watchdog may take
// the wait for a lockup, which taints, as what a script does may.
const BOOT: &str = "console=ttyS0 quiet mitigations=off nokaslr panic=-1 no_timer_check nowatchdog";
/// Lines of the console that an error shows.
const CONSOLE_LINES: usize = 60;

/// A guest that scripts can be given to.
pub(super) struct Vm {
    pub(super) guest: Guest,
    /// Where scripts, answers and consoles lie.
    pub(super) folder: PathBuf,
    /// Boot arguments of this kernel.
    pub(super) boot: String,
}

/// How many levels the guest's page tables have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Levels {
    /// Its processor has no LA57.
    Four,
    /// It has.
    Five,
}

/// True if that scenario asks for LA57.
pub(super) fn wants_five_levels(story: &str) -> bool {
    story.lines().any(|line| line == FIVE_LEVELS)
}

/// What the scenarios of a script want: all the same.
fn levels(script: &str) -> Result<Levels> {
    let scenarios = script.lines().filter(|line| line.starts_with("scenario ")).count();
    match script.lines().filter(|line| *line == FIVE_LEVELS).count() {
        0 => Ok(Levels::Four),
        five if five == scenarios => Ok(Levels::Five),
        _ => Err(anyhow!("some scenarios want five levels, some four: ask in two scripts")),
    }
}

/// What a kernel answered to a script.
pub(crate) struct Answers {
    /// The whole file, JSON lines.
    pub(crate) text: String,
    /// Where it lies.
    pub(crate) file: PathBuf,
}

impl Answers {
    /// The scenarios' lines, without the first and the last.
    pub(crate) fn scenarios(&self) -> Vec<&str> {
        scenarios(&self.text)
    }

    /// Which Linux answered, to the patch level, which Debian's `uname -v` tells: 6.1.192.
    pub(crate) fn linux(&self) -> &str {
        let version = self.text.split_once("Debian ").map_or("", |(_, rest)| rest);
        version.split(['-', ' ']).next().unwrap_or_default()
    }
}

/// The scenarios' lines of an answer file.
pub(crate) fn scenarios(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with("{\"s\":")).collect()
}

impl Vm {
    /// Replays a script. `name` is the answer file's.
    pub(super) fn replay(&self, name: &str, script: &str) -> Result<Answers> {
        let run = self.folder.join(name);
        fs::remove_dir_all(&run).ok();
        fs::create_dir_all(run.join("root"))?;
        fs::write(run.join("root/script"), script)?;
        let own = run.join("script.cpio");
        pack(&run.join("root"), &own)?;
        let initramfs = run.join("initramfs.cpio");
        concatenate(&[&self.guest.initramfs, &own], &initramfs)?;
        let (answers, console) = (run.join("answers.jsonl"), run.join("console.log"));
        let mut qemu = self.start(levels(script)?, &initramfs, &answers, &console)?;
        let ended = wait(&mut qemu, &answers);
        fs::remove_file(&initramfs).ok();
        fs::remove_file(&own).ok();
        let text = fs::read_to_string(&answers).unwrap_or_default();
        let wanted = script.lines().filter(|line| line.starts_with("scenario ")).count();
        let whole = ended.and_then(|()| complete(&text, wanted));
        whole.map_err(|error| anyhow!("{error:#}\n{}", last_words(&console)))?;
        Ok(Answers { text, file: answers })
    }

    fn start(
        &self,
        levels: Levels,
        initramfs: &Path,
        answers: &Path,
        console: &Path,
    ) -> Result<Child> {
        let mut qemu = command("qemu-system-x86_64 -accel tcg -m 512 -smp 1 -nodefaults");
        if levels == Levels::Five {
            qemu.args(["-cpu", "max,la57=on"]);
        }
        qemu.args(["-display", "none", "-no-reboot"]);
        qemu.arg("-kernel").arg(&self.guest.image).arg("-initrd").arg(initramfs);
        qemu.arg("-append").arg(format!("{BOOT} {}", self.boot));
        qemu.arg("-serial").arg(format!("file:{}", console.display()));
        qemu.arg("-debugcon").arg(format!("file:{}", answers.display()));
        qemu.stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(console.with_extension("qemu"))?);
        qemu.spawn().context("qemu does not start")
    }
}

fn concatenate(parts: &[&Path], to: &Path) -> Result<()> {
    let mut whole = File::create(to)?;
    for part in parts {
        std::io::copy(&mut File::open(part)?, &mut whole)?;
    }
    Ok(())
}

/// Waits until the guest has switched off; kills it when it has been silent for too long.
fn wait(qemu: &mut Child, answers: &Path) -> Result<()> {
    let mut heard = (Instant::now(), 0);
    loop {
        if let Some(status) = qemu.try_wait()? {
            ensure!(status.success(), "qemu failed ({status})");
            return Ok(());
        }
        let length = fs::metadata(answers).map_or(0, |meta| meta.len());
        if length != heard.1 {
            heard = (Instant::now(), length);
        }
        if heard.0.elapsed() > SILENCE_MAX {
            qemu.kill()?;
            qemu.wait()?;
            let seconds = SILENCE_MAX.as_secs();
            return Err(anyhow!("the guest hangs: no answer for {seconds} s"));
        }
        sleep(Duration::from_millis(50));
    }
}

/// An answer file without its last line is half an answer.
fn complete(text: &str, wanted: usize) -> Result<()> {
    let has = scenarios(text).len();
    let last = text.lines().last().unwrap_or_default();
    let done = last.starts_with("{\"done\":");
    ensure!(!text.is_empty(), "the guest gave no answer");
    ensure!(done && has == wanted, "the guest stopped behind {has} of {wanted} scenarios");
    let collapsed = !last.ends_with("\"collapsed\":0}");
    ensure!(!collapsed, "khugepaged made huge pages that no script asked for: {last}");
    Ok(())
}

fn last_words(console: &Path) -> String {
    let bytes = fs::read(console).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(CONSOLE_LINES);
    let complaint = fs::read_to_string(console.with_extension("qemu")).unwrap_or_default();
    format!("The guest's console ends so:\n{}\n{complaint}", lines[from..].join("\n"))
}
