//! Random small worlds for the tests: processes that map, touch, walk, fork and exit.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::Levels;
use rangewalk_core::kernel::LINUX_6_12;
use rangewalk_core::machine::event::{Access, Phase};
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, FileKind, MappingId, MmId, Sink, World};
use rangewalk_core::mm::clear_refs::clear_refs_write;
use rangewalk_core::mm::dax::dax_writeback_mapping_range;
use rangewalk_core::mm::madvise::madvise_dontneed;
use rangewalk_core::mm::mapping_dirty_helpers::{
    clean_record_shared_mapping_range, wp_shared_mapping_range,
};
use rangewalk_core::mm::migrate::{migrate_begin, migrate_end};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::mprotect::do_mprotect_pkey;
use rangewalk_core::mm::mremap::{MremapRequest, do_mremap};
use rangewalk_core::mm::munmap::do_munmap;
use rangewalk_core::mm::pagemap::do_pagemap_scan;
use rangewalk_core::mm::pagewalk::FilterMiss;
use rangewalk_core::mm::populate::mm_populate;
use rangewalk_core::mm::rmap::{mkclean_file_range, wrprotect_file_range};
use rangewalk_core::mm::smaps::smap_gather_stats;
use rangewalk_core::mm::truncate::{do_truncate, punch_hole};
use rangewalk_core::mm::userfaultfd::userfaultfd_register;
use rangewalk_core::mm::zap::{Cows, unmap_mapping_pages};
use rangewalk_core::mm::{access, exit, filemap, fork, msync, process};

/// Pages of every file.
pub(crate) const FILE_PAGES: u64 = 40;
/// Pages of the window that a process uses; the 2 MiB, 1 GiB and 512 GiB boundaries lie in its
/// middle.
pub(crate) const WINDOW: u64 = 24;
/// Processes at most.
pub(crate) const PROCESSES: usize = 4;

/// The files of a small world: shared memory, and both kinds of device buffer.
pub(crate) const FILES: [FileKind; 4] = [
    FileKind::Shmem,
    FileKind::Ext4,
    FileKind::DevPagetable { prefault: 4 },
    FileKind::DevMkwrite { prefault: 1 },
];

/// Page `page` of the window.
pub(crate) fn addr(page: u64) -> VirtAddr {
    VirtAddr((1 << 42) - 12 * 4096).add_pages(page)
}

/// One thing that somebody does. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Map { process: usize, file: usize, at: u64, pages: u64, pgoff: u64, how: How },
    Unmap { process: usize, at: u64, pages: u64 },
    Protect { process: usize, at: u64, pages: u64, prot: Prot },
    Remap { process: usize, at: u64, pages: u64, to: u64, to_pages: u64 },
    Populate { process: usize, at: u64, pages: u64 },
    Touch { process: usize, vma: usize, page: u64, access: Access },
    Wp { file: usize, first: u64, nr: u64 },
    Clean { file: usize, first: u64, nr: u64 },
    Zap { file: usize, first: u64, nr: u64, cows: Cows },
    Mkclean { file: usize, first: u64, nr: u64 },
    Wrprotect { file: usize, first: u64, nr: u64 },
    Dax { file: usize, first: u64, nr: u64 },
    Smaps { process: usize, at: u64 },
    Migrate { file: usize, page: u64, phase: Phase },
    Uffd { process: usize, at: u64, pages: u64 },
    Scan { process: usize, at: u64, pages: u64 },
    Truncate { file: usize, pages: u64 },
    Punch { file: usize, first: u64, nr: u64 },
    Fill { file: usize, first: u64, nr: u64 },
    Fsync { file: usize },
    Msync { process: usize, at: u64, pages: u64 },
    Dontneed { process: usize, at: u64, pages: u64 },
    SoftClear { process: usize },
    Fork { process: usize },
    Exit { process: usize },
}

