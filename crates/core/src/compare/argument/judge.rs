//! What each claim's test came to.

use crate::compare::argument::locks::{came_in_under, own_locks};
use crate::compare::argument::{Case, Figure, Holds, Verdict};
use crate::compare::count::Count;
use crate::compare::counter::{LockKind, Tally};
use crate::compare::ends::{Dirt, End, Fate};
use crate::compare::profile::Profile;
use crate::compare::shared::{percent, shared};
use crate::compare::sweep::Shape;
use crate::compare::{Lane, measure, tally};
use crate::machine::{Event, Func};
use crate::order::sort_by_key;
use crate::scenario::gallery::{Exhibit, exhibit};
use crate::scenario::parse;
use crate::scenario::strategy::{Axis, Strategy};

/// The figures of a verdict as they come up.
#[derive(Default)]
struct Figures(Vec<Figure>);

impl Figures {
    /// Notes a number, and gives it back.
    fn note(&mut self, what: impl Into<String>, value: u64) -> u64 {
        self.0.push(Figure { what: what.into(), value });
        value
    }

    /// A count of a lane's job.
    fn count(&mut self, lane: &Lane, count: Count) -> u64 {
        let what = format!("{}: {}", lane.strategy.name(), count.name());
        self.note(what, lane.job.score.get(count))
    }

    fn verdict(self, parts: &[bool], sentence: String) -> Option<Verdict> {
        Some(Verdict { holds: Holds::of(parts), figures: self.0, sentence })
    }
}

impl Case<'_> {
    /// A lane, if its scenario has it.
    fn lane(&self, strategy: Strategy) -> Option<&Lane> {
        self.comparison.as_ref()?.lanes.iter().find(|lane| lane.strategy == strategy)
    }
}

fn ends(lane: &Lane, wanted: impl Fn(&End) -> bool) -> u64 {
    lane.ends.iter().filter(|end| wanted(end)).count() as u64
}

pub(super) fn ranges(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let comparison = case.comparison.as_ref()?;
    let pages = figures.note("pages of the range", comparison.pages.count);
    let mappings = figures.note("mappings of it", comparison.ranges.len() as u64);
    let (wp, rmap) = (case.lane(Strategy::Wp)?, case.lane(Strategy::Mkclean)?);
    let queries = [wp, rmap].map(|lane| figures.count(lane, Count::TreeQueries));
    let descents = [wp, rmap].map(|lane| figures.count(lane, Count::Descents));
    let slots = [wp, rmap].map(|lane| figures.count(lane, Count::Slots));
    let per_descent = |lane: usize| slots[lane].checked_div(descents[lane]).unwrap_or(0);
    let parts = [
        queries[0] == 1 && queries[1] == pages,
        descents[0] == mappings && descents[1] == slots[1],
        per_descent(0) > per_descent(1),
    ];
    let sentence = format!(
        "For {pages} pages in {mappings} mappings the helper asks the tree {} and goes down to the \
         entries {}, {} slots each time. folio_mkclean asks {} and goes down {}, {} each time. So \
         it wants both, a lookup and ranges, and of its slots it reaches {} by going along.",
        times(queries[0]),
        times(descents[0]),
        per_descent(0),
        times(queries[1]),
        times(descents[1]),
        if per_descent(1) == 1 {
            "one slot".to_owned()
        } else {
            format!("{} slots", per_descent(1))
        },
        slots[0] - descents[0],
    );
    figures.verdict(&parts, sentence)
}

/// Steps spent in the functions of the interval tree, and all.
fn tree_steps(tally: &Tally) -> (u64, u64) {
    let tree = |func| matches!(func, Func::TreeIterFirst | Func::TreeIterNext);
    (tally.profile.under(tree), tally.score.get(Count::Steps))
}

