//! Comparisons: lanes are what plain runs of their statements are, what is counted is what is on
//! the tape, and the figures are those that the facts about the kernel say.
#![allow(clippy::unwrap_used)]

use rangewalk_core::compare::{
    Align, Comparison, Count, Dirt, Fate, LockKind, Tally, Weights, align, compare, measure,
    tally_of,
};
use rangewalk_core::machine::Kind;
use rangewalk_core::scenario::strategy::Strategy;
use rangewalk_core::scenario::{Severity, parse, run};

fn compared(text: &str) -> Comparison {
    let (scenario, diagnostics) = parse(text);
    assert!(diagnostics.iter().all(|d| d.severity != Severity::Error), "{diagnostics:?}");
    compare(&scenario).unwrap()
}

/// A scenario whose comparison is of those lanes.
fn six(lanes: &str) -> String {
    format!(
        "file data shmem 16\nproc P1 P2\nmap A P1 data 0+16 @7f1000000000 rw\n\
         map B P2 data 4+8 @7f2000000000 rw\nload A 0+12\nstore A 2+4\nstore B 6\n\
         compare data 0+16 {lanes}\nstore A 2\nstore B 6\nload A 15\n"
    )
}

const LANES: [&str; 4] = [
    "wp clean wp+clean mkclean wrprotect zap",
    "wrprotect-pages softclear",
    "wp-skip clean-skip",
    "wp+clean-skip zap",
];

#[test]
fn what_is_counted_is_on_the_tape() {
    for lanes in LANES {
        for lane in compared(&six(lanes)).lanes {
            let tape = lane.run.timeline.tape();
            let same = |counted: &Tally, taped: &Tally| {
                for count in Count::ALL.into_iter().filter(|count| *count != Count::DirtLost) {
                    assert_eq!(counted.score.get(count), taped.score.get(count), "{count:?}");
                }
                assert_eq!((&counted.held, &counted.profile), (&taped.held, &taped.profile));
            };
            same(&lane.job, &tally_of(tape, 0..lane.job_end));
            same(&lane.after, &tally_of(tape, lane.job_end..tape.len()));
        }
    }
}

#[test]
fn lanes_that_are_not_recorded_are_the_same() {
    let text = six(LANES[0]);
    let measured = measure(&parse(&text).0);
    for (lane, counted) in compared(&text).lanes.iter().zip(measured) {
        assert_eq!((&lane.job, &lane.after), (&counted.job, &counted.after));
        assert_eq!((&lane.ends, &lane.says), (&counted.ends, &counted.says));
    }
}

#[test]
fn every_lane_is_a_plain_run_of_its_statement() {
    let plain = [
        ("wp", "wp data 0+16"),
        ("clean", "clean data 0+16"),
        ("wp+clean", "wp data 0+16\nclean data 0+16"),
        ("mkclean", "mkclean data 0+16"),
        ("wrprotect", "wrprotect data 0+16"),
        ("zap", "zap data 0+16 keep-cows"),
    ];
    let mut lanes = compared(&six(LANES[0])).lanes;
    for (lane, (name, statement)) in lanes.iter_mut().zip(plain) {
        lane.run.timeline.seek(u32::MAX);
        assert_eq!(lane.strategy.name(), name);
        let text = six(LANES[0]).replace(&format!("compare data 0+16 {}", LANES[0]), statement);
        let alone = run(&parse(&text).0);
        assert_eq!(lane.run.state(), alone.state(), "{name}");
    }
    // A run of its own takes the first lane.
    let first = run(&parse(&six(LANES[0])).0);
    assert_eq!(first.state(), lanes[0].run.state());
}

#[test]
fn all_lanes_start_from_the_same_memory() {
    let mut comparison = compared(&six(LANES[0]));
    let names: Vec<&str> = comparison.ranges.iter().map(|range| range.name.as_str()).collect();
    assert_eq!(names, ["A", "B"]);
    for lane in &mut comparison.lanes {
        lane.run.timeline.seek(0);
        let world = lane.run.timeline.world();
        for range in &comparison.ranges {
            for (page, word) in (0..).zip(&range.words) {
                let slot = world.pte_slot(range.mm, range.addr.add_pages(page));
                assert_eq!(slot.map_or(0, |slot| world.word(slot).0), word.0);
            }
        }
    }
}

