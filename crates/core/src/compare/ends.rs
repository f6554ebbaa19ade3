//! What became of every entry that maps a page of the range, and of its dirt.

use crate::addr::VirtAddr;
use crate::arch::pte::PteFlags;
use crate::arch::{Level, Pte};
use crate::kernel::Kernel;
use crate::machine::{AddressSpace, MappingId, MmId, PageFlags, PageId, SlotId, VmaId, World};
use crate::order::sort_by_key;
use crate::scenario::ast::Pages;
use crate::scenario::strategy::{Aim, Strategy};

/// A VMA as far as it maps pages of the range, before anybody walked it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedRange {
    /// Which VMA.
    pub vma: VmaId,
    /// Whose.
    pub mm: MmId,
    /// What it is called.
    pub name: String,
    /// Which pages of the range it maps.
    pub pages: Pages,
    /// Where the first of them lies.
    pub addr: VirtAddr,
    /// The entries' words before; as many as pages.
    pub words: Vec<Pte>,
    /// The place of its first entry among those of all ranges.
    pub first: usize,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Fate {
    /// There was none.
    Empty,
    /// There was nothing to take from it, or nothing that this strategy wants.
    Untouched,
    /// What the strategy wants to take is still there.
    Missed,
    /// It lost its write bit.
    Protected,
    /// It lost its dirt.
    Cleaned,
    /// It lost both.
    ProtectedCleaned,
    /// It is gone.
    Dropped,
}

impl Fate {
    /// All of them.
    pub const ALL: [Fate; 7] = [
        Fate::Empty,
        Fate::Untouched,
        Fate::Missed,
        Fate::Protected,
        Fate::Cleaned,
        Fate::ProtectedCleaned,
        Fate::Dropped,
    ];

    /// In a word or two.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fate::Empty => "empty",
            Fate::Untouched => "untouched",
            Fate::Missed => "missed",
            Fate::Protected => "read-only",
            Fate::Cleaned => "clean",
            Fate::ProtectedCleaned => "read-only and clean",
            Fate::Dropped => "gone",
        }
    }
}

/// Where the dirt of an entry is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Dirt {
    /// It had none.
    None,
    /// Where it was: bit 6.
    Kept,
    /// Moved to bit 58, for the entry is read-only now.
    Moved,
    /// In the bitmap, or with the driver.
    Recorded,
    /// With the kernel's page.
    Page,
    /// Another entry of the same page still has it.
    Elsewhere,
    /// The caller sees that the count of this very folio is not 0, and has to draw the conclusion.
    Counted,
    /// Nobody knows of it.
    Lost,
}

impl Dirt {
    /// All of them.
    pub const ALL: [Dirt; 8] = [
        Dirt::None,
        Dirt::Kept,
        Dirt::Moved,
        Dirt::Recorded,
        Dirt::Page,
        Dirt::Elsewhere,
        Dirt::Counted,
        Dirt::Lost,
    ];

    /// In a few words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Dirt::None => "no dirt",
            Dirt::Kept => "kept in bit 6",
            Dirt::Moved => "moved to bit 58",
            Dirt::Recorded => "recorded",
            Dirt::Page => "with the page",
            Dirt::Elsewhere => "in another entry",
            Dirt::Counted => "counted only",
            Dirt::Lost => "lost",
        }
    }
}

/// An entry behind the job of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Its word.
    pub word: Pte,
    /// What became of it.
    pub fate: Fate,
    /// Where its dirt is.
    pub dirt: Dirt,
}

/// The VMAs that map pages of the range, in the order of the i_mmap tree.
pub(super) fn mapped_ranges(
    world: &World,
    mapping: MappingId,
    pages: Pages,
    name: impl Fn(VmaId) -> String,
) -> Vec<MappedRange> {
    let mut first = 0;
    let mut ranges = Vec::new();
    for id in tree_order(world, mapping) {
        let vma = world.vma(id);
        let (from, to) = (pages.first.max(vma.pgoff), pages.end().min(vma.last_pgoff() + 1));
        let Some(mm) = vma.mm.filter(|_| from < to) else { continue };
        let pages = Pages { first: from, count: to - from };
        let addr = vma.address_of(from);
        let words: Vec<Pte> = words(world, mm, addr, pages.count);
        let next = first + words.len();
        ranges.push(MappedRange { vma: id, mm, name: name(id), pages, addr, words, first });
        first = next;
    }
    ranges
}

/// A file's VMAs in the order of its tree.
fn tree_order(world: &World, mapping: MappingId) -> Vec<VmaId> {
    let (mut order, mut above) = (Vec::new(), Vec::new());
    let mut next = world.mapping(mapping).root;
    loop {
        while let Some(node) = next {
            above.push(node);
            next = world.node(node).left();
        }
        let Some(node) = above.pop() else { return order };
        order.push(node);
        next = world.node(node).right();
    }
}

/// The words of `count` entries from `addr` on; 0 where there is no table.
fn words(world: &World, mm: MmId, addr: VirtAddr, count: u64) -> Vec<Pte> {
    // Neighbours lie in one table: one descent for all of them.
    let mut table: Option<(VirtAddr, Option<SlotId>)> = None;
    let word = |page| {
        let addr = addr.add_pages(page);
        let start = Level::Pmd.round_down(addr);
        let (_, first) = match table {
            Some(known) if known.0 == start => known,
            _ => *table.insert((start, world.pte_slot(mm, start).ok())),
        };
        match first {
            Some(first) => world.word(SlotId(first.0 + Level::Pte.index(addr))),
            None => world.translation(mm, addr),
        }
    };
    (0..count).map(word).collect()
}

