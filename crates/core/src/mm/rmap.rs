//! From a page to the entries that map it, and how many there are (`mm/rmap.c`).

use crate::addr::{Pfn, VirtAddr};
use crate::arch::Pte;
use crate::machine::delta::MachineField;
use crate::machine::event::{Lock, Mode, Verdict};
use crate::machine::{
    Cell, Cpu, Event, FileKind, Func, MappingId, MmId, Page, PageFlags, PageId, PageKind, Sink,
    SlotId, Stop, VmFlags, Vma, VmaId,
};
use crate::mm::Errno;
use crate::mm::filemap::folio_set_flags;
use crate::mm::huge_pmd::{pmdp_invalidate, split_huge_pmd_locked};
use crate::mm::interval_tree::{
    TreeQuery, vma_interval_tree_iter_first, vma_interval_tree_iter_next,
};
use crate::mm::migrate::{remove_migration_pte, try_to_migrate_one, wait_for_migration};
use crate::mm::page_alloc::free_page;
use crate::mm::page_vma_mapped::{Hit, PageVmaMappedWalk, page_vma_mapped_walk};
use crate::mm::tlb::flush_tlb_page;

/// `PAGEVEC_SIZE`: folios that are looked up at once.
const FOLIO_BATCH: usize = 31;

/// Frames in a row with the file's pages that they hold.
#[derive(Clone, Copy)]
struct Frames {
    mapping: MappingId,
    pgoff: u64,
    pfn: Pfn,
    nr_pages: u64,
}

/// `folio_lock`, of the folio whose first page this is.
pub(super) fn folio_lock<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<(), Stop> {
    wait_for_migration(cpu, folio)?;
    cpu.event(Event::Lock { lock: Lock::Folio(folio), mode: Mode::Write })
}

/// `folio_unlock`.
pub(super) fn folio_unlock<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<(), Stop> {
    cpu.event(Event::Unlock { lock: Lock::Folio(folio), mode: Mode::Write })
}

/// `folio_mkclean`: makes every entry that maps a page of the locked folio in a shared VMA
/// read-only and clean. Returns how many it changed. The folio itself is not told.
///
/// # Errors
/// The sink may stop the run.
pub fn folio_mkclean<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<u64, Stop> {
    let at = cpu.page(folio);
    let nr_pages = at.part.pages();
    let Some((mapping, pgoff)) = at.file() else { return Ok(0) };
    let cpu = &mut cpu.enter(Func::FolioMkclean, [pgoff, nr_pages]);
    if !folio_mapped(cpu, folio) {
        return Ok(0);
    }
    let frames = Frames { mapping, pgoff, pfn: folio.pfn(), nr_pages };
    rmap_walk_file(cpu, frames, RmapOne::PageMkclean)
}

/// `mapping_wrprotect_range`: the same for `nr_pages` frames in a row from `pfn`, which need be no
/// pages of the page cache, where they are mapped as `pgoff` and following. Returns how many
/// entries it changed.
///
/// # Errors
/// The sink may stop the run.
pub fn mapping_wrprotect_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
    pfn: Pfn,
    nr_pages: u64,
) -> Result<u64, Stop> {
    let cpu = &mut cpu.enter(Func::MappingWrprotectRange, [pgoff, nr_pages]);
    let frames = Frames { mapping, pgoff, pfn, nr_pages };
    rmap_walk_file(cpu, frames, RmapOne::MappingWrprotectRange)
}

/// [`folio_mkclean`] of one folio after the other, as writeback does it: those with pages of
/// `first..first + nr` that the file caches. Returns how many entries that changed.
///
/// # Errors
/// The sink may stop the run.
pub fn mkclean_file_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<u64, Stop> {
    let end = first.saturating_add(nr);
    let (mut value, mut from) = (0, first);
    let mut batch = [(0, PageId(0)); FOLIO_BATCH];
    while from < end {
        let found = cpu.cached_batch(mapping, from, end - 1, &mut batch);
        for &(pgoff, page) in &batch[..found] {
            // Others are parts of the folio before.
            if pgoff >= from {
                let folio = cpu.folio(page);
                let at = cpu.page(folio);
                folio_lock(cpu, folio)?;
                value += folio_mkclean(cpu, folio)?;
                folio_unlock(cpu, folio)?;
                from = at.pgoff + at.part.pages();
            }
        }
        if found < FOLIO_BATCH {
            break;
        }
    }
    cpu.event(Event::Return { value })?;
    Ok(value)
}

