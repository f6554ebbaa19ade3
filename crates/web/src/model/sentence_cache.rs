//! Sentences about the page cache: pages that enter it, and the marks on them.

use rangewalk_core::machine::{Event, PageId};

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
        Event::PageDirty { page } => page_marked(now, page, "dirty"),
        Event::PageAccessed { page } => page_marked(now, page, "accessed"),
        _ => unreachable!("not a step of the page cache"),
    }
}

fn page_marked(now: &Now<'_>, page: PageId, mark: &str) -> Said {
    let what = match now.world().page(page).file() {
        Some((mapping, pgoff)) => format!("Page {pgoff} of {}", now.file_name(mapping)),
        None => "The page".to_owned(),
    };
    (
        format!("{what} is marked {mark} for the kernel."),
        "This mark is on the page, not in any entry.".to_owned(),
    )
}

/// `page 5` or `pages 4–7`.
pub(super) fn pages(first: u64, count: u64) -> String {
    span_words(first, first + count.max(1) - 1)
}

pub(super) fn capital(words: &str) -> String {
    words.replacen('p', "P", 1)
}
