//! What is said where a scenario compares nothing, and the text that would compare something.

use std::rc::Rc;

use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::FileKind;
use rangewalk_core::scenario::ast::{Beside, FileId, Op, Pages};
use rangewalk_core::scenario::strategy::Strategy;
use rangewalk_core::scenario::{Scenario, Statement};

/// The line that would compare something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// `compare data 5+9 wp mkclean zap`.
    pub line: String,
    /// What it does, in words.
    pub what: String,
    /// The whole text with it.
    pub text: Rc<str>,
}

/// The empty state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmptyModel {
    /// `None`: there is no file to compare anything on.
    pub offer: Option<Offer>,
}

impl EmptyModel {
    /// For this scenario, read from this text.
    #[must_use]
    pub fn new(scenario: &Scenario, text: &str) -> Self {
        Self { offer: offer(scenario, text) }
    }
}

/// In the place of the first walk, with that walk as its first lane; else at the end.
fn offer(scenario: &Scenario, text: &str) -> Option<Offer> {
    let walk = scenario.statements.iter().find_map(|it| Some((it, job_of(it)?)));
    let file = |id: FileId| scenario.files.get(id.0 as usize);
    if let Some((statement, (id, pages, own))) = walk {
        let line = line(&file(id)?.name, pages, &lanes(own, file(id)?.kind, scenario.kernel()));
        let at = (statement.line as usize).checked_sub(1)?;
        let lines = text.lines().enumerate();
        let lines = lines.map(|(n, old)| if n == at { line.as_str() } else { old });
        let text = lines.collect::<Vec<_>>().join("\n") + "\n";
        let what = format!("It takes the place of line {}, whose walk is its first lane.", at + 1);
        return Some(Offer { line, what, text: text.into() });
    }
    let first = file(FileId(0))?;
    let pages = Pages { first: 0, count: first.pages.max(1) };
    let line = line(&first.name, pages, &lanes(Strategy::Wp, first.kind, scenario.kernel()));
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let text = format!("{text}{end}{line}\n");
    let what = "It is added as the last line.".to_owned();
    Some(Offer { line, what, text: text.into() })
}

/// What a walk's statement does, as a lane.
fn job_of(statement: &Statement) -> Option<(FileId, Pages, Strategy)> {
    match statement.op {
        Op::Wp(file, pages) => Some((file, pages, Strategy::Wp)),
        Op::Beside(Beside::Mkclean(file, pages)) => Some((file, pages, Strategy::Mkclean)),
        Op::Beside(Beside::Wrprotect(file, pages)) => Some((file, pages, Strategy::Wrprotect)),
        _ => None,
    }
}

/// Three ways, the own one first.
fn lanes(own: Strategy, kind: FileKind, kernel: &Kernel) -> Vec<Strategy> {
    let rmap = if kind.is_device() { Strategy::Wrprotect } else { Strategy::Mkclean };
    let mut lanes = vec![own];
    for other in [Strategy::Wp, rmap, Strategy::Zap] {
        let known = other != Strategy::Wrprotect || kernel.mapping_wrprotect_range;
        if known && !lanes.contains(&other) {
            lanes.push(other);
        }
    }
    lanes
}

fn line(file: &str, pages: Pages, lanes: &[Strategy]) -> String {
    let lanes: Vec<&str> = lanes.iter().map(|lane| lane.name()).collect();
    format!("compare {file} {}+{} {}", pages.first, pages.count, lanes.join(" "))
}
