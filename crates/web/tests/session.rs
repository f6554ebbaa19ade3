//! The session without a browser: what each command does to text, place, window and notices.

use std::rc::Rc;

use rangewalk_core::link;
use rangewalk_core::machine::Kind;
use rangewalk_core::scenario::gallery::{FIRST, GALLERY};
use rangewalk_web::command::{Command, Go, Opened, Panel, Play, Tone, Zoom};
use rangewalk_web::links;
use rangewalk_web::model::editor::editor;
use rangewalk_web::model::timeline::{CELLS_MAX, overview, timeline};
use rangewalk_web::opening::{DIGEST, OPENING};
use rangewalk_web::session::{Changed, Session};
use rangewalk_web::story::Story;

const SMALL: &str = "\
title Two pages
file data shmem 4
proc P
map A P data 0+4 @7f0000000000 rw
store A 0+2
wp data 0+4
expect 2
";

fn open(text: &str) -> Session {
    Session::new(&Opened::text(text))
}

fn go(session: &mut Session, go: Go) -> u32 {
    session.apply(Command::Go(go));
    session.story().at()
}

/// Lets time pass in frames of 16 ms.
fn wait(session: &mut Session, ms: u32) -> Changed {
    (0..ms / 16).map(|_| session.apply(Command::Tick(16.0))).fold(Changed::empty(), |a, b| a | b)
}

#[test]
fn a_scenario_opens_where_a_walk_has_first_changed_an_entry() {
    let session = open(SMALL);
    let story = session.story();
    assert_eq!(story.acts()[story.statement().unwrap()].line, 6);
    // The first change takes the entry out, the second one puts it back without W.
    let tape = story.run().timeline.tape();
    let mut changes = story.span().filter(|step| tape.event(*step).kind() == Kind::Change);
    assert_eq!(Some(story.at()), changes.nth(1).map(|step| step + 1));
}

#[test]
fn a_walk_of_another_kind_opens_at_its_first_change() {
    for walk in ["mkclean data 0", "wrprotect data 0+4", "zap data 0+4", "softclear P"] {
        let session = open(&SMALL.replace("wp data 0+4\nexpect 2", walk));
        let story = session.story();
        let tape = story.run().timeline.tape();
        let change = story.span().find(|step| tape.event(*step).kind() == Kind::Change);
        assert_eq!(Some(story.at()), change.map(|step| step + 1), "{walk}");
        assert_eq!(story.acts()[story.statement().unwrap()].line, 6, "{walk}");
    }
}

#[test]
fn a_walk_that_changes_nothing_opens_at_its_first_step() {
    let session = open(&SMALL.replace("rw\nstore", "r\nload"));
    let story = session.story();
    assert_eq!(story.acts()[story.statement().unwrap()].line, 6);
    assert_eq!(story.at(), story.span().start + 1);
}

#[test]
fn steps_out_and_over_agree_with_single_steps() {
    for exhibit in GALLERY.iter().take(6) {
        let mut session = open(exhibit.text);
        for _ in 0..200 {
            let at = session.story().at();
            let over = go(&mut session, Go::Over);
            assert!(over > at || at == session.story().steps(), "{}: over at {at}", exhibit.name);
            go(&mut session, Go::BackOver);
            assert!(session.story().at() < over || over == at, "{}: back at {at}", exhibit.name);
            go(&mut session, Go::To(at));
            let out = go(&mut session, Go::Out);
            assert!(out >= over, "{}: out at {at} is {out}, over is {over}", exhibit.name);
            go(&mut session, Go::To(at));
            go(&mut session, Go::Step);
        }
    }
}

#[test]
fn changes_are_met_in_the_same_places_both_ways() {
    let mut session = open(GALLERY[0].text);
    go(&mut session, Go::To(0));
    let mut met = vec![];
    loop {
        let before = session.story().at();
        let at = go(&mut session, Go::NextChange);
        if at == before {
            break;
        }
        met.push(at);
    }
    let tape = session.story().run().timeline.tape();
    let naive = (0..tape.len()).filter(|step| tape.event(*step).kind() == Kind::Change);
    assert_eq!(met, naive.map(|step| step + 1).collect::<Vec<_>>());
    for expected in met.iter().rev().skip(1) {
        assert_eq!(go(&mut session, Go::PreviousChange), *expected);
    }
}

