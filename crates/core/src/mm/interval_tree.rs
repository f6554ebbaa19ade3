//! The i_mmap interval tree (`mm/interval_tree.c`, `include/linux/interval_tree_generic.h`): VMAs
//! of one file, keyed by their first page offset, augmented with the greatest last page offset
//! below.

use arrayvec::ArrayVec;

use crate::machine::delta::{MappingField, NodeField};
use crate::machine::event::Look;
use crate::machine::rbtree::{Side, encode};
use crate::machine::{Cell, Cpu, Event, Func, MappingId, Sink, Stop, VmaId};
use crate::mm::rbtree::{rb_erase_augmented, rb_insert_augmented, rb_link_node, side_of};

/// Fills the node's key from its VMA.
fn set_key<S: Sink>(cpu: &mut Cpu<S>, node: VmaId) -> u64 {
    let vma = cpu.vma(node);
    cpu.set_node(node, NodeField::Start, vma.pgoff);
    cpu.set_node(node, NodeField::Last, vma.last_pgoff());
    cpu.set_node(node, NodeField::SubtreeLast, vma.last_pgoff());
    vma.pgoff
}

fn raise<S: Sink>(cpu: &mut Cpu<S>, node: VmaId, last: u64) {
    if cpu.node(node).subtree_last < last {
        cpu.set_node(node, NodeField::SubtreeLast, last);
    }
}

/// `vma_interval_tree_insert`: ties go right, behind those already there.
///
/// # Errors
/// The sink may stop the run.
pub fn vma_interval_tree_insert<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::TreeInsert, [node.0.into(), 0]);
    let start = set_key(cpu, node);
    let last = cpu.node(node).last;
    let mut place = None;
    let mut leftmost = true;
    let mut next = cpu.tree_root(mapping);
    while let Some(at) = next {
        let side = if start < cpu.node(at).start { Side::Left } else { Side::Right };
        cpu.event(Event::TreeDescend { node, at, side })?;
        raise(cpu, at, last);
        leftmost &= side == Side::Left;
        place = Some((at, side));
        next = cpu.node(at).child(side);
    }
    rb_link_node(cpu, mapping, node, place)?;
    if leftmost {
        cpu.set(Cell::Mapping(mapping, MappingField::Leftmost), encode(Some(node)));
    }
    rb_insert_augmented(cpu, mapping, node)
}

/// `vma_interval_tree_insert_after`: right behind `prev`, whose interval is the same (fork).
///
/// # Errors
/// The sink may stop the run.
pub fn vma_interval_tree_insert_after<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
    prev: VmaId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::TreeInsertAfter, [node.0.into(), prev.0.into()]);
    set_key(cpu, node);
    let last = cpu.node(node).last;
    let place = match cpu.node(prev).right() {
        None => {
            cpu.event(Event::TreeDescend { node, at: prev, side: Side::Right })?;
            raise(cpu, prev, last);
            (prev, Side::Right)
        }
        Some(right) => {
            let mut at = right;
            cpu.event(Event::TreeDescend { node, at, side: Side::Left })?;
            raise(cpu, at, last);
            while let Some(left) = cpu.node(at).left() {
                at = left;
                cpu.event(Event::TreeDescend { node, at, side: Side::Left })?;
                raise(cpu, at, last);
            }
            (at, Side::Left)
        }
    };
    rb_link_node(cpu, mapping, node, Some(place))?;
    rb_insert_augmented(cpu, mapping, node)
}

/// `vma_interval_tree_remove`.
///
/// # Errors
/// The sink may stop the run.
pub fn vma_interval_tree_remove<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::TreeRemove, [node.0.into(), 0]);
    if cpu.tree_leftmost(mapping) == Some(node) {
        let next = rb_next(cpu, node);
        cpu.set(Cell::Mapping(mapping, MappingField::Leftmost), encode(next));
    }
    rb_erase_augmented(cpu, mapping, node)
}

/// `lib/rbtree.c:rb_next`: the in-order successor.
fn rb_next<S: Sink>(cpu: &Cpu<S>, node: VmaId) -> Option<VmaId> {
    if let Some(right) = cpu.node(node).right() {
        let mut at = right;
        while let Some(left) = cpu.node(at).left() {
            at = left;
        }
        return Some(at);
    }
    climb(cpu, node)
}

/// No red-black tree of less than 2^31 nodes is higher.
const HEIGHT_MAX: usize = 64;

/// A walk over the VMAs of `mapping` that meet `first..=last`, under one hold of `i_mmap`: nothing
/// changes the tree meanwhile.
pub struct TreeQuery {
    mapping: MappingId,
    first: u64,
    last: u64,
    /// Nodes of which we are in the left subtree, the lowest last. The kernel climbs to
    /// them by parents; they are where its climbs end, so we remember them on the way down.
    above: ArrayVec<VmaId, HEIGHT_MAX>,
}

