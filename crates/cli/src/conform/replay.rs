//! Runs one scenario of a script in a world of its own, op by op, and answers as a kernel answered.

use rangewalk_core::addr::{PAGE_SIZE, VirtAddr};
use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::address_space::ShmemEnabled;
use rangewalk_core::machine::event::{Access, FaultEnd, Phase};
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, FileKind, MappingId, MmId, Sink, Stop, World};
use rangewalk_core::mm::access::touch;
use rangewalk_core::mm::clear_refs::clear_refs_write;
use rangewalk_core::mm::dax::dax_writeback_mapping_range;
use rangewalk_core::mm::exit::exit_mmap;
use rangewalk_core::mm::fork::dup_mmap;
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
use rangewalk_core::mm::smaps::{MemSizeStats, smap_gather_stats};
use rangewalk_core::mm::truncate::{do_truncate, punch_hole};
use rangewalk_core::mm::userfaultfd::userfaultfd_register;
use rangewalk_core::mm::zap::{Cows, unmap_mapping_pages, unmap_mapping_range};
use rangewalk_core::mm::{Errno, bitmap, device, filemap, msync, process};

use rangewalk_core::trace::Tape;

use super::answer::{Answer, Clean, Content, Count, Hits, Return, Smaps};
use super::calls::emulated;
use super::calls::tracer::Tracer;
use super::observe;
use super::op::{Backing, MapMode, Op, ProtMode};
use super::script::{FILES_MAX, PROCS_MAX};

/// Address of the window's first page.
pub const WINDOW: VirtAddr = VirtAddr(0x3ff_fff0_0000);

/// What `mkclean` answers where no page is cached, `migrate` where none can migrate: -ENOENT.
const NOT_CACHED: i64 = -2;

/// What a script asks for that is not emulated, by name.
#[must_use]
pub fn unsupported(op: &Op) -> Option<&'static str> {
    match op {
        Op::Cat { path } if ![SHMEM_ENABLED, TAINTED].contains(&&**path) => Some(op.name()),
        _ => None,
    }
}

const SHMEM_ENABLED: &str = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
const TAINTED: &str = "/proc/sys/kernel/tainted";
/// The same as a script names it to write it: seen from tracefs.
pub(super) const SHMEM_ENABLED_FROM_TRACEFS: &str = "../mm/transparent_hugepage/shmem_enabled";
/// `TAINT_OOT_MODULE`, `TAINT_UNSIGNED_MODULE`: the module that asks the kernel has been loaded.
const TAINT_MODULE: u64 = 1 << 12 | 1 << 13;
/// `TAINT_WARN`.
const TAINT_WARN: u64 = 1 << 9;

/// What outlives a scenario: settings of the machine, and that it warned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    fault_around_pages: u64,
    shmem_enabled: ShmemEnabled,
    has_warned: bool,
}

impl Settings {
    /// As a machine has them now.
    #[must_use]
    pub fn of(world: &World) -> Self {
        let fault_around_pages = world.fault_around_pages();
        let (shmem_enabled, has_warned) = (world.shmem_enabled(), world.has_warned());
        Self { fault_around_pages, shmem_enabled, has_warned }
    }
}

/// A sink that can tell what it was told.
pub trait Record: Sink {
    /// The tape, if there is one.
    fn tape(&self) -> Option<&Tape>;
}

impl Record for () {
    fn tape(&self) -> Option<&Tape> {
        None
    }
}

impl Record for Tape {
    fn tape(&self) -> Option<&Tape> {
        Some(self)
    }
}

/// One scenario in progress. Only with a [`Tape`] can it answer `trdump`.
pub struct Replay<R = ()> {
    world: World,
    sink: R,
    tracer: Tracer,
    files: [Option<MappingId>; FILES_MAX],
    /// Pages with which each file was made: `pages` tells of them, whatever its size is by then.
    made: [u64; FILES_MAX],
    procs: [Option<MmId>; PROCS_MAX],
    /// An earlier scenario made the kernel warn.
    has_warned: bool,
}

