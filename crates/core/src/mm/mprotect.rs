//! `mprotect` (`mm/mprotect.c`): VMA by VMA new flags, with merges and splits, and the entries that
//! are there already follow.

use crate::addr::{PAGE_SHIFT, VirtAddr};
use crate::arch::{Entry, Level, Pte};
use crate::machine::delta::VmaField;
use crate::machine::event::{Found, Lock, Mode};
use crate::machine::{
    Cell, Cpu, Event, Func, MmId, PageFlags, PageKind, Sink, SlotId, Stop, TableId, VmFlags, Vma,
    VmaId,
};
use crate::mm::Errno;
use crate::mm::huge_pmd::pmdp_invalidate_ad;
use crate::mm::mmap::{Prot, prot_flags};
use crate::mm::mmu_gather::{Extent, MmuGather};
use crate::mm::protection::{vma_page_prot, vma_wants_manual_pte_write_upgrade};
use crate::mm::vma::vma_modify_flags;

/// What `PROT_*` decides.
const ACCESS_FLAGS: VmFlags = VmFlags::READ.union(VmFlags::WRITE).union(VmFlags::EXEC);

/// Gives `pages` pages from `addr` the protection `prot`. An error may come after the VMAs below it
/// were changed.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: as `mprotect` fails.
pub fn do_mprotect_pkey<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
    pages: u64,
    prot: Prot,
) -> Result<Result<(), Errno>, Stop> {
    if !addr.is_page_aligned() {
        return Ok(Err(Errno::Invalid));
    }
    if pages == 0 {
        return Ok(Ok(()));
    }
    let len = pages.checked_mul(1 << PAGE_SHIFT);
    let Some(end) = len.and_then(|len| addr.0.checked_add(len)) else {
        return Ok(Err(Errno::NoMemory));
    };
    let end = VirtAddr(end);
    let cpu = &mut cpu.enter(Func::DoMprotect, [addr.0, end.0]);
    let lock = Lock::Mmap(mm);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let done = match cpu.find_vma(mm, addr).filter(|vma| cpu.vma(*vma).contains(addr)) {
        Some(first) => {
            let mut tlb = MmuGather::begin(cpu, mm, Extent::Ranges)?;
            let done = mprotect_vmas(cpu, &mut tlb, first, addr, end, prot)?;
            tlb.finish(cpu)?;
            done
        }
        None => Err(Errno::NoMemory),
    };
    cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
    Ok(done)
}

/// The loop of `do_mprotect_pkey`: one VMA after the other, without holes.
fn mprotect_vmas<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    first: VmaId,
    start: VirtAddr,
    end: VirtAddr,
    prot: Prot,
) -> Result<Result<(), Errno>, Stop> {
    let (mut vma, mut at) = (first, start);
    loop {
        let old = cpu.vma(vma);
        let flags = old.flags.difference(ACCESS_FLAGS) | prot_flags(prot);
        // VM_MAY* stand four bits above what they allow.
        let allowed = VmFlags::from_bits_retain(flags.bits() >> 4);
        if !flags.difference(allowed).intersection(ACCESS_FLAGS).is_empty() {
            return Ok(Err(Errno::Access));
        }
        let changed = mprotect_fixup(cpu, tlb, vma, at, old.end.min(end), flags)?;
        // A merge may have reached further.
        at = cpu.vma(changed).end;
        if at >= end {
            return Ok(Ok(()));
        }
        match cpu.find_vma(tlb.mm(), at).filter(|next| cpu.vma(*next).start == at) {
            Some(next) => vma = next,
            None => return Ok(Err(Errno::NoMemory)),
        }
    }
}

/// `mprotect_fixup`: the range from `start` to `end` of one VMA. Returns the VMA that it ends up
/// in.
fn mprotect_fixup<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    vma: VmaId,
    start: VirtAddr,
    end: VirtAddr,
    mut flags: VmFlags,
) -> Result<VmaId, Stop> {
    let old = cpu.vma(vma);
    if flags == old.flags {
        return Ok(vma);
    }
    let cpu = &mut cpu.enter(Func::MprotectFixup, [start.0, end.0]);
    let charged = VmFlags::ACCOUNT | VmFlags::WRITE | VmFlags::HUGETLB | VmFlags::SHARED;
    if flags.contains(VmFlags::WRITE) {
        flags.set(
            VmFlags::ACCOUNT,
            flags.contains(VmFlags::ACCOUNT) || !old.flags.intersects(charged),
        );
    } else if cpu.kernel().mprotect_unaccounts && old.file.is_none() && old.anon_vma == 0 {
        flags.remove(VmFlags::ACCOUNT);
    }
    let vma = vma_modify_flags(cpu, vma, start, end, &mut flags)?;
    cpu.set(Cell::Vma(vma, VmaField::Flags), flags.bits());
    let upgrade = vma_wants_manual_pte_write_upgrade(cpu, &cpu.vma(vma));
    let prot = vma_page_prot(cpu, flags, old.file);
    cpu.set(Cell::Vma(vma, VmaField::Prot), prot);
    let change = Change { vma: cpu.vma(vma), upgrade };
    change_protection(cpu, tlb, &change, start, end)?;
    Ok(vma)
}

