//! The walk over many entries: without a tape, onto one, and back.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::kernel::LINUX_7_3;
use rangewalk_core::machine::event::Access;
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, FileKind, MappingId, Sink, Stop, World};
use rangewalk_core::mm::mapping_dirty_helpers::wp_shared_mapping_range;
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::pagewalk::FilterMiss;
use rangewalk_core::mm::{access, process};
use rangewalk_core::trace::{Tape, Timeline};

use crate::measure::nanoseconds_on_fresh;

/// 1 GiB.
pub(crate) const PAGES: u32 = 262_144;
/// A written page takes three steps: the look, the exchange, the store.
const PAGES_FOR_A_MILLION_STEPS: u32 = 333_000;
pub(crate) const FILE: MappingId = MappingId(0);

/// One process that has written every page of a file.
fn dirty_world(pages: u32) -> Result<World, Stop> {
    let mut world = World::new(&LINUX_7_3);
    let mapping = world.add_file(FileKind::Shmem, pages.into());
    let mut sink = ();
    let cpu = &mut Cpu::new(&mut world, &mut sink);
    let mm = process::create(cpu)?;
    let start = VirtAddr(0x7f00_0000_0000);
    let request = MmapRequest {
        addr: start,
        pages: pages.into(),
        pgoff: 0,
        file: Some(OpenFile { mapping, mode: OpenMode::ReadWrite }),
        sharing: Sharing::Shared,
        prot: Prot::READ | Prot::WRITE,
    };
    do_mmap(cpu, mm, request)?.expect("the range fits");
    for page in 0..u64::from(pages) {
        access::touch(cpu, mm, start.add_pages(page), Access::Store)?;
    }
    Ok(world)
}

pub(crate) fn world(pages: u32) -> World {
    dirty_world(pages).expect("no tape, no limit")
}

fn wp<S: Sink>(world: &mut World, sink: &mut S, pages: u32) {
    let cpu = &mut Cpu::new(world, sink);
    let changed = wp_shared_mapping_range(cpu, FILE, 0, pages.into(), FilterMiss::EndsWalk);
    assert_eq!(changed, Ok(pages.into()));
}

/// Nanoseconds an entry.
pub(crate) fn untraced() -> f64 {
    let dirty = world(PAGES);
    nanoseconds_on_fresh(|| dirty.clone(), |world| wp(world, &mut (), PAGES)) / f64::from(PAGES)
}

fn big_tape() -> Tape {
    Tape::new(2_000_000)
}

/// Nanoseconds an event, onto a tape that has its room already, as a re-run has.
pub(crate) fn taped() -> f64 {
    let dirty = world(PAGES);
    let mut tape = big_tape();
    wp(&mut dirty.clone(), &mut tape, PAGES);
    let events = f64::from(tape.len());
    let prepare = || dirty.clone();
    let record = |world: &mut World| {
        tape.clear();
        wp(world, &mut tape, PAGES);
    };
    nanoseconds_on_fresh(prepare, record) / events
}

/// Bytes.
pub(crate) fn bytes_a_step() -> f64 {
    let mut tape = big_tape();
    wp(&mut world(PAGES), &mut tape, PAGES);
    let bytes = u32::try_from(tape.bytes()).expect("well below 4 GiB");
    f64::from(bytes) / f64::from(tape.len())
}

/// Milliseconds for a million steps.
pub(crate) fn rewind() -> f64 {
    let mut world = world(PAGES_FOR_A_MILLION_STEPS);
    let mut tape = big_tape();
    wp(&mut world, &mut tape, PAGES_FOR_A_MILLION_STEPS);
    let steps = tape.len();
    assert!(steps >= 1_000_000, "{steps} steps");
    let mut timeline = Timeline::new(world, tape);
    let mut there = 0;
    let seek = |(): &mut ()| {
        timeline.seek(there);
        there = steps - there;
    };
    nanoseconds_on_fresh(|| (), seek) / 1e6
}
