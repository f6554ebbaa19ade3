//! Write-protect and clean a range of a file, in every process that maps it
//! (`mm/mapping_dirty_helpers.c`): the walk this project is about.

use crate::addr::VirtAddr;
use crate::arch::{Entry, Level, Pte};
use crate::kernel::Kernel;
use crate::machine::delta::{MachineField, MappingField};
use crate::machine::event::{Flush, Found, Lock, Mode, Reach};
use crate::machine::{
    Cell, Cpu, Event, Func, MappingId, Sink, SlotId, Stop, TableId, VmFlags, Vma, VmaId,
};
use crate::mm::bitmap::set_bit;
use crate::mm::pagewalk::{Action, FilterMiss, MmWalk, WalkOps, walk_page_mapping, walk_pte_range};
use crate::mm::tlb::{
    dec_tlb_flush_pending, flush_unless_off, inc_tlb_flush_pending, mm_tlb_flush_nested,
};

/// `struct wp_walk`: the hull of what was changed in this VMA, and the count over all.
struct WpWalk {
    tlbflush_start: VirtAddr,
    tlbflush_end: VirtAddr,
    /// The clipped range, for a nested flush.
    range: (VirtAddr, VirtAddr),
    total: u64,
}

/// `struct clean_walk`: what is recorded beside.
struct CleanWalk {
    base: WpWalk,
    mapping: MappingId,
    bitmap_pgoff: u64,
    start: u64,
    end: u64,
}

/// Clears the write bit of every entry that maps a page of `first..first + nr`. Returns how many
/// entries it changed.
///
/// # Errors
/// The sink may stop the run.
pub fn wp_shared_mapping_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
    filter_miss: FilterMiss,
) -> Result<u64, Stop> {
    let cpu = &mut cpu.enter(Func::WpSharedMappingRange, [first, nr]);
    let mut walk = WpWalk::new();
    let lock = Lock::IMmap(mapping);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    walk_page_mapping(cpu, mapping, first, nr, filter_miss, &mut walk)?;
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    cpu.event(Event::Return { value: walk.total })?;
    Ok(walk.total)
}

/// Clears the dirt of every entry that maps a page of `first..first + nr` and records the page in
/// the mapping's bitmap, whose bit 0 stands for page `bitmap_pgoff`. Returns how many entries it
/// cleaned.
///
/// `start` and `end` of the bitmap are in-out: with `start >= end` nothing was set before, and the
/// hull begins at **nr**, 0.
///
/// # Errors
/// The sink may stop the run.
pub fn clean_record_shared_mapping_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
    bitmap_pgoff: u64,
    filter_miss: FilterMiss,
) -> Result<u64, Stop> {
    let cpu = &mut cpu.enter(Func::CleanRecordSharedMappingRange, [first, nr]);
    let start = cpu.mapping_field(mapping, MappingField::BitmapStart);
    let end = cpu.mapping_field(mapping, MappingField::BitmapEnd);
    let none_set = start >= end;
    cpu.set(Cell::Mapping(mapping, MappingField::BitmapPgoff), bitmap_pgoff);
    let mut walk = CleanWalk {
        base: WpWalk::new(),
        mapping,
        bitmap_pgoff,
        start: if none_set { nr } else { start },
        end: if none_set { 0 } else { end },
    };
    let lock = Lock::IMmap(mapping);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    walk_page_mapping(cpu, mapping, first, nr, filter_miss, &mut walk)?;
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    cpu.event(Event::Return { value: walk.base.total })?;
    cpu.set(Cell::Mapping(mapping, MappingField::BitmapStart), walk.start);
    cpu.set(Cell::Mapping(mapping, MappingField::BitmapEnd), walk.end);
    Ok(walk.base.total)
}

/// `wp_clean_test_walk`: shared, and may become writable. A shared mapping through a read-only
/// descriptor has neither flag.
fn wp_clean_test_walk<S: Sink>(cpu: &mut Cpu<S>, id: VmaId) -> bool {
    let cpu = cpu.enter(Func::WpCleanTestWalk, [id.0.into(), 0]);
    let flags = cpu.vma(id).flags;
    flags.contains(VmFlags::SHARED | VmFlags::MAYWRITE) && !flags.contains(VmFlags::HUGETLB)
}

