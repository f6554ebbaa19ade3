//! `fork` duplicates a process's memory map (`mm/mmap.c:dup_mmap`).

use crate::machine::event::{Flush, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, Sink, Stop, VmFlags, Vma, VmaId};
use crate::mm::copy::copy_page_range;
use crate::mm::interval_tree::vma_interval_tree_insert_after;
use crate::mm::process::create;
use crate::mm::rmap::anon_vma_alloc;
use crate::mm::tlb::flush_tlb_mm;
use crate::mm::vma::{vm_area_alloc, with_i_mmap_write};

/// The child: each VMA in ascending order stands right behind its parent in the tree, *before* its
/// entries are copied, so that a walk always meets the source first.
///
/// # Errors
/// The sink may stop the run.
pub fn dup_mmap<S: Sink>(cpu: &mut Cpu<S>, parent: MmId) -> Result<MmId, Stop> {
    let cpu = &mut cpu.enter(Func::DupMmap, [parent.0.into(), 0]);
    let child = create(cpu)?;
    let locks = [Lock::Mmap(parent), Lock::Mmap(child)];
    for lock in locks {
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    }
    for from in cpu.vmas(parent) {
        let to = dup_vma(cpu, child, from)?;
        copy_page_range(cpu, from, to)?;
    }
    cpu.event(Event::Unlock { lock: locks[1], mode: Mode::Write })?;
    flush_tlb_mm(cpu, parent, Flush::Range)?;
    cpu.event(Event::Unlock { lock: locks[0], mode: Mode::Write })?;
    Ok(child)
}

/// `vm_area_dup`, `dup_userfaultfd`, `anon_vma_fork`: the record, a family of copies of its own
/// below the parent's, and the place in the tree.
fn dup_vma<S: Sink>(cpu: &mut Cpu<S>, child: MmId, from: VmaId) -> Result<VmaId, Stop> {
    let parent = cpu.vma(from);
    let flags = parent.flags.difference(VmFlags::UFFD_WP);
    let mut vma = Vma { mm: Some(child), flags, ..parent };
    if parent.anon_vma != 0 {
        let fresh = anon_vma_alloc(cpu);
        vma.anon_vma = u32::try_from(fresh).expect("families are bounded by steps");
        vma.anon_chain = parent.anon_chain + 1;
    }
    let to = vm_area_alloc(cpu, vma)?;
    if let Some(mapping) = vma.mapping() {
        with_i_mmap_write(cpu, vma.file, |cpu| {
            vma_interval_tree_insert_after(cpu, mapping, to, from)
        })?;
    }
    Ok(to)
}
