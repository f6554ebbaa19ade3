//! What DAX does before it writes back what was stored through mappings (`fs/dax.c`): half a walk
//! of the mapping, half rmap. It goes through the tree itself and asks for frames, VMA by VMA.

use crate::addr::Pfn;
use crate::machine::event::{Lock, Mode};
use crate::machine::{Cpu, Event, Func, MappingId, Sink, Stop};
use crate::mm::interval_tree::{
    TreeQuery, vma_interval_tree_iter_first, vma_interval_tree_iter_next,
};
use crate::mm::rmap::pfn_mkclean_range;

/// `dax_writeback_mapping_range` as far as it concerns page tables: each run of adjacent frames
/// behind pages `first..first + nr` is one entry. A device buffer is one run; of a page cache each
/// cached page is one. Returns how many entries of page tables that changed.
///
/// # Errors
/// The sink may stop the run.
pub fn dax_writeback_mapping_range<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<u64, Stop> {
    let end = first.saturating_add(nr).min(cpu.file_pages(mapping));
    let mut value = 0;
    if cpu.file_kind(mapping).is_device() {
        if first < end {
            let pfn = Pfn(cpu.device_pfn(mapping).0 + first);
            value = dax_writeback_one(cpu, mapping, first, pfn, end - first)?;
        }
    } else {
        let mut next = cpu.next_cached(mapping, first);
        while let Some((pgoff, page)) = next.filter(|(pgoff, _)| *pgoff < end) {
            value += dax_writeback_one(cpu, mapping, pgoff, page.pfn(), 1)?;
            next = cpu.next_cached(mapping, pgoff + 1);
        }
    }
    cpu.event(Event::Return { value })?;
    Ok(value)
}

/// `dax_writeback_one`: `count` frames from `pfn`, in every VMA that maps a page from `index` on.
fn dax_writeback_one<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    index: u64,
    pfn: Pfn,
    count: u64,
) -> Result<u64, Stop> {
    let cpu = &mut cpu.enter(Func::DaxWritebackOne, [index, count]);
    let mut cleaned = 0;
    let lock = Lock::IMmap(mapping);
    cpu.event(Event::Lock { lock, mode: Mode::Read })?;
    let query = &mut TreeQuery::new(mapping, index, index + count - 1);
    let mut next = vma_interval_tree_iter_first(cpu, query)?;
    while let Some(vma) = next {
        cleaned += pfn_mkclean_range(cpu, pfn, count, index, vma)?;
        next = vma_interval_tree_iter_next(cpu, query, vma)?;
    }
    cpu.event(Event::Unlock { lock, mode: Mode::Read })?;
    Ok(cleaned)
}
