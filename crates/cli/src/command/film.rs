//! `rangewalk film`: a story about a vmwgfx buffer, frame by frame, with both methods.

use std::path::PathBuf;

use rangewalk_core::compare::film::{Film, Takes, heat, takes, with_settings};
use rangewalk_core::compare::sweep::crossing::nanoseconds;
use rangewalk_core::compare::{Score, Weights};
use rangewalk_core::scenario::vmw::VmwSetting;

use crate::failure::{Failure, Verdict};
use crate::output::print;
use crate::source::Source;

/// Columns and rows of the heat strip.
const COLUMNS: u64 = 60;
const ROWS: usize = 24;

/// Tell a story about a vmwgfx buffer frame by frame: methods, costs, and what was written
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Scans in a row that are not yet enough to change the method
    #[arg(long)]
    scans: Option<u64>,
    /// Percentage of a scan that is not yet dense
    #[arg(long)]
    percent: Option<u64>,
    /// The scenario, which has a vmwgfx buffer that is scanned; `-` is standard input
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let source = Source::load(&arguments.file)?;
    let scenario = source.understood()?;
    let Some(mut takes) = takes(&scenario) else {
        return Err(Failure::at(arguments.file.display(), "no vmwgfx buffer is scanned in it")
            .hint("file NAME vmwgfx PAGES, vmw add NAME, vmw scan NAME"));
    };
    if arguments.scans.is_some() || arguments.percent.is_some() {
        let (scans, percent) = (arguments.scans.unwrap_or(2), arguments.percent.unwrap_or(10));
        let moved = with_settings(&scenario, &[VmwSetting::Thresholds(scans, percent)]);
        takes.either = moved.unwrap_or(takes.either);
    }
    print(&report(scenario.title().unwrap_or_default(), &takes))?;
    Ok(Verdict::Fine)
}

fn report(title: &str, takes: &Takes) -> String {
    let weights = Weights::default();
    let film = &takes.either;
    let mut out = format!("{title}\n\n");
    let frames = film.frames.len();
    out.push_str(&format!("{frames} frames of {} pages\n", film.pages));
    for (frame, method) in film.switches() {
        out.push_str(&format!("frame {frame:>4}: the driver goes over to {}\n", method.name()));
    }
    out.push_str("\nmean of frames  method     stored faulted reported     draw   submit\n");
    for (first, end) in scenes(film) {
        scene(film, first, end, &weights, &mut out);
    }
    out.push_str("\nall of it, drawing and submissions\n");
    let all =
        [("as it decides", film), ("pagetable", &takes.pagetable), ("mkwrite", &takes.mkwrite)];
    for (name, film) in all {
        out.push_str(&format!("  {name:14}{:>10}\n", nanoseconds(weights.ps(&film.score()))));
    }
    strip(film, &mut out);
    out
}

/// Frames that follow each other with one method and as many stores, as ranges.
fn scenes(film: &Film) -> Vec<(usize, usize)> {
    let mut scenes: Vec<(usize, usize)> = Vec::new();
    for (at, frame) in film.frames.iter().enumerate() {
        let same = scenes.last().is_some_and(|(first, _)| {
            let first = &film.frames[*first];
            (first.method, first.stored) == (frame.method, frame.stored)
        });
        match scenes.last_mut() {
            Some((_, end)) if same => *end = at + 1,
            _ => scenes.push((at, at + 1)),
        }
    }
    scenes
}

fn scene(film: &Film, first: usize, end: usize, weights: &Weights, out: &mut String) {
    let frames = &film.frames[first..end];
    let count = frames.len() as u64;
    let mean = |all: u64| (all + count / 2) / count;
    let cost = |part: fn(&rangewalk_core::compare::film::Frame) -> Score| {
        nanoseconds(mean(frames.iter().map(|frame| weights.ps(&part(frame))).sum()))
    };
    let sum = |number: fn(&rangewalk_core::compare::film::Frame) -> u64| {
        mean(frames.iter().map(number).sum())
    };
    out.push_str(&format!(
        "{:15} {:10} {:>6} {:>7} {:>8} {:>8} {:>8}\n",
        format!("{first} to {}", end - 1),
        frames[0].method.name(),
        sum(|frame| frame.stored),
        sum(|frame| frame.faulted),
        sum(|frame| frame.reported),
        cost(|frame| frame.drawing),
        cost(|frame| frame.submission),
    ));
}

/// Frames downwards, pages to the right: what was stored to, and what was only reported.
fn strip(film: &Film, out: &mut String) {
    out.push_str("\npages to the right, frames down\n");
    out.push_str("  # stored to, by a fault   + stored to   - only reported\n");
    let per_row = film.frames.len().div_ceil(ROWS).max(1);
    let columns = COLUMNS.min(film.pages);
    for first in (0..film.frames.len()).step_by(per_row) {
        let cell = |column: u64| {
            let pages = film.pages * column / columns..film.pages * (column + 1) / columns;
            let bits = pages.fold(0, |bits, page| bits | film.heat(first, page));
            match bits {
                bits if bits & heat::FAULTED != 0 => '#',
                bits if bits & heat::STORED != 0 => '+',
                bits if bits & heat::REPORTED != 0 => '-',
                _ => '.',
            }
        };
        let row: String = (0..columns).map(cell).collect();
        out.push_str(&format!("{first:>5}  {row}\n"));
    }
}
