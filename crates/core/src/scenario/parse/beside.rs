//! The walks beside the helpers: zaps, rmap, and walks of one process.

use super::Parser;
use super::lex::Words;
use super::number::{looks_numeric, number, pages};
use crate::mm::zap::Cows;
use crate::scenario::ast::{Beside, FileId, Op, Part};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::limits::FILE_PAGES_MAX;

impl Parser {
    /// A statement whose first word is one of these walks.
    pub(super) fn beside(
        &mut self,
        keyword: &str,
        words: &mut Words<'_>,
    ) -> Result<Op, Box<Diagnostic>> {
        Ok(Op::Beside(match keyword {
            "zap" => self.zap(words)?,
            "mkclean" => {
                let file = self.cached_file(words)?;
                Beside::Mkclean(file, self.pages_within(words, file)?)
            }
            "wrprotect" => {
                let file = self.scope.file(words)?;
                let token = words.peek();
                let pages = pages(words, "the page range")?;
                self.warn_of_range(token.map(|t| t.site), file, pages);
                Beside::Wrprotect(file, pages)
            }
            "truncate" => {
                let file = self.cached_file(words)?;
                let size = number(words, "the number of pages", FILE_PAGES_MAX)?;
                words.finish()?;
                self.sizes.push((file, size));
                Beside::Truncate(file, size)
            }
            "punch" => {
                let file = self.cached_file(words)?;
                Beside::Punch(file, self.pages_within(words, file)?)
            }
            "dontneed" => Beside::Dontneed(self.place(words)?),
            _ => Beside::SoftClear(self.living_process(words)?),
        }))
    }

    fn zap(&mut self, words: &mut Words<'_>) -> Result<Beside, Box<Diagnostic>> {
        let file = self.scope.file(words)?;
        let mut range = None;
        if let Some(token) = words.peek().filter(|token| looks_numeric(token.text)) {
            let pages = pages(words, "the page range")?;
            self.warn_of_range(Some(token.site), file, pages);
            range = Some(pages);
        }
        let cows = if words.take_if("keep-cows") { Cows::Keep } else { Cows::Zap };
        Ok(Beside::Zap(file, range, cows))
    }

    /// A file with a page cache.
    fn cached_file(&self, words: &mut Words<'_>) -> Result<FileId, Box<Diagnostic>> {
        let file = self.scope.file(words)?;
        let declared = self.scenario.file(file);
        if declared.kind.is_device() {
            let message = format!("{} is a device buffer: it has no page cache", declared.name);
            return Err(Diagnostic::error(words.site(Part::File), message));
        }
        Ok(file)
    }
}
