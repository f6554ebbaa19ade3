//! The part of the gate that is the processor's own: its TLB.

use crate::addr::{Pfn, VirtAddr};
use crate::arch::Pte;
use crate::machine::delta::CpuField;
use crate::machine::tlb_state::{Place, TLB_ENTRIES, TlbState, tag};
use crate::machine::{Cell, Cpu, CpuId, MappingId, MmId, Sink};

impl<S: Sink> Cpu<'_, S> {
    /// What this CPU has cached for a page.
    #[must_use]
    pub(crate) fn tlb_lookup(&self, mm: MmId, page: VirtAddr) -> Option<Pte> {
        let wanted = tag(mm, page);
        let (_, word) = self.places().iter().find(|(tag, _)| *tag == wanted)?;
        Some(Pte(*word))
    }

    /// Caches a translation on this CPU: in its old place, an empty one, or the oldest one's.
    pub(crate) fn tlb_fill(&mut self, mm: MmId, page: VirtAddr, word: Pte) {
        let tag = tag(mm, page);
        let at = |wanted: u64| self.places().iter().position(|(tag, _)| *tag == wanted);
        let used = u8::try_from(self.places().len()).expect("a TLB is small");
        let place = match at(tag).or_else(|| at(0)).map(u8::try_from) {
            Some(place) => place.expect("a TLB is small"),
            None if used < TLB_ENTRIES => used,
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

    /// Drops what CPU `of` has cached of `mm` from `start` to `end`. Returns how many translations
    /// that were.
    pub(crate) fn tlb_drop(&mut self, of: CpuId, mm: MmId, start: VirtAddr, end: VirtAddr) -> u32 {
        let (first, behind) = (tag(mm, start), tag(mm, end.max(start)));
        let hit = |tag: u64| tag.wrapping_sub(first) < behind - first;
        // Most flushes find nothing: no early exit, so that several places are compared at once.
        let hits: u32 =
            self.world().cpu(of).places.iter().map(|(tag, _)| u32::from(hit(*tag))).sum();
        if hits == 0 {
            return 0;
        }
        let mut dropped = 0;
        let mut from = 0;
        loop {
            let places = &self.world().cpu(of).places[usize::from(from)..];
            let found = (from..).zip(places).find(|(_, (tag, _))| hit(*tag));
            let Some((place, _)) = found else { return dropped };
            self.set(Cell::TlbTag(of, place), 0);
            dropped += 1;
            from = place + 1;
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

    fn places(&self) -> &[Place] {
        &self.world().cpu(self.id()).places
    }
}