/// What a driver does that wants to hear of the next write of any of `nr` pages from `first`: one
/// [`mapping_wrprotect_range`] for each run of adjacent frames. A device buffer is one run; of a
/// page cache each cached page is one. Returns how many entries that changed.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: the kernel has no such function.
pub fn wrprotect_file_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<Result<u64, Errno>, Stop> {
    if !cpu.file_kind(mapping).is_device() {
        return wrprotect_file_pages(cpu, mapping, first, nr);
    }
    if !cpu.kernel().mapping_wrprotect_range {
        return Ok(Err(Errno::NotSupported));
    }
    let end = first.saturating_add(nr).min(cpu.file_pages(mapping));
    let mut value = 0;
    if first < end {
        let pfn = Pfn(cpu.device_pfn(mapping).0 + first);
        value = mapping_wrprotect_range(cpu, mapping, first, pfn, end - first)?;
    }
    cpu.event(Event::Return { value })?;
    Ok(Ok(value))
}

/// The same with a call for each page, as `fb_defio` does it.
///
/// # Errors
/// As [`wrprotect_file_range`].
pub fn wrprotect_file_pages<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<Result<u64, Errno>, Stop> {
    if !cpu.kernel().mapping_wrprotect_range {
        return Ok(Err(Errno::NotSupported));
    }
    let end = first.saturating_add(nr).min(cpu.file_pages(mapping));
    let mut value = 0;
    if cpu.file_kind(mapping).is_device() {
        for pgoff in first..end {
            let pfn = Pfn(cpu.device_pfn(mapping).0 + pgoff);
            value += mapping_wrprotect_range(cpu, mapping, pgoff, pfn, 1)?;
        }
    } else {
        let mut next = cpu.next_cached(mapping, first);
        while let Some((pgoff, page)) = next.filter(|(pgoff, _)| *pgoff < end) {
            value += mapping_wrprotect_range(cpu, mapping, pgoff, page.pfn(), 1)?;
            next = cpu.next_cached(mapping, pgoff + 1);
        }
    }
    cpu.event(Event::Return { value })?;
    Ok(Ok(value))
}

/// `try_to_unmap`: no entry maps a page of the folio any more, in private VMAs neither.
pub(super) fn try_to_unmap<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<(), Stop> {
    let at = cpu.page(folio);
    let nr_pages = at.part.pages();
    let Some((mapping, pgoff)) = at.file().filter(|_| folio_mapped(cpu, folio)) else {
        return Ok(());
    };
    let cpu = &mut cpu.enter(Func::TryToUnmap, [pgoff, nr_pages]);
    let frames = Frames { mapping, pgoff, pfn: folio.pfn(), nr_pages };
    rmap_walk_file(cpu, frames, RmapOne::TryToUnmap)?;
    Ok(())
}

/// `try_to_migrate`: migration entries stand where the folio was mapped. Returns how many.
pub(super) fn try_to_migrate<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<u64, Stop> {
    let frames = frames_of(cpu, folio);
    let cpu = &mut cpu.enter(Func::TryToMigrate, [frames.pgoff, frames.nr_pages]);
    rmap_walk_file(cpu, frames, RmapOne::TryToMigrate)
}

/// `mm/migrate.c:remove_migration_ptes`: the folio is mapped again wherever a migration entry
/// stands for it. Returns where.
pub(super) fn remove_migration_ptes<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<u64, Stop> {
    let frames = frames_of(cpu, folio);
    let cpu = &mut cpu.enter(Func::RemoveMigrationPtes, [frames.pgoff, frames.nr_pages]);
    rmap_walk_file(cpu, frames, RmapOne::RemoveMigrationPte)
}

