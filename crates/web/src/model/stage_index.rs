//! What is known of a run before any step is shown: its statements and its walks, with the nodes
//! each looked at and the VMAs it visited. Built once a run, read at every step.

use std::ops::Range;

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::machine::event::{Flush, Lock, Look, Reach, Verdict};
use rangewalk_core::machine::{Event, Func, MappingId, VmaId};
use rangewalk_core::trace::{Frame, Timeline};

/// Who walks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WalkKind {
    /// `wp_shared_mapping_range`.
    Wp,
    /// `clean_record_shared_mapping_range`.
    Clean,
    /// `folio_mkclean`.
    Mkclean,
    /// `mapping_wrprotect_range`.
    Wrprotect,
    /// `unmap_mapping_range`, `unmap_mapping_pages`.
    Zap,
}

impl WalkKind {
    /// The verb of the scenario language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            WalkKind::Wp => "wp",
            WalkKind::Clean => "clean",
            WalkKind::Mkclean => "mkclean",
            WalkKind::Wrprotect => "wrprotect",
            WalkKind::Zap => "zap",
        }
    }
}

/// A look at a tree node, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The step.
    pub step: u32,
    /// The node.
    pub node: VmaId,
    /// What came of it.
    pub look: Look,
}

/// A VMA that the walk's filter was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Which.
    pub vma: VmaId,
    /// What the filter said.
    pub verdict: Verdict,
    /// From the filter to the next search.
    pub steps: Range<u32>,
    /// The part walked.
    pub clip: Option<(VirtAddr, VirtAddr)>,
    /// Entries that the walk changed in it.
    pub changed: u32,
    /// Where: the first few.
    pub changed_at: Vec<VirtAddr>,
    /// The flush behind it.
    pub flush: Option<Flushed>,
}

/// A TLB flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flushed {
    /// Why.
    pub flush: Flush,
    /// How much.
    pub reach: Reach,
    /// Length of the flushed range in pages.
    pub pages: u64,
}

/// One walk over a file's mappings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walk {
    /// Who walks.
    pub kind: WalkKind,
    /// Whose mappings.
    pub mapping: MappingId,
    /// First page asked for.
    pub first: u64,
    /// Number of pages asked for.
    pub nr: u64,
    /// Its steps.
    pub steps: Range<u32>,
    /// Looks at tree nodes, in order.
    pub looks: Vec<Seen>,
    /// Visits, in order.
    pub visits: Vec<Visit>,
    /// The first bit recorded, with the VMA and address whose page it stands for.
    pub first_bit: Option<(u64, VmaId, VirtAddr)>,
}

/// How many changed addresses a visit remembers.
const CHANGED_KEPT: usize = 4;

impl Walk {
    /// Last page asked for; with nothing asked for, the first.
    #[must_use]
    pub const fn last(&self) -> u64 {
        (self.first + self.nr).saturating_sub(1)
    }

    /// True if it asks for page `page`.
    #[must_use]
    pub const fn asks_for(&self, page: u64) -> bool {
        self.first <= page && page < self.first + self.nr
    }

    fn read(timeline: &Timeline, frame: &Frame) -> Option<Self> {
        let tape = timeline.tape();
        let kind = match frame.func {
            Func::WpSharedMappingRange => WalkKind::Wp,
            Func::CleanRecordSharedMappingRange => WalkKind::Clean,
            Func::FolioMkclean => WalkKind::Mkclean,
            Func::MappingWrprotectRange => WalkKind::Wrprotect,
            Func::UnmapMappingRange | Func::UnmapMappingPages => WalkKind::Zap,
            _ => return None,
        };
        let steps = frame.enter..frame.exit.min(tape.len());
        let mapping = steps.clone().find_map(|step| match tape.event(step) {
            Event::Lock { lock: Lock::IMmap(mapping), .. } | Event::TreeQuery { mapping, .. } => {
                Some(mapping)
            }
            _ => None,
        })?;
        let [first, mut nr] = frame.args;
        if kind == WalkKind::Zap && nr == 0 {
            // To the file's end.
            nr = timeline.world().mapping(mapping).pages.saturating_sub(first).max(1);
        }
        let (looks, visits) = (Vec::new(), Vec::new());
        let first_bit = None;
        let mut walk = Self { kind, mapping, first, nr, steps, looks, visits, first_bit };
        for step in walk.steps.clone() {
            walk.take(step, tape.event(step));
        }
        if let Some(visit) = walk.visits.last_mut() {
            visit.steps.end = visit.steps.end.min(walk.steps.end);
        }
        Some(walk)
    }

    fn visit(&mut self, step: u32, vma: VmaId, verdict: Verdict) {
        let (clip, changed, changed_at, flush) = (None, 0, Vec::new(), None);
        let steps = step..u32::MAX;
        self.visits.push(Visit { vma, verdict, steps, clip, changed, changed_at, flush });
    }

