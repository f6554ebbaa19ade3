//! The i_mmap tree against a naive list: same hits in the same order, and every rule of the tree
//! after every change.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rangewalk_core::addr::VirtAddr;
use rangewalk_core::kernel::{KERNELS, Kernel};
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, FileKind, MappingId, MmId, VmaId, World};
use rangewalk_core::mm::interval_tree::{
    TreeQuery, vma_interval_tree_iter_first, vma_interval_tree_iter_next,
};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::munmap::do_munmap;
use rangewalk_core::mm::{fork, process};

const FILE: MappingId = MappingId(0);
const FILE_PAGES: u64 = 40;

/// One thing that changes the tree. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Change {
    Map { process: usize, at: u64, pages: u64, pgoff: u64 },
    Unmap { process: usize, at: u64, pages: u64 },
    Fork { process: usize },
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        6 => (0..4usize, 0..60u64, 1..9u64, 0..FILE_PAGES - 9)
            .prop_map(|(process, at, pages, pgoff)| Change::Map { process, at, pages, pgoff }),
        3 => (0..4usize, 0..60u64, 1..9u64)
            .prop_map(|(process, at, pages)| Change::Unmap { process, at, pages }),
        1 => (0..4usize).prop_map(|process| Change::Fork { process }),
    ]
}

fn addr(page: u64) -> VirtAddr {
    VirtAddr(0x7f00_0000_0000).add_pages(page)
}

/// What a process maps, page by page, as a flat table.
type Flat = Vec<Option<u64>>;

fn apply(cpu: &mut Cpu<()>, mms: &mut Vec<MmId>, flat: &mut Vec<Flat>, change: &Change) {
    let file = Some(OpenFile { mapping: FILE, mode: OpenMode::ReadWrite });
    match *change {
        Change::Map { process, at, pages, pgoff } => {
            let process = process % mms.len();
            let (sharing, prot) = (Sharing::Shared, Prot::READ | Prot::WRITE);
            let request = MmapRequest { addr: addr(at), pages, pgoff, file, sharing, prot };
            do_mmap(cpu, mms[process], request).unwrap().unwrap();
            for page in 0..pages {
                flat[process][usize::try_from(at + page).unwrap()] = Some(pgoff + page);
            }
        }
        Change::Unmap { process, at, pages } => {
            let process = process % mms.len();
            do_munmap(cpu, mms[process], addr(at), pages).unwrap().unwrap();
            for page in at..at + pages {
                flat[process][usize::try_from(page).unwrap()] = None;
            }
        }
        Change::Fork { process } if mms.len() < 4 => {
            let process = process % mms.len();
            mms.push(fork::dup_mmap(cpu, mms[process]).unwrap());
            flat.push(flat[process].clone());
        }
        Change::Fork { .. } => {}
    }
}

fn hits(cpu: &mut Cpu<()>, first: u64, last: u64) -> Vec<VmaId> {
    let mut found = Vec::new();
    let query = &mut TreeQuery::new(FILE, first, last);
    let mut next = vma_interval_tree_iter_first(cpu, query).unwrap();
    while let Some(vma) = next {
        found.push(vma);
        next = vma_interval_tree_iter_next(cpu, query, vma).unwrap();
    }
    found
}

fn check(kernel: &'static Kernel, changes: &[Change]) {
    let mut world = World::new(kernel);
    world.add_file(FileKind::Shmem, FILE_PAGES);
    let mut sink = ();
    let first = process::create(&mut Cpu::new(&mut world, &mut sink)).unwrap();
    let (mut mms, mut flat) = (vec![first], vec![vec![None; 80]]);
    for change in changes {
        apply(&mut Cpu::new(&mut world, &mut sink), &mut mms, &mut flat, change);
        assert_eq!(world.check(), [], "{kernel} after {change:?}");
        for (mm, flat) in mms.iter().zip(&flat) {
            assert_eq!(&mapped(&world, *mm), flat, "{kernel} after {change:?}");
        }
    }
    let whole = hits(&mut Cpu::new(&mut world, &mut sink), 0, FILE_PAGES);
    for (first, last) in (0..FILE_PAGES).flat_map(|a| (a..FILE_PAGES).map(move |b| (a, b))) {
        let expected: Vec<VmaId> = whole
            .iter()
            .copied()
            .filter(|id| {
                let vma = world.vma(*id);
                vma.pgoff <= last && vma.last_pgoff() >= first
            })
            .collect();
        assert_eq!(hits(&mut Cpu::new(&mut world, &mut sink), first, last), expected);
    }
}

fn mapped(world: &World, mm: MmId) -> Flat {
    let mut flat = vec![None; 80];
    for vma in world.mm(mm).vmas().map(|id| world.vma(id)) {
        for page in 0..vma.pages() {
            let at = vma.start.add_pages(page).pages_since(addr(0));
            flat[usize::try_from(at).unwrap()] = Some(vma.pgoff + page);
        }
    }
    flat
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn agrees_with_a_flat_table(changes in prop::collection::vec(change(), 1..40)) {
        for kernel in KERNELS {
            check(kernel, &changes);
        }
    }
}
