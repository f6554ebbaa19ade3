//! A range of addresses becomes one with its neighbours (`mm/vma.c:vma_merge_new_range`,
//! `vma_merge_existing_range`; in 6.1 `vma_merge` does both). The order of tree insertions and
//! removals is the kernel's.

use crate::addr::VirtAddr;
use crate::machine::delta::VmaField;
use crate::machine::{Cell, Cpu, Func, Sink, Stop, VmFlags, Vma, VmaId};
use crate::mm::huge_pmd::split_huge_pmd_if_needed;
use crate::mm::vma::{
    remove_shared_vm_struct, vm_area_free, vma_link_file, vma_set_range, with_i_mmap_write,
};

/// Who has a new range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewRange {
    /// `mmap`: nothing in it was ever copied.
    Mapped,
    /// `mremap`: it is a copy of some other range.
    Copied,
}

/// A VMA with its number.
type Numbered = (VmaId, Vma);

/// Inherited over no fork: the one chain entry is its own.
fn anon_vma_is_alone(vma: &Vma) -> bool {
    vma.anon_chain == 1
}

/// `is_mergeable_vma` and the offsets: `lower` could go on as `upper`. `range`, one of the two,
/// says what both will be.
fn is_mergeable_vma<S: Sink>(cpu: &Cpu<S>, lower: &Vma, upper: &Vma, range: &Vma) -> bool {
    let same_flags = (lower.flags ^ upper.flags).difference(VmFlags::SOFTDIRTY).is_empty();
    let anon_offset_fits = range.flags.contains(VmFlags::SHARED)
        || !cpu.kernel().anon_offset_must_match
        || lower.anon_pgoff.wrapping_add(lower.pages()) == upper.anon_pgoff;
    same_flags
        && !range.flags.intersects(VmFlags::SPECIAL)
        && lower.end == upper.start
        && lower.file == upper.file
        && lower.pgoff + lower.pages() == upper.pgoff
        && anon_offset_fits
}

/// `is_mergeable_anon_vma`: the copies of both may belong to one family.
fn is_mergeable_anon_vma<S: Sink>(cpu: &Cpu<S>, range: &Vma, neighbour: &Vma) -> bool {
    match (range.anon_vma, neighbour.anon_vma) {
        (0, 0) => true,
        (0, _) => anon_vma_is_alone(neighbour),
        (_, 0) => cpu.kernel().range_lends_anon_vma && anon_vma_is_alone(range),
        (one, other) => one == other,
    }
}

/// `can_vma_merge_after`: `prev` may grow over the range.
fn can_vma_merge_left<S: Sink>(cpu: &Cpu<S>, prev: &Vma, range: &Vma) -> bool {
    is_mergeable_vma(cpu, prev, range, range) && is_mergeable_anon_vma(cpu, range, prev)
}

/// `can_vma_merge_before`: `next` may grow over the range.
fn can_vma_merge_right<S: Sink>(cpu: &Cpu<S>, range: &Vma, next: &Vma) -> bool {
    is_mergeable_vma(cpu, range, next, range) && is_mergeable_anon_vma(cpu, range, next)
}

/// `are_anon_vmas_compatible`: both neighbours may become one.
fn are_anon_vmas_compatible(prev: &Vma, next: &Vma) -> bool {
    prev.anon_vma == 0 || next.anon_vma == 0 || prev.anon_vma == next.anon_vma
}

/// The neighbours that a range could become one with.
struct Neighbours {
    prev: Option<Numbered>,
    next: Option<Numbered>,
}

fn mergeable_neighbours<S: Sink>(cpu: &Cpu<S>, range: &Vma) -> Neighbours {
    let mm = range.mm.expect("a VMA belongs to a process");
    let prev = cpu.find_vma_prev(mm, range.start).map(|id| (id, cpu.vma(id)));
    let next = cpu.find_vma(mm, range.end).map(|id| (id, cpu.vma(id)));
    Neighbours {
        prev: prev.filter(|(_, prev)| can_vma_merge_left(cpu, prev, range)),
        next: next.filter(|(_, next)| can_vma_merge_right(cpu, range, next)),
    }
}

/// The VMA that the range of `new`, where nothing is mapped, joined, if a neighbour could take it
/// in.
pub(super) fn vma_merge_new_range<S: Sink>(
    cpu: &mut Cpu<S>,
    new: &Vma,
    who: NewRange,
) -> Result<Option<VmaId>, Stop> {
    let Neighbours { prev, next } = mergeable_neighbours(cpu, new);
    // 6.1's mmap asks the right neighbour first, and then the left one with that one's copies.
    let right_first = cpu.kernel().mmap_compares_neighbours && who == NewRange::Mapped;
    let (survivor, eaten) = match (prev, next) {
        (None, None) => return Ok(None),
        (Some(prev), None) => (prev, None),
        (None, Some(next)) => (next, None),
        (Some((_, prev)), Some(next))
            if right_first && next.1.anon_vma != 0 && prev.anon_vma != next.1.anon_vma =>
        {
            (next, None)
        }
        (Some(prev), Some(next)) if are_anon_vmas_compatible(&prev.1, &next.1) => {
            (prev, Some(next))
        }
        (Some(prev), Some(_)) => (prev, None),
    };
    let cpu = &mut cpu.enter(Func::MergeNewRange, [new.start.0, new.end.0]);
    let start = survivor.1.start.min(new.start);
    let end = eaten.map_or(survivor.1.end.max(new.end), |(_, eaten)| eaten.end);
    vma_expand(cpu, survivor, start..end, new, &eaten.into_iter().collect::<Vec<_>>())?;
    Ok(Some(survivor.0))
}

