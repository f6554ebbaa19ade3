//! The few words beside a VMA's row and a process's name.

use rangewalk_core::arch::Level;
use rangewalk_core::machine::event::{Flush, Look, Reach, Verdict};
use rangewalk_core::machine::{Event, MmId, VmFlags, VmaId};

use crate::model::stage_index::{Visit, Walk};
use crate::model::stage_now::Now;

/// True for a VMA that meets the walked range but that the walk never comes to.
#[must_use]
pub fn is_unreached(now: &Now<'_>, id: VmaId) -> bool {
    now.walk.is_some_and(|walk| !walk.visits.iter().any(|visit| visit.vma == id))
}

/// What is to be said of a VMA.
#[must_use]
pub fn row(now: &Now<'_>, id: VmaId) -> Option<String> {
    let Some(walk) = now.walk else { return plain(now, id) };
    let step = now.step.unwrap_or(0);
    let at = walk.visits.iter().position(|visit| visit.vma == id);
    match at {
        Some(at) if now.visit.is_some_and(|visit| visit.vma == id) => here(now, &walk.visits[at]),
        Some(at) if walk.visits[at].steps.start <= step => Some(done(now, &walk.visits[at])),
        Some(at) => Some(to_come(now, walk, at)),
        None => Some(aside(now, walk, id)),
    }
}

