//! The emulator, asked the same.

use std::collections::{BTreeMap, BTreeSet};

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::pte::PFN_MASK;
use rangewalk_core::arch::{Entry, Level, Levels};
use rangewalk_core::kernel::{Kernel, LINUX_6_12};
use rangewalk_core::machine::page::ZERO_PFN;
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{
    Cpu, Event, MappingId, MmId, PageFlags, PageKind, Sink, Vma, VmaId, World,
};
use rangewalk_core::mm::access::touch;
use rangewalk_core::mm::clear_refs::clear_refs_write;
use rangewalk_core::mm::madvise::madvise_dontneed;
use rangewalk_core::mm::mapping_dirty_helpers::{
    clean_record_shared_mapping_range, wp_shared_mapping_range,
};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::mprotect::do_mprotect_pkey;
use rangewalk_core::mm::mremap::{MremapRequest, do_mremap};
use rangewalk_core::mm::msync::{fsync, msync};
use rangewalk_core::mm::munmap::do_munmap;
use rangewalk_core::mm::pagewalk::FilterMiss;
use rangewalk_core::mm::populate::mm_populate;
use rangewalk_core::mm::rmap::{mkclean_file_range, wrprotect_file_range};
use rangewalk_core::mm::truncate::{do_truncate, punch_hole};
use rangewalk_core::mm::zap::{Cows, unmap_mapping_range};
use rangewalk_core::mm::{bitmap, exit, filemap, fork, process};
use rangewalk_core::trace::Tape;

use crate::op::{BASE, BITMAP_BITS, FILE_PAGES, FILES, How, Op};
use crate::view::{EntryView, FileView, View, VmaView, What};

/// A world with the [`FILES`] and one process, and what records it. Processes are numbered as they
/// come, also here.
#[derive(Clone)]
pub(crate) struct Emulator<S> {
    world: World,
    sink: S,
}

impl<S: Sink> Emulator<S> {
    pub(crate) fn new(kernel: &'static Kernel, sink: S) -> Self {
        let mut world = World::new(kernel);
        // What holds of a world holds whatever its tables are: one release has five levels.
        if kernel.name == LINUX_6_12.name {
            world.set_levels(Levels::Five);
        }
        for kind in FILES {
            let file = world.add_file(kind, FILE_PAGES);
            bitmap::reset(&mut Cpu::new(&mut world, &mut ()), file, BITMAP_BITS, BITMAP_BITS, 0);
        }
        let mut emulator = Self { world, sink };
        process::create(&mut emulator.cpu()).unwrap();
        emulator
    }

    fn cpu(&mut self) -> Cpu<'_, S> {
        Cpu::new(&mut self.world, &mut self.sink)
    }

    pub(crate) fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn into_parts(self) -> (World, S) {
        (self.world, self.sink)
    }

    pub(crate) fn view(&self) -> View {
        view(&self.world)
    }

    /// Does it; the answer in the same words as the model's.
    pub(crate) fn apply(&mut self, op: &Op) -> String {
        let cpu = &mut self.cpu();
        // As a scenario's runner does: what is changed without a step of its own belongs to it.
        cpu.event(Event::Statement { index: 0 }).unwrap();
        match *op {
            Op::Map { process, file, at, pages, pgoff, how } => {
                let request = request(file, (at, pages, pgoff), how);
                let done = do_mmap(cpu, mm(process), request).unwrap();
                if done.is_ok() && how.populate {
                    mm_populate(cpu, mm(process), addr(at), pages).unwrap();
                }
                format!("{:?}", done.map(|_| ()))
            }
            Op::Remap { process, at, pages, to, to_pages } => {
                let (addr, new_addr) = (addr(at), addr(to));
                let request = MremapRequest { addr, pages, new_addr, new_pages: to_pages };
                format!("{:?}", do_mremap(cpu, mm(process), request).unwrap())
            }
            Op::Msync { process, at, pages } => {
                format!("{:?}", msync(cpu, mm(process), addr(at), pages).unwrap())
            }
            Op::Unmap { process, at, pages } => {
                format!("{:?}", do_munmap(cpu, mm(process), addr(at), pages).unwrap())
            }
            Op::Touch { process, page, access } => {
                let done = touch(cpu, mm(process), addr(page), access).unwrap();
                format!("{} {:?}", done.faults, done.end)
            }
            Op::FaultAround { pages } => {
                filemap::set_fault_around(cpu, pages);
                String::new()
            }
            Op::Dontneed { process, at, pages } => {
                format!("{:?}", madvise_dontneed(cpu, mm(process), addr(at), pages).unwrap())
            }
            Op::SoftClear { process } => {
                clear_refs_write(cpu, mm(process)).unwrap();
                String::new()
            }
            Op::Protect { process, at, pages, access } => {
                let mut prot = Prot::empty();
                prot.set(Prot::READ, access & 1 != 0);
                prot.set(Prot::WRITE, access & 2 != 0);
                let done = do_mprotect_pkey(cpu, mm(process), addr(at), pages, prot);
                format!("{:?}", done.unwrap())
            }
            Op::Fork { process } => fork::dup_mmap(cpu, mm(process)).unwrap().0.to_string(),
            Op::Exit { process } => {
                exit::exit_mmap(cpu, mm(process)).unwrap();
                String::new()
            }
            _ => of_file(cpu, op),
        }
    }
}

