//! Migration: a folio is locked, migration entries stand where it was mapped, and then it is mapped
//! again (`mm/migrate.c`, `mm/rmap.c:try_to_migrate_one`). Here the two ends are apart, and what
//! else happens comes in between. Whoever needs the folio waits, and so the migration ends. The
//! folio comes back in the same frame, as after one that failed. FIDELITY: no-swap.

use crate::addr::VirtAddr;
use crate::arch::{Migration, Pte};
use crate::machine::event::Phase;
use crate::machine::{Cpu, Event, Func, MappingId, PageFlags, PageId, Sink, SlotId, Stop, Vma};
use crate::mm::filemap::folio_set_flags;
use crate::mm::huge_pmd::HPAGE_PMD_ORDER;
use crate::mm::page_vma_mapped::{Hit, PageVmaMappedWalk, Wants, page_vma_mapped_walk};
use crate::mm::rmap::{
    add_rmap, folio_mark_dirty, folio_remove_rmap, ptep_clear_flush, remove_migration_ptes,
    try_to_migrate,
};

/// The folio of page `pgoff`, if it is there and may begin or end a migration.
fn folio_at<S: Sink>(cpu: &Cpu<S>, mapping: MappingId, pgoff: u64, phase: Phase) -> Option<PageId> {
    let folio = cpu.folio(cpu.cached(mapping, pgoff)?);
    let at = cpu.page(folio);
    let migrates = at.flags.contains(PageFlags::MIGRATES);
    let fits = migrates == (phase == Phase::Ends) && at.part.order != HPAGE_PMD_ORDER;
    fits.then_some(folio)
}

/// The migration of page `pgoff` begins. Returns how many entries gave way; `None`: the page is not
/// cached, migrates already, or is part of 2 MiB.
///
/// # Errors
/// The sink may stop the run.
pub fn migrate_begin<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
) -> Result<Option<u64>, Stop> {
    let Some(folio) = folio_at(cpu, mapping, pgoff, Phase::Begins) else { return Ok(None) };
    cpu.event(Event::Migration { page: folio, phase: Phase::Begins })?;
    folio_set_flags(cpu, folio, cpu.page(folio).flags | PageFlags::MIGRATES);
    let value = try_to_migrate(cpu, folio)?;
    cpu.event(Event::Return { value })?;
    Ok(Some(value))
}

/// It ends. Returns how many entries map the folio again; `None`: none began.
///
/// # Errors
/// The sink may stop the run.
pub fn migrate_end<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
) -> Result<Option<u64>, Stop> {
    let Some(folio) = folio_at(cpu, mapping, pgoff, Phase::Ends) else { return Ok(None) };
    let value = end(cpu, folio)?;
    cpu.event(Event::Return { value })?;
    Ok(Some(value))
}

#[cold]
fn end<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<u64, Stop> {
    let back = remove_migration_ptes(cpu, folio)?;
    cpu.event(Event::Migration { page: folio, phase: Phase::Ends })?;
    folio_set_flags(cpu, folio, cpu.page(folio).flags.difference(PageFlags::MIGRATES));
    Ok(back)
}

/// Somebody needs the lock of the folio: if it migrates, that ends first.
#[cfg_attr(not(target_arch = "wasm32"), inline(always))]
pub(super) fn wait_for_migration<S: Sink>(cpu: &mut Cpu<S>, folio: PageId) -> Result<(), Stop> {
    if cpu.page(folio).flags.contains(PageFlags::MIGRATES) {
        end(cpu, folio)?;
    }
    Ok(())
}

/// `migration_entry_wait`: a fault met the entry of a page that migrates.
pub(super) fn migration_entry_wait<S: Sink>(
    cpu: &mut Cpu<S>,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::MigrationEntryWait, [addr.0, 0]);
    let page = migrating_page(cpu, cpu.word(slot)).expect("a migration entry");
    let folio = cpu.folio(page);
    wait_for_migration(cpu, folio)
}

/// `pfn_swap_entry_to_page`: the page that `word`, a migration entry, stands for.
pub(super) fn migrating_page<S: Sink>(cpu: &Cpu<S>, word: Pte) -> Option<PageId> {
    let entry = word.as_migration(cpu.kernel(), cpu.levels())?;
    cpu.pfn_to_page(entry.pfn)
}

/// `try_to_migrate_one`: the pages' entries of one VMA give way to migration entries, which keep A
/// and dirt; the folio learns of the dirt too.
pub(super) fn try_to_migrate_one<S: Sink>(
    cpu: &mut Cpu<S>,
    mut pvmw: PageVmaMappedWalk,
) -> Result<u64, Stop> {
    let (mm, start, end) = (pvmw.mm, pvmw.address, pvmw.end);
    let (kernel, levels) = (cpu.kernel(), cpu.levels());
    cpu.event(Event::NotifierStart { mm, start, end })?;
    let mut gave_way = 0;
    while page_vma_mapped_walk(cpu, &mut pvmw)? {
        let Hit::Pte(slot) = pvmw.hit else { unreachable!("no leaf PMD maps a small folio") };
        let old = cpu.word(slot);
        let Some(page) = cpu.pfn_to_page(old.pfn()) else { unreachable!("a folio's page") };
        ptep_clear_flush(cpu, mm, slot, pvmw.address)?;
        if old.is_dirty(kernel) {
            folio_mark_dirty(cpu, page)?;
        }
        let entry = Migration {
            pfn: old.pfn(),
            write: old.is_write(),
            young: old.is_young(),
            dirty: old.is_dirty(kernel),
            soft_dirty: old.is_soft_dirty(),
        };
        cpu.event(Event::Store { slot, addr: pvmw.address })?;
        cpu.set_word(slot, Pte::migration(entry, kernel, levels));
        folio_remove_rmap(cpu, page);
        gave_way += 1;
    }
    cpu.event(Event::NotifierEnd { mm, start, end })?;
    Ok(gave_way)
}

/// `remove_migration_pte`: fresh entries with the VMA's protection, from 6.12 on whatever the old
/// ones had lost of it; A, dirt and soft-dirty come back.
pub(super) fn remove_migration_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: &Vma,
    mut pvmw: PageVmaMappedWalk,
) -> Result<u64, Stop> {
    let (kernel, levels) = (cpu.kernel(), cpu.levels());
    pvmw.wants = Wants::Migration;
    let mut back = 0;
    while page_vma_mapped_walk(cpu, &mut pvmw)? {
        let Hit::Pte(slot) = pvmw.hit else { unreachable!("migration entries are PTEs") };
        let entry = cpu.word(slot).as_migration(kernel, levels).expect("the walk wants them");
        let page = cpu.pfn_to_page(entry.pfn).expect("a folio's page");
        let mut pte = Pte::new(entry.pfn, vma.prot);
        if !entry.young {
            pte = pte.mkold();
        }
        if entry.dirty && cpu.folio_flags(page).contains(PageFlags::DIRTY) {
            pte = pte.mkdirty(kernel);
        }
        if entry.soft_dirty {
            pte = pte.mksoft_dirty();
        } else if kernel.migration_clears_soft_dirty {
            pte = pte.clear_soft_dirty();
        }
        if entry.write {
            pte = pte.mkwrite(kernel);
        } else if kernel.migration_write_protects {
            pte = pte.wrprotect(kernel);
        }
        cpu.event(Event::Install { slot, addr: pvmw.address })?;
        cpu.set_word(slot, pte);
        add_rmap(cpu, page);
        back += 1;
    }
    Ok(back)
}
