//! The device buffers: a driver that maps raw frames and wants to know what was written, in one of
//! the two ways that vmwgfx knows. What vmwgfx itself makes of both lives in [`vmwgfx`].

use crate::addr::{Pfn, VirtAddr};
use crate::arch::Pte;
use crate::machine::delta::MappingField;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cell, Cpu, Event, FileKind, Func, MappingId, Sink, Stop, Vma};
use crate::mm::bitmap::{BITS_PER_WORD, set_bit};
use crate::mm::pgalloc::{pmd_alloc, pte_alloc};
use crate::mm::protection::vm_get_page_prot;
use crate::mm::vmwgfx;

/// The buffer's `vm_ops.fault`: inserts entries forward from the fault, where nothing is mapped
/// yet. `None`: behind the buffer's end.
pub(super) fn fault<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: &Vma,
    mapping: MappingId,
    addr: VirtAddr,
) -> Result<Option<()>, Stop> {
    let (prefault, prot) = match cpu.file_kind(mapping) {
        // Dirty bits tell: writable entries, whatever the write-notify protection of the VMA says.
        FileKind::DevPagetable { prefault } => (prefault, vm_get_page_prot(vma.flags)),
        FileKind::DevMkwrite { prefault } => (prefault, vma.prot),
        FileKind::Vmwgfx { prefault } => {
            return vmwgfx::vmw_bo_vm_fault(cpu, vma, mapping, addr, prefault);
        }
        FileKind::Shmem | FileKind::Ext4 => unreachable!("not a device"),
    };
    let cpu = &mut cpu.enter(Func::DeviceFault, [addr.0, 0]);
    insert_pfns(cpu, vma, mapping, addr, prefault, prot)
}

/// Inserts up to `prefault` entries from the one of `addr` on, with the bits of `prot`, and counts
/// the fault. `None`: behind the buffer's end.
pub(super) fn insert_pfns<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: &Vma,
    mapping: MappingId,
    addr: VirtAddr,
    prefault: u32,
    prot: u64,
) -> Result<Option<()>, Stop> {
    let pgoff = vma.pgoff_of(addr);
    let faults = cpu.mapping_field(mapping, MappingField::Faults);
    cpu.set(Cell::Mapping(mapping, MappingField::Faults), faults + 1);
    let end = cpu.file_pages(mapping).min(vma.last_pgoff() + 1);
    if pgoff >= cpu.file_pages(mapping) {
        return Ok(None);
    }
    for pgoff in pgoff..end.min(pgoff + u64::from(prefault.max(1))) {
        let pfn = Pfn(cpu.device_pfn(mapping).0 + pgoff);
        vmf_insert_pfn_prot(cpu, vma, vma.address_of(pgoff), Pte::new(pfn, prot))?;
    }
    Ok(Some(()))
}

/// `mm/memory.c:vmf_insert_pfn_prot`: a special entry, unless something is mapped there already.
fn vmf_insert_pfn_prot<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: &Vma,
    addr: VirtAddr,
    pte: Pte,
) -> Result<(), Stop> {
    let mm = vma.mm.expect("a VMA belongs to a process");
    let pmd = pmd_alloc(cpu, mm, addr)?;
    let slot = pte_alloc(cpu, mm, pmd, addr)?;
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    if cpu.word(slot).is_none() {
        cpu.event(Event::Install { slot, addr })?;
        cpu.set_word(slot, pte.mkspecial());
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// The buffer's `vm_ops.pfn_mkwrite`: a page is about to be written.
pub(super) fn pfn_mkwrite<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
) -> Result<(), Stop> {
    if let FileKind::Vmwgfx { .. } = cpu.file_kind(mapping) {
        return vmwgfx::vmw_bo_vm_mkwrite(cpu, mapping, pgoff);
    }
    let cpu = &mut cpu.enter(Func::DeviceMkwrite, [pgoff, 0]);
    count_mkwrite(cpu, mapping, pgoff)?;
    if let FileKind::DevMkwrite { .. } = cpu.file_kind(mapping) {
        set_bit(cpu, Cell::Written, mapping, pgoff);
    }
    Ok(())
}

/// The driver hears of the write, whichever way it keeps it.
pub(super) fn count_mkwrite<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pgoff: u64,
) -> Result<(), Stop> {
    cpu.event(Event::Mkwrite { mapping, pgoff })?;
    let calls = cpu.mapping_field(mapping, MappingField::Mkwrites);
    cpu.set(Cell::Mapping(mapping, MappingField::Mkwrites), calls + 1);
    Ok(())
}

/// The driver has seen which pages were written and starts over.
pub fn clear_written<S: Sink>(cpu: &mut Cpu<S>, mapping: MappingId) {
    for word in 0..cpu.file_pages(mapping).div_ceil(BITS_PER_WORD) {
        cpu.set(Cell::Written(mapping, word), 0);
    }
}
