//! The kernel's algorithms, function by function: each Rust function bears the name of the kernel
//! function whose steps it takes, in the file of its verb, and names the kernel file it comes from.
//! All of them work through a [`Cpu`](crate::machine::Cpu).

pub mod access;
mod anon;
pub mod bitmap;
pub mod clear_refs;
pub mod copy;
pub mod dax;
pub mod device;
pub mod exit;
pub mod fault;
pub mod filemap;
pub mod fork;
pub mod free;
pub mod huge_memory;
mod huge_pmd;
pub mod interval_tree;
pub mod madvise;
pub mod mapping_dirty_helpers;
pub mod merge;
pub mod migrate;
pub mod mmap;
pub mod mmu_gather;
mod move_tables;
pub mod mprotect;
pub mod mremap;
pub mod msync;
pub mod munmap;
pub mod page_alloc;
pub mod page_vma_mapped;
pub mod page_writeback;
pub mod pagemap;
pub mod pagewalk;
pub mod pgalloc;
pub mod populate;
pub mod process;
pub mod protection;
pub mod rbtree;
pub mod readahead;
pub mod rmap;
pub mod smaps;
pub mod tlb;
pub mod truncate;
pub mod userfaultfd;
pub mod vma;
pub mod vmwgfx;
pub mod zap;

/// Why a system call refused, by the kernel's own number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errno {
    /// Not permitted.
    Perm = 1,
    /// Nothing is mapped there.
    NoMemory = 12,
    /// The descriptor does not allow it.
    Access = 13,
    /// A bad address.
    Fault = 14,
    /// Not that kind of file.
    NoDevice = 19,
    /// The arguments make no sense.
    Invalid = 22,
    /// Not a call that this kernel knows of that file.
    NotTypewriter = 25,
    /// Not a file with a place to write at.
    IllegalSeek = 29,
    /// A page offset that is too large.
    Overflow = 75,
    /// This kernel has no such function.
    NotSupported = 95,
}

impl Errno {
    /// As system calls return it: negative.
    #[must_use]
    pub const fn code(self) -> i64 {
        -(self as i64)
    }

    /// `EPERM`, `EACCES`, ...
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Errno::Perm => "EPERM",
            Errno::NoMemory => "ENOMEM",
            Errno::Access => "EACCES",
            Errno::Fault => "EFAULT",
            Errno::NoDevice => "ENODEV",
            Errno::Invalid => "EINVAL",
            Errno::NotTypewriter => "ENOTTY",
            Errno::IllegalSeek => "ESPIPE",
            Errno::Overflow => "EOVERFLOW",
            Errno::NotSupported => "EOPNOTSUPP",
        }
    }
}
