//! Page faults (`mm/memory.c:handle_mm_fault` and below).

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::machine::delta::{MachineField, PageField};
use crate::machine::event::{Access, Lock, Mode};
use crate::machine::vma::OpenFile;
use crate::machine::{
    Cell, Cpu, Event, FileKind, Func, MappingId, PageFlags, PageId, PageKind, Sink, SlotId, Stop,
    VmFlags, Vma, VmaId,
};
use crate::mm::anon::{anon_pte, do_anonymous_page, new_copy, vmf_anon_prepare};
use crate::mm::device;
use crate::mm::filemap::{do_fault_around, filemap_fault, folio_fits, shmem_get_folio};
use crate::mm::huge_pmd::{do_set_pmd, handle_huge_pmd};
use crate::mm::migrate::migration_entry_wait;
use crate::mm::pgalloc::{pmd_alloc, pte_alloc, pte_offset_map};
use crate::mm::rmap::{self, add_rmap, folio_mark_dirty, folio_put, folio_remove_rmap};
use crate::mm::tlb::flush_tlb_page;

/// Which try of a fault this is (`FAULT_FLAG_TRIED`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It may drop `mmap_lock` to wait for a disk.
    First,
    /// It was tried before.
    Tried,
}

/// How a part of a fault ended (`vm_fault_t`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultResult {
    /// Dealt with.
    Done,
    /// The file's page was found (`VM_FAULT_LOCKED`).
    Page(PageId),
    /// SIGBUS.
    Bus,
    /// `mmap_lock` was dropped: once more.
    Retry,
    /// Likewise, to read the page from the disk.
    RetryMajor,
}

/// One fault in the making (`struct vm_fault`).
pub(super) struct VmFault {
    pub(super) vma: VmaId,
    /// The page's address.
    pub(super) addr: VirtAddr,
    /// The PMD entry, whose table may still be missing.
    pub(super) pmd: SlotId,
    pub(super) file: Option<OpenFile>,
    pub(super) pgoff: u64,
    pub(super) attempt: Attempt,
    /// What it holds for reading: the VMA's own lock, or `mmap_lock`.
    pub(super) lock: Lock,
}

impl VmFault {
    /// The open file, in whatever is done for a file.
    pub(super) fn file(&self) -> OpenFile {
        self.file.expect("anonymous memory has no vm_ops")
    }

    /// Its address space.
    pub(super) fn mapping(&self) -> MappingId {
        self.file().mapping
    }
}

/// Deals with a fault inside a VMA that allows the access.
///
/// # Errors
/// The sink may stop the run.
pub(super) fn handle_mm_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: VmaId,
    addr: VirtAddr,
    access: Access,
    attempt: Attempt,
    lock: Lock,
) -> Result<FaultResult, Stop> {
    let addr = addr.page_down();
    let cpu = &mut cpu.enter(Func::HandleMmFault, [addr.0, 0]);
    let at = cpu.vma(vma);
    let mm = at.mm.expect("a VMA belongs to a process");
    let pmd = pmd_alloc(cpu, mm, addr)?;
    let vmf = VmFault { vma, addr, pmd, file: at.file, pgoff: at.pgoff_of(addr), attempt, lock };

    if let Entry::Leaf(_) = cpu.word(pmd).decode(Level::Pmd)
        && handle_huge_pmd(cpu, &vmf, access)?
    {
        return Ok(FaultResult::Done);
    }
    let slot = pte_offset_map(cpu, pmd, addr);
    match slot.map(|slot| (slot, cpu.word(slot))) {
        Some((slot, word)) if !word.is_none() && !word.is_present() => {
            let cpu = &mut cpu.enter(Func::DoSwapPage, [addr.0, 0]);
            migration_entry_wait(cpu, slot, addr).map(|()| FaultResult::Done)
        }
        Some((slot, word)) if !word.is_none() => match access {
            Access::Store if !word.is_write() => do_wp_page(cpu, &vmf, slot),
            access => spurious_fault(cpu, slot, addr, access).map(|()| FaultResult::Done),
        },
        _ if vmf.file.is_none() => do_anonymous_page(cpu, &vmf, access),
        _ => do_fault(cpu, &vmf, access),
    }
}