/// `wp_clean_pud_entry`, `wp_clean_pmd_entry`: a leaf is left alone. If it can be written, or was,
/// nobody will know of that, so the kernel warns.
fn wp_clean_upper_entry<S: Sink>(
    cpu: &mut Cpu<S>,
    level: Level,
    slot: SlotId,
    addr: VirtAddr,
) -> Result<Action, Stop> {
    let word = cpu.word(slot);
    let Entry::Leaf(_) = word.decode(level) else { return Ok(Action::Subtree) };
    let func = if level == Level::Pud { Func::WpCleanPudEntry } else { Func::WpCleanPmdEntry };
    let cpu = &mut cpu.enter(func, [addr.0, 0]);
    if word.is_write() || word.is_dirty(cpu.kernel()) {
        cpu.event(Event::Warn { slot, addr })?;
        cpu.set(Cell::Machine(MachineField::TaintWarn), 1);
    }
    Ok(Action::Continue)
}

impl WpWalk {
    fn new() -> Self {
        let none = VirtAddr(0);
        Self { tlbflush_start: none, tlbflush_end: none, range: (none, none), total: 0 }
    }

    /// `wp_clean_pre_vma`: empties the hull, tells secondary MMUs, and announces a flush before any
    /// PTL is taken.
    fn wp_clean_pre_vma<S: Sink>(
        &mut self,
        cpu: &mut Cpu<S>,
        walk: &MmWalk,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        let cpu = &mut cpu.enter(Func::WpCleanPreVma, [start.0, end.0]);
        (self.tlbflush_start, self.tlbflush_end) = (end, start);
        self.range = (start, end);
        cpu.event(Event::NotifierStart { mm: walk.mm, start, end })?;
        inc_tlb_flush_pending(cpu, walk.mm)
    }

    /// `wp_clean_post_vma`: the whole range if somebody else is about to flush too, else the hull,
    /// else nothing.
    fn wp_clean_post_vma<S: Sink>(&self, cpu: &mut Cpu<S>, walk: &MmWalk) -> Result<(), Stop> {
        let (start, end) = self.range;
        let cpu = &mut cpu.enter(Func::WpCleanPostVma, [start.0, end.0]);
        let mm = walk.mm;
        if mm_tlb_flush_nested(cpu, mm) {
            flush_unless_off(cpu, mm, Flush::Nested, start, end)?;
        } else if self.tlbflush_end > self.tlbflush_start {
            flush_unless_off(cpu, mm, Flush::Hull, self.tlbflush_start, self.tlbflush_end)?;
        } else {
            let (flush, reach) = (Flush::Nothing, Reach::None);
            cpu.event(Event::Flush { mm, flush, reach, start, end: start })?;
        }
        cpu.event(Event::NotifierEnd { mm, start, end })?;
        dec_tlb_flush_pending(cpu, mm)
    }

    /// `wp_pte`.
    #[inline(always)]
    fn wp_pte<S: Sink>(
        &mut self,
        cpu: &mut Cpu<S>,
        kernel: &Kernel,
        slot: SlotId,
        addr: VirtAddr,
    ) -> Result<(), Stop> {
        let cpu = &mut cpu.enter(Func::WpPte, [addr.0, 0]);
        if visit(cpu, slot, addr)?.is_write() {
            self.modify(cpu, slot, addr, |pte| pte.wrprotect(kernel))?;
        }
        Ok(())
    }

    /// Exchanges the entry for what `change` makes of it, and counts it.
    #[inline(always)]
    fn modify<S: Sink>(
        &mut self,
        cpu: &mut Cpu<S>,
        slot: SlotId,
        addr: VirtAddr,
        change: impl FnOnce(Pte) -> Pte,
    ) -> Result<(), Stop> {
        cpu.modify_prot(slot, addr, change)?;
        self.total += 1;
        self.tlbflush_start = self.tlbflush_start.min(addr);
        self.tlbflush_end = self.tlbflush_end.max(addr.add_pages(1));
        Ok(())
    }
}

/// Reads the entry that the walk has come to.
#[inline(always)]
fn visit<S: Sink>(cpu: &mut Cpu<S>, slot: SlotId, addr: VirtAddr) -> Result<Pte, Stop> {
    let pte = cpu.word(slot);
    cpu.event(Event::Slot { found: Found::from(pte.decode(Level::Pte)), slot, addr })?;
    Ok(pte)
}

