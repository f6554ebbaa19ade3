//! The fields of the records, as the numbers that cells hold.

use crate::addr::VirtAddr;
use crate::machine::address_space::{DirtyMethod, FileRaState};
use crate::machine::delta::{MappingField, MmField, PageField, RaField, VmaField};
use crate::machine::page::Part;
use crate::machine::rbtree;
use crate::machine::vma::OpenFile;
use crate::machine::world::id;
use crate::machine::{AddressSpace, Mm, MmId, Page, PageFlags, PageKind, TableId, VmFlags, Vma};

#[inline]
pub(super) fn page_field(page: &Page, field: PageField) -> u64 {
    match field {
        PageField::Kind => page.kind as u64,
        PageField::Flags => page.flags.bits().into(),
        PageField::Mapcount => page.mapcount.into(),
        PageField::EntireMapcount => page.entire_mapcount.into(),
        PageField::Owner => page.owner.into(),
        PageField::Pgoff => page.pgoff,
        PageField::Part => page.part.to_cell(),
    }
}

#[inline]
pub(super) fn set_page(page: &mut Page, field: PageField, value: u64) {
    match field {
        PageField::Kind => page.kind = PageKind::from_cell(value),
        PageField::Flags => page.flags = PageFlags::from_bits_retain(value.to_le_bytes()[0]),
        PageField::Mapcount => page.mapcount = id(value),
        PageField::EntireMapcount => {
            page.entire_mapcount = u16::try_from(value).expect("few PMDs map one folio");
        }
        PageField::Owner => page.owner = id(value),
        PageField::Pgoff => page.pgoff = value,
        PageField::Part => page.part = Part::from_cell(value),
    }
}

#[inline]
pub(super) fn vma_field(vma: &Vma, field: VmaField) -> u64 {
    match field {
        VmaField::Mm => vma.mm.map_or(0, |mm| u64::from(mm.0) + 1),
        VmaField::Detached => vma.detached.into(),
        VmaField::Start => vma.start.0,
        VmaField::End => vma.end.0,
        VmaField::Pgoff => vma.pgoff,
        VmaField::Flags => vma.flags.bits(),
        VmaField::Prot => vma.prot,
        VmaField::File => OpenFile::to_cell(vma.file),
        VmaField::AnonVma => vma.anon_vma.into(),
        VmaField::AnonChain => vma.anon_chain.into(),
        VmaField::AnonPgoff => vma.anon_pgoff,
    }
}

#[inline]
pub(super) fn set_vma(vma: &mut Vma, field: VmaField, value: u64) {
    match field {
        VmaField::Mm => vma.mm = value.checked_sub(1).map(|mm| MmId(id(mm))),
        VmaField::Detached => vma.detached = value != 0,
        VmaField::Start => vma.start = VirtAddr(value),
        VmaField::End => vma.end = VirtAddr(value),
        VmaField::Pgoff => vma.pgoff = value,
        VmaField::Flags => vma.flags = VmFlags::from_bits_retain(value),
        VmaField::Prot => vma.prot = value,
        VmaField::File => vma.file = OpenFile::from_cell(value),
        VmaField::AnonVma => vma.anon_vma = id(value),
        VmaField::AnonChain => vma.anon_chain = id(value),
        VmaField::AnonPgoff => vma.anon_pgoff = value,
    }
}

#[inline]
pub(super) fn mapping_field(mapping: &AddressSpace, field: MappingField) -> u64 {
    match field {
        MappingField::Root => rbtree::encode(mapping.root),
        MappingField::Leftmost => rbtree::encode(mapping.leftmost),
        MappingField::BitmapPgoff => mapping.bitmap.pgoff,
        MappingField::BitmapBits => mapping.bitmap.bits,
        MappingField::BitmapStart => mapping.bitmap.start,
        MappingField::BitmapEnd => mapping.bitmap.end,
        MappingField::Faults => mapping.faults,
        MappingField::Mkwrites => mapping.mkwrites,
        MappingField::Pages => mapping.pages,
        MappingField::Method => mapping.method as u64,
        MappingField::ChangeCount => mapping.change_count,
    }
}

#[inline]
pub(super) fn ra_field(ra: &FileRaState, field: RaField) -> u64 {
    match field {
        RaField::Start => ra.start,
        RaField::Size => ra.size,
        RaField::AsyncSize => ra.async_size,
        RaField::Order => ra.order,
        RaField::MmapMiss => ra.mmap_miss,
    }
}

#[inline]
pub(super) fn set_ra(ra: &mut FileRaState, field: RaField, value: u64) {
    match field {
        RaField::Start => ra.start = value,
        RaField::Size => ra.size = value,
        RaField::AsyncSize => ra.async_size = value,
        RaField::Order => ra.order = value,
        RaField::MmapMiss => ra.mmap_miss = value,
    }
}

#[inline]
pub(super) fn set_mapping(mapping: &mut AddressSpace, field: MappingField, value: u64) {
    match field {
        MappingField::Root => mapping.root = rbtree::decode(id(value)),
        MappingField::Leftmost => mapping.leftmost = rbtree::decode(id(value)),
        MappingField::BitmapPgoff => mapping.bitmap.pgoff = value,
        MappingField::BitmapBits => mapping.bitmap.bits = value,
        MappingField::BitmapStart => mapping.bitmap.start = value,
        MappingField::BitmapEnd => mapping.bitmap.end = value,
        MappingField::Faults => mapping.faults = value,
        MappingField::Mkwrites => mapping.mkwrites = value,
        MappingField::Pages => mapping.pages = value,
        MappingField::Method => mapping.method = DirtyMethod::from_cell(value),
        MappingField::ChangeCount => mapping.change_count = value,
    }
}

#[inline]
pub(super) fn mm_field(mm: &Mm, field: MmField) -> u64 {
    match field {
        MmField::Alive => mm.alive.into(),
        MmField::Pgd => mm.pgd.map_or(0, |table| u64::from(table.0) + 1),
        MmField::TlbFlushPending => mm.tlb_flush_pending.into(),
        MmField::NrTables => mm.nr_tables.into(),
        MmField::TlbGen => mm.tlb_gen,
        MmField::Cpumask => mm.cpumask.into(),
    }
}

#[inline]
pub(super) fn set_mm(mm: &mut Mm, field: MmField, value: u64) {
    match field {
        MmField::Alive => mm.alive = value != 0,
        MmField::Pgd => mm.pgd = value.checked_sub(1).map(|table| TableId(id(table))),
        MmField::TlbFlushPending => mm.tlb_flush_pending = id(value),
        MmField::NrTables => mm.nr_tables = id(value),
        MmField::TlbGen => mm.tlb_gen = value,
        MmField::Cpumask => mm.cpumask = value.to_le_bytes()[0],
    }
}
