//! The picture of one step: everything the stage draws, in the page's words and in picture units.

use rangewalk_core::machine::FileKind;
use rangewalk_core::scenario::Run;

use crate::model::axis::{Axis, Stretch};
use crate::model::counters::{Counters, Ledger};
use crate::model::entry::EntryPanel;
use crate::model::held::Held;
use crate::model::lanes::Lanes;
use crate::model::sentence::{Sentence, count_words};
use crate::model::stack::Stack;
use crate::model::stage_index::StageIndex;
pub use crate::model::stage_measures::StageForm;
use crate::model::stage_measures::{EMBED_RISER, EMBED_TAG, TablesAt};
use crate::model::stage_now::Now;
use crate::model::stage_number::between;
use crate::model::stage_thread::{self, ThreadPath};
use crate::model::tables::Tables;
use crate::model::tlbs::Tlbs;
use crate::model::tree::{Tree, text_width};

/// A number on the file strip.
#[derive(Clone, Debug, PartialEq)]
pub struct PageNumber {
    /// The page.
    pub page: u64,
    /// Middle of the number.
    pub x: f32,
    /// Inside the walked range.
    pub asked: bool,
    /// It is wider than its page.
    pub wide: bool,
}

/// A page on the file strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageCell {
    /// The page.
    pub page: u64,
    /// Left edge.
    pub x: f32,
    /// Inside the walked range.
    pub asked: bool,
    /// In the page cache. A device buffer's pages are always there.
    pub cached: bool,
}

/// A break in the file strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    /// Left edge.
    pub x: f32,
    /// Width.
    pub width: f32,
    /// How many pages it stands for.
    pub pages: u64,
    /// The same in few characters.
    pub text: String,
}

/// The walked range on the axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// Left and right edge.
    pub x: (f32, f32),
    /// `wp first 5, nr 9`.
    pub text: String,
}

/// The file strip.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// The file's name.
    pub file: String,
    /// `shmem · 24 pages · one i_mmap for all its mappings`.
    pub about: String,
    /// Width of a page.
    pub cell: f32,
    /// Pages with a column.
    pub cells: Vec<PageCell>,
    /// Numbers that find room.
    pub numbers: Vec<PageNumber>,
    /// Breaks.
    pub breaks: Vec<Break>,
    /// The walked range.
    pub band: Option<Band>,
    /// Left edge of the page that the step is about.
    pub now: Option<(u64, f32)>,
    /// The bitmap of `clean`: recorded pages with a column, left edges.
    pub recorded: Vec<f32>,
}

/// Everything that the stage draws.
#[derive(Clone, Debug, PartialEq)]
pub struct StageModel {
    /// Which form it is laid out for.
    pub form: StageForm,
    /// Steps done.
    pub at: u32,
    /// The file.
    pub strip: Strip,
    /// Its interval tree; `None` in the forms that have no room for it.
    pub tree: Option<Tree>,
    /// Processes and their VMAs.
    pub lanes: Lanes,
    /// What CPUs have cached, where there is room for it.
    pub tlbs: Option<Tlbs>,
    /// Page tables of the process at hand.
    pub tables: Tables,
    /// The entry in hand.
    pub entry: EntryPanel,
    /// The thread.
    pub thread: Vec<ThreadPath>,
    /// Call stack.
    pub stack: Stack,
    /// Locks and what is pending.
    pub held: Held,
    /// Counters.
    pub counters: Counters,
    /// In words.
    pub sentence: Sentence,
    /// Height of the picture with the axis.
    pub height: f32,
}

