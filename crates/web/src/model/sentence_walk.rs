//! Sentences about the walk: statements, locks, VMAs, tables, entries, flushes.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Level, Pte, PteFlags};
use rangewalk_core::machine::delta::MmField;
use rangewalk_core::machine::event::{Flush, Found, Lock, Mode, Reach, Verdict};
use rangewalk_core::machine::{Cell, Event, MmId, SlotId, TableId, VmaId};

use crate::model::entry;
use crate::model::sentence::{Said, count_words, span_words};
use crate::model::stage_index::WalkKind;
use crate::model::stage_now::Now;
use crate::parts;

pub(super) fn statement(now: &Now<'_>) -> Said {
    let Some(walk) = now.walk else {
        let line =
            now.line().map_or_else(|| "The next line".to_owned(), |line| format!("Line {line}"));
        return (format!("{line} of the scenario begins."), String::new());
    };
    let pages =
        if walk.nr == 0 { "no pages".to_owned() } else { span_words(walk.first, walk.last()) };
    let file = now.file_name(walk.mapping);
    match walk.kind {
        WalkKind::Wp => (
            format!("The driver wants {pages} of {file} write-protected."),
            "After it and its flushes, the next store to each page faults and so becomes known."
                .to_owned(),
        ),
        WalkKind::Clean => (
            format!("The driver asks which of {pages} of {file} were written."),
            "Dirty entries are recorded in a bitmap and made clean.".to_owned(),
        ),
        WalkKind::Mkclean => (
            format!(
                "{} of {file} is to be read-only and clean wherever it is mapped.",
                capital(&pages)
            ),
            "`rmap` goes the other way: from one page to all entries that map it.".to_owned(),
        ),
        WalkKind::Wrprotect => (
            format!("The driver wants {pages} of {file} read-only and clean."),
            "It is done by frame number, a run of adjacent frames at a time.".to_owned(),
        ),
        WalkKind::Zap => (
            format!("No process may map {pages} of {file} any longer."),
            "The next access to each page faults and finds what is there by then.".to_owned(),
        ),
    }
}

pub(super) fn returned(now: &Now<'_>, value: u64) -> Said {
    let lead = |name: &str| format!("`{name}` returns {value}.");
    let entries = match value {
        0 => "No entry".to_owned(),
        _ => count_words(value, "entry", "entries"),
    };
    match now.walk.map(|walk| walk.kind) {
        Some(WalkKind::Wp) => (
            lead("wp_shared_mapping_range"),
            format!("{entries} went from writable to write-protected."),
        ),
        Some(WalkKind::Clean) => (
            lead("clean_record_shared_mapping_range"),
            format!("{entries} went from dirty to clean and into the bitmap."),
        ),
        Some(WalkKind::Mkclean) => {
            (lead("folio_mkclean"), format!("{entries} became read-only and clean."))
        }
        Some(WalkKind::Wrprotect) => {
            (format!("{entries} changed in all."), "Each is read-only and clean now.".to_owned())
        }
        Some(WalkKind::Zap) | None => (format!("It returns {value}."), String::new()),
    }
}

const fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Read => "for reading",
        Mode::Write => "for writing",
    }
}

