//! The user that the helpers were written for: a story about a vmwgfx buffer, frame by frame. What
//! was drawn, what the driver found, by which method, and what that cost.
//!
//! A frame is what is drawn, and then one submission of commands: a `vmw scan`, and the transfers
//! behind it.

use std::ops::Range;

use crate::compare::count::Score;
use crate::compare::meter::Meter;
use crate::machine::address_space::DirtyMethod;
use crate::machine::event::Access;
use crate::machine::{Event, FileKind, Func, MappingId, MmId, World};
use crate::scenario::ast::Scenario;
use crate::scenario::vmw::VmwSetting;
use crate::scenario::{Run, run};
use crate::trace::Tape;

/// What happened to a page in a frame: one bit each.
pub mod heat {
    /// A process stored to it.
    pub const STORED: u8 = 1;
    /// The driver was told of it by a fault.
    pub const FAULTED: u8 = 2;
    /// The driver handed it to the device.
    pub const REPORTED: u8 = 4;
}

/// The story that comes with Rangewalk: sparse, dense, idle, and sparse again.
pub const STORY: &str = include_str!("../../../../scenarios/film/frames.txt");

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its steps, drawing first.
    pub steps: Range<u32>,
    /// The step with which the submission begins.
    pub submit: u32,
    /// What drawing took, faults included.
    pub drawing: Score,
    /// What the submission took.
    pub submission: Score,
    /// The method in use when it began.
    pub method: DirtyMethod,
    /// The method that the driver went over to, if it did.
    pub switch: Option<DirtyMethod>,
    /// Pages stored to.
    pub stored: u64,
    /// Pages that faults told of.
    pub faulted: u64,
    /// Pages handed to the device.
    pub reported: u64,
}

impl Frame {
    /// Drawing and submission.
    #[must_use]
    pub fn score(&self) -> Score {
        self.drawing.plus(&self.submission)
    }
}

/// All frames of a buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    /// The buffer.
    pub mapping: MappingId,
    /// Its pages.
    pub pages: u64,
    /// In order.
    pub frames: Vec<Frame>,
    /// For each frame, for each page: bits of [`heat`]. Frame after frame.
    heat: Vec<u8>,
}

impl Film {
    /// Of a run's first vmwgfx buffer. `None`: there is none, or nothing scans it.
    #[must_use]
    pub fn of(run: &Run) -> Option<Self> {
        let world = run.timeline.world();
        let buffers = world.mappings();
        let mut buffers = buffers.filter(|(_, file)| matches!(file.kind, FileKind::Vmwgfx { .. }));
        let (mapping, file) = buffers.next()?;
        let tape = run.timeline.tape();
        let cuts = cuts(tape);
        let mut film = Self { mapping, pages: file.pages, frames: Vec::new(), heat: Vec::new() };
        let mut meter = Meter::default();
        let (mut from, mut method) = (cuts.first()?.0, DirtyMethod::Untracked);
        // What precedes the first frame: the buffer's making.
        let begin = first_access(tape).unwrap_or(0).min(from);
        for step in 0..begin {
            method = method_after(tape.event(step), mapping).unwrap_or(method);
        }
        from = begin;
        for (submit, end) in cuts {
            method = film.frame(tape, world, &mut meter, (from, submit, end), method);
            from = end;
        }
        Some(film)
    }

    /// What happened to a page in a frame: bits of [`heat`].
    #[must_use]
    pub fn heat(&self, frame: usize, page: u64) -> u8 {
        let pages = usize::try_from(self.pages).unwrap_or(usize::MAX);
        let page = usize::try_from(page).ok().filter(|page| *page < pages);
        page.and_then(|page| self.heat.get(frame * pages + page)).copied().unwrap_or(0)
    }

    /// All frames together.
    #[must_use]
    pub fn score(&self) -> Score {
        self.frames.iter().fold(Score::default(), |sum, frame| sum.plus(&frame.score()))
    }

