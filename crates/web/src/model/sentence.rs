//! One plain sentence for the step just done, why it is so, and what comes next.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::machine::{Event, MmId, VmFlags, VmaId};

use crate::model::sentence_words::Words;
use crate::model::stage_now::Now;
use crate::model::{sentence_cache, sentence_fault, sentence_next, sentence_tree, sentence_walk};
use crate::parts;

/// What is said of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// What happened.
    pub lead: Words,
    /// Why, or what it means.
    pub why: Words,
    /// What comes next.
    pub next: Words,
}

/// What happened, and why: marked as [`Words::parse`] reads it.
pub(crate) type Said = (String, String);

impl Sentence {
    /// The sentence for the cursor.
    #[must_use]
    pub fn new(now: &Now<'_>) -> Self {
        let (lead, why) = match now.event {
            None => start(now),
            Some(event) => said(now, event),
        };
        let next = sentence_next::next(now);
        Self { lead: Words::parse(&lead), why: Words::parse(&why), next: Words::parse(&next) }
    }

    /// All of it without marks, for those who hear it.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut text = self.lead.plain();
        for (words, before) in [(&self.why, " "), (&self.next, " Next: ")] {
            if !words.is_empty() {
                text.push_str(before);
                text.push_str(&words.plain());
            }
        }
        text
    }
}

fn start(now: &Now<'_>) -> Said {
    if now.tape().is_empty() {
        return ("Nothing happens yet.".to_owned(), "The scenario has no statements.".to_owned());
    }
    ("Before the first step.".to_owned(), "The files are there; no process is.".to_owned())
}

fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::Statement { .. } => sentence_walk::statement(now),
        Event::Return { value } => sentence_walk::returned(now, value),
        Event::Lock { lock, mode } => sentence_walk::lock(now, lock, mode),
        Event::Unlock { lock, .. } => sentence_walk::unlock(now, lock),
        Event::Downgrade { lock } => sentence_walk::downgrade(now, lock),
        Event::TreeQuery { .. }
        | Event::TreeLook { .. }
        | Event::TreeEnd { .. }
        | Event::TreeDescend { .. }
        | Event::TreeLink { .. }
        | Event::TreeRotate { .. }
        | Event::TreeColour { .. }
        | Event::TreeErase { .. }
        | Event::TreeAugment { .. } => sentence_tree::said(now, event),
        Event::Filter { .. }
        | Event::Clip { .. }
        | Event::NotifierStart { .. }
        | Event::NotifierEnd { .. }
        | Event::FlushPending { .. }
        | Event::Flush { .. }
        | Event::Descend { .. }
        | Event::Hole { .. }
        | Event::Slot { .. }
        | Event::Xchg { .. }
        | Event::Store { .. }
        | Event::Warn { .. }
        | Event::Record { .. } => sentence_walk::said(now, event),
        Event::CacheAdd { .. } | Event::PageDirty { .. } | Event::PageAccessed { .. } => {
            sentence_cache::said(now, event)
        }
        Event::Access { .. }
        | Event::Hardware { .. }
        | Event::Fault { .. }
        | Event::FaultEnd { .. }
        | Event::TableAlloc { .. }
        | Event::Install { .. }
        | Event::MmNew { .. }
        | Event::VmaChange { .. } => sentence_fault::said(now, event),
        _ => parts::emulator().map(|it| (it.words.said)(now, event)).unwrap_or_default(),
    }
}

/// Words that the sentences share.
impl Now<'_> {
    /// The process of the place, or a stand-in.
    pub(super) fn whose(&self) -> String {
        self.place.mm.map_or_else(|| "the process".to_owned(), |mm| self.process(mm).to_owned())
    }

    /// `page 7`, or the address where no VMA knows the page.
    pub(super) fn page_words(&self, mm: Option<MmId>, addr: VirtAddr) -> String {
        let vma = mm.and_then(|mm| self.vma_at(mm, addr)).or(self.place.vma);
        match vma.and_then(|vma| self.page_at(vma, addr)) {
            Some(page) => format!("page {page}"),
            None => format!("`{addr}`"),
        }
    }

    /// `page 7` or `pages 5–7` for an address range of the VMA at hand.
    pub(super) fn pages_words(&self, mm: Option<MmId>, start: VirtAddr, end: VirtAddr) -> String {
        let last = VirtAddr(end.0.saturating_sub(1).max(start.0)).page_down();
        let vma = self.place.vma.or_else(|| mm.and_then(|mm| self.vma_at(mm, start)));
        let page = |addr| vma.and_then(|vma| self.page_at(vma, addr));
        match (page(start), page(last)) {
            (Some(first), Some(last)) => span_words(first, last),
            _ => format!("`{start}`–`{end}`"),
        }
    }

    /// Why the filter keeps a VMA out.
    pub(super) fn filter_reason(&self, vma: VmaId) -> &'static str {
        let flags = self.world().vma(vma).flags;
        if !flags.contains(VmFlags::MAYSHARE) {
            "it is private, so `VM_SHARED` is not set"
        } else if !flags.contains(VmFlags::SHARED) {
            "mapped through a read-only descriptor, it has neither `VM_SHARED` nor `VM_MAYWRITE`"
        } else {
            "it holds huge pages"
        }
    }
}

/// `page 5` or `pages 5–13`.
pub(crate) fn span_words(first: u64, last: u64) -> String {
    if first == last { format!("page {first}") } else { format!("pages {first}–{last}") }
}

/// `1 page`, `2 pages`.
pub(crate) fn count_words(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
