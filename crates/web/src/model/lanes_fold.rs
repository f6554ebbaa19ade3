//! Which VMAs get a row of their own, and how high it is: as many as fit, the ones that the walk
//! meets first.

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
    let mut open: Vec<VmaId> = Vec::new();
    let mut mms: Vec<MmId> = Vec::new();
    for vma in by_importance(now, &all) {
        let Some(mm) = now.world().vma(vma).mm else { continue };
        let groups = mms.len() + usize::from(!mms.contains(&mm));
        if open.is_empty() || way.need(groups, open.len() + 1) + FOLD_HEIGHT <= height {
            open.push(vma);
            if !mms.contains(&mm) {
                mms.push(mm);
            }
        }
    }
    let (mut groups, mut folded) = (Vec::new(), Vec::new());
    for Group { mm, vmas } in all {
        let (shown, hidden) = vmas.into_iter().partition::<Vec<_>, _>(|vma| open.contains(vma));
        folded.extend(hidden);
        if !shown.is_empty() {
            groups.push(Group { mm, vmas: shown });
        }
    }
    way.plan(groups, folded)
}

/// Every VMA, the sooner the more it matters: the one at hand, those that the walk is near to, the
/// rest.
fn by_importance(now: &Now<'_>, all: &[Group]) -> Vec<VmaId> {
    let visits = now.walk.map_or(&[][..], |walk| &walk.visits);
    let step = now.step.unwrap_or(0);
    let here = visits.partition_point(|visit| visit.steps.start <= step);
    let near = (0..visits.len()).flat_map(|away| {
        let ahead = visits.get(here + away);
        let behind = here.checked_sub(away + 1).and_then(|at| visits.get(at));
        [ahead, behind].into_iter().flatten().map(|visit| visit.vma)
    });
    let rest = all.iter().flat_map(|group| group.vmas.iter().copied());
    let mut order: Vec<VmaId> = Vec::new();
    for vma in now.place.vma.into_iter().chain(near).chain(rest) {
        if !order.contains(&vma) {
            order.push(vma);
        }
    }
    order.retain(|vma| all.iter().any(|group| group.vmas.contains(vma)));
    order
}

/// One row a group, in the order of the walk; what the walk does not meet is folded.
fn in_order(now: &Now<'_>, height: f32, ways: &[Way]) -> Plan {
    let mut rest: Vec<VmaId> = all(now).into_iter().flat_map(|group| group.vmas).collect();
    let mut open: Vec<VmaId> = Vec::new();
    for visit in now.walk.map_or(&[][..], |walk| &walk.visits) {
        if let Some(at) = rest.iter().position(|vma| *vma == visit.vma) {
            open.push(rest.remove(at));
        }
    }
    let here = now.place.vma;
    let stays = |vma: &VmaId| now.walk.is_none() || here == Some(*vma);
    let (more, mut folded): (Vec<VmaId>, Vec<VmaId>) = rest.into_iter().partition(stays);
    open.extend(more);
    let fold = |folded: &[VmaId]| if folded.is_empty() { 0.0 } else { FOLD_HEIGHT };
    let fits = |way: &&Way| way.need(0, open.len()) + fold(&folded) <= height;
    let tightest = ways[ways.len() - 1];
    let most = || (1..open.len()).rev().find(|n| tightest.need(0, *n) + FOLD_HEIGHT <= height);
    let (way, most) = match ways.iter().find(fits) {
        Some(way) => (*way, open.len()),
        None => (tightest, most().unwrap_or(1)),
    };
    if most < open.len() {
        // The rows around the one at hand stay.
        let at = open.iter().position(|vma| here == Some(*vma)).unwrap_or(0);
        let first = at.saturating_sub(most / 2).min(open.len() - most);
        folded.extend(open.drain(first + most..));
        folded.extend(open.drain(..first));
    }
    let group = |vma| Some(Group { mm: now.world().vma(vma).mm?, vmas: vec![vma] });
    way.plan(open.into_iter().filter_map(group).collect(), folded)
}

/// Every VMA of the file on show, by process, in address order.
fn all(now: &Now<'_>) -> Vec<Group> {
    let file = now.file();
    let maps = |vma: &VmaId| now.world().vma(*vma).mapping() == file;
    let groups =
        now.world().mms().map(|(id, mm)| Group { mm: id, vmas: mm.vmas().filter(maps).collect() });
    groups.filter(|group| !group.vmas.is_empty()).collect()
}
