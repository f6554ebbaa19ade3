//! VMAs are made, resized, split and unlinked (`mm/vma.c`). The order of tree insertions and
//! removals is the kernel's: it decides the tree's shape and the order among equal keys.

use crate::addr::VirtAddr;
use crate::machine::delta::{MachineField, VmaField};
use crate::machine::event::{Lock, Mode};
use crate::machine::rbtree::encode;
use crate::machine::vma::OpenFile;
use crate::machine::{Cell, Cpu, Event, Func, Sink, Stop, VmFlags, Vma, VmaId};
use crate::mm::huge_pmd::split_huge_pmd_if_needed;
use crate::mm::interval_tree::{vma_interval_tree_insert, vma_interval_tree_remove};
use crate::mm::merge::vma_merge_existing_range;

/// Which piece of a split is the new VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NewPiece {
    /// The lower addresses.
    Below,
    /// The upper addresses.
    Above,
}

/// Runs `f` with the file's `i_mmap_rwsem` held for writing, if there is a file.
pub(super) fn with_i_mmap_write<S: Sink>(
    cpu: &mut Cpu<S>,
    file: Option<OpenFile>,
    f: impl FnOnce(&mut Cpu<S>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let Some(file) = file else { return f(cpu) };
    let lock = Lock::IMmap(file.mapping);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    f(cpu)?;
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `__vma_link_file`: into the tree of its file; anonymous memory is in none.
pub(super) fn vma_link_file<S: Sink>(cpu: &mut Cpu<S>, id: VmaId) -> Result<(), Stop> {
    match cpu.vma(id).mapping() {
        Some(mapping) => vma_interval_tree_insert(cpu, mapping, id),
        None => Ok(()),
    }
}

/// `__remove_shared_vm_struct`: out of the tree of its file.
pub(super) fn remove_shared_vm_struct<S: Sink>(cpu: &mut Cpu<S>, id: VmaId) -> Result<(), Stop> {
    match cpu.vma(id).mapping() {
        Some(mapping) => vma_interval_tree_remove(cpu, mapping, id),
        None => Ok(()),
    }
}

/// `vm_area_alloc`: a record that says what `vma` says, known to its process, in no tree yet.
pub(super) fn vm_area_alloc<S: Sink>(cpu: &mut Cpu<S>, vma: Vma) -> Result<VmaId, Stop> {
    let id = cpu.free_vma_id();
    cpu.event(Event::VmaChange { vma: id })?;
    let mm = vma.mm.expect("a VMA belongs to a process");
    cpu.set(Cell::Machine(MachineField::FreeVma), u64::from(id.0) + 1);
    cpu.set(Cell::Vma(id, VmaField::Mm), u64::from(mm.0) + 1);
    cpu.set(Cell::Vma(id, VmaField::Start), vma.start.0);
    cpu.set(Cell::Vma(id, VmaField::End), vma.end.0);
    cpu.set(Cell::Vma(id, VmaField::Pgoff), vma.pgoff);
    cpu.set(Cell::Vma(id, VmaField::Flags), vma.flags.bits());
    cpu.set(Cell::Vma(id, VmaField::Prot), vma.prot);
    cpu.set(Cell::Vma(id, VmaField::File), OpenFile::to_cell(vma.file));
    cpu.set(Cell::Vma(id, VmaField::AnonVma), vma.anon_vma.into());
    cpu.set(Cell::Vma(id, VmaField::AnonChain), vma.anon_chain.into());
    cpu.set(Cell::Vma(id, VmaField::AnonPgoff), vma.anon_pgoff);
    cpu.set(Cell::VmaAt(mm, vma.start), encode(Some(id)));
    Ok(id)
}

/// `vm_area_free`: the process forgets the VMA, which is in no tree any more.
pub(super) fn vm_area_free<S: Sink>(cpu: &mut Cpu<S>, id: VmaId) -> Result<(), Stop> {
    cpu.event(Event::VmaGone { vma: id })?;
    let vma = cpu.vma(id);
    let mm = vma.mm.expect("a VMA belongs to a process");
    if cpu.get(Cell::VmaAt(mm, vma.start)) == encode(Some(id)) {
        cpu.set(Cell::VmaAt(mm, vma.start), 0);
    }
    cpu.set(Cell::Vma(id, VmaField::Mm), 0);
    cpu.set(Cell::Vma(id, VmaField::Detached), 0);
    let lowest = cpu.machine_field(MachineField::FreeVma).min(id.0.into());
    cpu.set(Cell::Machine(MachineField::FreeVma), lowest);
    Ok(())
}

/// Moves a VMA's borders; the offsets follow its start. It must not be in the tree.
pub(super) fn vma_set_range<S: Sink>(
    cpu: &mut Cpu<S>,
    id: VmaId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    cpu.event(Event::VmaChange { vma: id })?;
    let vma = cpu.vma(id);
    let mm = vma.mm.expect("a VMA belongs to a process");
    if start != vma.start {
        let shift = |offset: u64| {
            if start > vma.start {
                offset + start.pages_since(vma.start)
            } else {
                // The anonymous offset may have nothing to do with the new start.
                offset.wrapping_sub(vma.start.pages_since(start))
            }
        };
        if cpu.get(Cell::VmaAt(mm, vma.start)) == encode(Some(id)) {
            cpu.set(Cell::VmaAt(mm, vma.start), 0);
        }
        cpu.set(Cell::VmaAt(mm, start), encode(Some(id)));
        cpu.set(Cell::Vma(id, VmaField::Start), start.0);
        cpu.set(Cell::Vma(id, VmaField::Pgoff), shift(vma.pgoff));
        cpu.set(Cell::Vma(id, VmaField::AnonPgoff), shift(vma.anon_pgoff));
    }
    cpu.set(Cell::Vma(id, VmaField::End), end.0);
    Ok(())
}

/// `mm/vma.c:vma_modify_flags`: the range from `start` to `end` of a VMA shall have other flags. A
/// neighbour takes it in, and the flags may become what the merge makes of them; or else the
/// VMA is cut, and stays the range itself. Returns the VMA that it ends up in.
pub(super) fn vma_modify_flags<S: Sink>(
    cpu: &mut Cpu<S>,
    id: VmaId,
    start: VirtAddr,
    end: VirtAddr,
    flags: &mut VmFlags,
) -> Result<VmaId, Stop> {
    let vma = cpu.vma(id);
    let before = start.pages_since(vma.start);
    let (pgoff, anon_pgoff) = (vma.pgoff + before, vma.anon_pgoff + before);
    let range = Vma { start, end, pgoff, anon_pgoff, flags: *flags, ..vma };
    if let Some(merged) = vma_merge_existing_range(cpu, id, &range)? {
        if cpu.kernel().soft_dirty_is_sticky {
            *flags |= cpu.vma(merged).flags & VmFlags::SOFTDIRTY;
        }
        return Ok(merged);
    }
    if start > vma.start {
        split_vma(cpu, id, start, NewPiece::Below)?;
    }
    if end < vma.end {
        split_vma(cpu, id, end, NewPiece::Above)?;
    }
    Ok(id)
}

/// `mm/vma.c:__split_vma`: cuts `id` at `at`. The new piece enters the tree before the old one is
/// taken out and put back. Returns the new VMA.
pub(super) fn split_vma<S: Sink>(
    cpu: &mut Cpu<S>,
    id: VmaId,
    at: VirtAddr,
    new_piece: NewPiece,
) -> Result<VmaId, Stop> {
    let cpu = &mut cpu.enter(Func::SplitVma, [id.0.into(), at.0]);
    let old = cpu.vma(id);
    let pages = at.pages_since(old.start);
    let upper =
        Vma { start: at, pgoff: old.pgoff + pages, anon_pgoff: old.anon_pgoff + pages, ..old };
    let lower = Vma { end: at, ..old };
    let (new, rest) = match new_piece {
        NewPiece::Below => (lower, upper),
        NewPiece::Above => (upper, lower),
    };
    let new = vm_area_alloc(cpu, new)?;
    with_i_mmap_write(cpu, old.file, |cpu| {
        vma_link_file(cpu, new)?;
        remove_shared_vm_struct(cpu, id)?;
        split_huge_pmd_if_needed(cpu, id, at)?;
        vma_set_range(cpu, id, rest.start, rest.end)?;
        vma_link_file(cpu, id)
    })?;
    Ok(new)
}
