//! The node that every file VMA carries in its file's i_mmap tree.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::machine::VmaId;
use crate::machine::delta::NodeField;

/// Colour of a red-black node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::rbtree))]
pub enum Colour {
    /// Freshly linked, or part of a pair with its black parent.
    #[default]
    Red,
    /// Counts towards the black height.
    Black,
}

/// Which child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::rbtree))]
pub enum Side {
    /// Smaller keys.
    Left,
    /// Greater and equal keys.
    Right,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
        }
    }
}

/// A node of the interval tree: `vma->shared.rb` with its key and its augmented value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RbNode {
    /// Key: the VMA's first page offset.
    pub start: u64,
    /// The VMA's last page offset, inclusive.
    pub last: u64,
    /// `rb_subtree_last`: greatest `last` in the subtree.
    pub subtree_last: u64,
    /// Its colour.
    pub colour: Colour,
    parent: u32,
    left: u32,
    right: u32,
    left_end: u32,
    right_end: u32,
}

/// No VMA has number 0, so that an untouched node has no neighbours.
pub(super) const fn decode(link: u32) -> Option<VmaId> {
    if link == 0 { None } else { Some(VmaId(link)) }
}

pub(crate) fn encode(link: Option<VmaId>) -> u64 {
    link.map_or(0, |vma| vma.0.into())
}

impl RbNode {
    /// Its parent.
    #[must_use]
    pub const fn parent(&self) -> Option<VmaId> {
        decode(self.parent)
    }

    /// Its left child.
    #[must_use]
    pub const fn left(&self) -> Option<VmaId> {
        decode(self.left)
    }

    /// Its right child.
    #[must_use]
    pub const fn right(&self) -> Option<VmaId> {
        decode(self.right)
    }

    /// Its child on `side`.
    #[must_use]
    pub const fn child(&self, side: Side) -> Option<VmaId> {
        match side {
            Side::Left => self.left(),
            Side::Right => self.right(),
        }
    }

    /// The child on `side`, if its `subtree_last` is at least `first`.
    #[inline(always)]
    pub(crate) fn child_reaching(&self, side: Side, first: u64) -> Option<VmaId> {
        let (child, end) = match side {
            Side::Left => (self.left, self.left_end),
            Side::Right => (self.right, self.right_end),
        };
        // Only a child reaches anything, so its number needs no look.
        (u64::from(end) > first).then_some(VmaId(child))
    }
}

/// Every node, by its VMA's number. Half a cache line each: page offsets have 32 bits, and a node
/// knows how far its children's subtrees reach, so that a search need not touch a child to pass it
/// over.
#[derive(Clone, Debug, Default)]
pub(super) struct Nodes(Vec<Packed>);

/// Greatest page offset that a node can hold. FIDELITY: page-offsets-of-32-bits.
pub const PGOFF_MAX: u64 = u32::MAX as u64 - 1;

#[derive(Clone, Copy, Debug, Default)]
struct Packed {
    start: u32,
    last: u32,
    subtree_last: u32,
    /// The left child's `subtree_last` + 1; 0 without a child.
    left_end: u32,
    /// The right child's.
    right_end: u32,
    /// With [`BLACK`] in the top bit.
    parent: u32,
    left: u32,
    right: u32,
}

const BLACK: u32 = 1 << 31;

const _: () = assert!(size_of::<Packed>() == 32);

impl Nodes {
    #[inline(always)]
    pub(super) fn get(&self, vma: VmaId) -> RbNode {
        let node = &self.0[vma.index()];
        RbNode {
            start: node.start.into(),
            last: node.last.into(),
            subtree_last: node.subtree_last.into(),
            colour: if node.parent & BLACK == 0 { Colour::Red } else { Colour::Black },
            parent: node.parent & !BLACK,
            left: node.left,
            right: node.right,
            left_end: node.left_end,
            right_end: node.right_end,
        }
    }

    /// Makes room for a VMA's node.
    pub(super) fn grow(&mut self, vma: VmaId) {
        if vma.index() >= self.0.len() {
            self.0.resize(vma.index() + 1, Packed::default());
        }
    }

    pub(super) fn field(&self, vma: VmaId, field: NodeField) -> u64 {
        let Some(node) = self.0.get(vma.index()) else { return 0 };
        let value = match field {
            NodeField::Start => node.start,
            NodeField::Last => node.last,
            NodeField::SubtreeLast => node.subtree_last,
            NodeField::Parent => node.parent & !BLACK,
            NodeField::Left => node.left,
            NodeField::Right => node.right,
            NodeField::Colour => node.parent >> 31,
        };
        value.into()
    }

    pub(super) fn set_field(&mut self, vma: VmaId, field: NodeField, value: u64) {
        self.grow(vma);
        let value = u32::try_from(value).expect("nodes hold 32 bits");
        let child_end = decode(value).map_or(0, |child| self.end(child));
        let node = &mut self.0[vma.index()];
        match field {
            NodeField::Start => node.start = value,
            NodeField::Last => node.last = value,
            NodeField::SubtreeLast => {
                node.subtree_last = value;
                self.tell_parent(vma);
            }
            NodeField::Parent => node.parent = (node.parent & BLACK) | value,
            NodeField::Left => (node.left, node.left_end) = (value, child_end),
            NodeField::Right => (node.right, node.right_end) = (value, child_end),
            NodeField::Colour => node.parent = (node.parent & !BLACK) | value << 31,
        }
    }

    /// First page offset that nothing in the subtree reaches.
    fn end(&self, vma: VmaId) -> u32 {
        self.0.get(vma.index()).map_or(0, |node| node.subtree_last + 1)
    }

    /// Keeps what the parent knows of this child up to date, if it is linked there.
    fn tell_parent(&mut self, vma: VmaId) {
        let end = self.end(vma);
        let Some(parent) = decode(self.0[vma.index()].parent & !BLACK) else { return };
        let Some(parent) = self.0.get_mut(parent.index()) else { return };
        if parent.left == vma.0 {
            parent.left_end = end;
        } else if parent.right == vma.0 {
            parent.right_end = end;
        }
    }

    /// True if the node knows rightly how far its children reach.
    pub(super) fn knows_children(&self, vma: VmaId) -> bool {
        let node = &self.0[vma.index()];
        let end = |child: u32| decode(child).map_or(0, |child| self.end(child));
        node.left_end == end(node.left) && node.right_end == end(node.right)
    }
}
