//! Sentences about the page cache: pages that come from the disk and go back to it.

use rangewalk_core::machine::{Event, MappingId, PageFlags, PageId};

use crate::model::sentence::{Said, span_words};
use crate::model::stage_now::Now;

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::CacheAdd { mapping, pgoff, order } => (
            format!(
                "{} of {} enter{} the page cache.",
                capital(&pages(pgoff, 1 << order)),
                now.file_name(mapping),
                if order == 0 { "s" } else { "" }
            ),
            match order {
                0 => "From now on every mapping of it shares this frame.".to_owned(),
                _ => "They are one folio: mapped, dirtied and cleaned together.".to_owned(),
            },
        ),
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
        Event::WritebackEnd { page } => {
            (format!("The disk has {}.", folio(now, page)), String::new())
        }
        _ => unreachable!("not a step of the page cache"),
    }
}

/// `page 5` or `pages 4–7`: what the folio caches.
fn folio(now: &Now<'_>, page: PageId) -> String {
    let head = now.world().page(page);
    pages(head.pgoff, head.part.pages())
}

/// What comes next.
pub(super) fn next(event: Event) -> String {
    match event {
        Event::CacheAdd { pgoff, order, .. } => {
            let s = if order == 0 { "s" } else { "" };
            format!("{} enter{s} the page cache.", pages(pgoff, 1 << order))
        }
        Event::Readahead { pgoff, pages: count, .. } => {
            format!("{} are to be read.", pages(pgoff, count.into()))
        }
        Event::ReadaheadMark { pgoff, .. } => format!("the readahead mark of page {pgoff}."),
        Event::ReadPages { pgoff, pages: count, .. } => {
            format!("the disk delivers {}.", pages(pgoff, count.into()))
        }
        Event::PageClean { .. } => "the page counts as clean.".to_owned(),
        Event::Writeback { .. } => "the disk is given the page.".to_owned(),
        Event::WritebackEnd { .. } => "the disk has the page.".to_owned(),
        _ => unreachable!("not a step of the page cache"),
    }
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

fn pages(first: u64, count: u64) -> String {
    span_words(first, first + count.max(1) - 1)
}

fn capital(words: &str) -> String {
    words.replacen('p', "P", 1)
}
