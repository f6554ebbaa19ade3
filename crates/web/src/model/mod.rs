//! What the page shows, as small values in the page's words: pure functions from the session, compared to draw only what changed.

pub mod editor;
pub mod gallery;
pub mod share;
pub mod timeline;
