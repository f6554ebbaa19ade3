//! What becomes of VMAs, against a flat table with one row a page: `mmap`, `munmap`, `mprotect`,
//! `mremap` and stores, at random. The table knows no VMAs, merges or cuts.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rangewalk_core::addr::{Pfn, VirtAddr};
use rangewalk_core::kernel::{KERNELS, Kernel};
use rangewalk_core::machine::event::{Access, FaultEnd};
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, FileKind, MappingId, MmId, VmFlags, World};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::mprotect::do_mprotect_pkey;
use rangewalk_core::mm::mremap::{MremapRequest, do_mremap};
use rangewalk_core::mm::munmap::do_munmap;
use rangewalk_core::mm::{Errno, access, process};

const WINDOW: u64 = 1100;
const FILE: MappingId = MappingId(0);
const MM: MmId = MmId(0);

/// What one page of a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    /// Page of the file; `None`: anonymous.
    pgoff: Option<u64>,
    shared: bool,
    may_write: bool,
    prot: Prot,
    /// The frame that was there after the last store.
    frame: Option<Pfn>,
}

#[derive(Clone, Debug)]
enum Op {
    Map { at: u64, pages: u64, pgoff: u64, prot: Prot, how: How },
    Unmap { at: u64, pages: u64 },
    Protect { at: u64, pages: u64, prot: Prot },
    Remap { at: u64, pages: u64, to: u64, to_pages: u64 },
    Store { at: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Shared,
    ReadOnlyDescriptor,
    Private,
    Anonymous,
}

fn prot() -> impl Strategy<Value = Prot> {
    let all = Prot::READ | Prot::WRITE;
    prop_oneof![1 => Just(Prot::empty()), 1 => Just(Prot::READ), 3 => Just(all)]
}

/// Small ranges close together, and now and then one that reaches over whole page tables.
fn range() -> impl Strategy<Value = (u64, u64)> {
    prop_oneof![
        8 => (0..24u64, 1..12u64),
        1 => Just((0, 530)),
        1 => Just((540, 530)),
        1 => Just((28, 520)),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let how = prop_oneof![
        2 => Just(How::Shared),
        1 => Just(How::ReadOnlyDescriptor),
        2 => Just(How::Private),
        2 => Just(How::Anonymous)
    ];
    prop_oneof![
        5 => (range(), 0..4u64, prot(), how).prop_map(|((at, pages), shift, prot, how)| {
            let prot = if how == How::ReadOnlyDescriptor { Prot::READ } else { prot };
            Op::Map { at, pages, pgoff: at + 4 - shift, prot, how }
        }),
        2 => range().prop_map(|(at, pages)| Op::Unmap { at, pages }),
        5 => (range(), prot()).prop_map(|((at, pages), prot)| Op::Protect { at, pages, prot }),
        5 => (range(), range(), any::<bool>()).prop_map(|((at, pages), (to, to_pages), keeps)| {
            Op::Remap { at, pages, to, to_pages: if keeps { pages } else { to_pages } }
        }),
        1 => (0..24u64, range()).prop_map(|(at, (to, to_pages))| {
            Op::Remap { at, pages: 0, to, to_pages }
        }),
        6 => (0..40u64).prop_map(|at| Op::Store { at }),
    ]
}

fn addr(page: u64) -> VirtAddr {
    VirtAddr((1 << 42) - 16 * 4096).add_pages(page)
}

fn index(page: u64) -> usize {
    usize::try_from(page).unwrap()
}

/// The table, and what each call would do to it.
struct Model {
    kernel: &'static Kernel,
    rows: Vec<Option<Row>>,
}

impl Model {
    fn unmap(&mut self, at: u64, pages: u64) {
        self.rows[index(at)..index(at + pages)].fill(None);
    }

    fn protect(&mut self, at: u64, pages: u64, prot: Prot) -> Result<(), Errno> {
        for row in &mut self.rows[index(at)..index(at + pages)] {
            let row = row.as_mut().ok_or(Errno::NoMemory)?;
            if prot.contains(Prot::WRITE) && !row.may_write {
                return Err(Errno::Access);
            }
            row.prot = prot;
        }
        Ok(())
    }

    /// `reaches`: the page behind the VMA that holds the source's first page, before the call.
    fn remap(&mut self, op: (u64, u64, u64, u64), reaches: u64) -> Result<(), Errno> {
        let (at, pages, to, to_pages) = op;
        let many = self.kernel.mremap_moves_many;
        let overlap = at < to + to_pages && to < at + pages;
        if many && overlap {
            return Err(Errno::Invalid);
        }
        let first = self.rows[index(at)].ok_or(Errno::Fault)?;
        if overlap {
            return Err(Errno::Invalid);
        }
        let one = at + pages.min(to_pages) <= reaches;
        let twice = if pages == 0 && !first.shared { Err(Errno::Invalid) } else { Ok(()) };
        if many && twice.is_err() {
            return twice;
        }
        let reach = if many && pages == to_pages { true } else { one };
        if many && !reach {
            return Err(Errno::Fault);
        }
        if many && pages == to_pages {
            for i in 0..pages {
                if let Some(row) = self.rows[index(at + i)].take() {
                    self.rows[index(to + i)] = Some(row);
                }
            }
            return Ok(());
        }
        self.unmap(to, to_pages);
        if pages > to_pages {
            self.unmap(at + to_pages, pages - to_pages);
        }
        let _ = self.rows[index(at)].ok_or(Errno::Fault)?;
        twice?;
        if !reach {
            return Err(Errno::Fault);
        }
        for i in 0..to_pages {
            let moved = if i < pages { self.rows[index(at + i)].take() } else { None };
            let grown = Row { pgoff: first.pgoff.map(|pgoff| pgoff + i), frame: None, ..first };
            self.rows[index(to + i)] = Some(moved.unwrap_or(grown));
        }
        Ok(())
    }
}

fn map(cpu: &mut Cpu<'_, ()>, model: &mut Model, op: &Op) -> Result<(), Errno> {
    let Op::Map { at, pages, pgoff, prot, how } = *op else { unreachable!() };
    let mode = match how {
        How::ReadOnlyDescriptor => OpenMode::ReadOnly,
        _ => OpenMode::ReadWrite,
    };
    let file = (how != How::Anonymous).then_some(OpenFile { mapping: FILE, mode });
    let private = matches!(how, How::Private | How::Anonymous);
    let sharing = if private { Sharing::Private } else { Sharing::Shared };
    let request = MmapRequest { addr: addr(at), pages, pgoff, file, sharing, prot };
    for i in 0..pages {
        model.rows[index(at + i)] = Some(Row {
            pgoff: file.map(|_| pgoff + i),
            shared: !private,
            may_write: how != How::ReadOnlyDescriptor,
            prot,
            frame: None,
        });
    }
    do_mmap(cpu, MM, request).unwrap().map(|_| ())
}

fn apply(world: &mut World, model: &mut Model, op: &Op) {
    let mut sink = ();
    let cpu = &mut Cpu::new(world, &mut sink);
    match *op {
        Op::Map { .. } => assert_eq!(map(cpu, model, op), Ok(())),
        Op::Unmap { at, pages } => {
            assert_eq!(do_munmap(cpu, MM, addr(at), pages).unwrap(), Ok(()));
            model.unmap(at, pages);
        }
        Op::Protect { at, pages, prot } => {
            let done = do_mprotect_pkey(cpu, MM, addr(at), pages, prot).unwrap();
            assert_eq!(done, model.protect(at, pages, prot), "{op:?}");
        }
        Op::Remap { at, pages, to, to_pages } => {
            let holder = cpu.find_vma(MM, addr(at)).map(|vma| cpu.vma(vma).end);
            let reaches = holder.map_or(0, |end| end.pages_since(addr(0)));
            let reaches = if to > at { reaches.min(to) } else { reaches };
            let (from, new_addr) = (addr(at), addr(to));
            let request = MremapRequest { addr: from, pages, new_addr, new_pages: to_pages };
            let done = do_mremap(cpu, MM, request).unwrap();
            assert_eq!(done, model.remap((at, pages, to, to_pages), reaches), "{op:?}");
        }
        Op::Store { at } => {
            let end = access::touch(cpu, MM, addr(at), Access::Store).unwrap().end;
            let expected = match &mut model.rows[index(at)] {
                None => FaultEnd::SegvMapErr,
                Some(row) if !row.prot.contains(Prot::WRITE) => FaultEnd::SegvAccErr,
                Some(row) => {
                    let word = cpu.pte_slot(MM, addr(at)).map(|slot| cpu.word(slot)).unwrap();
                    assert!(row.frame.is_none_or(|frame| frame == word.pfn()), "{op:?}: the frame");
                    row.frame = Some(word.pfn());
                    FaultEnd::Retry
                }
            };
            assert_eq!(end, expected, "{op:?}");
        }
    }
}

/// Every page's row, read off the VMAs and entries; `frame` where the model knows one.
fn agree(world: &World, model: &Model, op: &Op) {
    let mut pages = vec![None; model.rows.len()];
    for vma in world.mm(MM).vmas().map(|id| world.vma(id)) {
        for i in 0..vma.pages() {
            let at = vma.start.add_pages(i);
            let page = index(at.pages_since(addr(0)));
            let known = model.rows[page].and_then(|row| row.frame);
            let slot = world.pte_slot(MM, at).ok();
            let word = slot.map(|slot| world.word(slot)).filter(|word| word.is_present());
            pages[page] = Some(Row {
                pgoff: vma.file.map(|_| vma.pgoff + i),
                shared: vma.flags.contains(VmFlags::MAYSHARE),
                may_write: vma.flags.contains(VmFlags::MAYWRITE),
                prot: Prot::from_bits_truncate(u8::try_from(vma.flags.bits() & 7).unwrap()),
                frame: known.and(word).map(|word| word.pfn()),
            });
        }
    }
    assert_eq!(pages, model.rows, "{} behind {op:?}", model.kernel);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_page_is_as_the_calls_left_it(ops in prop::collection::vec(op(), 1..40)) {
        for kernel in KERNELS {
            let mut world = World::new(kernel);
            world.add_file(FileKind::Shmem, 2 * WINDOW);
            assert_eq!(process::create(&mut Cpu::new(&mut world, &mut ())), Ok(MM));
            let mut model = Model { kernel, rows: vec![None; index(WINDOW)] };
            for op in &ops {
                apply(&mut world, &mut model, op);
                agree(&world, &model, op);
                assert_eq!(world.check(), [], "{kernel}: {op:?}");
            }
        }
    }
}
