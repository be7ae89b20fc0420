//! Where a layer goes that has been built: into an application, or on to somebody who may build
//! it further.

use std::cell::Cell;
use std::collections::HashMap;

use tree_sitter::Node;

use super::super::rust::children;
use super::super::syntax::text;

/// Most nodes of a file that are looked at.
const MAX_STEPS: usize = 1 << 12;

/// Most names that a layer is followed through, from one to the next.
const MAX_NAMES: usize = 16;

/// Methods that take a layer as it is.
const TAKERS: [&str; 4] = ["layer", "option_layer", "route_layer", "wrap"];

/// Where each name stands.
pub(super) struct Uses<'t> {
    source: &'t str,
    names: HashMap<&'t str, Vec<Node<'t>>>,
    left: Cell<usize>,
}

impl<'t> Uses<'t> {
    /// Those of the tree that `node` is in.
    pub(super) fn new(node: Node<'t>, source: &'t str) -> Self {
        let mut root = node;
        while let Some(parent) = root.parent() {
            root = parent;
        }
        let mut names: HashMap<&'t str, Vec<Node<'t>>> = HashMap::new();
        let mut cursor = root.walk();
        'walk: loop {
            let node = cursor.node();
            if matches!(node.kind(), "identifier" | "field_identifier" | "shorthand_field_identifier") {
                names.entry(text(node, source)).or_default().push(node);
            }
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    break 'walk;
                }
            }
        }
        Self { source, names, left: Cell::new(MAX_STEPS) }
    }

    /// Why the value of a node may be built further.
    pub(super) fn goes_on(&self, node: Node<'t>) -> Option<String> {
        self.follow(node, 0)
    }

    fn follow(&self, node: Node<'t>, depth: usize) -> Option<String> {
        let mut at = node;
        loop {
            self.left.set(self.left.get().saturating_sub(1));
            if self.left.get() == 0 || depth > MAX_NAMES {
                return Some("too much is done with what is built".to_owned());
            }
            // A value on its own, as the whole of a file.
            let parent = at.parent()?;
            match parent.kind() {
                "source_file" => return None,
                "expression_statement" if text(parent, self.source).ends_with(';') => return None,
                "else_clause"
                | "expression_statement"
                | "if_expression"
                | "match_arm"
                | "match_block"
                | "match_expression"
                | "parenthesized_expression"
                | "unsafe_block" => at = parent,
                "block" if children(parent).last() != Some(at) => return None,
                "block" => match parent.parent().filter(|outer| outer.kind() == "function_item") {
                    Some(function) => return self.calls_go_on(function, depth),
                    None => at = parent,
                },
                "return_expression" => return self.returned(parent, depth),
                "field_expression" => match self.method(parent) {
                    Some(("clone", call)) => at = call,
                    Some(("layer", _)) => return None,
                    _ => return Some(self.told(at)),
                },
                "arguments" if self.is_taken(parent) => return None,
                "let_declaration" => return self.named(parent, depth),
                _ => return Some(self.told(at)),
            }
        }
    }

    fn told(&self, at: Node<'t>) -> String {
        let line = text(at, self.source).lines().next().unwrap_or_default();
        let name = line.split(['(', '.']).next().unwrap_or_default().trim();
        format!("what `{}` is may be built further elsewhere", corsac_diagnostics::excerpt(name))
    }

    /// The method that a field expression calls, and the call.
    fn method(&self, field: Node<'t>) -> Option<(&'t str, Node<'t>)> {
        let name = text(field.child_by_field_name("field")?, self.source);
        let call = field.parent().filter(|call| call.kind() == "call_expression")?;
        (call.child_by_field_name("function") == Some(field)).then_some((name, call))
    }

    /// Whether arguments are those of a method that takes a layer, which the file does not define.
    fn is_taken(&self, arguments: Node<'t>) -> bool {
        let callee = arguments.parent().and_then(|call| call.child_by_field_name("function"));
        let method = callee.and_then(|callee| callee.child_by_field_name("field"));
        let name = method.map_or("", |method| text(method, self.source));
        let defines = |place: &Node<'t>| {
            let function = place.parent().filter(|parent| parent.kind() == "function_item");
            let parameters = function.and_then(|function| function.child_by_field_name("parameters"));
            parameters.is_some_and(|all| children(all).any(|one| one.kind() == "self_parameter"))
        };
        TAKERS.contains(&name) && !self.names.get(name).into_iter().flatten().any(defines)
    }

    /// The same for what a declaration names.
    fn named(&self, declaration: Node<'t>, depth: usize) -> Option<String> {
        let Some(pattern) = declaration.child_by_field_name("pattern") else {
            return Some(self.told(declaration));
        };
        let name = text(pattern, self.source);
        let further = || Some(format!("`{name}` may be built further by other statements"));
        let changes = children(declaration).any(|part| part.kind() == "mutable_specifier");
        let Some(block) = declaration.parent().filter(|_| pattern.kind() == "identifier" && !changes) else {
            return further();
        };
        let behind = declaration.end_byte()..block.end_byte();
        let places = self.names.get(name).into_iter().flatten();
        let mut places = places.filter(|place| {
            behind.contains(&place.start_byte())
                && !matches!(place.kind(), "field_identifier")
                && !is_pattern(**place)
        });
        places.find_map(|place| self.follow(*place, depth + 1)).and_then(|_| further())
    }

    /// The same for what a function comes to at a `return`.
    fn returned(&self, node: Node<'t>, depth: usize) -> Option<String> {
        let mut at = node;
        while let Some(parent) = at.parent() {
            match parent.kind() {
                "function_item" => return self.calls_go_on(parent, depth),
                "closure_expression" | "async_block" => break,
                _ => at = parent,
            }
        }
        Some(self.told(node))
    }

    /// The same for what a function returns, at each place where it is called.
    fn calls_go_on(&self, function: Node<'t>, depth: usize) -> Option<String> {
        let definition = function.child_by_field_name("name")?;
        let name = text(definition, self.source);
        let places = self.names.get(name).into_iter().flatten().filter(|place| **place != definition);
        let mut values = places.filter_map(|place| called(*place));
        let goes_on = values.any(|value| self.follow(value, depth + 1).is_some());
        goes_on.then(|| format!("what `{name}` returns may be built further"))
    }
}

/// What a place that may name a function comes to: the call, or the function itself.
fn called(place: Node<'_>) -> Option<Node<'_>> {
    if is_pattern(place) || place.kind() == "shorthand_field_identifier" {
        return None;
    }
    let (mut at, mut parent) = (place, place.parent()?);
    // `Self::cors`, `self.cors`
    while ["field", "name"].iter().any(|last| parent.child_by_field_name(last) == Some(at))
        && matches!(parent.kind(), "field_expression" | "scoped_identifier")
    {
        at = parent;
        parent = at.parent()?;
    }
    match parent.kind() {
        "call_expression" if parent.child_by_field_name("function") == Some(at) => Some(parent),
        // A module, an import, a field.
        "scoped_identifier"
        | "scoped_type_identifier"
        | "scoped_use_list"
        | "use_declaration"
        | "use_list" => None,
        _ if place.kind() == "field_identifier" => None,
        _ => Some(at),
    }
}

/// Whether a name is given a value here.
fn is_pattern(place: Node<'_>) -> bool {
    let parent = place.parent();
    parent.is_some_and(|parent| {
        parent.kind() == "let_declaration" && parent.child_by_field_name("pattern") == Some(place)
    })
}
