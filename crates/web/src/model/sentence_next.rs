//! What comes next, in a few words.

use rangewalk_core::arch::{Level, PteFlags};
use rangewalk_core::machine::event::{Access, FaultCause, Flush, Found, Lock, Verdict};
use rangewalk_core::machine::rbtree::Side;
use rangewalk_core::machine::{Event, SlotId};

use crate::model::sentence::{count_words, span_words};
use crate::model::sentence_cache;
use crate::model::stage_index::WalkKind;
use crate::model::stage_now::Now;
use crate::parts;

/// How far ahead to look for the flush that ends a window.
const FLUSH_AHEAD: u32 = 4096;

/// What comes next: marked as [`Words::parse`](super::sentence_words::Words::parse) reads it.
pub(super) fn next(now: &Now<'_>) -> String {
    let Some(event) = now.next_event() else {
        return if now.tape().is_empty() { String::new() } else { "the run is over.".to_owned() };
    };
    let mut next = words(now, event);
    if let Some(window) = window(now) {
        next.push(' ');
        next.push_str(&window);
    }
    next
}

/// Between a change and its flush, a CPU may still use what its TLB remembers.
fn window(now: &Now<'_>) -> Option<String> {
    let (Event::Store { addr, .. }, WalkKind::Wp, step) = (now.event?, now.walk?.kind, now.step?)
    else {
        return None;
    };
    let visit = now.visit?;
    let end = visit.steps.end.min(step + FLUSH_AHEAD);
    let flush = (step..end).find(|s| matches!(now.tape().event(*s), Event::Flush { .. }))?;
    let page = now.page_words(now.place.mm, addr);
    let steps = count_words((flush - step).into(), "step", "steps");
    Some(format!(
        "A CPU may still write {page} through a stale TLB entry until {}'s flush, {steps} on.",
        now.vma(visit.vma)
    ))
}

fn words(now: &Now<'_>, event: Event) -> String {
    match event {
        Event::Statement { .. } => "the next line of the scenario.".to_owned(),
        Event::Return { value } => format!("the call returns {value}."),
        Event::Lock { lock, .. } => format!("{} is taken.", lock_words(now, lock)),
        Event::Unlock { lock, .. } => format!("{} is released.", lock_words(now, lock)),
        Event::Downgrade { lock } => {
            format!("{} is downgraded to reading.", lock_words(now, lock))
        }
        Event::TreeQuery { first, last, .. } => {
            format!("the tree is asked for {}.", span_words(first, last))
        }
        Event::TreeLook { node, .. } => format!("a look at {}.", now.vma(node)),
        Event::TreeEnd { .. } => "the search ends.".to_owned(),
        Event::TreeDescend { at, side, .. } => {
            let side = if side == Side::Left { "left" } else { "right" };
            format!("compare with {}: {side}.", now.vma(at))
        }
        Event::TreeLink { node } => format!("{} is linked in.", now.vma(node)),
        Event::TreeRotate { pivot, .. } => format!("a rotation at {}.", now.vma(pivot)),
        Event::TreeColour { node, .. } => format!("{} changes colour.", now.vma(node)),
        Event::TreeErase { node } => format!("{} leaves the tree.", now.vma(node)),
        Event::TreeAugment { node } => format!("`subtree_last` of {}.", now.vma(node)),
        Event::Filter { vma, verdict } => {
            let what = match verdict {
                Verdict::Walk => "lets it pass",
                Verdict::EndsWalk => "ends the walk",
                Verdict::Skipped => "passes it over",
            };
            format!("the filter is asked about {} and {what}.", now.vma(vma))
        }
        Event::Clip { vma, .. } => format!("the range is clipped to {}.", now.vma(vma)),
        Event::NotifierStart { .. } => "secondary MMUs are told.".to_owned(),
        Event::NotifierEnd { .. } => "secondary MMUs are told that it is over.".to_owned(),
        Event::FlushPending { pending, .. } => {
            format!("`tlb_flush_pending` becomes {pending}.")
        }
        Event::Flush { flush, .. } => match flush {
            Flush::Nothing => "the decision that nothing need be flushed.".to_owned(),
            _ => "the TLB flush.".to_owned(),
        },
        Event::Descend { level, slot, .. } => {
            format!("{} entry {}.", level.name(), slot.entry())
        }
        Event::Hole { level, .. } => {
            format!("the hole below this {} entry is stepped over.", level.name())
        }
        Event::Slot { found, slot, addr } => {
            let page = now.page_words(now.place_of(event).mm, addr);
            format!("slot {}, {page}: {}", slot.entry(), slot_words(now, found, slot))
        }
        _ => change_words(now, event),
    }
}

