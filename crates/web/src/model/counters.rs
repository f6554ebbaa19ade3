//! What the statement has cost so far, and what it holds: one pass over its steps up to the cursor.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::machine::event::{Flush, Lock, Mode, Reach};
use rangewalk_core::machine::{Event, MmId};

use crate::model::stage_index::WalkKind;
use crate::model::stage_now::Now;

/// Everything counted and held from the start of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// PTEs visited by a walk.
    pub entries: u32,
    /// PTEs changed.
    pub changed: u32,
    /// Entries above the PTEs read.
    pub upper: u32,
    /// Tree nodes looked at.
    pub nodes: u32,
    /// Rotations of the tree.
    pub rotations: u32,
    /// PTE locks taken.
    pub ptl: u32,
    /// Notifier pairs begun.
    pub notifiers: u32,
    /// Notifier pairs ended.
    pub notified: u32,
    /// TLB flushes.
    pub flushes: u32,
    /// Pages that they reached.
    pub flushed: u64,
    /// Flushes of a whole address space.
    pub full_flushes: u32,
    /// CPUs interrupted to flush too.
    pub ipis: u32,
    /// Loads and stores.
    pub accesses: u32,
    /// Page faults.
    pub faults: u32,
    /// Entries installed or copied.
    pub installed: u32,
    /// Entries zapped.
    pub zapped: u32,
    /// Entries that a zap spared.
    pub spared: u32,
    /// Page tables made.
    pub tables: u32,
    /// Page tables freed.
    pub tables_freed: u32,
    /// Pages that entered the page cache.
    pub cached: u32,
    /// Bits set in the bitmap.
    pub recorded: u32,
    /// Locks held now, in the order taken.
    pub locks: Vec<(Lock, Mode)>,
    /// The notifier range open now.
    pub open: Option<(MmId, VirtAddr, VirtAddr)>,
    /// `tlb_flush_pending` of the process whose flush is due.
    pub pending: Option<(MmId, u32)>,
    /// Changed and not yet flushed: first and last address.
    pub hull: Option<(VirtAddr, VirtAddr)>,
    /// Changed and not yet flushed: how many entries.
    pub stale: u32,
    /// The first few of them.
    pub stale_at: Vec<VirtAddr>,
}

/// How many stale addresses are remembered.
const STALE_KEPT: usize = 4;

impl Ledger {
    /// Everything up to the cursor, and up to the step before it.
    #[must_use]
    pub fn read(now: &Now<'_>) -> (Self, Self) {
        let mut ledger = Self::default();
        let Some(step) = now.step else { return (ledger.clone(), ledger) };
        let start = now.walk.map_or(now.statement.start, |walk| walk.steps.start.min(step));
        let events = &now.tape().events()[start as usize..step as usize];
        events.iter().for_each(|event| ledger.take(*event));
        let before = ledger.clone();
        ledger.take(now.tape().event(step));
        (before, ledger)
    }

    #[inline]
    fn take(&mut self, event: Event) {
        match event {
            Event::Slot { .. } => self.entries += 1,
            Event::Descend { .. } => self.upper += 1,
            Event::Xchg { addr, .. } => self.take_change(addr),
            Event::Lock { lock, mode } => self.take_lock(lock, mode),
            Event::Unlock { lock, .. } => {
                if let Some(at) = self.locks.iter().rposition(|(held, _)| *held == lock) {
                    self.locks.remove(at);
                }
            }
            Event::Downgrade { lock } => {
                if let Some(held) = self.locks.iter_mut().rfind(|(held, _)| *held == lock) {
                    held.1 = Mode::Read;
                }
            }
            Event::TreeLook { .. } | Event::TreeDescend { .. } => self.nodes += 1,
            Event::TreeRotate { .. } => self.rotations += 1,
            Event::Flush { flush, reach, start, end, .. } => {
                self.take_flush(flush, reach, start, end);
            }
            Event::NotifierStart { mm, start, end } => {
                self.notifiers += 1;
                self.open = Some((mm, start, end));
            }
            Event::NotifierEnd { .. } => {
                self.notified += 1;
                self.open = None;
            }
            Event::FlushPending { mm, pending } => {
                self.pending = (pending > 0).then_some((mm, pending));
            }
            Event::Ipi { .. } => self.ipis += 1,
            Event::Access { .. } => self.accesses += 1,
            Event::Fault { .. } => self.faults += 1,
            Event::Install { .. } | Event::Copy { .. } => self.installed += 1,
            Event::Zap { .. } => self.zapped += 1,
            Event::Keep { .. } => self.spared += 1,
            Event::TableAlloc { .. } => self.tables += 1,
            Event::TableFree { .. } => self.tables_freed += 1,
            Event::CacheAdd { .. } => self.cached += 1,
            Event::Record { .. } => self.recorded += 1,
            _ => {}
        }
    }

