//! A file's dirty pages are written to the disk because somebody asks for it (`mm/msync.c`,
//! `fs/sync.c`).

use crate::addr::{PAGE_SHIFT, VirtAddr};
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cpu, Event, FileKind, Func, MappingId, MmId, Sink, Stop, VmFlags};
use crate::mm::Errno;
use crate::mm::page_writeback::ext4_writepages;

/// `fsync` of a whole file.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `fsync` fails.
pub fn fsync<S: Sink>(cpu: &mut Cpu<S>, mapping: MappingId) -> Result<Result<(), Errno>, Stop> {
    let end = cpu.file_pages(mapping);
    vfs_fsync_range(cpu, mapping, 0, end)
}

/// `vfs_fsync_range` of pages `first..end`: shared memory has no disk, and a device buffer does not
/// know the word.
fn vfs_fsync_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    end: u64,
) -> Result<Result<(), Errno>, Stop> {
    match cpu.file_kind(mapping) {
        FileKind::Shmem => Ok(Ok(())),
        FileKind::Ext4 => {
            let cpu = &mut cpu.enter(Func::VfsFsyncRange, [first, end - first]);
            ext4_writepages(cpu, mapping, first, end).map(Ok)
        }
        _ => Ok(Err(Errno::Invalid)),
    }
}

/// `msync(MS_SYNC)` of `pages` pages from `addr`: the file's pages that shared mappings show there
/// are written. Holes are stepped over, and told at the end.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `msync` fails.
pub fn msync<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    pages: u64,
) -> Result<Result<(), Errno>, Stop> {
    if !addr.is_page_aligned() {
        return Ok(Err(Errno::Invalid));
    }
    if pages > cpu.levels().task_size() >> PAGE_SHIFT {
        return Ok(Err(Errno::NoMemory));
    }
    let end = addr.add_pages(pages);
    let cpu = &mut cpu.enter(Func::Msync, [addr.0, end.0]);
    let lock = Lock::Mmap(mm);
    let mut start = addr;
    let mut done = Ok(());
    if start < end {
        cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    }
    while start < end {
        let found = cpu.find_vma(mm, start).map(|id| cpu.vma(id)).filter(|vma| vma.start < end);
        if found.is_none_or(|vma| start < vma.start) {
            done = Err(Errno::NoMemory);
        }
        let Some(vma) = found else { break };
        let from = start.max(vma.start);
        start = vma.end;
        let shared = vma.flags.contains(VmFlags::SHARED);
        if let Some(mapping) = vma.mapping().filter(|_| shared) {
            cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
            let last = vma.pgoff_of(end.min(vma.end));
            let synced = vfs_fsync_range(cpu, mapping, vma.pgoff_of(from), last)?;
            if synced.is_err() {
                return Ok(synced);
            }
            if start >= end {
                return Ok(done);
            }
            cpu.event(Event::Lock { lock, mode: Mode::Read })?;
        }
    }
    if addr < end {
        cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    }
    Ok(done)
}
