//! What CPUs cache, use and drop: small stories whose `expect` lines say what the processor manual
//! and the kernel's flush rules say, and what holds of random runs.
#![allow(clippy::unwrap_used)]

#[allow(dead_code, reason = "made for tests of random worlds")]
mod common;

use std::collections::BTreeMap;

use proptest::prelude::*;
use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Level, Pte};
use rangewalk_core::kernel::KERNELS;
use rangewalk_core::machine::event::{Cached, Reach};
use rangewalk_core::machine::{CpuId, Event};
use rangewalk_core::scenario::{Verdict, parse, run};
use rangewalk_core::trace::Tape;

/// The story holds to its last line; returns what happened.
fn holds(text: &str) -> Vec<Event> {
    let (scenario, diagnostics) = parse(text);
    assert_eq!(diagnostics, [], "{text}");
    let run = run(&scenario);
    for outcome in &run.outcomes {
        let good = matches!(outcome.verdict, Verdict::Done | Verdict::Held);
        assert!(good, "line {}: {}\n{:#?}", outcome.line, outcome.text, run.diagnostics);
    }
    run.timeline.tape().events().to_vec()
}

const TWO_CPUS: &str = "cpus 2\nfile f shmem 64\nproc P1 P2\n\
    map A P1 f 0+64 @7f1000000000 rw\nmap B P2 f 0+64 @7f2000000000 rw\n";

#[test]
fn a_store_by_a_dirty_translation_touches_no_entry() {
    let events = holds(&format!("{TWO_CPUS}store A 1\nstore A 1\nexpect faults 0\n"));
    let hits = events.iter().filter(|event| {
        matches!(event, Event::TlbHit { cached: Cached::Fresh, cpu: CpuId(0), .. })
    });
    assert_eq!(hits.count(), 1);
}

#[test]
fn a_clean_translation_sends_a_store_to_the_entry() {
    // Shared memory is mapped writable by a read: the store that follows sets D, without a fault.
    let text = format!(
        "{TWO_CPUS}load A 1\nexpect tlb A 1 W !D\nstore A 1\nexpect faults 0\n\
         expect pte A 1 W D\nexpect tlb A 1 W D\n"
    );
    let events = holds(&text);
    assert_eq!(events.iter().filter(|e| matches!(e, Event::Hardware { .. })).count(), 1);
}

#[test]
fn the_locked_walk_sees_what_became_of_the_entry() {
    // CPU 1 has it writable and clean; before the flush of wp it stores: the walk of the tables
    // finds the entry read-only, so it faults, and the kernel hears of it.
    holds(&format!(
        "{TWO_CPUS}load A 1 cpu 1\nexpect tlb A 1 cpu 1 W !D\nwp f 0+8\nduring store A 1 cpu 1\n\
         expect faults 1\nexpect pte A 1 W D\nexpect lost f none\n"
    ));
}

#[test]
fn a_stale_read_only_translation_faults_for_nothing() {
    holds(&format!(
        "{TWO_CPUS}store A 1\nwp f 0+8\nload A 1 cpu 1\nexpect tlb A 1 cpu 1 !W\n\
         store A 1\nexpect faults 1\nexpect tlb A 1 cpu 1 !W\n\
         store A 1 cpu 1\nexpect faults 1\nexpect tlb A 1 cpu 1 W D\n"
    ));
}

#[test]
fn write_protection_without_its_flush_stops_nobody() {
    holds(&format!(
        "{TWO_CPUS}store A 1 cpu 1\nflushes off\nwp f 0+8\nexpect flush A none\n\
         expect pte A 1 !W V\nstore A 1 cpu 1\nexpect faults 0\nexpect pte A 1 !W V\n\
         flushes on\nstore A 2\nwp f 0+8\nexpect ipis 1\nstore A 2 cpu 1\nexpect faults 1\n"
    ));
}

#[test]
fn another_mappings_dirt_covers_a_store() {
    holds(
        "cpus 2\nfile bo dev-pagetable 8 prefault 8\nproc P1\n\
         map A P1 bo 0+8 @7f1000000000 rw\nmap B P1 bo 0+8 @7f1000200000 rw\n\
         store A 3 cpu 1\nflushes off\nclean bo 0+8\nbitmap bo 8\nstore B 3\n\
         store A 3 cpu 1\nexpect lost bo none\n\
         clean bo 0+8\nexpect bits bo 3\nbitmap bo 8\nstore A 3 cpu 1\nexpect lost bo 3\n",
    );
}

