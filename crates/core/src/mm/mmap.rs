//! `mmap(MAP_FIXED)` of a file or of anonymous memory (`mm/mmap.c:do_mmap`,
//! `mm/vma.c:mmap_region`).

use crate::addr::{PAGE_SHIFT, VirtAddr};
use crate::machine::delta::VmaField;
use crate::machine::event::{Lock, Mode};
use crate::machine::rbtree::PGOFF_MAX;
use crate::machine::vma::{OpenFile, OpenMode};
use crate::machine::{Cell, Cpu, Event, FileKind, Func, MmId, Sink, Stop, VmFlags, Vma, VmaId};
use crate::mm::Errno;
use crate::mm::merge::{NewRange, vma_merge_new_range};
use crate::mm::munmap::unmap_locked;
use crate::mm::protection::vma_page_prot;
use crate::mm::vma::{vm_area_alloc, vma_link_file, with_i_mmap_write};

bitflags::bitflags! {
    /// `PROT_*`, the lowest bits of `vm_flags`; empty is `PROT_NONE`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct Prot: u8 {
        /// `PROT_READ`.
        const READ = 1;
        /// `PROT_WRITE`.
        const WRITE = 2;
        /// `PROT_EXEC`.
        const EXEC = 4;
    }
}

/// `MAP_SHARED` or `MAP_PRIVATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Sharing {
    /// Writes reach the file.
    #[default]
    Shared,
    /// Writes are copied.
    Private,
}

/// What a process asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MmapRequest {
    /// Where, exactly.
    pub addr: VirtAddr,
    /// How many pages.
    pub pages: u64,
    /// From which page of the file. Anonymous memory has its address for an offset.
    pub pgoff: u64,
    /// Through which open file. `None`: anonymous and private. Shared anonymous memory is a file of
    /// shared memory of its own (`mm/shmem.c:shmem_zero_setup`). FIDELITY: unnamed-files-stay.
    pub file: Option<OpenFile>,
    /// Shared or private.
    pub sharing: Sharing,
    /// What it may do with it.
    pub prot: Prot,
}

/// Maps part of a file or anonymous memory, over whatever was there. The VMA may be a neighbour
/// that took the range in.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `mmap` fails.
///
/// # Panics
/// If shared anonymous memory is asked for.
pub fn do_mmap<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    request: MmapRequest,
) -> Result<Result<VmaId, Errno>, Stop> {
    assert!(request.file.is_some() || request.sharing == Sharing::Private, "no unnamed files");
    let end = request.pages.checked_shl(PAGE_SHIFT).and_then(|len| request.addr.0.checked_add(len));
    let task_size = cpu.levels().task_size();
    let fits = end.is_some_and(|end| end <= task_size) && request.pages <= task_size >> PAGE_SHIFT;
    if request.pgoff.checked_add(request.pages).is_none_or(|end| end > PGOFF_MAX) {
        return Ok(Err(Errno::Overflow));
    }
    if request.pages == 0 || !request.addr.is_page_aligned() {
        return Ok(Err(Errno::Invalid));
    }
    if !fits {
        return Ok(Err(Errno::NoMemory));
    }
    let flags = match vm_flags(cpu, &request) {
        Ok(flags) => flags,
        Err(errno) => return Ok(Err(errno)),
    };
    let end = request.addr.add_pages(request.pages);
    let cpu = &mut cpu.enter(Func::DoMmap, [request.addr.0, end.0]);
    let lock = Lock::Mmap(mm);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    unmap_locked(cpu, mm, request.addr, end)?;
    let done = match call_mmap(cpu, &request, flags) {
        Ok(()) => Ok(mmap_region(cpu, mm, &request, flags)?),
        Err(errno) => Err(errno),
    };
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    Ok(done)
}

/// `include/linux/fs.h:call_mmap`: whether the file's driver takes the mapping. One of raw frames
/// cannot copy on write. It is asked when what was mapped there is gone already.
fn call_mmap<S: Sink>(cpu: &Cpu<S>, request: &MmapRequest, flags: VmFlags) -> Result<(), Errno> {
    let is_device = request.file.is_some_and(|file| cpu.file_kind(file.mapping).is_device());
    if is_device && flags.is_cow_mapping() { Err(Errno::Invalid) } else { Ok(()) }
}

/// `calc_vm_prot_bits`: the flags that allow what `prot` asks for.
pub(super) fn prot_flags(prot: Prot) -> VmFlags {
    VmFlags::from_bits_truncate(prot.bits().into())
}

/// The `vm_flags` that the request asks for, or why it is refused.
fn vm_flags<S: Sink>(cpu: &Cpu<S>, request: &MmapRequest) -> Result<VmFlags, Errno> {
    let kind = request.file.map(|file| cpu.file_kind(file.mapping));
    let is_device = kind.is_some_and(FileKind::is_device);
    let may = VmFlags::MAYREAD | VmFlags::MAYWRITE | VmFlags::MAYEXEC;
    let mut flags = prot_flags(request.prot) | may;
    if kind.is_some_and(FileKind::on_anon_inode) && !cpu.kernel().anon_inode_may_exec {
        if flags.contains(VmFlags::EXEC) {
            return Err(Errno::Perm);
        }
        flags.remove(VmFlags::MAYEXEC);
    }
    match request.sharing {
        Sharing::Shared => {
            flags |= VmFlags::SHARED | VmFlags::MAYSHARE;
            if request.file.is_some_and(|file| file.mode == OpenMode::ReadOnly) {
                if flags.contains(VmFlags::WRITE) {
                    return Err(Errno::Access);
                }
                flags.remove(VmFlags::SHARED | VmFlags::MAYWRITE);
            }
        }
        Sharing::Private if flags.contains(VmFlags::WRITE) => flags |= VmFlags::ACCOUNT,
        Sharing::Private => {}
    }
    if is_device {
        flags |= VmFlags::PFNMAP | VmFlags::IO | VmFlags::DONTEXPAND | VmFlags::DONTDUMP;
    }
    Ok(flags)
}

/// `mmap_region`: joins a neighbour, or makes a VMA of its own.
fn mmap_region<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    request: &MmapRequest,
    flags: VmFlags,
) -> Result<VmaId, Stop> {
    let new = Vma {
        mm: Some(mm),
        detached: false,
        start: request.addr,
        end: request.addr.add_pages(request.pages),
        pgoff: if request.file.is_some() { request.pgoff } else { request.addr.0 >> PAGE_SHIFT },
        flags,
        prot: 0,
        file: request.file,
        anon_vma: 0,
        anon_chain: 0,
        anon_pgoff: request.addr.0 >> PAGE_SHIFT,
    };
    let vma = match vma_merge_new_range(cpu, &new, NewRange::Mapped)? {
        Some(vma) => vma,
        None => {
            let vma = vm_area_alloc(cpu, new)?;
            with_i_mmap_write(cpu, new.file, |cpu| vma_link_file(cpu, vma))?;
            vma
        }
    };
    let flags = flags | VmFlags::SOFTDIRTY;
    cpu.set(Cell::Vma(vma, VmaField::Flags), flags.bits());
    let prot = vma_page_prot(cpu, flags, new.file);
    cpu.set(Cell::Vma(vma, VmaField::Prot), prot);
    Ok(vma)
}
