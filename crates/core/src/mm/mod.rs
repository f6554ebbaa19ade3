//! The kernel's algorithms, function by function.
