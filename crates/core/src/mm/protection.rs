//! From `vm_flags` to the bits of a fresh entry (`arch/x86/mm/pgprot.c`, `mm/vma.c`).

use crate::machine::vma::OpenFile;
use crate::machine::{Cpu, FileKind, Sink, VmFlags, Vma};

/// `vm_get_page_prot`: the protection bits for what the VMA allows now. A is preset in every one.
#[must_use]
pub fn vm_get_page_prot(flags: VmFlags) -> u64 {
    const NX: u64 = 1 << 63;
    if !flags.intersects(VmFlags::READ | VmFlags::WRITE | VmFlags::EXEC) {
        return 0x120;
    }
    let writable = flags.contains(VmFlags::WRITE | VmFlags::SHARED);
    let executable = flags.contains(VmFlags::EXEC);
    (if writable { 0x27 } else { 0x25 }) | (if executable { 0 } else { NX })
}

/// `vma_wants_writenotify`: the first write of a page must fault, because somebody wants to know.
/// `prot` is what `vm_page_prot` would be otherwise.
fn vma_wants_writenotify<S: Sink>(
    cpu: &Cpu<S>,
    flags: VmFlags,
    file: Option<OpenFile>,
    prot: u64,
) -> bool {
    let Some(file) = file.filter(|_| flags.contains(VmFlags::SHARED | VmFlags::WRITE)) else {
        return false;
    };
    match cpu.file_kind(file.mapping) {
        FileKind::Ext4
        | FileKind::DevPagetable { .. }
        | FileKind::DevMkwrite { .. }
        | FileKind::Vmwgfx { .. } => true,
        FileKind::Shmem => prot == vm_get_page_prot(flags) && !flags.contains(VmFlags::SOFTDIRTY),
    }
}

/// `vma_set_page_prot`: what `vm_page_prot` becomes.
pub(super) fn vma_page_prot<S: Sink>(cpu: &Cpu<S>, flags: VmFlags, file: Option<OpenFile>) -> u64 {
    let prot = vm_get_page_prot(flags);
    if vma_wants_writenotify(cpu, flags, file, prot) {
        vm_get_page_prot(flags.difference(VmFlags::SHARED))
    } else {
        prot
    }
}

/// `vma_wants_manual_pte_write_upgrade`: `vm_page_prot` will not make entries writable, but each
/// one may be, if nobody wants to know of its next write. `vma` has its new flags and its old
/// protection.
pub(super) fn vma_wants_manual_pte_write_upgrade<S: Sink>(cpu: &Cpu<S>, vma: &Vma) -> bool {
    if vma.flags.contains(VmFlags::SHARED) {
        vma_wants_writenotify(cpu, vma.flags, vma.file, vma.prot)
    } else {
        vma.flags.contains(VmFlags::WRITE)
    }
}
