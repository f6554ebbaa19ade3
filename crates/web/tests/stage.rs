//! The stage, natively: models with expectations checked by hand, components rendered to HTML.

use std::rc::Rc;

use rangewalk_core::arch::Level;
use rangewalk_core::machine::Event;
use rangewalk_core::machine::event::Look;
use rangewalk_core::scenario::{self, Run, gallery};
use rangewalk_web::model::lanes::{CellState, LaneLook};
use rangewalk_web::model::stage::{StageForm, StageModel, stage};
use rangewalk_web::model::stage_index::StageIndex;
use rangewalk_web::model::tables::Reach;
use rangewalk_web::model::tree::{NodeLook, Tree};
use rangewalk_web::view::live::{Live, LiveProps};
use rangewalk_web::view::stage::Stage;
use yew::LocalServerRenderer;

fn html_of(model: StageModel) -> String {
    let props = LiveProps { piece: Rc::new(Stage(Rc::new(model))) };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let renderer = LocalServerRenderer::<Live>::with_props(props).hydratable(false);
    local.block_on(&runtime, renderer.render())
}

fn run_of(text: &str) -> Run {
    let (scenario, diagnostics) = scenario::parse(text);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    scenario::run(&scenario)
}

fn run(name: &str) -> Run {
    run_of(gallery::exhibit(name).expect("a scenario of the gallery").text)
}

/// Steps done just behind the `n`th event that `is` one of those meant.
fn behind(run: &Run, n: usize, is: impl Fn(&Event) -> bool) -> u32 {
    let mut steps = (1u32..).zip(run.timeline.tape().events()).filter(|(_, event)| is(event));
    steps.nth(n).expect("it happens").0
}

fn at(run: &mut Run, step: u32, form: StageForm) -> StageModel {
    let index = StageIndex::new(&run.timeline);
    run.timeline.seek(step);
    stage(run, &index, form)
}

/// `walk/seven` just after C's entry for page 7 was put back: the moment of the design.
fn design_moment(form: StageForm) -> StageModel {
    let mut run = run("walk/seven");
    let store = behind(&run, 5, |event| matches!(event, Event::Xchg { .. })) + 1;
    at(&mut run, store, form)
}

#[test]
fn file_tree_and_lanes_stand_under_the_same_columns() {
    let model = design_moment(StageForm::Full);
    let band = model.strip.band.as_ref().expect("a walk is on");
    assert_eq!((band.x, band.text.as_str()), ((208.0, 388.0), "wp first 5, nr 9"));
    assert_eq!(model.strip.now, Some((7, 248.0)));

    let tree = model.tree.as_ref().expect("the full form has the tree");
    let nodes: Vec<_> =
        tree.nodes.iter().map(|n| (n.label.as_str(), n.from, n.to, n.subtree_to, n.look)).collect();
    use NodeLook::{Now, Pruned, ToCome, Visited};
    assert_eq!(
        nodes,
        [
            ("A", 108.0, 188.0, 188.0, Pruned),
            ("B", 128.0, 268.0, 388.0, Visited),
            ("C", 148.0, 388.0, 388.0, Now),
            ("D", 228.0, 268.0, 588.0, Visited),
            ("E", 268.0, 508.0, 508.0, ToCome),
            ("F", 348.0, 588.0, 588.0, ToCome),
            ("G", 468.0, 588.0, 588.0, ToCome),
        ]
    );
    assert_eq!(tree.nodes[0].reason.as_deref(), Some("3 < 5: pruned"));

    let rows: Vec<_> = model
        .lanes
        .rows
        .iter()
        .map(|r| (r.label.text.as_str(), r.bar, r.clip.as_ref().map(|c| c.ends), r.look))
        .collect();
    use LaneLook::{Aside, Plain};
    let now = LaneLook::Now;
    assert_eq!(
        rows,
        [
            ("B", (128.0, 268.0), Some((208.0, 268.0)), Plain),
            ("D", (228.0, 268.0), Some((228.0, 268.0)), Plain),
            ("C", (148.0, 388.0), Some((208.0, 388.0)), now),
            ("G", (468.0, 588.0), None, Aside),
            ("A", (108.0, 188.0), None, Aside),
            ("E", (268.0, 508.0), Some((268.0, 388.0)), Plain),
            ("F", (348.0, 588.0), Some((348.0, 388.0)), Plain),
        ]
    );
}

