//! Fork and exit of a process with much anonymous memory.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::kernel::LINUX_7_3;
use rangewalk_core::machine::event::Access;
use rangewalk_core::machine::{Cpu, MmId, Stop, World};
use rangewalk_core::mm::exit::exit_mmap;
use rangewalk_core::mm::fork::dup_mmap;
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::{access, process};

use crate::measure::nanoseconds_on_fresh;

/// 1 GiB.
const PAGES: u32 = 262_144;
const PARENT: MmId = MmId(0);
const CHILD: MmId = MmId(1);

/// One process that has written every page of its anonymous memory.
fn written_world() -> Result<World, Stop> {
    let mut world = World::new(&LINUX_7_3);
    let mut sink = ();
    let cpu = &mut Cpu::new(&mut world, &mut sink);
    assert_eq!(process::create(cpu)?, PARENT);
    let addr = VirtAddr(0x7f00_0000_0000);
    let request = MmapRequest {
        addr,
        pages: PAGES.into(),
        pgoff: 0,
        file: None,
        sharing: Sharing::Private,
        prot: Prot::READ | Prot::WRITE,
    };
    do_mmap(cpu, PARENT, request)?.expect("the range fits");
    for page in 0..u64::from(PAGES) {
        access::touch(cpu, PARENT, addr.add_pages(page), Access::Store)?;
    }
    Ok(world)
}

fn world() -> World {
    written_world().expect("no tape, no limit")
}

fn fork_in(world: &mut World) {
    let child = dup_mmap(&mut Cpu::new(world, &mut ()), PARENT);
    assert_eq!(child, Ok(CHILD));
}

/// Nanoseconds an entry.
pub(crate) fn fork() -> f64 {
    let written = world();
    nanoseconds_on_fresh(|| written.clone(), fork_in) / f64::from(PAGES)
}

/// Nanoseconds an entry.
pub(crate) fn exit() -> f64 {
    let mut forked = world();
    fork_in(&mut forked);
    let exit = |world: &mut World| {
        let gone = exit_mmap(&mut Cpu::new(world, &mut ()), CHILD);
        assert_eq!(gone, Ok(()));
    };
    nanoseconds_on_fresh(|| forked.clone(), exit) / f64::from(PAGES)
}