/// Likewise, of what is done to a file.
fn of_file<S: Sink>(cpu: &mut Cpu<S>, op: &Op) -> String {
    let miss = FilterMiss::EndsWalk;
    match *op {
        Op::Wp { file, first, nr } => {
            wp_shared_mapping_range(cpu, mapping(file), first, nr, miss).unwrap().to_string()
        }
        Op::Clean { file, first, nr, bitmap_pgoff } => {
            clean_record_shared_mapping_range(cpu, mapping(file), first, nr, bitmap_pgoff, miss)
                .unwrap()
                .to_string()
        }
        Op::BitmapReset { file, start, end } => {
            bitmap::reset(cpu, mapping(file), BITMAP_BITS, start, end);
            String::new()
        }
        Op::Fill { file, first, nr } => {
            format!("{:?}", filemap::fill(cpu, mapping(file), first, nr).unwrap())
        }
        Op::Zap { file, first, nr, even_cows } => {
            let cows = if even_cows { Cows::Zap } else { Cows::Keep };
            unmap_mapping_range(cpu, mapping(file), first << 12, nr << 12, cows).unwrap();
            String::new()
        }
        Op::Mkclean { file, first, nr } => {
            mkclean_file_range(cpu, mapping(file), first, nr).unwrap().to_string()
        }
        Op::WrprotectRange { file, first, nr } => {
            format!("{:?}", wrprotect_file_range(cpu, mapping(file), first, nr).unwrap())
        }
        Op::Truncate { file, pages } => {
            format!("{:?}", do_truncate(cpu, mapping(file), pages).unwrap())
        }
        Op::Punch { file, first, nr } => {
            format!("{:?}", punch_hole(cpu, mapping(file), first, nr).unwrap())
        }
        Op::Fsync { file } => format!("{:?}", fsync(cpu, mapping(file)).unwrap()),
        _ => unreachable!("{op:?} is of a process"),
    }
}

impl Emulator<Tape> {
    pub(crate) fn tape(&self) -> &Tape {
        &self.sink
    }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap()
}

fn mm(process: usize) -> MmId {
    MmId(number(process))
}

fn mapping(file: usize) -> MappingId {
    MappingId(number(file))
}

fn addr(page: u64) -> VirtAddr {
    VirtAddr((BASE + page) << 12)
}

fn page(addr: VirtAddr) -> u64 {
    (addr.0 >> 12) - BASE
}

