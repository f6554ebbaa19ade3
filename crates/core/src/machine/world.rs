//! The whole emulated machine: ground state, in arenas of plain records. Views read it; during a
//! run only `Cpu` writes it.

use crate::addr::{Pfn, VirtAddr};
use crate::arch::{Entry, Level, Levels, Pte};
use crate::kernel::Kernel;
use crate::machine::address_space::{DirtyBitmap, DirtyMethod, FileRaState, ShmemEnabled};
use crate::machine::delta::MachineField;
use crate::machine::fields::{
    mapping_field, mm_field, page_field, ra_field, set_mapping, set_mm, set_page, set_ra, set_vma,
    vma_field,
};
use crate::machine::page_table::{Table, Tables};
use crate::machine::rbtree::{self, Nodes};
use crate::machine::xarray::XArray;
use crate::machine::{
    AddressSpace, Cell, CpuId, Delta, FileKind, MappingId, Mm, MmId, Page, PageFlags, PageId,
    PageKind, RbNode, SlotId, TableId, TlbState, Vma, VmaId,
};

/// Frame number of the first device buffer's first frame: 256 GiB, far above memory.
const DEVICE_PFN_BASE: u64 = 0x400_0000;

/// The emulated machine.
#[derive(Clone, Debug)]
pub struct World {
    pub(in crate::machine) kernel: &'static Kernel,
    levels: Levels,
    tables: Tables,
    pages: Vec<Page>,
    mappings: Vec<AddressSpace>,
    vmas: Vec<Vma>,
    nodes: Nodes,
    mms: Vec<Mm>,
    cpus: Vec<TlbState>,
    /// By [`MachineField`].
    numbers: [u64; MachineField::COUNT],
}

pub(super) fn id(value: u64) -> u32 {
    u32::try_from(value).expect("arena numbers have 32 bits")
}

impl World {
    /// A machine without files and processes.
    #[must_use]
    pub fn new(kernel: &'static Kernel) -> Self {
        Self {
            kernel,
            levels: Levels::Four,
            tables: Tables::default(),
            pages: Vec::new(),
            mappings: Vec::new(),
            vmas: Vec::new(),
            nodes: Nodes::default(),
            mms: Vec::new(),
            cpus: vec![TlbState::default()],
            numbers: MachineField::AT_FIRST,
        }
    }

    /// Adds a file of `pages` pages. Shared memory begins with an empty page cache; a file on disk
    /// was just written, page by page, and synced. Files are there before a run begins: no delta.
    pub fn add_file(&mut self, kind: FileKind, pages: u64) -> MappingId {
        let dev_pfn = match kind {
            FileKind::Shmem | FileKind::Ext4 => Pfn(0),
            _ => Pfn(DEVICE_PFN_BASE
                + self
                    .mappings
                    .iter()
                    .filter(|m| m.kind.is_device())
                    .map(|m| m.pages)
                    .sum::<u64>()),
        };
        let words = usize::try_from(pages.div_ceil(64)).expect("a file's pages fit the host");
        self.mappings.push(AddressSpace {
            kind,
            pages,
            readahead: [FileRaState::default(); 2],
            dev_pfn,
            root: None,
            leftmost: None,
            bitmap: DirtyBitmap {
                words: vec![0; words],
                pgoff: 0,
                bits: pages,
                start: pages,
                end: 0,
            },
            written: vec![0; if kind.is_device() { words } else { 0 }],
            lost: Vec::new(),
            faults: 0,
            mkwrites: 0,
            method: DirtyMethod::Untracked,
            change_count: 0,
            i_pages: XArray::default(),
        });
        let mapping = MappingId(id(self.mappings.len() as u64 - 1));
        if kind == FileKind::Ext4 {
            for pgoff in 0..pages {
                self.cache_clean_page(mapping, pgoff);
            }
        }
        mapping
    }

    fn cache_clean_page(&mut self, mapping: MappingId, pgoff: u64) {
        let page = self.free_page_id();
        *grown(&mut self.pages, page.index()) = Page {
            kind: PageKind::File,
            flags: PageFlags::UPTODATE,
            owner: mapping.0,
            pgoff,
            ..Page::default()
        };
        self.numbers[MachineField::FreePage as usize] = u64::from(page.0) + 1;
        self.mappings[mapping.index()].i_pages.store(pgoff, Some(page));
    }

