//! Rangewalk's core: Linux address spaces, VMAs, the i_mmap interval tree and x86-64 page tables,
//! and the kernel's walks over them. No input or output, no clock, no randomness, no browser. Data
//! flows one way: scenario text → [`scenario`] → a run of [`mm`] on a [`machine::World`] →
//! [`trace`] → whoever wants to look.

pub mod addr;
pub mod arch;
pub mod compare;
pub mod kernel;
pub mod link;
pub mod machine;
pub mod mm;
pub mod order;
pub mod scenario;
pub mod trace;
