//! Red-black rebalancing with an augmented value (`lib/rbtree.c`). Textbook cases, told once for
//! both sides.

use crate::machine::delta::{MappingField, NodeField};
use crate::machine::rbtree::{Colour, Side, encode};
use crate::machine::{Cell, Cpu, Event, Func, MappingId, Sink, Stop, VmaId};

fn set_link<S: Sink>(cpu: &mut Cpu<S>, node: VmaId, field: NodeField, to: Option<VmaId>) {
    cpu.set_node(node, field, encode(to));
}

fn set_child<S: Sink>(cpu: &mut Cpu<S>, node: VmaId, side: Side, child: Option<VmaId>) {
    let field = match side {
        Side::Left => NodeField::Left,
        Side::Right => NodeField::Right,
    };
    set_link(cpu, node, field, child);
}

/// Which child of `parent` the node is.
pub(super) fn side_of<S: Sink>(cpu: &Cpu<S>, node: VmaId, parent: VmaId) -> Side {
    if cpu.node(parent).left() == Some(node) { Side::Left } else { Side::Right }
}

fn is_red<S: Sink>(cpu: &Cpu<S>, node: Option<VmaId>) -> bool {
    node.is_some_and(|node| cpu.node(node).colour == Colour::Red)
}

fn paint<S: Sink>(cpu: &mut Cpu<S>, node: VmaId, colour: Colour) -> Result<(), Stop> {
    if cpu.node(node).colour == colour {
        return Ok(());
    }
    cpu.event(Event::TreeColour { node, colour })?;
    cpu.set_node(node, NodeField::Colour, colour as u64);
    Ok(())
}

/// Puts `new` in the place that `old` has below `parent`, or at the root.
fn change_child<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    parent: Option<VmaId>,
    old: VmaId,
    new: Option<VmaId>,
) {
    match parent {
        Some(parent) => {
            let side = side_of(cpu, old, parent);
            set_child(cpu, parent, side, new);
        }
        None => cpu.set(Cell::Mapping(mapping, MappingField::Root), encode(new)),
    }
}

/// The greatest `last` in the node's subtree, from its own and its children's.
fn subtree_last<S: Sink>(cpu: &Cpu<S>, node: VmaId) -> u64 {
    let node = cpu.node(node);
    let below = |child: Option<VmaId>| child.map_or(0, |child| cpu.node(child).subtree_last);
    node.last.max(below(node.left())).max(below(node.right()))
}

/// Recomputes upwards from `node` to below `until`, ending early where nothing changes.
fn propagate<S: Sink>(
    cpu: &mut Cpu<S>,
    mut node: Option<VmaId>,
    until: Option<VmaId>,
) -> Result<(), Stop> {
    while let Some(at) = node.filter(|_| node != until) {
        let last = subtree_last(cpu, at);
        if cpu.node(at).subtree_last == last {
            break;
        }
        cpu.event(Event::TreeAugment { node: at })?;
        cpu.set_node(at, NodeField::SubtreeLast, last);
        node = cpu.node(at).parent();
    }
    Ok(())
}

/// `pivot` sinks to `side`, its other child rises into its place and takes over its augmented
/// value.
fn rotate<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    pivot: VmaId,
    side: Side,
) -> Result<(), Stop> {
    cpu.event(Event::TreeRotate { pivot, side })?;
    let rising = cpu.node(pivot).child(side.other()).expect("a rotation has a child to raise");
    let inner = cpu.node(rising).child(side);
    let parent = cpu.node(pivot).parent();

    set_child(cpu, pivot, side.other(), inner);
    if let Some(inner) = inner {
        set_link(cpu, inner, NodeField::Parent, Some(pivot));
    }
    set_link(cpu, rising, NodeField::Parent, parent);
    change_child(cpu, mapping, parent, pivot, Some(rising));
    set_child(cpu, rising, side, Some(pivot));
    set_link(cpu, pivot, NodeField::Parent, Some(rising));

    let covered = cpu.node(pivot).subtree_last;
    cpu.set_node(rising, NodeField::SubtreeLast, covered);
    let last = subtree_last(cpu, pivot);
    cpu.set_node(pivot, NodeField::SubtreeLast, last);
    Ok(())
}

/// `rb_link_node`: hangs `node` below `parent`, or makes it the root. Red, without children.
pub(super) fn rb_link_node<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
    place: Option<(VmaId, Side)>,
) -> Result<(), Stop> {
    cpu.event(Event::TreeLink { node })?;
    set_link(cpu, node, NodeField::Parent, place.map(|(parent, _)| parent));
    set_child(cpu, node, Side::Left, None);
    set_child(cpu, node, Side::Right, None);
    cpu.set_node(node, NodeField::Colour, Colour::Red as u64);
    match place {
        Some((parent, side)) => set_child(cpu, parent, side, Some(node)),
        None => cpu.set(Cell::Mapping(mapping, MappingField::Root), encode(Some(node))),
    }
    Ok(())
}

/// `lib/rbtree.c:__rb_insert`: restores the colours after a red node was linked.
pub(super) fn rb_insert_augmented<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::RbInsertColor, [node.0.into(), 0]);
    let mut node = node;
    loop {
        let Some(parent) = cpu.node(node).parent() else {
            return paint(cpu, node, Colour::Black);
        };
        if !is_red(cpu, Some(parent)) {
            return Ok(());
        }
        let grandparent = cpu.node(parent).parent().expect("a red node is not the root");
        let side = side_of(cpu, parent, grandparent);
        let uncle = cpu.node(grandparent).child(side.other());

        if let Some(uncle) = uncle.filter(|uncle| is_red(cpu, Some(*uncle))) {
            paint(cpu, uncle, Colour::Black)?;
            paint(cpu, parent, Colour::Black)?;
            paint(cpu, grandparent, Colour::Red)?;
            node = grandparent;
            continue;
        }
        let outer = if side_of(cpu, node, parent) == side {
            parent
        } else {
            rotate(cpu, mapping, parent, side)?;
            node
        };
        rotate(cpu, mapping, grandparent, side.other())?;
        paint(cpu, outer, Colour::Black)?;
        return paint(cpu, grandparent, Colour::Red);
    }
}