/// `mappings` of `pages` pages each, all entries there, the first `dirty` of them dirty.
fn grid(pages: u64, mappings: u64, dirty: u64, lanes: &str) -> String {
    let mut text = format!("file data shmem {pages}\nfaround 4K\n");
    for number in 0..mappings {
        text.push_str(&format!(
            "proc P{number}\nmap M{number} P{number} data 0+{pages} @7f{number:02x}00000000 rw\n\
             load M{number}\nstore M{number} some {dirty}\n"
        ));
    }
    text + &format!("compare data 0+{pages} {lanes}\n")
}

/// The table of costs in the facts: N pages, k mappings, T page tables each, all entries there.
#[test]
fn the_cost_model_holds() {
    for (n, k) in [(1, 1), (8, 3), (64, 2), (16, 9)] {
        let lanes = "wp mkclean wrprotect-pages zap softclear";
        let comparison = compared(&grid(n, k, n, lanes));
        let get = |lane: usize, count| comparison.lanes[lane].job.score.get(count);
        for lane in [0, 3] {
            assert_eq!(get(lane, Count::TreeQueries), 1);
            assert_eq!(get(lane, Count::Descents), k);
            assert_eq!(get(lane, Count::TableHops), 3 * k);
            assert_eq!(get(lane, Count::Slots), k * n);
            assert_eq!(get(lane, Count::Notifiers), k);
            assert_eq!(get(lane, Count::PtlRounds), k);
        }
        assert_eq!(get(0, Count::Changed), k * n);
        assert_eq!(get(0, Count::Flushes), k);
        assert_eq!(get(3, Count::Zapped), k * n);
        for lane in [1, 2] {
            assert_eq!(get(lane, Count::TreeQueries), n);
            assert_eq!(get(lane, Count::Descents), n * k);
            assert_eq!(get(lane, Count::Slots), n * k);
            assert_eq!(get(lane, Count::Notifiers), n * k);
            assert_eq!(get(lane, Count::Flushes), n * k);
            assert_eq!(get(lane, Count::Invlpgs), n * k);
        }
        assert_eq!(get(4, Count::TreeQueries), 0);
        assert_eq!(get(4, Count::Notifiers), k);
        assert_eq!(get(4, Count::FullFlushes), k);
    }
}

/// G1 of the facts: one mapping of raw frames, entries in each of the states that there are.
#[test]
fn what_becomes_of_each_kind_of_entry() {
    let text = "file bo dev-pagetable 8 prefault 1\nproc P\nmap A P bo 0+8 @7f1000000000 rw\n\
        store A 0\nload A 1\nload A 3\nwp bo 3\nstore A 4\nwp bo 4\nstore A 5\nload A 7\n\
        compare bo 0+8 wp clean wp+clean wrprotect zap softclear\n";
    let comparison = compared(text);
    let words = |lane: usize| -> Vec<u64> {
        comparison.lanes[lane].ends.iter().map(|end| end.word.0 & !0x000f_ffff_ffff_f000).collect()
    };
    let (ro, rw, saved) = (0x8000_0000_0000_0225, 0x8000_0000_0000_0227, 0x8400_0000_0000_0225);
    assert_eq!(words(0), [saved, ro, 0, ro, saved, saved, 0, ro]);
    assert_eq!(words(1), [rw, rw, 0, ro, ro, rw, 0, rw]);
    assert_eq!(words(2), [ro, ro, 0, ro, ro, ro, 0, ro]);
    assert_eq!(words(3), words(2));
    assert_eq!(words(4), [0; 8]);
    let changed = |lane: usize| comparison.lanes[lane].job.score.get(Count::Changed);
    assert_eq!((changed(0), changed(1), changed(2), changed(3)), (4, 3, 7, 5));

    let lost = |lane: usize| comparison.lanes[lane].job.score.get(Count::DirtLost);
    assert_eq!((lost(0), lost(1), lost(2), lost(3), lost(4)), (0, 0, 0, 3, 3));
    let end = |lane: usize, page: u64| {
        let end = comparison.end(lane, 0, page).unwrap();
        (end.fate, end.dirt)
    };
    assert_eq!(end(0, 0), (Fate::Protected, Dirt::Moved));
    assert_eq!(end(0, 2), (Fate::Empty, Dirt::None));
    assert_eq!(end(0, 3), (Fate::Untouched, Dirt::None));
    assert_eq!(end(0, 4), (Fate::Untouched, Dirt::Kept));
    assert_eq!(end(1, 0), (Fate::Cleaned, Dirt::Recorded));
    assert_eq!(end(1, 1), (Fate::Untouched, Dirt::None));
    assert_eq!(end(3, 5), (Fate::ProtectedCleaned, Dirt::Lost));
    assert_eq!(end(4, 7), (Fate::Dropped, Dirt::None));
    // A walk of a process passes raw frames over.
    assert_eq!(end(5, 0), (Fate::Missed, Dirt::Kept));
    assert!(comparison.differs(0, 0) && !comparison.differs(0, 2));
}

