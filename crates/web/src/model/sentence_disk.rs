//! Sentences about pages that come from the disk and go back to it.

use rangewalk_core::machine::event::Phase;
use rangewalk_core::machine::{Event, MappingId, PageFlags, PageId};

use crate::model::sentence::Said;
use crate::model::sentence_cache::{capital, pages};
use crate::model::stage_now::Now;

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::Readahead { mapping, pgoff, pages: count } => (
            format!(
                "{} of {} are to be read.",
                capital(&pages(pgoff, count.into())),
                now.file_name(mapping)
            ),
            "The disk is asked for more than the one page: others will be wanted soon.".to_owned(),
        ),
        Event::ReadaheadMark { mapping, pgoff } => mark(now, mapping, pgoff),
        Event::ReadPages { mapping, pgoff, pages: count } => (
            format!(
                "The disk delivers {} of {}.",
                pages(pgoff, count.into()),
                now.file_name(mapping)
            ),
            "They are up to date: faults may map them.".to_owned(),
        ),
        Event::PageClean { page } => (
            format!("{} counts as clean.", capital(&folio(now, page))),
            "Every shared entry was made read-only first: the next store faults.".to_owned(),
        ),
        Event::Writeback { page } => {
            (format!("The disk is given {}.", folio(now, page)), String::new())
        }
        Event::Migration { page, phase: Phase::Begins } => (
            format!("{} is locked, to migrate.", capital(&folio(now, page))),
            "Where it is mapped, migration entries will stand: whoever touches it waits."
                .to_owned(),
        ),
        Event::Migration { page, .. } => (
            format!("{} has migrated, and is unlocked.", capital(&folio(now, page))),
            "It is mapped again wherever a migration entry stood.".to_owned(),
        ),
        Event::WritebackEnd { page } => {
            (format!("The disk has {}.", folio(now, page)), String::new())
        }
        _ => unreachable!("the disk has no part in it"),
    }
}

/// `page 5` or `pages 4–7`: what the folio caches.
fn folio(now: &Now<'_>, page: PageId) -> String {
    let head = now.world().page(page);
    pages(head.pgoff, head.part.pages())
}

fn mark(now: &Now<'_>, mapping: MappingId, pgoff: u64) -> Said {
    let page = now.world().mapping(mapping).page(pgoff);
    let set = page.is_some_and(|page| now.world().folio_flags(page).contains(PageFlags::READAHEAD));
    if set {
        (
            format!("Page {pgoff} gets the readahead mark."),
            "Whoever faults there has the next window read.".to_owned(),
        )
    } else {
        (format!("Page {pgoff} loses the readahead mark."), String::new())
    }
}