/// How entries change.
struct Change {
    /// The VMA with its new protection.
    vma: Vma,
    /// `MM_CP_TRY_CHANGE_WRITABLE`: single entries may be writable where the VMA's protection is
    /// not.
    upgrade: bool,
}

/// `change_protection`.
fn change_protection<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    change: &Change,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ChangeProtection, [start.0, end.0]);
    let top = (cpu.pgd(tlb.mm()), cpu.levels().top());
    change_table(cpu, tlb, change, top, start, end)
}

/// `change_p4d_range`, `change_pud_range`, `change_pmd_range`: the same steps at each level. The
/// notifiers hear of it at the first lower table that is met.
fn change_table<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    change: &Change,
    (table, level): (TableId, Level),
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let from_pud = cpu.kernel().mprotect_notifies_from_pud;
    let notifies = level == if from_pud { Level::Pud } else { Level::Pmd };
    let mut notified = None;
    let mut notify_once = |cpu: &mut Cpu<S>, tlb: &MmuGather, addr, end| {
        if notifies && notified.is_none() {
            notified = Some(addr);
            cpu.event(Event::NotifierStart { mm: tlb.mm(), start: addr, end })?;
        }
        Ok(())
    };
    let mut addr = start;
    while addr < end {
        let next = level.addr_end(addr, end);
        let slot = SlotId::new(table, level.index(addr));
        let entry = cpu.word(slot).decode(level);
        cpu.event(Event::Descend { level, found: Found::from(entry), slot, addr })?;
        match (entry, level.below()) {
            (Entry::Table(pfn), Some(below)) => {
                notify_once(cpu, tlb, addr, end)?;
                let table = cpu.table_at(pfn);
                match below {
                    Level::Pte => change_pte_range(cpu, tlb, change, table, addr, next)?,
                    _ => change_table(cpu, tlb, change, (table, below), addr, next)?,
                }
            }
            (Entry::Leaf(_), Some(Level::Pte)) => {
                notify_once(cpu, tlb, addr, end)?;
                change_huge_pmd(cpu, tlb, change, slot, addr)?;
            }
            _ => cpu.event(Event::Hole { level, addr, end: next })?,
        }
        addr = next;
    }
    match notified {
        Some(start) => cpu.event(Event::NotifierEnd { mm: tlb.mm(), start, end }),
        None => Ok(()),
    }
}

/// `change_huge_pmd`: a leaf PMD follows whole. None sticks out of the range, for none sticks out
/// of its VMA.
fn change_huge_pmd<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    change: &Change,
    pmd: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ChangeHugePmd, [addr.0, 0]);
    let kernel = cpu.kernel();
    let lock = Lock::Ptl(pmd.table());
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let old = pmdp_invalidate_ad(cpu, pmd, addr)?;
    let mut new = old.modify_huge(change.vma.prot, kernel);
    let upgrade = change.upgrade && kernel.mprotect_upgrades_pmd;
    if upgrade && !new.is_write() && can_change_pte_writable(cpu, &change.vma, new) {
        new = new.mkwrite(kernel);
    }
    cpu.event(Event::Store { slot: pmd, addr })?;
    cpu.set_word(pmd, new);
    if new.needs_flush_after(old) {
        tlb.adjust_huge_range(addr);
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// `change_pte_range`: every entry of one table that maps something, under its PTL.
fn change_pte_range<S: Sink>(
    cpu: &mut Cpu<S>,
    tlb: &mut MmuGather,
    change: &Change,
    table: TableId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::ChangePteRange, [start.0, end.0]);
    let kernel = cpu.kernel();
    let lock = Lock::Ptl(table);
    cpu.event(Event::Lock { lock, mode: Mode::Write })?;
    let mut addr = start;
    while addr < end {
        let slot = SlotId::new(table, Level::Pte.index(addr));
        let mut next = addr.add_pages(1);
        let entry = cpu.word(slot).decode(Level::Pte);
        if entry == Entry::NonPresent {
            change_nonpresent_pte(cpu, slot, addr)?;
        }
        if let Entry::Leaf(_) = entry {
            next = addr.add_pages(mprotect_folio_pte_batch(cpu, slot, end.pages_since(addr)));
            let old = modify_prot_start_ptes(cpu, slot, addr, next)?;
            let mut new = old.modify(change.vma.prot, kernel);
            if change.upgrade && !new.is_write() && can_change_pte_writable(cpu, &change.vma, new) {
                new = new.mkwrite(kernel);
            }
            for (i, at) in (0..).zip(pages_between(addr, next)) {
                let slot = SlotId(slot.0 + i);
                cpu.event(Event::Store { slot, addr: at })?;
                cpu.set_word(slot, new.advance_pfn(i.into()));
                if new.needs_flush_after(old) {
                    tlb.adjust_range(at);
                }
            }
        }
        addr = next;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Write })
}