impl TreeQuery {
    /// Nothing visited yet.
    #[inline(always)]
    #[must_use]
    pub fn new(mapping: MappingId, first: u64, last: u64) -> Self {
        Self { mapping, first, last, above: ArrayVec::new() }
    }
}

/// `vma_interval_tree_iter_first`: the first VMA in tree order that meets the range.
///
/// # Errors
/// The sink may stop the run.
#[inline(always)]
pub fn vma_interval_tree_iter_first<S: Sink>(
    cpu: &mut Cpu<S>,
    query: &mut TreeQuery,
) -> Result<Option<VmaId>, Stop> {
    let TreeQuery { mapping, first, last, .. } = *query;
    let cpu = &mut cpu.enter(Func::TreeIterFirst, [first, last]);
    cpu.event(Event::TreeQuery { mapping, first, last })?;
    let (Some(root), Some(leftmost)) = (cpu.tree_root(mapping), cpu.tree_leftmost(mapping)) else {
        cpu.event(Event::TreeEnd { mapping })?;
        return Ok(None);
    };
    if cpu.node(root).subtree_last < first {
        cpu.event(Event::TreeLook { node: root, look: Look::RootEndsBefore })?;
        return Ok(None);
    }
    if cpu.node(leftmost).start > last {
        cpu.event(Event::TreeLook { node: leftmost, look: Look::LeftmostStartsAfter })?;
        return Ok(None);
    }
    cpu.event(Event::TreeLook { node: root, look: Look::Enter })?;
    subtree_search(cpu, query, root)
}

/// `vma_interval_tree_iter_next`: the next one behind `node`, which was the last hit.
///
/// # Errors
/// The sink may stop the run.
#[inline(always)]
pub fn vma_interval_tree_iter_next<S: Sink>(
    cpu: &mut Cpu<S>,
    query: &mut TreeQuery,
    node: VmaId,
) -> Result<Option<VmaId>, Stop> {
    let cpu = &mut cpu.enter(Func::TreeIterNext, [query.first, query.last]);
    let mut node = node;
    loop {
        if let Some(right) = enters(cpu, query, node, Side::Right)? {
            return subtree_search(cpu, query, right);
        }
        // Climb until we come up from a left child: what lies there is next in order.
        let above = query.above.pop();
        debug_assert_eq!(above, climb(cpu, node), "the tree changed under the query");
        let Some(above) = above else {
            cpu.event(Event::TreeEnd { mapping: query.mapping })?;
            return Ok(None);
        };
        node = above;
        cpu.event(Event::TreeLook { node, look: Look::Climb })?;
        if cpu.node(node).start > query.last {
            cpu.event(Event::TreeLook { node, look: Look::StartsAfter })?;
            return Ok(None);
        }
        if cpu.node(node).last >= query.first {
            cpu.event(Event::TreeLook { node, look: Look::Hit })?;
            return Ok(Some(node));
        }
        cpu.event(Event::TreeLook { node, look: Look::EndsBefore })?;
    }
}

/// The lowest node that has `node` in its left subtree.
fn climb<S: Sink>(cpu: &Cpu<S>, mut node: VmaId) -> Option<VmaId> {
    loop {
        let parent = cpu.node(node).parent()?;
        if side_of(cpu, node, parent) == Side::Left {
            return Some(parent);
        }
        node = parent;
    }
}

/// The child on `side`, if the subtree below it reaches the range.
#[inline(always)]
fn enters<S: Sink>(
    cpu: &mut Cpu<S>,
    query: &TreeQuery,
    node: VmaId,
    side: Side,
) -> Result<Option<VmaId>, Stop> {
    let at = cpu.node(node);
    if let Some(node) = at.child_reaching(side, query.first) {
        cpu.event(Event::TreeLook { node, look: Look::Enter })?;
        return Ok(Some(node));
    }
    if let Some(node) = at.child(side) {
        cpu.event(Event::TreeLook { node, look: Look::Pruned })?;
    }
    Ok(None)
}

/// `interval_tree_generic.h:subtree_search`: the leftmost hit below `node`, whose `subtree_last`
/// reaches the range.
#[inline(always)]
fn subtree_search<S: Sink>(
    cpu: &mut Cpu<S>,
    query: &mut TreeQuery,
    node: VmaId,
) -> Result<Option<VmaId>, Stop> {
    let mut node = node;
    loop {
        if let Some(left) = enters(cpu, query, node, Side::Left)? {
            query.above.push(node);
            node = left;
            continue;
        }
        if cpu.node(node).start > query.last {
            cpu.event(Event::TreeLook { node, look: Look::StartsAfter })?;
            return Ok(None);
        }
        if cpu.node(node).last >= query.first {
            cpu.event(Event::TreeLook { node, look: Look::Hit })?;
            return Ok(Some(node));
        }
        cpu.event(Event::TreeLook { node, look: Look::EndsBefore })?;
        match enters(cpu, query, node, Side::Right)? {
            Some(right) => node = right,
            None => return Ok(None),
        }
    }
}
