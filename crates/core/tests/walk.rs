//! The walk by hand: what the facts say of a small world, through every sink, forwards and
//! backwards.
#![allow(clippy::unwrap_used)]

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::kernel::{KERNELS, Kernel, LINUX_6_1};
use rangewalk_core::machine::event::Access;
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, FileKind, MappingId, MmId, Sink, World};
use rangewalk_core::mm::mapping_dirty_helpers::{
    clean_record_shared_mapping_range, wp_shared_mapping_range,
};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::pagewalk::FilterMiss;
use rangewalk_core::mm::{access, exit, fork, munmap, process};
use rangewalk_core::trace::{Tape, Timeline};

const A: VirtAddr = VirtAddr(0x7f10_0000_0000);
const B: VirtAddr = VirtAddr(0x7f20_0000_0000);
const C: VirtAddr = VirtAddr(0x7f10_0040_0000);

fn map<S: Sink>(cpu: &mut Cpu<S>, mm: MmId, addr: VirtAddr, pgoff: u64, pages: u64) {
    let file = Some(OpenFile { mapping: MappingId(0), mode: OpenMode::ReadWrite });
    let prot = Prot::READ | Prot::WRITE;
    let request = MmapRequest { addr, pages, pgoff, file, sharing: Sharing::Shared, prot };
    do_mmap(cpu, mm, request).unwrap().unwrap();
}

/// Case G2 of the facts: three VMAs clipped by page offset. Returns the counts of wp and clean.
fn clipped<S: Sink>(world: &mut World, sink: &mut S) -> (u64, u64) {
    world.add_file(FileKind::Shmem, 16);
    let cpu = &mut Cpu::new(world, sink);
    let one = process::create(cpu).unwrap();
    let two = process::create(cpu).unwrap();
    map(cpu, one, A, 0, 4);
    map(cpu, two, B, 2, 4);
    map(cpu, one, C, 3, 2);
    for (mm, addr, access) in [
        (one, A.add_pages(3), Access::Store),
        (two, B.add_pages(1), Access::Store),
        (two, B.add_pages(2), Access::Load),
        (one, C.add_pages(1), Access::Store),
    ] {
        access::touch(cpu, mm, addr, access).unwrap();
    }
    let wp = wp_shared_mapping_range(cpu, MappingId(0), 3, 2, FilterMiss::EndsWalk).unwrap();
    let clean = clean_record_shared_mapping_range(cpu, MappingId(0), 3, 2, 3, FilterMiss::EndsWalk)
        .unwrap();
    let child = fork::dup_mmap(cpu, one).unwrap();
    munmap::do_munmap(cpu, one, A.add_pages(1), 2).unwrap().unwrap();
    exit::exit_mmap(cpu, two).unwrap();
    exit::exit_mmap(cpu, child).unwrap();
    (wp, clean)
}

fn words(world: &World) -> Vec<u64> {
    world.tables().flat_map(|(id, _)| world.table_words(id).to_vec()).collect()
}

fn check_on(kernel: &'static Kernel) {
    let mut plain = World::new(kernel);
    // Page 4 is in the cache but not dirty when B reads it; fault-around brings page 3 into B,
    // which it had already.
    assert_eq!(clipped(&mut plain, &mut ()), (4, 3));
    assert_eq!(plain.check(), []);
    assert_eq!(plain.mapping(MappingId(0)).bitmap.words, [0b11]);

    let mut taped = World::new(kernel);
    let mut tape = Tape::default();
    clipped(&mut taped, &mut tape);
    assert_eq!(words(&plain), words(&taped));

    let mut timeline = Timeline::new(taped, tape);
    let end = timeline.at();
    for at in (0..=end).rev().chain(0..=end) {
        timeline.seek(at);
        if timeline.world().mms().any(|(_, mm)| mm.alive) {
            let _ = timeline.world().check_memory();
        }
    }
    assert_eq!(words(&plain), words(timeline.world()));
    timeline.seek(0);
    assert_eq!(timeline.world().tables().count(), 0);
}

#[test]
fn three_mappings_clipped_by_pgoff() {
    for kernel in KERNELS {
        check_on(kernel);
    }
}

#[test]
fn dirt_of_a_read_only_entry() {
    for kernel in KERNELS {
        let mut world = World::new(kernel);
        world.add_file(FileKind::Shmem, 4);
        let mut sink = ();
        let cpu = &mut Cpu::new(&mut world, &mut sink);
        let mm = process::create(cpu).unwrap();
        map(cpu, mm, A, 0, 4);
        access::touch(cpu, mm, A, Access::Store).unwrap();
        wp_shared_mapping_range(cpu, MappingId(0), 0, 4, FilterMiss::EndsWalk).unwrap();
        let flags = world.word(world.pte_slot(mm, A).unwrap()).flags().bits();
        let expected =
            if *kernel == LINUX_6_1 { 0x8000_0000_0000_0865 } else { 0x8400_0000_0000_0825 };
        assert_eq!(flags, expected, "{kernel}");
    }
}