/// All pages of a folio of the page cache.
fn frames_of<S: Sink>(cpu: &Cpu<S>, folio: PageId) -> Frames {
    let at = cpu.page(folio);
    let (mapping, pgoff) = at.file().expect("a folio of the page cache");
    Frames { mapping, pgoff, pfn: folio.pfn(), nr_pages: at.part.pages() }
}

/// What a walk does with a VMA's entries (`rmap_one`), and which VMAs it passes over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RmapOne {
    PageMkclean,
    MappingWrprotectRange,
    TryToUnmap,
    TryToMigrate,
    RemoveMigrationPte,
}

impl RmapOne {
    fn func(self) -> Func {
        match self {
            RmapOne::PageMkclean => Func::PageMkcleanOne,
            RmapOne::MappingWrprotectRange => Func::MappingWrprotectRangeOne,
            RmapOne::TryToUnmap => Func::TryToUnmapOne,
            RmapOne::TryToMigrate => Func::TryToMigrateOne,
            RmapOne::RemoveMigrationPte => Func::RemoveMigrationPte,
        }
    }

    /// `invalid_mkclean_vma`: what is not shared cannot dirty the file's page.
    fn is_invalid(self, vma: &Vma) -> bool {
        let cleans = matches!(self, RmapOne::PageMkclean | RmapOne::MappingWrprotectRange);
        cleans && !vma.flags.contains(VmFlags::SHARED)
    }
}

