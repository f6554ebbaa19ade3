//! The one gate to the world during a run. Every read returns a copy, every write tells the sink
//! what it replaced, every event may stop the run: so a run can be recorded, rewound, and one day
//! replayed from its own log.

use std::ops::{Deref, DerefMut};

use crate::addr::{Pfn, VirtAddr};
use crate::arch::{Level, Levels, Pte};
use crate::kernel::Kernel;
use crate::machine::address_space::{DirtyMethod, FileRaState};
use crate::machine::delta::{MachineField, MappingField, MmField, NodeField, PageField};
use crate::machine::event::FaultEnd;
use crate::machine::page_table::Table;
use crate::machine::sink::Intrusion;
use crate::machine::vma::OpenFile;
use crate::machine::{
    Cell, CpuId, Event, FileKind, Func, MappingId, MmId, Page, PageFlags, PageId, RbNode, Sink,
    SlotId, Stop, TableId, Vma, VmaId, World,
};

/// FIDELITY: one-thing-at-a-time.
/// Executes kernel functions on a [`World`], telling a [`Sink`].
pub struct Cpu<'a, S: Sink> {
    world: &'a mut World,
    sink: &'a mut S,
    id: CpuId,
}

/// A kernel function in progress: ends when dropped.
pub struct Scope<'c, 'a, S: Sink>(&'c mut Cpu<'a, S>);

impl<S: Sink> Drop for Scope<'_, '_, S> {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.sink.exit();
    }
}

impl<'a, S: Sink> Deref for Scope<'_, 'a, S> {
    type Target = Cpu<'a, S>;

    #[inline(always)]
    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl<S: Sink> DerefMut for Scope<'_, '_, S> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.0
    }
}

impl<'a, S: Sink> Cpu<'a, S> {
    /// CPU 0, for one run.
    pub fn new(world: &'a mut World, sink: &'a mut S) -> Self {
        Self { world, sink, id: CpuId(0) }
    }

