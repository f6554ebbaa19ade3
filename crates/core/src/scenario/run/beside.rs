//! What the walks beside the helpers do, and what they come to in words.

use super::statement::{Effect, counted};
use super::walk::Seen;
use super::{Runner, mapping};
use crate::addr::PAGE_SHIFT;
use crate::machine::Stop;
use crate::machine::event::Phase;
use crate::mm::Errno;
use crate::mm::clear_refs::clear_refs_write;
use crate::mm::dax::dax_writeback_mapping_range;
use crate::mm::madvise::madvise_dontneed;
use crate::mm::migrate::{migrate_begin, migrate_end};
use crate::mm::pagemap::do_pagemap_scan;
use crate::mm::rmap::{mkclean_file_range, wrprotect_file_range};
use crate::mm::smaps::{MemSizeStats, smap_gather_stats};
use crate::mm::truncate::{do_truncate, punch_hole};
use crate::mm::zap::unmap_mapping_range;
use crate::scenario::ast::{Beside, Failure, FileId, LabelId, Pages};

impl Runner<'_> {
    pub(super) fn beside(&mut self, walk: Beside) -> Result<Effect, Stop> {
        let done = match walk {
            Beside::Zap(file, pages, cows) => {
                let (first, count) = pages.map_or((0, 0), |pages| (pages.first, pages.count));
                let (begin, len) = (first << PAGE_SHIFT, count << PAGE_SHIFT);
                unmap_mapping_range(&mut self.cpu(), mapping(file), begin, len, cows)?;
                Ok(None)
            }
            Beside::Mkclean(file, pages) => {
                let cpu = &mut self.cpu();
                Ok(Some(mkclean_file_range(cpu, mapping(file), pages.first, pages.count)?))
            }
            Beside::Wrprotect(file, pages) => {
                let cpu = &mut self.cpu();
                wrprotect_file_range(cpu, mapping(file), pages.first, pages.count)?.map(Some)
            }
            Beside::Dax(file, pages) => {
                let (cpu, Pages { first, count }) = (&mut self.cpu(), pages);
                Ok(Some(dax_writeback_mapping_range(cpu, mapping(file), first, count)?))
            }
            Beside::Scan(place) => {
                let (process, start, end) = self.scenario.extent(place);
                let (mm, pages) = (self.mm(process), end.pages_since(start));
                do_pagemap_scan(&mut self.cpu(), mm, start, pages)?.map(Some)
            }
            Beside::Migrate(file, page, phase) => return self.migrate(file, page, phase),
            Beside::Smaps(label) => return self.smaps(label),
            Beside::Truncate(file, pages) => {
                do_truncate(&mut self.cpu(), mapping(file), pages)?.map(|()| None)
            }
            Beside::Punch(file, pages) => {
                let cpu = &mut self.cpu();
                punch_hole(cpu, mapping(file), pages.first, pages.count)?.map(|()| None)
            }
            Beside::Dontneed(place) => {
                let (process, start, end) = self.scenario.extent(place);
                let mm = self.syscall_of(process)?;
                let pages = end.pages_since(start);
                madvise_dontneed(&mut self.cpu(), mm, start, pages)?.map(|()| None)
            }
            Beside::SoftClear(process) => {
                let mm = self.mm(process);
                clear_refs_write(&mut self.cpu(), mm)?;
                Ok(Some(self.watch.exchanged))
            }
        };
        Ok(self.walked_beside(done))
    }

    fn migrate(&mut self, file: FileId, page: u64, phase: Phase) -> Result<Effect, Stop> {
        let cpu = &mut self.cpu();
        let (done, verb) = match phase {
            Phase::Begins => (migrate_begin(cpu, mapping(file), page)?, "gave way"),
            Phase::Ends => (migrate_end(cpu, mapping(file), page)?, "came back"),
        };
        let visits = std::mem::take(&mut self.watch.visits);
        let Some(returned) = done else {
            let why = match phase {
                Phase::Begins => "is not cached, migrates already, or is part of 2 MiB",
                Phase::Ends => "does not migrate",
            };
            return Ok(Effect::Value(0, format!("page {page} {why}")));
        };
        self.rest.last.walk = Some(Seen { returned, visits });
        let entries = counted(returned, "entry").replace("entrys", "entries");
        Ok(Effect::Value(returned, format!("{entries} {verb}")))
    }

    fn smaps(&mut self, id: LabelId) -> Result<Effect, Stop> {
        let label = self.scenario.label(id);
        let mm = self.mm(label.process);
        let done = smap_gather_stats(&mut self.cpu(), mm, label.addr)?;
        let visits = std::mem::take(&mut self.watch.visits);
        let Ok(stats) = done else {
            let text = format!("nothing is mapped at {}", label.addr);
            return Ok(Effect::Failed(Failure::Errno(Errno::Fault), text));
        };
        let MemSizeStats { rss, shared_clean, shared_dirty, private_clean, private_dirty } = stats;
        self.rest.last.walk = Some(Seen { returned: rss, visits });
        let text = format!(
            "{} resident: shared {shared_clean} clean, {shared_dirty} dirty; private \
             {private_clean} clean, {private_dirty} dirty",
            counted(rss, "page")
        );
        Ok(Effect::Value(rss, text))
    }

    /// What such a walk came to: how many entries it says it changed; one that says nothing zaps.
    pub(super) fn walked_beside(&mut self, done: Result<Option<u64>, Errno>) -> Effect {
        let visits = std::mem::take(&mut self.watch.visits);
        match done {
            Err(errno) => refused(errno),
            Ok(changed) => {
                let returned = changed.unwrap_or(self.watch.zapped);
                self.rest.last.walk = Some(Seen { returned, visits });
                let verb = if changed.is_some() { "write-protected" } else { "zapped" };
                let entries = counted(returned, "entry").replace("entrys", "entries");
                Effect::Value(returned, format!("{entries} {verb}"))
            }
        }
    }
}

/// The call failed, and why in words.
fn refused(errno: Errno) -> Effect {
    let why = match errno {
        Errno::NotSupported => ": mapping_wrprotect_range came with 6.15",
        Errno::NotTypewriter => ": PAGEMAP_SCAN came with 6.7",
        Errno::NoMemory => ": not all of the range is mapped",
        Errno::Invalid | Errno::NoDevice => ": raw frames have no page cache behind them",
        _ => "",
    };
    Effect::Failed(Failure::Errno(errno), format!("it fails with {}{why}", errno.name()))
}
