//! TEMPORARY stand-in for the gallery and core::link. To be deleted.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]

pub struct Entry {
    pub text: &'static str,
}
pub static GALLERY: [Entry; 1] =
    [Entry { text: include_str!("../../../scenarios/walk/clipped/scenario.txt") }];
