//! `rangewalk link`: a scenario as the fragment of an address.

use std::path::PathBuf;

use rangewalk_core::link::{Link, digest, encode};

use crate::failure::{Failure, Verdict};
use crate::output::print;
use crate::played::Played;
use crate::source::Source;

/// Turn a scenario into what stands behind the page's address: `#1....`
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The scenario; `-` is standard input
    file: PathBuf,
    /// Open it with this many steps done [default: all]
    #[arg(long, value_name = "N")]
    step: Option<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let source = Source::load(&arguments.file)?;
    let mut played = Played::new(&source)?;
    let steps = played.run.timeline.tape().len();
    if let Some(step) = arguments.step.filter(|step| *step > steps) {
        let message = format!("--step {step} is behind the end: the run has {steps} steps");
        return Err(Failure::at(&source.name, message));
    }
    let place = arguments.step.map(|step| played.run.place(step));
    let digest = Some(digest(&played.run.ending()));
    let kernel = played.scenario.kernel();
    let link = Link { text: source.text, place, kernel, digest };
    let fragment = encode(&link).map_err(|error| Failure::at(&source.name, error))?;
    print(&format!("#{fragment}\n"))?;
    Ok(Verdict::Fine)
}
