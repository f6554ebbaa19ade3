//! Page tables that nobody needs any more are freed (`mm/memory.c:free_pgtables`).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level};
use crate::machine::{Cpu, Func, Sink, SlotId, Stop, TableId, VmaId};
use crate::mm::mmu_gather::MmuGather;
use crate::mm::pgalloc::table_free;
use crate::mm::vma::{remove_shared_vm_struct, with_i_mmap_write};

/// VMAs of one file that one hold of `i_mmap_rwsem` unlinks at most.
const UNLINK_VMA_BATCH: usize = 8;

/// Unlinks the dying VMAs from their files' trees, group by group, and frees the tables below each
/// group. `floor` is the end of the neighbour below (0: none), `ceiling` the start of the one above
/// (0: none): tables that reach beyond stay.
pub(super) fn free_pgtables<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    dying: &[VmaId],
    floor: VirtAddr,
    ceiling: VirtAddr,
) -> Result<(), Stop> {
    let (Some(first), Some(last)) = (dying.first(), dying.last()) else { return Ok(()) };
    let range = [cpu.vma(*first).start.0, cpu.vma(*last).end.0];
    let cpu = &mut cpu.enter(Func::FreePgtables, range);
    tlb.flush_raw_frames(cpu)?;
    let mut rest = dying;
    while let Some((group, after)) = next_group(cpu, rest) {
        unlink_file_vmas(cpu, group)?;
        let start = cpu.vma(group[0]).start;
        let end = cpu.vma(group[group.len() - 1]).end;
        let above = after.first().map_or(ceiling, |next| cpu.vma(*next).start);
        free_pgd_range(cpu, tlb, Span { start, end, floor, ceiling: above })?;
        rest = after;
    }
    Ok(())
}

/// The VMAs that start at most 2 MiB behind the end of the one before, and the others.
fn next_group<'v, S: Sink>(cpu: &Cpu<S>, rest: &'v [VmaId]) -> Option<(&'v [VmaId], &'v [VmaId])> {
    let near =
        |pair: &[VmaId]| cpu.vma(pair[1]).start.0 <= cpu.vma(pair[0]).end.0 + Level::Pmd.size();
    let joined = rest.windows(2).take_while(|pair| near(pair)).count();
    (!rest.is_empty()).then(|| rest.split_at(joined + 1))
}

/// `unlink_file_vma`, `unlink_file_vma_batch_add`: out of the trees, ascending.
fn unlink_file_vmas<S: Sink>(cpu: &mut Cpu<S>, group: &[VmaId]) -> Result<(), Stop> {
    let batch_max = if cpu.kernel().unlinks_one_by_one { 1 } else { UNLINK_VMA_BATCH };
    let mut rest = group;
    while let Some(first) = rest.first() {
        let file = cpu.vma(*first).file;
        let same = rest.iter().take(batch_max).take_while(|id| cpu.vma(**id).file == file).count();
        let (batch, after) = rest.split_at(same);
        with_i_mmap_write(cpu, file, |cpu| {
            batch.iter().try_for_each(|vma| remove_shared_vm_struct(cpu, *vma))
        })?;
        rest = after;
    }
    Ok(())
}

/// What a group covered, and how far its neighbours leave room.
#[derive(Clone, Copy)]
struct Span {
    start: VirtAddr,
    end: VirtAddr,
    floor: VirtAddr,
    ceiling: VirtAddr,
}

impl Span {
    /// True if all that one entry of `level` at `addr` maps, up to `end`, belongs to nobody else.
    fn owns(&self, level: Level, addr: VirtAddr, end: VirtAddr) -> bool {
        let from = level.round_down(addr);
        let to = from.0 + (end.0 - from.0).next_multiple_of(level.size());
        from >= self.floor && (self.ceiling.0 == 0 || to <= self.ceiling.0)
    }
}

/// `free_pgd_range`: frees the PTE tables of every 2 MiB slot that the span alone touches, then the
/// tables above them likewise.
fn free_pgd_range<S: Sink>(cpu: &mut Cpu<S>, tlb: &mut MmuGather, span: Span) -> Result<(), Stop> {
    let (pgd, top) = (cpu.pgd(tlb.mm()), cpu.levels().top());
    free_tables_below(cpu, tlb, &span, pgd, top, span.start, span.end)
}

/// `free_p4d_range`, `free_pud_range`, `free_pmd_range`, `free_pte_range`: the same rule at each
/// level, from below upwards.
fn free_tables_below<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    span: &Span,
    table: TableId,
    level: Level,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let mut addr = start;
    while addr < end {
        let next = level.addr_end(addr, end);
        let slot = SlotId::new(table, level.index(addr));
        if let Entry::Table(pfn) = cpu.word(slot).decode(level) {
            if let Some(below) = level.below().filter(|below| *below != Level::Pte) {
                let table = cpu.table_at(pfn);
                free_tables_below(cpu, tlb, span, table, below, addr, next)?;
            }
            if span.owns(level, addr, next) {
                table_free(cpu, tlb.mm(), level, slot, addr)?;
                tlb.free_table(Level::Pmd.round_down(addr));
            }
        }
        addr = next;
    }
    Ok(())
}
