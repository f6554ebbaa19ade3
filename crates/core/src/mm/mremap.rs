//! `mremap(MREMAP_MAYMOVE | MREMAP_FIXED)` (`mm/mremap.c`): a range of addresses moves, and may
//! grow or shrink on the way.

use crate::addr::{PAGE_SHIFT, VirtAddr};
use crate::arch::Levels;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, Sink, Stop, VmFlags, Vma, VmaId};
use crate::mm::Errno;
use crate::mm::merge::{NewRange, vma_merge_new_range};
use crate::mm::move_tables::{RmapLocks, move_page_tables};
use crate::mm::munmap::unmap_locked;
use crate::mm::userfaultfd::userfaultfd_reset_ctx;
use crate::mm::vma::{vm_area_alloc, vma_link_file, with_i_mmap_write};

/// What moves where (`struct vma_remap_struct`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MremapRequest {
    /// From here.
    pub addr: VirtAddr,
    /// How many pages. None at all: shared memory is mapped a second time.
    pub pages: u64,
    /// To here, over whatever is there.
    pub new_addr: VirtAddr,
    /// How many pages it has then.
    pub new_pages: u64,
}

impl MremapRequest {
    fn end(&self) -> VirtAddr {
        self.addr.add_pages(self.pages)
    }

    fn new_end(&self) -> VirtAddr {
        self.new_addr.add_pages(self.new_pages)
    }

    /// What cannot be asked for, whatever is mapped (`check_mremap_params`).
    fn check_params(&self, levels: Levels) -> Result<(), Errno> {
        let fits = |addr: VirtAddr, pages: u64| {
            let len = pages.checked_mul(1 << PAGE_SHIFT);
            let end = len.and_then(|len| addr.0.checked_add(len));
            end.is_some_and(|end| end <= levels.task_size())
        };
        let apart = || self.end() <= self.new_addr || self.new_end() <= self.addr;
        if fits(self.new_addr, self.new_pages) && apart() { Ok(()) } else { Err(Errno::Invalid) }
    }
}

/// Moves a range of addresses. An error may come after the target was unmapped.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `mremap` fails.
pub fn do_mremap<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    request: MremapRequest,
) -> Result<Result<(), Errno>, Stop> {
    let MremapRequest { addr, pages, new_addr, new_pages } = request;
    let task_size = cpu.levels().task_size();
    let too_long = pages.max(new_pages) > task_size >> PAGE_SHIFT || addr.0 > task_size;
    if too_long || new_pages == 0 || !addr.is_page_aligned() || !new_addr.is_page_aligned() {
        return Ok(Err(Errno::Invalid));
    }
    let lock = Lock::Mmap(mm);
    let checked = request.check_params(cpu.levels());
    if cpu.kernel().mremap_moves_many && checked.is_err() {
        return Ok(checked);
    }
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let done = match (vma_lookup(cpu, mm, addr), checked) {
        (None, _) => Err(Errno::Fault),
        (_, Err(errno)) => Err(errno),
        _ if !cpu.kernel().mremap_moves_many => remap_one_blindly(cpu, mm, request)?,
        _ if pages == new_pages => remap_move(cpu, mm, request)?,
        (Some(vma), _) => match check_prep_vma(&cpu.vma(vma), &request) {
            Ok(()) => mremap_to(cpu, mm, request)?,
            Err(errno) => Err(errno),
        },
    };
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    Ok(done)
}

fn vma_lookup<S: Sink>(cpu: &Cpu<S>, mm: MmId, addr: VirtAddr) -> Option<VmaId> {
    cpu.find_vma(mm, addr).filter(|vma| cpu.vma(*vma).contains(addr))
}

/// `remap_move` of 7.3: each VMA of the range moves by itself, and the gaps between them keep
/// their sizes.
fn remap_move<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    request: MremapRequest,
) -> Result<Result<(), Errno>, Stop> {
    let mut at = request.addr;
    while at < request.end() {
        let next = cpu.find_vma(mm, at).map(|id| cpu.vma(id));
        let Some(vma) = next.filter(|vma| vma.start < request.end()) else { break };
        let addr = vma.start.max(at);
        // `vma_multi_allowed`: what userfaultfd watches only moves alone.
        let alone = addr == request.addr && request.end() <= vma.end;
        if !alone && vma.flags.contains(VmFlags::UFFD_WP) {
            return Ok(Err(Errno::Fault));
        }
        let pages = vma.end.min(request.end()).pages_since(addr);
        let new_addr = request.new_addr.add_pages(addr.pages_since(request.addr));
        let piece = MremapRequest { addr, pages, new_addr, new_pages: pages };
        if let Err(errno) = mremap_to(cpu, mm, piece)? {
            return Ok(Err(errno));
        }
        at = piece.end();
    }
    Ok(Ok(()))
}

