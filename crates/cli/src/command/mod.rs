//! One subcommand a file: its arguments and what it does.

pub(crate) mod capture;
pub(crate) mod conform;
