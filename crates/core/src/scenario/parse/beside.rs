//! The walks beside the helpers: zaps, rmap, and walks of one process.

use super::Parser;
use super::lex::Words;
use super::number::{looks_numeric, number, pages};
use crate::machine::event::Phase;
use crate::mm::zap::Cows;
use crate::scenario::ast::{Beside, FileId, Op, Pages};
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
                let (file, pages) = self.walked(words)?;
                Beside::Mkclean(file, pages)
            }
            "wrprotect" => {
                let (file, pages) = self.walked(words)?;
                Beside::Wrprotect(file, pages)
            }
            "dax" => {
                let (file, pages) = self.walked(words)?;
                Beside::Dax(file, pages)
            }
            "scan" => Beside::Scan(self.place(words)?),
            "migrate" => self.migrate(words, Phase::Begins)?,
            "migrated" => self.migrate(words, Phase::Ends)?,
            "smaps" => Beside::Smaps(self.living_label(words)?),
            "truncate" => {
                let file = self.scope.file(words)?;
                let size = number(words, "the number of pages", FILE_PAGES_MAX)?;
                words.finish()?;
                if !self.scenario.file(file).kind.is_device() {
                    self.sizes.push((file, size));
                }
                Beside::Truncate(file, size)
            }
            "punch" => {
                let (file, pages) = self.walked(words)?;
                Beside::Punch(file, pages)
            }
            "dontneed" => Beside::Dontneed(self.place(words)?),
            _ => Beside::SoftClear(self.living_process(words)?),
        }))
    }

    fn migrate(&mut self, words: &mut Words<'_>, phase: Phase) -> Result<Beside, Box<Diagnostic>> {
        let token = words.peek();
        let file = self.scope.file(words)?;
        if let Some(token) = token.filter(|_| self.scenario.file(file).kind.is_device()) {
            return Err(Diagnostic::error(token.site, "raw frames do not migrate")
                .hint("a page of shared memory or of a file on disk"));
        }
        let page = number(words, "the page", FILE_PAGES_MAX)?;
        Ok(Beside::Migrate(file, page, phase))
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

    /// Pages of a file, which may reach beyond its end.
    fn walked(&mut self, words: &mut Words<'_>) -> Result<(FileId, Pages), Box<Diagnostic>> {
        let file = self.scope.file(words)?;
        let token = words.peek();
        let pages = pages(words, "the page range")?;
        self.warn_of_range(token.map(|t| t.site), file, pages);
        Ok((file, pages))
    }
}
