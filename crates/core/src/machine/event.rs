//! What a step *means*. Small and `Copy`: what memory did stands in the deltas behind it, words and
//! names are the views' job.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level};
use crate::machine::address_space::DirtyMethod;
use crate::machine::rbtree::{Colour, Side};
use crate::machine::{CpuId, MappingId, MmId, PageId, SlotId, TableId, VmaId};

/// A lock of the kernel, by what it protects. FIDELITY: locks-that-are-shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Lock {
    /// `i_mmap_rwsem` of a mapping.
    IMmap(MappingId),
    /// `mmap_lock` of a process.
    Mmap(MmId),
    /// A VMA's own lock: a fault holds it for reading, in place of `mmap_lock`.
    Vma(VmaId),
    /// The lock of a folio, by its first page.
    Folio(PageId),
    /// The lock of a family of copies on write, by its number.
    AnonVma(u32),
    /// `page_table_lock` of a process: for tables above the PMDs.
    PageTable(MmId),
    /// The spin lock of a table of PTEs, or of PMDs while a table is hooked in.
    Ptl(TableId),
}

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Mode {
    /// With other readers.
    Read,
    /// Alone.
    Write,
}

/// What a look at a tree node said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Look {
    /// The whole tree ends before the range: nothing to find.
    RootEndsBefore,
    /// The leftmost node starts behind the range: nothing to find.
    LeftmostStartsAfter,
    /// Its `subtree_last` reaches the range: go down there.
    Enter,
    /// Its `subtree_last` ends before the range: the subtree is passed over.
    Pruned,
    /// It meets the range.
    Hit,
    /// It ends before the range.
    EndsBefore,
    /// It starts behind the range: so does everything after it.
    StartsAfter,
    /// Reached again from below.
    Climb,
}

/// What a page-table entry held when the walk read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Found {
    /// Nothing.
    None,
    /// A lower table.
    Table,
    /// A page.
    Leaf,
    /// A swap-like word.
    NonPresent,
    /// A page, but none of those that the walk looks for.
    Foreign,
}

impl From<Entry> for Found {
    fn from(entry: Entry) -> Self {
        match entry {
            Entry::None => Found::None,
            Entry::Table(_) => Found::Table,
            Entry::Leaf(_) => Found::Leaf,
            Entry::NonPresent => Found::NonPresent,
        }
    }
}

/// What the walk's filter (`test_walk`) said of a VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Verdict {
    /// Walk it.
    Walk,
    /// It fails, and the walk of the whole mapping ends: what the kernel does.
    EndsWalk,
    /// It fails and is passed over: what the documentation says (`filter=skip`).
    Skipped,
}

/// What `post_vma` decided to flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Flush {
    /// Nothing changed and nobody else is about to flush.
    Nothing,
    /// The smallest range around the changed entries.
    Hull,
    /// Somebody else's flush is pending: the whole clipped range.
    Nested,
    /// An unmap, fork or page free: the range it touched.
    Range,
    /// The same, but before the PTL drops: dirt went to pages, or no batch has room.
    Forced,
    /// One entry, at once, under its PTL: a page, or the 2 MiB of a leaf PMD.
    Page,
}

/// How much of the TLB a flush costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Reach {
    /// Nothing.
    None,
    /// One INVLPG a page: at most 33.
    Pages,
    /// One INVLPG for each 2 MiB, for PTEs have not changed: at most 33.
    HugePages,
    /// Everything of this address space: above 33 pages.
    All,
}

/// What another CPU did when it was asked to flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum IpiAnswer {
    /// It dropped the translations.
    Flushed,
    /// A kernel thread ran there: it left the address space instead.
    LeftLazy,
    /// It ran another process by then: it left the mask.
    NotLoaded,
}

/// How a cached translation compares with the page table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Cached {
    /// The entry would allow the same.
    Fresh,
    /// The entry has changed since, and somebody knows of the store.
    Stale,
    /// The entry has changed since, and of this store nobody will ever know: neither an entry, nor
    /// the bitmap, nor the kernel's page, nor the driver.
    Lost,
}

/// What a CPU had to do to run an address space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum SwitchIn {
    /// What it had cached of it is up to date.
    UpToDate,
    /// Flushes passed it by: it dropped all it had.
    CaughtUp,
}

/// A load or a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum Access {
    /// Reads one byte.
    Load,
    /// Writes one byte.
    Store,
}

