//! Where the cursor stands, in the machine's terms: the walk, the VMA, the process, the address and
//! the entry of the step just done.

use std::ops::Range;

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::Level;
use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::event::Lock;
use rangewalk_core::machine::{Cell, Event, Func, MappingId, MmId, SlotId, TableId, VmaId, World};
use rangewalk_core::scenario::Run;
use rangewalk_core::trace::{Frame, Tape};

use crate::model::stage_index::{StageIndex, Visit, Walk};

/// What a step is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub mapping: Option<MappingId>,
    /// The process.
    pub mm: Option<MmId>,
    /// The VMA, also as a tree node.
    pub vma: Option<VmaId>,
    /// The page's address.
    pub addr: Option<VirtAddr>,
    /// The page-table entry.
    pub slot: Option<SlotId>,
    /// The level the descent has come to.
    pub level: Option<Level>,
}

/// The cursor of a run with all that is known about it.
#[derive(Clone, Debug)]
pub struct Now<'a> {
    /// The run.
    pub run: &'a Run,
    /// What does not change from step to step.
    pub index: &'a StageIndex,
    /// The step just done.
    pub step: Option<u32>,
    /// What it was.
    pub event: Option<Event>,
    /// Steps of its statement.
    pub statement: Range<u32>,
    /// Its call stack, outermost first.
    pub stack: Vec<Frame>,
    /// The walk of its statement.
    pub walk: Option<&'a Walk>,
    /// The VMA that the walk is in.
    pub visit: Option<&'a Visit>,
    /// What it is about.
    pub place: Place,
}

/// How far back to look for the entry that a lock or a record belongs to.
const LOOK_BACK: u32 = 32;

impl<'a> Now<'a> {
    /// The cursor of `run`.
    #[must_use]
    pub fn new(run: &'a Run, index: &'a StageIndex) -> Self {
        let tape = run.timeline.tape();
        let step = run.timeline.last_step();
        let at = step.unwrap_or(0);
        let statement = index.statement_of(at, tape.len());
        let walk = index.walk_in(&statement, at);
        let inside = walk.filter(|walk| walk.steps.contains(&at) && step.is_some());
        let visit = inside.and_then(|w| w.visits.iter().find(|visit| visit.steps.contains(&at)));
        let stack = step.map_or_else(Vec::new, |step| tape.stack_at(step));
        let stack = stack.into_iter().map(|frame| tape.frames()[frame as usize]).collect();
        let event = step.map(|step| tape.event(step));
        let place = Place::default();
        let mut now = Self { run, index, step, event, statement, stack, walk, visit, place };
        now.place = now.find_place();
        now
    }

