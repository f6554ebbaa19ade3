//! The i_mmap interval tree under the page axis: each node at its key, its bar to its last page, a
//! hairline to its `subtree_last`. Nodes of equal or close keys fan out along their bars; what
//! would collide in one row takes a row of its own; subtrees that find no room fold into a count.

use rangewalk_core::machine::event::Look;
use rangewalk_core::machine::rbtree::{Colour, Side};
use rangewalk_core::machine::{Event, VmaId};

use crate::model::axis::Axis;
use crate::model::stage_now::Now;
use crate::model::stage_number::between;
use crate::model::tree_order::{self, Shape};
use crate::model::tree_text;

/// How a node looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeLook {
    /// The search has been here.
    Visited,
    /// The search is here.
    Now,
    /// Not looked at yet.
    ToCome,
    /// Passed over with everything below it.
    Pruned,
}

/// A node, laid out.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeNode {
    /// Identity, for patching.
    pub id: u32,
    /// The VMA's label.
    pub label: String,
    /// Middle of the node.
    pub x: f32,
    /// Middle of the node.
    pub y: f32,
    /// Half of its width: a circle, or a pill around a long label.
    pub half: f32,
    /// Half of its height.
    pub radius: f32,
    /// Where its bar begins: the key.
    pub from: f32,
    /// Where its bar ends.
    pub to: f32,
    /// Where the hairline ends: the last page of the subtree.
    pub subtree_to: f32,
    /// How it looks.
    pub look: NodeLook,
    /// Red or black.
    pub colour: Colour,
    /// `2–13`.
    pub pages: String,
    /// `max 13`.
    pub max: String,
    /// Why it was passed over: `3 < 5`.
    pub reason: Option<String>,
    /// Where its words stand; `None`: a neighbour says the same.
    pub words_at: Option<WordsAt>,
}

/// Where the words beside a node stand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WordsAt {
    /// Their left end, or their right end.
    pub x: f32,
    /// Base line of the first.
    pub y: f32,
    /// True if they end at `x`.
    pub ends: bool,
}

/// A link between parent and child.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeLink {
    /// The child's identity.
    pub id: u32,
    /// From the parent's middle.
    pub from: (f32, f32),
    /// To the child's middle.
    pub to: (f32, f32),
    /// The thread runs along it.
    pub thread: bool,
    /// It leads to a subtree that was passed over.
    pub pruned: bool,
}

/// A folded subtree.
#[derive(Clone, Debug, PartialEq)]
pub struct TreeFold {
    /// Its root's identity.
    pub id: u32,
    /// Where its count stands.
    pub at: (f32, f32),
    /// Its parent's middle.
    pub from: (f32, f32),
    /// Nodes in it.
    pub nodes: usize,
}

/// The tree, laid out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    /// Nodes in key order.
    pub nodes: Vec<TreeNode>,
    /// Links.
    pub links: Vec<TreeLink>,
    /// Folded subtrees.
    pub folds: Vec<TreeFold>,
    /// Distance of rows.
    pub pitch: f32,
    /// Middle of the last row.
    pub bottom: f32,
    /// What is going on in it, when it is not searched: `C rotates left`.
    pub doing: Option<String>,
}

/// Room for the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TreeRoom {
    /// Middle of the first row.
    pub top: f32,
    /// Height from the first row's middle to the last one's.
    pub height: f32,
    /// Widest distance of rows.
    pub pitch_max: f32,
    /// Narrowest distance of rows.
    pub pitch_min: f32,
    /// Right limit of fanned-out nodes.
    pub right: f32,
}

/// Half of a circle.
const RADIUS: f32 = 9.0;
/// The same where rows are close.
const RADIUS_DENSE: f32 = 7.5;
/// Least distance of neighbours in key order.
const APART: f32 = 20.0;
/// Estimated width of a character of a node's text.
const CHAR: f32 = 6.2;
/// How far a node may stand out at the left of the axis.
const LEFT_OF_AXIS: f32 = 16.0;
/// Most nodes tried at once.
const NODES_MAX: usize = 40;
/// A pitch below this has everything smaller.
pub const PITCH_DENSE: f32 = 25.0;

