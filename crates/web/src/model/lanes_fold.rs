//! Which VMAs get a row of their own, and how high it is: as many as fit, the ones that the walk meets first.

use std::collections::BTreeMap;

use rangewalk_core::machine::{MmId, VmaId};

use crate::model::lanes::{LaneStyle, LanesRoom};
use crate::model::stage_now::Now;

/// Rows under one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The process.
    pub mm: MmId,
    /// Its VMAs that have a row.
    pub vmas: Vec<VmaId>,
}

/// How the lanes are laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Groups from the top.
    pub groups: Vec<Group>,
    /// VMAs without a row.
    pub folded: Vec<VmaId>,
    /// Distance of rows.
    pub pitch: f32,
    /// Height of a row's box.
    pub height: f32,
    /// Height of a group's header.
    pub head: f32,
    /// Room behind a group's last row.
    pub behind: f32,
    /// The first row names the process; there is no header.
    pub merged: bool,
}

/// A way to draw.
#[derive(Clone, Copy, Debug)]
struct Way {
    pitch: f32,
    height: f32,
    head: f32,
    behind: f32,
    merged: bool,
}

const fn with_head(pitch: f32, height: f32, head: f32, behind: f32) -> Way {
    Way { pitch, height, head, behind, merged: false }
}

const fn merged(pitch: f32, height: f32, head: f32, behind: f32) -> Way {
    Way { pitch, height, head, behind, merged: true }
}

/// From roomy to tight.
const PROCESSES: [Way; 5] = [
    with_head(28.0, 20.0, 23.0, 3.0),
    with_head(24.0, 18.0, 20.0, 2.0),
    merged(24.0, 17.0, 5.0, 2.0),
    merged(20.0, 14.0, 4.0, 0.0),
    merged(17.0, 12.0, 3.0, 0.0),
];
const COLUMN: [Way; 4] = [
    merged(34.0, 22.0, 0.0, 0.0),
    merged(27.0, 19.0, 0.0, 0.0),
    merged(22.0, 16.0, 0.0, 0.0),
    merged(18.0, 13.0, 0.0, 0.0),
];
const BESIDE: [Way; 2] = [merged(21.5, 16.0, 0.0, 0.0), merged(19.0, 14.0, 0.0, 0.0)];

/// Room that the line of folded VMAs takes.
pub const FOLD_HEIGHT: f32 = 20.0;

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn units(count: usize) -> f32 {
    count as f32
}

impl Way {
    fn need(self, groups: usize, rows: usize) -> f32 {
        units(rows) * self.pitch + units(groups) * (self.head + self.behind)
    }

    fn plan(self, groups: Vec<Group>, folded: Vec<VmaId>) -> Plan {
        let Way { pitch, height, head, behind, merged } = self;
        Plan { groups, folded, pitch, height, head, behind, merged }
    }
}

/// Chooses rows for the room there is.
#[must_use]
pub fn plan(now: &Now<'_>, room: LanesRoom) -> Plan {
    match room.style {
        LaneStyle::Processes => by_process(now, room.height),
        LaneStyle::Column => in_order(now, room.height, &COLUMN),
        LaneStyle::Beside => in_order(now, room.height, &BESIDE),
    }
}

fn by_process(now: &Now<'_>, height: f32) -> Plan {
    let all = all(now);
    let rows: usize = all.iter().map(|group| group.vmas.len()).sum();
    if let Some(way) = PROCESSES.iter().find(|way| way.need(all.len(), rows) <= height) {
        return way.plan(all, Vec::new());
    }
    let way = PROCESSES[PROCESSES.len() - 2];
    let mut order: Vec<(MmId, VmaId)> =
        all.iter().flat_map(|group| group.vmas.iter().map(|vma| (group.mm, *vma))).collect();
    order.sort_by_cached_key(|(_, vma)| rank(now, *vma));
    let mut open: BTreeMap<MmId, Vec<VmaId>> = BTreeMap::new();
    let mut folded = Vec::new();
    let mut rows = 0;
    for (mm, vma) in order {
        let groups = open.len() + usize::from(!open.contains_key(&mm));
        if way.need(groups, rows + 1) + FOLD_HEIGHT <= height || rows == 0 {
            open.entry(mm).or_default().push(vma);
            rows += 1;
        } else {
            folded.push(vma);
        }
    }
    let groups = open.into_iter().map(|(mm, mut vmas)| {
        vmas.sort_by_key(|vma| now.world().vma(*vma).start);
        Group { mm, vmas }
    });
    way.plan(groups.collect(), folded)
}

/// One row a group, in the order of the walk; what the walk does not meet is folded.
fn in_order(now: &Now<'_>, height: f32, ways: &[Way]) -> Plan {
    let all = all(now)
        .into_iter()
        .flat_map(|group| group.vmas.into_iter().map(move |vma| (group.mm, vma)));
    let visits = now.walk.map_or(&[][..], |walk| &walk.visits);
    let place = |vma: &VmaId| visits.iter().position(|visit| visit.vma == *vma);
    let here = now.place.vma;
    let (mut open, mut folded): (Vec<_>, Vec<_>) =
        all.partition(|(_, vma)| now.walk.is_none() || place(vma).is_some() || here == Some(*vma));
    open.sort_by_key(|(_, vma)| place(vma).unwrap_or(usize::MAX));
    let fold = |folded: &Vec<_>| if folded.is_empty() { 0.0 } else { FOLD_HEIGHT };
    let fits = |way: &&Way| way.need(0, open.len()) + fold(&folded) <= height;
    let tightest = ways[ways.len() - 1];
    let most = || (1..open.len()).rev().find(|n| tightest.need(0, *n) + FOLD_HEIGHT <= height);
    let (way, most) = match ways.iter().find(fits) {
        Some(way) => (*way, open.len()),
        None => (tightest, most().unwrap_or(1)),
    };
    if most < open.len() {
        // The rows around the one at hand stay.
        let at = open.iter().position(|(_, vma)| here == Some(*vma)).unwrap_or(0);
        let first = at.saturating_sub(most / 2).min(open.len() - most);
        folded.extend(open.drain(first + most..));
        folded.extend(open.drain(..first));
    }
    let groups = open.into_iter().map(|(mm, vma)| Group { mm, vmas: vec![vma] }).collect();
    way.plan(groups, folded.into_iter().map(|(_, vma)| vma).collect())
}

/// Every VMA of the file on show, by process, in address order.
fn all(now: &Now<'_>) -> Vec<Group> {
    let mut all: BTreeMap<MmId, Vec<VmaId>> = BTreeMap::new();
    let file = now.file();
    for (id, vma) in now.world().vmas() {
        if let (Some(mm), true) = (vma.mm, vma.mapping() == file) {
            all.entry(mm).or_default().push(id);
        }
    }
    let groups = all.into_iter().map(|(mm, mut vmas)| {
        vmas.sort_by_key(|vma| now.world().vma(*vma).start);
        Group { mm, vmas }
    });
    groups.collect()
}

/// The smaller, the sooner a VMA gets a row.
fn rank(now: &Now<'_>, id: VmaId) -> usize {
    const LAST: usize = usize::MAX;
    if now.place.vma == Some(id) {
        return 0;
    }
    let Some(walk) = now.walk else { return LAST };
    let step = now.step.unwrap_or(0);
    let here = walk.visits.partition_point(|visit| visit.steps.start <= step);
    match walk.visits.iter().position(|visit| visit.vma == id) {
        Some(at) if at >= here => 1 + 2 * (at - here),
        Some(at) => 2 + 2 * (here - at),
        None => LAST,
    }
}
