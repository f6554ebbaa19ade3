//! The interval tree: links under the thread, nodes above it.

use yew::prelude::*;

use rangewalk_core::machine::rbtree::Colour;

use super::svg::{at, n, path, rect, text};
use crate::model::tree::{NodeLook, Tree, TreeLink, TreeNode, WordsAt};
use crate::view::markup::html;

/// Links and folded subtrees: drawn below the nodes.
pub(super) fn links(tree: &Tree) -> Html {
    html! {
        <g class="links">
            {tree.links.iter().filter(|link| !link.thread).map(|link| {
                line(link, if link.pruned { "link pruned" } else { "link" })
            }).collect::<Html>()}
            {tree.folds.iter().map(|fold| html! {
                <g key={fold.id}>
                    <path class="link pruned"
                        d={format!("M{} {}L{} {}", n(fold.from.0), n(fold.from.1), n(fold.at.0), n(fold.at.1))} />
                </g>
            }).collect::<Html>()}
            {tree.links.iter().filter(|link| link.thread).map(|link| html! {
                <g key={link.id}>{line(link, "thread-case")}{line(link, "thread")}</g>
            }).collect::<Html>()}
        </g>
    }
}

fn line(link: &TreeLink, class: &'static str) -> Html {
    let d = format!("M{} {}L{} {}", n(link.from.0), n(link.from.1), n(link.to.0), n(link.to.1));
    path(class, d)
}

/// The nodes.
pub(super) fn nodes(tree: &Tree) -> Html {
    html! {
        <g class="nodes">
            {tree.nodes.iter().map(node).collect::<Html>()}
            {tree.folds.iter().map(|fold| {
                text("xs mid halo", fold.at.0, fold.at.1 + 6.0, format!("+{}", fold.nodes))
            }).collect::<Html>()}
        </g>
    }
}

/// One node: bar from its key to its last page, hairline to the last of its subtree.
fn node(node: &TreeNode) -> Html {
    let class = match node.look {
        NodeLook::Visited => "slide node visited",
        NodeLook::Now => "slide node now",
        NodeLook::ToCome => "slide node tocome",
        NodeLook::Pruned => "slide node pruned",
    };
    let (left, right) = (node.from - node.x, node.to - node.x);
    let end = node.subtree_to - node.x;
    let thick = node.radius / 3.0;
    html! {
        <g key={node.id} {class} transform={at(node.x, node.y)}>
            <path class="sub" d={format!("M{} 0H{}", n(right.min(end)), n(end.max(0.0)))} />
            <path class="tick"
                d={format!("M{} {}v{}", n(end), n(-thick - 2.0), n(2.0 * thick + 4.0))} />
            {rect("bar", left, -thick, right - left, 2.0 * thick)}
            {knot(node)}
            {words(node)}
        </g>
    }
}

/// The circle, or a pill around a long label. Black nodes have a full dot at their shoulder, red
/// ones an open one.
fn knot(node: &TreeNode) -> Html {
    let (h, r) = (node.half, node.radius);
    let dot = match node.colour {
        Colour::Black => "rb black",
        Colour::Red => "rb red",
    };
    html! {
        <>
            <rect class="knot" x={n(-h)} y={n(-r)} width={n(2.0 * h)} height={n(2.0 * r)} rx={n(r)}
                />
            <text class={if r < 9.0 { "b mid s label" } else { "b mid label" }}
                y="4">{node.label.clone()}</text>
            <circle class={dot} cx={n(1.5 - h)} cy={n(2.0 - r)} r="2.75" />
        </>
    }
}

fn words(node: &TreeNode) -> Html {
    let Some(WordsAt { x, y, ends }) = node.words_at else { return Html::default() };
    let dense = node.radius < 9.0;
    let class = match (dense, ends) {
        (true, true) => "xs halo words end",
        (true, false) => "xs halo words",
        (false, true) => "s halo words end",
        (false, false) => "s halo words",
    };
    let (x, y) = (x - node.x, y - node.y);
    html! {
        <text {class} x={n(x)} y={n(y)}>
            <tspan class="m">{node.pages.clone()}</tspan>
            <tspan class="i3">{format!(" {}", node.max)}</tspan>
            if let Some(reason) = &node.reason {
                if dense {
                    <tspan class="why" dx="5">{reason.clone()}</tspan>
                } else {
                    <tspan class="why" x={n(x)} dy="13">{reason.clone()}</tspan>
                }
            }
        </text>
    }
}