impl<R: Record> Replay<R> {
    /// A fresh machine, but for what outlived the scenario before.
    #[must_use]
    pub fn new(kernel: &'static Kernel, settings: Settings, sink: R) -> Self {
        let mut world = World::new(kernel);
        let Settings { fault_around_pages, shmem_enabled, has_warned } = settings;
        filemap::set_fault_around(&mut Cpu::new(&mut world, &mut ()), fault_around_pages);
        filemap::set_shmem_enabled(&mut Cpu::new(&mut world, &mut ()), shmem_enabled);
        let (files, procs) = ([None; FILES_MAX], [None; PROCS_MAX]);
        let made = [0; FILES_MAX];
        Self { world, sink, tracer: Tracer::default(), files, made, procs, has_warned }
    }

    /// What outlives the scenario.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let now = Settings::of(&self.world);
        Settings { has_warned: now.has_warned || self.has_warned, ..now }
    }

    /// The machine as the last op left it.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Does one op and says what a kernel would have answered.
    ///
    /// # Errors
    /// A limit of the emulator.
    ///
    /// # Panics
    /// If the op is [`unsupported`], or names a file or process that is not there.
    pub fn answer(&mut self, op: &Op) -> Result<Answer, Stop> {
        let mut rc = 0;
        match *op {
            Op::Levels { levels } => self.world.set_levels(levels),
            Op::File { file, backing, pages } => {
                self.files[file] = Some(self.world.add_file(file_kind(backing), pages));
                self.made[file] = pages;
            }
            Op::Proc { proc } => self.procs[proc] = Some(process::create(&mut self.cpu())?),
            Op::Map { proc, file, at, pages, pgoff, mode } => {
                let (file, pgoff) = self.open(file, pages, pgoff, mode);
                let addr = WINDOW.add_pages(at);
                let (sharing, prot) = (sharing(mode), prot(mode));
                let request = MmapRequest { addr, pages, pgoff, file, sharing, prot };
                let mm = self.mm(proc);
                let done = do_mmap(&mut self.cpu(), mm, request)?;
                if mode.populate && done.is_ok() {
                    mm_populate(&mut self.cpu(), mm, addr, pages)?;
                }
                rc = code(done);
            }
            Op::Unmap { proc, at, pages } => {
                let mm = self.mm(proc);
                rc = code(do_munmap(&mut self.cpu(), mm, WINDOW.add_pages(at), pages)?);
            }
            Op::Protect { proc, at, pages, mode } => {
                let (mm, addr, prot) = (self.mm(proc), WINDOW.add_pages(at), prot_of(mode));
                rc = code(do_mprotect_pkey(&mut self.cpu(), mm, addr, pages, prot)?);
            }
            Op::Remap { proc, at, pages, to, to_pages } => {
                let (addr, new_addr) = (WINDOW.add_pages(at), WINDOW.add_pages(to));
                let request = MremapRequest { addr, pages, new_addr, new_pages: to_pages };
                let mm = self.mm(proc);
                rc = code(do_mremap(&mut self.cpu(), mm, request)?);
            }
            Op::Fork { proc, child } => {
                let parent = self.mm(proc);
                self.procs[child] = Some(dup_mmap(&mut self.cpu(), parent)?);
            }
            Op::Exit { proc } => {
                let mm = self.mm(proc);
                exit_mmap(&mut self.cpu(), mm)?;
                self.procs[proc] = None;
            }
            Op::Fill { file, first, nr } => {
                let mapping = self.mapping(file);
                rc = filemap::fill(&mut self.cpu(), mapping, first, nr)?
                    .map_or_else(Errno::code, signed);
            }
            Op::FaultAround { bytes } => {
                let pages = 1 << (bytes / PAGE_SIZE).max(1).ilog2();
                filemap::set_fault_around(&mut self.cpu(), pages);
            }
            Op::BitmapReset { file, bits, hull } => {
                let (start, end) = hull.unwrap_or((bits, 0));
                let mapping = self.mapping(file);
                bitmap::reset(&mut self.cpu(), mapping, bits, start, end);
            }
            _ => return self.give_back(op),
        }
        Ok(Answer::Return(Return { rc }))
    }

    fn give_back(&mut self, op: &Op) -> Result<Answer, Stop> {
        let mut rc = 0;
        match *op {
            Op::Fsync { file } => {
                let mapping = self.mapping(file);
                rc = code(msync::fsync(&mut self.cpu(), mapping)?);
            }
            Op::Msync { proc, at, pages } => {
                let mm = self.mm(proc);
                rc = code(msync::msync(&mut self.cpu(), mm, WINDOW.add_pages(at), pages)?);
            }
            Op::Dontneed { proc, at, pages } => {
                let mm = self.mm(proc);
                rc = code(madvise_dontneed(&mut self.cpu(), mm, WINDOW.add_pages(at), pages)?);
            }
            Op::Uffd { proc, at, pages } => {
                let mm = self.mm(proc);
                let addr = WINDOW.add_pages(at);
                rc = code(userfaultfd_register(&mut self.cpu(), mm, addr, pages)?);
            }
            Op::SoftClear { proc } => {
                let mm = self.mm(proc);
                clear_refs_write(&mut self.cpu(), mm)?;
            }
            Op::Truncate { file, pages } => {
                let mapping = self.mapping(file);
                rc = code(do_truncate(&mut self.cpu(), mapping, pages)?);
            }
            Op::Punch { file, first, nr } => {
                let mapping = self.mapping(file);
                rc = code(punch_hole(&mut self.cpu(), mapping, first, nr)?);
            }
            _ => return self.look_or_walk(op),
        }
        Ok(Answer::Return(Return { rc }))
    }

    fn look_or_walk(&mut self, op: &Op) -> Result<Answer, Stop> {
        Ok(match *op {
            Op::Load { proc, at, pages } => self.touch(proc, at, pages, Access::Load)?,
            Op::Store { proc, at, pages } => self.touch(proc, at, pages, Access::Store)?,
            Op::Wp { file, first, nr } => {
                let (mapping, miss) = (self.mapping(file), FilterMiss::EndsWalk);
                let n = wp_shared_mapping_range(&mut self.cpu(), mapping, first, nr, miss)?;
                Answer::Count(Count { rc: 0, n: signed(n) })
            }
            Op::Clean { file, first, nr, bitmap_pgoff } => {
                self.clean(file, first, nr, bitmap_pgoff)?
            }
            Op::Zap { file, first, nr, even_cows } => {
                let (mapping, cows) = (self.mapping(file), cows(even_cows));
                let (begin, len) = (first * PAGE_SIZE, nr * PAGE_SIZE);
                unmap_mapping_range(&mut self.cpu(), mapping, begin, len, cows)?;
                Answer::Count(Count { rc: 0, n: 0 })
            }
            Op::ZapPages { file, first, nr, even_cows } => {
                let (mapping, cows) = (self.mapping(file), cows(even_cows));
                unmap_mapping_pages(&mut self.cpu(), mapping, first, nr, cows)?;
                Answer::Count(Count { rc: 0, n: 0 })
            }
            Op::Mkclean { file, pgoff } => self.mkclean(file, pgoff)?,
            Op::Wprange { file, first, nr } => {
                let mapping = self.mapping(file);
                let n = wrprotect_file_range(&mut self.cpu(), mapping, first, nr)?;
                let (rc, n) = n.map_or_else(|errno| (errno.code(), 0), |n| (0, signed(n)));
                Answer::Count(Count { rc, n })
            }
            Op::Dump => Answer::Dump(observe::dump(&self.world, &self.procs, &self.files)),
            Op::Tree { file } => {
                Answer::Tree(observe::tree(&self.world, &self.procs, self.mapping(file)))
            }
            Op::Order { file, first, nr } => {
                let (mapping, procs) = (self.mapping(file), self.procs);
                Answer::Order(observe::order(&mut self.cpu(), &procs, mapping, first, nr)?)
            }
            Op::Pages { file } => {
                Answer::Pages(observe::pages(&self.world, self.mapping(file), self.made[file]))
            }
            Op::Dax { file, first, nr } => {
                let mapping = self.mapping(file);
                let n = dax_writeback_mapping_range(&mut self.cpu(), mapping, first, nr)?;
                Answer::Count(Count { rc: 0, n: signed(n) })
            }
            Op::Migrate { file, pgoff, phase } => self.migrate(file, pgoff, phase)?,
            Op::Scan { proc, at, pages } => {
                let mm = self.mm(proc);
                let done = do_pagemap_scan(&mut self.cpu(), mm, WINDOW.add_pages(at), pages)?;
                Answer::Count(Count { rc: code(done), n: signed(done.unwrap_or(0)) })
            }
            Op::Smaps { proc, at } => self.smaps(proc, at)?,
            Op::BufBits { file, clear } => self.buf_bits(file, clear),
            Op::TraceWrite { ref file, ref text } => {
                self.write(file, text);
                Answer::Text
            }
            Op::Cat { ref path } => Answer::Content(self.content(path)),
            Op::TraceDump => {
                let tape = self.sink.tape().expect("a script that traces is replayed on a tape");
                Answer::Calls(emulated(self.world.kernel(), &self.tracer, &self.world, tape))
            }
            _ => unreachable!("`{}` is not emulated", op.name()),
        })
    }

    /// A file of tracefs, or beside it the one that says how shared memory is cached.
    fn write(&mut self, file: &str, text: &str) {
        if file == SHMEM_ENABLED_FROM_TRACEFS {
            let forced = text == "force";
            let enabled = if forced { ShmemEnabled::Force } else { ShmemEnabled::Never };
            return filemap::set_shmem_enabled(&mut self.cpu(), enabled);
        }
        let now = self.sink.tape().map_or((0, 0), |tape| (tape.len(), tape.frames().len()));
        self.tracer.write(file, text, now).expect("the script's parser tried it");
    }

    /// What a file says that is not [`unsupported`].
    fn content(&self, path: &str) -> Content {
        let text = match (path, self.world.shmem_enabled()) {
            (TAINTED, _) => {
                let warn = if self.settings().has_warned { TAINT_WARN } else { 0 };
                format!("{} ", TAINT_MODULE | warn)
            }
            (_, ShmemEnabled::Never) => "always within_size advise [never] deny force ".to_owned(),
            (_, ShmemEnabled::Force) => "always within_size advise never deny [force] ".to_owned(),
        };
        Content { text }
    }

    fn cpu(&mut self) -> Cpu<'_, R> {
        Cpu::new(&mut self.world, &mut self.sink)
    }

    fn mapping(&self, file: usize) -> MappingId {
        self.files[file].expect("the script's parser admits only files that exist")
    }

    /// What `map` maps, and from which page. Shared anonymous memory is a file of its own that
    /// nobody else can name (`mm/shmem.c:shmem_zero_setup`).
    fn open(
        &mut self,
        file: Option<usize>,
        pages: u64,
        pgoff: u64,
        mode: MapMode,
    ) -> (Option<OpenFile>, u64) {
        let mapping = match file {
            Some(file) => self.mapping(file),
            None if mode.shared => self.world.add_file(FileKind::Shmem, pages),
            None => return (None, pgoff),
        };
        let pgoff = if file.is_some() { pgoff } else { 0 };
        (Some(OpenFile { mapping, mode: open_mode(mode) }), pgoff)
    }

    fn mm(&self, proc: usize) -> MmId {
        self.procs[proc].expect("the script's parser admits only processes that exist")
    }

    fn touch(&mut self, proc: usize, at: u64, pages: u64, access: Access) -> Result<Answer, Stop> {
        let mm = self.mm(proc);
        let mut hits = String::new();
        for page in at..at + pages {
            let done = touch(&mut self.cpu(), mm, WINDOW.add_pages(page), access)?;
            hits.push(match done.end {
                FaultEnd::Retry => char::from_digit(done.faults, 10).unwrap_or('9'),
                FaultEnd::SegvAccErr => 'A',
                FaultEnd::SegvMapErr => 'S',
                FaultEnd::Bus => 'B',
            });
        }
        Ok(Answer::Hits(Hits { hits }))
    }

    fn smaps(&mut self, proc: usize, at: u64) -> Result<Answer, Stop> {
        let mm = self.mm(proc);
        let done = smap_gather_stats(&mut self.cpu(), mm, WINDOW.add_pages(at))?;
        let MemSizeStats { rss, shared_clean, shared_dirty, private_clean, private_dirty } =
            done.unwrap_or_default();
        let smaps = vec![rss, shared_clean, shared_dirty, private_clean, private_dirty];
        Ok(Answer::Smaps(Smaps { rc: code(done), smaps }))
    }

    fn mkclean(&mut self, file: usize, pgoff: u64) -> Result<Answer, Stop> {
        let mapping = self.mapping(file);
        let n = match self.world.mapping(mapping).page(pgoff) {
            Some(_) => signed(mkclean_file_range(&mut self.cpu(), mapping, pgoff, 1)?),
            None => NOT_CACHED,
        };
        Ok(Answer::Count(Count { rc: 0, n }))
    }

    fn migrate(&mut self, file: usize, pgoff: u64, phase: Phase) -> Result<Answer, Stop> {
        let (mapping, cpu) = (self.mapping(file), &mut self.cpu());
        let n = match phase {
            Phase::Begins => migrate_begin(cpu, mapping, pgoff)?,
            Phase::Ends => migrate_end(cpu, mapping, pgoff)?,
        };
        Ok(Answer::Count(Count { rc: 0, n: n.map_or(NOT_CACHED, signed) }))
    }

    fn buf_bits(&mut self, file: usize, clear: bool) -> Answer {
        let mapping = self.mapping(file);
        let seen = observe::buf_bits(&self.world, mapping);
        if clear {
            device::clear_written(&mut self.cpu(), mapping);
        }
        Answer::BufBits(seen)
    }

    fn clean(&mut self, file: usize, first: u64, nr: u64, base: u64) -> Result<Answer, Stop> {
        let (mapping, miss) = (self.mapping(file), FilterMiss::EndsWalk);
        let shown = self.world.mapping(mapping).bitmap.bits;
        let cpu = &mut self.cpu();
        // A script may ask for more pages than its bitmap shows.
        bitmap::resize(cpu, mapping, shown.max(first.saturating_add(nr) - base));
        let n = clean_record_shared_mapping_range(cpu, mapping, first, nr, base, miss)?;
        bitmap::resize(cpu, mapping, shown);
        let bitmap = &self.world.mapping(mapping).bitmap;
        let bits = observe::hex_words(&bitmap.words, bitmap.bits);
        Ok(Answer::Clean(Clean { n, start: bitmap.start, end: bitmap.end, bits }))
    }
}