#[expect(clippy::cast_precision_loss, reason = "a picture")]
fn units(count: usize) -> f32 {
    count as f32
}

/// Estimated width of `text` beside a node.
#[must_use]
pub fn text_width(text: &str) -> f32 {
    units(text.chars().count()) * CHAR
}

impl Tree {
    /// The tree of the file on show at the cursor.
    #[must_use]
    pub fn new(now: &Now<'_>, axis: &Axis, room: TreeRoom) -> Self {
        let shape = Shape::read(now.world(), now.file());
        let looks = Looks::read(now);
        let wanted = tree_order::wanted(now, &shape);
        let mut count = wanted.len().min(NODES_MAX);
        loop {
            let tree = Self::lay(now, axis, room, &shape, &looks, &wanted[..count]);
            let height = tree.bottom - room.top;
            if height <= room.height + 0.5 || count <= 1 {
                return tree;
            }
            count -= 1 + count / 8;
        }
    }

    fn lay(
        now: &Now<'_>,
        axis: &Axis,
        room: TreeRoom,
        shape: &Shape,
        looks: &Looks,
        shown: &[VmaId],
    ) -> Self {
        let mut nodes = columns(now, axis, room.right, shape, looks, shown);
        let depths: Vec<usize> = nodes.iter().map(|n| shape.depth(VmaId(n.id))).collect();
        let rows = rows(&nodes, &depths);
        let last = rows.iter().copied().max().unwrap_or(0);
        let pitch = between(room.height / units(last.max(1)), room.pitch_min, room.pitch_max);
        for (node, row) in nodes.iter_mut().zip(&rows) {
            node.y = room.top + units(*row) * pitch;
            if pitch < PITCH_DENSE {
                node.half = node.half - RADIUS + RADIUS_DENSE;
                node.radius = RADIUS_DENSE;
            }
        }
        let bottom = room.top + units(last) * pitch;
        let doing = looks.doing.clone();
        let mut tree = Self { nodes, links: vec![], folds: vec![], pitch, bottom, doing };
        tree.link(shape, looks);
        tree_text::place(&mut tree, room.right);
        tree
    }

    fn link(&mut self, shape: &Shape, looks: &Looks) {
        for node in &self.nodes {
            let from = (node.x, node.y);
            for (side, child) in shape.children(VmaId(node.id)) {
                let pruned = looks.look(child) == NodeLook::Pruned;
                let thread = looks.path.contains(&child);
                if let Some(to) = self.nodes.iter().find(|node| node.id == child.0) {
                    let to = (to.x, to.y);
                    self.links.push(TreeLink { id: child.0, from, to, thread, pruned });
                } else {
                    let away = if side == Side::Left { -16.0 } else { 16.0 };
                    let at = (from.0 + away, from.1 + 0.45 * self.pitch.max(24.0));
                    let nodes = shape.size(child);
                    self.folds.push(TreeFold { id: child.0, at, from, nodes });
                }
            }
        }
    }
}

/// What the search, or a change of the tree, has done so far.
struct Looks {
    /// Oldest first.
    looks: Vec<(VmaId, Look)>,
    here: Option<VmaId>,
    /// The node that the search is at, with everything above it.
    path: Vec<VmaId>,
    doing: Option<String>,
}

impl Looks {
    fn read(now: &Now<'_>) -> Self {
        let here = match now.event {
            Some(Event::TreeDescend { at, .. }) => Some(at),
            _ if now.in_walk() || tree_order::is_tree_step(now) => now.place.vma,
            _ => None,
        };
        let here = here.filter(|vma| now.world().vma(*vma).mapping() == now.file());
        let step = now.step.unwrap_or(0);
        let seen = now.walk.map_or(&[][..], |walk| &walk.looks);
        let path = here.map_or_else(Vec::new, |here| tree_order::path(now.world(), here));
        let looks = match now.walk {
            Some(_) => seen.iter().filter(|s| s.step <= step).map(|s| (s.node, s.look)).collect(),
            // A change of the tree has passed everything above it.
            None => path.iter().map(|vma| (*vma, Look::Enter)).collect(),
        };
        Self { looks, here, path, doing: tree_order::doing(now) }
    }