/// Ways to map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    SharedWritable,
    SharedReadOnly,
    ReadOnlyDescriptor,
    Private,
    Anonymous,
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    let how = prop_oneof![
        4 => Just(How::SharedWritable),
        1 => Just(How::SharedReadOnly),
        1 => Just(How::ReadOnlyDescriptor),
        2 => Just(How::Private),
        2 => Just(How::Anonymous),
    ];
    let access = prop_oneof![Just(Access::Load), Just(Access::Store)];
    let prot = prop_oneof![Just(Prot::empty()), Just(Prot::READ), Just(Prot::READ | Prot::WRITE)];
    let process = 0..PROCESSES;
    let file = 0..FILES.len();
    prop_oneof![
        6 => (process.clone(), file.clone(), 0..WINDOW - 9, 1..9u64, 0..12u64, how).prop_map(
            |(process, file, at, pages, pgoff, how)| {
                Op::Map { process, file, at, pages, pgoff, how }
            }
        ),
        2 => (process.clone(), 0..WINDOW - 9, 1..9u64)
            .prop_map(|(process, at, pages)| Op::Unmap { process, at, pages }),
        3 => (process.clone(), 0..WINDOW - 9, 1..9u64, prot)
            .prop_map(|(process, at, pages, prot)| Op::Protect { process, at, pages, prot }),
        3 => (process.clone(), 0..WINDOW - 9, 1..9u64, 0..WINDOW - 9, 1..9u64, any::<bool>())
            .prop_map(|(process, at, pages, to, to_pages, keeps)| {
                let to_pages = if keeps { pages } else { to_pages };
                Op::Remap { process, at, pages, to, to_pages }
            }),
        1 => (process.clone(), 0..WINDOW - 9, 1..9u64)
            .prop_map(|(process, at, pages)| Op::Populate { process, at, pages }),
        16 => (process.clone(), 0..8usize, 0..9u64, access)
            .prop_map(|(process, vma, page, access)| Op::Touch { process, vma, page, access }),
        3 => (file.clone(), 0..9u64, 1..20u64)
            .prop_map(|(file, first, nr)| Op::Wp { file, first, nr }),
        3 => (file.clone(), 0..9u64, 1..20u64)
            .prop_map(|(file, first, nr)| Op::Clean { file, first, nr }),
        2 => (file.clone(), 0..12u64, 0..9u64, prop_oneof![Just(Cows::Keep), Just(Cows::Zap)])
            .prop_map(|(file, first, nr, cows)| Op::Zap { file, first, nr, cows }),
        2 => (file.clone(), 0..12u64, 1..9u64)
            .prop_map(|(file, first, nr)| Op::Mkclean { file, first, nr }),
        2 => (file.clone(), 0..12u64, 1..20u64)
            .prop_map(|(file, first, nr)| Op::Wrprotect { file, first, nr }),
        1 => (file.clone(), 0..12u64, 1..20u64)
            .prop_map(|(file, first, nr)| Op::Dax { file, first, nr }),
        2 => (process.clone(), 0..WINDOW - 9, 1..9u64)
            .prop_map(|(process, at, pages)| Op::Uffd { process, at, pages }),
        2 => (process.clone(), 0..WINDOW - 9, 1..9u64)
            .prop_map(|(process, at, pages)| Op::Scan { process, at, pages }),
        1 => (process.clone(), 0..WINDOW).prop_map(|(process, at)| Op::Smaps { process, at }),
        3 => (file.clone(), 0..14u64, prop_oneof![Just(Phase::Begins), Just(Phase::Ends)])
            .prop_map(|(file, page, phase)| Op::Migrate { file, page, phase }),
        1 => (file.clone(), 0..FILE_PAGES).prop_map(|(file, pages)| Op::Truncate { file, pages }),
        1 => (file.clone(), 0..12u64, 1..40u64)
            .prop_map(|(file, first, nr)| Op::Punch { file, first, nr }),
        2 => (file.clone(), 0..12u64, 1..20u64)
            .prop_map(|(file, first, nr)| Op::Fill { file, first, nr }),
        1 => file.prop_map(|file| Op::Fsync { file }),
        1 => (process.clone(), 0..WINDOW - 9, 1..9u64)
            .prop_map(|(process, at, pages)| Op::Msync { process, at, pages }),
        2 => (process.clone(), 0..WINDOW - 9, 1..9u64)
            .prop_map(|(process, at, pages)| Op::Dontneed { process, at, pages }),
        1 => process.clone().prop_map(|process| Op::SoftClear { process }),
        1 => process.clone().prop_map(|process| Op::Fork { process }),
        1 => process.prop_map(|process| Op::Exit { process }),
    ]
}

