//! What the processor manual says: page-table levels and the words in them.

pub mod level;
pub mod pte;
pub mod swap;

pub use level::{Level, Levels};
pub use pte::{Entry, Pte, PteFlags};
pub use swap::Migration;
