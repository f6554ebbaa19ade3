//! `PAGEMAP_SCAN` (`fs/proc/task_mmu.c`): which pages of a process were written, and with the same
//! walk they are write-protected, so that the next scan finds what is written from now on.

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::machine::event::{Flush, Found, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, Sink, SlotId, Stop, TableId, VmFlags, VmaId};
use crate::mm::Errno;
use crate::mm::pagewalk::{MmWalk, WalkOps, walk_page_range};
use crate::mm::tlb::flush_tlb_range;

/// `do_pagemap_scan` with `PM_SCAN_WP_MATCHING`, for pages that are present and written. Returns
/// how many it found, and write-protected.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: the kernel has no such call.
pub fn do_pagemap_scan<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    start: VirtAddr,
    pages: u64,
) -> Result<Result<u64, Errno>, Stop> {
    if !cpu.kernel().uffd_wp_async {
        return Ok(Err(Errno::NotTypewriter));
    }
    let end = start.add_pages(pages);
    let cpu = &mut cpu.enter(Func::DoPagemapScan, [start.0, end.0]);
    let lock = Lock::Mmap(mm);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    cpu.event(Event::NotifierStart { mm, start, end })?;
    let mut scan = PagemapScan { found: 0 };
    walk_page_range(cpu, mm, start, end, &mut scan)?;
    cpu.event(Event::NotifierEnd { mm, start, end })?;
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    cpu.event(Event::Return { value: scan.found })?;
    Ok(Ok(scan.found))
}

/// `pagemap_scan_ops`.
struct PagemapScan {
    found: u64,
}

impl<S: Sink> WalkOps<S> for PagemapScan {
    /// `pagemap_scan_test_walk`: only what is registered can be write-protected.
    fn test_walk(&mut self, cpu: &mut Cpu<S>, id: VmaId) -> Result<bool, Stop> {
        Ok(cpu.vma(id).flags.contains(VmFlags::UFFD_WP))
    }

    /// `pagemap_scan_pmd_entry`: the flush comes under the PTL, from the first entry that changed
    /// to where the loop ends.
    fn pte_table(
        &mut self,
        cpu: &mut Cpu<S>,
        walk: &MmWalk,
        table: TableId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        let cpu = &mut cpu.enter(Func::PagemapScanPmdEntry, [start.0, end.0]);
        let lock = Lock::Ptl(table);
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
        let mut flush_start = None;
        let mut addr = start;
        while addr < end {
            let slot = SlotId::new(table, Level::Pte.index(addr));
            let word = cpu.word(slot);
            let entry = word.decode(Level::Pte);
            cpu.event(Event::Slot { found: Found::from(entry), slot, addr })?;
            if matches!(entry, Entry::Leaf(_)) && !word.is_uffd_wp() {
                self.found += 1;
                make_uffd_wp_pte(cpu, slot, addr)?;
                flush_start = flush_start.or(Some(addr));
            }
            addr = addr.add_pages(1);
        }
        if let Some(start) = flush_start {
            flush_tlb_range(cpu, walk.mm, Flush::Range, start, end)?;
        }
        cpu.event(Event::Unlock { lock, mode: Mode::Write })
    }
}

/// `make_uffd_wp_pte` of an entry that is present.
fn make_uffd_wp_pte<S: Sink>(cpu: &mut Cpu<S>, slot: SlotId, addr: VirtAddr) -> Result<(), Stop> {
    let old = cpu.word(slot);
    cpu.event(Event::Xchg { slot, addr })?;
    cpu.set_word(slot, Pte::NONE);
    cpu.event(Event::Store { slot, addr })?;
    cpu.set_word(slot, old.mkuffd_wp(cpu.kernel()));
    Ok(())
}
