//! The argument, sweeps and stories of frames, natively.

use std::rc::Rc;

use rangewalk_core::compare::Weights;
use rangewalk_core::compare::argument::{CLAIMS, Holds, claim};
use rangewalk_core::compare::film;
use rangewalk_core::compare::sweep::{Metric, Plan};
use rangewalk_core::link;
use rangewalk_core::scenario;
use rangewalk_core::trace::Place;
use rangewalk_web::clock::{Motion, Playback};
use rangewalk_web::command::{Command, FilmAsk, Go, SweepAsk, View};
use rangewalk_web::model::argument::tested;
use rangewalk_web::model::film::{FilmModel, Take};
use rangewalk_web::model::sweep::{NoSweep, PLOT, chart};
use rangewalk_web::scene::{self, Scene, Subject};

const SWEEP: &str = "file data shmem 16
proc P
map A P data 0+16 @7f1000000000 rw
store A
compare data 0+16 wp mkclean
sweep mappings 1..8
";

fn open(view: View, text: &str) -> Box<dyn Scene> {
    let place = Place { statement: 0, step: 0 };
    scene::open(view, Subject { text, place, motion: Motion::Full }).expect("it is no stage")
}

#[test]
fn every_claim_shows_its_lanes_or_where_its_steps_fall_and_can_be_opened() {
    for claim in &CLAIMS {
        let tested = tested(claim);
        assert_eq!(tested.verdict, claim.verdict(), "{}", claim.name);
        assert!(tested.lanes.is_empty() != tested.icicle.is_empty(), "{}", claim.name);
        let (_, fragment) = tested.link.as_ref().expect("it is short enough for a link");
        let text = link::decode(fragment).expect("a link of ours").text;
        assert_eq!(scenario::parse(&text).0, scenario::parse(claim.scenario).0);
    }
}

#[test]
fn the_header_is_contradicted_as_a_real_kernel_does() {
    let filter = tested(claim("filter").expect("a claim"));
    assert_eq!(filter.verdict.holds, Holds::No);
}

#[test]
fn any_two_lanes_are_set_beside_each_other_and_each_shares_its_functions_with_itself() {
    let sharing = tested(claim("sharing").expect("a claim")).sharing.clone().expect("a matrix");
    assert_eq!(sharing.names.len(), 6);
    let at = |name: &str| sharing.names.iter().position(|it| *it == name).expect("a lane");
    for (row, pairs) in sharing.pairs.iter().enumerate() {
        assert_eq!(pairs[row].functions.len() as u64, pairs[row].of);
    }
    let (wp, mkclean, softclear) = (at("wp"), at("mkclean"), at("softclear"));
    let shared = |one: usize, other: usize| &sharing.pairs[one][other];
    assert!(shared(wp, softclear).functions.contains(&"walk_pmd_range"));
    assert!(shared(wp, mkclean).functions.iter().all(|it| it.contains("rmap_tree_iter")));
    assert!(shared(wp, softclear).percent > shared(wp, mkclean).percent);
}

#[test]
fn an_icicle_has_callees_inside_their_callers() {
    let hot = tested(claim("hot").expect("a claim"));
    assert!(hot.icicle.iter().any(|bar| bar.name == "copy_page_range" && bar.stressed));
    for bar in hot.icicle.iter().filter(|bar| bar.depth > 0) {
        let around = hot.icicle.iter().any(|it| {
            it.depth + 1 == bar.depth && it.place.0 <= bar.place.0 && bar.place.1 <= it.place.1
        });
        assert!(around, "{bar:?}");
    }
}

#[test]
fn claims_are_worked_out_one_after_the_other() {
    let mut argument = open(View::Argument, "");
    for _ in 0..CLAIMS.len() {
        assert!(argument.wants_ticks());
        argument.apply(&Command::Tick(16.0));
    }
    assert!(!argument.wants_ticks());
}

#[test]
fn a_sweep_can_be_stopped_and_goes_on() {
    let mut sweep = open(View::Sweep, SWEEP);
    assert!(sweep.wants_ticks());
    sweep.apply(&Command::Sweep(SweepAsk::Cancel));
    assert!(!sweep.wants_ticks());
    sweep.apply(&Command::Sweep(SweepAsk::GoOn));
    let mut ticks = 0;
    while sweep.wants_ticks() {
        sweep.apply(&Command::Tick(16.0));
        ticks += 1;
        assert!(ticks < 1000);
    }
}

#[test]
fn a_line_stands_where_its_numbers_say() {
    let plan = Plan::new(&scenario::parse(SWEEP).0, 1).expect("it turns something");
    let points = plan.measure_all();
    let queries = Metric::by_word("job:tree-queries").expect("it is counted");
    let charts = chart(&plan, &points, queries, &Weights::default());
    let [chart] = charts.as_slice() else { panic!("one chart") };
    let rows: Vec<_> =
        chart.table.iter().map(|row| (row.at.as_str(), row.values.clone())).collect();
    // One query for all 16 pages, or one a page; however often each is mapped.
    let both = ["1".to_owned(), "16".to_owned()].to_vec();
    assert_eq!(
        rows,
        ["1 mapping", "2 mappings", "4 mappings", "8 mappings"].map(|at| (at, both.clone()))
    );
    let thirds = [0.0, PLOT.0 / 3.0, PLOT.0 * 2.0 / 3.0, PLOT.0];
    assert_eq!(chart.lines[0].points, thirds.map(|x| (x, PLOT.1)));
    assert_eq!(chart.lines[1].points, thirds.map(|x| (x, 0.0)));
    assert!(chart.crossings.is_empty());
}

#[test]
fn a_story_of_frames_is_told_by_both_methods() {
    let mut story = open(View::Film, film::STORY);
    for _ in 0..3 {
        assert!(story.wants_ticks());
        story.apply(&Command::Tick(16.0));
    }
    assert!(!story.wants_ticks());
    // 80 frames with a cursor, 100 of a film, 60 idle, 60 with the cursor again.
    assert_eq!(story.position(), (0, 299));
    story.apply(&Command::Go(Go::To(120)));
    let scenario = scenario::parse(film::STORY).0;
    let takes = film::takes(&scenario).expect("a buffer");
    let takes = [takes.either, takes.pagetable, takes.mkwrite];
    let takes = takes.map(|film| Some(Rc::new(Take::new(film))));
    let model = FilmModel::new(&takes, (2, 10), 120, &Playback::default());
    let pages: Vec<[u64; 3]> = model.rows.iter().map(|row| row.pages).collect();
    // In the film 240 pages are stored to in each frame. Scanning tables takes no fault for them.
    assert_eq!(pages, [[240, 0, 240], [240, 0, 240], [240, 240, 240]]);
    let texts: Vec<&str> = model.switches.iter().map(|it| it.text.as_str()).collect();
    // Three dense scans in a row, then three empty ones.
    assert_eq!(texts, ["frame 83: to page tables", "frame 183: to faults"]);
    story.apply(&Command::Film(FilmAsk::Thresholds(9, 10)));
    assert!(story.wants_ticks(), "moved thresholds are worked out anew");
}

#[test]
fn where_nothing_is_turned_a_line_is_offered() {
    let (text, _) = SWEEP.split_once("sweep").expect("it turns something");
    let (line, with) = NoSweep::new(&scenario::parse(text).0, text).offer.expect("it compares");
    assert_eq!(line, "sweep mappings 1..64");
    assert!(Plan::new(&scenario::parse(&with).0, 1).is_some());
    assert_eq!(NoSweep::new(&scenario::parse("").0, "").offer, None::<(&str, Rc<str>)>);
}