/// The picture of the cursor of `run`, of which `index` was made.
#[must_use]
pub fn stage(run: &Run, index: &StageIndex, form: StageForm) -> StageModel {
    let now = Now::new(run, index);
    let measures = form.measures();
    let axis = axis(&now, form);
    let tree = measures.tree.map(|room| Tree::new(&now, &axis, room));
    let tree_bottom = tree.as_ref().map(|tree| tree.bottom);
    let lanes = Lanes::new(&now, &axis, measures.lanes_room(tree_bottom));
    let below = (lanes.bottom, measures.lanes_bottom);
    let tlbs = tree.as_ref().and_then(|_| Tlbs::new(&now, &axis, below));
    let tables = Tables::new(&now);
    let thread = match &tree {
        Some(tree) if measures.has_tables => {
            let at = TablesAt::of(tables.columns.len());
            stage_thread::thread(tree, &lanes, &tables, at)
        }
        _ if form == StageForm::Embed => {
            stage_thread::to_descent(&lanes, &tables, EMBED_RISER, EMBED_TAG)
        }
        _ => Vec::new(),
    };
    let (before, after) = Ledger::read(&now);
    StageModel {
        form,
        at: run.timeline.at(),
        strip: strip(&now, &axis, form),
        height: tlbs.as_ref().map_or(lanes.bottom, |tlbs| tlbs.bottom) + 4.0,
        tree,
        tlbs,
        tables,
        entry: EntryPanel::new(&now),
        thread,
        stack: Stack::new(&now),
        held: Held::new(&now, &after),
        counters: Counters::new(&now, &before, &after),
        sentence: Sentence::new(&now),
        lanes,
    }
}

fn axis(now: &Now<'_>, form: StageForm) -> Axis {
    let spec = form.measures().axis;
    let Some(file) = now.file() else { return Axis::new(spec, 24, &[], &[], None) };
    // Mappings may reach behind the end of the file.
    let ends = now.world().vmas().filter(|(_, vma)| vma.mapping() == Some(file));
    let last = ends.map(|(_, vma)| vma.last_pgoff() + 1).max().unwrap_or(0);
    let pages = now.world().mapping(file).pages.max(last);
    let (ranges, borders) = (now.index.ranges(file), now.index.borders(file));
    Axis::new(spec, pages, &ranges, borders, now.page())
}

fn strip(now: &Now<'_>, axis: &Axis, form: StageForm) -> Strip {
    let file = now.file();
    let space = file.map(|file| now.world().mapping(file));
    let asked = |page| now.walk.is_none_or(|walk| walk.asks_for(page));
    let cached = |page| space.is_some_and(|s| s.kind.is_device() || s.page(page).is_some());
    let cells: Vec<PageCell> = axis
        .columns(0, axis.pages)
        .map(|(page, x)| PageCell { page, x, asked: asked(page), cached: cached(page) })
        .collect();
    let here = now.page().and_then(|page| axis.column(page).map(|x| (page, x)));
    Strip {
        file: file.map_or_else(String::new, |file| now.file_name(file).to_owned()),
        about: about(now, form),
        cell: axis.cell,
        numbers: numbers(now, axis, here.map(|(page, _)| page), form),
        breaks: breaks(axis),
        band: band(now, axis),
        now: here,
        recorded: recorded(now, axis),
        cells,
    }
}

fn about(now: &Now<'_>, form: StageForm) -> String {
    let Some(file) = now.file() else { return "no file".to_owned() };
    let space = now.world().mapping(file);
    let kind = match space.kind {
        FileKind::Shmem => "shared memory",
        FileKind::Ext4 => "ext4 file, write-notify",
        FileKind::DevPagetable { .. } => "device buffer, dirt in the page tables",
        FileKind::DevMkwrite { .. } => "device buffer, dirt by pfn_mkwrite",
        FileKind::Vmwgfx { .. } => "vmwgfx buffer, dirt by whichever way pays",
    };
    let pages = count_words(space.pages, "page", "pages");
    if form == StageForm::Phone {
        return format!("{}, {pages}", kind.split(',').next().unwrap_or(kind));
    }
    let others = now.world().mappings().count() - 1;
    let one = match others {
        0 => "one i_mmap for all its mappings".to_owned(),
        1 => "its own i_mmap; 1 other file".to_owned(),
        n => format!("its own i_mmap; {n} other files"),
    };
    format!("{kind} · {pages} · {one}")
}

