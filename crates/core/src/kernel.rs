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

/// What makes good a miss of a mapped read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MmapMiss {
    /// Each cached page that fault-around meets.
    EveryPage,
    /// The folio that a first try of a fault-around maps at the fault.
    FaultedFolio,
}

/// When the flush for zapped raw frames comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PfnmapFlush {
    /// At the end of their VMA.
    VmaEnd,
    /// With the rest of the gather; in `munmap` before the VMAs are unlinked.
    BeforeUnlink,
}

/// Who opens the gather that a zap of one range of one VMA fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZapGather {
    /// The zap itself (`zap_page_range_single`).
    Own,
    /// Its caller (`zap_vma_range_batched`): `MADV_DONTNEED` opens one for all its VMAs.
    Callers,
}

/// One release of Linux with its named differences. Sources: the measured answers of the three
/// kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// A range with copies on write joins a neighbour without any, which then takes part in the
    /// range's family.
    pub range_lends_anon_vma: bool,
    /// What a merge makes is new since the last `clear_refs` if any part of it was.
    pub soft_dirty_is_sticky: bool,
    /// `mprotect` that takes write permission away gives back what anonymous memory without
    /// copies had reserved.
    pub mprotect_unaccounts: bool,
    /// `mprotect` tells the notifiers once for each 512 GiB that has tables, formerly for each
    /// GiB.
    pub mprotect_notifies_from_pud: bool,
    /// `mremap` moves every VMA of its range, if the length stays, and checks before it unmaps.
    pub mremap_moves_many: bool,
    /// `mremap` begins at the 2 MiB boundary below, where that lets it move whole tables.
    pub mremap_aligns_down: bool,
    /// Private file mappings merge only if a second, anonymous offset is contiguous too.
    pub anon_offset_must_match: bool,
    /// Files of a disk file system may have folios of more than one page.
    pub large_folios: bool,
    /// `mprotect` changes the entries of a large folio as one: all get the A and D of any.
    pub batches_large_folios: bool,
    /// See [`MmapMiss`].
    pub mmap_miss: MmapMiss,
    /// A fault takes the VMA's own lock first, and `mmap_lock` only when that does not do. A try
    /// that ended because more was read ahead then does not count.
    pub per_vma_lock: bool,
    /// `MADV_DONTNEED` within one VMA takes that VMA's lock, not `mmap_lock`.
    pub madvise_locks_vma: bool,
    /// `smaps` takes the lock of the VMA that it tells of, not `mmap_lock`.
    pub smaps_locks_vma: bool,
    /// `walk_page_vma` asks the filter first: one for want of which raw frames are passed over.
    pub walk_page_vma_asks_filter: bool,
    /// Fault-around below an empty PMD maps nothing if its first folio reaches the file's end.
    pub last_folio_maps_nothing: bool,
    /// Readahead that reaches the end of the file sets no mark.
    pub no_mark_at_end: bool,
    /// A miss through an executable mapping reads from its page on, within the VMA.
    pub exec_reads_within_vma: bool,
    /// One function for first and further readahead: at page 0 it begins anew, and the page behind
    /// the window counts as expected.
    pub ondemand_readahead: bool,
    /// A search for a hole that finds none names the last page it looked at, not the one behind.
    pub next_miss_names_last: bool,
    /// vmwgfx hands written pages over up to the end of the resource, not up to that of the hull
    /// where the hull ends later.
    pub vmw_transfer_ends_with_res: bool,
    /// `i_mmap` is held per VMA at unlink, not for up to eight of one file.
    pub unlinks_one_by_one: bool,
    /// A zapped page's mapcount falls only behind the flush that its dirt forces.
    pub delayed_rmap: bool,
    /// A batch of the gather counts as full one page early, for a large folio takes two places.
    pub batch_keeps_a_place: bool,
    /// A zap that ran out of batches begins again at the PMD, not inside the PTE table.
    pub zap_returns_midway: bool,
    /// See [`PfnmapFlush`].
    pub pfnmap_flush: PfnmapFlush,
    /// See [`ZapGather`].
    pub zap_gather: ZapGather,
    /// `MADV_DONTNEED` frees PTE tables whose 2 MiB it covers (`PT_RECLAIM`).
    pub dontneed_frees_tables: bool,
    /// A leaf PMD counts in the mapcount of each of its pages too.
    pub leaf_pmd_counts_on_pages: bool,
    /// The cache of shared memory asks the faulting VMA whether 2 MiB have room before it takes a
    /// folio of that size.
    pub shmem_huge_asks_vma: bool,
    /// A fault in shared memory, where the PTE table is there, maps all of a large folio.
    pub finish_fault_maps_folio: bool,
    /// Fault-around maps all of a large folio that it meets, also outside of its window.
    pub fault_around_maps_folio: bool,
    /// A large folio is split around one page, as little as possible elsewhere; formerly into
    /// single pages.
    pub splits_around_page: bool,
    /// A zapped leaf PMD tells its folio that it was accessed.
    pub zap_huge_pmd_tells_access: bool,
    /// `mprotect` may make a leaf PMD writable where the VMA's protection does not.
    pub mprotect_upgrades_pmd: bool,
    /// A page's reverse walk ends at a leaf PMD of another folio.
    pub foreign_pmd_ends_walk: bool,
    /// There are `PAGEMAP_SCAN` and userfaultfd's asynchronous write-protection.
    pub uffd_wp_async: bool,
    /// A range that userfaultfd watches may become one with a neighbour when it moves; no part of
    /// that is watched then.
    pub moved_uffd_merges: bool,
    /// `SWP_MIGRATION_READ`: the type of a readable migration entry, as Debian configures it: 7.3
    /// alone has types for device memory above it.
    pub swp_migration_read: u64,
    /// An entry that was not writable before a migration is not writable behind it, whatever the
    /// mapping's protection says.
    pub migration_write_protects: bool,
    /// What was not soft-dirty before a migration is not soft-dirty behind it, dirty or not.
    pub migration_clears_soft_dirty: bool,
    /// `smaps` counts a page that migrates as private, not as shared.
    pub smaps_migration_is_private: bool,
    /// There is `mapping_wrprotect_range`.
    pub mapping_wrprotect_range: bool,
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
    range_lends_anon_vma: true,
    soft_dirty_is_sticky: true,
    mprotect_unaccounts: true,
    mprotect_notifies_from_pud: true,
    mremap_moves_many: true,
    mremap_aligns_down: true,
    anon_offset_must_match: true,
    large_folios: true,
    batches_large_folios: true,
    mmap_miss: MmapMiss::FaultedFolio,
    per_vma_lock: true,
    madvise_locks_vma: true,
    smaps_locks_vma: true,
    walk_page_vma_asks_filter: false,
    last_folio_maps_nothing: true,
    no_mark_at_end: true,
    exec_reads_within_vma: true,
    ondemand_readahead: false,
    next_miss_names_last: false,
    vmw_transfer_ends_with_res: true,
    unlinks_one_by_one: false,
    delayed_rmap: true,
    batch_keeps_a_place: true,
    zap_returns_midway: false,
    pfnmap_flush: PfnmapFlush::BeforeUnlink,
    zap_gather: ZapGather::Callers,
    dontneed_frees_tables: true,
    leaf_pmd_counts_on_pages: false,
    shmem_huge_asks_vma: true,
    finish_fault_maps_folio: true,
    fault_around_maps_folio: true,
    splits_around_page: true,
    zap_huge_pmd_tells_access: true,
    mprotect_upgrades_pmd: true,
    foreign_pmd_ends_walk: false,
    uffd_wp_async: true,
    moved_uffd_merges: false,
    swp_migration_read: 25,
    migration_write_protects: false,
    migration_clears_soft_dirty: true,
    smaps_migration_is_private: false,
    mapping_wrprotect_range: true,
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
    range_lends_anon_vma: false,
    soft_dirty_is_sticky: false,
    mprotect_unaccounts: true,
    mprotect_notifies_from_pud: true,
    mremap_moves_many: false,
    mremap_aligns_down: true,
    anon_offset_must_match: false,
    large_folios: false,
    batches_large_folios: false,
    mmap_miss: MmapMiss::EveryPage,
    per_vma_lock: true,
    madvise_locks_vma: false,
    smaps_locks_vma: false,
    walk_page_vma_asks_filter: false,
    last_folio_maps_nothing: true,
    no_mark_at_end: false,
    exec_reads_within_vma: false,
    ondemand_readahead: false,
    next_miss_names_last: false,
    vmw_transfer_ends_with_res: false,
    unlinks_one_by_one: false,
    delayed_rmap: true,
    batch_keeps_a_place: true,
    zap_returns_midway: true,
    pfnmap_flush: PfnmapFlush::VmaEnd,
    zap_gather: ZapGather::Own,
    dontneed_frees_tables: false,
    leaf_pmd_counts_on_pages: false,
    shmem_huge_asks_vma: true,
    finish_fault_maps_folio: true,
    fault_around_maps_folio: false,
    splits_around_page: false,
    zap_huge_pmd_tells_access: false,
    mprotect_upgrades_pmd: true,
    foreign_pmd_ends_walk: true,
    uffd_wp_async: true,
    moved_uffd_merges: true,
    swp_migration_read: 28,
    migration_write_protects: false,
    migration_clears_soft_dirty: true,
    smaps_migration_is_private: false,
    mapping_wrprotect_range: false,
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
    range_lends_anon_vma: false,
    soft_dirty_is_sticky: false,
    mprotect_unaccounts: false,
    mprotect_notifies_from_pud: false,
    mremap_moves_many: false,
    mremap_aligns_down: false,
    anon_offset_must_match: false,
    large_folios: false,
    batches_large_folios: false,
    mmap_miss: MmapMiss::EveryPage,
    per_vma_lock: false,
    madvise_locks_vma: false,
    smaps_locks_vma: false,
    walk_page_vma_asks_filter: true,
    last_folio_maps_nothing: false,
    no_mark_at_end: false,
    exec_reads_within_vma: false,
    ondemand_readahead: true,
    next_miss_names_last: true,
    vmw_transfer_ends_with_res: false,
    unlinks_one_by_one: true,
    delayed_rmap: false,
    batch_keeps_a_place: false,
    zap_returns_midway: false,
    pfnmap_flush: PfnmapFlush::VmaEnd,
    zap_gather: ZapGather::Own,
    dontneed_frees_tables: false,
    leaf_pmd_counts_on_pages: true,
    shmem_huge_asks_vma: false,
    finish_fault_maps_folio: false,
    fault_around_maps_folio: false,
    splits_around_page: false,
    zap_huge_pmd_tells_access: false,
    mprotect_upgrades_pmd: false,
    foreign_pmd_ends_walk: true,
    uffd_wp_async: false,
    moved_uffd_merges: true,
    swp_migration_read: 27,
    migration_write_protects: true,
    migration_clears_soft_dirty: false,
    smaps_migration_is_private: true,
    mapping_wrprotect_range: false,
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