impl<S: Sink> WalkOps<S> for WpWalk {
    fn test_walk(&mut self, cpu: &mut Cpu<S>, id: VmaId) -> Result<bool, Stop> {
        Ok(wp_clean_test_walk(cpu, id))
    }

    fn pre_vma(
        &mut self,
        cpu: &mut Cpu<S>,
        walk: &MmWalk,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        self.wp_clean_pre_vma(cpu, walk, start, end)
    }

    fn post_vma(&mut self, cpu: &mut Cpu<S>, walk: &MmWalk) -> Result<(), Stop> {
        self.wp_clean_post_vma(cpu, walk)
    }

    fn upper_entry(
        &mut self,
        cpu: &mut Cpu<S>,
        _: &MmWalk,
        level: Level,
        slot: SlotId,
        addr: VirtAddr,
    ) -> Result<Action, Stop> {
        wp_clean_upper_entry(cpu, level, slot, addr)
    }

    fn pte_table(
        &mut self,
        cpu: &mut Cpu<S>,
        _: &MmWalk,
        table: TableId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        // A copy on the stack: no store into a table can change it.
        let kernel = &cpu.kernel().clone();
        walk_pte_range(cpu, table, start, end, |cpu, slot, addr| {
            self.wp_pte(cpu, kernel, slot, addr)
        })
    }
}

impl<S: Sink> WalkOps<S> for CleanWalk {
    fn test_walk(&mut self, cpu: &mut Cpu<S>, id: VmaId) -> Result<bool, Stop> {
        Ok(wp_clean_test_walk(cpu, id))
    }

    fn pre_vma(
        &mut self,
        cpu: &mut Cpu<S>,
        walk: &MmWalk,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        self.base.wp_clean_pre_vma(cpu, walk, start, end)
    }

    fn post_vma(&mut self, cpu: &mut Cpu<S>, walk: &MmWalk) -> Result<(), Stop> {
        self.base.wp_clean_post_vma(cpu, walk)
    }

    fn upper_entry(
        &mut self,
        cpu: &mut Cpu<S>,
        _: &MmWalk,
        level: Level,
        slot: SlotId,
        addr: VirtAddr,
    ) -> Result<Action, Stop> {
        wp_clean_upper_entry(cpu, level, slot, addr)
    }

    fn pte_table(
        &mut self,
        cpu: &mut Cpu<S>,
        walk: &MmWalk,
        table: TableId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> Result<(), Stop> {
        walk_pte_range(cpu, table, start, end, |cpu, slot, addr| {
            self.clean_record_pte(cpu, &walk.vma, slot, addr)
        })
    }
}

impl CleanWalk {
    /// `clean_record_pte`.
    #[inline(always)]
    fn clean_record_pte<S: Sink>(
        &mut self,
        cpu: &mut Cpu<S>,
        vma: &Vma,
        slot: SlotId,
        addr: VirtAddr,
    ) -> Result<(), Stop> {
        let cpu = &mut cpu.enter(Func::CleanRecordPte, [addr.0, 0]);
        let kernel = cpu.kernel();
        if visit(cpu, slot, addr)?.is_dirty(kernel) {
            self.base.modify(cpu, slot, addr, |pte| pte.mkclean(kernel))?;
            let bit = vma.pgoff_of(addr).wrapping_sub(self.bitmap_pgoff);
            self.record(cpu, bit)?;
        }
        Ok(())
    }

    /// Sets the page's bit. The caller's bitmap covers the range, so a bit outside of it is the
    /// caller's mistake.
    fn record<S: Sink>(&mut self, cpu: &mut Cpu<S>, bit: u64) -> Result<(), Stop> {
        cpu.event(Event::Record { mapping: self.mapping, bit })?;
        let bits = cpu.mapping_field(self.mapping, MappingField::BitmapBits);
        assert!(bit < bits, "bit {bit} of a bitmap of {bits}");
        set_bit(cpu, Cell::Bitmap, self.mapping, bit);
        self.start = self.start.min(bit);
        self.end = self.end.max(bit + 1);
        Ok(())
    }
}