pub(super) fn lock(now: &Now<'_>, lock: Lock, mode: Mode) -> Said {
    match lock {
        Lock::IMmap(mapping) => (
            format!("`i_mmap_rwsem` of {} is taken {}.", now.file_name(mapping), mode_words(mode)),
            match mode {
                Mode::Read => "No mapping of the file comes or goes while it is held.",
                Mode::Write => "The tree may change; no walk is in it.",
            }
            .to_owned(),
        ),
        Lock::Mmap(mm) => (
            format!("`mmap_lock` of {} is taken {}.", now.process(mm), mode_words(mode)),
            match mode {
                Mode::Read => "Its VMAs stay as they are.",
                Mode::Write => "Its VMAs may change.",
            }
            .to_owned(),
        ),
        Lock::Vma(vma) => (
            format!("The lock of mapping {} is taken {}.", now.vma(vma), mode_words(mode)),
            "A fault takes it in place of `mmap_lock`: other mappings may change meanwhile."
                .to_owned(),
        ),
        Lock::Folio(_) => (
            "The lock of the page's folio is taken.".to_owned(),
            "It stays in the page cache, and nobody else brings it in or writes it back."
                .to_owned(),
        ),
        Lock::AnonVma(_) => (
            "The lock of a family of copies is taken.".to_owned(),
            "It keeps the list of mappings in which the copies may be.".to_owned(),
        ),
        Lock::PageTable(mm) => (
            format!("`page_table_lock` of {} is taken.", now.process(mm)),
            "For tables above the PMDs there is one lock for the whole process.".to_owned(),
        ),
        Lock::Ptl(table) => {
            let level = table_level(now, table);
            let pfn =
                now.world().table(table).map_or_else(String::new, |t| format!(" `{}`", t.pfn));
            (
                format!("The lock of the {level} table{pfn} is taken."),
                "Nobody else changes its entries now, except the CPUs, which set [A] and [D]."
                    .to_owned(),
            )
        }
    }
}

/// `PTE` or `PMD`.
fn table_level(now: &Now<'_>, table: TableId) -> &'static str {
    now.world().table(table).map_or("page", |table| table.level.name())
}

pub(super) fn downgrade(now: &Now<'_>, lock: Lock) -> Said {
    let whose = match lock {
        Lock::Mmap(mm) => now.process(mm),
        _ => "somebody",
    };
    (
        format!("`mmap_lock` of {whose} is downgraded to reading."),
        "The mappings are out of the process: others may look at the rest while they are torn down."
            .to_owned(),
    )
}

pub(super) fn unlock(now: &Now<'_>, lock: Lock) -> Said {
    match lock {
        Lock::IMmap(mapping) => (
            format!("`i_mmap_rwsem` of {} is released.", now.file_name(mapping)),
            "Mappings may come and go again.".to_owned(),
        ),
        Lock::Mmap(mm) => {
            (format!("`mmap_lock` of {} is released.", now.process(mm)), String::new())
        }
        Lock::Vma(vma) => {
            (format!("The lock of mapping {} is released.", now.vma(vma)), String::new())
        }
        Lock::Folio(_) => ("The folio's lock is released.".to_owned(), String::new()),
        Lock::AnonVma(_) => ("The family's lock is released.".to_owned(), String::new()),
        Lock::PageTable(mm) => {
            (format!("`page_table_lock` of {} is released.", now.process(mm)), String::new())
        }
        Lock::Ptl(table) => (
            format!("The lock of the {} table is released.", table_level(now, table)),
            match now.walk.filter(|_| now.in_walk()).map(|walk| walk.kind) {
                Some(WalkKind::Wp | WalkKind::Clean) => {
                    "The flush is still to come, after all tables of this VMA."
                }
                Some(WalkKind::Mkclean | WalkKind::Wrprotect) => {
                    "Whatever changed was flushed at once, under this lock."
                }
                Some(WalkKind::Zap) => "What is not flushed yet waits for the end of the gather.",
                None => "",
            }
            .to_owned(),
        ),
    }
}

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::Filter { vma, verdict } => filter(now, vma, verdict),
        Event::Clip { vma, start, end } => clip(now, vma, start, end),
        Event::NotifierStart { mm, start, end } => (
            format!(
                "Secondary MMUs of {} drop {}.",
                now.process(mm),
                now.pages_words(Some(mm), start, end)
            ),
            "KVM and IOMMU users have translations of their own: `mmu_notifier` tells them first."
                .to_owned(),
        ),
        Event::NotifierEnd { mm, .. } => (
            format!("Secondary MMUs of {} may map the range again.", now.process(mm)),
            "In memory and in the TLBs, its entries are now as the walk wants them.".to_owned(),
        ),
        Event::FlushPending { mm, pending } => flush_pending(now, mm, pending),
        Event::Flush { mm, flush, reach, start, end } => {
            flush_said(now, mm, flush, reach, (start, end))
        }
        Event::Descend { level, found, slot, addr } => descend(now, level, found, slot, addr),
        Event::Hole { level, addr, end } => hole(now, level, addr, end),
        Event::Slot { found, slot, addr } => slot_said(now, found, slot, addr),
        Event::Xchg { addr, .. } => (
            format!(
                "{}'s entry for {} is taken out.",
                now.whose(),
                now.page_words(now.place.mm, addr)
            ),
            "In one exchange, so that no CPU can set [A] or [D] behind the walk's back.".to_owned(),
        ),
        Event::Store { slot, addr } => store(now, slot, addr),
        Event::Warn { .. } => (
            format!("The 2 MiB of {} stay as they are, and the kernel warns.", now.whose()),
            "The helpers know no huge entries: their writes go on unseen, they count as nothing."
                .to_owned(),
        ),
        Event::Record { bit, .. } => (
            format!("Bit {bit} of the bitmap is set."),
            format!(
                "{} was dirty in {}; the reported range grows to hold it.",
                capital(&now.place.addr.map_or_else(
                    || "the page".to_owned(),
                    |addr| { now.page_words(now.place.mm, addr) }
                )),
                now.whose()
            ),
        ),
        _ => unreachable!("not a step of the walk"),
    }
}

