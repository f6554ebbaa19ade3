//! `rangewalk script`: scenarios as a golden script, about which a kernel can be asked.

use std::path::{Path, PathBuf};

use rangewalk::conform::scenario::script;
use rangewalk_core::kernel::{KERNELS, Kernel};

use crate::failure::{Failure, Verdict};
use crate::output::print;
use crate::source::Source;

/// Print scenarios as a golden script: what `cargo xtask oracle` asks a kernel
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only scenarios of this kernel
    #[arg(long, value_parser = kernel)]
    kernel: Option<&'static Kernel>,
    /// The scenarios
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The emulated kernel of that name.
pub(super) fn kernel(name: &str) -> Result<&'static Kernel, String> {
    Kernel::by_name(name).ok_or_else(|| {
        let names = KERNELS.map(|kernel| kernel.name).join(", ");
        format!("the emulated kernels are {names}")
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    for file in &arguments.files {
        let scenario = Source::load(file)?.understood()?;
        if arguments.kernel.is_some_and(|kernel| kernel != scenario.kernel()) {
            continue;
        }
        let name = name(file);
        match script(&scenario) {
            Ok(lines) => print(&format!("scenario {name}\n{}\n", lines.join("\n")))?,
            Err(why) => print(&format!("# {name} cannot be asked: {why}\n"))?,
        }
    }
    Ok(Verdict::Fine)
}

/// `walk/clipped` for `scenarios/walk/clipped/scenario.txt`.
fn name(file: &Path) -> String {
    let path = file.to_string_lossy().replace(' ', "_");
    let path = path.trim_start_matches("./").trim_start_matches("scenarios/");
    path.trim_end_matches("/scenario.txt").to_owned()
}