/// Which end of something that lasts.
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It begins.
    Begins,
    /// It ends.
    Ends,
}

/// Why the processor faulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum FaultCause {
    /// No entry.
    NotPresent,
    /// An entry that does not allow it.
    Protection,
}

/// How a fault ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
pub enum FaultEnd {
    /// The access is tried again.
    Retry,
    /// SIGSEGV: no VMA there.
    SegvMapErr,
    /// SIGSEGV: the VMA forbids it.
    SegvAccErr,
    /// SIGBUS: behind the end of the file.
    Bus,
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::event))]
#[expect(missing_docs, reason = "fields: the thing concerned, in the kernel's words")]
pub enum Event {
    /// Statement `index` of the scenario begins.
    Statement { index: u32 },
    /// The statement's kernel function returned this.
    Return { value: u64 },

    /// A lock is taken.
    Lock { lock: Lock, mode: Mode },
    /// A lock is dropped.
    Unlock { lock: Lock, mode: Mode },
    /// A lock held for writing is held for reading from now on.
    Downgrade { lock: Lock },

    /// The tree is asked for page offsets `first..=last`.
    TreeQuery { mapping: MappingId, first: u64, last: u64 },
    /// The search looks at a node.
    TreeLook { node: VmaId, look: Look },
    /// Nothing more meets the range.
    TreeEnd { mapping: MappingId },
    /// An insertion compares with `at` and goes on to its `side`; the node's `subtree_last` grows
    /// if needed.
    TreeDescend { node: VmaId, at: VmaId, side: Side },
    /// The node is linked in, red.
    TreeLink { node: VmaId },
    /// `pivot` sinks to `side`, its child rises.
    TreeRotate { pivot: VmaId, side: Side },
    /// A node changes colour.
    TreeColour { node: VmaId, colour: Colour },
    /// The node leaves the tree.
    TreeErase { node: VmaId },
    /// `subtree_last` of a node is computed anew.
    TreeAugment { node: VmaId },

    /// The filter is asked about a VMA.
    Filter { vma: VmaId, verdict: Verdict },
    /// The wanted range, clipped to a VMA, in addresses.
    Clip { vma: VmaId, start: VirtAddr, end: VirtAddr },
    /// `mmu_notifier_invalidate_range_start`.
    NotifierStart { mm: MmId, start: VirtAddr, end: VirtAddr },
    /// `mmu_notifier_invalidate_range_end`.
    NotifierEnd { mm: MmId, start: VirtAddr, end: VirtAddr },
    /// `tlb_flush_pending` becomes `pending`.
    FlushPending { mm: MmId, pending: u32 },
    /// The flush decision, and the flush.
    Flush { mm: MmId, flush: Flush, reach: Reach, start: VirtAddr, end: VirtAddr },
    /// The flush that is due here is left out, as no kernel does.
    FlushOmitted { mm: MmId, start: VirtAddr, end: VirtAddr },
    /// Another CPU is interrupted to flush too.
    Ipi { cpu: CpuId, mm: MmId, answer: IpiAnswer },

    /// An entry above the PTEs is read on the way down.
    Descend { level: Level, found: Found, slot: SlotId, addr: VirtAddr },
    /// Nothing from `addr` to `end`: stepped over at once, one entry of `level`.
    Hole { level: Level, addr: VirtAddr, end: VirtAddr },
    /// A PTE is visited by the walk.
    Slot { found: Found, slot: SlotId, addr: VirtAddr },
    /// The entry is taken out, so that no CPU can set bits behind the walk's back: a PTE is
    /// exchanged with 0, a leaf PMD with itself made not present.
    Xchg { slot: SlotId, addr: VirtAddr },
    /// The changed PTE is put back.
    Store { slot: SlotId, addr: VirtAddr },
    /// A leaf above the PTEs, writable or dirty, is left as it is, and the kernel warns of it.
    Warn { slot: SlotId, addr: VirtAddr },
    /// `bit` of the bitmap is set, and the hull grows.
    Record { mapping: MappingId, bit: u64 },

