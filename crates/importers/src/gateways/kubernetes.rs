//! Objects of Kubernetes, and walking through trees.

use super::draft::Draft;
use crate::tree::{Node, Tree};

/// An object of Kubernetes.
pub(super) struct Object<'t> {
    pub(super) node: &'t Node,
    pub(super) kind: &'t str,
    /// Its name; `?` if that is not known.
    pub(super) name: String,
}

/// All objects, those in lists too.
pub(super) fn objects(tree: &Tree) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    for document in &tree.documents {
        walk(document, &mut |_, node| {
            let text = |key| node.get(key).and_then(Node::text);
            let (Some(kind), Some(_)) = (text("kind"), text("apiVersion")) else { return };
            if !kind.ends_with("List") {
                found.push(Object { node, kind, name: name(node) });
            }
        });
    }
    found
}

/// The name of an object.
pub(super) fn name(object: &Node) -> String {
    object.at(&["metadata", "name"]).and_then(Node::text).unwrap_or("?").to_owned()
}

/// Lists what sends `Access-Control-Allow-Origin` in a way that is not read; `known` tells what is.
pub(super) fn list_other_fields(draft: &mut Draft, tree: &Tree, known: fn(&[Step<'_>]) -> bool) {
    const FIELD: &str = "access-control-allow-origin";
    let names = |text: &str| text.len() >= FIELD.len() && text.to_ascii_lowercase().contains(FIELD);
    for document in &tree.documents {
        walk(document, &mut |path, node| {
            let key = path.last().is_some_and(|step| names(&step.key));
            if (key || node.text().is_some_and(names)) && !path.iter().any(is_of_cors) && !known(path) {
                draft.unread(node, "`Access-Control-Allow-Origin` is sent in a way that is not read");
            }
        });
    }
}

/// Whether what lies beyond a step is a list of fields in a policy, which sends none of them.
fn is_of_cors(step: &Step<'_>) -> bool {
    let key = step.key.to_ascii_lowercase();
    let plugin = |name| step.within.get(name).and_then(Node::text) == Some("cors");
    ["allow", "expose", "cors"].iter().any(|part| key.contains(part) && !key.contains("access-control-"))
        || plugin("name")
        || plugin("plugin")
}

/// A step on the way to a value.
pub(super) struct Step<'t> {
    /// The key, or the number of the item.
    pub(super) key: String,
    /// The table or list that has it.
    pub(super) within: &'t Node,
}

/// Whether the way to a value ends with `key`.
pub(super) fn ends_with(path: &[Step<'_>], key: &str) -> bool {
    path.last().is_some_and(|step| step.key.eq_ignore_ascii_case(key))
}

/// The last key on the way that is no number.
pub(super) fn last_name<'p>(path: &'p [Step<'_>]) -> Option<&'p str> {
    let named = |key: &&str| key.parse::<usize>().is_err();
    path.iter().rev().map(|step| step.key.as_str()).find(named)
}

/// Visits all values from the outside, each with the way to it.
pub(super) fn walk<'t>(node: &'t Node, visit: &mut dyn FnMut(&[Step<'t>], &'t Node)) {
    inner(node, &mut Vec::new(), visit);
}

fn inner<'t>(node: &'t Node, path: &mut Vec<Step<'t>>, visit: &mut dyn FnMut(&[Step<'t>], &'t Node)) {
    visit(path, node);
    if node.opaque().is_some() {
        return;
    }
    let items = node.items().iter().enumerate().map(|(number, item)| (number.to_string(), item));
    let entries = node.entries().iter().map(|entry| (entry.key.clone(), &entry.value));
    for (key, value) in entries.chain(items) {
        path.push(Step { key, within: node });
        inner(value, path, visit);
        path.pop();
    }
}
