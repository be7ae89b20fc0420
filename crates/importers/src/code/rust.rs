//! Rust.

use std::borrow::Cow;

use tree_sitter::Node;

use super::expression::{Argument, Expression, Kind};
use super::program::{Program, Role, SiteKind};
use super::strings;
use super::syntax::{names_the_field, quoted, text};
use crate::MAX_DEPTH;

/// Methods that change what they are called on.
const CHANGING: &[&str] =
    &["push", "extend", "insert", "remove", "retain", "clear", "append", "pop", "truncate"];

/// The text with `vec!` blanked, so that what is in it is read as a list; each byte keeps its
/// place. A grammar knows nothing of what macros take.
pub(crate) fn without_vec(source: &str) -> Cow<'_, str> {
    if source.contains("vec!") { Cow::Owned(source.replace("vec!", "    ")) } else { Cow::Borrowed(source) }
}

/// Methods of lists that change nothing.
const READING: [&str; 12] = [
    "as_slice",
    "clone",
    "contains",
    "first",
    "get",
    "into_iter",
    "is_empty",
    "iter",
    "join",
    "last",
    "len",
    "to_vec",
];

/// What a node does.
pub(crate) fn roles<'t>(
    node: Node<'t>,
    parent: Option<Node<'t>>,
    field: Option<&str>,
    source: &'t str,
) -> Vec<Role<'t>> {
    let child = |name: &str| node.child_by_field_name(name);
    let named = |name: &str, value: &str| match child(name) {
        Some(name) if name.kind() == "identifier" => vec![Role::Binds(text(name, source), child(value))],
        _ => Vec::new(),
    };
    match node.kind() {
        "function_item" => named("name", "").into_iter().chain([Role::Function]).collect(),
        "closure_expression" | "async_block" => vec![Role::Function],
        "if_expression" | "match_expression" | "for_expression" | "while_expression" | "loop_expression" => {
            vec![Role::Condition]
        }
        "let_declaration" if is_mutable(node) => named("pattern", ""),
        "let_declaration" => named("pattern", "value"),
        "static_item" if is_mutable(node) => named("name", ""),
        "const_item" | "static_item" => named("name", "value"),
        "const_parameter"
        | "enum_item"
        | "enum_variant"
        | "function_signature_item"
        | "mod_item"
        | "struct_item"
        | "trait_item"
        | "type_item"
        | "union_item" => {
            child("name").map(|name| Role::Binds(text(name, source), None)).into_iter().collect()
        }
        "shorthand_field_identifier" => vec![Role::Binds(text(node, source), None)],
        "use_declaration" => child("argument").map(|tree| imported(tree, source)).unwrap_or_default(),
        "token_tree" => bound_in_macro(node, source),
        "assignment_expression" | "compound_assignment_expr" => {
            // `origins[0] = …`
            let part = child("left").filter(|left| left.kind() == "index_expression");
            let list = part.and_then(|part| part.named_child(0)).filter(|list| list.kind() == "identifier");
            let changed = list.map(|list| Role::Changes(text(list, source)));
            named("left", "").into_iter().chain(changed).collect()
        }
        "call_expression" => {
            let changed = child("function").and_then(|callee| changed_by(callee, source));
            changed.into_iter().chain([Role::Site(SiteKind::Call)]).collect()
        }
        // `&mut origins`, handed to whoever changes it.
        "reference_expression" => {
            let name = child("value").filter(|value| is_mutable(node) && value.kind() == "identifier");
            name.map(|name| Role::Changes(text(name, source))).into_iter().collect()
        }
        "string_literal" | "raw_string_literal" if names_the_field(text(node, source)) => {
            vec![Role::Site(SiteKind::Mention)]
        }
        "identifier" if text(node, source) == "ACCESS_CONTROL_ALLOW_ORIGIN" => {
            let used = |at: Node<'_>| matches!(at.kind(), "use_declaration" | "use_list");
            let imported = parent.is_some_and(|parent| used(parent) || parent.parent().is_some_and(used));
            if imported { Vec::new() } else { vec![Role::Site(SiteKind::Mention)] }
        }
        "identifier" => parent.and_then(|parent| bound(node, parent, field, source)).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether `mut` is said.
fn is_mutable(node: Node<'_>) -> bool {
    let mut cursor = node.walk();
    node.children(&mut cursor).any(|part| part.kind() == "mutable_specifier")
}

/// The names that an import brings, with their paths; those of `*` are not told.
fn imported<'t>(tree: Node<'t>, source: &'t str) -> Vec<Role<'t>> {
    let mut names = Vec::new();
    let mut open = vec![(tree, String::new(), 0)];
    while let Some((node, before, depth)) = open.pop() {
        let path = |part: Node<'t>| format!("{before}{}", text(part, source));
        let child = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "identifier" => names.push(Role::Imports(text(node, source), path(node))),
            // `http::{self}`
            "self" => {
                let name = before.trim_end_matches(':').len();
                let own = before.get(..name).unwrap_or_default();
                let last = own.rsplit("::").next().unwrap_or_default();
                let at = tree_name(tree, last, source);
                names.extend(at.map(|name| Role::Imports(name, own.to_owned())));
            }
            "scoped_identifier" => {
                names.extend(child("name").map(|name| Role::Imports(text(name, source), path(node))));
            }
            "use_as_clause" => {
                let both = child("alias").zip(child("path"));
                names.extend(both.map(|(alias, of)| Role::Imports(text(alias, source), path(of))));
            }
            "use_list" if depth < MAX_DEPTH => {
                open.extend(children(node).map(|part| (part, before.clone(), depth + 1)));
            }
            "scoped_use_list" if depth < MAX_DEPTH => {
                let prefix = child("path").map_or_else(|| before.clone(), |of| format!("{}::", path(of)));
                open.extend(child("list").map(|list| (list, prefix, depth + 1)));
            }
            _ => {}
        }
    }
    names
}

