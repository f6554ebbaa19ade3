//! `rangewalk trace`: every step of a scenario in words.

use std::path::PathBuf;

use crate::failure::{Failure, Verdict};
use crate::output::{print, remark};
use crate::played::Played;
use crate::source::Source;

/// Print every step of a scenario: the golden trace text
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The scenario; `-` is standard input
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let source = Source::load(&arguments.file)?;
    let mut played = Played::new(&source)?;
    print(&played.run.trace(&played.scenario))?;
    remark(&source.show_all(&played.run.diagnostics));
    Ok(played.verdict())
}
