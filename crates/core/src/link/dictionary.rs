//! Words that scenarios are made of, for the compressor to point at. Each version's dictionary is
//! frozen: links made with it must decode for ever. What is likeliest stands last, where it is
//! cheapest to reach.

/// The dictionary of version 1.
pub(super) const V1: &[u8] = include_bytes!("dictionary-1.txt");
