//! VMAs: one stretch of a process's addresses, backed by a file or by anonymous memory.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::addr::VirtAddr;
use crate::machine::{MappingId, MmId};

bitflags::bitflags! {
    /// `vm_flags`, by the kernel's own bit numbers.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct VmFlags: u64 {
        /// Readable now.
        const READ = 0x1;
        /// Writable now.
        const WRITE = 0x2;
        /// Executable now.
        const EXEC = 0x4;
        /// Shared, and through a writable descriptor.
        const SHARED = 0x8;
        /// `mprotect` may make it readable.
        const MAYREAD = 0x10;
        /// `mprotect` may make it writable.
        const MAYWRITE = 0x20;
        /// `mprotect` may make it executable.
        const MAYEXEC = 0x40;
        /// Mapped `MAP_SHARED`.
        const MAYSHARE = 0x80;
        /// Raw frame numbers, no `struct page`.
        const PFNMAP = 0x400;
        /// Registered for write-protection by userfaultfd, asynchronous here.
        const UFFD_WP = 0x1000;
        /// Device memory.
        const IO = 0x4000;
        /// `mremap` may not grow it.
        const DONTEXPAND = 0x4_0000;
        /// Counts against the commit limit.
        const ACCOUNT = 0x10_0000;
        /// Huge pages of hugetlbfs.
        const HUGETLB = 0x40_0000;
        /// Not in core dumps.
        const DONTDUMP = 0x400_0000;
        /// New since the last `clear_refs`.
        const SOFTDIRTY = 0x800_0000;
        /// Raw frames and pages mixed.
        const MIXEDMAP = 0x1000_0000;
    }
}

impl VmFlags {
    /// `VM_SPECIAL`: a VMA with one of these never merges.
    pub const SPECIAL: VmFlags =
        Self::IO.union(Self::DONTEXPAND).union(Self::PFNMAP).union(Self::MIXEDMAP);

    /// Copy on write: private, and may become writable.
    #[must_use]
    pub const fn is_cow_mapping(self) -> bool {
        !self.contains(Self::SHARED) && self.contains(Self::MAYWRITE)
    }
}

/// An open file, as `struct file`: two opens of one file never merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::vma))]
pub struct OpenFile {
    /// The file's address space.
    pub mapping: MappingId,
    /// How it was opened.
    pub mode: OpenMode,
}

/// How a file was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::vma))]
pub enum OpenMode {
    /// `O_RDWR`.
    #[default]
    ReadWrite,
    /// `O_RDONLY`.
    ReadOnly,
}

/// One VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Vma {
    /// Whose it is; `None`: not in use.
    pub mm: Option<MmId>,
    /// An unmapping has taken it out of its process: no fault finds it any more.
    pub detached: bool,
    /// First address.
    pub start: VirtAddr,
    /// First address behind it.
    pub end: VirtAddr,
    /// Page offset of `start` in the file.
    pub pgoff: u64,
    /// `vm_flags`.
    pub flags: VmFlags,
    /// `vm_page_prot`: the bits of a fresh entry.
    pub prot: u64,
    /// The open file; `None`: anonymous.
    pub file: Option<OpenFile>,
    /// The family of its copies on write, 0: none yet.
    pub anon_vma: u32,
    /// Entries in its `anon_vma_chain`: more than one means inherited over a fork.
    pub anon_chain: u32,
    /// Page offset that its copies are keyed by (7.3).
    pub anon_pgoff: u64,
}

impl Vma {
    /// Its length in pages.
    #[must_use]
    pub const fn pages(&self) -> u64 {
        self.end.pages_since(self.start)
    }

    /// Last page offset it maps, inclusive.
    #[must_use]
    pub const fn last_pgoff(&self) -> u64 {
        self.pgoff + self.pages() - 1
    }

    /// True if `addr` lies in it.
    #[must_use]
    pub fn contains(&self, addr: VirtAddr) -> bool {
        self.start <= addr && addr < self.end
    }

    /// Page offset in the file of the page at `addr`.
    #[must_use]
    pub const fn pgoff_of(&self, addr: VirtAddr) -> u64 {
        self.pgoff + addr.pages_since(self.start)
    }

    /// Where it maps page `pgoff`, which must be one of its own.
    #[must_use]
    pub const fn address_of(&self, pgoff: u64) -> VirtAddr {
        self.start.add_pages(pgoff - self.pgoff)
    }

    /// The file's address space.
    #[must_use]
    pub fn mapping(&self) -> Option<MappingId> {
        self.file.map(|file| file.mapping)
    }
}

impl OpenFile {
    pub(crate) fn to_cell(file: Option<Self>) -> u64 {
        file.map_or(0, |f| (u64::from(f.mapping.0) << 1 | f.mode as u64) + 1)
    }

    pub(super) fn from_cell(value: u64) -> Option<Self> {
        let raw = value.checked_sub(1)?;
        let mode = if raw & 1 == 0 { OpenMode::ReadWrite } else { OpenMode::ReadOnly };
        Some(Self { mapping: MappingId(u32::try_from(raw >> 1).expect("cell of a file")), mode })
    }
}
