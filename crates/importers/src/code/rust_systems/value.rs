//! What expressions of Rust come to: constants of the file, behind conversions of their types.
//!
//! A name is followed only to the one binding of the file, which cannot change and is in scope;
//! a conversion only if it is the language's or a known crate's.

use corsac_analysis::model::{Field, Value};
use tree_sitter::Node;

use super::super::answers::{Known, Reading};
use super::super::expression::{Expression, Kind};
use super::super::rust::children;
use super::super::syntax::{quoted, text};

/// Most names that are followed from one to the next.
const MAX_NAMES: usize = 16;

/// Methods that change neither a value nor a list of them, but its type.
const SAME: [&str; 15] = [
    "unwrap",
    "ok",
    "into",
    "to_owned",
    "to_string",
    "to_vec",
    "clone",
    "cloned",
    "copied",
    "iter",
    "into_iter",
    "as_slice",
    "as_str",
    "collect",
    "parse",
];

/// Functions that convert a text, by their types.
const CONSTRUCTORS: [(&str, &[&str]); 3] = [
    ("HeaderValue", &["from_static", "from_str", "from_bytes", "try_from"]),
    ("String", &["from"]),
    ("Vec", &["from"]),
];

/// Crates whose types are those that they are named as, themselves or handed on.
const CRATES: [&str; 14] = [
    "actix_http",
    "actix_web",
    "alloc",
    "axum",
    "axum_core",
    "axum_extra",
    "core",
    "http",
    "hyper",
    "reqwest",
    "std",
    "tonic",
    "tower_http",
    "warp",
];

/// The value of an expression, names followed to constants.
pub(super) fn value(reading: &Reading<'_, '_>, expression: &Expression) -> Expression {
    let mut at = expression.clone();
    for _ in 0..MAX_NAMES {
        let next = match &at.kind {
            Kind::Name(name) => constant(reading, name, at.span.start),
            Kind::Member(..) => None,
            _ => return at,
        };
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    let words = reading.program.source.get(expression.span.clone()).unwrap_or_default();
    Expression::new(Kind::Computed(quoted(words)), expression.span.clone())
}

/// The value of a name where it stands at byte `at`.
fn constant(reading: &Reading<'_, '_>, name: &str, at: usize) -> Option<Expression> {
    let program = reading.program;
    let node = program.value_node_at(name, at)?;
    let is_only = program.values_of(name)?.count() == 1;
    (is_only && is_in_scope(node, at, program.source)).then(|| program.read(node))
}

/// Whether what `value` is bound to is what its name means at byte `at`.
fn is_in_scope(value: Node<'_>, at: usize, source: &str) -> bool {
    let Some(declaration) = value.parent() else { return false };
    let Some(block) = declaration.parent() else { return false };
    let is_let = declaration.kind() == "let_declaration";
    let is_placed = match declaration.kind() {
        "let_declaration" => declaration.end_byte() <= at,
        "const_item" | "static_item" => {
            block.kind() != "declaration_list"
                || block.parent().is_some_and(|module| module.kind() == "mod_item")
        }
        _ => false,
    };
    if !is_placed || !block.byte_range().contains(&at) && block.kind() != "source_file" {
        return false;
    }
    let mut cursor = block.walk();
    while cursor.goto_first_child_for_byte(at).is_some() {
        let node = cursor.node();
        if !node.byte_range().contains(&at) {
            break;
        }
        let hides = match node.kind() {
            "mod_item" => true,
            "function_item" => is_let,
            // An import of all names comes before what is farther out.
            "block" => children(node)
                .any(|item| item.kind() == "use_declaration" && text(item, source).contains('*')),
            _ => false,
        };
        if hides {
            return false;
        }
    }
    true
}

/// The text or list behind methods and functions that change its type only:
/// `"…".parse::<HeaderValue>().unwrap()`, `HeaderValue::from_static("…")`, `LIST.map(…)`.
pub(super) fn bare(reading: &Reading<'_, '_>, expression: &Expression) -> Expression {
    let mut at = value(reading, expression);
    for _ in 0..crate::MAX_DEPTH {
        let Some(next) = converted(reading, &at) else { break };
        at = value(reading, &next);
    }
    at
}

/// What a conversion is of.
fn converted(reading: &Reading<'_, '_>, call: &Expression) -> Option<Expression> {
    let Kind::Call(callee, arguments) = &call.kind else { return None };
    match (&callee.kind, arguments.as_slice()) {
        (Kind::Name(name), [only]) if matches!(name.as_str(), "Some" | "Ok") => Some(only.value.clone()),
        (Kind::Member(..), [only]) if constructs(reading, callee) => Some(only.value.clone()),
        (Kind::Member(object, name), []) if is_conversion(reading, name, call, callee) => {
            Some(object.as_ref().clone())
        }
        (Kind::Member(object, name), [_]) if name == "expect" && !reading.program.defines(name) => {
            Some(object.as_ref().clone())
        }
        (Kind::Member(object, name), [function])
            if matches!(name.as_str(), "map" | "filter_map")
                && !reading.program.defines(name)
                && converts(reading, &function.value) =>
        {
            Some(object.as_ref().clone())
        }
        _ => None,
    }
}

/// Whether a method converts a text or a list, as the language has it.
fn is_conversion(reading: &Reading<'_, '_>, name: &str, call: &Expression, callee: &Expression) -> bool {
    let own = |name: &str| reading.program.defines(name);
    let words = reading.program.source.get(callee.span.end..call.span.end).unwrap_or_default();
    let into = words.strip_prefix("::<").and_then(|rest| rest.split_once(">(")).map(|(into, _)| into.trim());
    let is_known = match (name, into) {
        ("parse", None) => !own("from_str"),
        ("parse", Some(into)) => {
            matches!(into, "_" | "String") || into.ends_with("HeaderValue") && !is_own(reading, &[into])
        }
        ("collect", Some(into)) => {
            ["Vec<", "Result<Vec<", "Option<Vec<", "Box<["].iter().any(|list| into.starts_with(list))
        }
        ("into", _) => !own("from"),
        (_, into) => into.is_none(),
    };
    is_known && SAME.contains(&name) && !own(name)
}

/// Whether a path is that of a function that converts a text.
fn constructs(reading: &Reading<'_, '_>, callee: &Expression) -> bool {
    let Some(path) = callee.path() else { return false };
    let [.., of, function] = path.as_slice() else { return false };
    let is_known = CONSTRUCTORS.iter().any(|(name, functions)| name == of && functions.contains(function));
    is_known && !is_own(reading, &path)
}

/// Whether a path may begin with something of the file's own.
pub(super) fn is_own(reading: &Reading<'_, '_>, path: &[&str]) -> bool {
    let first = path.first().and_then(|first| first.split("::").next()).unwrap_or_default();
    let root = match reading.program.module_of(first) {
        Some(module) => module,
        None if reading.program.defines(first) => return true,
        // A name that no import of its own brings; a path of a crate.
        None if path.len() <= 2 && !first.is_empty() => return false,
        None => first.to_owned(),
    };
    let root = root.trim_start_matches("::").split("::").next().unwrap_or_default();
    !CRATES.contains(&root)
}

/// Whether a function does nothing but convert a text.
fn converts(reading: &Reading<'_, '_>, function: &Expression) -> bool {
    if constructs(reading, function) {
        return true;
    }
    let closure = reading.program.node_at(&function.span, &["closure_expression"]);
    let Some((name, body)) = closure.and_then(|closure| applied(closure, reading.program.source)) else {
        return false;
    };
    let mut at = reading.program.read(body);
    for _ in 0..crate::MAX_DEPTH {
        match converted(reading, &at) {
            Some(next) => at = next,
            None => break,
        }
    }
    matches!(&at.kind, Kind::Name(own) if own == name)
}

/// The one parameter of a closure, and what it comes to.
fn applied<'t>(closure: Node<'t>, source: &'t str) -> Option<(&'t str, Node<'t>)> {
    let [parameter] = children(closure.child_by_field_name("parameters")?).collect::<Vec<_>>()[..] else {
        return None;
    };
    let mut name = parameter.child_by_field_name("pattern").unwrap_or(parameter);
    while name.kind() == "reference_pattern" {
        name = name.named_child(0)?;
    }
    let mut body = closure.child_by_field_name("body")?;
    if body.kind() == "block" {
        let [only] = children(body).collect::<Vec<_>>()[..] else { return None };
        body = only;
    }
    (name.kind() == "identifier").then(|| (text(name, source), body))
}

