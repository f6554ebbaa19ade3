//! What memory did: every cell of the world that a run can change, and one change of it.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::addr::VirtAddr;
use crate::machine::vma::OpenFile;
use crate::machine::{CpuId, MappingId, MmId, PageId, SlotId, TableId, VmaId};

/// A place that holds one number. [`World`](super::World) reads and writes them all alike, forwards
/// and backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
pub enum Cell {
    /// A page-table word.
    Word(SlotId),
    /// A table: 0 when free, else level, mm and frame packed.
    Table(TableId),
    /// A field of a page frame.
    Page(PageId, PageField),
    /// The page cached at this offset, plus 1.
    Cached(MappingId, u64),
    /// A field of a VMA.
    Vma(VmaId, VmaField),
    /// A field of a tree node.
    Node(VmaId, NodeField),
    /// A field of a mapping.
    Mapping(MappingId, MappingField),
    /// A field of an open file's readahead window.
    Readahead(OpenFile, RaField),
    /// 64 bits of the bitmap of `clean`.
    Bitmap(MappingId, u64),
    /// 64 bits of a device buffer's written pages.
    Written(MappingId, u64),
    /// 64 pages of a file: those that were stored to and nobody knows it.
    Lost(MappingId, u64),
    /// A field of a process's memory map.
    Mm(MmId, MmField),
    /// The VMA that starts at this address, or 0.
    VmaAt(MmId, VirtAddr),
    /// A number of a CPU.
    Cpu(CpuId, CpuField),
    /// The generation of a process's translations that a CPU has followed to.
    TlbGen(CpuId, MmId),
    /// What the translation in this place of a CPU's TLB is of, or 0.
    TlbTag(CpuId, u8),
    /// That translation: the word it was read as.
    TlbWord(CpuId, u8),
    /// A number of the machine as a whole.
    Machine(MachineField),
}

/// Fields of a [`Page`](super::Page).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
#[expect(missing_docs, reason = "named as in Page")]
pub enum PageField {
    Kind,
    Flags,
    Mapcount,
    EntireMapcount,
    Owner,
    Pgoff,
    Part,
}

/// Fields of a [`Vma`](super::Vma).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
#[expect(missing_docs, reason = "named as in Vma")]
pub enum VmaField {
    Mm,
    Detached,
    Start,
    End,
    Pgoff,
    Flags,
    Prot,
    File,
    AnonVma,
    AnonChain,
    AnonPgoff,
}

/// Fields of an [`RbNode`](super::RbNode).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
#[expect(missing_docs, reason = "named as in RbNode")]
pub enum NodeField {
    Start,
    Last,
    SubtreeLast,
    Parent,
    Left,
    Right,
    Colour,
}

/// Fields of an [`AddressSpace`](super::AddressSpace).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
#[expect(missing_docs, reason = "named as in AddressSpace")]
pub enum MappingField {
    Root,
    Leftmost,
    BitmapPgoff,
    BitmapBits,
    BitmapStart,
    BitmapEnd,
    Faults,
    Mkwrites,
    Pages,
    Method,
    ChangeCount,
}

/// Fields of a [`FileRaState`](super::address_space::FileRaState).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
#[expect(missing_docs, reason = "named as in FileRaState")]
pub enum RaField {
    Start,
    Size,
    AsyncSize,
    Order,
    MmapMiss,
}

/// Fields of an [`Mm`](super::Mm).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
#[expect(missing_docs, reason = "named as in Mm")]
pub enum MmField {
    Alive,
    Pgd,
    TlbFlushPending,
    NrTables,
    TlbGen,
    Cpumask,
}

/// Fields of a [`TlbState`](super::TlbState).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
#[expect(missing_docs, reason = "named as in TlbState")]
pub enum CpuField {
    LoadedMm,
    IsLazy,
    /// Which place a new translation takes when all are taken.
    Victim,
}

/// Numbers of the machine as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
pub enum MachineField {
    /// First frame that may be free.
    FreePage,
    /// First table number that may be free.
    FreeTable,
    /// First VMA number that may be free; 0 is nobody's.
    FreeVma,
    /// The next family of copies on write.
    NextAnonVma,
    /// The next process's number; they are not used again.
    NextMm,
    /// `fault_around_bytes` in pages.
    FaultAroundPages,
    /// 1: the two helpers leave out their flush, as no kernel does.
    FlushesOff,
    /// `shmem_enabled`: 1 for `force`.
    ShmemEnabled,
    /// `VMW_DIRTY_NUM_CHANGE_TRIGGERS`: vmwgfx changes its method when more scans in a row than
    /// this ask for it.
    VmwTriggers,
    /// `VMW_DIRTY_PERCENTAGE`: writes are dense when a scan finds more than this share, in percent.
    VmwPercentage,
    /// vmwgfx: the one method that it uses, by its place; 0: whichever pays.
    VmwOnly,
    /// 1: the kernel has warned of something (`TAINT_WARN`).
    TaintWarn,
}

impl MachineField {
    pub(super) const COUNT: usize = MachineField::TaintWarn as usize + 1;
    /// What they are in a machine that has done nothing yet.
    pub(super) const AT_FIRST: [u64; Self::COUNT] = {
        let mut numbers = [0; Self::COUNT];
        numbers[MachineField::FreeVma as usize] = 1;
        numbers[MachineField::NextAnonVma as usize] = 1;
        numbers[MachineField::FaultAroundPages as usize] = 16;
        numbers[MachineField::VmwTriggers as usize] = 2;
        numbers[MachineField::VmwPercentage as usize] = 10;
        numbers
    };
}

/// One change of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::delta))]
pub struct Delta {
    /// Which.
    pub cell: Cell,
    /// What it held.
    pub old: u64,
    /// What it holds now.
    pub new: u64,
}

const _: () = assert!(size_of::<Delta>() <= 32);