    /// Another CPU of the same machine.
    pub fn on(&mut self, id: CpuId) -> Cpu<'_, S> {
        Cpu { world: &mut *self.world, sink: &mut *self.sink, id }
    }

    /// Which CPU this is.
    #[inline(always)]
    #[must_use]
    pub fn id(&self) -> CpuId {
        self.id
    }

    /// The machine, to look at.
    #[inline(always)]
    #[must_use]
    pub(in crate::machine) fn world(&self) -> &World {
        self.world
    }

    /// Begins kernel function `func`; it ends when the guard drops. `args` as [`Func::args`] says.
    #[inline(always)]
    pub fn enter<'c>(&'c mut self, func: Func, args: [u64; 2]) -> Scope<'c, 'a, S> {
        self.sink.enter(func, args);
        Scope(self)
    }

    /// Reports a step.
    ///
    /// # Errors
    /// The sink may stop the run.
    #[inline(always)]
    pub fn event(&mut self, event: Event) -> Result<(), Stop> {
        self.sink.event(&event)
    }

    /// Entries of `mm` from `start` to `end` have changed and are about to be flushed: who comes in
    /// before that?
    pub(crate) fn intrusion(
        &mut self,
        mm: MmId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Option<Intrusion> {
        self.sink.intrusion(mm, start, end)
    }

    /// What came of it, as [`Sink::intruded`] has it.
    pub(crate) fn intruded(&mut self, end: Option<(u32, FaultEnd)>) {
        self.sink.intruded(end);
    }

    /// Writes any cell.
    #[inline(always)]
    pub(crate) fn set(&mut self, cell: Cell, new: u64) {
        let old = self.world.get(cell);
        if old != new {
            self.world.put(cell, new);
            self.sink.delta(cell, old, new);
        }
    }

    /// Reads any cell.
    #[inline(always)]
    pub(crate) fn get(&self, cell: Cell) -> u64 {
        self.world.get(cell)
    }

    /// More than one CPU: then their TLBs are worth telling of.
    #[must_use]
    pub fn is_smp(&self) -> bool {
        self.world.is_smp()
    }

    /// The emulated kernel.
    #[inline(always)]
    #[must_use]
    pub fn kernel(&self) -> &'static Kernel {
        self.world.kernel
    }

    /// Reads a page-table word.
    #[inline(always)]
    #[must_use]
    pub fn word(&self, slot: SlotId) -> Pte {
        self.world.word(slot)
    }

    /// Writes a page-table word.
    #[inline(always)]
    pub(crate) fn set_word(&mut self, slot: SlotId, word: Pte) {
        let old = std::mem::replace(self.world.word_mut(slot), word.0);
        self.sink.delta(Cell::Word(slot), old, word.0);
    }

    /// `ptep_modify_prot_start` and `_commit`: takes a word out and puts in what `change` makes of
    /// it, looking the slot up once.
    ///
    /// # Errors
    /// The sink may stop the run.
    #[inline(always)]
    pub(crate) fn modify_prot(
        &mut self,
        slot: SlotId,
        addr: VirtAddr,
        change: impl FnOnce(Pte) -> Pte,
    ) -> Result<(), Stop> {
        let word = self.world.word_mut(slot);
        let old = *word;
        self.sink.event(&Event::Xchg { slot, addr })?;
        *word = Pte::NONE.0;
        self.sink.delta(Cell::Word(slot), old, *word);
        self.sink.event(&Event::Store { slot, addr })?;
        *word = change(Pte(old)).0;
        self.sink.delta(Cell::Word(slot), Pte::NONE.0, *word);
        Ok(())
    }

    /// The table that an upper entry points to.
    #[inline(always)]
    #[must_use]
    pub fn table_at(&self, pfn: Pfn) -> TableId {
        self.world.table_at(pfn)
    }

    /// The same for who comes down to the same tables page after page.
    #[inline(always)]
    #[must_use]
    pub(crate) fn table_at_again(&mut self, level: Level, pfn: Pfn) -> TableId {
        self.world.table_at_again(level, pfn)
    }

    /// What a table is.
    #[must_use]
    pub fn table(&self, table: TableId) -> Table {
        self.world.table(table).expect("a live table")
    }

    /// A VMA.
    #[inline(always)]
    #[must_use]
    pub fn vma(&self, vma: VmaId) -> Vma {
        *self.world.vma(vma)
    }

    /// A VMA's tree node.
    #[inline(always)]
    #[must_use]
    pub fn node(&self, vma: VmaId) -> RbNode {
        self.world.node(vma)
    }

    pub(crate) fn set_node(&mut self, vma: VmaId, field: NodeField, value: u64) {
        self.set(Cell::Node(vma, field), value);
    }

    /// A page frame.
    #[inline]
    #[must_use]
    pub fn page(&self, page: PageId) -> Page {
        *self.world.page(page)
    }

    /// The first page of the folio that `page` belongs to.
    #[must_use]
    pub fn folio(&self, page: PageId) -> PageId {
        self.world.folio(page)
    }

    /// The flags of the folio that `page` belongs to.
    #[must_use]
    pub fn folio_flags(&self, page: PageId) -> PageFlags {
        self.world.folio_flags(page)
    }

    /// Writes how many entries map a page, and whether a copy on write is exclusive: without a
    /// detour, for fork and exit do it for each entry.
    #[inline(always)]
    pub(crate) fn set_rmap(&mut self, page: PageId, mapcount: u32, flags: PageFlags) {
        let old = *self.world.page(page);
        self.world.put_rmap(page, mapcount, flags);
        if old.mapcount != mapcount {
            let cell = Cell::Page(page, PageField::Mapcount);
            self.sink.delta(cell, old.mapcount.into(), mapcount.into());
        }
        if old.flags != flags {
            let cell = Cell::Page(page, PageField::Flags);
            self.sink.delta(cell, old.flags.bits().into(), flags.bits().into());
        }
    }

    /// `inc_mm_tlb_gen`: a new generation of the process's translations.
    #[inline(always)]
    pub(crate) fn inc_mm_tlb_gen(&mut self, mm: MmId) -> u64 {
        let new = self.world.inc_mm_tlb_gen(mm);
        self.sink.delta(Cell::Mm(mm, MmField::TlbGen), new - 1, new);
        new
    }

    /// Writes up to which generation of them CPU `of` has followed.
    #[inline(always)]
    pub(crate) fn set_tlb_gen(&mut self, of: CpuId, mm: MmId, new: u64) {
        let old = self.world.replace_tlb_gen(of, mm, new);
        if old != new {
            self.sink.delta(Cell::TlbGen(of, mm), old, new);
        }
    }

    /// Counts leaf PMDs that map a folio.
    pub(crate) fn set_entire_mapcount(&mut self, folio: PageId, mapcount: u16) {
        self.set(Cell::Page(folio, PageField::EntireMapcount), mapcount.into());
    }

    /// The page behind a frame number; `None` for raw device frames.
    #[inline]
    #[must_use]
    pub fn pfn_to_page(&self, pfn: Pfn) -> Option<PageId> {
        self.world.pfn_to_page(pfn)
    }

    /// The page that a mapping caches at `pgoff`.
    #[must_use]
    pub fn cached(&self, mapping: MappingId, pgoff: u64) -> Option<PageId> {
        self.world.mapping(mapping).page(pgoff)
    }

    /// The pages that a mapping caches in `first..=last`, as many as `batch` holds. Returns how
    /// many that are.
    // Apart: its loop and the one around it are not to share registers.
    #[inline(never)]
    pub(crate) fn cached_batch(
        &self,
        mapping: MappingId,
        first: u64,
        last: u64,
        batch: &mut [(u64, PageId)],
    ) -> usize {
        let found = self.world.mapping(mapping).pages_in(first, last);
        let mut count = 0;
        found.take(batch.len()).for_each(|page| {
            batch[count] = page;
            count += 1;
        });
        count
    }

    /// The first page that a mapping caches at `pgoff` or behind.
    #[must_use]
    pub fn next_cached(&self, mapping: MappingId, pgoff: u64) -> Option<(u64, PageId)> {
        self.world.mapping(mapping).pages_in(pgoff, u64::MAX).next()
    }

    /// What stands behind a mapping.
    #[must_use]
    pub fn file_kind(&self, mapping: MappingId) -> FileKind {
        self.world.mapping(mapping).kind
    }

    /// An open file's readahead window.
    #[must_use]
    pub fn readahead(&self, file: OpenFile) -> FileRaState {
        self.world.mapping(file.mapping).readahead[file.mode as usize]
    }

    /// A file's size in pages.
    #[must_use]
    pub fn file_pages(&self, mapping: MappingId) -> u64 {
        self.world.mapping(mapping).pages
    }

    /// First frame of a device buffer.
    #[must_use]
    pub fn device_pfn(&self, mapping: MappingId) -> Pfn {
        self.world.mapping(mapping).dev_pfn
    }

    /// How vmwgfx tracks a buffer now.
    #[must_use]
    pub fn dirty_method(&self, mapping: MappingId) -> DirtyMethod {
        self.world.mapping(mapping).method
    }

    /// Root of a mapping's i_mmap tree.
    #[inline(always)]
    #[must_use]
    pub fn tree_root(&self, mapping: MappingId) -> Option<VmaId> {
        self.world.mapping(mapping).root
    }

    /// Leftmost node of a mapping's i_mmap tree.
    #[inline(always)]
    #[must_use]
    pub fn tree_leftmost(&self, mapping: MappingId) -> Option<VmaId> {
        self.world.mapping(mapping).leftmost
    }

    /// A number that a mapping keeps.
    #[must_use]
    pub fn mapping_field(&self, mapping: MappingId, field: MappingField) -> u64 {
        self.get(Cell::Mapping(mapping, field))
    }

    /// A process's top-level table, which every live process has.
    #[inline(always)]
    #[must_use]
    pub fn pgd(&self, mm: MmId) -> TableId {
        self.world.mm(mm).pgd.expect("a live process has a PGD")
    }

    /// How many levels page tables have.
    #[inline(always)]
    #[must_use]
    pub fn levels(&self) -> Levels {
        self.world.levels()
    }

    /// `mm->tlb_flush_pending`.
    #[must_use]
    pub fn tlb_flush_pending(&self, mm: MmId) -> u64 {
        self.get(Cell::Mm(mm, MmField::TlbFlushPending))
    }

    /// True while the process lives.
    #[must_use]
    pub fn is_alive(&self, mm: MmId) -> bool {
        self.world.mm(mm).alive
    }

    /// The PTE of `addr`, if its table is there.
    #[must_use]
    pub fn pte_slot(&self, mm: MmId, addr: VirtAddr) -> Option<SlotId> {
        self.world.pte_slot(mm, addr).ok()
    }

    /// The entry that `addr` is mapped by, or would be: its PTE, or a leaf above. `None` without
    /// a table.
    #[must_use]
    pub fn leaf_slot(&self, mm: MmId, addr: VirtAddr) -> Option<(Level, SlotId)> {
        self.world.leaf_slot(mm, addr)
    }

    /// What a CPU that walks the tables would cache of `addr`; empty if nothing is there.
    #[must_use]
    pub fn translation(&self, mm: MmId, addr: VirtAddr) -> Pte {
        self.world.translation(mm, addr)
    }

    /// The first VMA that ends above `addr`, in address order.
    #[must_use]
    pub fn find_vma(&self, mm: MmId, addr: VirtAddr) -> Option<VmaId> {
        let mm = self.world.mm(mm);
        mm.at_or_below(addr)
            .filter(|vma| self.world.vma(*vma).contains(addr))
            .or_else(|| mm.at_or_above(addr))
    }

    /// The VMA that ends at or below `addr`, nearest first.
    #[must_use]
    pub fn find_vma_prev(&self, mm: MmId, addr: VirtAddr) -> Option<VmaId> {
        let below = VirtAddr(addr.0.checked_sub(1)?);
        self.world.mm(mm).at_or_below(below)
    }

    /// The process's VMAs in address order.
    #[must_use]
    pub fn vmas(&self, mm: MmId) -> Vec<VmaId> {
        self.world.mm(mm).vmas().collect()
    }

    /// A number of the machine as a whole.
    #[must_use]
    pub fn machine_field(&self, field: MachineField) -> u64 {
        self.get(Cell::Machine(field))
    }

    /// The number of the next process.
    pub(crate) fn next_mm_id(&self) -> MmId {
        self.world.next_mm_id()
    }

    /// Lowest number of a table that is not in use.
    pub(crate) fn free_table_id(&self) -> TableId {
        self.world.free_table_id()
    }

    /// Lowest number of a VMA that is not in use.
    pub(crate) fn free_vma_id(&self) -> VmaId {
        self.world.free_vma_id()
    }

    /// Lowest number of a page frame that is not in use.
    pub(crate) fn free_page_id(&self) -> PageId {
        self.world.free_page_id()
    }

    /// Lowest run of 2^order frames, aligned to its length, that are not in use.
    pub(crate) fn free_folio_id(&self, order: u8) -> PageId {
        self.world.free_folio_id(order)
    }
}