/// The end of `handle_pte_fault`: the entry allows what the CPU was refused by a stale translation,
/// which it dropped as it faulted. `ptep_set_access_flags` stores for a write alone, and needs no
/// flush.
fn spurious_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    slot: SlotId,
    addr: VirtAddr,
    access: Access,
) -> Result<(), Stop> {
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let word = cpu.word(slot);
    let entry = word.mkyoung().mkdirty(cpu.kernel());
    if access == Access::Store && entry != word {
        cpu.event(Event::Store { slot, addr })?;
        cpu.set_word(slot, entry);
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `do_fault`: nothing is mapped there yet.
fn do_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, access: Access) -> Result<FaultResult, Stop> {
    match access {
        Access::Load => do_read_fault(cpu, vmf),
        Access::Store if cpu.vma(vmf.vma).flags.contains(VmFlags::SHARED) => {
            do_shared_fault(cpu, vmf)
        }
        Access::Store => do_cow_fault(cpu, vmf),
    }
}

/// `vmf_can_call_fault`: a driver without `map_pages` is called under `mmap_lock` alone. False:
/// what was held is dropped, and the fault begins anew.
fn vmf_can_call_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<bool, Stop> {
    if matches!(vmf.lock, Lock::Mmap(_)) || !cpu.file_kind(vmf.mapping()).is_device() {
        return Ok(true);
    }
    cpu.event(Event::Unlock { lock: vmf.lock, mode: Mode::Read })?;
    Ok(false)
}

/// `__do_fault`, `vm_ops->fault`: the file's page, locked; a driver maps raw frames itself.
fn do_fault_of_file<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultResult, Stop> {
    let end = vm_ops_fault(cpu, vmf)?;
    if let FaultResult::Page(page) = end {
        let folio = cpu.folio(page);
        rmap::folio_lock(cpu, folio)?;
    }
    Ok(end)
}

/// Puts back the lock that [`do_fault_of_file`] took.
fn folio_unlock<S: Sink>(cpu: &mut Cpu<S>, page: PageId) -> Result<(), Stop> {
    let folio = cpu.folio(page);
    rmap::folio_unlock(cpu, folio)
}

fn vm_ops_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultResult, Stop> {
    let mapping = vmf.mapping();
    match cpu.file_kind(mapping) {
        FileKind::Shmem => {
            let cpu = &mut cpu.enter(Func::ShmemFault, [vmf.pgoff, 1]);
            if vmf.pgoff >= cpu.file_pages(mapping) {
                return Ok(FaultResult::Bus);
            }
            shmem_get_folio(cpu, mapping, vmf.pgoff, Some(vmf)).map(FaultResult::Page)
        }
        FileKind::Ext4 => filemap_fault(cpu, vmf),
        FileKind::DevPagetable { .. } | FileKind::DevMkwrite { .. } | FileKind::Vmwgfx { .. } => {
            let vma = cpu.vma(vmf.vma);
            let done = device::fault(cpu, &vma, mapping, vmf.addr)?;
            Ok(done.map_or(FaultResult::Bus, |()| FaultResult::Done))
        }
    }
}

fn do_read_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultResult, Stop> {
    let cpu = &mut cpu.enter(Func::DoReadFault, [vmf.addr.0, 0]);
    let maps_around = !cpu.file_kind(vmf.mapping()).is_device()
        && cpu.machine_field(MachineField::FaultAroundPages) > 1;
    if maps_around {
        do_fault_around(cpu, vmf)?;
        let mm = cpu.vma(vmf.vma).mm.expect("a VMA belongs to a process");
        let slot = cpu.leaf_slot(mm, vmf.addr);
        if slot.is_some_and(|(_, slot)| !cpu.word(slot).is_none()) {
            return Ok(FaultResult::Done);
        }
    }
    if !vmf_can_call_fault(cpu, vmf)? {
        return Ok(FaultResult::Retry);
    }
    match do_fault_of_file(cpu, vmf)? {
        FaultResult::Page(page) => {
            finish_fault(cpu, vmf, page, Access::Load)?;
            folio_unlock(cpu, page)?;
            Ok(FaultResult::Done)
        }
        end => Ok(end),
    }
}

fn do_shared_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultResult, Stop> {
    let cpu = &mut cpu.enter(Func::DoSharedFault, [vmf.addr.0, 0]);
    if !vmf_can_call_fault(cpu, vmf)? {
        return Ok(FaultResult::Retry);
    }
    match do_fault_of_file(cpu, vmf)? {
        FaultResult::Page(page) => {
            do_page_mkwrite(cpu, vmf, page)?;
            finish_fault(cpu, vmf, page, Access::Store)?;
            fault_dirty_shared_page(cpu, vmf, page)?;
            Ok(FaultResult::Done)
        }
        end => Ok(end),
    }
}

/// `do_page_mkwrite`: a file system that asked for it hears that the page is about to be written.
fn do_page_mkwrite<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, page: PageId) -> Result<(), Stop> {
    let mapping = vmf.mapping();
    if cpu.file_kind(mapping) != FileKind::Ext4 {
        return Ok(());
    }
    let cpu = &mut cpu.enter(Func::Ext4PageMkwrite, [vmf.addr.0, 0]);
    cpu.event(Event::Mkwrite { mapping, pgoff: vmf.pgoff })?;
    folio_mark_dirty(cpu, page)
}

