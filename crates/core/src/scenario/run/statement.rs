//! What each statement does to the world.

use super::compare::some_of;
use super::{Runner, mapping};
use crate::addr::VirtAddr;
use crate::machine::event::{Access, FaultEnd};
use crate::machine::vma::OpenFile;
use crate::machine::{CpuId, MmId, Stop};
use crate::mm::mmap::{MmapRequest, Prot, do_mmap};
use crate::mm::mprotect::do_mprotect_pkey;
use crate::mm::mremap::{MremapRequest, do_mremap};
use crate::mm::munmap::do_munmap;
use crate::mm::populate::mm_populate;
use crate::mm::tlb::{dec_tlb_flush_pending, enter_lazy_tlb, inc_tlb_flush_pending, set_flushes};
use crate::mm::userfaultfd::userfaultfd_register;
use crate::mm::vmwgfx::{set_only, set_thresholds};
use crate::mm::{Errno, access, bitmap, device, exit, filemap, fork, msync, process};
use crate::scenario::ast::{
    Failure, FileId, LabelId, Op, Pages, Place, ProcessId, Statement, Target,
};
use crate::scenario::cover::Piece;
use crate::scenario::vmw::VmwSetting;

/// What a statement came to.
pub(super) enum Effect {
    Nothing,
    /// A number, and the same in words.
    Value(u64, String),
    /// It failed, and why in words.
    Failed(Failure, String),
}

