//! `serve`: the page at a local address, built again when a source file changes.

use anyhow::Result;

use crate::dist::fetch;
use crate::shell::run;
use crate::tools::PageTools;

/// Builds the page in release and serves it until interrupted.
pub(crate) fn serve(port: u16) -> Result<()> {
    let tools = PageTools::set_up()?;
    fetch()?;
    println!("Rangewalk will be at http://127.0.0.1:{port}/ once it is built.");
    // No autoreload: it would put an inline script into the page.
    run(tools
        .trunk("serve")
        .args(["--no-autoreload", "--address=127.0.0.1"])
        .arg(format!("--port={port}")))
}
