//! The helpers' one user: how vmwgfx tracks what processes write into a buffer object
//! (`drivers/gpu/drm/vmwgfx/vmwgfx_page_dirty.c`). It cleans page tables where writes are dense,
//! takes a fault a page where they are sparse, and changes over when three scans in a row say so.
//! Its bitmap and hull (`start`, `end`) are the mapping's [`DirtyBitmap`]: bit 0 is the object's
//! first page. FIDELITY: one-buffer-a-device.
//!
//! [`DirtyBitmap`]: crate::machine::address_space::DirtyBitmap

use crate::addr::{PAGE_SHIFT, VirtAddr};
use crate::arch::level::PTRS_PER_TABLE;
use crate::machine::address_space::DirtyMethod;
use crate::machine::delta::{MachineField, MappingField};
use crate::machine::{Cell, Cpu, Event, Func, MappingId, Sink, Stop, VmFlags, Vma};
use crate::mm::bitmap::{self, BITS_PER_WORD};
use crate::mm::device::{count_mkwrite, insert_pfns};
use crate::mm::mapping_dirty_helpers::{
    clean_record_shared_mapping_range, wp_shared_mapping_range,
};
use crate::mm::pagewalk::FilterMiss;
use crate::mm::protection::vm_get_page_prot;
use crate::mm::zap::{Cows, unmap_mapping_range};

/// Moves the driver's two thresholds, as no driver does: more scans in a row than `triggers` change
/// the method, a larger share than `percentage` is dense.
pub fn set_thresholds<S: Sink>(cpu: &mut Cpu<S>, triggers: u64, percentage: u64) {
    cpu.set(Cell::Machine(MachineField::VmwTriggers), triggers);
    cpu.set(Cell::Machine(MachineField::VmwPercentage), percentage);
}

/// Makes the driver use this method alone, as no driver does; [`DirtyMethod::Untracked`]:
/// whichever pays.
pub fn set_only<S: Sink>(cpu: &mut Cpu<S>, method: DirtyMethod) {
    cpu.set(Cell::Machine(MachineField::VmwOnly), method as u64);
}

fn only<S: Sink>(cpu: &Cpu<S>) -> Option<DirtyMethod> {
    let only = cpu.machine_field(MachineField::VmwOnly);
    DirtyMethod::ALL.into_iter().find(|method| only != 0 && *method as u64 == only)
}

/// A buffer object under tracking, and what a filter miss does to the walks over its mapping.
#[derive(Clone, Copy, Debug)]
pub struct VmwBo {
    /// Its pages are all of this file.
    pub mapping: MappingId,
    /// Passed on to the helpers.
    pub filter_miss: FilterMiss,
}

/// `vmw_bo_dirty_add`: tracking begins. An object that fits one PTE table is scanned, a larger one
/// write-protected.
///
/// # Errors
/// The sink may stop the run.
pub fn vmw_bo_dirty_add<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyAdd, [0, 0]);
    if method(cpu, bo) != DirtyMethod::Untracked {
        return Ok(());
    }
    let size = cpu.file_pages(bo.mapping);
    bitmap::reset(cpu, bo.mapping, size, size, 0);
    let fits = size < PTRS_PER_TABLE.into();
    if only(cpu).map_or(fits, |only| only == DirtyMethod::Pagetable) {
        set_method(cpu, bo, DirtyMethod::Pagetable)
    } else {
        set_method(cpu, bo, DirtyMethod::Mkwrite)?;
        wp(cpu, bo, 0, size)?;
        clean_record(cpu, bo, 0, size)?;
        Ok(())
    }
}

/// `vmw_bo_dirty_release`: nobody asks any more.
///
/// # Errors
/// The sink may stop the run.
pub fn vmw_bo_dirty_release<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyRelease, [0, 0]);
    set_method(cpu, bo, DirtyMethod::Untracked)
}

/// `vmw_bo_dirty_scan`: collects what was written since the last scan. Each submission of commands
/// that uses the object does it.
///
/// # Errors
/// The sink may stop the run.
pub fn vmw_bo_dirty_scan<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyScan, [0, 0]);
    match method(cpu, bo) {
        DirtyMethod::Untracked => Ok(()),
        DirtyMethod::Pagetable => vmw_bo_dirty_scan_pagetable(cpu, bo),
        DirtyMethod::Mkwrite => vmw_bo_dirty_scan_mkwrite(cpu, bo),
    }
}

