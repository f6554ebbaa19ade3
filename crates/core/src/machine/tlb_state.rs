//! What each CPU knows of address spaces: the one it has loaded, and the translations it has
//! cached. FIDELITY: small-tlb.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::addr::VirtAddr;
use crate::arch::Pte;
use crate::machine::MmId;
use crate::machine::delta::CpuField;

/// CPUs that a machine may have.
pub const CPUS_MAX: u8 = 4;
/// Translations that a CPU keeps; a further one takes the place of the oldest.
pub const TLB_ENTRIES: u8 = 64;

/// One CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::tlb_state))]
pub struct CpuId(pub u8);

/// A cached translation: a page-table word as the CPU read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlbEntry {
    /// Whose address space.
    pub mm: MmId,
    /// The page's address.
    pub addr: VirtAddr,
    /// The word: its write bit and its D count, whatever the page table says by now.
    pub word: Pte,
}

/// Bits of a tag below the process: a page number of 57-bit addresses has 45.
const TAG_PAGE_BITS: u32 = 45;

/// What an entry is found by: process and page, never 0.
pub(super) fn tag(mm: MmId, addr: VirtAddr) -> u64 {
    assert!(u64::from(mm.0) < 1 << 18, "processes are bounded");
    (u64::from(mm.0) + 1) << TAG_PAGE_BITS | addr.0 >> 12
}

/// Tag, 0 for an empty place, and word.
type Place = (u64, u64);

/// Tags fall into classes by the low bits of their page numbers, empty places into the last.
const CLASSES: usize = 64;

fn class(tag: u64) -> usize {
    if tag == 0 { CLASSES } else { usize::from(tag.to_le_bytes()[0]) % CLASSES }
}

/// One CPU's `cpu_tlbstate`, and the TLB that it describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlbState {
    /// `loaded_mm`: whose address space it runs.
    pub loaded_mm: Option<MmId>,
    /// `is_lazy`: a kernel thread runs and leaves that address space loaded.
    pub is_lazy: bool,
    places: [Place; TLB_ENTRIES as usize],
    /// For each class the places that hold such a tag, a bit for each. It says nothing that the
    /// places do not: it is there to find them.
    found: [u64; CLASSES + 1],
    victim: u64,
    pub(super) gens: Vec<u64>,
}

impl Default for TlbState {
    fn default() -> Self {
        let mut found = [0; CLASSES + 1];
        found[CLASSES] = u64::MAX;
        Self {
            loaded_mm: None,
            is_lazy: false,
            places: [(0, 0); TLB_ENTRIES as usize],
            found,
            victim: 0,
            gens: Vec::new(),
        }
    }
}

impl TlbState {
    /// The cached translations, in no order that means anything.
    pub fn entries(&self) -> impl Iterator<Item = TlbEntry> + '_ {
        self.places.iter().filter(|(tag, _)| *tag != 0).map(|(tag, word)| TlbEntry {
            mm: MmId(
                u32::try_from((tag >> TAG_PAGE_BITS) - 1).expect("made of a process's number"),
            ),
            addr: VirtAddr((tag & ((1 << TAG_PAGE_BITS) - 1)) << 12),
            word: Pte(*word),
        })
    }

    /// What it has cached for a page, whether or not it will still use it.
    #[must_use]
    pub fn entry(&self, mm: MmId, addr: VirtAddr) -> Option<TlbEntry> {
        self.entries().find(|entry| entry.mm == mm && entry.addr == addr.page_down())
    }

    /// The lowest place whose tag is that of one of `pages` pages from `first` on.
    #[inline]
    pub(super) fn find(&self, first: u64, pages: u64) -> Option<u8> {
        let mut places = if pages == 1 { self.found[class(first)] } else { !self.found[CLASSES] };
        while places != 0 {
            let at = places.trailing_zeros();
            if self.places[at as usize].0.wrapping_sub(first) < pages {
                return u8::try_from(at).ok();
            }
            places &= places - 1;
        }
        None
    }

    /// The lowest empty place.
    pub(super) fn find_empty(&self) -> Option<u8> {
        let places = self.found[CLASSES];
        if places == 0 { None } else { u8::try_from(places.trailing_zeros()).ok() }
    }

    /// The generation of `mm`'s translations up to which this CPU has followed (`ctxs[].tlb_gen`);
    /// 0: it never ran it.
    #[must_use]
    pub fn tlb_gen(&self, mm: MmId) -> u64 {
        self.gens.get(mm.index()).copied().unwrap_or(0)
    }

    pub(super) fn tag(&self, at: u8) -> u64 {
        self.places[usize::from(at)].0
    }

    /// True if every place is found where it belongs, and nowhere else.
    pub(super) fn is_found(&self) -> bool {
        let in_class = |at: &Place| self.found[class(at.0)];
        let all = self.places.iter().enumerate().all(|(at, place)| in_class(place) >> at & 1 == 1);
        let found: u32 = self.found.iter().map(|places| places.count_ones()).sum();
        all && found == u32::from(TLB_ENTRIES)
    }

    pub(super) fn set_tag(&mut self, at: u8, tag: u64) {
        let place = &mut self.places[usize::from(at)].0;
        self.found[class(*place)] &= !(1 << at);
        self.found[class(tag)] |= 1 << at;
        *place = tag;
    }

    pub(super) fn word(&self, at: u8) -> u64 {
        self.places[usize::from(at)].1
    }

    pub(super) fn set_word(&mut self, at: u8, word: u64) {
        self.places[usize::from(at)].1 = word;
    }

    pub(super) fn field(&self, field: CpuField) -> u64 {
        match field {
            CpuField::LoadedMm => self.loaded_mm.map_or(0, |mm| u64::from(mm.0) + 1),
            CpuField::IsLazy => self.is_lazy.into(),
            CpuField::Victim => self.victim,
        }
    }

    pub(super) fn set_field(&mut self, field: CpuField, value: u64) {
        match field {
            CpuField::LoadedMm => self.loaded_mm = value.checked_sub(1).map(of_number),
            CpuField::IsLazy => self.is_lazy = value != 0,
            CpuField::Victim => self.victim = value,
        }
    }
}

fn of_number(mm: u64) -> MmId {
    MmId(u32::try_from(mm).expect("made of a process's number"))
}
