//! One VMA's row: its box on the axis, its cells, and where its words find room.

use rangewalk_core::machine::{VmFlags, Vma, VmaId};

use crate::model::axis::{Axis, Stretch};
use crate::model::lanes::{
    CellState, LaneCell, LaneLook, LaneRow, LaneStyle, LanesRoom, Note, Outline,
};
use crate::model::lanes_cell::{slot_state, upper_state};
use crate::model::lanes_note;
use crate::model::stage_now::Now;

/// Estimated width of a character of a note.
const CHAR: f32 = 5.8;
/// Estimated width of a character of a label.
const LABEL_CHAR: f32 = 7.6;
/// Width of a digit of an address.
const DIGIT: f32 = 6.66;
/// Where addresses end if nothing is in their way.
const ADDRESS_END: f32 = 86.0;

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn width(text: &str, char: f32) -> f32 {
    text.chars().count() as f32 * char
}

fn starts(text: &str, x: f32) -> Note {
    Note { text: text.to_owned(), x, ends: false }
}

fn ends(text: &str, x: f32) -> Note {
    Note { text: text.to_owned(), x, ends: true }
}

/// The row of VMA `id`, not yet placed. `process`: the row is to name its process.
#[must_use]
pub(super) fn row(
    now: &Now<'_>,
    axis: &Axis,
    id: VmaId,
    process: Option<&str>,
    room: LanesRoom,
) -> LaneRow {
    let vma = now.world().vma(id);
    let outline = outline(axis, vma.pgoff, vma.last_pgoff() + 1);
    let bar = outline.ends;
    let clip = clip(now, axis, id, vma);
    let here = now.place.vma == Some(id) && now.place.mm == vma.mm;
    let look = match (here, now.walk.is_some(), clip.is_some()) {
        (true, ..) => LaneLook::Now,
        (false, true, false) => LaneLook::Aside,
        _ => LaneLook::Plain,
    };
    let name = now.vma(id);
    let inside = clip.as_ref().map(|clip| clip.ends.1);
    let words = words(now, id, name, process, (bar, inside), axis, room);
    let gutter = process.map_or(0.0, |process| width(process, LABEL_CHAR));
    let address = vma.start.to_string();
    let wide = width(&address, DIGIT);
    let end = ADDRESS_END.max(wide).min(words.label.x - width(name, LABEL_CHAR) - 3.0);
    let fits = process.is_none() || end - wide >= gutter;
    let shows_address = room.style == LaneStyle::Processes && fits;
    LaneRow {
        id: id.0,
        address: shows_address.then(|| ends(&address, end)),
        label: words.label,
        y: 0.0,
        height: 0.0,
        bar,
        outline,
        clip,
        look,
        private: !vma.flags.contains(VmFlags::MAYSHARE),
        cells: cells(now, axis, id, vma),
        note: words.note,
        process: words.process,
        gap: None,
        adjacent: false,
    }
}

/// The part that the walk asks for, unless it never comes here.
fn clip(now: &Now<'_>, axis: &Axis, id: VmaId, vma: &Vma) -> Option<Outline> {
    let walk = now.walk?;
    let first = walk.first.max(vma.pgoff);
    let end = (walk.first + walk.nr).min(vma.last_pgoff() + 1);
    let reached = first < end && !lanes_note::is_unreached(now, id);
    reached.then(|| outline(axis, first, end))
}

/// Least width of a box: one that lies inside a break must still be seen.
const BOX_MIN: f32 = 5.0;

fn outline(axis: &Axis, first: u64, end: u64) -> Outline {
    let ends = (axis.x(first), axis.x(end).max(axis.x(first) + BOX_MIN));
    let (mut solid, mut broken) = (Vec::new(), Vec::new());
    for segment in axis.segments.iter().filter(|s| s.first < end && first < s.end) {
        let part = (segment.x.max(ends.0), (segment.x + segment.width).min(ends.1));
        match segment.stretch {
            Stretch::Cells => solid.push(part),
            Stretch::Skip => broken.push(part),
        }
    }
    Outline { ends, solid, broken }
}

struct RowWords {
    label: Note,
    process: Option<Note>,
    note: Option<Note>,
}

fn words(
    now: &Now<'_>,
    id: VmaId,
    name: &str,
    process: Option<&str>,
    (bar, inside): ((f32, f32), Option<f32>),
    axis: &Axis,
    room: LanesRoom,
) -> RowWords {
    let mm = now.world().vma(id).mm.map_or("", |mm| now.process(mm));
    match room.style {
        LaneStyle::Processes => {
            let label = ends(name, bar.0 - 7.0);
            let note = lanes_note::row(now, id);
            let left = label.x - width(name, LABEL_CHAR) - 4.0;
            let note = note
                .and_then(|text| beside(&text, bar.1 + 8.0, left, axis, room))
                .or_else(|| within(lanes_note::short(now, id)?, inside?, bar.1));
            RowWords { label, process: process.map(|name| starts(name, 0.0)), note }
        }
        LaneStyle::Column => {
            let fits = width(name, LABEL_CHAR) + width(mm, CHAR) <= axis.left() - 8.0;
            let at = 4.0 + width(name, LABEL_CHAR) + 6.0;
            let note = lanes_note::short(now, id);
            let note = note.and_then(|text| beside(text, bar.1 + 5.0, bar.0 - 5.0, axis, room));
            let process = fits.then(|| starts(mm, at));
            RowWords { label: starts(name, 2.5), process, note }
        }
        LaneStyle::Beside => {
            let short = lanes_note::short(now, id).filter(|note| *note != "done");
            let own = if name.contains(mm) { name.to_owned() } else { format!("{name} {mm}") };
            let text = short.map_or_else(|| own.clone(), |note| format!("{own} {note}"));
            let label = beside(&text, bar.1 + 4.0, bar.0 - 4.0, axis, room)
                .or_else(|| beside(&own, bar.1 + 4.0, bar.0 - 4.0, axis, room));
            // A box over the whole width carries its name inside, on its first break or cell.
            let label = label.unwrap_or_else(|| starts(name, bar.0 + 3.0));
            RowWords { label, process: None, note: None }
        }
    }
}

/// From `right` on if there is room, else up to `left`, else nowhere.
fn beside(text: &str, right: f32, left: f32, axis: &Axis, room: LanesRoom) -> Option<Note> {
    let width = width(text, CHAR);
    if right + width <= room.right {
        Some(starts(text, right))
    } else if left - width >= axis.left() - 16.0 {
        Some(ends(text, left))
    } else {
        None
    }
}

/// Behind the walked part, inside of the box.
fn within(text: &str, clip_end: f32, bar_end: f32) -> Option<Note> {
    let x = clip_end + 5.0;
    (x + width(text, CHAR) + 4.0 <= bar_end).then(|| starts(text, x))
}

fn cells(now: &Now<'_>, axis: &Axis, id: VmaId, vma: &Vma) -> Vec<LaneCell> {
    let here = now.page().filter(|_| now.place.vma == Some(id) && now.place.mm == vma.mm);
    let state = |page| {
        let slot = vma.mm.map(|mm| now.world().pte_slot(mm, vma.address_of(page)));
        match slot {
            Some(Ok(slot)) => slot_state(now, slot),
            Some(Err((level, slot))) => upper_state(now, level, slot),
            None => CellState::Empty,
        }
    };
    axis.columns(vma.pgoff, vma.last_pgoff())
        .map(|(page, x)| LaneCell {
            page,
            x,
            state: state(page),
            asked: now.walk.is_none_or(|walk| walk.asks_for(page)),
            now: here == Some(page),
        })
        .collect()
}