    /// A process touches memory.
    Access { cpu: CpuId, mm: MmId, access: Access, addr: VirtAddr },
    /// A CPU goes over to a process's address space.
    SwitchMm { cpu: CpuId, mm: MmId, switch: SwitchIn },
    /// A kernel thread runs on the CPU, which keeps the address space loaded (lazy TLB).
    Lazy { cpu: CpuId },
    /// The CPU uses what it has cached, and looks at no page table.
    TlbHit { cpu: CpuId, mm: MmId, access: Access, cached: Cached, addr: VirtAddr },
    /// The CPU caches the entry that it has just used.
    TlbFill { cpu: CpuId, slot: SlotId, addr: VirtAddr },
    /// The other CPU's access is over: this one goes on.
    Resume { cpu: CpuId },
    /// The processor sets A or D in the entry it used.
    Hardware { slot: SlotId, access: Access, addr: VirtAddr },
    /// Page fault.
    Fault { mm: MmId, access: Access, cause: FaultCause, addr: VirtAddr },
    /// The fault is dealt with.
    FaultEnd { mm: MmId, end: FaultEnd, addr: VirtAddr },
    /// A page table is hooked in, below an entry of `level`.
    TableAlloc { table: TableId, level: Level, addr: VirtAddr },
    /// A page table is unhooked and freed.
    TableFree { table: TableId, level: Level, addr: VirtAddr },
    /// A folio of 2^order pages enters the page cache.
    CacheAdd { mapping: MappingId, pgoff: u64, order: u8 },
    /// The window `pgoff..pgoff + pages` is to be read from the disk.
    Readahead { mapping: MappingId, pgoff: u64, pages: u32 },
    /// The folio at `pgoff` gets or loses the mark at which reading goes on.
    ReadaheadMark { mapping: MappingId, pgoff: u64 },
    /// The disk has delivered `pages` pages.
    ReadPages { mapping: MappingId, pgoff: u64, pages: u32 },
    /// A folio of 2^order pages leaves the page cache and is freed.
    CacheDrop { mapping: MappingId, pgoff: u64, order: u8 },
    /// A folio is halved again and again until page `pgoff` is one alone.
    FolioSplit { mapping: MappingId, pgoff: u64 },
    /// A file has `pages` pages from now on.
    FileSize { mapping: MappingId, pages: u64 },
    /// A page is marked dirty for the kernel.
    PageDirty { page: PageId },
    /// A folio is clean for the kernel: what was written is on its way to the disk.
    PageClean { page: PageId },
    /// The folio is locked from here on, to be migrated, or unlocked again.
    Migration { page: PageId, phase: Phase },
    /// The disk is given the folio.
    Writeback { page: PageId },
    /// The disk has it.
    WritebackEnd { page: PageId },
    /// A new page for a copy on write.
    Cow { page: PageId, addr: VirtAddr },
    /// A PTE is installed.
    Install { slot: SlotId, addr: VirtAddr },
    /// A PTE is zapped.
    Zap { slot: SlotId, addr: VirtAddr },
    /// A zap spares a PTE: it maps a copy on write.
    Keep { slot: SlotId, addr: VirtAddr },
    /// The gather has no room for more pages before it flushes and frees these.
    BatchFull { mm: MmId, pages: u32 },
    /// A page learns that an entry was accessed.
    PageAccessed { page: PageId },
    /// A page that nobody maps any more is freed.
    PageFree { page: PageId },
    /// A PTE is copied to the child; the parent's may lose its write bit.
    Copy { from: SlotId, to: SlotId, addr: VirtAddr },
    /// An entry moves to another address of its process, `to`, which `mremap` gives it: a PTE, or
    /// an upper one with the table below it.
    Move { from: SlotId, to: SlotId, addr: VirtAddr },
    /// The driver or file system hears that a page is about to be written.
    Mkwrite { mapping: MappingId, pgoff: u64 },

    /// vmwgfx learns of writes by this method from here on.
    DirtyMethod { mapping: MappingId, method: DirtyMethod },
    /// vmwgfx hands pages `first..first + nr`, found written, to the device.
    DirtyTransfer { mapping: MappingId, first: u64, nr: u64 },

    /// A process comes to be.
    MmNew { mm: MmId },
    /// A process is gone.
    MmGone { mm: MmId },
    /// A VMA comes to be, or changes its borders.
    VmaChange { vma: VmaId },
    /// A VMA's flags and the protection of fresh entries change.
    VmaFlags { vma: VmaId },
    /// An unmapping takes the VMA out of its process.
    VmaDetach { vma: VmaId },
    /// A VMA is gone.
    VmaGone { vma: VmaId },
}

const _: () = assert!(size_of::<Event>() <= 24);