#[test]
fn statements_are_walked_through_in_order_both_ways() {
    let mut session = open(SMALL);
    go(&mut session, Go::To(0));
    let firsts: Vec<u32> = session.story().acts().iter().map(|span| span.first + 1).collect();
    for first in &firsts {
        assert_eq!(go(&mut session, Go::NextStatement), *first);
    }
    for first in firsts.iter().rev().skip(1) {
        assert_eq!(go(&mut session, Go::PreviousStatement), *first);
    }
    assert_eq!(go(&mut session, Go::PreviousStatement), 0);
}

#[test]
fn an_edit_runs_a_moment_later_and_keeps_the_place() {
    let mut session = open(SMALL);
    go(&mut session, Go::Step);
    let at = session.story().at();
    let text: Rc<str> = SMALL.replace("expect 2", "expect 3").into();
    assert_eq!(session.apply(Command::Edit(text.clone())), Changed::TEXT);
    assert!(session.is_stale());
    assert!(session.story().diagnostics().is_empty(), "not run yet");
    assert!(wait(&mut session, 200).contains(Changed::RUN | Changed::PLACE));
    assert_eq!((session.story().at(), session.text()), (at, &text));
    assert_eq!(session.story().diagnostics()[0].line, 7);
    assert!(wait(&mut session, 400).contains(Changed::SAVE));
    assert!(!session.wants_ticks());
}

#[test]
fn an_error_ends_the_run_before_its_line_and_loses_no_text() {
    let wrong = SMALL.replace("store A 0+2", "stare A 0+2");
    let session = open(&wrong);
    assert_eq!(&**session.text(), wrong);
    assert_eq!(session.story().acts().last().unwrap().line, 4);
    let model = editor(session.text(), session.story(), false);
    assert_eq!(model.stopped, Some(5));
    let lines = model.lines.unwrap();
    let under = lines[4].pieces.iter().filter(|piece| piece.under.is_some());
    assert_eq!(under.map(|piece| piece.text.as_str()).collect::<String>(), "stare");
}

#[test]
fn an_edited_scenario_is_put_aside_and_can_be_had_back() {
    let mut session = open(SMALL);
    let edited: Rc<str> = format!("{SMALL}# mine\n").into();
    session.apply(Command::Edit(edited.clone()));
    wait(&mut session, 200);
    go(&mut session, Go::Last);
    let at = session.story().at();
    session.apply(Command::Open(Opened::text(GALLERY[1].text)));
    assert_eq!(session.notice().map(|notice| notice.tone), Some(Tone::Shelved));
    session.apply(Command::Restore);
    assert_eq!((session.text(), session.story().at()), (&edited, at));
}

#[test]
fn a_link_opens_where_it_was_made_and_says_if_the_run_is_another() {
    let mut session = open(SMALL);
    go(&mut session, Go::Last);
    go(&mut session, Go::Back);
    let fragment = links::write(&session, session.story().place()).unwrap();
    let link::Link { text, place, digest, .. } = link::decode(&fragment).unwrap();
    let opened = Opened { text: text.into(), place, digest };
    let other = Session::new(&opened);
    assert_eq!((other.story().at(), other.notice()), (session.story().at(), None));
    let opened = Opened { digest: digest.map(|digest| digest ^ 1), ..opened };
    assert!(Session::new(&opened).notice().is_some());
}

#[test]
fn playing_ends_with_the_run_and_stops_for_a_hand() {
    let mut session = open(SMALL);
    session.apply(Command::Play(Play::Toggle));
    wait(&mut session, 600);
    assert!(session.playback().is_playing());
    go(&mut session, Go::Step);
    assert!(!session.playback().is_playing());
    for _ in 0..12 {
        session.apply(Command::Play(Play::Faster));
    }
    session.apply(Command::Play(Play::Toggle));
    wait(&mut session, 3_000);
    assert_eq!(session.story().at(), session.story().steps());
    assert!(!session.playback().is_playing());
}

