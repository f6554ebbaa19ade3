//! Processes as lanes, their VMAs under the file pages they map: addresses, clipped part, and what each page's entry holds.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Entry, Level, Pte, PteFlags};
use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::{Event, MmId, PageKind, VmFlags, Vma, VmaId, World};

use crate::model::axis::Axis;
use crate::model::lanes_fold::{self, Plan};
use crate::model::lanes_note;
use crate::model::stage_now::Now;

/// What one page's entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellState {
    /// No table at this level: the descent ends above.
    NoTable(Level),
    /// An empty slot.
    Empty,
    /// Taken out by the walk, about to be put back.
    TakenOut,
    /// Neither empty nor present.
    NonPresent,
    /// Present.
    Present(Marks),
}

/// The marks of a present entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Writable.
    pub w: bool,
    /// Dirty.
    pub d: bool,
    /// Saved dirty.
    pub v: bool,
    /// No `struct page` behind it.
    pub s: bool,
    /// A private copy, not the file's page.
    pub copy: bool,
}

impl Marks {
    /// The marks of a page-table word.
    #[must_use]
    pub fn of(flags: PteFlags, kernel: &Kernel, copy: bool) -> Self {
        Self {
            w: flags.contains(PteFlags::RW),
            d: flags.contains(PteFlags::DIRTY),
            v: kernel.saved_dirty && flags.contains(PteFlags::SAVED_DIRTY),
            s: flags.contains(PteFlags::SPECIAL),
            copy,
        }
    }
}

/// One page of one VMA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneCell {
    /// Page offset in the file.
    pub page: u64,
    /// Left edge.
    pub x: f32,
    /// What its entry holds.
    pub state: CellState,
    /// Inside the walked range.
    pub asked: bool,
    /// The step is about it.
    pub now: bool,
}

/// How a VMA's row looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneLook {
    /// The walk is in it.
    Now,
    /// Part of the walk, or no walk is on.
    Plain,
    /// Not part of the walk.
    Aside,
}

/// A note beside a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The words.
    pub text: String,
    /// Where it starts, or ends.
    pub x: f32,
    /// True if it ends at `x`.
    pub ends: bool,
}

/// One VMA.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneRow {
    /// Identity, for patching.
    pub id: u32,
    /// Its label.
    pub label: String,
    /// First address.
    pub address: String,
    /// Top of its box.
    pub y: f32,
    /// Height of its box.
    pub height: f32,
    /// Left and right edge of its box.
    pub bar: (f32, f32),
    /// Left and right edge of what the walk clips it to.
    pub clip: Option<(f32, f32)>,
    /// How it looks.
    pub look: LaneLook,
    /// Private: its writes never reach the file.
    pub private: bool,
    /// Pages with a column.
    pub cells: Vec<LaneCell>,
    /// Left edge and width of each break it crosses.
    pub breaks: Vec<(f32, f32)>,
    /// What is to be said of it.
    pub note: Option<Note>,
    /// Name of the process, if the row stands for its header too.
    pub process: Option<String>,
    /// What lies between the VMA above and this one: `2.0 MiB on`.
    pub gap: Option<String>,
    /// The VMA above ends where this one begins.
    pub adjacent: bool,
}

/// A process's header.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneHead {
    /// Identity, for patching.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What is to be said of it.
    pub note: String,
    /// Where its rule runs.
    pub rule: f32,
    /// Base line of its name; `None`: its first row names it.
    pub base: Option<f32>,
}

/// Rows that found no room.
#[derive(Clone, Debug, PartialEq)]
pub struct LaneFold {
    /// Middle of the line.
    pub y: f32,
    /// How many, in words.
    pub text: String,
    /// Where each of them stands on the axis: left and right edge.
    pub bars: Vec<(f32, f32)>,
}

/// All lanes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lanes {
    /// Processes.
    pub heads: Vec<LaneHead>,
    /// VMAs.
    pub rows: Vec<LaneRow>,
    /// What was folded.
    pub fold: Option<LaneFold>,
    /// Where the picture ends.
    pub bottom: f32,
}

/// Room for the lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LanesRoom {
    /// The first process's rule.
    pub top: f32,
    /// Height.
    pub height: f32,
    /// Where notes may go to on the right.
    pub right: f32,
}

impl Lanes {
    /// The lanes of the file on show at the cursor.
    #[must_use]
    pub fn new(now: &Now<'_>, axis: &Axis, room: LanesRoom) -> Self {
        let plan = lanes_fold::plan(now, room.height);
        let mut lanes = Self::default();
        let mut y = room.top;
        for process in &plan.processes {
            y = lanes.add_process(now, axis, &plan, process, room, y);
        }
        if !plan.folded.is_empty() {
            lanes.fold = Some(fold(now, axis, &plan, y + plan.pitch * 0.5));
            y += plan.pitch;
        }
        lanes.bottom = y;
        lanes
    }

    fn add_process(
        &mut self,
        now: &Now<'_>,
        axis: &Axis,
        plan: &Plan,
        process: &(MmId, Vec<VmaId>),
        room: LanesRoom,
        top: f32,
    ) -> f32 {
        let (mm, vmas) = process;
        let name = now.process(*mm).to_owned();
        let base = (!plan.merged).then_some(top + plan.head - 7.0);
        let note = lanes_note::process(now, *mm);
        self.heads.push(LaneHead { id: mm.0, name: name.clone(), note, rule: top, base });
        let mut y = top + if plan.merged { plan.head } else { plan.head + 1.0 };
        let mut above: Option<&Vma> = None;
        for (at, id) in vmas.iter().enumerate() {
            let vma = now.world().vma(*id);
            let mut row = row(now, axis, *id, y, plan, room);
            row.process = (plan.merged && at == 0).then(|| name.clone());
            let gap = above.map(|above| vma.start.0.saturating_sub(above.end.0));
            row.adjacent = gap == Some(0);
            row.gap = gap.filter(|gap| *gap > 0 && plan.pitch >= 26.0).map(size_words);
            self.rows.push(row);
            above = Some(vma);
            y += plan.pitch;
        }
        y + plan.behind
    }

