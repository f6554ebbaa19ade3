//! The Linux releases that are emulated, and everything in which they differ: one row a release,
//! one column a difference.

use std::fmt;

/// How `munmap`, `MAP_FIXED` and `mremap` cut a VMA that sticks out of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MunmapCut {
    /// New piece above at the start, then new piece below at the end: the original keeps the left
    /// rest.
    KeepsLeftRest,
    /// New piece below at the start, then new piece above at the end: the original is what dies.
    Dies,
}

/// One release of Linux with its named differences. Sources: the measured answers of the three
/// kernels.
#[derive(Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Name in a scenario: `7.3`.
    pub name: &'static str,
    /// The release that was asked.
    pub release: &'static str,
    /// Write-protecting moves the dirt of an entry from bit 6 to bit 58 (6.6 and later).
    pub saved_dirty: bool,
    /// A read fault that maps a dirty page writable maps it dirty.
    pub dirty_page_maps_dirty: bool,
    /// Mappings of an anonymous inode (the device buffers) may become executable.
    pub anon_inode_may_exec: bool,
    /// See [`MunmapCut`].
    pub munmap_cut: MunmapCut,
    /// `mmap` between two VMAs compares the left one's `anon_vma` with the right one's, and prefers
    /// the right one.
    pub mmap_compares_neighbours: bool,
    /// Private file mappings merge only if a second, anonymous offset is contiguous too.
    pub anon_offset_must_match: bool,
    /// `i_mmap` is held per VMA at unlink, not for up to eight of one file.
    pub unlinks_one_by_one: bool,
    /// The tree's functions are `mapping_rmap_tree_*`, formerly `vma_interval_tree_*`.
    pub rmap_tree_names: bool,
}

/// Linux 7.3, the default.
pub static LINUX_7_3: Kernel = Kernel {
    name: "7.3",
    release: "7.3.4",
    saved_dirty: true,
    dirty_page_maps_dirty: true,
    anon_inode_may_exec: false,
    munmap_cut: MunmapCut::Dies,
    mmap_compares_neighbours: false,
    anon_offset_must_match: true,
    unlinks_one_by_one: false,
    rmap_tree_names: true,
};

/// Linux 6.12.
pub static LINUX_6_12: Kernel = Kernel {
    name: "6.12",
    release: "6.12.117",
    saved_dirty: true,
    dirty_page_maps_dirty: false,
    anon_inode_may_exec: true,
    munmap_cut: MunmapCut::Dies,
    mmap_compares_neighbours: false,
    anon_offset_must_match: false,
    unlinks_one_by_one: false,
    rmap_tree_names: false,
};

/// Linux 6.1.
pub static LINUX_6_1: Kernel = Kernel {
    name: "6.1",
    release: "6.1.192",
    saved_dirty: false,
    dirty_page_maps_dirty: false,
    anon_inode_may_exec: true,
    munmap_cut: MunmapCut::KeepsLeftRest,
    mmap_compares_neighbours: true,
    anon_offset_must_match: false,
    unlinks_one_by_one: true,
    rmap_tree_names: false,
};

/// All of them, the default first.
pub static KERNELS: [&Kernel; 3] = [&LINUX_7_3, &LINUX_6_12, &LINUX_6_1];

impl Kernel {
    /// The kernel called `name` in a scenario.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Kernel> {
        KERNELS.into_iter().find(|kernel| kernel.name == name)
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