/// `rmap_walk_file`: every VMA that maps any of the pages, in tree order; one that does not qualify
/// is passed over. Returns how many entries were changed.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn rmap_walk_file<S: Sink>(
    cpu: &mut Cpu<S>,
    frames: Frames,
    rmap_one: RmapOne,
) -> Result<u64, Stop> {
    let Frames { mapping, pgoff, nr_pages, .. } = frames;
    let cpu = &mut cpu.enter(Func::RmapWalkFile, [pgoff, nr_pages]);
    let last = pgoff.saturating_add(nr_pages).wrapping_sub(1);
    let mut changed = 0;
    let lock = Lock::IMmap(mapping);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    let query = &mut TreeQuery::new(mapping, pgoff, last);
    let mut next = vma_interval_tree_iter_first(cpu, query)?;
    while let Some(id) = next {
        let vma = cpu.vma(id);
        let address = vma_address(&vma, pgoff);
        let verdict = if rmap_one.is_invalid(&vma) { Verdict::Skipped } else { Verdict::Walk };
        cpu.event(Event::Filter { vma: id, verdict })?;
        if verdict == Verdict::Walk {
            let pvmw = PageVmaMappedWalk::new(&vma, address, frames.pfn, pgoff, nr_pages);
            cpu.event(Event::Clip { vma: id, start: address, end: pvmw.end })?;
            let cpu = &mut cpu.enter(rmap_one.func(), [id.0.into(), address.0]);
            changed += match rmap_one {
                RmapOne::TryToUnmap => try_to_unmap_one(cpu, pvmw)?,
                RmapOne::TryToMigrate => try_to_migrate_one(cpu, pvmw)?,
                RmapOne::RemoveMigrationPte => remove_migration_pte(cpu, &vma, pvmw)?,
                _ => page_vma_mkclean_one(cpu, pvmw)?,
            };
        }
        next = vma_interval_tree_iter_next(cpu, query, id)?;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    Ok(changed)
}

/// `pfn_mkclean_range`: the same as [`mapping_wrprotect_range`] in one VMA.
pub(super) fn pfn_mkclean_range<S: Sink>(
    cpu: &mut Cpu<S>,
    pfn: Pfn,
    nr_pages: u64,
    pgoff: u64,
    id: VmaId,
) -> Result<u64, Stop> {
    let cpu = &mut cpu.enter(Func::PfnMkcleanRange, [pgoff, nr_pages]);
    let vma = cpu.vma(id);
    if !vma.flags.contains(VmFlags::SHARED) {
        cpu.event(Event::Filter { vma: id, verdict: Verdict::Skipped })?;
        return Ok(0);
    }
    cpu.event(Event::Filter { vma: id, verdict: Verdict::Walk })?;
    let address = vma_address(&vma, pgoff);
    let pvmw = PageVmaMappedWalk::new(&vma, address, pfn, pgoff, nr_pages);
    cpu.event(Event::Clip { vma: id, start: address, end: pvmw.end })?;
    page_vma_mkclean_one(cpu, pvmw)
}

/// `vma_address`: where the pages from `pgoff` on begin in a VMA that maps some of them.
fn vma_address(vma: &Vma, pgoff: u64) -> VirtAddr {
    if pgoff >= vma.pgoff { vma.address_of(pgoff) } else { vma.start }
}

/// `page_vma_mkclean_one`: the pages' entries in one VMA, each flushed by itself under its PTL.
fn page_vma_mkclean_one<S: Sink>(
    cpu: &mut Cpu<S>,
    mut pvmw: PageVmaMappedWalk,
) -> Result<u64, Stop> {
    let (mm, start, end) = (pvmw.mm, pvmw.address, pvmw.end);
    let cpu = &mut cpu.enter(Func::PageVmaMkcleanOne, [start.0, end.0]);
    cpu.event(Event::NotifierStart { mm, start, end })?;
    let mut cleaned = 0;
    while page_vma_mapped_walk(cpu, &mut pvmw)? {
        let addr = pvmw.address;
        cleaned += u64::from(match pvmw.hit {
            Hit::Pte(slot) => pte_mkclean(cpu, mm, slot, addr)?,
            Hit::Pmd(pmd) => huge_pmd_mkclean(cpu, mm, pmd, addr)?,
            Hit::None => unreachable!("it returned an entry"),
        });
    }
    cpu.event(Event::NotifierEnd { mm, start, end })?;
    Ok(cleaned)
}

/// The part of [`page_vma_mkclean_one`] for a PTE. True if there was something to do.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
fn pte_mkclean<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<bool, Stop> {
    let kernel = cpu.kernel();
    let word = cpu.word(slot);
    if !word.is_dirty(kernel) && !word.is_write() {
        return Ok(false);
    }
    let old = ptep_clear_flush(cpu, mm, slot, addr)?;
    cpu.event(Event::Store { slot, addr })?;
    cpu.set_word(slot, old.wrprotect(kernel).mkclean(kernel));
    Ok(true)
}

/// The part of [`page_vma_mkclean_one`] for a leaf PMD. True if there was something to do.
fn huge_pmd_mkclean<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<bool, Stop> {
    let kernel = cpu.kernel();
    let word = cpu.word(pmd);
    if !word.is_dirty(kernel) && !word.is_write() {
        return Ok(false);
    }
    let old = pmdp_invalidate(cpu, mm, pmd, addr)?;
    cpu.event(Event::Store { slot: pmd, addr })?;
    cpu.set_word(pmd, old.wrprotect(kernel).mkclean(kernel));
    Ok(true)
}

/// `try_to_unmap_one`: takes the pages' entries of one VMA away; their dirt goes to the folio.
fn try_to_unmap_one<S: Sink>(cpu: &mut Cpu<S>, mut pvmw: PageVmaMappedWalk) -> Result<u64, Stop> {
    let (mm, start, end) = (pvmw.mm, pvmw.address, pvmw.end);
    cpu.event(Event::NotifierStart { mm, start, end })?;
    let mut unmapped = 0;
    while page_vma_mapped_walk(cpu, &mut pvmw)? {
        let slot = match pvmw.hit {
            Hit::Pte(slot) => slot,
            Hit::Pmd(pmd) => {
                split_huge_pmd_locked(cpu, mm, pmd, pvmw.address)?;
                unmapped += 1;
                continue;
            }
            Hit::None => unreachable!("it returned an entry"),
        };
        let old = ptep_clear_flush(cpu, mm, slot, pvmw.address)?;
        let Some(page) = cpu.pfn_to_page(old.pfn()) else { unreachable!("a folio's page") };
        if old.is_dirty(cpu.kernel()) {
            folio_mark_dirty(cpu, page)?;
        }
        folio_remove_rmap(cpu, page);
        unmapped += 1;
    }
    cpu.event(Event::NotifierEnd { mm, start, end })?;
    Ok(unmapped)
}

/// `ptep_clear_flush`: takes the entry out, and out of every TLB at once.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn ptep_clear_flush<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<Pte, Stop> {
    let cpu = &mut cpu.enter(Func::PtepClearFlush, [addr.0, 0]);
    cpu.event(Event::Xchg { slot, addr })?;
    let old = cpu.word(slot);
    cpu.set_word(slot, Pte::NONE);
    if pte_accessible(cpu, mm, old) {
        flush_tlb_page(cpu, mm, addr)?;
    }
    Ok(old)
}