/// The words of the source that are `name`.
fn tree_name<'t>(tree: Node<'t>, name: &str, source: &'t str) -> Option<&'t str> {
    let words = text(tree, source);
    words.split(|letter: char| !letter.is_alphanumeric() && letter != '_').find(|word| *word == name)
}

/// Names that what a macro is given may bind: `static ref ORIGINS` of `lazy_static!`.
fn bound_in_macro<'t>(tokens: Node<'t>, source: &'t str) -> Vec<Role<'t>> {
    const BINDS: [&str; 8] = ["as", "const", "fn", "let", "mod", "mut", "ref", "static"];
    let mut cursor = tokens.walk();
    let mut before = "";
    let mut names = Vec::new();
    for token in tokens.children(&mut cursor) {
        let word = text(token, source);
        if token.kind() == "identifier" && BINDS.contains(&before) {
            names.push(Role::Binds(word, None));
        }
        before = if token.child_count() == 0 || token.kind() == "mutable_specifier" { word } else { "" };
    }
    names
}

fn changed_by<'t>(callee: Node<'t>, source: &'t str) -> Option<Role<'t>> {
    let method = text(callee.child_by_field_name("field")?, source);
    let object = callee.child_by_field_name("value").filter(|object| object.kind() == "identifier")?;
    let name = text(object, source);
    if CHANGING.contains(&method) {
        return Some(Role::Changes(name));
    }
    (!READING.contains(&method)).then_some(Role::MayChange(name))
}

/// What a name within parameters and patterns does.
fn bound<'t>(node: Node<'t>, parent: Node<'t>, field: Option<&str>, source: &'t str) -> Option<Role<'t>> {
    let binds = match parent.kind() {
        "closure_parameters" | "tuple_pattern" | "ref_pattern" | "mut_pattern" | "captured_pattern"
        | "slice_pattern" | "or_pattern" | "reference_pattern" | "match_pattern" => true,
        "tuple_struct_pattern" => field != Some("type"),
        "field_pattern" | "parameter" | "for_expression" | "let_condition" => field == Some("pattern"),
        _ => false,
    };
    binds.then(|| Role::Binds(text(node, source), None))
}

/// The expression of a node.
pub(crate) fn expression(program: &Program<'_>, node: Node<'_>, depth: usize) -> Expression {
    let at = |kind| Expression::new(kind, node.byte_range());
    let words = text(node, program.source);
    let computed = || at(Kind::Computed(quoted(words)));
    let inner = |child: Option<Node<'_>>| child.map(|child| program.read_at(child, depth + 1));
    let field = |name: &str| inner(node.child_by_field_name(name));
    let member = |object: &str, name: &str| {
        let name = node.child_by_field_name(name).map(|name| text(name, program.source).to_owned());
        let both = field(object).zip(name);
        both.map_or_else(computed, |(object, name)| at(Kind::Member(Box::new(object), name)))
    };
    match node.kind() {
        "string_literal" => {
            let literal = words.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
            literal.and_then(strings::rust).map_or_else(computed, |text| at(Kind::Text(text)))
        }
        "raw_string_literal" => {
            let literal = words.strip_prefix('r').map(|rest| rest.trim_matches('#'));
            let literal = literal.and_then(|rest| rest.strip_prefix('"')?.strip_suffix('"'));
            literal.map_or_else(computed, |text| at(Kind::Text(text.to_owned())))
        }
        "integer_literal" => {
            let digits = words.replace('_', "");
            let digits = digits.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
            at(Kind::Number(digits.to_owned()))
        }
        "boolean_literal" => at(Kind::Boolean(words == "true")),
        "identifier" | "self" | "type_identifier" | "crate" => at(Kind::Name(words.to_owned())),
        "scoped_identifier" | "scoped_type_identifier" => match node.child_by_field_name("path") {
            Some(_) => member("path", "name"),
            None => field("name").unwrap_or_else(computed),
        },
        "field_expression" => member("value", "field"),
        "generic_function" => field("function").unwrap_or_else(computed),
        "generic_type" | "generic_type_with_turbofish" => field("type").unwrap_or_else(computed),
        "array_expression" | "tuple_expression" if node.child_by_field_name("length").is_none() => {
            at(Kind::List(children(node).map(|item| program.read_at(item, depth + 1)).collect()))
        }
        "reference_expression" if is_mutable(node) => computed(),
        "reference_expression" => field("value").unwrap_or_else(computed),
        "unary_expression" if words.starts_with('*') => inner(children(node).next()).unwrap_or_else(computed),
        "try_expression" | "parenthesized_expression" => {
            inner(children(node).next()).unwrap_or_else(computed)
        }
        "closure_expression" | "function_item" => at(Kind::Function),
        "call_expression" => {
            let arguments = node.child_by_field_name("arguments");
            let values = arguments.into_iter().flat_map(children);
            let values =
                values.map(|value| Argument { name: None, value: program.read_at(value, depth + 1) });
            field("function")
                .map_or_else(computed, |callee| at(Kind::Call(Box::new(callee), values.collect())))
        }
        _ => computed(),
    }
}

/// The parts of a node that are code.
pub(crate) fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut cursor = node.walk();
    let nodes: Vec<_> = node
        .named_children(&mut cursor)
        .filter(|child| !matches!(child.kind(), "line_comment" | "block_comment" | "attribute_item"))
        .collect();
    nodes.into_iter()
}
