//! The part of the gate that is the processor's own: its TLB.

use crate::addr::{Pfn, VirtAddr};
use crate::arch::Pte;
use crate::machine::delta::CpuField;
use crate::machine::tlb_state::{TLB_ENTRIES, TlbState, tag};
use crate::machine::{Cell, Cpu, CpuId, MappingId, MmId, Sink};

impl<S: Sink> Cpu<'_, S> {
    /// What this CPU has cached for a page.
    #[must_use]
    pub(crate) fn tlb_lookup(&self, mm: MmId, page: VirtAddr) -> Option<Pte> {
        let tlb = self.tlb_state(self.id());
        Some(Pte(tlb.word(tlb.find(tag(mm, page), 1)?)))
    }

    /// Caches a translation on this CPU: in its old place, an empty one, or the oldest one's.
    pub(crate) fn tlb_fill(&mut self, mm: MmId, page: VirtAddr, word: Pte) {
        let tag = tag(mm, page);
        let tlb = self.tlb_state(self.id());
        let place = match tlb.find(tag, 1).or_else(|| tlb.find_empty()) {
            Some(place) => place,
            None => self.next_victim(),
        };
        self.set(Cell::TlbTag(self.id(), place), tag);
        self.set(Cell::TlbWord(self.id(), place), word.0);
    }

    fn next_victim(&mut self) -> u8 {
        let cell = Cell::Cpu(self.id(), CpuField::Victim);
        let victim = self.get(cell);
        self.set(cell, (victim + 1) % u64::from(TLB_ENTRIES));
        u8::try_from(victim).expect("a TLB is small")
    }

    /// Drops what CPU `of` has cached of `mm` from `start` to `end`.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(crate) fn tlb_drop(&mut self, of: CpuId, mm: MmId, start: VirtAddr, end: VirtAddr) {
        let (first, pages) = (tag(mm, start), end.pages_since(start));
        while let Some(place) = self.tlb_state(of).find(first, pages) {
            self.set(Cell::TlbTag(of, place), 0);
        }
    }

    /// A CPU and its TLB.
    #[inline]
    #[must_use]
    pub(crate) fn tlb_state(&self, of: CpuId) -> &TlbState {
        self.world().cpu(of)
    }

    /// The machine's CPUs.
    #[must_use]
    pub(crate) fn cpus(&self) -> u8 {
        u8::try_from(self.world().cpus().count()).expect("a machine has few CPUs")
    }

    /// `mm_cpumask`.
    #[inline]
    #[must_use]
    pub(crate) fn mm_cpumask(&self, mm: MmId) -> u8 {
        self.world().mm(mm).cpumask
    }

    /// The page of a file that frame `pfn` holds, if it was stored to and nobody came to know.
    #[must_use]
    pub(crate) fn unknown_store(&self, pfn: Pfn) -> Option<(MappingId, u64)> {
        let page = self.world().file_page(pfn);
        page.filter(|(mapping, pgoff)| !self.world().knows_of_store(*mapping, *pgoff))
    }
}