/// `include/linux/rbtree_augmented.h:__rb_erase_augmented`, then the recolouring.
pub(super) fn rb_erase_augmented<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
) -> Result<(), Stop> {
    let cpu = &mut cpu.enter(Func::RbEraseColor, [node.0.into(), 0]);
    cpu.event(Event::TreeErase { node })?;
    let gone = cpu.node(node);
    let short = match (gone.left(), gone.right()) {
        (Some(_), Some(right)) => erase_inner(cpu, mapping, node, right)?,
        (child, None) | (None, child) => erase_outer(cpu, mapping, node, child)?,
    };
    match short {
        Some(parent) => rb_erase_color(cpu, mapping, parent),
        None => Ok(()),
    }
}

/// At most one child: it moves up. Returns the parent below which a black node is now missing.
fn erase_outer<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
    child: Option<VmaId>,
) -> Result<Option<VmaId>, Stop> {
    let gone = cpu.node(node);
    change_child(cpu, mapping, gone.parent(), node, child);
    if let Some(child) = child {
        set_link(cpu, child, NodeField::Parent, gone.parent());
        cpu.set_node(child, NodeField::Colour, gone.colour as u64);
    }
    propagate(cpu, gone.parent(), None)?;
    let short = child.is_none() && gone.colour == Colour::Black;
    Ok(gone.parent().filter(|_| short))
}

/// Two children: the in-order successor takes the node's place, colour and augmented value.
fn erase_inner<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    node: VmaId,
    right: VmaId,
) -> Result<Option<VmaId>, Stop> {
    let gone = cpu.node(node);
    let mut successor = right;
    while let Some(left) = cpu.node(successor).left() {
        successor = left;
    }
    let moved = cpu.node(successor);
    let child = moved.right();
    let parent = if successor == right {
        successor
    } else {
        let parent = moved.parent().expect("a successor further down has a parent");
        set_child(cpu, parent, Side::Left, child);
        set_child(cpu, successor, Side::Right, Some(right));
        set_link(cpu, right, NodeField::Parent, Some(successor));
        parent
    };
    cpu.set_node(successor, NodeField::SubtreeLast, gone.subtree_last);
    if parent != successor {
        propagate(cpu, Some(parent), Some(successor))?;
    }
    set_child(cpu, successor, Side::Left, gone.left());
    if let Some(left) = gone.left() {
        set_link(cpu, left, NodeField::Parent, Some(successor));
    }
    change_child(cpu, mapping, gone.parent(), node, Some(successor));
    set_link(cpu, successor, NodeField::Parent, gone.parent());
    cpu.set_node(successor, NodeField::Colour, gone.colour as u64);
    let mut short = None;
    match child {
        Some(child) => {
            set_link(cpu, child, NodeField::Parent, Some(parent));
            cpu.set_node(child, NodeField::Colour, Colour::Black as u64);
        }
        None if moved.colour == Colour::Black => short = Some(parent),
        None => {}
    }
    propagate(cpu, Some(successor), None)?;
    Ok(short)
}

/// `lib/rbtree.c:____rb_erase_color`: one black node is missing on a side of `parent` that has no
/// node at its top, or a black one.
fn rb_erase_color<S: Sink>(
    cpu: &mut Cpu<S>,
    mapping: MappingId,
    parent: VmaId,
) -> Result<(), Stop> {
    let mut parent = parent;
    let mut node: Option<VmaId> = None;
    loop {
        let side = if cpu.node(parent).left() == node { Side::Left } else { Side::Right };
        let mut sibling = sibling_of(cpu, parent, side);
        if is_red(cpu, Some(sibling)) {
            rotate(cpu, mapping, parent, side)?;
            paint(cpu, sibling, Colour::Black)?;
            paint(cpu, parent, Colour::Red)?;
            sibling = sibling_of(cpu, parent, side);
        }
        let near = cpu.node(sibling).child(side);
        let far = cpu.node(sibling).child(side.other());
        if !is_red(cpu, far) && !is_red(cpu, near) {
            paint(cpu, sibling, Colour::Red)?;
            if is_red(cpu, Some(parent)) {
                return paint(cpu, parent, Colour::Black);
            }
            node = Some(parent);
            match cpu.node(parent).parent() {
                Some(above) => parent = above,
                None => return Ok(()),
            }
            continue;
        }
        if let Some(near) = near.filter(|_| !is_red(cpu, far)) {
            rotate(cpu, mapping, sibling, side.other())?;
            paint(cpu, sibling, Colour::Red)?;
            sibling = near;
        }
        let colour = cpu.node(parent).colour;
        rotate(cpu, mapping, parent, side)?;
        paint(cpu, sibling, colour)?;
        paint(cpu, parent, Colour::Black)?;
        let far = cpu.node(sibling).child(side.other()).expect("the far nephew is red");
        return paint(cpu, far, Colour::Black);
    }
}

fn sibling_of<S: Sink>(cpu: &Cpu<S>, parent: VmaId, side: Side) -> VmaId {
    cpu.node(parent).child(side.other()).expect("a missing black node has a sibling")
}
