//! `rangewalk`: the same core without a browser.
fn main() {}