    /// The emulated kernel.
    #[must_use]
    pub fn kernel(&self) -> &'static Kernel {
        self.kernel
    }

    /// A page-table word.
    #[inline(always)]
    #[must_use]
    pub fn word(&self, slot: SlotId) -> Pte {
        self.tables.word(slot)
    }

    #[inline(always)]
    pub(in crate::machine) fn word_mut(&mut self, slot: SlotId) -> &mut u64 {
        self.tables.word_mut(slot)
    }

    #[inline(always)]
    pub(in crate::machine) fn put_rmap(&mut self, page: PageId, mapcount: u32, flags: PageFlags) {
        let page = &mut self.pages[page.index()];
        page.mapcount = mapcount;
        page.flags = flags;
    }

    /// Counts a generation of a process's translations and returns it.
    #[inline(always)]
    pub(in crate::machine) fn inc_mm_tlb_gen(&mut self, mm: MmId) -> u64 {
        let tlb_gen = &mut self.mms[mm.index()].tlb_gen;
        *tlb_gen += 1;
        *tlb_gen
    }

    /// Writes up to which of them a CPU has followed, and returns what was there.
    #[inline(always)]
    pub(in crate::machine) fn replace_tlb_gen(&mut self, of: CpuId, mm: MmId, new: u64) -> u64 {
        let gens = &mut self.cpus[usize::from(of.0)].gens;
        std::mem::replace(grown(gens, mm.index()), new)
    }

    /// A live table, or `None`.
    #[must_use]
    pub fn table(&self, table: TableId) -> Option<Table> {
        self.tables.get(table)
    }

    /// All live tables.
    pub fn tables(&self) -> impl Iterator<Item = (TableId, Table)> + '_ {
        self.tables.iter()
    }

    /// The 512 words of a table.
    #[must_use]
    pub fn table_words(&self, table: TableId) -> &[u64] {
        self.tables.words_of(table)
    }

    /// The table in frame `pfn`.
    #[inline(always)]
    #[must_use]
    pub fn table_at(&self, pfn: Pfn) -> TableId {
        let page = self.pfn_to_page(pfn).expect("an upper entry points to a page");
        let page = self.page(page);
        assert!(page.kind == PageKind::Table, "an upper entry points to a table");
        TableId(page.owner)
    }

    /// The same for who comes down to the same tables page after page: the one found last below
    /// `level` is known without a look at its page.
    #[inline(always)]
    pub(in crate::machine) fn table_at_again(&mut self, level: Level, pfn: Pfn) -> TableId {
        match self.tables.found(level, pfn) {
            Some(table) => table,
            None => self.table_at_first(level, pfn),
        }
    }

    #[cold]
    fn table_at_first(&mut self, level: Level, pfn: Pfn) -> TableId {
        let table = self.table_at(pfn);
        self.tables.set_found(level, pfn, table);
        table
    }

    /// The PTE slot of `addr`, or the level whose entry is empty, with that entry.
    ///
    /// # Errors
    /// The level and entry at which the descent ends without a table below.
    pub fn pte_slot(&self, mm: MmId, addr: VirtAddr) -> Result<SlotId, (Level, SlotId)> {
        let mut level = self.levels.top();
        let mut table = self.mm(mm).pgd.ok_or((level, SlotId(0)))?;
        while level != Level::Pte {
            let slot = SlotId::new(table, level.index(addr));
            match self.word(slot).decode(level) {
                Entry::Table(pfn) => table = self.table_at(pfn),
                _ => return Err((level, slot)),
            }
            level = level.below().unwrap_or(Level::Pte);
        }
        Ok(SlotId::new(table, Level::Pte.index(addr)))
    }

    /// The entry that `addr` is mapped by, or would be: its PTE, or a leaf above. `None` without
    /// a table.
    #[must_use]
    pub fn leaf_slot(&self, mm: MmId, addr: VirtAddr) -> Option<(Level, SlotId)> {
        match self.pte_slot(mm, addr) {
            Ok(slot) => Some((Level::Pte, slot)),
            Err((level, slot)) => {
                let is_leaf = matches!(self.word(slot).decode(level), Entry::Leaf(_));
                is_leaf.then_some((level, slot))
            }
        }
    }

    /// What a CPU that walks the tables would cache of `addr`; empty if nothing is there.
    #[must_use]
    pub fn translation(&self, mm: MmId, addr: VirtAddr) -> Pte {
        match self.leaf_slot(mm, addr) {
            Some((Level::Pte, slot)) => self.word(slot),
            Some((_, slot)) if self.word(slot).is_hw_present() => {
                self.word(slot).page_of_huge(Level::Pte.index(addr))
            }
            _ => Pte::NONE,
        }
    }

    /// A page frame.
    #[inline(always)]
    #[must_use]
    pub fn page(&self, page: PageId) -> &Page {
        &self.pages[page.index()]
    }

    /// The first page of the folio that `page` belongs to.
    #[inline(always)]
    #[must_use]
    pub fn folio(&self, page: PageId) -> PageId {
        PageId(page.0 - u32::from(self.page(page).part.index))
    }

    /// The flags of the folio that `page` belongs to.
    #[must_use]
    pub fn folio_flags(&self, page: PageId) -> PageFlags {
        self.page(self.folio(page)).flags
    }

    /// All page frames ever used, free ones included.
    #[must_use]
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The page behind a frame number; `None` for raw device frames.
    #[inline(always)]
    #[must_use]
    pub fn pfn_to_page(&self, pfn: Pfn) -> Option<PageId> {
        PageId::of(pfn, self.pages.len())
    }

    /// A file's address space.
    #[inline(always)]
    #[must_use]
    pub fn mapping(&self, mapping: MappingId) -> &AddressSpace {
        &self.mappings[mapping.index()]
    }

    /// All files.
    pub fn mappings(&self) -> impl Iterator<Item = (MappingId, &AddressSpace)> + '_ {
        (0u32..).map(MappingId).zip(&self.mappings)
    }

    /// A VMA; one not in use has no `mm`.
    #[inline(always)]
    #[must_use]
    pub fn vma(&self, vma: VmaId) -> &Vma {
        &self.vmas[vma.index()]
    }

    /// All VMAs in use.
    pub fn vmas(&self) -> impl Iterator<Item = (VmaId, &Vma)> + '_ {
        (0u32..).map(VmaId).zip(&self.vmas).filter(|(_, vma)| vma.mm.is_some())
    }

    /// A VMA's tree node.
    #[inline(always)]
    #[must_use]
    pub fn node(&self, vma: VmaId) -> RbNode {
        self.nodes.get(vma)
    }

    pub(in crate::machine) fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// A process's memory map.
    #[must_use]
    pub fn mm(&self, mm: MmId) -> &Mm {
        &self.mms[mm.index()]
    }

    /// All processes, dead ones included.
    pub fn mms(&self) -> impl Iterator<Item = (MmId, &Mm)> + '_ {
        (0u32..).map(MmId).zip(&self.mms)
    }

    /// True if process `mm` exists and lives.
    #[must_use]
    pub fn is_alive(&self, mm: MmId) -> bool {
        self.mms.get(mm.index()).is_some_and(|mm| mm.alive)
    }

    /// How many levels page tables have.
    #[inline(always)]
    #[must_use]
    pub fn levels(&self) -> Levels {
        self.levels
    }

    /// Page tables have so many levels. Said before a run begins: no delta.
    pub fn set_levels(&mut self, levels: Levels) {
        self.levels = levels;
    }

    /// Gives the machine so many CPUs, at most [`CPUS_MAX`](super::tlb_state::CPUS_MAX). They are
    /// there before a run begins: no delta.
    pub fn set_cpus(&mut self, cpus: u8) {
        self.cpus = vec![TlbState::default(); cpus.into()];
    }

    /// A CPU's TLB.
    #[must_use]
    pub fn cpu(&self, cpu: CpuId) -> &TlbState {
        &self.cpus[usize::from(cpu.0)]
    }

    /// All CPUs.
    pub fn cpus(&self) -> impl Iterator<Item = (CpuId, &TlbState)> + '_ {
        (0u8..).map(CpuId).zip(&self.cpus)
    }

    /// More than one CPU: then their TLBs are worth telling of.
    #[must_use]
    pub fn is_smp(&self) -> bool {
        self.cpus.len() > 1
    }

    /// Fault-around window in pages; 1 turns it off.
    #[must_use]
    pub fn fault_around_pages(&self) -> u64 {
        self.numbers[MachineField::FaultAroundPages as usize]
    }

    /// Shared memory is cached in folios of 2 MiB where they have room (`shmem_enabled`).
    #[must_use]
    pub fn shmem_enabled(&self) -> ShmemEnabled {
        match self.numbers[MachineField::ShmemEnabled as usize] {
            0 => ShmemEnabled::Never,
            _ => ShmemEnabled::Force,
        }
    }

    /// The kernel has warned of something, and says so for ever (`TAINT_WARN`).
    #[must_use]
    pub fn has_warned(&self) -> bool {
        self.numbers[MachineField::TaintWarn as usize] != 0
    }

    /// Processes are never reused, and one that was rewound away counts no more.
    pub(in crate::machine) fn next_mm_id(&self) -> MmId {
        MmId(id(self.numbers[MachineField::NextMm as usize]))
    }

    pub(in crate::machine) fn free_table_id(&self) -> TableId {
        self.tables.first_free(id(self.numbers[MachineField::FreeTable as usize]))
    }

    pub(in crate::machine) fn free_vma_id(&self) -> VmaId {
        let from = id(self.numbers[MachineField::FreeVma as usize]);
        let used = |n: &u32| self.vmas.get(*n as usize).is_some_and(|vma| vma.mm.is_some());
        VmaId((from..).find(|n| !used(n)).unwrap_or(u32::MAX))
    }

    pub(in crate::machine) fn free_page_id(&self) -> PageId {
        self.free_folio_id(0)
    }

    /// Lowest run of 2^order free frames, aligned to its length.
    pub(in crate::machine) fn free_folio_id(&self, order: u8) -> PageId {
        let nr = 1 << order;
        let from = id(self.numbers[MachineField::FreePage as usize]).next_multiple_of(nr);
        let used = |n: u32| self.pages.get(n as usize).is_some_and(|p| p.kind != PageKind::Free);
        let mut runs = (from..u32::MAX - nr).step_by(nr as usize);
        PageId(runs.find(|first| !(*first..first + nr).any(used)).unwrap_or(u32::MAX))
    }

    /// Does a recorded change again.
    pub(crate) fn step_forward(&mut self, delta: &Delta) {
        debug_assert_eq!(self.get(delta.cell), delta.old, "redo of {:?}", delta.cell);
        self.put(delta.cell, delta.new);
    }

    /// Takes a recorded change back.
    pub(crate) fn step_back(&mut self, delta: &Delta) {
        debug_assert_eq!(self.get(delta.cell), delta.new, "undo of {:?}", delta.cell);
        self.put(delta.cell, delta.old);
    }

    /// Reads a cell. One that was never written holds 0.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(in crate::machine) fn get(&self, cell: Cell) -> u64 {
        match cell {
            Cell::Word(slot) => self.tables.word(slot).0,
            Cell::Table(table) => self.tables.get(table).map_or(0, Table::to_cell),
            Cell::Page(page, field) => {
                self.pages.get(page.index()).map_or(0, |page| page_field(page, field))
            }
            Cell::Cached(mapping, pgoff) => {
                self.mapping(mapping).page(pgoff).map_or(0, |page| u64::from(page.0) + 1)
            }
            Cell::Vma(vma, field) => {
                self.vmas.get(vma.index()).map_or(0, |vma| vma_field(vma, field))
            }
            Cell::Node(vma, field) => self.nodes.field(vma, field),
            Cell::Mapping(mapping, field) => mapping_field(self.mapping(mapping), field),
            Cell::Readahead(file, field) => {
                ra_field(&self.mapping(file.mapping).readahead[file.mode as usize], field)
            }
            Cell::Bitmap(mapping, word) => word_of(&self.mapping(mapping).bitmap.words, word),
            Cell::Written(mapping, word) => word_of(&self.mapping(mapping).written, word),
            Cell::Lost(mapping, word) => word_of(&self.mapping(mapping).lost, word),
            Cell::Mm(mm, field) => self.mms.get(mm.index()).map_or(0, |mm| mm_field(mm, field)),
            Cell::Cpu(cpu, field) => self.cpu(cpu).field(field),
            Cell::TlbGen(cpu, mm) => self.cpu(cpu).tlb_gen(mm),
            Cell::TlbTag(cpu, at) => self.cpu(cpu).tag(at),
            Cell::TlbWord(cpu, at) => self.cpu(cpu).word(at),
            Cell::VmaAt(mm, addr) => {
                let vma = self.mms.get(mm.index()).and_then(|mm| mm.vmas.get(&addr));
                rbtree::encode(vma.copied())
            }
            Cell::Machine(field) => self.numbers[field as usize],
        }
    }

    /// Writes a cell, growing its arena where needed.
    #[cfg_attr(not(target_arch = "wasm32"), inline(always))]
    pub(in crate::machine) fn put(&mut self, cell: Cell, value: u64) {
        match cell {
            Cell::Word(slot) => *self.tables.word_mut(slot) = value,
            Cell::Table(table) => self.tables.set(table, Table::from_cell(value)),
            Cell::Page(page, field) => set_page(grown(&mut self.pages, page.index()), field, value),
            Cell::Cached(mapping, pgoff) => {
                let page = value.checked_sub(1).map(|page| PageId(id(page)));
                self.mappings[mapping.index()].i_pages.store(pgoff, page);
            }
            Cell::Vma(vma, field) => {
                self.nodes.grow(vma);
                set_vma(grown(&mut self.vmas, vma.index()), field, value);
            }
            Cell::Node(vma, field) => self.nodes.set_field(vma, field, value),
            Cell::Mapping(mapping, field) => {
                set_mapping(&mut self.mappings[mapping.index()], field, value);
            }
            Cell::Readahead(file, field) => {
                let mapping = &mut self.mappings[file.mapping.index()];
                set_ra(&mut mapping.readahead[file.mode as usize], field, value);
            }
            Cell::Bitmap(mapping, word) => {
                let words = &mut self.mappings[mapping.index()].bitmap.words;
                *grown(words, index(word)) = value;
            }
            Cell::Written(mapping, word) => {
                *grown(&mut self.mappings[mapping.index()].written, index(word)) = value;
            }
            Cell::Lost(mapping, word) => {
                *grown(&mut self.mappings[mapping.index()].lost, index(word)) = value;
            }
            Cell::Mm(mm, field) => set_mm(grown(&mut self.mms, mm.index()), field, value),
            Cell::Cpu(cpu, field) => self.cpus[usize::from(cpu.0)].set_field(field, value),
            Cell::TlbGen(cpu, mm) => {
                self.replace_tlb_gen(cpu, mm, value);
            }
            Cell::TlbTag(cpu, at) => self.cpus[usize::from(cpu.0)].set_tag(at, value),
            Cell::TlbWord(cpu, at) => self.cpus[usize::from(cpu.0)].set_word(at, value),
            Cell::VmaAt(mm, addr) => {
                let vmas = &mut grown(&mut self.mms, mm.index()).vmas;
                match rbtree::decode(id(value)) {
                    Some(vma) => vmas.insert(addr, vma),
                    None => vmas.remove(&addr),
                };
            }
            Cell::Machine(field) => self.numbers[field as usize] = value,
        }
    }
}

fn index(word: u64) -> usize {
    usize::try_from(word).expect("a bitmap fits the host")
}

fn word_of(words: &[u64], word: u64) -> u64 {
    words.get(index(word)).copied().unwrap_or(0)
}

/// The record at `index`, made empty if it was not there yet.
#[inline(always)]
fn grown<T: Default + Clone>(arena: &mut Vec<T>, index: usize) -> &mut T {
    if index >= arena.len() {
        grow(arena, index + 1);
    }
    &mut arena[index]
}

#[cold]
#[inline(never)]
fn grow<T: Default + Clone>(arena: &mut Vec<T>, len: usize) {
    arena.resize(len, T::default());
}
