//! `/proc/PID/smaps` (`fs/proc/task_mmu.c`): a walk of one VMA that changes nothing and counts what
//! is resident.

use crate::addr::VirtAddr;
use crate::arch::level::PTRS_PER_TABLE;
use crate::arch::{Entry, Level, Pte};
use crate::machine::event::{Found, Lock, Mode};
use crate::machine::{Cpu, Event, Func, MmId, PageFlags, PageId, Sink, SlotId, Stop, TableId};
use crate::mm::Errno;
use crate::mm::migrate::migrating_page;
use crate::mm::pagewalk::{Action, MmWalk, WalkOps, walk_page_vma};
use crate::mm::rmap::folio_precise_page_mapcount;

/// `struct mem_size_stats`, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct MemSizeStats {
    /// Mapped pages that have a `struct page`; the zero page does not count.
    pub rss: u64,
    /// Mapped more than once, and neither entry nor page is dirty.
    pub shared_clean: u64,
    /// Mapped more than once, and entry or page is dirty.
    pub shared_dirty: u64,
    /// Mapped only here, and neither is dirty.
    pub private_clean: u64,
    /// Mapped only here, and one of them is dirty.
    pub private_dirty: u64,
}

/// `smap_gather_stats` of the VMA at `addr`.
///
/// # Errors
/// Outer: the sink may stop the run. Inner: nothing is mapped there.
pub fn smap_gather_stats<S: Sink>(
    cpu: &mut Cpu<S>,
    mm: MmId,
    addr: VirtAddr,
) -> Result<Result<MemSizeStats, Errno>, Stop> {
    let Some(id) = cpu.find_vma(mm, addr).filter(|id| cpu.vma(*id).contains(addr)) else {
        return Ok(Err(Errno::Fault));
    };
    let vma = cpu.vma(id);
    let cpu = &mut cpu.enter(Func::SmapGatherStats, [vma.start.0, vma.end.0]);
    let lock = if cpu.kernel().smaps_locks_vma { Lock::Vma(id) } else { Lock::Mmap(mm) };
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    let mut walk = Smaps::default();
    walk_page_vma(cpu, id, &mut walk)?;
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    cpu.event(Event::Return { value: walk.0.rss })?;
    Ok(Ok(walk.0))
}

/// `smaps_walk_ops`.
#[derive(Default)]
struct Smaps(MemSizeStats);

impl<S: Sink> WalkOps<S> for Smaps {
    /// `smaps_pmd_entry`: a leaf PMD stands for all its pages.
    fn upper_entry(
        &mut self,
        cpu: &mut Cpu<S>,
        _: &MmWalk,
        level: Level,
        slot: SlotId,
        _: VirtAddr,
    ) -> Result<Action, Stop> {
        let word = cpu.word(slot);
        let Entry::Leaf(pfn) = word.decode(level) else { return Ok(Action::Subtree) };
        let lock = Lock::Ptl(slot.table());
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
        let folio = cpu.pfn_to_page(pfn).expect("a leaf PMD maps a folio");
        for page in 0..PTRS_PER_TABLE {
            self.smaps_account(cpu, word, folio.add(page));
        }
        cpu.event(Event::Unlock { lock, mode: Mode::Write })?;
        Ok(Action::Continue)
    }

    /// `smaps_pte_range`.
    fn pte_table(
        &mut self,
        cpu: &mut Cpu<S>,
        _: &MmWalk,
        table: TableId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        let cpu = &mut cpu.enter(Func::SmapsPteRange, [start.0, end.0]);
        let lock = Lock::Ptl(table);
        cpu.event(Event::Lock { lock, mode: Mode::Write })?;
        let mut addr = start;
        while addr < end {
            let slot = SlotId::new(table, Level::Pte.index(addr));
            let found = Found::from(cpu.word(slot).decode(Level::Pte));
            cpu.event(Event::Slot { found, slot, addr })?;
            self.smaps_pte_entry(cpu, slot);
            addr = addr.add_pages(1);
        }
        cpu.event(Event::Unlock { lock, mode: Mode::Write })
    }
}

impl Smaps {
    /// `smaps_pte_entry`.
    fn smaps_pte_entry<S: Sink>(&mut self, cpu: &Cpu<S>, slot: SlotId) {
        let word = cpu.word(slot);
        let pfn = match word.decode(Level::Pte) {
            Entry::Leaf(pfn) => pfn,
            Entry::NonPresent => return self.smaps_migration(cpu, word),
            _ => return,
        };
        if let Some(page) = cpu.pfn_to_page(pfn).filter(|_| !word.is_special()) {
            self.smaps_account(cpu, word, page);
        }
    }

    /// `smaps_account` of a page that migrates, whose mapcount is not asked; dirty if the folio is.
    fn smaps_migration<S: Sink>(&mut self, cpu: &Cpu<S>, word: Pte) {
        let page = migrating_page(cpu, word);
        let dirty = page.is_some_and(|page| cpu.folio_flags(page).contains(PageFlags::DIRTY));
        let stats = &mut self.0;
        stats.rss += 1;
        *match (cpu.kernel().smaps_migration_is_private, dirty) {
            (false, false) => &mut stats.shared_clean,
            (false, true) => &mut stats.shared_dirty,
            (true, false) => &mut stats.private_clean,
            (true, true) => &mut stats.private_dirty,
        } += 1;
    }

    /// `smaps_account`: a page that `word` maps.
    fn smaps_account<S: Sink>(&mut self, cpu: &Cpu<S>, word: Pte, page: PageId) {
        let folio = cpu.page(cpu.folio(page));
        let dirty = word.is_dirty(cpu.kernel()) || folio.flags.contains(PageFlags::DIRTY);
        let stats = &mut self.0;
        stats.rss += 1;
        *match (folio_precise_page_mapcount(cpu, page) > 1, dirty) {
            (true, false) => &mut stats.shared_clean,
            (true, true) => &mut stats.shared_dirty,
            (false, false) => &mut stats.private_clean,
            (false, true) => &mut stats.private_dirty,
        } += 1;
    }
}