#[test]
fn a_filter_miss_shows_in_what_is_missed() {
    let text = "file data shmem 4\nproc P1 P2 P3\nmap A P1 data 0+4 @7f1000000000 rw\n\
        map R P2 data 0+4 @7f2000000000 r ro-fd\nmap C P3 data 0+4 @7f3000000000 rw\n\
        store A\nstore C\ncompare data 0+4 wp wp-skip mkclean\n";
    let comparison = compared(text);
    let missed = |lane: usize| {
        let ends = &comparison.lanes[lane].ends;
        ends.iter().filter(|end| end.fate == Fate::Missed).count()
    };
    // G5: A alone is walked; with `skip`, and by rmap, C too.
    assert_eq!((missed(0), missed(1), missed(2)), (4, 0, 0));
}

#[test]
fn who_holds_what() {
    let comparison = compared(&grid(16, 3, 4, "wp mkclean softclear"));
    let held = |lane: usize, kind| {
        let held = comparison.lanes[lane].job.held.iter().find(|held| held.kind == kind);
        held.map_or((0, 0), |held| (held.times, held.longest))
    };
    let steps = |lane: usize| comparison.lanes[lane].job.score.get(Count::Steps);
    // The helper holds the tree's lock once, for all but the statement, the lock and the return.
    assert_eq!(held(0, LockKind::IMmap), (1, steps(0) - 3));
    assert_eq!(held(0, LockKind::Folio), (0, 0));
    assert_eq!(held(1, LockKind::IMmap).0, 16);
    assert_eq!(held(1, LockKind::Folio).0, 16);
    assert!(held(1, LockKind::IMmap).1 < steps(1) / 8);
    assert_eq!((held(2, LockKind::IMmap).0, held(2, LockKind::Mmap).0), (0, 3));
}

/// `zap_pte_range` reads each slot of its range once, in however many batches.
#[test]
fn a_zap_in_batches_reads_each_slot_once() {
    for kernel in ["7.3", "6.12", "6.1"] {
        let grid = grid(512, 2, 100, "zap wp").replace("load M0\nstore", "store");
        let comparison = compared(&format!("kernel {kernel}\n{grid}"));
        for lane in &comparison.lanes {
            let get = |count| lane.job.score.get(count);
            assert_eq!((get(Count::Slots), get(Count::EmptySlots)), (1024, 412), "{kernel}");
        }
    }
}

/// One more mapping of a page costs `page_mkclean` what was measured: 370.40 ns.
#[test]
fn the_weights_give_back_what_they_were_worked_out_from() {
    let weights = Weights::default();
    let ps = |mappings: u64| {
        let comparison = compared(&grid(64, mappings, 64, "mkclean wp"));
        weights.ps(&comparison.lanes[0].job.score)
    };
    let slope = (ps(16) - ps(1)) / 15 / 64;
    assert!((360_000..380_000).contains(&slope), "{slope}");
}