    /// Frames in which the driver changed its method, and to which.
    pub fn switches(&self) -> impl Iterator<Item = (usize, DirtyMethod)> + '_ {
        let frames = self.frames.iter().enumerate();
        frames.filter_map(|(at, frame)| Some((at, frame.switch?)))
    }

    /// One more frame. Returns the method in use behind it.
    fn frame(
        &mut self,
        tape: &Tape,
        world: &World,
        meter: &mut Meter,
        (from, submit, end): (u32, u32, u32),
        method: DirtyMethod,
    ) -> DirtyMethod {
        let pages = usize::try_from(self.pages).expect("a buffer fits the host");
        let mut heat = vec![0; pages];
        let mut mark = |first: u64, nr: u64, bit: u8| {
            for page in first..first + nr {
                if let Some(seen) = usize::try_from(page).ok().and_then(|at| heat.get_mut(at)) {
                    *seen |= bit;
                }
            }
        };
        let (mut now, mut scores) = (method, [*meter.score(); 3]);
        for step in from..end {
            if step == submit {
                scores[1] = *meter.score();
            }
            let event = tape.event(step);
            meter.event(&event);
            now = method_after(event, self.mapping).unwrap_or(now);
            match event {
                Event::Access { mm, access: Access::Store, addr, .. } => {
                    if let Some(page) = page_at(world, mm, addr, self.mapping) {
                        mark(page, 1, heat::STORED);
                    }
                }
                Event::Mkwrite { mapping, pgoff } if mapping == self.mapping => {
                    mark(pgoff, 1, heat::FAULTED);
                }
                Event::DirtyTransfer { mapping, first, nr } if mapping == self.mapping => {
                    mark(first, nr, heat::REPORTED);
                }
                _ => {}
            }
        }
        scores[2] = *meter.score();
        let count = |bit: u8| heat.iter().filter(|seen| **seen & bit != 0).count() as u64;
        self.frames.push(Frame {
            steps: from..end,
            submit,
            drawing: scores[1].minus(&scores[0]),
            submission: scores[2].minus(&scores[1]),
            method,
            switch: (now != method).then_some(now),
            stored: count(heat::STORED),
            faulted: count(heat::FAULTED),
            reported: count(heat::REPORTED),
        });
        self.heat.append(&mut heat);
        now
    }
}

/// For each submission, its first step and the first behind it.
fn cuts(tape: &Tape) -> Vec<(u32, u32)> {
    let mut cuts: Vec<(u32, u32)> = Vec::new();
    for frame in tape.frames() {
        match frame.func {
            Func::VmwBoDirtyScan => cuts.push((statement_of(tape, frame.enter), frame.exit)),
            Func::VmwBoDirtyTransferToRes => {
                if let Some((_, end)) = cuts.last_mut() {
                    *end = frame.exit.max(*end);
                }
            }
            _ => {}
        }
    }
    cuts
}

/// The step that begins the statement in which `step` would be the next.
fn statement_of(tape: &Tape, step: u32) -> u32 {
    let is_statement = |at: &u32| matches!(tape.event(*at), Event::Statement { .. });
    (0..step).rev().find(is_statement).unwrap_or(step)
}

fn first_access(tape: &Tape) -> Option<u32> {
    let access = |event: &Event| matches!(event, Event::Access { .. });
    let at = tape.events().iter().position(access).and_then(|at| u32::try_from(at).ok())?;
    Some(statement_of(tape, at))
}

fn method_after(event: Event, mapping: MappingId) -> Option<DirtyMethod> {
    match event {
        Event::DirtyMethod { mapping: of, method } if of == mapping => Some(method),
        _ => None,
    }
}

/// The page of the buffer that a process has there; a story about a buffer leaves its mappings be.
fn page_at(
    world: &World,
    mm: MmId,
    addr: crate::addr::VirtAddr,
    mapping: MappingId,
) -> Option<u64> {
    let mut vmas = world.vmas().map(|(_, vma)| vma);
    let vma = vmas.find(|vma| vma.mm == Some(mm) && vma.contains(addr))?;
    (vma.mapping() == Some(mapping)).then(|| vma.pgoff_of(addr))
}

/// The story as the driver would have it with these settings: what it says itself of them is left
/// out.
#[must_use]
pub fn with_settings(scenario: &Scenario, settings: &[VmwSetting]) -> Option<Film> {
    let mut scenario = scenario.clone();
    scenario.replace_settings(settings);
    Film::of(&run(&scenario))
}

/// What each way of tracking makes of a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Takes {
    /// The driver decides, as the story has it.
    pub either: Film,
    /// It always scans page tables.
    pub pagetable: Film,
    /// It always waits for faults.
    pub mkwrite: Film,
}

/// The story three times: as it is, and with each method alone.
#[must_use]
pub fn takes(scenario: &Scenario) -> Option<Takes> {
    let only = |method| with_settings(scenario, &[VmwSetting::Only(method)]);
    Some(Takes {
        either: Film::of(&run(scenario))?,
        pagetable: only(DirtyMethod::Pagetable)?,
        mkwrite: only(DirtyMethod::Mkwrite)?,
    })
}
