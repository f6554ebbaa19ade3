//! Components: one a file, dumb, each drawing one view model.

pub mod stage;
