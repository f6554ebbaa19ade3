//! The story of a vmwgfx buffer, frame by frame: the driver changes its method where its source
//! says, and no frame keeps back what was drawn in it.
#![allow(clippy::unwrap_used)]

use rangewalk_core::compare::film::{Film, STORY, heat, takes, with_settings};
use rangewalk_core::compare::{Count, Score};
use rangewalk_core::machine::address_space::DirtyMethod;
use rangewalk_core::scenario::vmw::VmwSetting;
use rangewalk_core::scenario::{format, parse, run};

#[test]
fn the_story_is_canonical_and_holds_its_frames() {
    let (scenario, diagnostics) = parse(STORY);
    assert_eq!(diagnostics, []);
    assert_eq!(format(&scenario), STORY);
    let film = Film::of(&run(&scenario)).unwrap();
    assert_eq!((film.frames.len(), film.pages), (80 + 100 + 60 + 60, 600));
    let stored: Vec<u64> = film.frames.iter().map(|frame| frame.stored).collect();
    let wanted = [(80, 6), (100, 240), (60, 0), (60, 6)];
    let wanted: Vec<u64> = wanted.iter().flat_map(|(n, pages)| vec![*pages; *n]).collect();
    assert_eq!(stored, wanted);
    for pair in film.frames.windows(2) {
        assert_eq!(pair[0].steps.end, pair[1].steps.start);
    }
}

#[test]
fn methods_change_at_the_third_scan_that_asks_for_it() {
    let film = Film::of(&run(&parse(STORY).0)).unwrap();
    // 240 of 600 pages are 40 percent: dense. Then three scans that find nothing.
    let switches: Vec<(usize, DirtyMethod)> = film.switches().collect();
    assert_eq!(switches, [(82, DirtyMethod::Pagetable), (182, DirtyMethod::Mkwrite)]);
    assert_eq!(film.frames[0].method, DirtyMethod::Mkwrite);
    // Going over to page tables, every page of the hull counts as written.
    let frame = &film.frames[82];
    assert!(frame.reported > frame.stored);
}

#[test]
fn what_is_drawn_is_reported_in_the_same_frame() {
    let takes = takes(&parse(STORY).0).unwrap();
    for film in [&takes.either, &takes.pagetable, &takes.mkwrite] {
        for (at, frame) in film.frames.iter().enumerate() {
            for page in 0..film.pages {
                let bits = film.heat(at, page);
                assert!(bits & heat::STORED == 0 || bits & heat::REPORTED != 0, "{at}: {page}");
            }
            let switched = film.frames[at.saturating_sub(1)].switch.is_some();
            if frame.switch.is_none() && !switched {
                assert_eq!(frame.reported, frame.stored, "{at}");
            }
        }
    }
}

#[test]
fn one_method_alone() {
    let takes = takes(&parse(STORY).0).unwrap();
    let sum = |film: &Film, count: Count| {
        let of = |score: &Score| score.get(count);
        film.frames.iter().map(|frame| of(&frame.score())).sum::<u64>()
    };
    assert_eq!(takes.pagetable.switches().count() + takes.mkwrite.switches().count(), 0);
    // mkwrite: the first store to a page in a frame faults, each time.
    let stores = 80 * 6 + 100 * 240 + 60 * 6;
    assert_eq!(sum(&takes.mkwrite, Count::Mkwrites), stores);
    assert_eq!(sum(&takes.pagetable, Count::Mkwrites), 0);
    // Page tables: every scan looks at every slot that has a table, drawn or not.
    let idle = &takes.pagetable.frames[200];
    assert_eq!(idle.submission.get(Count::Slots), 600);
    assert_eq!(takes.mkwrite.frames[200].submission.get(Count::Slots), 0);
}

#[test]
fn thresholds_can_be_moved() {
    let (scenario, _) = parse(STORY);
    let switches = |scans, percent| -> Vec<usize> {
        let film = with_settings(&scenario, &[VmwSetting::Thresholds(scans, percent)]).unwrap();
        film.switches().map(|(frame, _)| frame).collect()
    };
    assert_eq!(switches(2, 10), [82, 182]);
    assert_eq!(switches(0, 10), [80, 180]);
    assert_eq!(switches(9, 10), [89, 189]);
    // 40 percent are not more than 40.
    assert_eq!(switches(2, 40), [0; 0]);
    assert_eq!(switches(2, 39), [82, 182]);
}

#[test]
fn no_buffer_no_film() {
    assert_eq!(takes(&parse("file data shmem 8\nproc P\n").0), None);
    let unscanned = "file bo vmwgfx 8\nproc P\nmap A P bo 0+8 @7f1000000000 rw\nstore A\n";
    assert_eq!(takes(&parse(unscanned).0), None);
}