/// The part of [`change_pte_range`] for a migration entry: it is made readable, whatever the new
/// protection is.
fn change_nonpresent_pte<S: Sink>(
    cpu: &mut Cpu<S>,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<(), Stop> {
    let (kernel, word) = (cpu.kernel(), cpu.word(slot));
    if word.as_migration(kernel, cpu.levels()).is_some_and(|entry| entry.write) {
        cpu.event(Event::Store { slot, addr })?;
        cpu.set_word(slot, word.make_readable_migration(kernel));
    }
    Ok(())
}

/// `mprotect_folio_pte_batch`: how many entries from `slot` on, at most `max`, map one large folio
/// in a row and differ in nothing but A and dirt.
fn mprotect_folio_pte_batch<S: Sink>(cpu: &Cpu<S>, slot: SlotId, max: u64) -> u64 {
    let kernel = cpu.kernel();
    let first = cpu.word(slot);
    let folio = cpu.pfn_to_page(first.pfn()).filter(|_| !first.is_special());
    let Some(part) = folio.map(|page| cpu.page(page).part).filter(|part| part.order > 0) else {
        return 1;
    };
    if !kernel.batches_large_folios {
        return 1;
    }
    let max = max.min(part.pages() - u64::from(part.index));
    let same = |i: &u64| {
        let word = cpu.word(SlotId(slot.0 + u32::try_from(*i).expect("below 512")));
        word.mkclean(kernel).mkold() == first.mkclean(kernel).mkold().advance_pfn(*i)
    };
    1 + (1..max).take_while(same).count() as u64
}

/// `modify_prot_start_ptes`: takes out the entries from `slot` on. Returns the first, with A and
/// dirt of all.
fn modify_prot_start_ptes<S: Sink>(
    cpu: &mut Cpu<S>,
    slot: SlotId,
    start: VirtAddr,
    end: VirtAddr,
) -> Result<Pte, Stop> {
    let kernel = cpu.kernel();
    let mut all = cpu.word(slot);
    for (i, addr) in (0..).zip(pages_between(start, end)) {
        let slot = SlotId(slot.0 + i);
        cpu.event(Event::Xchg { slot, addr })?;
        let word = cpu.word(slot);
        cpu.set_word(slot, Pte::NONE);
        if i > 0 && word.is_dirty(kernel) {
            all = all.mkdirty(kernel);
        }
        if word.is_young() {
            all = all.mkyoung();
        }
    }
    Ok(all)
}

fn pages_between(start: VirtAddr, end: VirtAddr) -> impl Iterator<Item = VirtAddr> {
    (0..end.pages_since(start)).map(move |page| start.add_pages(page))
}

/// `can_change_pte_writable`, `can_change_pmd_writable`: nobody needs the fault that the next write
/// would take.
fn can_change_pte_writable<S: Sink>(cpu: &Cpu<S>, vma: &Vma, word: Pte) -> bool {
    let tracked = !vma.flags.contains(VmFlags::SOFTDIRTY) && !word.is_soft_dirty();
    if tracked || word.is_uffd_wp() || !word.is_hw_present() || !word.is_dirty(cpu.kernel()) {
        return false;
    }
    if vma.flags.contains(VmFlags::SHARED) {
        return true;
    }
    let page = cpu.pfn_to_page(word.pfn()).filter(|_| !word.is_special());
    page.map(|page| cpu.page(page)).is_some_and(|page| {
        page.kind == PageKind::Anon && page.flags.contains(PageFlags::ANON_EXCLUSIVE)
    })
}
