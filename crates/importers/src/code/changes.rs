//! What a file changes while it runs: names whose values are not what is written of them.

use std::collections::{HashMap, HashSet};

use tree_sitter::Node;

use super::program::Role;
use super::syntax::{base, text};

/// Objects of JavaScript that its values have their methods of.
const PROTOTYPES: [&str; 6] = ["Array", "Map", "Object", "RegExp", "Set", "String"];

/// Values that nobody changes in place, and what calls give.
const WITHOUT_PARTS: [&str; 10] = [
    "binary_expression",
    "call",
    "call_expression",
    "false",
    "number",
    "string",
    "template_string",
    "ternary_expression",
    "true",
    "unary_expression",
];

/// That a name stands for a part of another's value.
pub(super) fn alias<'t>(name: &'t str, value: Option<Node<'t>>, source: &'t str) -> Option<Role<'t>> {
    let other = text(base(value?)?, source);
    (other != name).then_some(Role::Aliases(name, other))
}

/// What is changed, and through which names.
#[derive(Default)]
pub(super) struct Changes<'t> {
    changed: HashSet<&'t str>,
    /// Names that stand for another's value, or a part of it, and whose.
    aliases: HashMap<&'t str, Vec<&'t str>>,
    /// Names that are given to functions: the function's, and theirs.
    given: Vec<(&'t str, &'t str)>,
    anything: bool,
}

impl<'t> Changes<'t> {
    /// The value of a name is changed in place.
    pub(super) fn change(&mut self, name: &'t str) {
        self.changed.insert(name);
    }

    /// Any name may have another value than the one that is written.
    pub(super) fn change_anything(&mut self) {
        self.anything = true;
    }

    /// The first name stands for the second's value, or for a part of it.
    pub(super) fn alias(&mut self, name: &'t str, other: &'t str) {
        self.aliases.entry(name).or_default().push(other);
    }

    /// The value of the second name is given to the function of the first.
    pub(super) fn give(&mut self, callee: &'t str, name: &'t str) {
        self.given.push((callee, name));
    }

    /// Whether the value of a name, which is written as `value`, may be another when it is used.
    pub(super) fn touch(&self, name: &str, value: Node<'_>) -> bool {
        // What a call gives is not known to be more than that: `require("cors")`.
        let is_call = matches!(value.kind(), "call" | "call_expression");
        self.changed.contains(name) || self.anything && !is_call
    }

    /// Whether no method of the language is certain to do what it does.
    pub(super) fn touch_methods(&self) -> bool {
        self.anything || PROTOTYPES.iter().any(|name| self.changed.contains(name))
    }

    /// What is changed through another name is changed; and what a function of the file is given
    /// may be changed by it. `values` tells the values of a name that the file defines, nothing for
    /// those that are not known.
    pub(super) fn spread(&mut self, values: impl Fn(&str) -> Option<Vec<Option<Node<'t>>>>) {
        let is_function =
            |value: &Option<Node<'_>>| value.is_none_or(|node| node.kind().contains("function"));
        let has_parts =
            |value: &Option<Node<'_>>| value.is_none_or(|node| !WITHOUT_PARTS.contains(&node.kind()));
        for (callee, name) in &self.given {
            let is_own = values(callee).is_some_and(|values| values.iter().any(is_function));
            if is_own && values(name).is_some_and(|values| values.iter().any(has_parts)) {
                self.changed.insert(name);
            }
        }
        let mut open: Vec<&'t str> = self.changed.iter().copied().collect();
        while let Some(name) = open.pop() {
            for other in self.aliases.get(name).into_iter().flatten() {
                if self.changed.insert(other) {
                    open.push(other);
                }
            }
        }
    }
}
