//! `rangewalk fmt`: the one canonical form of a scenario.

use std::fs;
use std::path::PathBuf;

use rangewalk_core::scenario::format;

use crate::failure::{Failure, Verdict};
use crate::output::print;
use crate::source::Source;

/// Print scenarios in canonical form
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print nothing but where a file differs from its canonical form; exit 1 if one does
    #[arg(long, conflicts_with = "write")]
    check: bool,
    /// Write the canonical form back
    #[arg(long)]
    write: bool,
    /// The scenarios; `-` is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::Fine;
    for file in &arguments.files {
        let source = Source::load(file)?;
        let canonical = format(&source.understood()?);
        if arguments.check {
            if let Some(line) = first_difference(&source.text, &canonical) {
                print(&format!("{}:{line}: not in canonical form\n", source.name))?;
                verdict = Verdict::Differs;
            }
        } else if arguments.write && source.name != Source::STDIN {
            if canonical != source.text {
                fs::write(file, canonical).map_err(|error| Failure::at(&source.name, error))?;
            }
        } else {
            print(&canonical)?;
        }
    }
    Ok(verdict)
}

/// The first line, from 1, in which two texts differ.
fn first_difference(one: &str, two: &str) -> Option<usize> {
    if one == two {
        return None;
    }
    let equal = one.split_inclusive('\n').zip(two.split_inclusive('\n'));
    Some(equal.take_while(|(one, two)| one == two).count() + 1)
}
