//! `dist`: the page as a static site in dist/. Its paths are relative: it works from any folder.

use anyhow::Result;

use crate::page;
use crate::tools::PageTools;

/// Builds the page in release into dist/.
pub(crate) fn dist() -> Result<()> {
    page::build(&PageTools::set_up()?)
}