/// The same in a word or two.
#[must_use]
pub fn short(now: &Now<'_>, id: VmaId) -> Option<&'static str> {
    let Some(walk) = now.walk else {
        let private = !now.world().vma(id).flags.contains(VmFlags::MAYSHARE);
        return private.then_some("private");
    };
    let step = now.step.unwrap_or(0);
    let at = walk.visits.iter().position(|visit| visit.vma == id)?;
    let visit = &walk.visits[at];
    let next = walk.visits.partition_point(|visit| visit.steps.start <= step);
    match visit.verdict {
        Verdict::EndsWalk => Some("stops"),
        Verdict::Skipped => Some("skipped"),
        Verdict::Walk if now.visit.is_some_and(|visit| visit.vma == id) => None,
        Verdict::Walk if visit.steps.start <= step => Some("done"),
        Verdict::Walk => (at == next && now.in_walk()).then_some("next"),
    }
}

/// Outside of walks: whatever is not the ordinary shared, writable mapping.
fn plain(now: &Now<'_>, id: VmaId) -> Option<String> {
    let flags = now.world().vma(id).flags;
    if !flags.contains(VmFlags::MAYSHARE) {
        return Some("private".to_owned());
    }
    if !flags.contains(VmFlags::SHARED) {
        return Some("read-only descriptor".to_owned());
    }
    (!flags.contains(VmFlags::WRITE)).then(|| "read-only".to_owned())
}

/// The VMA that the walk is in.
fn here(now: &Now<'_>, visit: &Visit) -> Option<String> {
    match now.event? {
        Event::Filter { verdict, .. } => Some(match verdict {
            Verdict::Walk => "passes the filter".to_owned(),
            Verdict::EndsWalk => "filter ends the walk".to_owned(),
            Verdict::Skipped => "filter passes over it".to_owned(),
        }),
        Event::Flush { .. } => {
            Some(visit.flush.map_or_else(String::new, |f| flushed(f.flush, f.reach)))
        }
        Event::Hole { level, .. } => Some(format!("hole: no {} entry", level.name())),
        Event::NotifierEnd { .. } | Event::FlushPending { pending: 0, .. } => {
            Some(done(now, visit))
        }
        _ => {
            let (start, end) = visit.clip?;
            let addr = now.place.addr.filter(|_| now.place.slot.is_some());
            let Some(addr) = addr else {
                let page = |addr| now.page_at(visit.vma, addr);
                let last = rangewalk_core::addr::VirtAddr(end.0 - 1);
                return Some(format!("clipped to {}–{}", page(start)?, page(last)?));
            };
            let table = Level::Pmd.round_down(addr);
            let first = start.max(table);
            let last =
                rangewalk_core::addr::VirtAddr(Level::Pmd.addr_end(addr, end).0.saturating_sub(1));
            let (first, last) = (Level::Pte.index(first), Level::Pte.index(last));
            if first == last {
                return Some(format!("slot {first}"));
            }
            let here = (now.place.level == Some(Level::Pte)).then(|| Level::Pte.index(addr));
            let here = here.map_or_else(String::new, |slot| format!(", now {slot}"));
            Some(format!("slots {first}–{last}{here}"))
        }
    }
}

fn flushed(flush: Flush, reach: Reach) -> String {
    match (flush, reach) {
        (Flush::Nothing, _) | (_, Reach::None) => "nothing to flush".to_owned(),
        (Flush::Nested, Reach::Pages | Reach::HugePages) => {
            "nested: whole range flushed".to_owned()
        }
        (_, Reach::All) => "everything flushed".to_owned(),
        (_, Reach::Pages | Reach::HugePages) => "flushed".to_owned(),
    }
}

/// A VMA that the walk is through with.
fn done(now: &Now<'_>, visit: &Visit) -> String {
    match visit.verdict {
        Verdict::EndsWalk => return "filter ended the walk".to_owned(),
        Verdict::Skipped => return "passed over".to_owned(),
        Verdict::Walk => {}
    }
    let flush = visit.flush.map_or("", |flush| match (flush.flush, flush.reach) {
        (Flush::Nothing, _) | (_, Reach::None) => "",
        (_, Reach::All) => ", all flushed",
        (_, Reach::Pages | Reach::HugePages) => ", flushed",
    });
    let pages: Vec<String> = visit
        .changed_at
        .iter()
        .filter_map(|addr| now.page_at(visit.vma, *addr))
        .map(|page| page.to_string())
        .collect();
    let changed = match visit.changed {
        0 => "nothing changed".to_owned(),
        n if n as usize == pages.len() => format!("{} changed", pages.join(", ")),
        n => format!("{n} changed"),
    };
    format!("done: {changed}{flush}")
}

/// A VMA that the walk will come to.
fn to_come(now: &Now<'_>, walk: &Walk, at: usize) -> String {
    let step = now.step.unwrap_or(0);
    let visit = &walk.visits[at];
    let first = walk.visits.partition_point(|visit| visit.steps.start <= step);
    match visit.verdict {
        Verdict::EndsWalk => "filter ends the walk".to_owned(),
        Verdict::Skipped => "filter passes over it".to_owned(),
        Verdict::Walk if at == first && now.in_walk() => "next in tree order".to_owned(),
        Verdict::Walk => match at.checked_sub(1) {
            Some(before) => format!("after {}", now.vma(walk.visits[before].vma)),
            None => "first in tree order".to_owned(),
        },
    }
}

/// A VMA that the walk never asks about.
fn aside(now: &Now<'_>, walk: &Walk, id: VmaId) -> String {
    let vma = now.world().vma(id);
    let private = if vma.flags.contains(VmFlags::MAYSHARE) { "" } else { "private, " };
    let step = now.step.unwrap_or(0);
    let look = walk.looks.iter().rev().find(|seen| seen.node == id && seen.step <= step);
    let meets = vma.pgoff <= walk.last() && walk.first <= vma.last_pgoff() && walk.nr > 0;
    let what = match look.map(|seen| seen.look) {
        Some(Look::Pruned | Look::RootEndsBefore) => "pruned",
        _ if meets => "never reached",
        _ if vma.pgoff > walk.last() => "behind the range",
        _ => "before the range",
    };
    format!("{private}{what}")
}

/// What is to be said of a process.
#[must_use]
pub fn process(now: &Now<'_>, mm: MmId) -> String {
    let world = now.world();
    let process = world.mm(mm);
    let dead = (!process.alive).then(|| "exiting".to_owned());
    let flush = (process.tlb_flush_pending > 0).then(|| match process.tlb_flush_pending {
        1 => "flush due".to_owned(),
        n => format!("{n} flushes due"),
    });
    let tables = format!("{} page tables", process.nr_tables);
    dead.or(flush).unwrap_or(tables)
}
