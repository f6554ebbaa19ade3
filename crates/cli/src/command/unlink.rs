//! `rangewalk unlink`: the scenario in a link.

use std::path::Path;

use rangewalk_core::link::{decode, digest};
use rangewalk_core::scenario::{parse, run as play};

use crate::failure::{Failure, Verdict};
use crate::input::read;
use crate::output::{print, remark};

/// Turn a link, or the fragment of one, back into its scenario
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The link, in quotes because of its `#`; `-` reads it from standard input
    link: String,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let link = match arguments.link.as_str() {
        "-" => read(Path::new("-"))?,
        link => link.to_owned(),
    };
    let link = decode(&link).map_err(|error| Failure::at("link", error))?;
    print(&link.text)?;
    let mut run = play(&parse(&link.text).0);
    if let Some(place) = link.place {
        remark(&format!("link: note: it opens with {} steps done\n", run.steps_at(place)));
    }
    if link.digest.is_some_and(|made_with| made_with != digest(&run.ending())) {
        remark("link: note: the emulator has changed since: the run ends differently\n");
    }
    Ok(Verdict::Fine)
}
