//! Runs for the tests of the picture, made with the kernel functions alone.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::event::Access;
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, Event, FileKind, MappingId, MmId, Stop, VmaId, World};
use rangewalk_core::mm::access::touch;
use rangewalk_core::mm::filemap::set_fault_around;
use rangewalk_core::mm::mapping_dirty_helpers::{
    clean_record_shared_mapping_range, wp_shared_mapping_range,
};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::pagewalk::FilterMiss;
use rangewalk_core::mm::process;
use rangewalk_core::trace::{Tape, Timeline};
use rangewalk_web::model::stage_names::Labels;

/// How a piece is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Shared, readable and writable.
    Rw,
    /// Shared, through a read-only descriptor.
    Ro,
    /// Private, readable and writable.
    Cow,
}

/// A mapping: label, process, first page, pages, address, how, and what is touched: `w`, `r` or `.` a page.
pub type Map<'a> = (&'a str, u32, u64, u64, u64, How, &'a str);

/// A run in the making.
pub struct Sample {
    world: World,
    tape: Tape,
    labels: Labels,
    statement: u32,
    mms: u32,
}

impl Sample {
    /// A machine with one file.
    pub fn new(kernel: &'static Kernel, kind: FileKind, pages: u64) -> Self {
        let mut world = World::new(kernel);
        let file = world.add_file(kind, pages);
        let mut labels = Labels::default();
        labels.files.insert(file, "data".to_owned());
        Self { world, tape: Tape::default(), labels, statement: 0, mms: 0 }
    }

    /// One statement.
    pub fn run<T>(&mut self, act: impl FnOnce(&mut Cpu<'_, Tape>) -> Result<T, Stop>) -> T {
        let mut cpu = Cpu::new(&mut self.world, &mut self.tape);
        cpu.event(Event::Statement { index: self.statement }).expect("room on the tape");
        self.statement += 1;
        act(&mut cpu).expect("room on the tape")
    }

    /// Turns fault-around off.
    pub fn no_fault_around(&mut self) {
        self.run(|cpu| {
            set_fault_around(cpu, 1);
            Ok(())
        });
    }

    fn processes(&mut self, up_to: u32) {
        while self.mms <= up_to {
            self.run(|cpu| process::create(cpu));
            self.mms += 1;
        }
    }

    /// Maps all of `maps`, then touches them.
    pub fn map_all(&mut self, maps: &[Map<'_>]) -> Vec<VmaId> {
        let mut vmas = Vec::new();
        for (label, mm, first, nr, addr, how, _) in maps {
            self.processes(*mm);
            let mode = if *how == How::Ro { OpenMode::ReadOnly } else { OpenMode::ReadWrite };
            let sharing = if *how == How::Cow { Sharing::Private } else { Sharing::Shared };
            let prot = if *how == How::Ro { Prot::READ } else { Prot::READ | Prot::WRITE };
            let request = MmapRequest {
                addr: VirtAddr(*addr),
                pages: *nr,
                pgoff: *first,
                file: OpenFile { mapping: MappingId(0), mode },
                sharing,
                prot,
            };
            let vma = self.run(|cpu| do_mmap(cpu, MmId(*mm), request)).expect("it can be mapped");
            self.labels.vmas.insert(vma, (*label).to_owned());
            vmas.push(vma);
        }
        for (_, mm, _, _, addr, _, touches) in maps {
            self.touch(*mm, *addr, touches);
        }
        vmas
    }

    /// Loads and stores, a letter a page.
    pub fn touch(&mut self, mm: u32, addr: u64, touches: &str) {
        for (page, letter) in (0u64..).zip(touches.chars()) {
            let access = match letter {
                'w' => Access::Store,
                'r' => Access::Load,
                _ => continue,
            };
            let addr = VirtAddr(addr).add_pages(page);
            self.run(|cpu| touch(cpu, MmId(mm), addr, access));
        }
    }

    /// `wp first+nr`, as the kernel is.
    pub fn wp(&mut self, first: u64, nr: u64) -> u64 {
        self.run(|cpu| wp_shared_mapping_range(cpu, MappingId(0), first, nr, FilterMiss::EndsWalk))
    }

    /// `clean first+nr`, into a bitmap for the whole file.
    pub fn clean(&mut self, first: u64, nr: u64) -> u64 {
        self.run(|cpu| {
            clean_record_shared_mapping_range(cpu, MappingId(0), first, nr, 0, FilterMiss::EndsWalk)
        })
    }

    /// The run, with its cursor at the end.
    pub fn done(self) -> (Timeline, Labels) {
        (Timeline::new(self.world, self.tape), self.labels)
    }
}

/// Seven mappings of one file in three processes: clipped at both ends, tied, private, one that stops the walk.
pub fn clipped(kernel: &'static Kernel) -> Sample {
    let mut sample = Sample::new(kernel, FileKind::Shmem, 24);
    sample.no_fault_around();
    sample.map_all(&[
        ("D", 0, 6, 2, 0x7f5e_0040_0000, How::Rw, "w."),
        ("B", 0, 1, 7, 0x7f5e_001f_a000, How::Rw, ".rw.wwr"),
        ("F", 2, 12, 12, 0x7fa0_9c60_0000, How::Ro, "rr.........."),
        ("A", 2, 0, 4, 0x7fa0_9c20_0000, How::Rw, "wwr."),
        ("C", 1, 2, 12, 0x7f12_3456_2000, How::Rw, "rw.wrwwr.wr."),
        ("E", 2, 8, 12, 0x7fa0_9c3f_6000, How::Rw, "rww..ww....."),
        ("G", 1, 18, 6, 0x7f12_3480_0000, How::Cow, "..r..."),
    ]);
    sample.wp(5, 9);
    sample
}
