//! Which VMAs get a row of their own, and how high it is: as many as fit, the ones that the walk meets first.

use std::collections::BTreeMap;

use rangewalk_core::machine::{MmId, VmaId};

use crate::model::stage_now::Now;

/// How the lanes are laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Processes with the VMAs that have a row, in address order.
    pub processes: Vec<(MmId, Vec<VmaId>)>,
    /// VMAs without a row.
    pub folded: Vec<VmaId>,
    /// Distance of rows.
    pub pitch: f32,
    /// Height of a row's box.
    pub height: f32,
    /// Height of a process's header.
    pub head: f32,
    /// Room behind a process's last row.
    pub behind: f32,
    /// The first row names the process; there is no header.
    pub merged: bool,
}

/// A way to draw: pitch, box, header, room behind, merged.
type Style = (f32, f32, f32, f32, bool);

/// From roomy to tight.
const STYLES: [Style; 4] = [
    (28.0, 20.0, 22.0, 3.0, false),
    (24.0, 18.0, 19.0, 2.0, false),
    (24.0, 17.0, 4.0, 2.0, true),
    (20.0, 14.0, 3.0, 1.0, true),
];

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn units(count: usize) -> f32 {
    count as f32
}

/// Chooses rows for `height`.
#[must_use]
pub fn plan(now: &Now<'_>, height: f32) -> Plan {
    let all = all(now);
    let rows: usize = all.values().map(Vec::len).sum();
    let fits = |style: &&Style| need(all.len(), rows, **style) <= height;
    if let Some(style) = STYLES.iter().find(fits) {
        return make(all.into_iter().collect(), Vec::new(), *style);
    }
    let style = STYLES[STYLES.len() - 1];
    let mut order: Vec<(u32, MmId, VmaId)> = all
        .iter()
        .flat_map(|(mm, vmas)| vmas.iter().map(|vma| (rank(now, *vma), *mm, *vma)))
        .collect();
    order.sort_by_key(|(rank, ..)| *rank);
    let mut open: BTreeMap<MmId, Vec<VmaId>> = BTreeMap::new();
    let mut folded = Vec::new();
    let mut rows = 0;
    for (_, mm, vma) in order {
        let processes = open.len() + usize::from(!open.contains_key(&mm));
        // One row is kept for what is folded.
        if need(processes, rows + 2, style) <= height || rows == 0 {
            open.entry(mm).or_default().push(vma);
            rows += 1;
        } else {
            folded.push(vma);
        }
    }
    for vmas in open.values_mut() {
        vmas.sort_by_key(|vma| now.world().vma(*vma).start);
    }
    make(open.into_iter().collect(), folded, style)
}

fn need(processes: usize, rows: usize, style: Style) -> f32 {
    let (pitch, _, head, behind, _) = style;
    units(rows) * pitch + units(processes) * (head + behind + 1.0)
}

fn make(processes: Vec<(MmId, Vec<VmaId>)>, folded: Vec<VmaId>, style: Style) -> Plan {
    let (pitch, height, head, behind, merged) = style;
    Plan { processes, folded, pitch, height, head, behind, merged }
}

/// Every VMA of the file on show, by process, in address order.
fn all(now: &Now<'_>) -> BTreeMap<MmId, Vec<VmaId>> {
    let mut all: BTreeMap<MmId, Vec<VmaId>> = BTreeMap::new();
    let file = now.file();
    for (id, vma) in now.world().vmas() {
        if let (Some(mm), true) = (vma.mm, vma.mapping() == file) {
            all.entry(mm).or_default().push(id);
        }
    }
    for vmas in all.values_mut() {
        vmas.sort_by_key(|vma| now.world().vma(*vma).start);
    }
    all
}

/// The smaller, the sooner a VMA gets a row.
fn rank(now: &Now<'_>, id: VmaId) -> u32 {
    if now.place.vma == Some(id) {
        return 0;
    }
    let Some(walk) = now.walk else { return 1_000 };
    let step = now.step.unwrap_or(0);
    let here = walk.visits.partition_point(|visit| visit.steps.start <= step);
    match walk.visits.iter().position(|visit| visit.vma == id) {
        Some(at) if at >= here => 1 + 2 * u32::try_from(at - here).unwrap_or(400),
        Some(at) => 2 + 2 * u32::try_from(here - at).unwrap_or(400),
        None => 1_000,
    }
}
