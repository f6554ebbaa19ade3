//! Page frames. FIDELITY: lowest-frame-first. A run is the same every time.

use crate::machine::delta::{MachineField, PageField};
use crate::machine::page::Part;
use crate::machine::{Cell, Cpu, Page, PageFlags, PageId, PageKind, Sink, Stop};

/// Frames of the emulated machine: 16 GiB.
pub const FRAMES_MAX: u32 = 1 << 22;

/// `alloc_pages`: a frame for the use that `page` describes.
///
/// # Errors
/// [`Stop::Memory`] when there is none left.
pub(super) fn alloc_page<S: Sink>(cpu: &mut Cpu<S>, page: Page) -> Result<PageId, Stop> {
    let id = cpu.free_page_id();
    if id.0 >= FRAMES_MAX {
        return Err(Stop::Memory);
    }
    prep_page(cpu, id, page);
    cpu.set(Cell::Machine(MachineField::FreePage), u64::from(id.0) + 1);
    Ok(id)
}

/// FIDELITY: memory-in-one-piece.
/// `folio_alloc`: a run of 2^order frames for a part of a file; `first` describes its first page.
///
/// # Errors
/// [`Stop::Memory`] when there is none left.
pub(super) fn alloc_folio<S: Sink>(
    cpu: &mut Cpu<S>,
    order: u8,
    first: Page,
) -> Result<PageId, Stop> {
    let head = cpu.free_folio_id(order);
    if head.0 >= FRAMES_MAX {
        return Err(Stop::Memory);
    }
    for index in 0..1 << order {
        let flags = if index == 0 { first.flags } else { PageFlags::empty() };
        let pgoff = first.pgoff + u64::from(index);
        let page = Page { flags, pgoff, part: Part { order, index }, ..first };
        prep_page(cpu, head.add(index.into()), page);
    }
    if cpu.machine_field(MachineField::FreePage) == u64::from(head.0) {
        cpu.set(Cell::Machine(MachineField::FreePage), u64::from(head.0) + (1 << order));
    }
    Ok(head)
}

fn prep_page<S: Sink>(cpu: &mut Cpu<S>, id: PageId, page: Page) {
    cpu.set(Cell::Page(id, PageField::Kind), page.kind as u64);
    cpu.set(Cell::Page(id, PageField::Flags), page.flags.bits().into());
    cpu.set(Cell::Page(id, PageField::Mapcount), page.mapcount.into());
    cpu.set(Cell::Page(id, PageField::Owner), page.owner.into());
    cpu.set(Cell::Page(id, PageField::Pgoff), page.pgoff);
    cpu.set(Cell::Page(id, PageField::Part), page.part.to_cell());
}

/// `__free_pages`: the frame's record is empty again.
pub(super) fn free_page<S: Sink>(cpu: &mut Cpu<S>, page: PageId) {
    cpu.set(Cell::Page(page, PageField::Kind), PageKind::Free as u64);
    cpu.set(Cell::Page(page, PageField::Flags), 0);
    cpu.set(Cell::Page(page, PageField::Mapcount), 0);
    cpu.set(Cell::Page(page, PageField::Owner), 0);
    cpu.set(Cell::Page(page, PageField::Pgoff), 0);
    cpu.set(Cell::Page(page, PageField::Part), 0);
    let lowest = cpu.machine_field(MachineField::FreePage).min(page.0.into());
    cpu.set(Cell::Machine(MachineField::FreePage), lowest);
}