/// `check_prep_vma`, `vma_to_resize`: the range lies in the one VMA that holds its start, and may
/// grow if it shall.
fn check_prep_vma(vma: &Vma, request: &MremapRequest) -> Result<(), Errno> {
    let is_shared = vma.flags.intersects(VmFlags::SHARED | VmFlags::MAYSHARE);
    if request.pages == 0 && !is_shared {
        return Err(Errno::Invalid);
    }
    // What shrinking unmaps may reach beyond.
    if request.addr.add_pages(request.pages.min(request.new_pages)) > vma.end {
        return Err(Errno::Fault);
    }
    let grows = request.new_pages > request.pages;
    if grows && vma.flags.intersects(VmFlags::DONTEXPAND | VmFlags::PFNMAP) {
        return Err(Errno::Fault);
    }
    Ok(())
}

/// 6.1 and 6.12: the target and the tail that shrinking cuts off are gone before the range is
/// looked at.
fn remap_one_blindly<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    request: MremapRequest,
) -> Result<Result<(), Errno>, Stop> {
    unmap_locked(cpu, mm, request.new_addr, request.new_end())?;
    let pages = shrink_vma(cpu, mm, &request)?;
    let request = MremapRequest { pages, ..request };
    match vma_lookup(cpu, mm, request.addr).map(|vma| check_prep_vma(&cpu.vma(vma), &request)) {
        Some(Ok(())) => move_vma(cpu, mm, request).map(Ok),
        Some(Err(errno)) => Ok(Err(errno)),
        None => Ok(Err(Errno::Fault)),
    }
}

/// `mremap_to`: the range is known to be movable.
fn mremap_to<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    request: MremapRequest,
) -> Result<Result<(), Errno>, Stop> {
    unmap_locked(cpu, mm, request.new_addr, request.new_end())?;
    // A source of no pages may begin where the target does.
    if vma_lookup(cpu, mm, request.addr).is_none() {
        return Ok(Err(Errno::Fault));
    }
    let pages = shrink_vma(cpu, mm, &request)?;
    move_vma(cpu, mm, MremapRequest { pages, ..request })?;
    Ok(Ok(()))
}

/// `shrink_vma`: unmaps what is too much. Returns the pages that are left.
fn shrink_vma<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, request: &MremapRequest) -> Result<u64, Stop> {
    if request.pages > request.new_pages {
        unmap_locked(cpu, mm, request.addr.add_pages(request.new_pages), request.end())?;
    }
    Ok(request.pages.min(request.new_pages))
}

/// `move_vma`: a VMA at the target, the tables, and the source is unmapped.
fn move_vma<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, request: MremapRequest) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::MoveVma, [request.addr.0, request.end().0]);
    let source = vma_lookup(cpu, mm, request.addr).expect("the source was checked");
    let (target, locks) = copy_vma(cpu, source, &request)?;
    // Where nothing was ever copied on write, the source may have become part of the target.
    let source = vma_lookup(cpu, mm, request.addr).expect("the source was checked");
    move_page_tables(
        cpu,
        (source, request.addr),
        (target, request.new_addr),
        request.pages,
        locks,
    )?;
    userfaultfd_reset_ctx(cpu, target)?;
    match request.pages {
        // What was only mapped a second time stays.
        0 => Ok(()),
        _ => unmap_locked(cpu, mm, request.addr, request.end()),
    }
}

/// `mm/vma.c:copy_vma`: a neighbour of the target takes it in, or it gets a VMA like the source.
fn copy_vma<S: Sink>(
    cpu: &mut Cpu<S>,
    source: VmaId,
    request: &MremapRequest,
) -> Result<(VmaId, RmapLocks), Stop> {
    let (start, end) = (request.new_addr, request.new_end());
    let cpu = &mut cpu.enter(Func::CopyVma, [start.0, end.0]);
    let old = cpu.vma(source);
    let before = request.addr.pages_since(old.start);
    // Before the first copy on write, the anonymous offset is simply the address.
    let (pgoff, anon_pgoff) = match (old.anon_vma, old.file) {
        (0, None) => (start.0 >> PAGE_SHIFT, start.0 >> PAGE_SHIFT),
        (0, Some(_)) => (old.pgoff + before, start.0 >> PAGE_SHIFT),
        _ => (old.pgoff + before, old.anon_pgoff.wrapping_add(before)),
    };
    let copy = Vma { start, end, pgoff, anon_pgoff, ..old };
    let alone = copy.flags.contains(VmFlags::UFFD_WP) && !cpu.kernel().moved_uffd_merges;
    let merged = if alone { None } else { vma_merge_new_range(cpu, &copy, NewRange::Copied)? };
    if let Some(target) = merged {
        let is_behind = cpu.vma(target).pgoff > old.pgoff;
        return Ok((target, if is_behind { RmapLocks::NotNeeded } else { RmapLocks::Needed }));
    }
    let target = vm_area_alloc(cpu, copy)?;
    with_i_mmap_write(cpu, copy.file, |cpu| vma_link_file(cpu, target))?;
    Ok((target, RmapLocks::NotNeeded))
}
