//! Sweeps: a point is the scenario that it says it is, and lanes change places where it says so.
#![allow(clippy::unwrap_used)]

use rangewalk_core::compare::sweep::{Metric, Plan, Point, Shape, crossings};
use rangewalk_core::compare::{Count, Weights};
use rangewalk_core::scenario::strategy::{Axis, AxisRange};
use rangewalk_core::scenario::{format, parse};

const STORY: &str = "file data shmem 64\nproc P1 P2\nmap A P1 data 0+64 @7f1000000000 rw\n\
    map B P2 data 0+64 @7f2000000000 rw\nload A some 32\nload B some 32\nstore A some 16\n\
    store B some 16\ncompare data 0+64 wp wp+clean mkclean wrprotect zap softclear\n\
    store A some 8\n";

fn shape() -> Shape {
    Shape::of(&parse(STORY).0).unwrap()
}

#[test]
fn a_shape_is_taken_off_a_scenario_and_written_as_one() {
    let shape = shape();
    let (present, dirty) = (shape.present, shape.dirty);
    assert_eq!((shape.pages, shape.mappings, shape.processes), (64, 2, 2));
    assert_eq!((present, dirty, shape.vma_pages), (50, 50, None));
    let (again, diagnostics) = parse(&shape.text().unwrap());
    assert_eq!(diagnostics, []);
    // One store in eight: 12.5 percent, rounded.
    assert_eq!(Shape::of(&again).unwrap(), shape);
}