fn request(file: Option<usize>, (at, pages, pgoff): (u64, u64, u64), how: How) -> MmapRequest {
    let mode = if how.read_only_fd { OpenMode::ReadOnly } else { OpenMode::ReadWrite };
    let mut prot = Prot::empty();
    prot.set(Prot::READ, how.read);
    prot.set(Prot::WRITE, how.write);
    prot.set(Prot::EXEC, how.exec);
    let sharing = if how.shared { Sharing::Shared } else { Sharing::Private };
    let file = file.map(|file| OpenFile { mapping: mapping(file), mode });
    MmapRequest { addr: addr(at), pages, pgoff, file, sharing, prot }
}

/// What the world shows.
pub(crate) fn view(world: &World) -> View {
    let processes = world.mms().filter(|(_, mm)| mm.alive).map(|(id, mm)| {
        let vmas = mm.vmas().map(|vma| vma_view(world, id, world.vma(vma)));
        (id.0 as usize, vmas.collect())
    });
    let files = world.mappings().map(|(id, _)| file_view(world, id));
    View { processes: processes.collect(), files: files.collect() }
}

fn vma_view(world: &World, mm: MmId, vma: &Vma) -> VmaView {
    let mut entries = BTreeMap::new();
    for at in 0..vma.pages() {
        let addr = vma.start.add_pages(at);
        let Ok(slot) = world.pte_slot(mm, addr) else { continue };
        let word = world.word(slot);
        let Entry::Leaf(pfn) = word.decode(Level::Pte) else {
            assert!(word.is_none(), "{word:?} at {addr}");
            continue;
        };
        let (what, mapcount) = match world.pfn_to_page(pfn).map(|page| world.page(page)) {
            None if pfn == ZERO_PFN => (What::Zero, 0),
            None => (frame(world, pfn.0), 0),
            Some(page) => match page.kind {
                PageKind::File => (What::Page(page.owner as usize, page.pgoff), page.mapcount),
                PageKind::Anon => (What::Copy, page.mapcount),
                kind => panic!("{kind:?} is mapped at {addr}"),
            },
        };
        entries.insert(page(addr), EntryView { word: word.0 & !PFN_MASK, what, mapcount });
    }
    VmaView {
        place: (page(vma.start), vma.pages(), vma.pgoff),
        file: vma.file.map(|f| (f.mapping.0 as usize, f.mode == OpenMode::ReadOnly)),
        flags: vma.flags.bits(),
        prot: vma.prot,
        entries,
    }
}

fn frame(world: &World, pfn: u64) -> What {
    let mut buffers = world.mappings().filter(|(_, file)| file.kind.is_device());
    let owner = buffers.find(|(_, file)| (0..file.pages).any(|at| file.dev_pfn.0 + at == pfn));
    let (id, file) = owner.expect("a frame of a buffer");
    What::Frame(id.0 as usize, pfn - file.dev_pfn.0)
}

fn file_view(world: &World, id: MappingId) -> FileView {
    let file = world.mapping(id);
    let cache = (0..file.pages).filter_map(|pgoff| {
        let page = world.page(file.page(pgoff)?);
        Some((pgoff, (page.flags.contains(PageFlags::DIRTY), page.mapcount)))
    });
    let mut order = Vec::new();
    in_order(world, file.root, &mut order);
    let place = |id: &VmaId| {
        let vma = world.vma(*id);
        (vma.mm.unwrap().0 as usize, page(vma.start))
    };
    FileView {
        pages: file.pages,
        cache: cache.collect(),
        bitmap: bits(&file.bitmap.words),
        bitmap_range: (file.bitmap.start, file.bitmap.end),
        heard: (file.faults, file.mkwrites, bits(&file.written)),
        order: order.iter().map(place).collect(),
    }
}

/// Left, itself, right: the order in which the iterator meets nodes.
fn in_order(world: &World, node: Option<VmaId>, order: &mut Vec<VmaId>) {
    let Some(id) = node else { return };
    in_order(world, world.node(id).left(), order);
    order.push(id);
    in_order(world, world.node(id).right(), order);
}

fn bits(words: &[u64]) -> BTreeSet<u64> {
    let all = words.iter().enumerate();
    let set = all.flat_map(|(at, word)| {
        (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at as u64 * 64 + bit)
    });
    set.collect()
}