fn band(now: &Now<'_>, axis: &Axis) -> Option<Band> {
    let walk = now.walk.filter(|walk| walk.nr > 0)?;
    let x = (axis.x(walk.first), axis.x(walk.first + walk.nr));
    let text = format!("{} first {}, nr {}", walk.kind.name(), walk.first, walk.nr);
    Some(Band { x, text })
}

/// Pages that `clean` has recorded in the bitmap so far.
fn recorded(now: &Now<'_>, axis: &Axis) -> Vec<f32> {
    let pages = || {
        let walk = now.walk?;
        let (bit, vma, addr) = walk.first_bit?;
        let base = now.page_at(vma, addr)?.checked_sub(bit)?;
        Some((base, &now.world().mapping(walk.mapping).bitmap))
    };
    let Some((base, bitmap)) = pages() else { return Vec::new() };
    let set = |page: u64| {
        let bit = page.checked_sub(base)?;
        let word = bitmap.words.get(usize::try_from(bit / 64).ok()?)?;
        Some(word >> (bit % 64) & 1 == 1)
    };
    let columns = axis.columns(0, axis.pages);
    columns.filter(|(page, _)| set(*page) == Some(true)).map(|(_, x)| x).collect()
}

fn breaks(axis: &Axis) -> Vec<Break> {
    let skips = axis.segments.iter().filter(|s| s.stretch == Stretch::Skip);
    skips
        .map(|s| {
            let pages = s.end - s.first;
            Break { x: s.x, width: s.width, pages, text: short_count(pages) }
        })
        .collect()
}

/// A count in at most five characters.
fn short_count(n: u64) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{}k", n / 1000),
        _ => format!("{}M", n / 1_000_000),
    }
}

/// The numbers that find room: where the walk is, the ends of the range, the ends of each stretch,
/// then, on a screen, the rest.
fn numbers(now: &Now<'_>, axis: &Axis, here: Option<u64>, form: StageForm) -> Vec<PageNumber> {
    let range = now.walk.filter(|w| w.nr > 0).map(|w| [w.first, w.last()]);
    let ends = axis.segments.iter().filter(|s| s.stretch == Stretch::Cells);
    let ends = ends.flat_map(|s| [s.first, s.end - 1]);
    let rest = axis.columns(0, axis.pages).map(|(page, _)| page);
    let width = text_width(&axis.pages.to_string()) + 3.0;
    let apart = [1u8, 2, 5, 10].into_iter().find(|n| width <= axis.cell * f32::from(*n));
    let apart = u64::from(apart.unwrap_or(20));
    let plain = form == StageForm::Full && !axis.is_broken();
    let rest = rest.filter(|page| plain && page.is_multiple_of(apart));
    let mut taken: Vec<(f32, f32)> = Vec::new();
    for gap in breaks(axis) {
        let (middle, half) = (gap.x + gap.width / 2.0, text_width(&gap.text) / 2.0);
        taken.push((middle - half, middle + half));
    }
    let mut numbers: Vec<PageNumber> = Vec::new();
    for page in here.into_iter().chain(range.into_iter().flatten()).chain(ends).chain(rest) {
        let Some(left) = axis.column(page) else { continue };
        let half = text_width(&page.to_string()) / 2.0;
        let limits = (axis.left() + half - 4.0, axis.right() - half + 4.0);
        let x = between(left + axis.cell / 2.0, limits.0, limits.1);
        let free = taken.iter().all(|(from, to)| x + half + 1.0 <= *from || *to <= x - half - 1.0);
        if free {
            taken.push((x - half, x + half));
            let asked = now.walk.is_none_or(|walk| walk.asks_for(page));
            numbers.push(PageNumber { page, x, asked, wide: 2.0 * half > axis.cell - 1.0 });
        }
    }
    numbers
}
