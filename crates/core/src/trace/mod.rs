//! A run on tape.

pub mod names;
pub mod place;
pub mod state;
pub mod tape;
pub mod text;
pub mod timeline;

pub use names::Names;
pub use place::Place;
pub use tape::{Frame, Tape};
pub use timeline::Timeline;