    fn last(&self, vma: VmaId) -> Option<Look> {
        self.looks.iter().rev().find(|(node, _)| *node == vma).map(|(_, look)| *look)
    }

    fn look(&self, vma: VmaId) -> NodeLook {
        match self.last(vma) {
            _ if self.here == Some(vma) => NodeLook::Now,
            Some(Look::Pruned | Look::RootEndsBefore) => NodeLook::Pruned,
            Some(_) => NodeLook::Visited,
            None => NodeLook::ToCome,
        }
    }
}

/// Why a look led no further, in numbers.
fn reason(now: &Now<'_>, vma: VmaId, looks: &Looks) -> Option<String> {
    let node = now.world().node(vma);
    let (first, last) = now.walk.map(|walk| (walk.first, walk.last()))?;
    match looks.last(vma)? {
        Look::Pruned | Look::RootEndsBefore => {
            Some(format!("{} < {first}: pruned", node.subtree_last))
        }
        Look::EndsBefore => Some(format!("{} < {first}", node.last)),
        Look::StartsAfter | Look::LeftmostStartsAfter => Some(format!("{} > {last}", node.start)),
        Look::Enter | Look::Hit | Look::Climb => None,
    }
}

/// The nodes on show, in key order, with their columns.
fn columns(
    now: &Now<'_>,
    axis: &Axis,
    right: f32,
    shape: &Shape,
    looks: &Looks,
    shown: &[VmaId],
) -> Vec<TreeNode> {
    let mut nodes: Vec<TreeNode> = Vec::new();
    for vma in shape.order.iter().filter(|vma| shown.contains(vma)) {
        let node = now.world().node(*vma);
        let label = now.vma(*vma).to_owned();
        let half = RADIUS.max(text_width(&label) / 2.0 + 5.0);
        let from = axis.x(node.start);
        let from_left = from.max(axis.left() - LEFT_OF_AXIS + half);
        let x = nodes.last().map_or(from_left, |before: &TreeNode| {
            from.max(before.x + (APART - 2.0 * RADIUS) + before.half + half)
        });
        nodes.push(TreeNode {
            id: vma.0,
            label,
            x,
            y: 0.0,
            half,
            radius: RADIUS,
            from,
            to: axis.x(node.last + 1),
            subtree_to: axis.x(node.subtree_last + 1),
            look: looks.look(*vma),
            colour: node.colour,
            pages: pages(node.start, node.last),
            max: format!("max {}", node.subtree_last),
            reason: reason(now, *vma, looks),
            words_at: None,
        });
    }
    // What ran out at the right is pushed back.
    let mut right = right;
    for node in nodes.iter_mut().rev() {
        node.x = node.x.min(right - node.half);
        right = node.x - node.half - (APART - 2.0 * RADIUS);
    }
    nodes
}

/// `2–13`, or `8` alone.
fn pages(first: u64, last: u64) -> String {
    if first == last { first.to_string() } else { format!("{first}–{last}") }
}

/// A row for each node: depth by depth, more than one where nodes of a depth would collide.
fn rows(nodes: &[TreeNode], depths: &[usize]) -> Vec<usize> {
    let mut rows = vec![0; nodes.len()];
    let mut first = 0;
    let deepest = depths.iter().copied().max().unwrap_or(0);
    for depth in 0..=deepest {
        // For each row of this depth, where it is taken up to.
        let mut taken: Vec<f32> = Vec::new();
        let here = (0..nodes.len()).filter(|at| depths[*at] == depth);
        for at in here {
            let (left, right) = extent(&nodes[at]);
            let row = taken.iter().position(|end| *end <= left).unwrap_or(taken.len());
            match taken.get_mut(row) {
                Some(end) => *end = right,
                None => taken.push(right),
            }
            rows[at] = first + row;
        }
        first += taken.len();
    }
    rows
}

/// What a node takes of its row, text included.
fn extent(node: &TreeNode) -> (f32, f32) {
    let text = node.x + node.half + 4.0 + node.words_width();
    (node.from.min(node.x - node.half) - 2.0, node.to.max(text) + 4.0)
}
