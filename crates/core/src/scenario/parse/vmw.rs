//! `vmw`: what the vmwgfx driver is asked to do with one of its buffers.

use super::Parser;
use super::lex::Words;
use super::number::number;
use crate::machine::FileKind;
use crate::machine::address_space::DirtyMethod;
use crate::scenario::ast::{FileId, Op, Part};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::limits::REPEAT_MAX;
use crate::scenario::vmw::{VmwCall, VmwSetting};

impl Parser {
    pub(super) fn vmw(&mut self, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let token = words.take(Part::Option, "what the driver does")?;
        match token.text {
            "thresholds" => return thresholds(words),
            "only" => return only(words),
            _ => {}
        }
        let Some(call) = VmwCall::ALL.into_iter().find(|call| call.name() == token.text) else {
            let message = format!("`{}` is not a call of the driver", token.text);
            let known = VmwCall::ALL.map(VmwCall::name).join(" ");
            return Err(Diagnostic::error(token.site, message)
                .hint(format!("one of {known} thresholds only")));
        };
        let file = self.vmw_file(words)?;
        let pages = if call.takes_pages() { Some(self.pages_within(words, file)?) } else { None };
        Ok(Op::Vmw(call, file, pages))
    }

    /// A buffer of the driver's.
    fn vmw_file(&self, words: &mut Words<'_>) -> Result<FileId, Box<Diagnostic>> {
        let token = words.peek();
        let file = self.scope.file(words)?;
        match (token, self.scenario.file(file).kind) {
            (_, FileKind::Vmwgfx { .. }) | (None, _) => Ok(file),
            (Some(token), _) => {
                let message = format!("{} is not a buffer of vmwgfx", token.text);
                Err(Diagnostic::error(token.site, message)
                    .hint("declare it as `file NAME vmwgfx PAGES`"))
            }
        }
    }

    /// `FILE pagetable`, behind `expect method`.
    pub(super) fn method(
        &self,
        words: &mut Words<'_>,
    ) -> Result<(FileId, DirtyMethod), Box<Diagnostic>> {
        let file = self.vmw_file(words)?;
        let token = words.take(Part::Option, "the method")?;
        let method = DirtyMethod::ALL.into_iter().find(|method| method.name() == token.text);
        method.map(|method| (file, method)).ok_or_else(|| {
            let known = DirtyMethod::ALL.map(DirtyMethod::name).join(" ");
            Diagnostic::error(token.site, format!("`{}` is not a method", token.text))
                .hint(format!("one of {known}"))
        })
    }
}

/// `vmw thresholds 2 10`.
fn thresholds(words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
    let scans = number(words, "the number of scans", REPEAT_MAX)?;
    let percent = number(words, "the percentage", 100)?;
    Ok(Op::VmwSet(VmwSetting::Thresholds(scans, percent)))
}

/// `vmw only mkwrite`.
fn only(words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
    let token = words.take(Part::Option, "the method")?;
    let method = match token.text {
        "any" => DirtyMethod::Untracked,
        "pagetable" => DirtyMethod::Pagetable,
        "mkwrite" => DirtyMethod::Mkwrite,
        other => {
            return Err(Diagnostic::error(token.site, format!("`{other}` is not a method"))
                .hint("pagetable, mkwrite, or any"));
        }
    };
    Ok(Op::VmwSet(VmwSetting::Only(method)))
}