impl Runner<'_> {
    pub(super) fn carry_out(&mut self, statement: &Statement) -> Result<Effect, Stop> {
        match &statement.op {
            Op::Title(_)
            | Op::Note(_)
            | Op::Kernel(_)
            | Op::Cpus(_)
            | Op::Levels(_)
            | Op::File(_)
            | Op::During(..)
            | Op::Sweep(_)
            | Op::Repeat(_)
            | Op::End
            | Op::Expect(_) => {}
            Op::Flushes(flushes) => set_flushes(&mut self.cpu(), *flushes),
            Op::Idle(cpu) => enter_lazy_tlb(&mut self.cpu().on(*cpu))?,
            Op::ShmemHuge(enabled) => filemap::set_shmem_enabled(&mut self.cpu(), *enabled),
            Op::FaultAround(pages) => filemap::set_fault_around(&mut self.cpu(), *pages),
            Op::Filter(filter) => self.rest.filter = *filter,
            Op::Fill(file, pages) => return self.fill(*file, *pages),
            Op::Proc(all) => self.create(all)?,
            Op::Map(label) => return self.map(*label),
            Op::Unmap(place) => return self.unmap(*place),
            Op::Uffd(place) => return self.uffd(*place),
            Op::Protect(place, prot) => return self.protect(*place, *prot),
            Op::Remap(place, to) => return self.remap(*place, *to),
            Op::Access(access, place, cpu) => return self.access(*access, *place, None, *cpu),
            Op::AccessSome(access, place, some, cpu) => {
                return self.access(*access, *place, Some(*some), *cpu);
            }
            Op::Touch(label, accesses, cpu) => return self.touch_each(*label, accesses, *cpu),
            Op::Fsync(file) => {
                let synced = msync::fsync(&mut self.cpu(), mapping(*file))?;
                return Ok(called("fsync", synced));
            }
            Op::Msync(place) => return self.msync(*place),
            Op::Fork(parent, child) => self.fork(*parent, *child)?,
            Op::Exit(process) => {
                let mm = self.syscall_of(*process)?;
                exit::exit_mmap(&mut self.cpu(), mm)?;
            }
            Op::Bitmap(file, bits, hull) => {
                let (start, end) = hull.unwrap_or((*bits, 0));
                bitmap::reset(&mut self.cpu(), mapping(*file), *bits, start, end);
            }
            Op::Forget(file) => device::clear_written(&mut self.cpu(), mapping(*file)),
            Op::Wp(file, pages) => return self.wp(statement, *file, *pages),
            Op::Clean(file, pages, at) => return self.clean(statement, *file, *pages, *at),
            Op::Beside(walk) => return self.beside(*walk),
            Op::Compare(file, pages, lanes) => {
                let lane = lanes.get(self.rest.lane).or(lanes.first());
                let lane = lane.copied().expect("the parser lets no fewer lanes through");
                return self.strategy(statement, *file, *pages, lane);
            }
            Op::VmwSet(VmwSetting::Thresholds(scans, percent)) => {
                set_thresholds(&mut self.cpu(), *scans, *percent);
            }
            Op::VmwSet(VmwSetting::Only(method)) => set_only(&mut self.cpu(), *method),
            Op::Vmw(call, file, pages) => return self.vmw(*call, *file, *pages),
            Op::Pending(process) => {
                let mm = self.mm(*process);
                inc_tlb_flush_pending(&mut self.cpu(), mm)?;
            }
            Op::Flushed(process) => {
                let mm = self.mm(*process);
                dec_tlb_flush_pending(&mut self.cpu(), mm)?;
            }
        }
        Ok(Effect::Nothing)
    }

    fn create(&mut self, all: &[ProcessId]) -> Result<(), Stop> {
        for process in all {
            let mm = process::create(&mut self.cpu())?;
            self.name_process(*process, mm);
        }
        Ok(())
    }

    fn name_process(&mut self, process: ProcessId, mm: MmId) {
        self.rest.mms[process.0 as usize] = Some(mm);
        self.rest.names.name_process(mm, &self.scenario.process(process).name);
    }

    fn map(&mut self, id: LabelId) -> Result<Effect, Stop> {
        let label = self.scenario.label(id);
        let request = MmapRequest {
            addr: label.addr,
            pages: label.pages.count,
            pgoff: label.pages.first,
            file: label.file.map(|file| OpenFile { mapping: mapping(file), mode: label.mode }),
            sharing: label.sharing,
            prot: label.prot,
        };
        let mm = self.syscall_of(label.process)?;
        if let Err(errno) = do_mmap(&mut self.cpu(), mm, request)? {
            let found = self.cpu().find_vma(mm, label.addr);
            if found.is_none_or(|vma| self.rest.world.vma(vma).start >= label.end()) {
                // A driver refuses when what was there is gone already.
                self.name_dead_vmas(label.process);
                self.rest.cover.unmap(label.process, label.addr, label.end());
            }
            return Ok(Effect::Failed(Failure::Errno(errno), self.refusal(id, errno.name())));
        }
        self.name_dead_vmas(label.process);
        self.rest.cover.map(label.process, label.addr, label.end(), id);
        if label.populate {
            mm_populate(&mut self.cpu(), mm, label.addr, label.pages.count)?;
        }
        Ok(Effect::Nothing)
    }

    /// Why `mmap` refused, as far as the statement tells.
    fn refusal(&self, id: LabelId, errno: &str) -> String {
        let file = self.scenario.label(id).file.map(|file| self.scenario.file(file));
        let device = file.is_some_and(|file| file.kind.is_device());
        let why = match errno {
            "EACCES" => ": a read-only descriptor cannot be mapped shared and writable",
            "EINVAL" if device => ": raw frames cannot be copied on write",
            "EPERM" => ": this kernel makes no device buffer executable",
            _ => "",
        };
        format!("mmap fails with {errno}{why}")
    }

    fn fill(&mut self, file: FileId, pages: Pages) -> Result<Effect, Stop> {
        let Pages { first, count } = pages;
        Ok(match filemap::fill(&mut self.cpu(), mapping(file), first, count)? {
            Ok(filled) => Effect::Value(filled, counted(filled, "page")),
            Err(errno) => called("write", Err(errno)),
        })
    }

    fn unmap(&mut self, place: Place) -> Result<Effect, Stop> {
        let (process, start, end) = self.scenario.extent(place);
        let mm = self.syscall_of(process)?;
        let pages = end.pages_since(start);
        if let Err(errno) = do_munmap(&mut self.cpu(), mm, start, pages)? {
            let text = format!("munmap fails with {}", errno.name());
            return Ok(Effect::Failed(Failure::Errno(errno), text));
        }
        self.name_dead_vmas(process);
        self.rest.cover.unmap(process, start, end);
        Ok(Effect::Nothing)
    }

    fn msync(&mut self, place: Place) -> Result<Effect, Stop> {
        let (process, start, end) = self.scenario.extent(place);
        let (mm, pages) = (self.mm(process), end.pages_since(start));
        let synced = msync::msync(&mut self.cpu(), mm, start, pages)?;
        Ok(called("msync", synced))
    }

    fn uffd(&mut self, place: Place) -> Result<Effect, Stop> {
        let (process, start, end) = self.scenario.extent(place);
        let (mm, pages) = (self.syscall_of(process)?, end.pages_since(start));
        let done = userfaultfd_register(&mut self.cpu(), mm, start, pages)?;
        Ok(called("userfaultfd, here for anonymous memory, from 6.12 on,", done))
    }

    fn protect(&mut self, place: Place, prot: Prot) -> Result<Effect, Stop> {
        let (process, start, end) = self.scenario.extent(place);
        let (mm, pages) = (self.syscall_of(process)?, end.pages_since(start));
        Ok(match do_mprotect_pkey(&mut self.cpu(), mm, start, pages, prot)? {
            Ok(()) => Effect::Nothing,
            Err(errno) => {
                let why = match errno {
                    Errno::NoMemory => ": there is a hole",
                    _ => ": the mapping may not become so",
                };
                let text = format!("mprotect fails with {}{why}", errno.name());
                Effect::Failed(Failure::Errno(errno), text)
            }
        })
    }

    fn remap(&mut self, place: Place, to: Target) -> Result<Effect, Stop> {
        let (process, addr, end) = self.scenario.extent(place);
        let pages = end.pages_since(addr);
        let request = MremapRequest { addr, pages, new_addr: to.addr, new_pages: to.pages };
        let mm = self.syscall_of(process)?;
        let done = do_mremap(&mut self.cpu(), mm, request)?;
        self.name_dead_vmas(process);
        if let Err(errno) = done {
            let why = match errno {
                Errno::Fault => ": not all of it can move in one go",
                _ => ": the two ranges overlap",
            };
            let text = format!("mremap fails with {}{why}", errno.name());
            return Ok(Effect::Failed(Failure::Errno(errno), text));
        }
        self.rest.cover.remap(process, (addr, end), to);
        Ok(Effect::Nothing)
    }

    fn fork(&mut self, parent: ProcessId, child: ProcessId) -> Result<(), Stop> {
        let mm = self.syscall_of(parent)?;
        let child_mm = fork::dup_mmap(&mut self.cpu(), mm)?;
        self.name_process(child, child_mm);
        for (start, piece) in self.rest.cover.of(parent) {
            let heir = self.scenario.heir(piece.label, child);
            let label = heir.unwrap_or(piece.label);
            self.rest.cover.put(child, start, Piece { label, ..piece });
        }
        Ok(())
    }

    /// An access to each page of a place, or to some of them.
    fn access(
        &mut self,
        access: Access,
        place: Place,
        some: Option<u64>,
        cpu: CpuId,
    ) -> Result<Effect, Stop> {
        let (process, start, end) = self.scenario.extent(place);
        let pages = end.pages_since(start);
        match some {
            None => {
                let mut each = (0..pages).map(|page| (start.add_pages(page), access));
                self.touch(cpu, process, &mut each)
            }
            Some(some) => {
                let chosen = some_of(pages, some, self.round).into_iter();
                let mut each = chosen.map(|page| (start.add_pages(page), access));
                self.touch(cpu, process, &mut each)
            }
        }
    }

    /// An access or none to each page of a mapping from its first on.
    fn touch_each(
        &mut self,
        label: LabelId,
        accesses: &[Option<Access>],
        cpu: CpuId,
    ) -> Result<Effect, Stop> {
        let label = self.scenario.label(label);
        let mut each = (0u64..)
            .zip(accesses)
            .filter_map(|(page, access)| access.map(|access| (label.addr.add_pages(page), access)));
        self.touch(cpu, label.process, &mut each)
    }

    /// One access after the other, up to the first that ends in a signal.
    fn touch(
        &mut self,
        cpu: CpuId,
        process: ProcessId,
        accesses: &mut dyn Iterator<Item = (VirtAddr, Access)>,
    ) -> Result<Effect, Stop> {
        let mm = self.mm(process);
        let mut faults = 0;
        for (addr, access) in accesses {
            let touch = access::touch(&mut self.cpu().on(cpu), mm, addr, access)?;
            faults += u64::from(touch.faults);
            self.rest.last.faults = Some(faults);
            let (failure, why) = match touch.end {
                FaultEnd::Retry => continue,
                FaultEnd::SegvMapErr => (Failure::Sigsegv, "nothing is mapped there"),
                FaultEnd::SegvAccErr => (Failure::Sigsegv, "the mapping does not allow it"),
                FaultEnd::Bus => (Failure::Sigbus, "that is behind the end of the file"),
            };
            let verb = if access == Access::Load { "load" } else { "store" };
            let text = format!("the {verb} at {addr} ends in {}: {why}", failure.name());
            return Ok(Effect::Failed(failure, text));
        }
        self.rest.last.faults = Some(faults);
        Ok(Effect::Value(faults, counted(faults, "fault")))
    }
}

/// A system call that returns nothing but an error.
fn called(call: &str, done: Result<(), Errno>) -> Effect {
    match done {
        Ok(()) => Effect::Nothing,
        Err(errno) => {
            Effect::Failed(Failure::Errno(errno), format!("{call} fails with {}", errno.name()))
        }
    }
}

/// `1 page`, `2 pages`.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}