/// What a strategy left behind in `world`, one for each entry of the ranges.
pub(super) fn ends(
    world: &World,
    ranges: &[MappedRange],
    mapping: MappingId,
    strategy: Strategy,
) -> Vec<End> {
    let mut ends = Vec::with_capacity(ranges.iter().map(|range| range.words.len()).sum());
    let mut known: Vec<Option<Dirt>> = Vec::new();
    let aim = strategy.aim();
    for range in ranges {
        let after = words(world, range.mm, range.addr, range.pages.count);
        for ((page, before), word) in (range.pages.first..).zip(&range.words).zip(after) {
            let of_a_file = !before.is_none() && world.file_page(before.pfn()).is_some();
            let fate = fate(world.kernel(), *before, word, of_a_file, aim);
            let mut dirt = match of_a_file {
                true => dirt_of(world.kernel(), *before, word),
                false => Dirt::None,
            };
            if dirt == Dirt::Lost {
                dirt = known_of(&mut known, world, mapping, page, strategy);
            }
            ends.push(End { word, fate, dirt });
        }
    }
    ends
}

fn fate(kernel: &Kernel, before: Pte, after: Pte, of_a_file: bool, aim: Aim) -> Fate {
    if before.is_none() {
        return Fate::Empty;
    }
    if after.is_none() {
        return Fate::Dropped;
    }
    if !of_a_file {
        // A copy on write is its process's alone.
        return Fate::Untouched;
    }
    let (wrote, writes) = (before.is_write(), after.is_write());
    let (was_dirty, is_dirty) = (before.is_dirty(kernel), after.is_dirty(kernel));
    match (wrote && !writes, was_dirty && !is_dirty) {
        (true, true) => Fate::ProtectedCleaned,
        (true, false) => Fate::Protected,
        (false, true) => Fate::Cleaned,
        (false, false) => {
            let wanted = match aim {
                Aim::Write => writes,
                Aim::Dirt => is_dirty,
                Aim::Both => writes || is_dirty,
                Aim::Entry => true,
            };
            if wanted { Fate::Missed } else { Fate::Untouched }
        }
    }
}

/// What the entry of a file's page itself says; [`Dirt::Lost`] if it says nothing any more.
fn dirt_of(kernel: &Kernel, before: Pte, after: Pte) -> Dirt {
    if !before.is_dirty(kernel) {
        return Dirt::None;
    }
    if after.is_none() || !after.is_dirty(kernel) {
        return Dirt::Lost;
    }
    let saved = |pte: Pte| kernel.saved_dirty && pte.flags().contains(PteFlags::SAVED_DIRTY);
    if saved(after) && !saved(before) { Dirt::Moved } else { Dirt::Kept }
}

/// Who else knows that the page was written; asked once for each page.
fn known_of(
    known: &mut Vec<Option<Dirt>>,
    world: &World,
    mapping: MappingId,
    page: u64,
    strategy: Strategy,
) -> Dirt {
    let at = usize::try_from(page).expect("a range of a file fits the host");
    if at >= known.len() {
        known.resize(at + 1, None);
    }
    *known[at].get_or_insert_with(|| {
        let file = world.mapping(mapping);
        if is_recorded(file, page) {
            Dirt::Recorded
        } else if file.page(page).is_some_and(|id| is_dirty_page(world, id)) {
            Dirt::Page
        } else if world.knows_of_store(mapping, page) {
            Dirt::Elsewhere
        } else if strategy == Strategy::Mkclean {
            Dirt::Counted
        } else {
            Dirt::Lost
        }
    })
}

fn is_dirty_page(world: &World, page: PageId) -> bool {
    world.folio_flags(page).contains(PageFlags::DIRTY)
}

fn is_recorded(file: &AddressSpace, page: u64) -> bool {
    let bit = |words: &[u64], at: u64| {
        let word = usize::try_from(at / 64).ok().and_then(|word| words.get(word));
        word.is_some_and(|word| word >> (at % 64) & 1 == 1)
    };
    bit(&file.written, page)
        || page.checked_sub(file.bitmap.pgoff).is_some_and(|at| bit(&file.bitmap.words, at))
}

/// How many pages the job made everybody forget the dirt of.
pub(super) fn pages_lost(ranges: &[MappedRange], ends: &[End]) -> u64 {
    let mut pages: Vec<u64> = Vec::new();
    for range in ranges {
        let own = (range.pages.first..).zip(&ends[range.first..][..range.words.len()]);
        pages.extend(own.filter(|(_, end)| end.dirt == Dirt::Lost).map(|(page, _)| page));
    }
    sort_by_key(&mut pages, |page| *page);
    pages.dedup();
    pages.len() as u64
}

/// How many of a file's pages were stored to so that nobody came to know.
pub(super) fn stores_lost(world: &World, mapping: MappingId) -> u64 {
    world.mapping(mapping).lost.iter().map(|word| u64::from(word.count_ones())).sum()
}