#[test]
fn lanes_say_where_the_walk_stands_with_each_mapping() {
    let model = design_moment(StageForm::Full);
    let notes: Vec<_> = model
        .lanes
        .rows
        .iter()
        .map(|r| r.note.as_ref().map_or("", |note| note.text.as_str()))
        .collect();
    assert_eq!(
        notes,
        [
            "done: 5, 6, 7 changed, flushed",
            "next in tree order",
            "slots 357–365, now 359",
            "private, behind the range",
            "pruned",
            "after D",
            "filter ends the walk",
        ]
    );
    let small = design_moment(StageForm::Embed);
    let order: Vec<_> = small.lanes.rows.iter().map(|r| r.label.text.as_str()).collect();
    assert_eq!(order, ["B", "C", "D", "E", "F"], "the small forms follow the walk");
}

#[test]
fn cells_hold_what_the_entries_hold() {
    let model = design_moment(StageForm::Full);
    let row = model.lanes.here().expect("the walk is in C");
    let cells: String = row
        .cells
        .iter()
        .map(|cell| match cell.state {
            CellState::Present(marks) if marks.v => 'V',
            CellState::Present(marks) if marks.w && marks.d => 'D',
            CellState::Present(marks) if marks.w => 'W',
            CellState::Present(_) => 'r',
            CellState::Empty => '.',
            _ => '?',
        })
        .collect();
    // C touches `rw.wrwwr.wr.` from page 2 on. Nobody has stored to pages 2, 9 and 12, so their
    // loads map them clean; B has stored to page 6, so its load maps it dirty. 5, 6 and 7 are
    // protected by now.
    assert_eq!(cells, "WD.VVVDW.DW.", "pages 2 to 13 of C");
    let now: Vec<u64> = row.cells.iter().filter(|cell| cell.now).map(|cell| cell.page).collect();
    assert_eq!(now, [7]);
}

#[test]
fn the_thread_runs_from_the_node_to_the_entry() {
    let model = design_moment(StageForm::Full);
    let parts: Vec<&str> = model.thread.iter().map(|part| part.part).collect();
    assert_eq!(parts, ["down", "across", "PUD", "PMD", "leaf", "entry"]);
    let row = model.lanes.here().expect("the walk is in C");
    let tree = model.tree.as_ref().expect("the full form has the tree");
    let node = tree.nodes.iter().find(|node| node.look == NodeLook::Now).expect("C");
    let down = &model.thread[0].d;
    assert!(down.starts_with(&format!("M{} {}", node.x, node.y + node.radius)), "{down}");
    assert!(down.ends_with(&format!("H148V{}", row.y)), "{down}");
    // From the middle of page 7's column, below C's box, to the PGD's left edge.
    let across = &model.thread[1].d;
    assert!(across.starts_with(&format!("M258 {}", row.y + row.height)), "{across}");
    assert!(across.contains("L640 "), "{across}");
}

#[test]
fn the_descent_takes_the_indices_of_the_address() {
    let model = design_moment(StageForm::Full);
    let (address, indices) = model.tables.address.as_ref().expect("an address is looked up");
    assert_eq!((address.as_str(), &**indices), ("7f1234567000", &[254, 72, 418, 359][..]));
    let reached: Vec<_> = model.tables.columns.iter().map(|column| column.index).collect();
    assert_eq!(
        reached,
        [254, 72, 418].map(|index| Some((index, Reach::Here))),
        "all three upper entries are on the thread"
    );
    let leaf = &model.tables.leaf;
    assert_eq!((leaf.owned, leaf.clip), (Some((354, 366)), Some((357, 366))));
    assert_eq!(leaf.rows.iter().find_map(|row| row.now), Some(359));
    assert_eq!(leaf.caption, "512 slots, C owns 12");
}

#[test]
fn a_hole_ends_the_descent_at_its_level() {
    let mut run = run("walk/sparse");
    for (level, column) in [(Level::Pgd, 0), (Level::Pud, 1), (Level::Pmd, 2)] {
        let is = |event: &Event| matches!(event, Event::Hole { level: at, .. } if *at == level);
        let step = behind(&run, 0, is);
        let model = at(&mut run, step, StageForm::Full);
        assert_eq!(model.tables.hole(), Some(column), "at {level:?}");
        assert!(model.thread.iter().all(|part| part.part != "leaf"));
    }
}

#[test]
fn five_levels_are_five_columns() {
    let mut run = run("walk/five-levels");
    for (level, column) in [(Level::Pgd5, 0), (Level::P4d, 1), (Level::Pud, 2)] {
        let is = |event: &Event| matches!(event, Event::Hole { level: at, .. } if *at == level);
        let step = behind(&run, 0, is);
        let model = at(&mut run, step, StageForm::Full);
        assert_eq!(model.tables.hole(), Some(column), "at {level:?}");
    }
    let step = behind(&run, 0, |event| matches!(event, Event::Xchg { .. }));
    let model = at(&mut run, step, StageForm::Full);
    let names: Vec<_> = model.tables.columns.iter().map(|column| column.level).collect();
    assert_eq!(names, ["PGD", "P4D", "PUD", "PMD"]);
    let (address, indices) = model.tables.address.as_ref().expect("an address is looked up");
    assert_eq!((address.as_str(), &**indices), ("2000000000000", &[2, 0, 0, 0, 0][..]));
    let parts: Vec<&str> = model.thread.iter().map(|part| part.part).collect();
    assert_eq!(parts, ["down", "across", "P4D", "PUD", "PMD", "leaf", "entry"]);
    let html = html_of(model);
    assert!(html.contains("2 · 0 · 0 · 0 · 0"), "{html}");
}