fn lock_words(now: &Now<'_>, lock: Lock) -> String {
    match lock {
        Lock::IMmap(_) => "`i_mmap_rwsem`".to_owned(),
        Lock::Mmap(mm) => format!("`mmap_lock` of {}", now.process(mm)),
        Lock::Vma(vma) => format!("the lock of mapping {}", now.vma(vma)),
        Lock::Folio(_) => "the folio's lock".to_owned(),
        Lock::AnonVma(_) => "the lock of a family of copies".to_owned(),
        Lock::PageTable(mm) => format!("`page_table_lock` of {}", now.process(mm)),
        Lock::Ptl(_) => "the lock of the page table".to_owned(),
    }
}

fn slot_words(now: &Now<'_>, found: Found, slot: SlotId) -> &'static str {
    let word = now.world().word(slot);
    let kind = now.walk.map_or(WalkKind::Wp, |walk| walk.kind);
    let again = matches!(now.event, Some(Event::Store { .. } | Event::Record { .. }));
    match (kind, found) {
        (_, Found::None) => "empty, nothing to do.",
        (_, Found::Foreign) => "it maps another page.",
        (WalkKind::Wp, _) if word.is_write() && again => "writable, so it will change too.",
        (WalkKind::Wp, _) if word.is_write() => "writable, so it will change.",
        (WalkKind::Wp, _) => "not writable, nothing to do.",
        (WalkKind::Clean, _) if word.is_dirty(now.kernel()) && again => {
            "dirty, so it will change too."
        }
        (WalkKind::Clean, _) if word.is_dirty(now.kernel()) => "dirty, so it will change.",
        (WalkKind::Clean, _) => "clean, nothing to do.",
        _ if word.is_write() || word.is_dirty(now.kernel()) => {
            "writable or dirty, so it will change."
        }
        _ => "read-only and clean, nothing to do.",
    }
}

fn change_words(now: &Now<'_>, event: Event) -> String {
    let place = now.place_of(event);
    let page = |addr| now.page_words(place.mm.or(now.place.mm), addr);
    match event {
        Event::Xchg { .. } => "the entry is taken out.".to_owned(),
        Event::Warn { .. } => "it is left alone, and the kernel warns.".to_owned(),
        Event::Store { .. } => match now.walk.map(|walk| walk.kind) {
            Some(WalkKind::Wp) => "it is put back without [W].".to_owned(),
            Some(WalkKind::Clean) => {
                let was = now.place.slot.and_then(|slot| now.word_change(now.step?, slot));
                let saved = was.is_some_and(|(was, _)| was & PteFlags::DIRTY.bits() == 0);
                format!("it is put back without [{}].", if saved { 'V' } else { 'D' })
            }
            Some(_) => "it is put back read-only and clean.".to_owned(),
            None if now.changes_protection() => "it is put back with its new bits.".to_owned(),
            None => "the entry becomes writable.".to_owned(),
        },
        Event::Record { bit, .. } => format!("bit {bit} of the bitmap is set."),
        Event::Access { mm, access, addr, .. } => {
            let verb = if access == Access::Load { "reads" } else { "writes" };
            format!("{} {verb} {}.", now.process(mm), page(addr))
        }
        Event::Hardware { access, .. } => match access {
            Access::Load => "the CPU sets [A].".to_owned(),
            Access::Store => "the CPU sets [D].".to_owned(),
        },
        Event::Fault { cause, .. } => match cause {
            FaultCause::NotPresent => "a page fault: nothing is there yet.".to_owned(),
            FaultCause::Protection => "a page fault: [W] is off.".to_owned(),
        },
        Event::FaultEnd { .. } => "the fault ends.".to_owned(),
        Event::TableAlloc { level, .. } => {
            format!("a new {} table.", level.below().map_or("", Level::name))
        }
        Event::CacheAdd { pgoff, order, .. } => {
            let s = if order == 0 { "s" } else { "" };
            format!("{} enter{s} the page cache.", sentence_cache::pages(pgoff, 1 << order))
        }
        Event::PageDirty { .. } => "the page is marked dirty.".to_owned(),
        Event::PageAccessed { .. } => "the page is marked accessed.".to_owned(),
        Event::Install { addr, .. } => format!("the entry for {} is set.", page(addr)),
        Event::MmNew { mm } => format!("process {} comes to be.", now.process(mm)),
        Event::VmaChange { vma } => format!("mapping {} takes shape.", now.vma(vma)),
        _ => parts::emulator().map(|it| (it.words.next)(now, event)).unwrap_or_default(),
    }
}
