//! Back-references that the engines themselves get wrong.
//!
//! Java does not always restore what a group matched when it gives up the way that it matched
//! on, so that a reference can see text of a way not taken. It cannot where every way to the
//! reference goes through the group first. .NET, as Mono has it, misplaces the beginning of
//! what surrounds a lazy loop over nothing.

use std::collections::BTreeSet;

use super::{Node, Repetition};

/// Whether each reference in `node` follows its group on every way.
pub(super) fn is_certain(node: &Node) -> bool {
    walk(node, &mut Matched::default())
}

/// Whether `node` has both a reference and a lazy loop whose body can match nothing.
pub(super) fn has_reference_and_lazy_loop(node: &Node) -> bool {
    node.has_backreference() && has_lazy_loop(node)
}

fn has_lazy_loop(node: &Node) -> bool {
    let own = matches!(node, Node::Repeat { node, kind: Repetition::Lazy, .. } if node.length().0 == 0);
    own || node.children().any(has_lazy_loop)
}

/// Groups that have matched at a place.
#[derive(Default)]
struct Matched {
    groups: BTreeSet<u32>,
    /// The same, in the order in which they came.
    order: Vec<u32>,
}

fn walk(node: &Node, matched: &mut Matched) -> bool {
    match node {
        Node::Assert(_) | Node::Empty | Node::Set(_) => true,
        Node::Backreference { group, .. } => matched.groups.contains(group),
        Node::Concat(nodes) => nodes.iter().all(|node| walk(node, matched)),
        Node::Group { index, node } => {
            let certain = walk(node, matched);
            if matched.groups.insert(*index) {
                matched.order.push(*index);
            }
            certain
        }
        Node::Alternation(nodes) => nodes.iter().all(|node| within(node, matched)),
        Node::Atomic(node) | Node::Look { node, .. } | Node::Repeat { node, .. } => within(node, matched),
    }
}

/// Groups in it count for it alone.
fn within(node: &Node, matched: &mut Matched) -> bool {
    let before = matched.order.len();
    let certain = walk(node, matched);
    for group in matched.order.split_off(before) {
        matched.groups.remove(&group);
    }
    certain
}