/// The rows of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Locks and statements.
    Lock,
    /// The interval tree.
    Tree,
    /// VMAs, filters, notifiers.
    Mapping,
    /// Upper page tables.
    Table,
    /// Entries looked at.
    Entry,
    /// Entries changed.
    Change,
    /// TLBs: what is cached, used and flushed.
    Flush,
}

impl Kind {
    /// All rows, from the top.
    pub const ALL: [Kind; 7] = [
        Kind::Lock,
        Kind::Tree,
        Kind::Mapping,
        Kind::Table,
        Kind::Entry,
        Kind::Change,
        Kind::Flush,
    ];

    /// Its name on the page.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Lock => "lock",
            Kind::Tree => "tree",
            Kind::Mapping => "mapping",
            Kind::Table => "table",
            Kind::Entry => "entry",
            Kind::Change => "change",
            Kind::Flush => "flush",
        }
    }
}

impl Event {
    /// The row it belongs to.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Event::Statement { .. }
            | Event::Return { .. }
            | Event::Lock { .. }
            | Event::Unlock { .. }
            | Event::Downgrade { .. } => Kind::Lock,
            Event::TreeQuery { .. }
            | Event::TreeLook { .. }
            | Event::TreeEnd { .. }
            | Event::TreeDescend { .. }
            | Event::TreeLink { .. }
            | Event::TreeRotate { .. }
            | Event::TreeColour { .. }
            | Event::TreeErase { .. }
            | Event::TreeAugment { .. } => Kind::Tree,
            Event::Filter { .. }
            | Event::Clip { .. }
            | Event::NotifierStart { .. }
            | Event::NotifierEnd { .. }
            | Event::FlushPending { .. }
            | Event::Access { .. }
            | Event::Resume { .. }
            | Event::Fault { .. }
            | Event::FaultEnd { .. }
            | Event::CacheAdd { .. }
            | Event::Readahead { .. }
            | Event::ReadaheadMark { .. }
            | Event::ReadPages { .. }
            | Event::CacheDrop { .. }
            | Event::FolioSplit { .. }
            | Event::FileSize { .. }
            | Event::PageDirty { .. }
            | Event::PageAccessed { .. }
            | Event::PageFree { .. }
            | Event::BatchFull { .. }
            | Event::PageClean { .. }
            | Event::Writeback { .. }
            | Event::Migration { .. }
            | Event::WritebackEnd { .. }
            | Event::Mkwrite { .. }
            | Event::DirtyMethod { .. }
            | Event::DirtyTransfer { .. }
            | Event::MmNew { .. }
            | Event::MmGone { .. }
            | Event::VmaChange { .. }
            | Event::VmaFlags { .. }
            | Event::VmaDetach { .. }
            | Event::VmaGone { .. } => Kind::Mapping,
            Event::Descend { .. }
            | Event::Hole { .. }
            | Event::Warn { .. }
            | Event::TableAlloc { .. }
            | Event::TableFree { .. } => Kind::Table,
            Event::Slot { .. } | Event::Keep { .. } | Event::Record { .. } => Kind::Entry,
            Event::Xchg { .. }
            | Event::Store { .. }
            | Event::Hardware { .. }
            | Event::Cow { .. }
            | Event::Install { .. }
            | Event::Zap { .. }
            | Event::Copy { .. }
            | Event::Move { .. } => Kind::Change,
            Event::Flush { .. }
            | Event::FlushOmitted { .. }
            | Event::Ipi { .. }
            | Event::SwitchMm { .. }
            | Event::Lazy { .. }
            | Event::TlbHit { .. }
            | Event::TlbFill { .. } => Kind::Flush,
        }
    }

    /// The page-table entry it concerns, with the address it was reached by.
    #[must_use]
    pub const fn slot(&self) -> Option<(SlotId, VirtAddr)> {
        match *self {
            Event::Descend { slot, addr, .. }
            | Event::Warn { slot, addr }
            | Event::Slot { slot, addr, .. }
            | Event::Xchg { slot, addr }
            | Event::Store { slot, addr }
            | Event::Hardware { slot, addr, .. }
            | Event::TlbFill { slot, addr, .. }
            | Event::Install { slot, addr }
            | Event::Keep { slot, addr }
            | Event::Zap { slot, addr } => Some((slot, addr)),
            Event::Copy { to, addr, .. } | Event::Move { to, addr, .. } => Some((to, addr)),
            _ => None,
        }
    }
}
