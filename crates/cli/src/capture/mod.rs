//! Turns what real processes share into a scenario:
//! `/proc` → [`gather()`] → [`Capture`] → [`write()`].

pub mod gather;
pub mod maps;
mod names;
pub mod procfs;
mod tidy;
pub mod write;

pub use gather::{Capture, Choice, Detail, Request, gather};
pub use write::{Naming, write};