pub(super) fn lookup(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let wp = case.lane(Strategy::Wp)?;
    let (tree, all) = tree_steps(&wp.job);
    figures.note("wp: steps in the tree", tree);
    figures.note("wp: all steps", all);
    let here = figures.note("percent in the tree", percent(tree, all));
    let shape = Shape::of(case.scenario)?;
    let (pages, mappings) = (shape.pages, shape.mappings);
    let at = |pages: u64, mappings: u64| {
        let turned = shape.clone().with(Axis::Pages, pages).with(Axis::Mappings, mappings);
        let measured = measure(&parse(&turned.text().ok()?).0);
        let wp = measured.iter().find(|lane| lane.strategy == Strategy::Wp)?;
        let (tree, all) = tree_steps(&wp.job);
        Some(percent(tree, all))
    };
    let one = figures.note("percent in the tree, 1 page", at(1, mappings)?);
    let many = figures.note("percent in the tree, 64 mappings", at(pages, 64)?);
    let few = (1..=pages).find(|pages| at(*pages, mappings).is_some_and(|share| share < 10));
    let few = figures.note("pages from which it is below 10 percent", few.unwrap_or(u64::MAX));
    let sentence = format!(
        "Of {all} steps over {pages} pages in {mappings} mappings, {tree} are in the tree: {here} \
         percent. With 64 mappings it is {many} percent, for the tree grows with the \
         mappings as the walk does. Only small ranges change that: {one} percent for one page, \
         below 10 percent from {few} pages on."
    );
    figures.verdict(&[here < 50, many < 50, one < 50], sentence)
}

