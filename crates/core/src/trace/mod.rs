//! A run on tape.

pub mod tape;
pub mod timeline;

pub use tape::{Frame, Tape};
pub use timeline::Timeline;