#[test]
fn a_panel_stops_the_play_and_touches_nothing_else() {
    let mut session = open(SMALL);
    assert_eq!(session.apply(Command::Show(Panel::Help)), Changed::OVERLAY);
    assert_eq!(session.apply(Command::Show(Panel::Help)), Changed::empty());
    assert_eq!(session.apply(Command::Hide), Changed::OVERLAY);
    assert!(!session.wants_ticks());
}

#[test]
fn the_window_always_holds_the_place_and_lies_in_the_statement() {
    let text = "file f shmem 512\nfaround 4K\nproc P\nmap A P f 0+512 @7f0000000000 rw\n\
        store A 0+512\nwp f 0+512\n";
    let mut session = open(text);
    let moves = [Go::Step, Go::Last, Go::Back, Go::First, Go::NextChange, Go::PreviousStatement];
    let zooms = [Zoom::In, Zoom::Out, Zoom::Whole, Zoom::In, Zoom::In];
    let steps = session.story().steps();
    for (round, to) in (0..60).zip((0..steps).cycle()) {
        go(&mut session, moves[round % moves.len()]);
        session.apply(Command::Zoom(zooms[round % zooms.len()]));
        go(&mut session, Go::To(to * 7919 % steps));
        let (window, span, at) = (session.window(), session.story().span(), session.story().at());
        assert!(span.start <= window.start && window.end <= span.end, "{window:?} in {span:?}");
        assert!((window.start..=window.end).contains(&at), "{at} in {window:?}");
    }
}

#[test]
fn the_timeline_shows_each_step_once_however_far_it_is_zoomed() {
    let text = "file f shmem 512\nfaround 4K\nproc P\nmap A P f 0+512 @7f0000000000 rw\n\
        store A 0+512\nwp f 0+512\n";
    let session = open(text);
    let story = session.story();
    let span = story.span();
    let tape = story.run().timeline.tape();
    for window in [span.start..span.start + 100, span.clone()] {
        let model = timeline(story, window.clone());
        let cells = (window.end - window.start).div_ceil(model.cell);
        assert!(cells <= CELLS_MAX);
        for (kind, row) in Kind::ALL.into_iter().zip(&model.rows) {
            for step in window.clone() {
                let shown = row.iter().any(|bar| (bar.first..bar.end).contains(&step));
                let cell = window.start + (step - window.start) / model.cell * model.cell;
                let end = (cell + model.cell).min(window.end);
                let there = (cell..end).any(|step| tape.event(step).kind() == kind);
                assert_eq!(shown, there, "{kind:?} at {step}");
            }
        }
        let nested = |depth: u32, step: u32| {
            model.calls.iter().any(|c| c.depth == depth && (c.first..c.end).contains(&step))
        };
        for call in model.calls.iter().filter(|call| call.depth > 0) {
            assert!(nested(call.depth - 1, call.first), "{call:?} has a caller");
        }
        assert!(model.calls.len() <= (CELLS_MAX * model.depth) as usize);
    }
    let segments = overview(story, session.text());
    assert_eq!((segments[0].place.0, segments.last().unwrap().place.1), (0, 1000));
    assert!(segments.windows(2).all(|pair| pair[0].place.1 == pair[1].place.0));
}

#[test]
fn the_recorded_opening_is_what_the_emulator_makes_of_it() {
    let (mut recorded, mut made) = (Story::recorded(&OPENING, DIGEST), Story::of(FIRST));
    assert_eq!(recorded.title(), made.title());
    assert_eq!(recorded.note(), made.note());
    assert_eq!(recorded.digest(), made.digest());
    assert_eq!(recorded.acts(), made.acts());
    for at in [made.opening(), made.steps()] {
        recorded.seek(at);
        made.seek(at);
        assert_eq!(recorded.run().state(), made.run().state(), "after {at} steps");
    }
}