#[test]
fn positions_stand_for_places_in_every_lane() {
    let comparison = compared(&six(LANES[0]));
    for align in Align::ALL {
        let rails = align::Rails::new(&comparison, align, &Weights::default());
        let last = rails.positions() - 1;
        for (number, lane) in comparison.lanes.iter().enumerate() {
            let at = |position| rails.steps_at(number, position);
            assert_eq!(at(last), lane.run.timeline.tape().len(), "{align:?}");
            assert!((0..last).all(|position| at(position) <= at(position + 1)), "{align:?}");
            assert!(at(rails.position_of(number, lane.job_end)) >= lane.job_end);
        }
    }
    // By page, folio_mkclean is done with page 3 before it comes to page 4, in both mappings.
    let rails = align::Rails::new(&comparison, Align::Page, &Weights::default());
    let mkclean = &comparison.lanes[3];
    assert_eq!(mkclean.strategy, Strategy::Mkclean);
    let (fourth, fifth) = (rails.steps_at(3, 4), rails.steps_at(3, 5));
    let between = tally_of(mkclean.run.timeline.tape(), fourth..fifth);
    assert_eq!(between.score.get(Count::TreeQueries), 1);
    assert_eq!(rails.steps_at(3, 16), mkclean.job_end);
    // By change, every lane stands at the same step, behind one that changed an entry somewhere,
    // and no such step is passed over.
    let rails = align::Rails::new(&comparison, Align::Change, &Weights::default());
    let tapes = || comparison.lanes.iter().map(|lane| lane.run.timeline.tape());
    let longest = tapes().map(|tape| tape.len()).max().unwrap();
    let changes = |step: &u32| {
        tapes().any(|tape| *step < tape.len() && tape.event(*step).kind() == Kind::Change)
    };
    let stops: Vec<u32> = (0..longest).filter(changes).map(|step| step + 1).collect();
    for (position, step) in (1..rails.positions() - 1).zip(&stops) {
        for (number, tape) in tapes().enumerate() {
            assert_eq!(rails.steps_at(number, position), (*step).min(tape.len()));
        }
    }
    assert!(stops.len() > 10 && rails.positions() as usize - stops.len() <= 2);
}

#[test]
fn what_is_repeated_is_as_if_written_out() {
    let begin = "file data shmem 8\nproc P\nmap A P data 0+8 @7f1000000000 rw\n";
    let round = "store A 3\nwp data 0+8\nexpect 1\nfork P C\nstore A.C 4\nexit C\n";
    let short = run(&parse(&format!("{begin}repeat 3\n{round}end\nload A\n")).0);
    assert_eq!(short.diagnostics, []);
    // A process exits for good, so that whoever writes it out needs three names.
    let all: String = (0..3)
        .map(|n| round.replace(" C", &format!(" C{n}")).replace(".C", &format!(".C{n}")))
        .collect();
    let long = run(&parse(&format!("{begin}{all}load A\n")).0);
    let bare = |run: &rangewalk_core::scenario::Run| {
        run.timeline.tape().events().iter().map(|event| format!("{:?}", event.kind())).collect()
    };
    let (short_kinds, long_kinds): (Vec<String>, Vec<String>) = (bare(&short), bare(&long));
    assert_eq!(short_kinds, long_kinds);
    let span = short.spans[3];
    assert_eq!(span.end, short.spans[4].first);
    assert!(short.spans[4..10].iter().all(|inner| inner.first == inner.end));
}

#[test]
fn a_mistake_in_every_round_is_told_once() {
    let text = "file data shmem 8\nproc P\nmap A P data 0+4 @7f1000000000 r\nrepeat 50\n\
        store A 3\nexpect faults 7\nwp data 6+2\nend\n";
    let said = run(&parse(text).0).diagnostics;
    let lines: Vec<u32> = said.iter().map(|remark| remark.line).collect();
    assert_eq!(lines, [5, 6, 7]);
}

