//! A claim put to the test: verdict, comparison in small, and what belongs to this claim alone.

use std::rc::Rc;

use rangewalk_core::compare::argument::{Claim, Keeps, Verdict, keeps};
use rangewalk_core::compare::counter::LockKind;
use rangewalk_core::compare::profile::Profile;
use rangewalk_core::compare::shared::{percent, shared};
use rangewalk_core::compare::{Count, tally};
use rangewalk_core::kernel::Kernel;
use rangewalk_core::link::{self, Link};
use rangewalk_core::machine::Func;
use rangewalk_core::scenario::{Scenario, parse};

use crate::clock::Playback;
use crate::command::View;
use crate::compare::Bench;
use crate::model::compare::CompareModel;
use crate::model::compare::lane::LaneModel;
use crate::model::compare::score::{Part, ScoreRow};

/// What a claim's small scoreboard tells.
const TOLD: [Count; 6] = [
    Count::TreeQueries,
    Count::Descents,
    Count::Slots,
    Count::Flushes,
    Count::DirtLost,
    Count::Steps,
];
/// An icicle this wide holds all steps.
pub const WHOLE: u32 = 1000;

/// A claim, and what came of it as soon as that is worked out.
#[derive(Clone)]
pub struct ClaimModel {
    /// What was said.
    pub claim: &'static Claim,
    /// What came of it.
    pub tested: Option<Rc<Tested>>,
}

impl PartialEq for ClaimModel {
    fn eq(&self, other: &Self) -> bool {
        self.claim.name == other.claim.name && self.tested == other.tested
    }
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Tested {
    /// In words, with the figures.
    pub verdict: Verdict,
    /// The lanes behind their jobs, where there is a comparison.
    pub lanes: Vec<Rc<LaneModel>>,
    /// A few of their counts.
    pub rows: Vec<Rc<ScoreRow>>,
    /// Which functions any two lanes share.
    pub sharing: Option<Sharing>,
    /// Where steps fall, callers above callees.
    pub icicle: Vec<Bar>,
    /// What the locks keep still.
    pub locks: Vec<Keeps>,
    /// The scenario as a link's fragment, and the view that shows it best.
    pub link: Option<(View, String)>,
}

/// For every pair of lanes the functions both run, and what share of the row's steps they drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sharing {
    /// The lanes' words.
    pub names: Vec<&'static str>,
    /// Row by row.
    pub pairs: Vec<Vec<Pair>>,
}

/// One way beside another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Percent of the row's steps that shared functions drive.
    pub percent: u64,
    /// Their names.
    pub functions: Vec<&'static str>,
    /// How many functions the row runs.
    pub of: u64,
}

/// A call of an icicle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Calls above it.
    pub depth: u32,
    /// Where it begins and ends on a scale from 0 to [`WHOLE`].
    pub place: (u32, u32),
    /// The function.
    pub name: &'static str,
    /// Its steps with those of what it calls, in percent of all.
    pub percent: u64,
    /// It belongs to what fork and exit are made of.
    pub stressed: bool,
}

/// Works a claim out.
#[must_use]
pub fn tested(claim: &Claim) -> Tested {
    let (scenario, _) = parse(claim.scenario);
    let bench = Bench::new(&scenario);
    let model = bench.map(|mut bench| {
        bench.picked = None;
        behind_the_job(&mut bench);
        (CompareModel::new(&bench, &Playback::default()), sharing(&bench, scenario.kernel()))
    });
    let is_told = |row: &&Rc<ScoreRow>| {
        row.part == Part::Job && TOLD.iter().any(|count| count.name() == row.name)
    };
    let (lanes, rows, sharing) = match model {
        Some((model, sharing)) => {
            let rows = model.rows.iter().filter(is_told).map(ends).collect();
            (model.lanes, rows, (claim.name == "sharing").then_some(sharing))
        }
        None => (Vec::new(), Vec::new(), None),
    };
    let view = if lanes.is_empty() { View::Stage } else { View::Compare };
    Tested {
        verdict: claim.verdict(),
        icicle: if lanes.is_empty() { icicle(&scenario) } else { Vec::new() },
        locks: if claim.name == "locking" { locks() } else { Vec::new() },
        link: fragment(claim.scenario, scenario.kernel()).map(|fragment| (view, fragment)),
        lanes,
        rows,
        sharing,
    }
}

/// The row without what is counted so far: the job is done.
fn ends(row: &Rc<ScoreRow>) -> Rc<ScoreRow> {
    let mut row = ScoreRow::clone(row);
    row.figures.iter_mut().for_each(|figure| figure.now.clear());
    Rc::new(row)
}

/// Moves each lane to where its job is done.
fn behind_the_job(bench: &mut Bench) {
    for lane in &mut bench.comparison.lanes {
        lane.run.timeline.seek(lane.job_end);
    }
}

fn fragment(text: &str, kernel: &'static Kernel) -> Option<String> {
    link::encode(&Link { text: text.to_owned(), place: None, kernel, digest: None }).ok()
}

fn locks() -> Vec<Keeps> {
    LockKind::ALL.into_iter().filter_map(keeps).collect()
}

fn sharing(bench: &Bench, kernel: &Kernel) -> Sharing {
    let lanes = &bench.comparison.lanes;
    let pair = |one: &Profile, other: &Profile| {
        let both = shared(one, other);
        Pair {
            percent: both.percent_under(),
            functions: both.functions.iter().map(|func| func.symbol_in(kernel)).collect(),
            of: both.of_functions,
        }
    };
    Sharing {
        names: lanes.iter().map(|lane| lane.strategy.name()).collect(),
        pairs: lanes
            .iter()
            .map(|one| lanes.iter().map(|it| pair(&one.job.profile, &it.job.profile)).collect())
            .collect(),
    }
}

/// All calls of a run as an icicle: what is too narrow to be seen is left out.
fn icicle(scenario: &Scenario) -> Vec<Bar> {
    let profile = tally(scenario).profile;
    let calls = profile.calls();
    let all = profile.total().max(1);
    // With what they call: callees stand behind their callers.
    let mut whole: Vec<u64> = calls.iter().map(|call| call.steps).collect();
    for at in (1..calls.len()).rev() {
        whole[calls[at].caller as usize] += whole[at];
    }
    let mille = |steps: u64| u32::try_from(steps * u64::from(WHOLE) / all).unwrap_or(WHOLE);
    // Where the next callee of each call begins, in steps.
    let mut next = vec![0u64; calls.len()];
    let mut depth = vec![0u32; calls.len()];
    let mut stressed = vec![false; calls.len()];
    let mut bars = Vec::new();
    for (at, call) in calls.iter().enumerate().skip(1) {
        let caller = call.caller as usize;
        let Some(func) = call.func else { continue };
        let first = next[caller];
        next[caller] += whole[at];
        next[at] = first;
        depth[at] = depth[caller] + u32::from(caller != 0);
        stressed[at] = stressed[caller] || is_hot(func);
        let place = (mille(first), mille(first + whole[at]));
        if place.1 > place.0 {
            bars.push(Bar {
                depth: depth[at],
                place,
                name: func.symbol_in(scenario.kernel()),
                percent: percent(whole[at], all),
                stressed: stressed[at],
            });
        }
    }
    bars
}

fn is_hot(func: Func) -> bool {
    matches!(func, Func::CopyPageRange | Func::UnmapPageRange)
}