/// `fault_dirty_shared_page`: the folio is unlocked behind it. FIDELITY: no-throttling.
fn fault_dirty_shared_page<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    page: PageId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::FaultDirtySharedPage, [vmf.addr.0, 0]);
    folio_mark_dirty(cpu, page)?;
    folio_unlock(cpu, page)
}

fn do_cow_fault<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault) -> Result<FaultResult, Stop> {
    let cpu = &mut cpu.enter(Func::DoCowFault, [vmf.addr.0, 0]);
    vmf_anon_prepare(cpu, vmf)?;
    match do_fault_of_file(cpu, vmf)? {
        FaultResult::Done => unreachable!("raw frames are never mapped private"),
        FaultResult::Page(page) => {
            let copy = new_copy(cpu, vmf.addr)?;
            finish_fault(cpu, vmf, copy, Access::Store)?;
            folio_unlock(cpu, page)?;
            Ok(FaultResult::Done)
        }
        end => Ok(end),
    }
}

/// `finish_fault`: a folio of 2 MiB is mapped by one entry, if there is room and no table yet. Else
/// the PTE table is made if needed, and the entry installed; of a large folio all entries, if they
/// fit and are empty.
pub(super) fn finish_fault<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    page: PageId,
    access: Access,
) -> Result<FaultResult, Stop> {
    let cpu = &mut cpu.enter(Func::FinishFault, [vmf.addr.0, 0]);
    let vma = cpu.vma(vmf.vma);
    let mm = vma.mm.expect("a VMA belongs to a process");
    let part = cpu.page(page).part;
    let before = u64::from(part.index);
    let start = vmf.pgoff.wrapping_sub(before);
    let end = start.wrapping_add(part.pages());
    let within_file = match vmf.file.map(|file| cpu.file_kind(file.mapping)) {
        Some(FileKind::Shmem) => true,
        _ => part.order > 0 && end <= cpu.file_pages(vmf.mapping()),
    };
    if cpu.word(vmf.pmd).is_none() && within_file && do_set_pmd(cpu, vmf, page, access)? {
        return Ok(FaultResult::Done);
    }
    let slot = pte_alloc(cpu, mm, vmf.pmd, vmf.addr)?;
    let whole = part.order > 0
        && cpu.kernel().finish_fault_maps_folio
        && start < end
        && within_file
        && folio_fits(&vma, start, end);
    let first = SlotId(slot.0.wrapping_sub(part.index.into()));
    let nr = u32::try_from(part.pages()).expect("a folio is small");
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    if whole && (0..nr).all(|i| cpu.word(SlotId(first.0 + i)).is_none()) {
        let folio = cpu.folio(page);
        set_pte_range(cpu, &vma, access, folio, (first, vma.address_of(start)), nr)?;
    } else {
        set_pte_range(cpu, &vma, access, page, (slot, vmf.addr), 1)?;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    Ok(FaultResult::Done)
}

/// `set_pte_range`: entries for `nr` pages of a folio, the first of them at `slot`. 7.3 maps a
/// dirty folio dirty where the entry is born writable.
pub(super) fn set_pte_range<S: Sink>(
    cpu: &mut Cpu<S>,
    vma: &Vma,
    access: Access,
    page: PageId,
    (slot, addr): (SlotId, VirtAddr),
    nr: u32,
) -> Result<(), Stop> {
    let kernel = cpu.kernel();
    for i in 0..nr {
        let (slot, addr, page) = (SlotId(slot.0 + i), addr.add_pages(i.into()), page.add(i));
        let mut pte = Pte::new(page.pfn(), vma.prot);
        let born_dirty = kernel.dirty_page_maps_dirty
            && pte.is_write()
            && cpu.folio_flags(page).contains(PageFlags::DIRTY);
        if access == Access::Store {
            pte = pte.mkdirty(kernel).mkwrite(kernel);
        } else if born_dirty {
            pte = pte.mkdirty(kernel);
        }
        cpu.event(Event::Install { slot, addr })?;
        cpu.set_word(slot, pte);
        add_rmap(cpu, page);
    }
    Ok(())
}

/// `do_wp_page`: a store to a present, read-only entry.
fn do_wp_page<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, slot: SlotId) -> Result<FaultResult, Stop> {
    let cpu = &mut cpu.enter(Func::DoWpPage, [vmf.addr.0, 0]);
    if cpu.word(slot).is_uffd_wp() {
        userfaultfd_wp_resolve(cpu, vmf, slot)?;
    }
    let word = cpu.word(slot);
    let page = match word.decode(Level::Pte) {
        Entry::Leaf(pfn) => cpu.pfn_to_page(pfn).filter(|_| !word.is_special()),
        _ => unreachable!("a write-protected entry maps something"),
    };
    let shared = cpu.vma(vmf.vma).flags.contains(VmFlags::SHARED);
    match page {
        None if shared => {
            let cpu = &mut cpu.enter(Func::WpPfnShared, [vmf.addr.0, 0]);
            if !vmf_can_call_fault(cpu, vmf)? {
                return Ok(FaultResult::Retry);
            }
            device::pfn_mkwrite(cpu, vmf.mapping(), vmf.pgoff)?;
            wp_page_reuse(cpu, vmf, slot)?;
        }
        Some(page) if shared => wp_page_shared(cpu, vmf, slot, page)?,
        // The only one who maps a copy keeps it.
        Some(page) if cpu.page(page).kind == PageKind::Anon && cpu.page(page).mapcount == 1 => {
            let flags = cpu.page(page).flags | PageFlags::ANON_EXCLUSIVE;
            wp_page_reuse(cpu, vmf, slot)?;
            cpu.set(Cell::Page(page, PageField::Flags), flags.bits().into());
        }
        old => wp_page_copy(cpu, vmf, slot, old)?,
    }
    Ok(FaultResult::Done)
}