/// `arch/x86/include/asm/pgtable.h:pte_accessible`: a TLB may hold it; of `PROT_NONE` only as long
/// as the flush behind `mprotect` is pending.
fn pte_accessible<S: Sink>(cpu: &Cpu<S>, mm: MmId, pte: Pte) -> bool {
    pte.is_hw_present() || (pte.is_present() && cpu.tlb_flush_pending(mm) > 0)
}

/// `folio_add_file_rmap_ptes` and its kin: one more entry maps the page.
pub(super) fn add_rmap<S: Sink>(cpu: &mut Cpu<S>, page: PageId) {
    let Page { mapcount, flags, .. } = cpu.page(page);
    cpu.set_rmap(page, mapcount + 1, flags);
}

/// `folio_try_dup_anon_rmap_ptes`, `folio_dup_file_rmap_ptes`: the child's entry maps the page too,
/// which is nobody's alone any more.
pub(super) fn dup_rmap<S: Sink>(cpu: &mut Cpu<S>, page: PageId) {
    let Page { mapcount, flags, .. } = cpu.page(page);
    cpu.set_rmap(page, mapcount + 1, flags.difference(PageFlags::ANON_EXCLUSIVE));
}

/// `folio_remove_rmap_ptes`: one entry less.
#[inline]
pub(super) fn folio_remove_rmap<S: Sink>(cpu: &mut Cpu<S>, page: PageId) {
    let Page { mapcount, flags, .. } = cpu.page(page);
    let Some(mapcount) = mapcount.checked_sub(1) else {
        unreachable!("an unmapped page loses a mapping");
    };
    cpu.set_rmap(page, mapcount, flags);
}

/// `folio_add_file_rmap_pmd`: one more leaf PMD maps the folio.
pub(super) fn folio_add_file_rmap_pmd<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) {
    cpu.set_entire_mapcount(folio, cpu.page(folio).entire_mapcount + 1);
    if cpu.kernel().leaf_pmd_counts_on_pages {
        pages_of(cpu, folio).for_each(|page| add_rmap(cpu, page));
    }
}

/// `folio_remove_rmap_pmd`: one leaf PMD less.
pub(super) fn folio_remove_rmap_pmd<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) {
    let Some(mapcount) = cpu.page(folio).entire_mapcount.checked_sub(1) else {
        unreachable!("an unmapped folio loses a mapping");
    };
    cpu.set_entire_mapcount(folio, mapcount);
    if cpu.kernel().leaf_pmd_counts_on_pages {
        pages_of(cpu, folio).for_each(|page| folio_remove_rmap(cpu, page));
    }
}

/// The pages of a folio.
fn pages_of<S: Sink>(cpu: &Cpu<S>, folio: PageId) -> impl Iterator<Item = PageId> + use<S> {
    (0..1 << cpu.page(folio).part.order).map(move |page| folio.add(page))
}

