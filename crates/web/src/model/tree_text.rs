//! Where the words beside the tree's nodes find room: off the links, the knots and each other.

use crate::model::tree::{NodeLook, PITCH_DENSE, Tree, TreeNode, WordsAt, text_width};

/// An upright box: left, top, right, bottom.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rect(f32, f32, f32, f32);

/// A straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line((f32, f32), (f32, f32));

impl Rect {
    fn meets(self, other: Rect) -> bool {
        self.0 < other.2 && other.0 < self.2 && self.1 < other.3 && other.1 < self.3
    }

    /// True if the line runs through the box: it is cut at each edge in turn, and something is
    /// left.
    fn is_crossed(self, Line(from, to): Line) -> bool {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (mut enter, mut leave) = (0.0f32, 1.0f32);
        let edges = [
            (-dx, from.0 - self.0),
            (dx, self.2 - from.0),
            (-dy, from.1 - self.1),
            (dy, self.3 - from.1),
        ];
        for (slope, room) in edges {
            if slope == 0.0 {
                if room < 0.0 {
                    return false;
                }
            } else if slope < 0.0 {
                enter = enter.max(room / slope);
            } else {
                leave = leave.min(room / slope);
            }
        }
        enter < leave
    }
}

/// Height of a node's words.
const HEIGHT: f32 = 13.0;
/// The same where rows are close.
const HEIGHT_DENSE: f32 = 10.5;
/// Distance of the places tried.
const STEP: f32 = 7.0;
/// Words stand no further left than this.
const LEFT_MIN: f32 = -6.0;
/// Places tried along a bar.
const TRIES: u8 = 40;
/// The heading beside the tree.
const HEADING: Rect = Rect(0.0, 90.0, 100.0, 154.0);

/// Places the words of all nodes. Where rows are close, what a node before has said is not said
/// again.
pub(super) fn place(tree: &mut Tree, right: f32) {
    let dense = tree.pitch < PITCH_DENSE;
    let mut lines: Vec<Line> = tree.links.iter().map(|link| Line(link.from, link.to)).collect();
    let here = tree.nodes.iter().find(|node| node.look == NodeLook::Now);
    // The thread leaves the tree downwards.
    lines.extend(here.map(|node| Line((node.x, node.y), (node.x, tree.bottom + 20.0))));
    let mut boxes: Vec<Rect> = tree
        .nodes
        .iter()
        .map(|n| Rect(n.x - n.half, n.y - n.radius, n.x + n.half, n.y + n.radius))
        .chain(tree.nodes.iter().map(|n| Rect(n.from, n.y - 3.0, n.to, n.y + 3.0)))
        .chain([HEADING])
        .collect();
    let mut said: Vec<(String, String)> = Vec::new();
    for node in &mut tree.nodes {
        let words = (node.pages.clone(), node.max.clone());
        let telling = node.look == NodeLook::Now || node.reason.is_some();
        if dense && !telling && said.contains(&words) {
            continue;
        }
        said.push(words);
        let cost = |rect: &Rect| {
            let met = boxes.iter().filter(|other| rect.meets(**other)).count();
            let crossed = lines.iter().filter(|line| rect.is_crossed(**line)).count();
            met * 3 + crossed
        };
        let size = size(node, dense);
        let best = candidates(node, size, dense, right).into_iter().min_by_key(cost);
        let Some(rect) = best else { continue };
        boxes.push(rect);
        let ends = rect.2 <= node.x;
        let x = if ends { rect.2 } else { rect.0 };
        node.words_at = Some(WordsAt { x, y: rect.1 + line(dense) - 3.0, ends });
    }
}

const fn line(dense: bool) -> f32 {
    if dense { HEIGHT_DENSE } else { HEIGHT }
}

/// Width and height of a node's words. A reason has a line of its own where there is room for one.
fn size(node: &TreeNode, dense: bool) -> (f32, f32) {
    let pages = node.words_width();
    match &node.reason {
        None => (pages, line(dense)),
        Some(reason) if dense => (pages + text_width(reason) + 6.0, line(dense)),
        Some(reason) => (pages.max(text_width(reason)), 2.0 * line(dense)),
    }
}

/// Boxes for a node's words, the best first: along its bar, then beside and below it.
fn candidates(node: &TreeNode, (width, height): (f32, f32), dense: bool, right: f32) -> Vec<Rect> {
    let top = node.y - if dense { 2.0 } else { 4.0 } - height;
    let at = |x: f32, top: f32| Rect(x, top, x + width, top + height);
    let first = node.x + node.half + 2.0;
    let last = node.to.max(node.subtree_to).max(first + 60.0).min(right + 10.0) - width;
    let along = (0..TRIES).map(f32::from).map(|n| first + n * STEP).take_while(|x| *x <= last);
    let mut all: Vec<Rect> = along.map(|x| at(x, top)).collect();
    all.push(at(node.x - node.half - 5.0 - width, node.y - height / 2.0));
    for below in [top, node.y + 4.0] {
        all.push(at(first.min(right - width), below));
        all.push(at(node.x - node.half - 4.0 - width, below));
    }
    all.retain(|rect| rect.0 >= LEFT_MIN);
    all
}

impl TreeNode {
    /// Estimated width of its words, without a reason.
    pub(super) fn words_width(&self) -> f32 {
        text_width(&self.pages) + text_width(&self.max) + 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_a_box_is_seen_and_one_beside_it_is_not() {
        let rect = Rect(10.0, 10.0, 20.0, 20.0);
        assert!(rect.is_crossed(Line((0.0, 0.0), (30.0, 30.0))));
        assert!(rect.is_crossed(Line((15.0, 0.0), (15.0, 30.0))));
        assert!(!rect.is_crossed(Line((0.0, 12.0), (9.0, 12.0))));
        assert!(!rect.is_crossed(Line((0.0, 25.0), (30.0, 21.0))));
        assert!(!rect.is_crossed(Line((5.0, 0.0), (5.0, 30.0))));
    }
}
