//! What one page-table entry holds, as the marks in a cell.

use rangewalk_core::arch::{Entry, Level, Pte, PteFlags};
use rangewalk_core::machine::{Event, PageKind, SlotId};

use crate::model::stage_now::Now;

/// What one page's entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// No table at this level: the descent ends above.
    NoTable(Level),
    /// An empty slot.
    Empty,
    /// Taken out by the walk, about to be put back.
    TakenOut,
    /// Neither empty nor present.
    NonPresent,
    /// Present.
    Present(Marks),
}

/// The marks of a present entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Writable.
    pub w: bool,
    /// Dirty.
    pub d: bool,
    /// Saved dirty.
    pub v: bool,
    /// No `struct page` behind it.
    pub s: bool,
    /// A private copy, not the file's page.
    pub copy: bool,
}

/// What `slot` holds now.
#[must_use]
pub fn slot_state(now: &Now<'_>, slot: SlotId) -> CellState {
    if matches!(now.event, Some(Event::Xchg { slot: out, .. }) if out == slot) {
        return CellState::TakenOut;
    }
    let word = now.world().word(slot);
    match word.decode(Level::Pte) {
        Entry::None => CellState::Empty,
        Entry::NonPresent => CellState::NonPresent,
        Entry::Table(_) | Entry::Leaf(_) => CellState::Present(marks(now, word)),
    }
}

/// What a page has where the descent ends at `slot` of an upper level: a leaf's marks, or nothing.
#[must_use]
pub fn upper_state(now: &Now<'_>, level: Level, slot: SlotId) -> CellState {
    let word = now.world().word(slot);
    match word.decode(level) {
        Entry::Leaf(_) => CellState::Present(marks(now, word)),
        _ => CellState::NoTable(level),
    }
}

fn marks(now: &Now<'_>, word: Pte) -> Marks {
    let flags = word.flags();
    Marks {
        w: flags.contains(PteFlags::RW),
        d: flags.contains(PteFlags::DIRTY),
        v: now.kernel().saved_dirty && flags.contains(PteFlags::SAVED_DIRTY),
        s: flags.contains(PteFlags::SPECIAL),
        copy: is_copy(now, word),
    }
}

/// True if the word maps a copy on write.
#[must_use]
pub fn is_copy(now: &Now<'_>, word: Pte) -> bool {
    let page = now.world().pfn_to_page(word.pfn());
    page.is_some_and(|page| now.world().page(page).kind == PageKind::Anon)
}