/// The items of a list of texts.
pub(super) fn list(reading: &Reading<'_, '_>, expression: &Expression) -> Option<Vec<Expression>> {
    match bare(reading, expression).kind {
        Kind::List(items) => Some(items.iter().map(|item| bare(reading, item)).collect()),
        _ => None,
    }
}

/// Names of methods or header fields: constants of the `http` crate, or texts.
pub(super) fn names(
    reading: &mut Reading<'_, '_>,
    given: &Expression,
    lower: bool,
    separator: &str,
) -> Field {
    let place = Reading::place(&given.span);
    let value = bare(reading, given);
    let items = match &value.kind {
        Kind::List(items) => items.clone(),
        _ => vec![given.clone()],
    };
    let mut names = Vec::with_capacity(items.len());
    for item in &items {
        let text = bare(reading, item).as_text().map(str::to_owned);
        let constant = || {
            item.last_name().filter(|name| {
                name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b.is_ascii_digit())
            })
        };
        let program = reading.program;
        let is_known = |name: &&str| !program.defines(name) || program.module_of(name).is_some();
        let name = text.or_else(|| constant().filter(is_known).map(|name| name.replace('_', "-")));
        let Some(name) = name else {
            return Field { value: Value::Opaque(reading.opaque(item)), place };
        };
        names.push(if lower { name.to_ascii_lowercase() } else { name });
    }
    Field { value: Value::Text(names.join(separator)), place }
}

/// `true` or `false`.
pub(super) fn flag(reading: &mut Reading<'_, '_>, given: &Expression) -> Known<bool> {
    let value = value(reading, given);
    match value.kind {
        Kind::Boolean(is) => Known::Is(is),
        _ => Known::Not(reading.opaque(&value)),
    }
}
