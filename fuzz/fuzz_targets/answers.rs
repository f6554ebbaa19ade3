//! See `properties::answers`. The script is one that looks at everything and traces.
#![no_main]

#[path = "../properties.rs"]
#[allow(dead_code, reason = "each target has its own")]
mod properties;

use std::sync::LazyLock;

use rangewalk::conform::op::Case;
use rangewalk::conform::script;

static SCRIPT: LazyLock<Vec<Case>> =
    LazyLock::new(|| script::parse(include_str!("../answers-script.txt")).expect("a script"));

libfuzzer_sys::fuzz_target!(|text: &str| properties::answers(&SCRIPT, text));