/// A world with the [`FILES`].
pub(crate) fn world(kernel: &'static rangewalk_core::kernel::Kernel) -> World {
    let mut world = World::new(kernel);
    // What holds of a world holds whatever its tables are: one release has five levels.
    if kernel.name == LINUX_6_12.name {
        world.set_levels(Levels::Five);
    }
    for kind in FILES {
        world.add_file(kind, FILE_PAGES);
    }
    world
}

/// Does the ops; returns what each of them answered.
pub(crate) fn run<S: Sink>(world: &mut World, sink: &mut S, ops: &[Op]) -> Vec<String> {
    let cpu = &mut Cpu::new(world, sink);
    let mut mms = vec![process::create(cpu).unwrap()];
    ops.iter().map(|op| apply(cpu, &mut mms, op)).collect()
}

fn apply<S: Sink>(cpu: &mut Cpu<S>, mms: &mut Vec<MmId>, op: &Op) -> String {
    let miss = FilterMiss::EndsWalk;
    match *op {
        Op::Map { process, file, at, pages, pgoff, how } => {
            let (sharing, mode, prot) = match how {
                How::SharedWritable => (Sharing::Shared, OpenMode::ReadWrite, Prot::all()),
                How::SharedReadOnly => (Sharing::Shared, OpenMode::ReadWrite, Prot::READ),
                How::ReadOnlyDescriptor => (Sharing::Shared, OpenMode::ReadOnly, Prot::READ),
                How::Private | How::Anonymous => {
                    (Sharing::Private, OpenMode::ReadWrite, Prot::all())
                }
            };
            let file = (how != How::Anonymous).then(|| OpenFile { mapping: mapping(file), mode });
            let prot = prot.difference(Prot::EXEC);
            let request = MmapRequest { addr: addr(at), pages, pgoff, file, sharing, prot };
            format!("{:?}", do_mmap(cpu, mms[process % mms.len()], request).unwrap().is_ok())
        }
        Op::Unmap { process, at, pages } => {
            format!("{:?}", do_munmap(cpu, mms[process % mms.len()], addr(at), pages).unwrap())
        }
        Op::Protect { process, at, pages, prot } => {
            let mm = mms[process % mms.len()];
            format!("{:?}", do_mprotect_pkey(cpu, mm, addr(at), pages, prot).unwrap())
        }
        Op::Remap { process, at, pages, to, to_pages } => {
            let (addr, new_addr) = (addr(at), addr(to));
            let request = MremapRequest { addr, pages, new_addr, new_pages: to_pages };
            format!("{:?}", do_mremap(cpu, mms[process % mms.len()], request).unwrap())
        }
        Op::Populate { process, at, pages } => {
            format!("{:?}", mm_populate(cpu, mms[process % mms.len()], addr(at), pages).unwrap())
        }
        Op::Touch { process, vma, page, access } => {
            let mm = mms[process % mms.len()];
            let vmas = cpu.vmas(mm);
            let Some(vma) = vmas.get(vma % vmas.len().max(1)).map(|id| cpu.vma(*id)) else {
                return String::from("nothing");
            };
            let at = vma.start.add_pages(page % vma.pages());
            format!("{:?}", access::touch(cpu, mm, at, access).unwrap())
        }
        Op::Wp { file, first, nr } => {
            wp_shared_mapping_range(cpu, mapping(file), first, nr, miss).unwrap().to_string()
        }
        Op::Clean { file, first, nr } => {
            let nr = nr.min(FILE_PAGES - first);
            clean_record_shared_mapping_range(cpu, mapping(file), first, nr, 0, miss)
                .unwrap()
                .to_string()
        }
        Op::Fork { process } if mms.len() < PROCESSES => {
            mms.push(fork::dup_mmap(cpu, mms[process % mms.len()]).unwrap());
            String::from("forked")
        }
        Op::Exit { process } if mms.len() > 1 => {
            let gone = mms.remove(process % mms.len());
            exit::exit_mmap(cpu, gone).unwrap();
            String::from("exited")
        }
        Op::Fork { .. } | Op::Exit { .. } => String::from("nothing"),
        _ => take_away(cpu, mms, op),
    }
}