/// What `do_wp_page` does first with an entry that userfaultfd write-protects asynchronously:
/// nobody is told, the bit goes.
fn userfaultfd_wp_resolve<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    slot: SlotId,
) -> Result<(), Stop> {
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Store { slot, addr: vmf.addr })?;
    let word = cpu.word(slot);
    cpu.set_word(slot, word.clear_uffd_wp());
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `wp_page_shared`, `finish_mkwrite_fault`: a file system that hears of the write has the folio
/// locked before the entry changes, others behind.
fn wp_page_shared<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    slot: SlotId,
    page: PageId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WpPageShared, [vmf.addr.0, 0]);
    let folio = cpu.folio(page);
    let hears = cpu.file_kind(vmf.mapping()) == FileKind::Ext4;
    if hears {
        rmap::folio_lock(cpu, folio)?;
        do_page_mkwrite(cpu, vmf, page)?;
    }
    wp_page_reuse(cpu, vmf, slot)?;
    if !hears {
        rmap::folio_lock(cpu, folio)?;
    }
    fault_dirty_shared_page(cpu, vmf, page)
}

/// `wp_page_reuse`: young, dirty and writable in one store. An upgrade needs no flush.
fn wp_page_reuse<S: Sink>(cpu: &mut Cpu<S>, vmf: &VmFault, slot: SlotId) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WpPageReuse, [vmf.addr.0, 0]);
    let lock = Lock::Ptl(slot.table());
    let kernel = cpu.kernel();
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Store { slot, addr: vmf.addr })?;
    let word = cpu.word(slot).mkyoung().mkdirty(kernel).mkwrite(kernel);
    cpu.set_word(slot, word);
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `wp_page_copy`: the process gets a copy of its own; `old` is `None` for the zero page.
fn wp_page_copy<S: Sink>(
    cpu: &mut Cpu<S>,
    vmf: &VmFault,
    slot: SlotId,
    old: Option<PageId>,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::WpPageCopy, [vmf.addr.0, 0]);
    vmf_anon_prepare(cpu, vmf)?;
    let copy = new_copy(cpu, vmf.addr)?;
    let pte = anon_pte(cpu, vmf.vma, copy);
    let mm = cpu.vma(vmf.vma).mm.expect("a VMA belongs to a process");
    let lock = Lock::Ptl(slot.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    cpu.event(Event::Zap { slot, addr: vmf.addr })?;
    cpu.set_word(slot, Pte::NONE);
    flush_tlb_page(cpu, mm, vmf.addr)?;
    cpu.event(Event::Install { slot, addr: vmf.addr })?;
    cpu.set_word(slot, pte);
    add_rmap(cpu, copy);
    if let Some(old) = old {
        folio_remove_rmap(cpu, old);
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    match old {
        Some(old) => folio_put(cpu, old),
        None => Ok(()),
    }
}