#[test]
fn the_bitmap_covers_pages_by_its_base() {
    holds(
        "cpus 2\nfile bo dev-pagetable 8 prefault 8\nproc P1\n\
         map A P1 bo 0+8 @7f1000000000 rw\nstore A 5 cpu 1\nbitmap bo 4\nflushes off\n\
         clean bo 4+4 at 4\nexpect bits bo 1\nstore A 5 cpu 1\nexpect lost bo none\n\
         bitmap bo 4\nstore A 5 cpu 1\nexpect lost bo 5\n",
    );
}

#[test]
fn who_comes_back_behind_flushes_drops_everything() {
    let events = holds(&format!(
        "{TWO_CPUS}store A 1 cpu 1\nstore A 2 cpu 1\nstore B 1 cpu 1\nwp f 1\n\
         expect tlb A 1 cpu 1 W D\nload A 2 cpu 1\nexpect tlb A 1 cpu 1 none\n\
         store A 1 cpu 1\nexpect faults 1\n"
    ));
    assert!(events.iter().any(|event| matches!(
        event,
        Event::SwitchMm {
            cpu: CpuId(1),
            switch: rangewalk_core::machine::event::SwitchIn::CaughtUp,
            ..
        }
    )));
}

#[test]
fn thirty_three_pages_are_flushed_singly_and_spare_the_rest() {
    holds(&format!(
        "{TWO_CPUS}store A 0 cpu 1\nstore A 32 cpu 1\nstore A 40 cpu 1\nwp f 0+33\n\
         expect flush A 33\nexpect tlb A 40 cpu 1 W D\nstore A 0\nstore A 33\nwp f 0+34\n\
         expect flush A all\nexpect tlb A 40 cpu 1 none\n"
    ));
}

#[test]
fn an_access_that_would_wait_for_a_lock_comes_behind() {
    // The unmapping holds `mmap_lock`, or its VMA is gone: what is not cached cannot be reached.
    let (scenario, _) =
        parse(&format!("{TWO_CPUS}store A 1 cpu 1\nunmap A\nduring store A 1+2 cpu 1\n"));
    let run = run(&scenario);
    let during = run.outcomes.last().unwrap();
    assert_eq!(during.verdict, Verdict::Failed);
    let events = run.timeline.tape().events();
    let stale = events.iter().filter(|e| matches!(e, Event::TlbHit { .. })).count();
    assert_eq!(stale, 1, "page 1 was cached and went through");
}

#[test]
fn nothing_to_come_in_before_is_an_error() {
    for text in
        ["store A 1 cpu 1\nwp f 4\nduring store A 1 cpu 1\n", "wp f 4\nduring store A 1 cpu 1\n"]
    {
        let run = run(&parse(&format!("{TWO_CPUS}{text}")).0);
        let diagnostic = run.diagnostics.last().unwrap().to_string();
        assert!(diagnostic.contains("CPU 1 never came in"), "{diagnostic}");
    }
}

/// On one CPU nothing stale is ever used: whatever it has cached and would use allows no more than
/// the entry does.
fn check_one_cpu(ops: &[common::Op]) {
    for kernel in KERNELS {
        let mut world = common::world(kernel);
        let mut tape = Tape::default();
        common::run(&mut world, &mut tape, ops);
        let hits = tape.events().iter().filter(|event| matches!(event, Event::TlbHit { .. }));
        assert_eq!(hits.count(), 0, "{kernel}: a stale translation was used");
        let cpu = world.cpu(CpuId(0));
        let mut usable = BTreeMap::new();
        for entry in cpu.entries() {
            let mm = world.mm(entry.mm);
            if mm.alive && cpu.tlb_gen(entry.mm) == mm.tlb_gen {
                let twice = usable.insert((entry.mm, entry.addr), entry.word);
                assert_eq!(twice, None, "cached twice");
            }
        }
        for ((mm, addr), cached) in usable {
            let now = world.word(world.pte_slot(mm, addr).expect("a table under what is cached"));
            assert_eq!(now.pfn(), cached.pfn(), "{kernel} {mm:?} {addr}");
            assert!(now.is_write() || !cached.is_write(), "{kernel} {mm:?} {addr}");
            let dirty = |word: Pte| word.hw_dirty() == word;
            assert!(dirty(now) || !dirty(cached), "{kernel} {mm:?} {addr}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn one_cpu_never_uses_what_is_stale(ops in prop::collection::vec(common::op(), 1..60)) {
        check_one_cpu(&ops);
    }
}

#[test]
fn flushes_above_the_ceiling_are_of_everything() {
    use rangewalk_core::mm::tlb::reach_of;
    let page = |n: u64| VirtAddr(0x7f00_0000_0000).add_pages(n);
    assert_eq!(reach_of(page(0), page(33), Level::Pte), Reach::Pages);
    assert_eq!(reach_of(page(0), page(34), Level::Pte), Reach::All);
}