/// The sentence's first letter, great.
pub(super) fn capital(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

fn filter(now: &Now<'_>, vma: VmaId, verdict: Verdict) -> Said {
    let name = now.vma(vma);
    let reason = now.filter_reason(vma);
    let rmap =
        now.walk.is_some_and(|walk| matches!(walk.kind, WalkKind::Mkclean | WalkKind::Wrprotect));
    match verdict {
        Verdict::Walk if rmap => (
            format!("{name} is shared."),
            "Through it the page may be written, so its entry is looked for.".to_owned(),
        ),
        Verdict::Skipped if rmap => (
            format!("{name} is passed over."),
            format!("{}. `rmap_walk_file` really goes on behind it.", capital(reason)),
        ),
        Verdict::Walk => (
            format!("{name} passes the filter."),
            "It is shared and may be written, so its entries may be writable or dirty.".to_owned(),
        ),
        Verdict::EndsWalk => (
            format!("The walk ends at {name}."),
            format!(
                "{}. `walk_page_mapping` takes the filter's 1 for the end, not for a skip: \
                 no later mapping is seen.",
                capital(reason)
            ),
        ),
        Verdict::Skipped => (
            format!("{name} is passed over."),
            format!("{}. As documented, the walk goes on behind it.", capital(reason)),
        ),
    }
}

fn clip(now: &Now<'_>, vma: VmaId, start: VirtAddr, end: VirtAddr) -> Said {
    let at = now.world().vma(vma);
    let name = now.vma(vma);
    let pages = now.pages_words(at.mm, start, end);
    let all = span_words(at.pgoff, at.last_pgoff());
    let asked = now.walk.map_or_else(String::new, |w| span_words(w.first, w.last()));
    (
        format!("The walk of {name} is clipped to {pages}."),
        format!("It maps {all}, the walk asks for {asked}: what both have is `{start}`–`{end}`."),
    )
}

fn flush_pending(now: &Now<'_>, mm: MmId, pending: u32) -> Said {
    let name = now.process(mm);
    let cell = Cell::Mm(mm, MmField::TlbFlushPending);
    let deltas = now.step.map_or(&[][..], |step| now.tape().deltas(step));
    let rose = deltas.iter().find(|delta| delta.cell == cell).is_none_or(|d| d.new > d.old);
    let pending = match pending {
        0 => "none".to_owned(),
        n => count_words(n.into(), "flush", "flushes"),
    };
    if rose {
        (
            format!("{name} has {pending} pending."),
            "Said before any page-table lock is taken: whoever sees a changed entry also sees \
             that a flush is due."
                .to_owned(),
        )
    } else {
        (format!("The flush is done: {name} has {pending} pending."), String::new())
    }
}

fn flush_said(
    now: &Now<'_>,
    mm: MmId,
    flush: Flush,
    reach: Reach,
    (start, end): (VirtAddr, VirtAddr),
) -> Said {
    let name = now.process(mm);
    let n = end.0.saturating_sub(start.0) >> 12;
    let pages = match start.0 {
        0 => "everything".to_owned(),
        _ => now.pages_words(Some(mm), start, end),
    };
    let cost = match reach {
        Reach::None => String::new(),
        Reach::HugePages => {
            let entries = count_words(n.div_ceil(512), "entry", "entries");
            format!(" {entries} of 2 MiB, one INVLPG each.")
        }
        Reach::Pages => format!(" {}, one INVLPG each.", count_words(n, "page", "pages")),
        Reach::All if start.0 == 0 => " all at once.".to_owned(),
        Reach::All => format!(" {n} pages are more than 33: everything of {name} goes."),
    };
    match flush {
        Flush::Nothing => (
            format!("Nothing is flushed in {name}."),
            "No entry changed, and nobody else is about to flush.".to_owned(),
        ),
        Flush::Hull => (
            format!("The TLBs forget {pages} of {name}."),
            format!("The hull of what changed:{cost}"),
        ),
        Flush::Nested => (
            format!("The TLBs forget {pages} of {name}: all that was walked."),
            format!("Another flush is pending, and its changes may be unseen here:{cost}"),
        ),
        Flush::Page => (
            format!("The TLBs forget {pages} of {name}."),
            "At once, under the PTL: nobody may go on with what was taken out.".to_owned(),
        ),
        Flush::Range => (
            format!("The TLBs forget {pages} of {name}."),
            format!("What was taken out must not be used any more:{cost}"),
        ),
        Flush::Forced => (
            format!("The TLBs forget {pages} of {name}, before the lock drops."),
            format!(
                "A page was told of its dirt, or there is no room to keep more: a CPU must not \
                 write on.{cost}"
            ),
        ),
    }
}

fn descend(now: &Now<'_>, level: Level, found: Found, slot: SlotId, addr: VirtAddr) -> Said {
    let index = slot.entry();
    let name = level.name();
    let below = level.below().map_or("", Level::name);
    let word = now.world().word(slot);
    match found {
        Found::Table => (
            format!("{name} entry {index} leads on."),
            format!("It points to the {below} table in frame `{}`.", word.pfn()),
        ),
        Found::None => (
            format!("{name} entry {index} is empty."),
            format!("There is no {below} table for `{addr}`: nothing was ever touched there."),
        ),
        Found::Leaf => (
            format!("{name} entry {index} maps a huge page."),
            "The walk leaves it alone.".to_owned(),
        ),
        Found::NonPresent | Found::Foreign => (
            format!("{name} entry {index} is not present."),
            "It holds a swap-like word.".to_owned(),
        ),
    }
}

fn hole(now: &Now<'_>, level: Level, addr: VirtAddr, end: VirtAddr) -> Said {
    let pages = end.0.saturating_sub(addr.0) >> 12;
    (
        format!("A hole: {} are stepped over at once.", count_words(pages, "page", "pages")),
        format!(
            "One empty {} entry says it all for {}.",
            level.name(),
            now.pages_words(now.place.mm, addr, end)
        ),
    )
}

fn slot_said(now: &Now<'_>, found: Found, slot: SlotId, addr: VirtAddr) -> Said {
    let page = now.page_words(now.place.mm, addr);
    let whose = now.whose();
    let word = now.world().word(slot);
    let lead = format!("{whose}'s entry for {page} is looked at.");
    let why = match found {
        Found::None => {
            return (
                format!("Slot {} is empty.", slot.entry()),
                format!("Nothing is mapped for {page}."),
            );
        }
        Found::NonPresent => {
            parts::emulator().map(|it| (it.words.migration)(now, word)).unwrap_or_default()
        }
        Found::Foreign => "It maps a page that is not looked for: passed over.".to_owned(),
        _ => verdict_on(now, word),
    };
    (lead, why)
}

/// What the walk will do with an entry.
pub(super) fn verdict_on(now: &Now<'_>, word: Pte) -> String {
    let kind = now.walk.map_or(WalkKind::Wp, |walk| walk.kind);
    let dirty = word.is_dirty(now.kernel());
    match (kind, word.is_write(), dirty) {
        (WalkKind::Wp, true, true) => "It is writable and dirty: [W] will go.".to_owned(),
        (WalkKind::Wp, true, false) => "It is writable: [W] will go.".to_owned(),
        (WalkKind::Wp, false, _) => "It is not writable: nothing to do.".to_owned(),
        (WalkKind::Clean, _, true) => {
            let bit = if word.flags().contains(PteFlags::DIRTY) { "[D]" } else { "[V]" };
            format!("It is dirty: {bit} will go, and the page into the bitmap.")
        }
        (WalkKind::Clean, _, false) => "It is clean: nothing to do.".to_owned(),
        (_, false, false) => "It is read-only and clean: nothing to do.".to_owned(),
        (_, true, false) => "It is writable: [W] will go.".to_owned(),
        (_, false, true) => "It is dirty: its dirt will go.".to_owned(),
        (_, true, true) => "It is writable and dirty: [W] and [D] will go.".to_owned(),
    }
}

fn store(now: &Now<'_>, slot: SlotId, addr: VirtAddr) -> Said {
    let page = now.page_words(now.place.mm, addr);
    let entry = format!("{}'s entry for {page}", now.whose());
    let Some((was, is)) = entry::words(now, slot) else {
        return (format!("{entry} is stored."), String::new());
    };
    let gone = Pte(was & !is).flags();
    let come = Pte(is & !was).flags();
    if was == is {
        return (format!("{entry} stays as it was."), String::new());
    }
    let migration = parts::emulator().and_then(|it| (it.words.stored)(now, &entry, (was, is)));
    if let Some(said) = migration {
        return said;
    }
    if (gone | come).contains(PteFlags::PRESENT) {
        let why = if come.contains(PteFlags::PRESENT) {
            "[P] is on: the CPU may use it again."
        } else {
            "[P] is off: the CPU faults on it, while the kernel still knows the frame."
        };
        return (format!("{entry} gets a new protection."), why.to_owned());
    }
    let moved = gone.contains(PteFlags::DIRTY) && come.contains(PteFlags::SAVED_DIRTY);
    if gone.contains(PteFlags::RW) {
        let why = if moved {
            "The store cleared [W]; because a read-only dirty word would mean shadow stack, its \
             dirt moved from [D] to [V]."
        } else if Pte(is).is_dirty(now.kernel()) {
            "The store cleared [W]; its dirt stays where it was."
        } else if gone.contains(PteFlags::DIRTY) {
            "The store cleared [W] and [D]: it is clean, and nothing recorded that it was dirty."
        } else {
            "The store cleared [W]; it was clean."
        };
        return (format!("{entry} is write-protected."), why.to_owned());
    }
    if come.contains(PteFlags::RW) {
        let back = gone.contains(PteFlags::SAVED_DIRTY) && come.contains(PteFlags::DIRTY);
        let why = if back {
            "[W] is on, and the saved dirt moved back from [V] to [D]."
        } else if now.changes_protection() {
            "[W] is on: nobody needs to hear of the next write."
        } else {
            "One store sets [W] and [D]: the write that faulted will succeed."
        };
        return (format!("{entry} is writable again."), why.to_owned());
    }
    let bit = if gone.contains(PteFlags::SAVED_DIRTY) { "[V]" } else { "[D]" };
    (
        format!("{entry} is clean."),
        format!("The store cleared {bit}; [W] and [T] stay as they were."),
    )
}
