//! `rangewalk conform`: does the emulator answer as a real kernel did?

use std::path::{Path, PathBuf};

use rangewalk::conform::{answer, conform, kernel_of, script};
use rangewalk_core::kernel::Kernel;

use crate::command::script::kernel;
use crate::failure::{Failure, Verdict};
use crate::input::read;
use crate::output::print;

/// Replay a golden script in the emulator and compare every answer with a real kernel's
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kernel to emulate [default: the one that gave RESULTS]
    #[arg(long, value_parser = kernel)]
    kernel: Option<&'static Kernel>,
    /// Print only the names of the scenarios that are not equal
    #[arg(long)]
    differing: bool,
    /// The script, plain or .gz
    script: PathBuf,
    /// A kernel's answers to it, JSON lines, plain or .gz
    results: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let Arguments { kernel, differing, script, results } = arguments;
    let place = |file: &Path, line: usize| format!("{}:{line}", file.display());
    let cases = script::parse(&read(script)?)
        .map_err(|error| Failure::at(place(script, error.line), error.message))?;
    let answers = answer::parse(&read(results)?, &cases)
        .map_err(|error| Failure::at(place(results, error.line), error.message))?;
    let kernel = kernel.or_else(|| kernel_of(&answers)).ok_or_else(|| {
        let message = format!("kernel {} is not emulated", answers.release);
        Failure::at(place(results, 1), message).hint("choose the nearest with --kernel")
    })?;
    let report = conform(kernel, &cases, &answers);
    if *differing {
        print(&report.differing.iter().map(|name| format!("{name}\n")).collect::<String>())?;
    } else {
        print(&report.to_string())?;
    }
    Ok(if report.equal == report.total { Verdict::Fine } else { Verdict::Differs })
}
