//! View models: pure functions from a run and a place in it to small structs in the page's own words.

pub mod axis;
