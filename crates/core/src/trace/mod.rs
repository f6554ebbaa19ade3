//! A run on tape.

pub mod names;
pub mod tape;
pub mod timeline;

pub use names::Names;
pub use tape::{Frame, Tape};
pub use timeline::Timeline;