#[test]
fn some_pages_are_spread_and_fewer_are_among_more() {
    let dirty = |some: u64, rounds: u64| -> Vec<u64> {
        let text = format!(
            "file bo dev-pagetable 100 prefault 1\nproc P\nmap A P bo 0+100 @7f1000000000 rw\n\
             repeat {rounds}\nzap bo\nstore A some {some}\nend\nclean bo 0+100\n"
        );
        let run = run(&parse(&text).0);
        let words = &run.timeline.world().mapping(rangewalk_core::machine::MappingId(0)).bitmap;
        (0..100)
            .filter(|page| words.words[page / 64] >> (page % 64) & 1 == 1)
            .map(|p| p as u64)
            .collect()
    };
    let mut before = Vec::new();
    for some in [0, 1, 2, 5, 13, 50, 99, 100] {
        let pages = dirty(some, 1);
        assert_eq!(pages.len() as u64, some);
        assert!(before.iter().all(|page| pages.contains(page)), "{some}");
        let gaps = pages.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert!(gaps.is_none_or(|gap| gap <= 2 * 128_u64.div_ceil(some)), "{some}");
        before = pages;
    }
    let further: Vec<u64> = dirty(13, 1).iter().map(|page| (page + 2) % 100).collect();
    assert!(dirty(13, 3).iter().all(|page| further.contains(page)));
}

/// Lanes long enough that what a scrubber asks for is counted from several places.
#[test]
fn counts_so_far_are_those_of_a_count_from_the_start() {
    let mut text = "file data shmem 3000\nproc P\n".to_owned();
    for n in 0..6 {
        text.push_str(&format!(
            "map M{n} P data 0+3000 @7f{n:02x}00000000 rw\nload M{n} some 1500\n"
        ));
    }
    let lanes = "compare data 0+3000 zap mkclean wp+clean\nstore M0 some 50\nstore M5 0+7\n";
    for mut lane in compared(&format!("{text}{lanes}")).lanes {
        let (job, all) = (lane.job_end, lane.run.timeline.tape().len());
        assert!(all > 2 * 4096 && !lane.is_cut(), "{}: {all}", lane.strategy.name());
        let around = (0..all).step_by(4096).flat_map(|at| at.saturating_sub(2)..at + 3);
        for at in around.chain((0..all).step_by(997)).chain(job - 2..job + 3).filter(|at| *at < all)
        {
            lane.run.timeline.seek(at);
            let tape = lane.run.timeline.tape();
            let counted = |steps| tally_of(tape, steps).score;
            if at < job {
                assert_eq!(lane.job_so_far(), counted(0..at), "{at} of {}", lane.strategy.name());
            } else {
                assert_eq!(lane.job_so_far(), lane.job.score, "{at}");
                assert_eq!(lane.after_so_far(), counted(job..at), "{at}");
            }
        }
        lane.run.timeline.seek(all);
        assert_eq!(lane.after_so_far(), lane.after.score);
    }
}

/// A lane that is longer than its tape is counted to its end all the same.
#[test]
fn what_a_tape_cannot_hold_is_counted() {
    let text = "file bo dev-pagetable 4096 prefault 512\nproc P\n".to_owned();
    let map = |n: u64| format!("map M{n} P bo 0+4096 @7f{n:02x}00000000 rw\nload M{n}\n");
    let maps: String = (0..40).map(map).collect();
    let comparison = compared(&format!("{text}{maps}compare bo 0+4096 zap wp clean\nstore M0 7\n"));
    let [zap, wp, _] = &comparison.lanes[..] else { unreachable!("three lanes") };
    assert!(!zap.is_cut() && wp.is_cut());
    assert_eq!(wp.run.timeline.tape().len(), 400_000);
    assert_eq!(wp.job.score.get(Count::Changed), 40 * 4096);
    assert_eq!((wp.failed, wp.after.score.faults(), zap.after.score.faults()), (false, 1, 1));
    let said: Vec<String> = wp.run.diagnostics.iter().map(ToString::to_string).collect();
    let note = "note: the tape of wp ends after 400000 steps (what it counts is whole)";
    assert!(said.len() == 1 && said[0].ends_with(note), "{said:?}");
}
