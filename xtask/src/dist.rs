//! `dist`: the page as a static site in dist/. Its paths are relative: it works from any folder.

use anyhow::Result;

use crate::shell::{command, run};
use crate::tools::PageTools;

/// Builds the page in release into dist/.
pub(crate) fn dist() -> Result<()> {
    let tools = PageTools::set_up()?;
    fetch()?;
    run(&mut tools.trunk("build"))
}

/// Fetches the crates the page is built of: Trunk itself stays off the network.
pub(crate) fn fetch() -> Result<()> {
    run(&mut command("cargo fetch --quiet --target wasm32-unknown-unknown"))
}
