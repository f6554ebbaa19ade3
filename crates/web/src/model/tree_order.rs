//! The shape of an i_mmap tree, and which of its nodes matter most at the cursor.

use rangewalk_core::machine::rbtree::{Colour, Side};
use rangewalk_core::machine::{Event, MappingId, VmaId, World};

use crate::model::stage_now::Now;

/// The links of a tree.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    /// All nodes in key order.
    pub order: Vec<VmaId>,
    /// By number of the VMA.
    links: Vec<Option<Links>>,
}

#[derive(Clone, Copy, Debug)]
struct Links {
    depth: usize,
    left: Option<VmaId>,
    right: Option<VmaId>,
}

impl Shape {
    /// The tree of `mapping`.
    #[must_use]
    pub fn read(world: &World, mapping: Option<MappingId>) -> Self {
        let mut shape = Self::default();
        let root = mapping.and_then(|mapping| world.mapping(mapping).root);
        // Explicitly kept, for a tree may be deep while it is being rebalanced.
        let mut above: Vec<VmaId> = Vec::new();
        let mut next = root;
        while next.is_some() || !above.is_empty() {
            // A rotation in the making may lead round in a circle.
            while let Some(vma) = next.filter(|vma| !shape.has(*vma)) {
                let node = world.node(vma);
                let depth = above.len();
                let (left, right) = (node.left(), node.right());
                let depth = node
                    .parent()
                    .and_then(|parent| shape.links_of(parent))
                    .map_or(depth, |parent| parent.depth + 1);
                shape.insert(vma, Links { depth, left, right });
                above.push(vma);
                next = left;
            }
            let Some(vma) = above.pop() else { break };
            shape.order.push(vma);
            next = shape.links_of(vma).and_then(|links| links.right);
        }
        shape
    }

    fn links_of(&self, vma: VmaId) -> Option<Links> {
        self.links.get(vma.index()).copied().flatten()
    }

    fn insert(&mut self, vma: VmaId, links: Links) {
        if self.links.len() <= vma.index() {
            self.links.resize(vma.index() + 1, None);
        }
        self.links[vma.index()] = Some(links);
    }

    /// True if it is a node of this tree.
    #[must_use]
    pub fn has(&self, vma: VmaId) -> bool {
        self.links_of(vma).is_some()
    }

    /// All nodes, level by level.
    #[must_use]
    pub fn by_depth(&self) -> Vec<VmaId> {
        let root = self.order.iter().find(|vma| self.depth(**vma) == 0);
        let mut all: Vec<VmaId> = root.copied().into_iter().collect();
        let mut at = 0;
        while let Some(vma) = all.get(at).copied() {
            all.extend(self.children(vma).map(|(_, child)| child));
            at += 1;
            if all.len() > self.order.len() {
                break;
            }
        }
        all
    }

    /// Nodes above it.
    #[must_use]
    pub fn depth(&self, vma: VmaId) -> usize {
        self.links_of(vma).map_or(0, |links| links.depth)
    }

    /// Its children.
    pub fn children(&self, vma: VmaId) -> impl Iterator<Item = (Side, VmaId)> + use<> {
        let links = self.links_of(vma);
        let left = links.and_then(|links| links.left).map(|vma| (Side::Left, vma));
        let right = links.and_then(|links| links.right).map(|vma| (Side::Right, vma));
        left.into_iter().chain(right)
    }

    /// Nodes in its subtree, itself included.
    #[must_use]
    pub fn size(&self, vma: VmaId) -> usize {
        let mut todo = vec![vma];
        let mut size = 0;
        while let Some(vma) = todo.pop().filter(|_| size < self.order.len()) {
            size += 1;
            todo.extend(self.children(vma).map(|(_, child)| child));
        }
        size
    }
}

/// A node with everything above it, from the bottom.
#[must_use]
pub fn path(world: &World, vma: VmaId) -> Vec<VmaId> {
    let mut path = vec![vma];
    while let Some(parent) = path.last().and_then(|last| world.node(*last).parent()) {
        // A rotation in the making may lead round in a circle.
        if path.contains(&parent) {
            break;
        }
        path.push(parent);
    }
    path
}

/// All nodes, the most telling first, parents always before their children.
#[must_use]
pub fn wanted(now: &Now<'_>, shape: &Shape) -> Vec<VmaId> {
    let step = now.step.unwrap_or(0);
    let here = now.place.vma.into_iter();
    let looks = now.walk.map_or(&[][..], |walk| &walk.looks);
    let looked = looks.iter().filter(|seen| seen.step <= step).rev().map(|seen| seen.node);
    let to_come = looks.iter().filter(|seen| seen.step > step).map(|seen| seen.node);
    let mut wanted: Vec<VmaId> = Vec::new();
    let mut taken = vec![false; shape.links.len()];
    for vma in here.chain(looked.take(8)).chain(to_come.take(4)).chain(shape.by_depth()) {
        if !shape.has(vma) {
            continue;
        }
        for vma in path(now.world(), vma).into_iter().rev().filter(|vma| shape.has(*vma)) {
            if !std::mem::replace(&mut taken[vma.index()], true) {
                wanted.push(vma);
            }
        }
    }
    wanted
}

/// True for steps that search or change a tree.
#[must_use]
pub fn is_tree_step(now: &Now<'_>) -> bool {
    now.event.is_some_and(|event| event.kind() == rangewalk_core::machine::Kind::Tree)
}

/// What a change of the tree is doing, in few words.
#[must_use]
pub fn doing(now: &Now<'_>) -> Option<String> {
    let name = |vma| now.vma(vma);
    let doing = match now.event? {
        Event::TreeDescend { node, at, side } => {
            let side = if side == Side::Left { "left" } else { "right" };
            format!("{} goes {side} of {}", name(node), name(at))
        }
        Event::TreeLink { node } => format!("{} is linked, red", name(node)),
        Event::TreeRotate { pivot, side } => {
            let side = if side == Side::Left { "left" } else { "right" };
            format!("rotation: {} sinks to the {side}", name(pivot))
        }
        Event::TreeColour { node, colour } => {
            let colour = if colour == Colour::Red { "red" } else { "black" };
            format!("{} turns {colour}", name(node))
        }
        Event::TreeErase { node } => format!("{} leaves", name(node)),
        Event::TreeAugment { node } => format!("max of {} anew", name(node)),
        _ => return None,
    };
    Some(doing)
}