    /// The row of VMA `id`, if it is open.
    #[must_use]
    pub fn row(&self, id: u32) -> Option<&LaneRow> {
        self.rows.iter().find(|row| row.id == id)
    }
}

/// A length of address space in words.
#[must_use]
pub fn size_words(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut unit = 0;
    let mut tenths = bytes.saturating_mul(10) >> 10;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths >>= 10;
        unit += 1;
    }
    match tenths {
        tenths if tenths >= 100 || tenths.is_multiple_of(10) => {
            format!("{} {}", tenths / 10, UNITS[unit])
        }
        tenths => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
    }
}

fn row(now: &Now<'_>, axis: &Axis, id: VmaId, y: f32, plan: &Plan, room: LanesRoom) -> LaneRow {
    let vma = now.world().vma(id);
    let bar = (axis.x(vma.pgoff), axis.x(vma.last_pgoff() + 1));
    let met = now.walk.map(|walk| {
        let first = walk.first.max(vma.pgoff);
        (first, (walk.first + walk.nr).min(vma.last_pgoff() + 1))
    });
    let reached = |first: &(u64, u64)| first.0 < first.1 && !lanes_note::is_unreached(now, id);
    let clip = met.filter(reached).map(|(first, end)| (axis.x(first), axis.x(end)));
    let here = now.place.vma == Some(id) && now.place.mm == vma.mm;
    let look = match (here, now.walk.is_some(), clip.is_some()) {
        (true, ..) => LaneLook::Now,
        (false, true, false) => LaneLook::Aside,
        _ => LaneLook::Plain,
    };
    let note = lanes_note::row(now, id).and_then(|text| place_note(text, bar, axis, room));
    LaneRow {
        id: id.0,
        label: now.vma(id).to_owned(),
        address: vma.start.to_string(),
        y,
        height: plan.height,
        bar,
        clip,
        look,
        private: !vma.flags.contains(VmFlags::MAYSHARE),
        cells: cells(now, axis, id, vma),
        breaks: axis.breaks(vma.pgoff, vma.last_pgoff()).map(|s| (s.x, s.width)).collect(),
        note,
        process: None,
        gap: None,
        adjacent: false,
    }
}

/// Estimated width of a character of a note.
const CHAR: f32 = 5.6;

/// Right of the box if there is room, else left of its label, else nowhere.
fn place_note(text: String, bar: (f32, f32), axis: &Axis, room: LanesRoom) -> Option<Note> {
    #[expect(clippy::cast_precision_loss, reason = "a picture")]
    let width = text.chars().count() as f32 * CHAR;
    let right = bar.1 + 8.0;
    let left = bar.0 - 22.0;
    if right + width <= room.right {
        Some(Note { text, x: right, ends: false })
    } else if left - width >= axis.left() - 16.0 {
        Some(Note { text, x: left, ends: true })
    } else {
        None
    }
}

fn cells(now: &Now<'_>, axis: &Axis, id: VmaId, vma: &Vma) -> Vec<LaneCell> {
    let here = now.page().filter(|_| now.place.vma == Some(id) && now.place.mm == vma.mm);
    let columns = axis.columns(vma.pgoff, vma.last_pgoff());
    columns
        .map(|(page, x)| LaneCell {
            page,
            x,
            state: cell_state(now, vma, vma.address_of(page)),
            asked: now.walk.is_none_or(|walk| walk.asks_for(page)),
            now: here == Some(page),
        })
        .collect()
}

fn cell_state(now: &Now<'_>, vma: &Vma, addr: VirtAddr) -> CellState {
    let world = now.world();
    let Some(mm) = vma.mm else { return CellState::Empty };
    let slot = match world.pte_slot(mm, addr) {
        Ok(slot) => slot,
        Err((level, _)) => return CellState::NoTable(level),
    };
    let out = matches!(now.event, Some(Event::Xchg { slot: s, .. }) if s == slot);
    if out {
        return CellState::TakenOut;
    }
    let word = world.word(slot);
    match word.decode(Level::Pte) {
        Entry::None => CellState::Empty,
        Entry::NonPresent => CellState::NonPresent,
        Entry::Table(_) | Entry::Leaf(_) => {
            let copy = is_copy(world, word);
            CellState::Present(Marks::of(word.flags(), world.kernel(), copy))
        }
    }
}

/// True if the word maps a copy on write.
#[must_use]
pub fn is_copy(world: &World, word: Pte) -> bool {
    world.pfn_to_page(word.pfn()).is_some_and(|page| world.page(page).kind == PageKind::Anon)
}

fn fold(now: &Now<'_>, axis: &Axis, plan: &Plan, y: f32) -> LaneFold {
    let processes: std::collections::BTreeSet<_> =
        plan.folded.iter().filter_map(|vma| now.world().vma(*vma).mm).collect();
    let mut bars: Vec<(f32, f32)> = Vec::new();
    for id in &plan.folded {
        let vma = now.world().vma(*id);
        let bar = (axis.x(vma.pgoff), axis.x(vma.last_pgoff() + 1));
        if !bars.contains(&bar) && bars.len() < 32 {
            bars.push(bar);
        }
    }
    let (vmas, of) = (plan.folded.len(), processes.len());
    let plural =
        |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let text = format!(
        "{} more in {}",
        plural(vmas, "mapping", "mappings"),
        plural(of, "process", "processes")
    );
    LaneFold { y, text, bars }
}
