//! Sentences about the interval tree.

use rangewalk_core::machine::event::Look;
use rangewalk_core::machine::rbtree::{Colour, Side};
use rangewalk_core::machine::{Event, VmaId};

use crate::model::sentence::{Said, span_words};
use crate::model::stage_now::Now;

const fn side_words(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

pub(super) const fn colour_words(colour: Colour) -> &'static str {
    match colour {
        Colour::Red => "red",
        Colour::Black => "black",
    }
}

pub(super) fn said(now: &Now<'_>, event: Event) -> Said {
    match event {
        Event::TreeQuery { mapping, first, last } => (
            format!(
                "The tree of {} is asked for {}.",
                now.file_name(mapping),
                span_words(first, last)
            ),
            "A node stands at its first page and knows the last page of all below it.".to_owned(),
        ),
        Event::TreeLook { node, look } => look_said(now, node, look),
        Event::TreeEnd { .. } => (
            "No further mapping meets the range.".to_owned(),
            "The search comes to the end of the tree.".to_owned(),
        ),
        Event::TreeDescend { node, at, side } => descend(now, node, at, side),
        Event::TreeLink { node } => (
            format!("{} is linked into the tree, red.", now.vma(node)),
            "A red leaf leaves every black height as it was.".to_owned(),
        ),
        Event::TreeRotate { pivot, side } => (
            format!("The tree is rotated: {} sinks to the {}.", now.vma(pivot), side_words(side)),
            "Its child rises; the order of keys stays, `subtree_last` is handed over.".to_owned(),
        ),
        Event::TreeColour { node, colour } => (
            format!("{} turns {}.", now.vma(node), colour_words(colour)),
            match now.world().node(node).parent() {
                None => "The root is always black.",
                Some(_) => {
                    "No red node may have a red child, and every path down counts the same black \
                     nodes."
                }
            }
            .to_owned(),
        ),
        Event::TreeErase { node } => (
            format!("{} leaves the tree.", now.vma(node)),
            "Its place is closed before its borders change or it goes.".to_owned(),
        ),
        Event::TreeAugment { node } => (
            format!("`subtree_last` of {} is computed anew.", now.vma(node)),
            format!("It is {} now.", now.world().node(node).subtree_last),
        ),
        _ => unreachable!("not a tree step"),
    }
}

fn descend(now: &Now<'_>, node: VmaId, at: VmaId, side: Side) -> Said {
    let (start, key) = (now.world().node(node).start, now.world().node(at).start);
    let (node, at) = (now.vma(node), now.vma(at));
    let why = match side {
        Side::Left if start == key => format!("A copy by fork stands right behind {at}'s tie."),
        Side::Left => format!("Its first page {start} is less than {key}."),
        Side::Right if start == key => format!("Both start at page {key}: ties go right."),
        Side::Right => format!("Its first page {start} is not less than {key}."),
    };
    (format!("{node} goes to the {} of {at}.", side_words(side)), why)
}

fn look_said(now: &Now<'_>, id: VmaId, look: Look) -> Said {
    let node = now.world().node(id);
    let name = now.vma(id);
    let (first, last) = now.walk.map_or((0, 0), |walk| (walk.first, walk.last()));
    let of =
        now.world().vma(id).mm.map_or_else(String::new, |mm| format!(" of {}", now.process(mm)));
    match look {
        Look::RootEndsBefore => (
            format!("No mapping reaches page {first}."),
            format!("The whole tree ends at page {}: {0} < {first}.", node.subtree_last),
        ),
        Look::LeftmostStartsAfter => (
            "Every mapping starts behind the range.".to_owned(),
            format!("The leftmost, {name}, starts at page {}: {0} > {last}.", node.start),
        ),
        Look::Enter => (
            format!("The search goes down at {name}."),
            format!(
                "Something at or below it reaches page {}, which is not before page {first}.",
                node.subtree_last
            ),
        ),
        Look::Pruned => (
            format!("{name} is pruned, with everything below it."),
            format!("All of it ends at page {}: {0} < {first}.", node.subtree_last),
        ),
        Look::Hit => (
            format!("{name}{of} meets the range."),
            format!(
                "It maps {}; the walk asks for {}.",
                span_words(node.start, node.last),
                span_words(first, last)
            ),
        ),
        Look::EndsBefore => (
            format!("{name} itself ends before the range."),
            format!("Its last page is {}: {0} < {first}.", node.last),
        ),
        Look::StartsAfter => (
            format!("{name} starts behind the range: the search ends."),
            format!(
                "Its first page is {}: {0} > {last}, and whatever follows starts no sooner.",
                node.start
            ),
        ),
        Look::Climb => (
            format!("Back up to {name}."),
            "What is below has been seen; the next node in key order is above.".to_owned(),
        ),
    }
}
