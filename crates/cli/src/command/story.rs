//! `rangewalk story`: a golden script as a scenario.

use std::path::PathBuf;

use rangewalk::conform::script::parse;
use rangewalk::conform::story::story;
use rangewalk_core::kernel::Kernel;

use crate::command::script::kernel;
use crate::failure::{Failure, Verdict};
use crate::input::read;
use crate::output::print;

/// Print a golden script's first scenario in the scenario language
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The kernel it shall run on
    #[arg(long, value_parser = kernel)]
    kernel: &'static Kernel,
    /// The script, plain or .gz
    script: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let name = arguments.script.display();
    let cases = parse(&read(&arguments.script)?)
        .map_err(|error| Failure::at(format!("{name}:{}", error.line), error.message))?;
    let case = cases.first().ok_or_else(|| Failure::at(&name, "it holds no scenario"))?;
    print(&story(arguments.kernel, case).map_err(|why| Failure::at(&name, why))?)?;
    Ok(Verdict::Fine)
}