#[test]
fn what_comes_after_on_several_mappings_comes_on_as_many_of_a_hundred() {
    let four = |after: &str| {
        let maps: String = (0..4)
            .map(|at| format!("map M{at} P data 0+16 @7f{at}000000000 rw\nload M{at}\n"))
            .collect();
        let text = format!("file data shmem 16\nproc P\n{maps}compare data 0+16 wp zap\n{after}");
        let shape = Shape::of(&parse(&text).0).unwrap().with(Axis::Mappings, 10);
        let text = shape.text().unwrap();
        let (_, after) = text.split_once("compare").unwrap();
        after.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(four("store M2 0+4\n"), ["store M0 some 4"]);
    let half = ["store M0 some 4", "store M1 some 4", "store M2 some 4", "store M3 some 4"];
    let half = [&half[..], &["store M4 some 4"]].concat();
    assert_eq!(four("store M1 0+4\nstore M3 4+4\n"), half);
    assert_eq!(four("").len(), 0);
}

/// Every axis at some of its values, and the others as in the story.
#[test]
fn every_point_has_the_shape_that_it_says() {
    let values = [1, 2, 3, 7, 16, 40, 100];
    for axis in Axis::ALL {
        for value in values {
            let turned = shape().with(axis, value);
            let text = turned.text().unwrap();
            let (scenario, diagnostics) = parse(&text);
            assert_eq!(diagnostics, [], "{text}");
            assert!(text.lines().all(|line| line.len() <= 72), "{text}");
            assert_eq!(parse(&format(&scenario)).0.statements.len(), scenario.statements.len());
            let found = Shape::of(&scenario).unwrap();
            assert_eq!((found.pages, found.mappings), (turned.pages, turned.mappings), "{text}");
            assert_eq!(found.processes, turned.processes.min(turned.mappings), "{text}");
            // As near as whole pages allow.
            let near =
                |got: u64, wanted: u64, of: u64| got.abs_diff(wanted) <= 100_u64.div_ceil(of);
            assert!(near(found.present, turned.present, turned.pages), "{axis:?} {value}\n{text}");
            let there = turned.pages * turned.present / 100;
            assert!(near(found.dirty, turned.dirty, there.max(1)), "{axis:?} {value}\n{text}");
            if axis == Axis::VmaPages && value < 64 {
                assert_eq!(found.vma_pages, Some(value), "{text}");
            }
        }
    }
}

fn plan(axis: Axis, from: u64, to: u64) -> Plan {
    Plan::over(shape(), vec![AxisRange { axis, from, to }], 2)
}

#[test]
fn points_are_spaced_by_ratios_and_both_ends_are_there() {
    assert_eq!(plan(Axis::Pages, 1, 40).values, [[1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40]]);
    assert_eq!(plan(Axis::Present, 0, 3).values, [[0, 1, 2, 3]]);
    assert_eq!(plan(Axis::Pages, 5, 5).values, [[5]]);
    let two = [(Axis::Pages, 2), (Axis::Mappings, 4)];
    let axes = two.map(|(axis, to)| AxisRange { axis, from: 1, to });
    let plan = Plan::over(shape(), axes.to_vec(), 1);
    let places: Vec<Vec<u64>> = (0..plan.len()).map(|number| plan.at(number)).collect();
    assert_eq!(places, [[1, 1], [2, 1], [1, 2], [2, 2], [1, 4], [2, 4]]);
}

/// Measured at every single value, the lanes change places where the crossings say, and nowhere
/// else.
#[test]
fn crossings_are_where_they_are() {
    let weights = Weights::default();
    let metric = Metric::COST;
    let plan = plan(Axis::Present, 1, 64);
    let said = crossings(&plan, &plan.measure_all(), metric, &weights);
    let value = |point: &Point, lane: usize| {
        let lane = &point.lanes.as_ref().unwrap()[lane];
        metric.of(&lane.job, &lane.after, &weights)
    };
    let all: Vec<Point> = (1..=64).map(|x| plan.measure(&[x])).collect();
    assert!(!said.is_empty());
    for crossing in &said {
        let lane = |wanted| plan.lanes().iter().position(|lane| *lane == wanted).unwrap();
        let (before, behind) = (lane(crossing.before), lane(crossing.behind));
        let at = usize::try_from(crossing.from).unwrap();
        let (last, here) = (&all[at - 2], &all[at - 1]);
        assert!(value(last, before) < value(last, behind), "{}", crossing.sentence(&plan));
        assert!(value(here, behind) <= value(here, before), "{}", crossing.sentence(&plan));
        assert_eq!(crossing.values, (value(here, before), value(here, behind)));
    }
    // wp against mkclean: once, and for good.
    let (wp, mkclean) = (0, 2);
    let less = |point: &Point| value(point, wp) < value(point, mkclean);
    let changes = all.windows(2).filter(|pair| less(&pair[0]) != less(&pair[1])).count();
    let told = said.iter().filter(|crossing| {
        [crossing.before.name(), crossing.behind.name()]
            .iter()
            .all(|n| ["wp", "mkclean"].contains(n))
    });
    assert_eq!(told.count(), changes);
}

#[test]
fn a_crossing_is_said_in_words() {
    // rmap asks the tree once a page; the helper asks once, then looks at every slot.
    let shape = Shape { present: 100, dirty: 100, ..shape() };
    let axes = vec![AxisRange { axis: Axis::Pages, from: 1, to: 64 }];
    let plan = Plan::over(shape, axes, 2);
    let metric = Metric::by_word("job:tree-queries").unwrap();
    assert_eq!(metric.count, Some(Count::TreeQueries));
    let said = crossings(&plan, &plan.measure_all(), metric, &Weights::default());
    let said: Vec<String> = said.iter().map(|crossing| crossing.sentence(&plan)).collect();
    // wp+clean asks twice: at 1 page more than rmap, at 2 as much, at 3 less.
    assert_eq!(
        said,
        [
            "from 2 pages on, wp+clean needs in tree queries no more than mkclean (2 against 2)",
            "from 2 pages on, wp+clean needs in tree queries no more than wrprotect (2 against 2)",
        ]
    );
}

#[test]
fn what_is_too_large_is_left_out_and_says_so() {
    let large = shape().with(Axis::Pages, 4_096).with(Axis::Mappings, 1_000);
    assert_eq!(large.text().unwrap_err().0, "4096000 entries; the limit is 262144");
    let many = shape().with(Axis::Mappings, 1_000).with(Axis::VmaPages, 4);
    assert_eq!(many.text().unwrap_err().0, "16000 VMAs; the limit is 4096");
}
