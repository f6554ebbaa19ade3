//! Locks: every story and random runs keep the kernel's rules, and the watcher sees who does not.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "made for tests of random worlds")]
mod common;

use proptest::prelude::*;
use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::Level;
use rangewalk_core::kernel::KERNELS;
use rangewalk_core::machine::delta::{MappingField, NodeField, PageField, VmaField};
use rangewalk_core::machine::event::{Access, Lock, Mode};
use rangewalk_core::machine::lockdep::{LockViolation, Lockdep};
use rangewalk_core::machine::{Cell, CpuId, Delta, Event, MappingId, MmId, PageId, SlotId, VmaId};
use rangewalk_core::machine::{TableId, World};
use rangewalk_core::scenario::gallery::GALLERY;
use rangewalk_core::scenario::{parse, run};
use rangewalk_core::trace::{Tape, Timeline};

/// Every broken rule of a recorded run, with its step.
fn broken(timeline: &mut Timeline) -> Vec<(u32, Event, LockViolation)> {
    let mut lockdep = Lockdep::default();
    let mut all = Vec::new();
    for step in 0..timeline.tape().len() {
        timeline.seek(step + 1);
        let event = timeline.tape().event(step);
        let mut found = Vec::new();
        lockdep.step(timeline.world(), event, timeline.tape().deltas(step), &mut found);
        all.extend(found.into_iter().map(|violation| (step, event, violation)));
    }
    let mut found = Vec::new();
    lockdep.finish(&mut found);
    let last = Event::Return { value: 0 };
    all.extend(found.into_iter().map(|violation| (u32::MAX, last, violation)));
    all
}

