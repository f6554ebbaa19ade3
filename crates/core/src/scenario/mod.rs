//! The scenario language: a story about files, processes, mappings and walks in lines short
//! enough for a mail.
//!
//! [`parse`] never fails: it returns what it understood and says what it did not. [`format()`]
//! gives the one canonical form. `docs/scenario.md` teaches the language.

pub mod ast;
mod cover;
pub mod diagnostic;
pub mod format;
pub mod gallery;
pub mod limits;
pub mod parse;
pub mod recording;
pub mod run;
pub mod strategy;
pub mod syntax;
pub mod vmw;

pub use ast::{Op, Scenario, Statement};
pub use diagnostic::{Diagnostic, Severity};
pub use format::format;
pub use parse::parse;
pub use recording::Recording;
pub use run::{Outcome, Played, Rest, Run, Span, Verdict, run, run_with, statement_texts};