pub(super) fn sharing(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let wp = case.lane(Strategy::Wp)?;
    let own = wp.job.profile.functions().count() as u64;
    figures.note("wp: functions", own);
    let in_file = |profile: &Profile, file: &str| {
        let functions = profile.functions().filter(|(func, _)| func.file() == file);
        functions.count() as u64
    };
    let generic =
        figures.note("of them in mm/pagewalk.c", in_file(&wp.job.profile, "mm/pagewalk.c"));
    let rmap_file = figures.note("of them in mm/rmap.c", in_file(&wp.job.profile, "mm/rmap.c"));
    let mut with = |strategy: Strategy| {
        let lane = case.lane(strategy)?;
        let shared = shared(&wp.job.profile, &lane.job.profile);
        let name = strategy.name();
        figures.note(format!("functions that {name} runs too"), shared.functions.len() as u64);
        let under = figures
            .note(format!("percent of wp's steps that they drive, {name}"), shared.percent_under());
        Some((shared.functions, under))
    };
    let walker = with(Strategy::Softclear)?;
    let rmap = with(Strategy::Mkclean)?;
    let zap = with(Strategy::Zap)?;
    let kernel = case.scenario.kernel();
    let names = |functions: &[Func]| {
        let names: Vec<&str> = functions.iter().map(|func| func.symbol_in(kernel)).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let parts = [
        walker.1 > rmap.1 && walker.1 > zap.1,
        walker.0.len() > rmap.0.len(),
        rmap_file == 0 && generic > 0,
    ];
    let sentence = format!(
        "Of the {own} functions that write-protecting runs, {generic} are the generic walker's and \
         {rmap_file} are rmap's. With clear_refs, another user of the walker, it shares {}: they \
         drive {} percent of its steps. With folio_mkclean it shares {} ({} percent), with \
         unmap_mapping_pages {} ({} percent).",
        names(&walker.0),
        walker.1,
        names(&rmap.0),
        rmap.1,
        names(&zap.0),
        zap.1,
    );
    figures.verdict(&parts, sentence)
}

/// Those events of a lane's job, up to the first return.
fn first_walk(lane: &Lane, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    let events = lane.run.timeline.tape().events();
    let walk = events.iter().take_while(|event| !matches!(event, Event::Return { .. }));
    walk.filter(|event| wanted(event)).copied().collect()
}

pub(super) fn closest(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let (keeps, zap) = (case.lane(Strategy::WpClean)?, case.lane(Strategy::Zap)?);
    let looks = |lane| first_walk(lane, |event| matches!(event, Event::TreeLook { .. }));
    let clips = |lane| first_walk(lane, |event| matches!(event, Event::Clip { .. }));
    let (look, clip) = (looks(keeps), clips(keeps));
    figures.note("tree nodes looked at by the helper", look.len() as u64);
    figures.note("VMAs clipped by the helper", clip.len() as u64);
    let (same_look, same_clip) = (look == looks(zap), clip == clips(zap));
    let gone = figures.note("zap: entries gone", ends(zap, |end| end.fate == Fate::Dropped));
    let lost = figures.count(zap, Count::DirtLost);
    let kept = figures.note("helpers: entries that stay", ends(keeps, |end| !end.word.is_none()));
    let recorded =
        figures.note("helpers: dirt recorded", ends(keeps, |end| end.dirt == Dirt::Recorded));
    let missing =
        figures.note("zap: missing faults after", zap.after.score.get(Count::MissingFaults));
    let protect =
        figures.note("helpers: write faults after", keeps.after.score.get(Count::WriteFaults));
    let alike = match (same_look, same_clip) {
        (true, true) => format!(
            "Both look at the same {} nodes of the tree, and clip the same {} VMAs in one order.",
            look.len(),
            clip.len()
        ),
        (true, false) => format!("Both look at the same {} nodes, but clip others.", look.len()),
        (false, _) => "They do not even look at the same nodes of the tree.".to_owned(),
    };
    let sentence = format!(
        "{alike} Then the zap takes {gone} entries away and forgets that {lost} pages were \
         written; the helpers leave {kept} entries, with the dirt of {recorded} recorded. The same \
         accesses then cost {missing} faults that bring entries back, against {protect} that make \
         them writable.",
    );
    figures.verdict(&[same_look, same_clip, gone > 0 && lost > 0 && kept > 0], sentence)
}

pub(super) fn hot(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let Tally { profile, .. } = tally(case.scenario);
    let all = figures.note("steps", profile.total());
    let mut share = |name: &str, funcs: &[Func]| {
        let steps = figures
            .note(format!("steps under {name}"), profile.under(|func| funcs.contains(&func)));
        percent(steps, all)
    };
    let copy = share("copy_page_range", &[Func::CopyPageRange]);
    let zap = share("the zap", &[Func::UnmapPageRange]);
    let faults = share("handle_mm_fault", &[Func::HandleMmFault]);
    let mut own: Vec<(u64, Func)> = profile.functions().map(|(func, own)| (own, func)).collect();
    sort_by_key(&mut own, |(steps, _)| u64::MAX - steps);
    let top: Vec<Func> = own.iter().take(5).map(|(_, func)| *func).collect();
    let place =
        |func: Func| own.iter().position(|(_, it)| *it == func).map_or(0, |at| at as u64 + 1);
    let copied = figures.note("place of copy_page_range", place(Func::CopyPageRange));
    let zapped = figures.note("place of zap_pte_range", place(Func::ZapPteRange));
    let sentence = format!(
        "Of {all} steps, {copy} percent copy page tables and {zap} percent take them down, beside \
         {faults} percent in faults. Among the {} functions, copy_page_range itself comes at place \
         {copied} and zap_pte_range at place {zapped}. A test more for each entry there is a test \
         more in every fork and exit.",
        own.len(),
    );
    let parts =
        [top.contains(&Func::CopyPageRange), top.contains(&Func::ZapPteRange), copy + zap > 20];
    figures.verdict(&parts, sentence)
}

pub(super) fn locking(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let lanes =
        [case.lane(Strategy::Wp)?, case.lane(Strategy::Mkclean)?, case.lane(Strategy::Softclear)?];
    let held = lanes.map(own_locks);
    let mut taken = |lane: usize, kind: LockKind| {
        let own = held[lane].iter().filter(|held| held.kind == kind);
        let what = format!("{}: {} taken", lanes[lane].strategy.name(), kind.name());
        figures.note(what, own.map(|held| held.times).sum())
    };
    let file = [0, 1, 2].map(|lane| taken(lane, LockKind::IMmap));
    let process = [0, 1, 2].map(|lane| taken(lane, LockKind::Mmap));
    let folio = taken(1, LockKind::Folio);
    let under = lanes.map(came_in_under);
    for (lane, under) in lanes.iter().zip(&under) {
        let what = format!("{}: the other CPU's store came in", lane.strategy.name());
        figures.note(what, u64::from(under.is_some()));
    }
    let came = |lane: usize| match &under[lane] {
        Some(_) => "comes in",
        None => "has to wait",
    };
    let sentence = format!(
        "The helper takes i_mmap_rwsem {} and mmap_lock {}. folio_mkclean takes i_mmap_rwsem {}, \
         each time under the lock of a folio, and mmap_lock {}. clear_refs takes i_mmap_rwsem {} \
         and mmap_lock {}, once a process. A store of another CPU that needs a fault, just before \
         the flush, {} while the helper is at work, {} while folio_mkclean is, {} while clear_refs \
         is.",
        times(file[0]),
        times(process[0]),
        times(file[1]),
        times(process[1]),
        times(file[2]),
        times(process[2]),
        came(0),
        came(1),
        came(2),
    );
    let parts = [
        file[0] == 1 && process[0] == 0,
        file[1] == folio && process[1] == 0,
        file[2] == 0 && process[2] > 0,
        under[0].is_some() && under[2].is_none(),
    ];
    figures.verdict(&parts, sentence)
}

pub(super) fn filter(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let lanes =
        [case.lane(Strategy::Wp)?, case.lane(Strategy::WpSkip)?, case.lane(Strategy::Mkclean)?];
    let missed = lanes.map(|lane| {
        let what = format!("{}: entries missed", lane.strategy.name());
        figures.note(what, ends(lane, |end| end.fate == Fate::Missed))
    });
    let changed = lanes.map(|lane| figures.count(lane, Count::Changed));
    let faults = [lanes[0], lanes[1]].map(|lane| lane.after.score.get(Count::WriteFaults));
    let unheard =
        figures.note("wp: stores after that nobody hears of", faults[1].saturating_sub(faults[0]));
    let ends_early = missed[0] > missed[1];
    let begin = if ends_early {
        "It is not: at the VMA that fails, the helper's walk ends."
    } else {
        "Here no VMA that fails hides another."
    };
    let mut sentence = format!(
        "{begin} The walk changes {} entries and misses {}; {unheard} stores behind it go unheard. \
         If it skipped, it would change {} and miss {}. rmap passes such a VMA over and misses {}.",
        changed[0], missed[0], changed[1], missed[1], missed[2],
    );
    for name in ["filter/read-only", "filter/private"] {
        let asked = exhibit(name).and_then(Exhibit::verdict);
        if let Some(asked) = asked.filter(|asked| asked.agrees && ends_early) {
            let linux = asked.linux;
            sentence.push_str(&format!(" A real Linux {linux}, asked by story {name}, ends too."));
        }
    }
    // The claim is the header's: that a miss skips.
    figures.verdict(&[!ends_early], sentence)
}

pub(super) fn answer(case: &Case<'_>) -> Option<Verdict> {
    let mut figures = Figures::default();
    let (helper, range, pages) = (
        case.lane(Strategy::WpClean)?,
        case.lane(Strategy::Wrprotect)?,
        case.lane(Strategy::WrprotectPages)?,
    );
    let queries = [helper, range, pages].map(|lane| figures.count(lane, Count::TreeQueries));
    let descents = [helper, range, pages].map(|lane| figures.count(lane, Count::Descents));
    let flushes = [helper, range, pages].map(|lane| figures.count(lane, Count::Flushes));
    let lost = [helper, range, pages].map(|lane| figures.count(lane, Count::DirtLost));
    let changed = figures.count(range, Count::Changed);
    let sentence = format!(
        "For frames in a row it asks the tree {} and goes down {}, where page by page it asks {} \
         and goes down {}: a range by rmap. It flushes {}, once for each of {changed} entries \
         under the PTL, where wp and clean flush {}. And it records nothing: {} pages are clean \
         and nobody knows that they were written, against {} with clean's bitmap.",
        times(queries[1]),
        times(descents[1]),
        times(queries[2]),
        times(descents[2]),
        times(flushes[1]),
        times(flushes[0]),
        lost[1],
        lost[0],
    );
    let parts = [queries[1] == 1 && queries[2] > 1, descents[1] < descents[2]];
    figures.verdict(&parts, sentence)
}

/// `once`, `3 times`.
fn times(number: u64) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        _ => format!("{number} times"),
    }
}
