//! The node that every file VMA carries in its file's i_mmap tree.

use crate::machine::VmaId;

/// Colour of a red-black node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Colour {
    /// Freshly linked, or part of a pair with its black parent.
    #[default]
    Red,
    /// Counts towards the black height.
    Black,
}

/// Which child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RbNode {
    /// Key: the VMA's first page offset.
    pub start: u64,
    /// The VMA's last page offset, inclusive.
    pub last: u64,
    /// `rb_subtree_last`: greatest `last` in the subtree.
    pub subtree_last: u64,
    pub(super) parent: u32,
    pub(super) left: u32,
    pub(super) right: u32,
    /// Its colour.
    pub colour: Colour,
}

/// 0 is nobody, so that an untouched node has no neighbours.
pub(super) const fn decode(link: u32) -> Option<VmaId> {
    if link == 0 { None } else { Some(VmaId(link - 1)) }
}

pub(crate) fn encode(link: Option<VmaId>) -> u64 {
    link.map_or(0, |vma| u64::from(vma.0) + 1)
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
}
