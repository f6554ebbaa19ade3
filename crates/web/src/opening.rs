//! The run of [`FIRST`](rangewalk_core::scenario::gallery::FIRST), which the page opens with,
//! recorded when the program was built: its first picture waits for no emulator.
#![allow(unused_qualifications, reason = "generated")]

extern crate alloc; // The recording names it.

use rangewalk_core::scenario::Recording;

include!(concat!(env!("OUT_DIR"), "/opening.rs"));