/// `folio_precise_page_mapcount`: entries of any size that map the page.
pub(super) fn folio_precise_page_mapcount<S: Sink>(cpu: &Cpu<S>, page: PageId) -> u32 {
    let mapcount = cpu.page(page).mapcount;
    if cpu.kernel().leaf_pmd_counts_on_pages {
        return mapcount;
    }
    mapcount + u32::from(cpu.page(cpu.folio(page)).entire_mapcount)
}

/// `folio_mapped`: some entry maps a page of the folio.
pub(super) fn folio_mapped<S: Sink>(cpu: &Cpu<S>, folio: PageId) -> bool {
    let at = cpu.page(folio);
    at.mapcount > 0
        || at.entire_mapcount > 0
        || pages_of(cpu, folio).skip(1).any(|page| cpu.page(page).mapcount > 0)
}

/// `mm/swap.c:folio_put`: a copy on write that nobody maps any more is freed.
pub(super) fn folio_put<S: Sink>(cpu: &mut Cpu<S>, page: PageId) -> Result<(), Stop> {
    let at = cpu.page(page);
    if at.kind == PageKind::Anon && at.mapcount == 0 {
        cpu.event(Event::PageFree { page })?;
        free_page(cpu, page);
    }
    Ok(())
}

/// `mm/page-writeback.c:folio_mark_dirty`: the kernel now knows that the page's folio was written.
/// The mark of readahead, which is the same bit as that of reclaim, goes.
pub(super) fn folio_mark_dirty<S: Sink>(cpu: &mut Cpu<S>, page: PageId) -> Result<(), Stop> {
    let folio = cpu.folio(page);
    let flags = cpu.page(folio).flags;
    if flags.contains(PageFlags::READAHEAD) {
        let pgoff = cpu.page(folio).pgoff;
        cpu.event(Event::ReadaheadMark { mapping: MappingId(cpu.page(folio).owner), pgoff })?;
        folio_set_flags(cpu, folio, flags.difference(PageFlags::READAHEAD));
    }
    mark_buffer_dirty(cpu, folio, 0, cpu.page(folio).part.pages())
}

/// `fs/buffer.c:mark_buffer_dirty`: the same by way of the blocks of pages `first..end` of the
/// folio, as `write` does it. Shared memory has no blocks.
pub(super) fn mark_buffer_dirty<S: Sink>(
    cpu: &mut Cpu<S>,
    folio: PageId,
    first: u64,
    end: u64,
) -> Result<(), Stop> {
    if !cpu.page(folio).flags.contains(PageFlags::DIRTY) {
        cpu.event(Event::PageDirty { page: folio })?;
        folio_set_flags(cpu, folio, cpu.page(folio).flags | PageFlags::DIRTY);
    }
    let at = cpu.page(folio);
    if at.part.order > 0 && cpu.file_kind(MappingId(at.owner)) == FileKind::Ext4 {
        for index in first..end {
            let page = folio.add(u32::try_from(index).expect("a folio is small"));
            folio_set_flags(cpu, page, cpu.page(page).flags | PageFlags::BLOCKS_DIRTY);
        }
    }
    Ok(())
}

/// `mm/swap.c:folio_mark_accessed`. FIDELITY: no-reclaim. Once is as good as often.
#[inline]
pub(super) fn folio_mark_accessed<S: Sink>(cpu: &mut Cpu<S>, page: PageId) -> Result<(), Stop> {
    let folio = cpu.folio(page);
    let Page { mapcount, flags, .. } = cpu.page(folio);
    if !flags.contains(PageFlags::REFERENCED) {
        cpu.event(Event::PageAccessed { page: folio })?;
        cpu.set_rmap(folio, mapcount, flags | PageFlags::REFERENCED);
    }
    Ok(())
}

/// `anon_vma_alloc`: the number of a new family of copies on write.
pub(super) fn anon_vma_alloc<S: Sink>(cpu: &mut Cpu<S>) -> u64 {
    let fresh = cpu.machine_field(MachineField::NextAnonVma);
    cpu.set(Cell::Machine(MachineField::NextAnonVma), fresh + 1);
    fresh
}