#[test]
fn every_story_keeps_the_rules_on_every_kernel() {
    for exhibit in GALLERY {
        let said = exhibit.text.lines().find(|line| line.starts_with("kernel "));
        for kernel in KERNELS {
            let line = format!("kernel {kernel}");
            let text = match said {
                Some(said) => exhibit.text.replace(said, &line),
                None => format!("{line}\n{}", exhibit.text),
            };
            let mut run = run(&parse(&text).0);
            let broken = broken(&mut run.timeline);
            assert!(broken.is_empty(), "{} on {kernel}: {:#?}", exhibit.name, &broken[0]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_runs_keep_the_rules(ops in prop::collection::vec(common::op(), 1..60)) {
        for kernel in KERNELS {
            let mut world = common::world(kernel);
            let mut tape = Tape::default();
            common::run(&mut world, &mut tape, &ops);
            let broken = broken(&mut Timeline::new(world, tape));
            prop_assert!(broken.is_empty(), "{kernel}: {:#?}", &broken[0]);
        }
    }
}

const FILE: Lock = Lock::IMmap(MappingId(0));
const MMAP: Lock = Lock::Mmap(MmId(0));
const PTL: Lock = Lock::Ptl(TableId(3));
const WRITE: Mode = Mode::Write;
const READ: Mode = Mode::Read;

/// What is said of made-up steps in a small world: P1 maps a page and has touched it, so that its
/// PTE table is 3, its PMD table 2.
fn said(steps: &[(Event, &[Delta])]) -> Vec<LockViolation> {
    let text = "file f shmem 4\nproc P1\nmap A P1 f 0+4 @7f1000000000 rw\nstore A 0\n";
    let run = run(&parse(text).0);
    let world: &World = run.timeline.world();
    assert_eq!(world.table(TableId(3)).unwrap().level, Level::Pte);
    let mut lockdep = Lockdep::default();
    let mut found = Vec::new();
    for (event, deltas) in steps {
        lockdep.step(world, *event, deltas, &mut found);
    }
    lockdep.finish(&mut found);
    assert!(lockdep.is_idle());
    found
}

const fn lock(lock: Lock, mode: Mode) -> (Event, &'static [Delta]) {
    (Event::Lock { lock, mode }, &[])
}

const fn unlock(lock: Lock, mode: Mode) -> (Event, &'static [Delta]) {
    (Event::Unlock { lock, mode }, &[])
}

const fn change(cell: Cell) -> Delta {
    Delta { cell, old: 1, new: 2 }
}

#[test]
fn the_kernels_order_is_no_violation() {
    let locks = [(MMAP, READ), (Lock::Folio(PageId(0)), WRITE), (FILE, READ), (PTL, WRITE)];
    let taken = locks.map(|(it, mode)| lock(it, mode));
    let dropped = locks.map(|(it, mode)| unlock(it, mode));
    assert_eq!(said(&[taken, dropped].concat()), []);
}

#[test]
fn a_wrong_order_is_named() {
    let steps = [lock(PTL, WRITE), lock(FILE, READ), unlock(FILE, READ), unlock(PTL, WRITE)];
    assert_eq!(said(&steps), [LockViolation::Order { held: PTL, taken: FILE }]);
    let steps = [lock(FILE, READ), lock(MMAP, READ), unlock(MMAP, READ), unlock(FILE, READ)];
    assert_eq!(said(&steps), [LockViolation::Order { held: FILE, taken: MMAP }]);
    let folio = Lock::Folio(PageId(0));
    let steps = [lock(FILE, READ), lock(folio, WRITE), unlock(folio, WRITE), unlock(FILE, READ)];
    assert_eq!(said(&steps), [LockViolation::Order { held: FILE, taken: folio }]);
    let other = Lock::IMmap(MappingId(1));
    let steps = [lock(FILE, READ), lock(other, READ), unlock(other, READ), unlock(FILE, READ)];
    assert_eq!(said(&steps), [LockViolation::Order { held: FILE, taken: other }]);
}

#[test]
fn a_lock_is_taken_once_and_given_back_once() {
    let steps = [lock(PTL, WRITE), lock(PTL, WRITE), unlock(PTL, WRITE), unlock(PTL, WRITE)];
    assert_eq!(said(&steps), [LockViolation::Double(PTL)]);
    assert_eq!(said(&[unlock(PTL, WRITE)]), [LockViolation::NotHeld(PTL)]);
    assert_eq!(
        said(&[lock(MMAP, READ), unlock(MMAP, WRITE), unlock(MMAP, READ)]),
        [LockViolation::NotHeld(MMAP)]
    );
    assert_eq!(said(&[lock(FILE, READ)]), [LockViolation::LeftHeld(FILE)]);
    let next: (Event, &[Delta]) = (Event::Statement { index: 1 }, &[]);
    assert_eq!(said(&[lock(FILE, READ), next]), [LockViolation::LeftHeld(FILE)]);
}

#[test]
fn a_downgraded_lock_is_held_for_reading() {
    let down: (Event, &[Delta]) = (Event::Downgrade { lock: MMAP }, &[]);
    assert_eq!(said(&[lock(MMAP, WRITE), down, unlock(MMAP, READ)]), []);
    let violations = said(&[lock(MMAP, WRITE), down, unlock(MMAP, WRITE), unlock(MMAP, READ)]);
    assert_eq!(violations, [LockViolation::NotHeld(MMAP)]);
    let change = [change(Cell::Vma(VmaId(1), VmaField::End))];
    let step: (Event, &[Delta]) = (Event::VmaChange { vma: VmaId(1) }, &change);
    let violations = said(&[lock(MMAP, WRITE), down, step, unlock(MMAP, READ)]);
    assert_eq!(violations, [LockViolation::Unprotected { cell: change[0].cell, lock: MMAP }]);
}

#[test]
fn what_a_lock_protects_changes_under_it_alone() {
    let slot = SlotId::new(TableId(3), 0);
    let addr = VirtAddr(0x7f10_0000_0000);
    let (entry, upper) = (Cell::Word(slot), Cell::Word(SlotId::new(TableId(2), 0)));
    let store = Event::Store { slot, addr };
    for (event, cell, needed) in [
        (store, entry, PTL),
        (store, upper, Lock::Ptl(TableId(2))),
        (store, Cell::Word(SlotId::new(TableId(1), 0)), Lock::PageTable(MmId(0))),
        (Event::TreeErase { node: VmaId(1) }, Cell::Node(VmaId(1), NodeField::Left), FILE),
        (
            Event::TreeErase { node: VmaId(1) },
            Cell::Mapping(MappingId(0), MappingField::Root),
            FILE,
        ),
        (Event::VmaChange { vma: VmaId(1) }, Cell::Vma(VmaId(1), VmaField::Flags), MMAP),
        (Event::VmaChange { vma: VmaId(1) }, Cell::VmaAt(MmId(0), addr), MMAP),
    ] {
        let changes = [change(cell)];
        let step: (Event, &[Delta]) = (event, &changes);
        assert_eq!(said(&[lock(needed, WRITE), step, unlock(needed, WRITE)]), []);
        assert_eq!(said(&[step]), [LockViolation::Unprotected { cell, lock: needed }]);
    }
    let hardware = Event::Hardware { slot, access: Access::Store, addr };
    assert_eq!(said(&[(hardware, &[change(entry)])]), [], "the processor takes no lock");
    let mapcount = Cell::Page(PageId(0), PageField::Mapcount);
    assert_eq!(said(&[(store, &[change(mapcount)])]), [LockViolation::Mapcount(mapcount)]);
}

#[test]
fn a_lock_of_another_cpu_is_not_ours() {
    let access = |cpu| {
        let (mm, access, addr) = (MmId(0), Access::Store, VirtAddr(0));
        (Event::Access { cpu: CpuId(cpu), mm, access, addr }, &[] as &[Delta])
    };
    let back: (Event, &[Delta]) = (Event::Resume { cpu: CpuId(0) }, &[]);
    let steps = [
        lock(PTL, WRITE),
        access(1),
        lock(PTL, WRITE),
        unlock(PTL, WRITE),
        back,
        unlock(PTL, WRITE),
    ];
    assert_eq!(said(&steps), [LockViolation::Contended(PTL)]);
    let shared = [lock(MMAP, READ), access(1), lock(MMAP, READ), unlock(MMAP, READ), back];
    assert_eq!(said(&[&shared[..], &[unlock(MMAP, READ)]].concat()), []);
}
