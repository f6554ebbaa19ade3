//! The comparison, natively: models with expectations checked by hand, and against a second count
//! from scratch.

use rangewalk_core::compare::{Align, Count};
use rangewalk_core::scenario::{self, Severity, gallery};
use rangewalk_core::trace::Place;
use rangewalk_web::clock::{Motion, Playback};
use rangewalk_web::command::{Ask, Command, Go, Play};
use rangewalk_web::compare::{self, Bench};
use rangewalk_web::model::compare::CompareModel;
use rangewalk_web::model::compare::empty::EmptyModel;
use rangewalk_web::model::compare::field::Mark;
use rangewalk_web::model::compare::matrix::MatrixRow;
use rangewalk_web::model::compare::score::Part;
use rangewalk_web::model::compare::visits::Order;
use rangewalk_web::model::lanes::CellState;
use rangewalk_web::scene::{Scene, Subject};

/// `walk/seven` with its walk done in three ways, and some accesses behind it.
fn seven() -> String {
    let text = gallery::exhibit("walk/seven").expect("a scenario of the gallery").text;
    let (story, _) = text.split_once("wp data").expect("it has a walk");
    format!("{story}compare data 5+9 wp mkclean zap\nstore C 7\nload E 9\n")
}

fn bench(text: &str) -> Bench {
    let (scenario, diagnostics) = scenario::parse(text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    Bench::new(&scenario).expect("it compares something")
}

fn model(bench: &Bench) -> CompareModel {
    CompareModel::new(bench, &Playback::default())
}

fn scene(text: &str) -> Box<dyn Scene> {
    let place = Place { statement: 0, step: 0 };
    compare::open(Subject { text, place, motion: Motion::Full })
}

/// The row as text: a word for each entry.
fn row(row: &MatrixRow) -> String {
    let cell = |state: Option<CellState>| match state {
        None => "0".to_owned(),
        Some(CellState::Present(marks)) => {
            let set = [(marks.w, 'W'), (marks.d, 'D'), (marks.v, 'V')];
            let letters: String = set.iter().filter(|(set, _)| *set).map(|(_, c)| *c).collect();
            if letters.is_empty() { "P".to_owned() } else { letters }
        }
        Some(CellState::Empty | CellState::NoTable(_)) => ".".to_owned(),
        Some(other) => format!("{other:?}"),
    };
    let cells: Vec<String> = row.cells.iter().map(|it| cell(it.state)).collect();
    format!("{} {}: {}", row.label, row.process, cells.join(" "))
}

fn rows(model: &CompareModel, lane: usize) -> Vec<String> {
    model.lanes[lane].matrix.rows.iter().map(row).collect()
}

#[test]
fn every_lane_starts_from_what_the_accesses_left() {
    let bench = bench(&seven());
    let model = model(&bench);
    assert_eq!(model.heading, "Three ways over pages 5–13 of data");
    // `touch B .rw.wwr` is pages 1 to 7, `touch C rw.wrwwr.wr.` 2 to 13, and so on. A read fault of
    // a page that is dirty by then comes in dirty where the mapping is writable: C's 6, E's 8.
    let start = [
        "B P0: WD WD W",
        "C P1: WD WD WD WD W . WD W .",
        "D P0: WD .",
        "E P2: WD WD WD . . WD",
        "F P2: P P",
    ];
    for lane in 0..3 {
        assert_eq!(rows(&model, lane), start);
    }
}

#[test]
fn each_lane_leaves_behind_what_its_kernel_function_does() {
    let mut bench = bench(&seven());
    let ends = [
        ["B P0: V V P", "C P1: V V V V P . V P .", "D P0: V .", "E P2: V V V . . V", "F P2: P P"],
        ["B P0: P P P", "C P1: P P P P P . P P .", "D P0: P .", "E P2: P P P . . P", "F P2: P P"],
        ["B P0: 0 0 0", "C P1: 0 0 0 0 0 . 0 0 .", "D P0: 0 .", "E P2: 0 0 0 . . 0", "F P2: 0 0"],
    ];
    for (lane, expected) in ends.into_iter().enumerate() {
        let end = bench.comparison.lanes[lane].job_end;
        bench.seek(end);
        assert_eq!(rows(&model(&bench), lane), expected);
    }
    // 12 entries hold their dirt in bit 58, which mkclean took away; zap took all 17.
    assert_eq!(&*model(&bench).differs, "12 and 17");
}

#[test]
fn the_line_goes_row_by_row_or_column_by_column() {
    let bench = bench(&seven());
    let orders: Vec<Order> = bench.sides.iter().map(|side| side.order).collect();
    assert_eq!(orders, [Order::Rows, Order::Columns, Order::Rows]);
    let name = |range: u32| bench.comparison.ranges[range as usize].name.as_str();
    let first = |lane: usize, most: usize| {
        let all = bench.sides[lane].visits.before(u32::MAX, usize::MAX);
        let first = all.iter().take(most);
        first
            .map(|it| format!("{}{}", name(it.range), it.page(&bench.comparison)))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(first(0, 6), "B5 B6 B7 C5 C6 C7");
    assert_eq!(first(1, 6), "B5 C5 B6 C6 D6 B7");
    assert_eq!(first(2, 6), "B5 B6 B7 C5 C6 C7");
}

#[test]
fn figures_stand_under_their_lanes_and_the_fewest_are_bold() {
    let bench = bench(&seven());
    let model = model(&bench);
    let row = |name: &str| model.rows.iter().find(|row| row.name == name && row.part == Part::Job);
    let ends = |name: &str| -> Vec<(String, bool)> {
        let row = row(name).expect("it is counted");
        row.figures.iter().map(|figure| (figure.end.clone(), figure.least)).collect()
    };
    let of = |ends: [(&str, bool); 3]| ends.map(|(end, least)| (end.to_owned(), least)).to_vec();
    // One query for all pages against one for each of nine; slots: 3 + 9 + 2 + 6, for zap two of F.
    assert_eq!(ends("tree queries"), of([("1", true), ("9", false), ("1", true)]));
    assert_eq!(ends("slots visited"), of([("20", true), ("20", true), ("22", false)]));
    assert_eq!(ends("PTEs changed"), of([("15", false), ("15", false), ("0", true)]));
    let slots = row("slots visited").expect("it is counted");
    assert_eq!(slots.figures[2].bar, (0, 1000), "the most is the scale");
    assert_eq!(slots.figures[0].bar, (0, 909));
    assert!(row("IPIs").is_none(), "what no lane does is left out");
}

#[test]
fn one_position_moves_all_lanes_and_the_shortest_wait() {
    let text = seven();
    let mut scene = scene(&text);
    let (_, last) = scene.position();
    let mut bench = bench(&text);
    let lengths: Vec<u32> =
        bench.comparison.lanes.iter().map(|lane| lane.run.timeline.tape().len()).collect();
    assert_eq!(Some(&last), lengths.iter().max());
    scene.apply(&Command::Go(Go::Step));
    scene.apply(&Command::Go(Go::Step));
    assert_eq!(scene.position(), (2, last));
    assert!(scene.spoken().starts_with("wp: "));
    scene.apply(&Command::Go(Go::Last));
    assert_eq!(scene.position(), (last, last));
    bench.seek(last);
    assert_eq!((0..3).map(|lane| bench.steps_of(lane)).collect::<Vec<_>>(), lengths);
    scene.apply(&Command::Play(Play::Toggle));
    assert!(scene.wants_ticks(), "at the end it plays from the start");
    assert!(scene.position().0 < 2);
}

#[test]
fn by_pages_each_lane_stands_where_it_first_comes_to_the_page() {
    let text = seven();
    let mut scene = scene(&text);
    scene.apply(&Command::Compare(Ask::Align(Align::Page)));
    scene.apply(&Command::Go(Go::To(2)));
    assert_eq!(scene.position().0, 2);
    // Page 7 is the third of the range: B's, in each lane.
    assert!(scene.place().expect("a place").step > 0);
}

#[test]
fn prices_are_the_readers() {
    let text = seven();
    let mut own = bench(&text);
    let total = |bench: &Bench| {
        let model = model(bench);
        let rows = model.rows.iter().filter(|row| row.part == Part::Cost);
        rows.map(|row| row.figures[1].end.clone()).next().expect("the job has a price")
    };
    for weight in own.weights.rows().to_vec() {
        own.weights.set(weight.count, 0);
    }
    own.weights.set(Count::TreeQueries, 2_000_000);
    assert_eq!(total(&own), "18\u{2009}000", "nine queries at 2000 ns");
}

#[test]
fn a_scenario_that_compares_nothing_is_offered_its_own_walk() {
    let text = gallery::exhibit("walk/seven").expect("a scenario of the gallery").text;
    let (parsed, _) = scenario::parse(text);
    let offer = EmptyModel::new(&parsed, text).offer.expect("it has a file");
    assert_eq!(offer.line, "compare data 5+9 wp mkclean zap");
    let (with, diagnostics) = scenario::parse(&offer.text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert!(Bench::new(&with).is_some());
    let run = scenario::run(&with);
    let errors = run.diagnostics.iter().filter(|it| it.severity == Severity::Error);
    assert_eq!(errors.count(), 0, "what was expected of the walk holds: {:?}", run.diagnostics);
}

#[test]
fn without_a_file_nothing_is_offered_and_keys_do_no_harm() {
    let (parsed, _) = scenario::parse("proc P\n");
    assert_eq!(EmptyModel::new(&parsed, "proc P\n").offer, None);
    let mut scene = scene("proc P\n");
    assert!(scene.apply(&Command::Go(Go::Step)).is_some());
    assert_eq!(scene.position(), (0, 0));
}

#[test]
fn forty_mappings_of_many_pages_are_all_seen_in_columns_that_agree() {
    let mut text = "file data shmem 4096\nproc P\n".to_owned();
    for at in 0..40 {
        text.push_str(&format!("map M{at} P data 0+4096 @7f{at:02x}00000000 rw\n"));
    }
    text.push_str("store M0 0+8\nstore M39 4000+4\ncompare data 0+4096 wp zap\n");
    let mut bench = bench(&text);
    let visits = bench.sides[0].visits.before(u32::MAX, usize::MAX);
    let far = *visits
        .iter()
        .rev()
        .find(|it| it.page(&bench.comparison) == 4000)
        .expect("M39's page 4000 is visited");
    bench.seek(far.step + 1);
    let model = model(&bench);
    let [wp, zap] = [0, 1].map(|lane| &model.lanes[lane].matrix);
    assert_eq!(wp.layout, zap.layout);
    assert_eq!((wp.layout.rows.len(), &wp.layout.folded), (40, &None));
    assert!(wp.layout.x(4095) + wp.layout.cell <= wp.layout.width);
    let now: Vec<_> = wp.spots.iter().filter(|spot| spot.now).map(|spot| spot.entry).collect();
    assert_eq!(now, [(39, 4000)]);
    // No page that anybody touched falls between columns, though they begin elsewhere.
    let every = wp.layout.every;
    assert!(every > 8 && (4000..4004).all(|page: u64| !page.is_multiple_of(every)), "{every}");
    let field = wp.field.as_ref().expect("so many entries are a field");
    let present = |(_, mark): &(usize, &Mark)| mark.contains(Mark::PRESENT);
    let present: Vec<usize> =
        field.marks.iter().enumerate().filter(present).map(|(at, _)| at).collect();
    let column = |page: u64| usize::try_from(page / every).expect("some hundred columns");
    let mut seen = vec![0, 39 * field.columns + column(4000), 39 * field.columns + column(4003)];
    seen.dedup();
    assert_eq!(present, seen);
}

#[test]
fn a_lone_entry_is_seen_and_taken_in_hand_wherever_it_lies() {
    for page in (700..740).chain([500, 1023, 3499]) {
        let mut bench = bench(&format!(
            "file data shmem 4096\nfaround 4K\nproc P\nmap A P data 0+4096 @7f0000000000 rw\n\
             map B P data 500+3000 @7f1000000000 rw\nstore B {page}\n\
             compare data 0+4096 mkclean clean\n"
        ));
        bench.seek(u32::MAX);
        let model = model(&bench);
        let [mkclean, clean] = [0, 1].map(|lane| &*model.lanes[lane].matrix);
        let field = |lane: usize| {
            let field = model.lanes[lane].matrix.field.clone().expect("so many are a field");
            field.marks[field.columns..].to_vec()
        };
        let column = usize::try_from(page / clean.layout.every).expect("some hundred columns");
        // mkclean takes the write bit of every page that is dirty, clean of none.
        let [own, other] = [field(1)[column], field(0)[column]];
        assert_eq!(own, Mark::PRESENT | Mark::W | Mark::DIFFERS, "page {page}");
        assert_eq!(other, Mark::PRESENT, "page {page}");
        let differ = field(1).iter().filter(|mark| mark.contains(Mark::DIFFERS)).count();
        assert_eq!(differ, 1, "page {page}");
        let y = mkclean.layout.y(1).expect("both mappings have a row");
        let x = clean.layout.x(page) + clean.layout.cell / 2.0;
        assert_eq!(clean.entry_at(x, y + 1.0), Some((1, page)));
    }
}

#[test]
fn a_field_tells_what_each_lane_did() {
    let mut text = "file data shmem 512\nproc P\n".to_owned();
    for at in 0..13 {
        text.push_str(&format!("map M{at} P data 0+512 @7f{at:02x}00000000 rw\n"));
    }
    text.push_str("store M0 0+512\nload M1 0+512\ncompare data 0+512 wp mkclean zap\n");
    let mut bench = bench(&text);
    let marks = |bench: &Bench, lane: usize| {
        let model = model(bench);
        let field = model.lanes[lane].matrix.field.clone().expect("thirteen rows are a field");
        [0, 1, 2].map(|row| field.marks[row * field.columns])
    };
    // M1's entries come in dirty: the page is, and nothing asks to be told of writes.
    let dirty = Mark::PRESENT | Mark::W | Mark::D;
    assert_eq!(marks(&bench, 0), [dirty, dirty, Mark::empty()]);
    let differs = Mark::DIFFERS;
    let ends = [Mark::PRESENT | Mark::V, Mark::PRESENT | differs, Mark::GONE | differs];
    for (lane, end) in ends.into_iter().enumerate() {
        let position = bench.comparison.lanes[lane].job_end;
        bench.seek(position);
        assert_eq!(marks(&bench, lane), [end, end, Mark::empty()], "lane {lane}");
    }
}
