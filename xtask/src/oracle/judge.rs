//! The emulator's side: `rangewalk conform`, built in release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::oracle::kernels::Kernel;
use crate::oracle::vm::Answers;
use crate::shell::{command, line, output, run};

const PROGRAM: &str = "target/release/rangewalk";

/// The emulator, built.
pub(super) struct Judge {
    kernel: &'static Kernel,
}

/// What the emulator makes of a kernel's answers.
pub(super) struct Judgement {
    /// The report of `rangewalk conform`, as it prints it.
    pub(super) report: String,
    /// Names of the scenarios that are not equal to their end.
    pub(super) differing: Vec<String>,
}

impl Judge {
    pub(super) fn new(kernel: &'static Kernel) -> Result<Self> {
        run(&mut command("cargo build --release --locked --quiet -p rangewalk"))?;
        Ok(Self { kernel })
    }

    /// Replays the script in the emulator and compares. The script is written beside the answers.
    pub(super) fn judge(&self, script: &str, answers: &Answers) -> Result<Judgement> {
        let file = answers.file.with_file_name("script.txt");
        fs::write(&file, script)?;
        let differing = self.conform(&["--differing"], &file, &answers.file)?;
        Ok(Judgement {
            report: self.conform(&[], &file, &answers.file)?,
            differing: differing.lines().map(str::to_owned).collect(),
        })
    }

    /// Only the names of the scenarios that differ.
    pub(super) fn differing(&self, script: &str, answers: &Answers) -> Result<Vec<String>> {
        let file = answers.file.with_file_name("script.txt");
        fs::write(&file, script)?;
        let names = self.conform(&["--differing"], &file, &answers.file)?;
        Ok(names.lines().map(str::to_owned).collect())
    }

    /// The scenarios of this kernel as a script.
    pub(super) fn script(&self, scenarios: &[PathBuf]) -> Result<String> {
        let mut script = Command::new(PROGRAM);
        script.args(["script", "--kernel", self.kernel.name]).args(scenarios);
        output(&mut script).with_context(|| format!("`{}` failed", line(&script)))
    }

    /// The first scenario of a script in the scenario language, if that can say it.
    pub(super) fn story(&self, script: &Path) -> Option<String> {
        output(Command::new(PROGRAM).args(["story", "--kernel", self.kernel.name]).arg(script))
    }

    fn conform(&self, options: &[&str], script: &Path, answers: &Path) -> Result<String> {
        let mut conform = Command::new(PROGRAM);
        conform.args(["conform", "--kernel", self.kernel.name]).args(options);
        conform.arg(script).arg(answers);
        let done = conform.output().with_context(|| format!("{PROGRAM} does not start"))?;
        let complaint = String::from_utf8_lossy(&done.stderr);
        // 1 says that some differ; anything else, that the comparison did not take place.
        let compared = matches!(done.status.code(), Some(0 | 1)) && complaint.is_empty();
        ensure!(compared, "`{}` failed ({}): {complaint}", line(&conform), done.status);
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    }
}