/// The range from `range.start` to `range.end` of VMA `middle` shall become what `range` says: the
/// VMA that it joined, if a neighbour could take it in.
pub(super) fn vma_merge_existing_range<S: Sink>(
    cpu: &mut Cpu<S>,
    middle: VmaId,
    range: &Vma,
) -> Result<Option<VmaId>, Stop> {
    let whole = cpu.vma(middle);
    let Neighbours { prev, next } = mergeable_neighbours(cpu, range);
    let prev = prev.filter(|_| range.start == whole.start);
    let next = next.filter(|_| range.end == whole.end);
    let next =
        next.filter(|(_, next)| prev.is_none_or(|(_, prev)| are_anon_vmas_compatible(&prev, next)));
    let is_whole = (range.start, range.end) == (whole.start, whole.end);
    if prev.is_none() && next.is_none() {
        return Ok(None);
    }
    let cpu = &mut cpu.enter(Func::MergeExistingRange, [range.start.0, range.end.0]);
    let survivor = match (prev, next) {
        (Some(prev), Some(next)) => {
            let all = prev.1.start..next.1.end;
            vma_expand(cpu, prev, all, range, &[(middle, whole), next])?;
            prev
        }
        (Some(prev), None) if is_whole => {
            vma_expand(cpu, prev, prev.1.start..whole.end, range, &[(middle, whole)])?;
            prev
        }
        (None, Some(next)) if is_whole => {
            vma_expand(cpu, next, whole.start..next.1.end, range, &[(middle, whole)])?;
            next
        }
        (Some(prev), None) => {
            move_border(cpu, prev, (middle, whole), range.end, range)?;
            prev
        }
        (None, Some(next)) => {
            move_border(cpu, (middle, whole), next, range.start, range)?;
            next
        }
        (None, None) => unreachable!("a neighbour was found"),
    };
    Ok(Some(survivor.0))
}

/// `commit_merge`: the survivor leaves the tree, grows to `all`, and comes back; then the eaten
/// ones leave.
fn vma_expand<S: Sink>(
    cpu: &mut Cpu<S>,
    (id, survivor): Numbered,
    all: std::ops::Range<VirtAddr>,
    range: &Vma,
    eaten: &[Numbered],
) -> Result<(), Stop> {
    with_i_mmap_write(cpu, survivor.file, |cpu| {
        remove_shared_vm_struct(cpu, id)?;
        vma_set_range(cpu, id, all.start, all.end)?;
        vma_link_file(cpu, id)?;
        eaten.iter().try_for_each(|(eaten, _)| remove_shared_vm_struct(cpu, *eaten))
    })?;
    for (eaten_id, eaten) in eaten.iter().rev() {
        take_over(cpu, id, eaten);
        vm_area_free(cpu, *eaten_id)?;
    }
    take_over(cpu, id, range);
    Ok(())
}

/// `commit_merge` with an adjusted neighbour: the border between `lower` and `upper` moves to
/// `border`. The one that shrinks comes back first.
fn move_border<S: Sink>(
    cpu: &mut Cpu<S>,
    (lower_id, lower): Numbered,
    (upper_id, upper): Numbered,
    border: VirtAddr,
    range: &Vma,
) -> Result<(), Stop> {
    with_i_mmap_write(cpu, lower.file, |cpu| {
        remove_shared_vm_struct(cpu, lower_id)?;
        remove_shared_vm_struct(cpu, upper_id)?;
        let shrinks = if border > lower.end { upper_id } else { lower_id };
        split_huge_pmd_if_needed(cpu, shrinks, border)?;
        vma_set_range(cpu, lower_id, lower.start, border)?;
        vma_set_range(cpu, upper_id, border, upper.end)?;
        vma_link_file(cpu, upper_id)?;
        vma_link_file(cpu, lower_id)
    })?;
    let grown = if border > lower.end { lower_id } else { upper_id };
    take_over(cpu, grown, range);
    Ok(())
}

/// What the survivor `id` takes over from `part`: `dup_anon_vma`, and from 7.3 on that it is new
/// since the last `clear_refs`.
fn take_over<S: Sink>(cpu: &mut Cpu<S>, id: VmaId, part: &Vma) {
    let vma = cpu.vma(id);
    if vma.anon_vma == 0 {
        cpu.set(Cell::Vma(id, VmaField::AnonVma), part.anon_vma.into());
        cpu.set(Cell::Vma(id, VmaField::AnonChain), part.anon_chain.into());
    }
    if cpu.kernel().soft_dirty_is_sticky {
        let flags = vma.flags | part.flags & VmFlags::SOFTDIRTY;
        cpu.set(Cell::Vma(id, VmaField::Flags), flags.bits());
    }
}
