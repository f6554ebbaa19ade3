//! View models: pure functions from a run and a place in it to small structs in the page's own words.

pub mod axis;
pub mod counters;
pub mod entry;
pub mod held;
pub mod lanes;
pub mod lanes_cell;
pub mod lanes_fold;
pub mod lanes_note;
mod lanes_row;
pub mod sentence;
mod sentence_fault;
mod sentence_next;
mod sentence_tree;
mod sentence_walk;
pub mod sentence_words;
pub mod stack;
pub mod stage;
pub mod stage_index;
pub mod stage_measures;
pub mod stage_now;
pub mod stage_thread;
pub mod tables;
pub mod tree;
pub mod tree_order;
mod tree_text;