/// `vmw_bo_dirty_scan_pagetable`: three scans in a row that find nothing make it wait for faults.
fn vmw_bo_dirty_scan_pagetable<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyScanPagetable, [0, 0]);
    let size = cpu.file_pages(bo.mapping);
    let num_marked = clean_record(cpu, bo, 0, size)?;
    if speaks_for_change(cpu, bo, num_marked == 0) {
        set_method(cpu, bo, DirtyMethod::Mkwrite)?;
        wp(cpu, bo, 0, size)?;
        clean_record(cpu, bo, 0, size)?;
    }
    Ok(())
}

/// `vmw_bo_dirty_scan_mkwrite`: arms the noted pages again; three scans in a row with many of them
/// make it scan page tables. From then on every page of the hull counts as written.
fn vmw_bo_dirty_scan_mkwrite<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyScanMkwrite, [0, 0]);
    let size = cpu.file_pages(bo.mapping);
    let (start, end) = hull(cpu, bo);
    if end <= start {
        return Ok(());
    }
    let num_marked = wp(cpu, bo, start, end - start)?;
    let percentage = cpu.machine_field(MachineField::VmwPercentage);
    if speaks_for_change(cpu, bo, 100 * num_marked / size > percentage) {
        set_method(cpu, bo, DirtyMethod::Pagetable)?;
        set_hull(cpu, bo, 0, size);
        clean_record(cpu, bo, 0, size)?;
        set_bits(cpu, bo, 0, size, Bits::Clear);
        set_bits(cpu, bo, start, end, Bits::Set);
        set_hull(cpu, bo, start, end);
    }
    Ok(())
}

/// `vmw_bo_dirty_unmap`: the device is about to write pages `first..first + nr`; whoever touches
/// them later faults.
///
/// # Errors
/// The sink may stop the run.
pub fn vmw_bo_dirty_unmap<S: Sink>(
    cpu: &mut Cpu<S>,
    bo: VmwBo,
    first: u64,
    nr: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyUnmap, [first, nr]);
    vmw_bo_dirty_pre_unmap(cpu, bo, first, nr)?;
    let (holebegin, holelen) = (first << PAGE_SHIFT, nr << PAGE_SHIFT);
    unmap_mapping_range(cpu, bo.mapping, holebegin, holelen, Cows::Keep)
}

/// `vmw_bo_dirty_pre_unmap`: pages `first..first + nr` are about to be unmapped, which would lose
/// the dirt of their special entries.
fn vmw_bo_dirty_pre_unmap<S: Sink>(
    cpu: &mut Cpu<S>,
    bo: VmwBo,
    first: u64,
    nr: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyPreUnmap, [first, nr]);
    if method(cpu, bo) == DirtyMethod::Pagetable {
        wp(cpu, bo, first, nr)?;
        clean_record(cpu, bo, first, nr)?;
    }
    Ok(())
}

/// `vmw_bo_dirty_transfer_to_res`: hands the written pages among `first..first + nr`, a surface of
/// the device, over to it. Returns how many.
///
/// # Errors
/// The sink may stop the run.
pub fn vmw_bo_dirty_transfer_to_res<S: Sink>(
    cpu: &mut Cpu<S>,
    bo: VmwBo,
    first: u64,
    nr: u64,
) -> Result<u64, Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyTransferToRes, [first, nr]);
    let (start, end) = hull(cpu, bo);
    if first >= end || first + nr <= start {
        return Ok(0);
    }
    let res_end = if cpu.kernel().vmw_transfer_ends_with_res {
        end.min(first + nr)
    } else {
        end.max(first + nr)
    };
    let mut transferred = 0;
    let mut run = None;
    for page in first.max(start)..=res_end {
        match run {
            None if page < res_end && is_set(cpu, bo, page) => run = Some(page),
            Some(from) if page == res_end || !is_set(cpu, bo, page) => {
                let (mapping, nr) = (bo.mapping, page - from);
                cpu.event(Event::DirtyTransfer { mapping, first: from, nr })?;
                set_bits(cpu, bo, from, page, Bits::Clear);
                transferred += nr;
                run = None;
            }
            _ => {}
        }
    }
    shrink_hull(cpu, bo, first, res_end);
    Ok(transferred)
}

/// `vmw_bo_dirty_clear_res`: forgets what was written among `first..first + nr`, for the device has
/// overwritten it.
pub fn vmw_bo_dirty_clear_res<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, first: u64, nr: u64) {
    let cpu = &mut cpu.enter(Func::VmwBoDirtyClearRes, [first, nr]);
    let (start, end) = hull(cpu, bo);
    if first >= end || first + nr <= start {
        return;
    }
    let (res_start, res_end) = (first.max(start), end.min(first + nr));
    set_bits(cpu, bo, res_start, res_end, Bits::Clear);
    shrink_hull(cpu, bo, res_start, res_end);
}

