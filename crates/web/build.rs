//! Runs the scenario that the page opens with, so that its first picture waits for no emulator.

use std::path::Path;
use std::{env, fs};

use databake::Bake;
use rangewalk_core::link;
use rangewalk_core::scenario::{Recording, gallery, parse};

fn main() {
    let (scenario, diagnostics) = parse(gallery::FIRST);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let recording = Recording::of(&scenario);
    let digest = link::digest(&recording.play().ending());
    let recording = recording.bake(&databake::CrateEnv::default());
    let items = format!(
        "/// The run.\npub static OPENING: Recording = {recording};\n\
         /// What it came to, for a link.\npub const DIGEST: u32 = {digest};\n"
    );
    let folder = env::var_os("OUT_DIR").expect("Cargo says where");
    fs::write(Path::new(&folder).join("opening.rs"), items).expect("Cargo's folder can be written");
    println!("cargo::rerun-if-changed=build.rs");
}