    /// The machine as it is now.
    #[must_use]
    pub fn world(&self) -> &'a World {
        self.run.timeline.world()
    }

    /// The run's tape.
    #[must_use]
    pub fn tape(&self) -> &'a Tape {
        self.run.timeline.tape()
    }

    /// The emulated kernel.
    #[must_use]
    pub fn kernel(&self) -> &'static Kernel {
        self.world().kernel()
    }

    /// The step to come.
    #[must_use]
    pub fn next_event(&self) -> Option<Event> {
        self.run.timeline.next_step().map(|step| self.tape().event(step))
    }

    /// What a process is called.
    #[must_use]
    pub fn process(&self, mm: MmId) -> &'a str {
        self.run.names.process(mm)
    }

    /// What a VMA is called now; one that the step to come makes, what it will be called.
    #[must_use]
    pub fn vma(&self, vma: VmaId) -> &'a str {
        let step = self.step.unwrap_or(0);
        match self.run.names.vma(vma, step) {
            "?" => self.run.names.vma(vma, step + 1),
            name => name,
        }
    }

    /// What a file is called.
    #[must_use]
    pub fn file_name(&self, mapping: MappingId) -> &'a str {
        self.run.names.file(mapping)
    }

    /// The line of the scenario whose statement the step belongs to.
    #[must_use]
    pub fn line(&self) -> Option<u32> {
        let span = self
            .run
            .spans
            .iter()
            .find(|span| span.first == self.statement.start && span.end > span.first);
        span.map(|span| span.line)
    }

    /// True while the walk is under way: begun, and not yet returned.
    #[must_use]
    pub fn in_walk(&self) -> bool {
        self.step.is_some_and(|step| self.walk.is_some_and(|walk| walk.steps.contains(&step)))
    }

    /// The file on show.
    #[must_use]
    pub fn file(&self) -> Option<MappingId> {
        let around = || {
            let back = (0..self.step?).rev().take(LOOK_BACK as usize * 8);
            let ahead = self.statement.clone().take(LOOK_BACK as usize * 8);
            ahead.chain(back).find_map(|step| self.place_of(self.tape().event(step)).mapping)
        };
        let any = || self.world().mappings().next().map(|(mapping, _)| mapping);
        self.walk.map(|walk| walk.mapping).or(self.place.mapping).or_else(around).or_else(any)
    }

    /// The page of the file that the step is about.
    #[must_use]
    pub fn page(&self) -> Option<u64> {
        match self.event {
            Some(
                Event::CacheAdd { pgoff, .. }
                | Event::Readahead { pgoff, .. }
                | Event::ReadaheadMark { pgoff, .. }
                | Event::ReadPages { pgoff, .. }
                | Event::CacheDrop { pgoff, .. }
                | Event::FolioSplit { pgoff, .. }
                | Event::Mkwrite { pgoff, .. },
            ) => Some(pgoff),
            _ => self.page_at(self.place.vma?, self.place.addr?),
        }
    }

    /// The page of the file that `vma` maps at `addr`.
    #[must_use]
    pub fn page_at(&self, vma: VmaId, addr: VirtAddr) -> Option<u64> {
        let vma = self.world().vma(vma);
        vma.contains(addr).then(|| vma.pgoff_of(addr))
    }

    /// The VMA of `mm` at `addr`. The process need not exist: the step to come may name one that
    /// does not yet.
    #[must_use]
    pub fn vma_at(&self, mm: MmId, addr: VirtAddr) -> Option<VmaId> {
        if !self.world().is_alive(mm) {
            return None;
        }
        let vma = self.world().mm(mm).at_or_below(addr)?;
        self.world().vma(vma).contains(addr).then_some(vma)
    }

    fn find_place(&self) -> Place {
        let Some((step, event)) = self.step.zip(self.event) else { return Place::default() };
        let mut place = self.place_of(event);
        if let Some(visit) = self.visit {
            place.vma = place.vma.or(Some(visit.vma));
        }
        if leans_on_an_entry(event) && place.slot.is_none() {
            let from = step.saturating_sub(LOOK_BACK).max(self.statement.start);
            let before = (from..step).rev().map(|step| self.place_of(self.tape().event(step)));
            if let Some(found) = before.into_iter().find(|place| place.addr.is_some()) {
                place = Place { mapping: place.mapping.or(found.mapping), ..found };
            }
        }
        if let Some(vma) = place.vma {
            let vma = self.world().vma(vma);
            place.mm = place.mm.or(vma.mm);
            place.mapping = place.mapping.or(vma.mapping());
        }
        place
    }

    fn at(&self, mm: Option<MmId>, addr: VirtAddr) -> Place {
        let vma = mm.and_then(|mm| self.vma_at(mm, addr));
        let mapping = vma.and_then(|vma| self.world().vma(vma).mapping());
        Place { mm, vma, mapping, addr: Some(addr), ..Place::default() }
    }

    /// Whose memory a table maps, also a table that the step freed.
    fn owner(&self, slot: SlotId) -> Option<MmId> {
        self.table_owner(slot.table())
    }

    fn table_owner(&self, table: TableId) -> Option<MmId> {
        self.world().table(table).map(|table| table.mm)
    }

    fn entry(&self, slot: SlotId, addr: VirtAddr, level: Level) -> Place {
        let place = self.at(self.owner(slot), addr);
        Place { slot: Some(slot), level: Some(level), ..place }
    }

    /// What an event alone says of its place.
    #[must_use]
    pub fn place_of(&self, event: Event) -> Place {
        let node = |vma| Place { vma: Some(vma), ..Place::default() };
        let file = |mapping| Place { mapping: Some(mapping), ..Place::default() };
        let process = |mm| Place { mm: Some(mm), ..Place::default() };
        match event {
            Event::Lock { lock, .. } | Event::Unlock { lock, .. } | Event::Downgrade { lock } => {
                self.place_of_lock(lock)
            }
            Event::TreeQuery { mapping, .. }
            | Event::TreeEnd { mapping }
            | Event::CacheAdd { mapping, .. }
            | Event::Readahead { mapping, .. }
            | Event::ReadaheadMark { mapping, .. }
            | Event::ReadPages { mapping, .. }
            | Event::CacheDrop { mapping, .. }
            | Event::FolioSplit { mapping, .. }
            | Event::FileSize { mapping, .. }
            | Event::Record { mapping, .. }
            | Event::Mkwrite { mapping, .. }
            | Event::DirtyMethod { mapping, .. }
            | Event::DirtyTransfer { mapping, .. } => file(mapping),
            Event::TreeLook { node: vma, .. }
            | Event::TreeDescend { at: vma, .. }
            | Event::TreeLink { node: vma }
            | Event::TreeRotate { pivot: vma, .. }
            | Event::TreeColour { node: vma, .. }
            | Event::TreeErase { node: vma }
            | Event::TreeAugment { node: vma }
            | Event::Filter { vma, .. }
            | Event::Clip { vma, .. }
            | Event::VmaChange { vma }
            | Event::VmaFlags { vma }
            | Event::VmaDetach { vma }
            | Event::VmaGone { vma } => self.with_file(node(vma)),
            Event::NotifierStart { mm, .. }
            | Event::NotifierEnd { mm, .. }
            | Event::FlushPending { mm, .. }
            | Event::Flush { mm, .. }
            | Event::FlushOmitted { mm, .. }
            | Event::Ipi { mm, .. }
            | Event::SwitchMm { mm, .. }
            | Event::BatchFull { mm, .. }
            | Event::MmNew { mm }
            | Event::MmGone { mm } => process(mm),
            Event::Access { mm, addr, .. }
            | Event::TlbHit { mm, addr, .. }
            | Event::Fault { mm, addr, .. }
            | Event::FaultEnd { mm, addr, .. } => self.at(Some(mm), addr.page_down()),
            Event::Hole { level, addr, .. } => {
                let mm = self.visit.and_then(|visit| self.world().vma(visit.vma).mm);
                Place { level: Some(level), ..self.at(mm, addr) }
            }
            Event::Cow { addr, .. } => Place { addr: Some(addr), ..Place::default() },
            Event::TableAlloc { table, level, addr } => {
                Place { level: Some(level), ..self.at(self.table_owner(table), addr) }
            }
            Event::TableFree { level, addr, .. } => {
                Place { level: Some(level), addr: Some(addr), ..Place::default() }
            }
            Event::Descend { slot, addr, level, .. } => self.entry(slot, addr, level),
            Event::Move { to: slot, addr, .. } => {
                let level = self.world().table(slot.table()).map_or(Level::Pte, |t| t.level);
                self.entry(slot, addr, level)
            }
            _ => event
                .slot()
                .map_or_else(Place::default, |(slot, addr)| self.entry(slot, addr, Level::Pte)),
        }
    }

    /// Of what the lock protects.
    fn place_of_lock(&self, lock: Lock) -> Place {
        match lock {
            Lock::IMmap(mapping) => Place { mapping: Some(mapping), ..Place::default() },
            Lock::Mmap(mm) | Lock::PageTable(mm) => Place { mm: Some(mm), ..Place::default() },
            Lock::Vma(vma) => self.with_file(Place { vma: Some(vma), ..Place::default() }),
            Lock::Folio(_) | Lock::AnonVma(_) => Place::default(),
            Lock::Ptl(table) => Place { mm: self.table_owner(table), ..Place::default() },
        }
    }

    fn with_file(&self, place: Place) -> Place {
        // A step to come may name a VMA that does not exist yet.
        let vma = self.world().vmas().find(|(id, _)| Some(*id) == place.vma);
        Place { mapping: vma.and_then(|(_, vma)| vma.mapping()), ..place }
    }

    /// True inside of `mprotect`.
    pub(super) fn changes_protection(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.func == Func::ChangePteRange)
    }

    /// What the step wrote to `slot`: the word before and after.
    #[must_use]
    pub fn word_change(&self, step: u32, slot: SlotId) -> Option<(u64, u64)> {
        let mut words = self.tape().deltas(step).iter().filter(|d| d.cell == Cell::Word(slot));
        let first = words.next()?;
        Some((first.old, words.next_back().map_or(first.new, |last| last.new)))
    }
}

/// True for steps that belong to the entry of a step before them.
fn leans_on_an_entry(event: Event) -> bool {
    matches!(
        event,
        Event::Record { .. }
            | Event::PageDirty { .. }
            | Event::PageAccessed { .. }
            | Event::Mkwrite { .. }
            | Event::Cow { .. }
            | Event::CacheAdd { .. }
            | Event::Readahead { .. }
            | Event::ReadaheadMark { .. }
            | Event::ReadPages { .. }
            | Event::Lock { lock: Lock::Ptl(_), .. }
            | Event::Unlock { lock: Lock::Ptl(_), .. }
    )
}
