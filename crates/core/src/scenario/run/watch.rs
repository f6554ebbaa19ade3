//! Listens in on a run: counts its steps, bounds them, and keeps what `expect` and the remarks
//! ask about.

use crate::addr::VirtAddr;
use crate::machine::event::{FaultEnd, Flush, Reach, Verdict};
use crate::machine::sink::Intrusion;
use crate::machine::{Cell, Event, Func, MmId, Sink, Stop, VmaId};
use crate::scenario::run::intrusions::Intrusions;

/// A VMA that a walk met.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visit {
    pub(super) vma: VmaId,
    pub(super) verdict: Verdict,
    /// The flush behind it, with its pages.
    pub(super) flush: Option<(Flush, Reach, u64)>,
}

/// Passes everything on to `sink`.
pub(super) struct Watch<'a> {
    // Chosen at run time: all that runs is compiled once, for this type, whatever listens.
    sink: &'a mut dyn Sink,
    steps_max: u32,
    pub(super) steps: u32,
    /// Since the statement began: VMAs met by a walk, in order.
    pub(super) visits: Vec<Visit>,
    /// Likewise: VMAs made or moved, and the step.
    pub(super) changed: Vec<(VmaId, u32)>,
    /// Likewise: VMAs gone, and the step.
    pub(super) gone: Vec<(VmaId, u32)>,
    /// Likewise: TLB flushes.
    pub(super) flushes: u64,
    /// Likewise: CPUs interrupted to flush.
    pub(super) ipis: u64,
    /// Likewise: entries zapped, and entries exchanged.
    pub(super) zapped: u64,
    pub(super) exchanged: u64,
    /// The VMA whose filter was asked last, until its range is clipped.
    asked: Option<VmaId>,
    /// Other CPUs' accesses during the statement.
    pub(super) intrusions: Intrusions,
}

impl<'a> Watch<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, steps: u32, steps_max: u32) -> Self {
        let (visits, changed, gone) = (Vec::new(), Vec::new(), Vec::new());
        let (flushes, ipis, zapped, exchanged) = (0, 0, 0, 0);
        let (asked, intrusions) = (None, Intrusions::default());
        Self {
            sink,
            steps_max,
            steps,
            visits,
            changed,
            gone,
            flushes,
            ipis,
            zapped,
            exchanged,
            asked,
            intrusions,
        }
    }

    /// Forgets what the last statement did.
    pub(super) fn begin_statement(&mut self) {
        self.visits.clear();
        self.changed.clear();
        self.gone.clear();
        (self.flushes, self.ipis, self.zapped, self.exchanged) = (0, 0, 0, 0);
        self.intrusions = Intrusions::default();
    }

    /// Keeps what is asked about. Out of line: most steps have nothing of it.
    #[inline(never)]
    fn heed(&mut self, event: &Event) {
        match *event {
            Event::Filter { vma, verdict } => {
                self.visits.push(Visit { vma, verdict, flush: None });
                self.asked = Some(vma);
            }
            // A zap asks no filter.
            Event::Clip { vma, .. } if self.asked.take() != Some(vma) => {
                self.visits.push(Visit { vma, verdict: Verdict::Walk, flush: None });
            }
            Event::Flush { flush, reach, start, end, .. } => {
                self.flushed(flush, reach, start, end);
            }
            Event::FlushOmitted { start, .. } => {
                self.flushed(Flush::Nothing, Reach::None, start, start)
            }
            Event::Ipi { .. } => self.ipis += 1,
            Event::VmaChange { vma } => self.changed.push((vma, self.steps)),
            Event::VmaGone { vma } => self.gone.push((vma, self.steps)),
            _ => {}
        }
    }

    fn flushed(&mut self, flush: Flush, reach: Reach, start: VirtAddr, end: VirtAddr) {
        self.flushes += u64::from(reach != Reach::None);
        // A copy on write that another CPU makes meanwhile is not the walk's.
        if let Some(visit) = self.visits.last_mut().filter(|_| !self.intrusions.is_inside()) {
            visit.flush = Some((flush, reach, end.pages_since(start)));
        }
    }
}

impl Sink for Watch<'_> {
    #[inline]
    fn event(&mut self, event: &Event) -> Result<(), Stop> {
        if self.steps >= self.steps_max {
            return Err(Stop::Steps);
        }
        self.sink.event(event)?;
        match event {
            Event::Zap { .. } => self.zapped += 1,
            Event::Xchg { .. } => self.exchanged += 1,
            Event::Lock { .. } | Event::Unlock { .. } | Event::Downgrade { .. } => {
                self.intrusions.step(event);
            }
            Event::Filter { .. }
            | Event::Clip { .. }
            | Event::Flush { .. }
            | Event::FlushOmitted { .. }
            | Event::Ipi { .. }
            | Event::VmaChange { .. }
            | Event::VmaGone { .. } => self.heed(event),
            _ => {}
        }
        self.steps += 1;
        Ok(())
    }

    #[inline]
    fn delta(&mut self, cell: Cell, old: u64, new: u64) {
        self.sink.delta(cell, old, new);
    }

    #[inline]
    fn enter(&mut self, func: Func, args: [u64; 2]) {
        self.sink.enter(func, args);
    }

    #[inline]
    fn exit(&mut self) {
        self.sink.exit();
    }

    fn intrusion(&mut self, mm: MmId, start: VirtAddr, end: VirtAddr) -> Option<Intrusion> {
        self.intrusions.next(mm, start, end)
    }

    fn intruded(&mut self, end: Option<(u32, FaultEnd)>) {
        self.intrusions.done(end);
    }
}