    fn take(&mut self, step: u32, event: Event) {
        match event {
            Event::TreeLook { node, look } => self.looks.push(Seen { step, node, look }),
            Event::Filter { vma, verdict } => self.visit(step, vma, verdict),
            // A zap asks no filter.
            Event::Clip { vma, .. } if self.kind == WalkKind::Zap => {
                self.visit(step, vma, Verdict::Walk);
            }
            _ => {}
        }
        let Some(visit) = self.visits.last_mut() else { return };
        match event {
            Event::TreeQuery { .. } | Event::TreeLook { .. } | Event::TreeEnd { .. } => {
                visit.steps.end = visit.steps.end.min(step);
            }
            Event::Clip { start, end, .. } => visit.clip = Some((start, end)),
            Event::Xchg { addr, .. } | Event::Zap { addr, .. } => {
                visit.changed += 1;
                if visit.changed_at.len() < CHANGED_KEPT {
                    visit.changed_at.push(addr);
                }
            }
            Event::Record { bit, .. } if self.first_bit.is_none() => {
                self.first_bit = visit.changed_at.last().map(|addr| (bit, visit.vma, *addr));
            }
            Event::Flush { flush, reach, start, end, .. } => {
                let pages = end.0.saturating_sub(start.0) >> 12;
                visit.flush = Some(Flushed { flush, reach, pages });
            }
            _ => {}
        }
    }
}

/// Everything of a run that no step changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StageIndex {
    /// First step of each statement.
    statements: Vec<u32>,
    walks: Vec<Walk>,
    /// For each file, the page offsets where its VMAs begin and end when the run is over.
    borders: Vec<Vec<u64>>,
}

impl StageIndex {
    /// Reads a run once. Its cursor should be at the end.
    #[must_use]
    pub fn new(timeline: &Timeline) -> Self {
        let tape = timeline.tape();
        let statements = (0u32..)
            .zip(tape.events())
            .filter(|(_, event)| matches!(event, Event::Statement { .. }))
            .map(|(step, _)| step)
            .collect();
        let walks = tape.frames().iter().filter_map(|frame| Walk::read(timeline, frame)).collect();
        let world = timeline.world();
        let borders = world.mappings().map(|(mapping, _)| borders(world, mapping)).collect();
        Self { statements, walks, borders }
    }

    /// The steps of the statement that `step` belongs to.
    #[must_use]
    pub fn statement_of(&self, step: u32, len: u32) -> Range<u32> {
        let behind = self.statements.partition_point(|first| *first <= step);
        let start = behind.checked_sub(1).map_or(0, |at| self.statements[at]);
        let end = self.statements.get(behind).copied().unwrap_or(len);
        start..end
    }

    /// The walk of the statement whose steps are `steps`: the last one begun by `step`, else its
    /// first.
    #[must_use]
    pub fn walk_in(&self, steps: &Range<u32>, step: u32) -> Option<&Walk> {
        let from = self.walks.partition_point(|walk| walk.steps.start < steps.start);
        let inside = self.walks[from..].iter().take_while(|walk| walk.steps.start < steps.end);
        let mut inside =
            inside.enumerate().take_while(|(n, walk)| *n == 0 || walk.steps.start <= step);
        let mut last = inside.next()?.1;
        for (_, walk) in inside {
            last = walk;
        }
        Some(last)
    }

    /// All walks, in order.
    #[must_use]
    pub fn walks(&self) -> &[Walk] {
        &self.walks
    }

    /// The ranges of `mapping` that are walked: first page, and first behind.
    #[must_use]
    pub fn ranges(&self, mapping: MappingId) -> Vec<(u64, u64)> {
        let walks = self.walks.iter().filter(|walk| walk.mapping == mapping && walk.nr > 0);
        let mut ranges: Vec<(u64, u64)> =
            walks.map(|walk| (walk.first, walk.first + walk.nr)).collect();
        ranges.dedup();
        ranges
    }

    /// Page offsets of `mapping` where a VMA begins or ends when the run is over.
    #[must_use]
    pub fn borders(&self, mapping: MappingId) -> &[u64] {
        self.borders.get(mapping.index()).map_or(&[], Vec::as_slice)
    }
}

/// Page offsets of `mapping` where a VMA begins or ends now.
fn borders(world: &rangewalk_core::machine::World, mapping: MappingId) -> Vec<u64> {
    let vmas = world.vmas().filter(|(_, vma)| vma.mapping() == Some(mapping));
    let mut borders: Vec<u64> =
        vmas.flat_map(|(_, vma)| [vma.pgoff, vma.last_pgoff() + 1]).collect();
    borders.sort_unstable();
    borders.dedup();
    borders
}
