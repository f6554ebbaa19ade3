//! Page tables come and go (`include/asm-generic/pgalloc.h`, `mm/memory.c:__pte_alloc` and its
//! kin).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::machine::delta::{MachineField, MmField};
use crate::machine::event::{Lock, Mode};
use crate::machine::page_table::Table;
use crate::machine::{Cell, Cpu, Event, MmId, Page, PageKind, Sink, SlotId, Stop, TableId};
use crate::mm::page_alloc::{alloc_page, free_page};

/// A new empty table, not hooked in anywhere.
fn new_table<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, level: Level) -> Result<TableId, Stop> {
    let table = cpu.free_table_id();
    let page = Page { kind: PageKind::Table, owner: table.0, ..Page::default() };
    let page = alloc_page(cpu, page)?;
    cpu.set(Cell::Table(table), Table { level, mm, pfn: page.pfn() }.to_cell());
    cpu.set(Cell::Machine(MachineField::FreeTable), u64::from(table.0) + 1);
    Ok(table)
}

/// `pgd_alloc`: the process's top-level table.
pub(super) fn pgd_alloc<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) -> Result<(), Stop> {
    let table = new_table(cpu, mm, cpu.levels().top())?;
    cpu.set(Cell::Mm(mm, MmField::Pgd), u64::from(table.0) + 1);
    Ok(())
}

/// `pgd_free`.
pub(super) fn pgd_free<S: Sink>(cpu: &mut Cpu<S>, mm: MmId) {
    let table = cpu.pgd(mm);
    cpu.set(Cell::Mm(mm, MmField::Pgd), 0);
    release(cpu, table);
}

fn release<S: Sink>(cpu: &mut Cpu<S>, table: TableId) {
    let pfn = cpu.table(table).pfn;
    cpu.set(Cell::Table(table), 0);
    let lowest = cpu.machine_field(MachineField::FreeTable).min(table.0.into());
    cpu.set(Cell::Machine(MachineField::FreeTable), lowest);
    let page = cpu.pfn_to_page(pfn).expect("a table lies in a page");
    free_page(cpu, page);
}

/// `p4d_alloc`, `pud_alloc`, `pmd_alloc`, `__pte_alloc`: the table below `slot`, an entry of
/// `level`, made if it is not there.
pub(super) fn table_alloc<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    level: Level,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<TableId, Stop> {
    match cpu.word(slot).decode(level) {
        Entry::Table(pfn) => return Ok(cpu.table_at(pfn)),
        Entry::None => {}
        _ => unreachable!("no leaf above the PTEs"),
    }
    let below = level.below().expect("PTEs have no table below");
    let lock = if level == Level::Pmd { Lock::Ptl(slot.table()) } else { Lock::PageTable(mm) };
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    // The number is known before the table is: the step must come before what it does.
    let table = cpu.free_table_id();
    cpu.event(Event::TableAlloc { table, level, addr })?;
    let table = new_table(cpu, mm, below)?;
    let pfn = cpu.table(table).pfn;
    cpu.set_word(slot, Pte::table(pfn));
    let tables = cpu.get(Cell::Mm(mm, MmField::NrTables));
    cpu.set(Cell::Mm(mm, MmField::NrTables), tables + 1);
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    Ok(table)
}

/// `pmd_clear` and `pte_free_tlb` and their kin: unhooks the empty table below `slot`, an entry of
/// `level`, and frees it.
pub(super) fn table_free<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    level: Level,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let Entry::Table(pfn) = cpu.word(slot).decode(level) else {
        unreachable!("only a hooked-in table is freed");
    };
    let table = cpu.table_at(pfn);
    cpu.event(Event::TableFree { table, level, addr })?;
    cpu.set_word(slot, Pte::NONE);
    release(cpu, table);
    let tables = cpu.get(Cell::Mm(mm, MmField::NrTables));
    cpu.set(Cell::Mm(mm, MmField::NrTables), tables - 1);
    Ok(())
}

/// The way down to the PMD entry of `addr`, with tables made where they are missing
/// (`__handle_mm_fault`).
pub(super) fn pmd_alloc<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
) -> Result<SlotId, Stop> {
    let (mut table, mut level) = (cpu.pgd(mm), cpu.levels().top());
    while level != Level::Pmd {
        let slot = SlotId::new(table, level.index(addr));
        table = table_alloc(cpu, mm, level, slot, addr)?;
        level = level.below().unwrap_or(Level::Pmd);
    }
    Ok(SlotId::new(table, Level::Pmd.index(addr)))
}

/// `pte_alloc`: the PTE of `addr` below its PMD entry, with the table made if it is missing.
pub(super) fn pte_alloc<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<SlotId, Stop> {
    let table = table_alloc(cpu, mm, Level::Pmd, pmd, addr)?;
    Ok(SlotId::new(table, Level::Pte.index(addr)))
}

/// The PTE of `addr` below its PMD entry, if there is a table.
pub(super) fn pte_offset_map<S: Sink>(cpu: &Cpu<S>, pmd: SlotId, addr: VirtAddr) -> Option<SlotId> {
    match cpu.word(pmd).decode(Level::Pmd) {
        Entry::Table(pfn) => Some(SlotId::new(cpu.table_at(pfn), Level::Pte.index(addr))),
        _ => None,
    }
}