fn file_kind(backing: Backing) -> FileKind {
    match backing {
        Backing::Memfd => FileKind::Shmem,
        Backing::Dev0 { prefault } => FileKind::DevPagetable { prefault },
        Backing::Dev1 { prefault } => FileKind::DevMkwrite { prefault },
        Backing::Ext4 => FileKind::Ext4,
    }
}

fn sharing(mode: MapMode) -> Sharing {
    if mode.shared { Sharing::Shared } else { Sharing::Private }
}

fn cows(even_cows: bool) -> Cows {
    if even_cows { Cows::Zap } else { Cows::Keep }
}

fn open_mode(mode: MapMode) -> OpenMode {
    if mode.read_only_fd { OpenMode::ReadOnly } else { OpenMode::ReadWrite }
}

fn prot(mode: MapMode) -> Prot {
    let mut prot = Prot::empty();
    prot.set(Prot::READ, mode.read);
    prot.set(Prot::WRITE, mode.write);
    prot.set(Prot::EXEC, mode.exec);
    prot
}

fn prot_of(mode: ProtMode) -> Prot {
    match mode {
        ProtMode::Read => Prot::READ,
        ProtMode::ReadWrite => Prot::READ | Prot::WRITE,
        ProtMode::None => Prot::empty(),
    }
}

fn code<T>(done: Result<T, Errno>) -> i64 {
    done.map_or_else(Errno::code, |_| 0)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("a count of pages")
}
