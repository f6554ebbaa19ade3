//! The kernel functions that are emulated, for the call stack: symbol, file, and what the two
//! arguments of a frame mean.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::kernel::Kernel;

/// What the two numbers that a frame keeps of its arguments mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Args {
    /// None.
    Nothing,
    /// First page offset and number of pages.
    Pages,
    /// First and last page offset.
    Pgoffs,
    /// An address range.
    Range,
    /// A number of pages.
    Size,
    /// One address.
    Addr,
    /// A VMA's number.
    Vma,
    /// A process's number.
    Mm,
}

const VMWGFX: &str = "drivers/gpu/drm/vmwgfx/vmwgfx_page_dirty.c";

macro_rules! funcs {
    ($($variant:ident, $symbol:literal, $file:expr, $args:ident;)*) => {
        /// A function of the kernel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::func))]
        #[repr(u8)]
        #[expect(missing_docs, reason = "the symbol says it")]
        pub enum Func { $($variant,)* }

        impl Func {
            /// All of them.
            pub const ALL: &'static [Func] = &[$(Func::$variant,)*];

            const fn row(self) -> (&'static str, &'static str, Args) {
                match self { $(Func::$variant => ($symbol, $file, Args::$args),)* }
            }
        }
    };
}

funcs! {
    WpSharedMappingRange, "wp_shared_mapping_range", "mm/mapping_dirty_helpers.c", Pages;
    CleanRecordSharedMappingRange,
        "clean_record_shared_mapping_range", "mm/mapping_dirty_helpers.c", Pages;
    WpCleanTestWalk, "wp_clean_test_walk", "mm/mapping_dirty_helpers.c", Vma;
    WpCleanPreVma, "wp_clean_pre_vma", "mm/mapping_dirty_helpers.c", Range;
    WpCleanPostVma, "wp_clean_post_vma", "mm/mapping_dirty_helpers.c", Range;
    WpCleanPudEntry, "wp_clean_pud_entry", "mm/mapping_dirty_helpers.c", Addr;
    WpCleanPmdEntry, "wp_clean_pmd_entry", "mm/mapping_dirty_helpers.c", Addr;
    WpPte, "wp_pte", "mm/mapping_dirty_helpers.c", Addr;
    CleanRecordPte, "clean_record_pte", "mm/mapping_dirty_helpers.c", Addr;
    WalkPageMapping, "walk_page_mapping", "mm/pagewalk.c", Pages;
    WalkPageRange, "__walk_page_range", "mm/pagewalk.c", Range;
    WalkPgdRange, "walk_pgd_range", "mm/pagewalk.c", Range;
    WalkP4dRange, "walk_p4d_range", "mm/pagewalk.c", Range;
    WalkPudRange, "walk_pud_range", "mm/pagewalk.c", Range;
    WalkPmdRange, "walk_pmd_range", "mm/pagewalk.c", Range;
    WalkPteRange, "walk_pte_range", "mm/pagewalk.c", Range;
    TreeIterFirst, "vma_interval_tree_iter_first", "mm/interval_tree.c", Pgoffs;
    TreeIterNext, "vma_interval_tree_iter_next", "mm/interval_tree.c", Pgoffs;
    TreeInsert, "vma_interval_tree_insert", "mm/interval_tree.c", Vma;
    TreeInsertAfter, "vma_interval_tree_insert_after", "mm/interval_tree.c", Vma;
    TreeRemove, "vma_interval_tree_remove", "mm/interval_tree.c", Vma;
    RbInsertColor, "rb_insert_augmented", "lib/rbtree.c", Vma;
    RbEraseColor, "rb_erase_augmented", "lib/rbtree.c", Vma;
    DoMmap, "do_mmap", "mm/mmap.c", Range;
    DoMunmap, "do_munmap", "mm/mmap.c", Range;
    SplitVma, "__split_vma", "mm/vma.c", Vma;
    MergeNewRange, "vma_merge_new_range", "mm/vma.c", Range;
    MergeExistingRange, "vma_merge_existing_range", "mm/vma.c", Range;
    DoMprotect, "do_mprotect_pkey", "mm/mprotect.c", Range;
    MprotectFixup, "mprotect_fixup", "mm/mprotect.c", Range;
    ChangeProtection, "change_protection", "mm/mprotect.c", Range;
    ChangePteRange, "change_pte_range", "mm/mprotect.c", Range;
    Mremap, "mremap_to", "mm/mremap.c", Range;
    MoveVma, "move_vma", "mm/mremap.c", Range;
    CopyVma, "copy_vma", "mm/vma.c", Range;
    MovePageTables, "move_page_tables", "mm/mremap.c", Range;
    MovePgtEntry, "move_pgt_entry", "mm/mremap.c", Addr;
    MovePtes, "move_ptes", "mm/mremap.c", Range;
    Populate, "populate_vma_page_range", "mm/gup.c", Range;
    UnmapRegion, "unmap_region", "mm/vma.c", Range;
    UnmapMappingRange, "unmap_mapping_range", "mm/memory.c", Pages;
    UnmapMappingPages, "unmap_mapping_pages", "mm/memory.c", Pages;
    ZapPageRangeSingle, "zap_page_range_single", "mm/memory.c", Range;
    ZapVmaRangeBatched, "zap_vma_range_batched", "mm/memory.c", Range;
    UnmapPageRange, "unmap_page_range", "mm/memory.c", Range;
    ZapPteRange, "zap_pte_range", "mm/memory.c", Range;
    FreePgtables, "free_pgtables", "mm/memory.c", Range;
    HandleMmFault, "handle_mm_fault", "mm/memory.c", Addr;
    DoAnonymousPage, "do_anonymous_page", "mm/memory.c", Addr;
    DoReadFault, "do_read_fault", "mm/memory.c", Addr;
    DoCowFault, "do_cow_fault", "mm/memory.c", Addr;
    DoSharedFault, "do_shared_fault", "mm/memory.c", Addr;
    DoWpPage, "do_wp_page", "mm/memory.c", Addr;
    WpPageCopy, "wp_page_copy", "mm/memory.c", Addr;
    WpPfnShared, "wp_pfn_shared", "mm/memory.c", Addr;
    WpPageShared, "wp_page_shared", "mm/memory.c", Addr;
    DoPageMkwrite, "do_page_mkwrite", "mm/memory.c", Addr;
    FaultDirtySharedPage, "fault_dirty_shared_page", "mm/memory.c", Addr;
    Ext4PageMkwrite, "ext4_page_mkwrite", "fs/ext4/inode.c", Addr;
    WpPageReuse, "wp_page_reuse", "mm/memory.c", Addr;
    FinishFault, "finish_fault", "mm/memory.c", Addr;
    FilemapMapPages, "filemap_map_pages", "mm/filemap.c", Pgoffs;
    FilemapFault, "filemap_fault", "mm/filemap.c", Pages;
    DoSyncMmapReadahead, "do_sync_mmap_readahead", "mm/filemap.c", Pages;
    DoAsyncMmapReadahead, "do_async_mmap_readahead", "mm/filemap.c", Pages;
    PageCacheAsyncRa, "page_cache_async_ra", "mm/readahead.c", Pages;
    PageCacheRaOrder, "page_cache_ra_order", "mm/readahead.c", Pages;
    PageCacheRaUnbounded, "page_cache_ra_unbounded", "mm/readahead.c", Pages;
    GenericPerformWrite, "generic_perform_write", "mm/filemap.c", Pages;
    FolioClearDirtyForIo, "folio_clear_dirty_for_io", "mm/page-writeback.c", Pages;
    Ext4Writepages, "ext4_writepages", "fs/ext4/inode.c", Pages;
    VfsFsyncRange, "vfs_fsync_range", "fs/sync.c", Pages;
    Msync, "__do_sys_msync", "mm/msync.c", Range;
    DoSetPmd, "do_set_pmd", "mm/memory.c", Addr;
    WpHugePmd, "wp_huge_pmd", "mm/memory.c", Addr;
    SplitHugePmd, "__split_huge_pmd", "mm/huge_memory.c", Addr;
    ZapHugePmd, "zap_huge_pmd", "mm/huge_memory.c", Addr;
    ChangeHugePmd, "change_huge_pmd", "mm/huge_memory.c", Addr;
    MoveHugePmd, "move_huge_pmd", "mm/huge_memory.c", Addr;
    PmdpInvalidate, "pmdp_invalidate", "mm/pgtable-generic.c", Addr;
    FolioSplit, "folio_split", "mm/huge_memory.c", Pages;
    ShmemFault, "shmem_fault", "mm/shmem.c", Pages;
    DeviceFault, "vm_ops.fault", "the driver", Addr;
    DeviceMkwrite, "vm_ops.pfn_mkwrite", "the driver", Addr;
    VmwBoDirtyAdd, "vmw_bo_dirty_add", VMWGFX, Nothing;
    VmwBoDirtyRelease, "vmw_bo_dirty_release", VMWGFX, Nothing;
    VmwBoDirtyScan, "vmw_bo_dirty_scan", VMWGFX, Nothing;
    VmwBoDirtyScanPagetable, "vmw_bo_dirty_scan_pagetable", VMWGFX, Nothing;
    VmwBoDirtyScanMkwrite, "vmw_bo_dirty_scan_mkwrite", VMWGFX, Nothing;
    VmwBoDirtyUnmap, "vmw_bo_dirty_unmap", VMWGFX, Pages;
    VmwBoDirtyPreUnmap, "vmw_bo_dirty_pre_unmap", VMWGFX, Pages;
    VmwBoDirtyTransferToRes, "vmw_bo_dirty_transfer_to_res", VMWGFX, Pages;
    VmwBoDirtyClearRes, "vmw_bo_dirty_clear_res", VMWGFX, Pages;
    VmwBoVmFault, "vmw_bo_vm_fault", VMWGFX, Addr;
    VmwBoVmMkwrite, "vmw_bo_vm_mkwrite", VMWGFX, Pages;
    CopyPageRange, "copy_page_range", "mm/memory.c", Vma;
    DupMmap, "dup_mmap", "mm/mmap.c", Mm;
    ExitMmap, "exit_mmap", "mm/mmap.c", Mm;
    ShmemSetattr, "shmem_setattr", "mm/shmem.c", Size;
    ShmemFallocate, "shmem_fallocate", "mm/shmem.c", Pages;
    ShmemTruncateRange, "shmem_truncate_range", "mm/shmem.c", Pgoffs;
    Ext4Setattr, "ext4_setattr", "fs/ext4/inode.c", Size;
    Ext4PunchHole, "ext4_punch_hole", "fs/ext4/inode.c", Pages;
    TruncatePagecache, "truncate_pagecache", "mm/truncate.c", Size;
    TruncatePagecacheRange, "truncate_pagecache_range", "mm/truncate.c", Pgoffs;
    TruncateInodePagesRange, "truncate_inode_pages_range", "mm/truncate.c", Pgoffs;
    TryToUnmap, "try_to_unmap", "mm/rmap.c", Pages;
    TryToUnmapOne, "try_to_unmap_one", "mm/rmap.c", Vma;
    TryToMigrate, "try_to_migrate", "mm/rmap.c", Pages;
    TryToMigrateOne, "try_to_migrate_one", "mm/rmap.c", Vma;
    RemoveMigrationPtes, "remove_migration_ptes", "mm/migrate.c", Pages;
    RemoveMigrationPte, "remove_migration_pte", "mm/migrate.c", Vma;
    MigrationEntryWait, "migration_entry_wait", "mm/migrate.c", Addr;
    DoSwapPage, "do_swap_page", "mm/memory.c", Addr;
    DoMadvise, "do_madvise", "mm/madvise.c", Range;
    ClearRefsWrite, "clear_refs_write", "fs/proc/task_mmu.c", Mm;
    ClearRefsPteRange, "clear_refs_pte_range", "fs/proc/task_mmu.c", Range;
    WalkMmRange, "walk_page_range", "mm/pagewalk.c", Range;
    WalkPageVma, "walk_page_vma", "mm/pagewalk.c", Range;
    DoPagemapScan, "do_pagemap_scan", "fs/proc/task_mmu.c", Range;
    PagemapScanPmdEntry, "pagemap_scan_pmd_entry", "fs/proc/task_mmu.c", Range;
    UserfaultfdRegister, "userfaultfd_register", "fs/userfaultfd.c", Range;
    SmapGatherStats, "smap_gather_stats", "fs/proc/task_mmu.c", Range;
    SmapsPteRange, "smaps_pte_range", "fs/proc/task_mmu.c", Range;
    FolioMkclean, "folio_mkclean", "mm/rmap.c", Pages;
    MappingWrprotectRange, "mapping_wrprotect_range", "mm/rmap.c", Pages;
    RmapWalkFile, "rmap_walk_file", "mm/rmap.c", Pages;
    PageMkcleanOne, "page_mkclean_one", "mm/rmap.c", Vma;
    MappingWrprotectRangeOne, "mapping_wrprotect_range_one", "mm/rmap.c", Vma;
    PageVmaMkcleanOne, "page_vma_mkclean_one", "mm/rmap.c", Range;
    PageVmaMappedWalk, "page_vma_mapped_walk", "mm/page_vma_mapped.c", Range;
    PfnMkcleanRange, "pfn_mkclean_range", "mm/rmap.c", Pages;
    DaxWritebackOne, "dax_writeback_one", "fs/dax.c", Pages;
    PtepClearFlush, "ptep_clear_flush", "mm/pgtable-generic.c", Addr;
    TlbFinishMmu, "tlb_finish_mmu", "mm/mmu_gather.c", Mm;
    FlushTlbMmRange, "flush_tlb_mm_range", "arch/x86/mm/tlb.c", Range;
    FlushTlbRange, "flush_tlb_range", "arch/x86/mm/tlb.c", Range;
    FlushTlbPage, "flush_tlb_page", "arch/x86/mm/tlb.c", Addr;
    FlushTlbMm, "flush_tlb_mm", "arch/x86/mm/tlb.c", Mm;
}

impl Func {
    /// Its symbol in the oldest of the emulated kernels.
    #[must_use]
    pub const fn symbol(self) -> &'static str {
        self.row().0
    }

    /// Its symbol in `kernel`: 7.3 renamed the tree's functions.
    #[must_use]
    pub const fn symbol_in(self, kernel: &Kernel) -> &'static str {
        if !kernel.rmap_tree_names {
            return self.symbol();
        }
        match self {
            Func::TreeIterFirst => "mapping_rmap_tree_iter_first",
            Func::TreeIterNext => "mapping_rmap_tree_iter_next",
            Func::TreeInsert => "mapping_rmap_tree_insert",
            Func::TreeInsertAfter => "mapping_rmap_tree_insert_after",
            Func::TreeRemove => "mapping_rmap_tree_remove",
            Func::UnmapPageRange => "__zap_vma_range",
            _ => self.symbol(),
        }
    }

    /// The source file it stands in.
    #[must_use]
    pub const fn file(self) -> &'static str {
        self.row().1
    }

    /// What its frame's numbers mean.
    #[must_use]
    pub const fn args(self) -> Args {
        self.row().2
    }
}
