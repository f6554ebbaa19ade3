//! A new range joins its neighbours (`mm/vma.c:vma_merge_new_range`).

use crate::machine::delta::VmaField;
use crate::machine::{Cell, Cpu, Func, Sink, Stop, VmFlags, Vma, VmaId};
use crate::mm::vma::{
    remove_shared_vm_struct, vm_area_free, vma_link_file, vma_set_range, with_i_mmap_write,
};

/// Inherited over no fork: the one chain entry is its own.
fn anon_vma_is_alone(vma: &Vma) -> bool {
    vma.anon_chain == 1
}

/// `can_vma_merge_before` and `_after`, without the addresses: `upper` may be joined below by
/// `lower`.
fn is_mergeable<S: Sink>(cpu: &Cpu<S>, lower: &Vma, upper: &Vma) -> bool {
    let same_flags = (lower.flags ^ upper.flags).difference(VmFlags::SOFTDIRTY).is_empty();
    let anon_offset_fits = upper.flags.contains(VmFlags::SHARED)
        || !cpu.kernel().anon_offset_must_match
        || lower.anon_pgoff + lower.pages() == upper.anon_pgoff;
    same_flags
        && !upper.flags.intersects(VmFlags::SPECIAL)
        && lower.file == upper.file
        && lower.pgoff + lower.pages() == upper.pgoff
        && anon_offset_fits
}

/// `is_mergeable_anon_vma` between the new range, which has no copies yet, and a neighbour.
fn anon_vma_fits_new(neighbour: &Vma) -> bool {
    neighbour.anon_vma == 0 || anon_vma_is_alone(neighbour)
}

/// May both neighbours become one with the new range between them?
fn anon_vmas_fit<S: Sink>(cpu: &Cpu<S>, prev: &Vma, next: &Vma) -> bool {
    prev.anon_vma == next.anon_vma
        || next.anon_vma == 0
        || (prev.anon_vma == 0 && !cpu.kernel().mmap_compares_neighbours)
}

/// The VMA that the range of `new` joined, if a neighbour could take it in.
pub(super) fn vma_merge_new_range<S: Sink>(
    cpu: &mut Cpu<S>,
    new: &Vma,
) -> Result<Option<VmaId>, Stop> {
    let mm = new.mm.expect("a VMA belongs to a process");
    let prev = cpu.find_vma_prev(mm, new.start).map(|id| (id, cpu.vma(id)));
    let next = cpu.find_vma(mm, new.end).map(|id| (id, cpu.vma(id)));
    let prev = prev
        .filter(|(_, prev)| prev.end == new.start && is_mergeable(cpu, prev, new))
        .filter(|(_, prev)| anon_vma_fits_new(prev));
    let next = next
        .filter(|(_, next)| next.start == new.end && is_mergeable(cpu, new, next))
        .filter(|(_, next)| anon_vma_fits_new(next));
    let kept = match (prev, next) {
        (None, None) => return Ok(None),
        (Some(prev), None) => Join { survivor: prev, eaten: None },
        (None, Some(next)) => Join { survivor: next, eaten: None },
        (Some(prev), Some(next)) if anon_vmas_fit(cpu, &prev.1, &next.1) => {
            Join { survivor: prev, eaten: Some(next) }
        }
        (Some(_), Some(next)) if cpu.kernel().mmap_compares_neighbours => {
            Join { survivor: next, eaten: None }
        }
        (Some(prev), Some(_)) => Join { survivor: prev, eaten: None },
    };
    let cpu = &mut cpu.enter(Func::MergeVma, [new.start.0, new.end.0]);
    commit_merge(cpu, new, kept).map(Some)
}

/// Who grows over the new range, and who disappears into it.
#[derive(Clone, Copy)]
struct Join {
    survivor: (VmaId, Vma),
    eaten: Option<(VmaId, Vma)>,
}

/// `commit_merge`: the survivor leaves the tree, grows, and comes back; then the eaten one leaves.
fn commit_merge<S: Sink>(cpu: &mut Cpu<S>, new: &Vma, join: Join) -> Result<VmaId, Stop> {
    let Join { survivor: (id, survivor), eaten } = join;
    let start = survivor.start.min(new.start);
    let end = eaten.map_or(survivor.end.max(new.end), |(_, eaten)| eaten.end);
    with_i_mmap_write(cpu, survivor.file, |cpu| {
        remove_shared_vm_struct(cpu, id)?;
        vma_set_range(cpu, id, start, end)?;
        vma_link_file(cpu, id)?;
        match eaten {
            Some((eaten, _)) => remove_shared_vm_struct(cpu, eaten),
            None => Ok(()),
        }
    })?;
    if let Some((eaten_id, eaten)) = eaten {
        if survivor.anon_vma == 0 {
            cpu.set(Cell::Vma(id, VmaField::AnonVma), eaten.anon_vma.into());
            cpu.set(Cell::Vma(id, VmaField::AnonChain), eaten.anon_chain.into());
        }
        vm_area_free(cpu, eaten_id)?;
    }
    Ok(id)
}
