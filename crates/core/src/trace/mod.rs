//! A run on tape.

pub mod names;
pub mod state;
pub mod tape;
pub mod text;
pub mod timeline;

pub use names::Names;
pub use tape::{Frame, Tape};
pub use timeline::Timeline;
