//! Entries are copied to a child (`mm/memory.c:copy_page_range`).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level};
use crate::machine::event::{Found, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, Sink, SlotId, Stop, TableId, VmFlags, Vma, VmaId};
use crate::mm::pgalloc::table_alloc;
use crate::mm::rmap::dup_rmap;

/// `vma_needs_copy`: a fault cannot bring back what is special or was copied on write.
fn vma_needs_copy(vma: &Vma) -> bool {
    vma.flags.intersects(VmFlags::PFNMAP | VmFlags::MIXEDMAP) || vma.anon_vma != 0
}

/// Copies the entries of `from` to the child's VMA `to`, where a fault could not bring them back.
pub(super) fn copy_page_range<S: Sink>(
    cpu: &mut Cpu<S>,
    from: VmaId,
    to: VmaId,
) -> Result<(), Stop> {
    let vma = cpu.vma(from);
    if !vma_needs_copy(&vma) {
        return Ok(());
    }
    let cpu = &mut cpu.enter(Func::CopyPageRange, [from.0.into(), to.0.into()]);
    let parent = vma.mm.expect("a VMA belongs to a process");
    let child = cpu.vma(to).mm.expect("a VMA belongs to a process");
    let (source, target) = (cpu.pgd(parent), cpu.pgd(child));
    let (copy, top) = (Copy { vma, child }, cpu.levels().top());
    copy_table(cpu, &copy, top, (source, target), vma.start, vma.end)
}

/// What is copied for whom.
struct Copy {
    vma: Vma,
    child: MmId,
}

/// `copy_p4d_range`, `copy_pud_range`, `copy_pmd_range`: the child gets a table wherever the parent
/// has one.
fn copy_table<S: Sink>(
    cpu: &mut Cpu<S>,
    copy: &Copy,
    level: Level,
    (source, target): (TableId, TableId),
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let mut addr = start;
    while addr < end {
        let next = level.addr_end(addr, end);
        let slot = SlotId::new(source, level.index(addr));
        let entry = cpu.word(slot).decode(level);
        cpu.event(Event::Descend { level, found: Found::from(entry), slot, addr })?;
        if let Entry::Table(pfn) = entry {
            let source = cpu.table_at(pfn);
            let slot = SlotId::new(target, level.index(addr));
            let target = table_alloc(cpu, copy.child, level, slot, addr)?;
            match level.below() {
                Some(Level::Pte) | None => copy_pte_range(cpu, copy, (source, target), addr, next)?,
                Some(below) => copy_table(cpu, copy, below, (source, target), addr, next)?,
            }
        }
        addr = next;
    }
    Ok(())
}

/// `copy_pte_range`: both tables' PTLs are held.
fn copy_pte_range<S: Sink>(
    cpu: &mut Cpu<S>,
    copy: &Copy,
    (source, target): (TableId, TableId),
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let locks = [Lock::Ptl(target), Lock::Ptl(source)];
    for lock in locks {
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    }
    let mut addr = start;
    while addr < end {
        let index = Level::Pte.index(addr);
        let (from, to) = (SlotId::new(source, index), SlotId::new(target, index));
        copy_present_pte(cpu, copy, from, to, addr)?;
        addr = addr.add_pages(1);
    }
    for lock in locks.into_iter().rev() {
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    }
    Ok(())
}

/// `copy_present_ptes`: a private writable entry loses its write bit on both sides, a shared one
/// arrives clean; all arrive old.
fn copy_present_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    copy: &Copy,
    from: SlotId,
    to: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let kernel = cpu.kernel();
    let mut word = cpu.word(from);
    let pfn = match word.decode(Level::Pte) {
        Entry::Leaf(pfn) => pfn,
        Entry::NonPresent => return copy_nonpresent_pte(cpu, from, to, addr),
        _ => return Ok(()),
    };
    cpu.event(Event::Copy { from, to, addr })?;
    if copy.vma.flags.is_cow_mapping() && word.is_write() {
        word = word.wrprotect(kernel);
        cpu.set_word(from, word);
    }
    if copy.vma.flags.contains(VmFlags::SHARED) {
        word = word.mkclean(kernel);
    }
    // The child is not registered with userfaultfd.
    cpu.set_word(to, word.mkold().clear_uffd_wp());
    if let Some(page) = cpu.pfn_to_page(pfn).filter(|_| !word.is_special()) {
        dup_rmap(cpu, page);
    }
    Ok(())
}

/// `copy_nonpresent_pte`: a migration entry as it is. In memory that fork copies none is writable,
/// for it stands for a page of a file.
#[cold]
fn copy_nonpresent_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    from: SlotId,
    to: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    cpu.event(Event::Copy { from, to, addr })?;
    let word = cpu.word(from);
    cpu.set_word(to, word);
    Ok(())
}