#[test]
fn sentence_counters_and_locks_tell_of_the_same_step() {
    let model = design_moment(StageForm::Full);
    assert_eq!(
        model.sentence.plain(),
        "P1's entry for page 7 is write-protected. The store cleared W; because a read-only dirty \
         word would mean shadow stack, its dirt moved from D to V. Next: slot 360, page 8: \
         writable, so it will change too. A CPU may still write page 7 through a stale TLB entry \
         until C's flush, 16 steps on."
    );
    let counters: Vec<_> =
        model.counters.rows.iter().map(|row| (row.name, row.value.as_str())).collect();
    // B: three entries, all changed, one flush of three pages. C: pages 5, 6, 7 so far.
    assert_eq!(
        counters,
        [
            ("entries seen", "6"),
            ("changed", "6"),
            ("upper entries", "7"),
            ("tree nodes", "6"),
            ("PTL taken", "3"),
            ("notifier pairs", "1 + 1"),
            ("TLB flushes", "1"),
            ("pages flushed", "3"),
        ]
    );
    let held: Vec<String> = model
        .held
        .rows
        .iter()
        .map(|row| format!("{} {}", row.lock.as_deref().unwrap_or("-"), row.note))
        .collect();
    assert_eq!(held[0], "i_mmap_rwsem read");
    assert!(held[1].starts_with("PTL of "), "{held:?}");
    assert_eq!(
        held[2..],
        [
            "- notifier open, P1",
            "- flush pending 1, P1",
            "- hull pages 5–7",
            "- stale in TLBs: 5, 6, 7",
            "mmap_lock not held"
        ]
    );
    let calls: Vec<_> =
        model.stack.calls.iter().map(|call| format!("{} {}", call.name, call.args)).collect();
    assert_eq!(
        calls,
        [
            "wp_shared_mapping_range 5, 9",
            "walk_page_mapping 5, 9",
            "__walk_page_range C",
            "walk_pgd_range 254",
            "walk_p4d_range folded",
            "walk_pud_range 72",
            "walk_pmd_range 418",
            "walk_pte_range 357–365",
            "wp_pte 359",
        ]
    );
}

/// True if no two nodes touch and every word stands inside the picture.
fn assert_tree_is_readable(tree: &Tree, place: &str) {
    for (at, a) in tree.nodes.iter().enumerate() {
        for b in &tree.nodes[at + 1..] {
            let apart = (a.x - b.x).abs() >= a.half + b.half || (a.y - b.y).abs() >= a.radius * 1.5;
            assert!(apart, "{place}: {} and {} collide", a.label, b.label);
        }
        let inside = a.x - a.half >= 90.0 && a.x + a.half <= 606.0;
        assert!(inside, "{place}: {} stands at {}", a.label, a.x);
    }
}

#[test]
fn every_step_of_the_gallery_can_be_drawn_and_told() {
    for exhibit in gallery::GALLERY {
        let mut run = run_of(exhibit.text);
        let index = StageIndex::new(&run.timeline);
        for step in 0..=run.timeline.tape().len() {
            run.timeline.seek(step);
            let place = format!("{}, step {step}", exhibit.name);
            let model = stage(&run, &index, StageForm::Full);
            let words = model.sentence.plain();
            assert!(!words.contains('?') && words.len() > 8, "{place}: {words}");
            assert!(model.lanes.bottom <= 560.0, "{place}: lanes end at {}", model.lanes.bottom);
            assert_tree_is_readable(model.tree.as_ref().expect("a tree"), &place);
            if let Some((page, x)) = model.strip.now {
                let row = model.lanes.here().and_then(|row| row.cells.iter().find(|c| c.now));
                assert!(row.is_none_or(|cell| cell.x == x), "{place}: page {page}");
            }
        }
    }
}

#[test]
fn the_four_looks_of_a_node_follow_the_search() {
    let mut run = run("walk/seven");
    let is = |event: &Event| matches!(event, Event::TreeLook { look: Look::Pruned, .. });
    let pruned = behind(&run, 0, is);
    let looks = |model: &StageModel| -> Vec<(String, NodeLook)> {
        let tree = model.tree.as_ref().expect("a tree");
        tree.nodes.iter().map(|n| (n.label.clone(), n.look)).collect()
    };
    let before = looks(&at(&mut run, pruned - 1, StageForm::Full));
    let after = looks(&at(&mut run, pruned + 1, StageForm::Full));
    assert_eq!(before[0], ("A".to_owned(), NodeLook::ToCome));
    assert_eq!(after[0], ("A".to_owned(), NodeLook::Pruned));
}

