//! One subcommand a file: its arguments and what it does.

pub(crate) mod argue;
pub(crate) mod capture;
pub(crate) mod compare;
pub(crate) mod conform;
pub(crate) mod film;
pub(crate) mod fmt;
pub(crate) mod link;
pub(crate) mod run;
pub(crate) mod script;
pub(crate) mod story;
pub(crate) mod sweep;
pub(crate) mod trace;
pub(crate) mod unlink;