    fn take_change(&mut self, addr: VirtAddr) {
        self.changed += 1;
        self.stale += 1;
        if self.stale_at.len() < STALE_KEPT {
            self.stale_at.push(addr);
        }
        let (low, high) = self.hull.unwrap_or((addr, addr));
        self.hull = Some((low.min(addr), high.max(addr)));
    }

    fn take_lock(&mut self, lock: Lock, mode: Mode) {
        self.ptl += u32::from(matches!(lock, Lock::Ptl(_)));
        self.locks.push((lock, mode));
    }

    fn take_flush(&mut self, flush: Flush, reach: Reach, start: VirtAddr, end: VirtAddr) {
        if reach != Reach::None {
            self.flushes += 1;
            self.full_flushes += u32::from(reach == Reach::All);
            self.flushed += end.0.saturating_sub(start.0) >> 12;
        }
        if flush != Flush::Nothing {
            (self.hull, self.stale) = (None, 0);
            self.stale_at.clear();
        }
    }
}

/// One line of *So far*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// What is counted.
    pub name: &'static str,
    /// How many.
    pub value: String,
    /// The step just done changed it.
    pub hot: bool,
}

/// The counters on show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Lines.
    pub rows: Vec<Count>,
}

impl Counters {
    /// The lines for the statement at the cursor: always the same for a walk, else whatever is not
    /// zero.
    #[must_use]
    pub fn new(now: &Now<'_>, before: &Ledger, after: &Ledger) -> Self {
        let mut rows = if now.walk.is_some() { walk_rows(now) } else { other_rows() };
        if now.world().is_smp() {
            rows.push(("IPIs", |l| l.ipis.to_string()));
        }
        let rows = rows.iter().map(|(name, value)| {
            let text = value(after);
            Count { name, hot: text != value(before), value: text }
        });
        let keep = |row: &Count| now.walk.is_some() || row.value != "0";
        Self { rows: rows.filter(keep).collect() }
    }
}

type Row = (&'static str, fn(&Ledger) -> String);

fn walk_rows(now: &Now<'_>) -> Vec<Row> {
    let kind = now.walk.map(|walk| walk.kind);
    let clean = kind == Some(WalkKind::Clean);
    let mut rows: Vec<Row> = match kind {
        Some(WalkKind::Zap) => {
            vec![("entries zapped", |l| l.zapped.to_string()), ("spared", |l| l.spared.to_string())]
        }
        _ => vec![
            ("entries seen", |l| l.entries.to_string()),
            ("changed", |l| l.changed.to_string()),
        ],
    };
    if clean {
        rows.push(("bits recorded", |l| l.recorded.to_string()));
    }
    rows.extend::<[Row; 6]>([
        ("upper entries", |l| l.upper.to_string()),
        ("tree nodes", |l| l.nodes.to_string()),
        ("PTL taken", |l| l.ptl.to_string()),
        ("notifier pairs", notifier_pairs),
        ("TLB flushes", |l| l.flushes.to_string()),
        ("pages flushed", pages_flushed),
    ]);
    rows
}

fn notifier_pairs(ledger: &Ledger) -> String {
    match ledger.notifiers - ledger.notified {
        0 => ledger.notified.to_string(),
        open => format!("{} + {open}", ledger.notified),
    }
}

fn pages_flushed(ledger: &Ledger) -> String {
    if ledger.full_flushes > 0 { "all".to_owned() } else { ledger.flushed.to_string() }
}

fn other_rows() -> Vec<Row> {
    vec![
        ("accesses", |l| l.accesses.to_string()),
        ("faults", |l| l.faults.to_string()),
        ("pages cached", |l| l.cached.to_string()),
        ("tables made", |l| l.tables.to_string()),
        ("entries set", |l| l.installed.to_string()),
        ("entries zapped", |l| l.zapped.to_string()),
        ("tables freed", |l| l.tables_freed.to_string()),
        ("tree nodes", |l| l.nodes.to_string()),
        ("rotations", |l| l.rotations.to_string()),
        ("TLB flushes", |l| l.flushes.to_string()),
        ("pages flushed", pages_flushed),
    ]
}
