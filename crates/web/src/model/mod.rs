//! What the page shows, as small values in the page's words: pure functions from a run and a place
//! in it, compared to draw only what changed.

pub mod axis;
pub mod compare;
pub mod counters;
pub mod editor;
pub mod entry;
pub mod gallery;
pub mod held;
mod held_cpus;
pub mod lanes;
pub mod lanes_cell;
pub mod lanes_fold;
pub mod lanes_note;
mod lanes_row;
pub mod sentence;
mod sentence_cache;
mod sentence_fault;
mod sentence_next;
mod sentence_tlb;
mod sentence_tree;
mod sentence_walk;
pub mod sentence_words;
mod sentence_zap;
pub mod share;
pub mod stack;
pub mod stage;
pub mod stage_index;
pub mod stage_measures;
pub mod stage_now;
pub mod stage_number;
pub mod stage_thread;
pub mod tables;
pub mod timeline;
pub mod tlbs;
pub mod tree;
pub mod tree_order;
mod tree_text;