fn take_away<S: Sink>(cpu: &mut Cpu<S>, mms: &[MmId], op: &Op) -> String {
    match *op {
        Op::Zap { file, first, nr, cows } => {
            format!("{:?}", unmap_mapping_pages(cpu, mapping(file), first, nr, cows).unwrap())
        }
        Op::Mkclean { file, first, nr } => {
            mkclean_file_range(cpu, mapping(file), first, nr).unwrap().to_string()
        }
        Op::Wrprotect { file, first, nr } => {
            format!("{:?}", wrprotect_file_range(cpu, mapping(file), first, nr).unwrap())
        }
        Op::Dax { file, first, nr } => {
            format!("{}", dax_writeback_mapping_range(cpu, mapping(file), first, nr).unwrap())
        }
        Op::Smaps { process, at } => {
            format!("{:?}", smap_gather_stats(cpu, mms[process % mms.len()], addr(at)).unwrap())
        }
        Op::Migrate { file, page, phase } => {
            let done = match phase {
                Phase::Begins => migrate_begin(cpu, mapping(file), page),
                Phase::Ends => migrate_end(cpu, mapping(file), page),
            };
            format!("{:?}", done.unwrap())
        }
        Op::Uffd { process, at, pages } => {
            let mm = mms[process % mms.len()];
            format!("{:?}", userfaultfd_register(cpu, mm, addr(at), pages).unwrap())
        }
        Op::Scan { process, at, pages } => {
            let mm = mms[process % mms.len()];
            format!("{:?}", do_pagemap_scan(cpu, mm, addr(at), pages).unwrap())
        }
        Op::Truncate { file, pages } => {
            format!("{:?}", do_truncate(cpu, mapping(file), pages).unwrap())
        }
        Op::Punch { file, first, nr } => {
            format!("{:?}", punch_hole(cpu, mapping(file), first, nr).unwrap())
        }
        Op::Fill { file, first, nr } => {
            format!("{:?}", filemap::fill(cpu, mapping(file), first, nr).unwrap())
        }
        Op::Fsync { file } => format!("{:?}", msync::fsync(cpu, mapping(file)).unwrap()),
        Op::Msync { process, at, pages } => {
            let mm = mms[process % mms.len()];
            format!("{:?}", msync::msync(cpu, mm, addr(at), pages).unwrap())
        }
        Op::Dontneed { process, at, pages } => {
            let mm = mms[process % mms.len()];
            format!("{:?}", madvise_dontneed(cpu, mm, addr(at), pages).unwrap())
        }
        Op::SoftClear { process } => {
            format!("{:?}", clear_refs_write(cpu, mms[process % mms.len()]).unwrap())
        }
        _ => unreachable!("{op:?} is done above"),
    }
}

/// The file of that number.
pub(crate) fn mapping(file: usize) -> MappingId {
    MappingId(u32::try_from(file).unwrap())
}

/// Everything that the world's getters show, as text: for comparing two worlds.
pub(crate) fn digest(world: &World) -> String {
    let mut text = String::new();
    for (id, table) in world.tables() {
        let words = world.table_words(id).iter().enumerate().filter(|(_, word)| **word != 0);
        text += &format!("{id:?} {table:?} {:?}\n", words.collect::<Vec<_>>());
    }
    for (id, vma) in world.vmas() {
        text += &format!("{id:?} {vma:?} {:?}\n", world.node(id));
    }
    for (id, mm) in world.mms().filter(|(_, mm)| mm.alive) {
        text += &format!("{id:?} {mm:?}\n");
    }
    for (id, cpu) in world.cpus() {
        let mut entries: Vec<_> = cpu.entries().collect();
        entries.sort_by_key(|entry| (entry.mm, entry.addr));
        text += &format!("{id:?} {:?} {} {entries:?}\n", cpu.loaded_mm, cpu.is_lazy);
    }
    for (id, mapping) in world.mappings() {
        text += &format!("{id:?} {mapping:?}\n");
    }
    let used = world.pages().iter().enumerate().filter(|(_, page)| **page != Default::default());
    text + &format!("{:?}\n", used.collect::<Vec<_>>())
}
