//! The command line's parts, for its own binary and for the chores: conformance with real kernels,
//! capture of real processes.

pub mod capture;
pub mod conform;