#[test]
fn hundreds_of_mappings_and_a_long_file_stay_a_window() {
    let mut text = String::from("file data shmem 262144\n");
    for process in 0..20 {
        text.push_str(&format!("proc P{process}\n"));
        for n in 0..16 {
            let (first, addr) = (n * 16_000 + process * 700, 0x7f00_0000_0000u64 + (n << 32));
            text.push_str(&format!(
                "map M{process}x{n} P{process} data {first}+2000 @{addr:x} rw\n"
            ));
        }
    }
    text.push_str("store M0x1 16003+5\nwp data 1000+200000\n");
    let mut run = run_of(&text);
    let index = StageIndex::new(&run.timeline);
    for step in (0..run.timeline.tape().len()).step_by(997) {
        run.timeline.seek(step);
        let model = stage(&run, &index, StageForm::Full);
        assert!(model.lanes.rows.len() <= 24, "{} rows", model.lanes.rows.len());
        assert!(model.strip.cells.len() <= 40);
        let tree = model.tree.expect("a tree");
        assert!(tree.nodes.len() <= 40 && tree.bottom <= 280.0, "{}", tree.bottom);
    }
}

#[test]
fn components_draw_the_model_without_inline_styles() {
    for form in [StageForm::Full, StageForm::Embed, StageForm::Phone] {
        let html = html_of(design_moment(form));
        assert!(!html.contains("style="), "the page's policy forbids inline styles");
        assert!(html.contains(r#"role="img""#));
        assert!(
            html.contains("P1&#39;s entry for page 7") || html.contains("P1's entry for page 7")
        );
        assert!(html.contains("wp_pte"), "the innermost call is named in {form:?}");
    }
}

/// Writes pages to look at. `STAGE_OUT`: where to. `STAGE_AT`: `scenario:step`, several with
/// commas.
#[test]
#[ignore = "for looking at, not for checking"]
fn draw() {
    let out = std::path::PathBuf::from(std::env::var("STAGE_OUT").expect("STAGE_OUT"));
    let forms =
        [("full", StageForm::Full), ("embed", StageForm::Embed), ("phone", StageForm::Phone)];
    for (name, form) in forms {
        page(&out, &format!("store-{name}"), &html_of(design_moment(form)));
    }
    let places = std::env::var("STAGE_AT").unwrap_or_default();
    for place in places.split(',').filter(|place| !place.is_empty()) {
        let (name, step) = place.split_once(':').expect("scenario:step");
        let mut run = run(name);
        let step = step.parse::<u32>().expect("a step").clamp(1, run.timeline.tape().len());
        println!(
            "{place} of {}: {:?}",
            run.timeline.tape().len(),
            run.timeline.tape().event(step - 1)
        );
        let body = html_of(at(&mut run, step, StageForm::Full));
        page(&out, &place.replace(['/', ':'], "-"), &body);
    }
}

fn page(out: &std::path::Path, name: &str, body: &str) {
    let css = std::fs::canonicalize("../../static/stage.css").expect("the style sheet");
    let html = format!(
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href='file://{}'>\
         <link rel=stylesheet href=frame.css><body class={name}>{body}</body>",
        css.display()
    );
    std::fs::write(out.join(format!("{name}.html")), html).expect("a writable directory");
}

#[test]
fn what_a_cpu_has_cached_stands_under_the_page_and_is_called_stale_when_it_is() {
    let mut run = run("tlb/lost-write");
    // The bits are taken and nobody has flushed: the CPU still writes.
    let stale = behind(&run, 0, |event| matches!(event, Event::Record { .. }));
    let model = at(&mut run, stale, StageForm::Full);
    let tlbs = model.tlbs.as_ref().expect("there are several CPUs");
    let rows: Vec<_> =
        tlbs.rows.iter().map(|row| (row.cpu.as_str(), row.note.0.as_str())).collect();
    assert_eq!(rows, [("CPU 0: P1", "nothing cached"), ("CPU 1: P1", "stale")]);
    let cell = tlbs.rows[1].cells[0];
    assert_eq!((cell.page, cell.marks.w, cell.marks.d, cell.stale), (3, true, true, true));
    let page = model.strip.cells.iter().find(|page| page.page == 3).expect("page 3 is on show");
    assert_eq!(cell.x, page.x);
    assert!(html_of(model).contains("what each CPU still knows"));
}