/// `vmw_bo_vm_fault`: entries are born read-only where writes are waited for.
pub(super) fn vmw_bo_vm_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: &Vma,
    mapping: MappingId,
    addr: VirtAddr,
    prefault: u32,
) -> Result<Option<()>, Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoVmFault, [addr.0, 0]);
    let flags = match cpu.dirty_method(mapping) {
        DirtyMethod::Mkwrite => vma.flags.difference(VmFlags::SHARED),
        DirtyMethod::Untracked | DirtyMethod::Pagetable => vma.flags,
    };
    insert_pfns(cpu, vma, mapping, addr, prefault, vm_get_page_prot(flags))
}

/// `vmw_bo_vm_mkwrite`: notes a page's first write.
pub(super) fn vmw_bo_vm_mkwrite<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::VmwBoVmMkwrite, [pgoff, 1]);
    let bo = VmwBo { mapping, filter_miss: FilterMiss::EndsWalk };
    count_mkwrite(cpu, mapping, pgoff)?;
    if cpu.dirty_method(mapping) == DirtyMethod::Mkwrite && !is_set(cpu, bo, pgoff) {
        cpu.event(Event::Record { mapping, bit: pgoff })?;
        set_bits(cpu, bo, pgoff, pgoff + 1, Bits::Set);
        let (start, end) = hull(cpu, bo);
        set_hull(cpu, bo, start.min(pgoff), end.max(pgoff + 1));
    }
    Ok(())
}

fn wp<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, first: u64, nr: u64) -> Result<u64, Stop> {
    wp_shared_mapping_range(cpu, bo.mapping, first, nr, bo.filter_miss)
}

fn clean_record<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, first: u64, nr: u64) -> Result<u64, Stop> {
    clean_record_shared_mapping_range(cpu, bo.mapping, first, nr, 0, bo.filter_miss)
}

fn method<S: Sink>(cpu: &Cpu<S>, bo: VmwBo) -> DirtyMethod {
    cpu.dirty_method(bo.mapping)
}

fn set_method<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, method: DirtyMethod) -> Result<(), Stop> {
    cpu.event(Event::DirtyMethod { mapping: bo.mapping, method })?;
    cpu.set(Cell::Mapping(bo.mapping, MappingField::Method), method as u64);
    cpu.set(Cell::Mapping(bo.mapping, MappingField::ChangeCount), 0);
    Ok(())
}

/// Counts the scans in a row that asked for the other method; true when there are enough.
fn speaks_for_change<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, asks: bool) -> bool {
    let count = cpu.mapping_field(bo.mapping, MappingField::ChangeCount);
    let count = if asks { count + 1 } else { 0 };
    cpu.set(Cell::Mapping(bo.mapping, MappingField::ChangeCount), count);
    count > cpu.machine_field(MachineField::VmwTriggers) && only(cpu).is_none()
}

fn hull<S: Sink>(cpu: &Cpu<S>, bo: VmwBo) -> (u64, u64) {
    let start = cpu.mapping_field(bo.mapping, MappingField::BitmapStart);
    (start, cpu.mapping_field(bo.mapping, MappingField::BitmapEnd))
}

fn set_hull<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, start: u64, end: u64) {
    cpu.set(Cell::Mapping(bo.mapping, MappingField::BitmapStart), start);
    cpu.set(Cell::Mapping(bo.mapping, MappingField::BitmapEnd), end);
}

/// Pages `from..to` have been dealt with: the hull ends before them or begins behind them.
fn shrink_hull<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, from: u64, to: u64) {
    let (mut start, mut end) = hull(cpu, bo);
    if from <= start && to > start {
        start = to;
    }
    if from < end && to >= end {
        end = from;
    }
    set_hull(cpu, bo, start, end);
}

/// What becomes of some bits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bits {
    Set,
    Clear,
}

fn is_set<S: Sink>(cpu: &Cpu<S>, bo: VmwBo, page: u64) -> bool {
    cpu.get(Cell::Bitmap(bo.mapping, page / BITS_PER_WORD)) >> (page % BITS_PER_WORD) & 1 != 0
}

/// `lib/bitmap.c:__bitmap_set`, `__bitmap_clear`: word by word.
fn set_bits<S: Sink>(cpu: &mut Cpu<S>, bo: VmwBo, from: u64, to: u64, bits: Bits) {
    let mut page = from;
    while page < to {
        let first = page % BITS_PER_WORD;
        let nr = (BITS_PER_WORD - first).min(to - page);
        let mask = u64::MAX >> (BITS_PER_WORD - nr) << first;
        let cell = Cell::Bitmap(bo.mapping, page / BITS_PER_WORD);
        let word = cpu.get(cell);
        cpu.set(cell, if bits == Bits::Set { word | mask } else { word & !mask });
        page += nr;
    }
}
