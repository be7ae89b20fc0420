//! Values that Java code writes out: strings, joined strings, constants of the same file, lists of
//! them. Everything else is computed.

use std::collections::HashMap;

use corsac_diagnostics::excerpt;
use tree_sitter::Node;

use super::code::{Code, children, place};
use crate::MAX_DEPTH;
use crate::cloud::Text;

/// The constants of a file: `static final` strings by name.
pub(super) struct Constants<'t>(HashMap<&'t str, Option<Node<'t>>>);

impl<'t> Constants<'t> {
    pub(super) fn of(code: &Code<'t>) -> Self {
        let mut constants = HashMap::new();
        for node in code.all().filter(|node| node.kind() == "field_declaration") {
            let modifiers = children(node).into_iter().find(|child| child.kind() == "modifiers");
            let modifiers = modifiers.map_or("", |modifiers| code.written(modifiers));
            let is_constant = modifiers.contains("static") && modifiers.contains("final");
            for declared in children(node).into_iter().filter(|child| child.kind() == "variable_declarator") {
                let value = declared.child_by_field_name("value").filter(|_| is_constant);
                // Two of one name, in two classes, are not told apart.
                let entry = constants.entry(code.field(declared, "name"));
                entry.and_modify(|known| *known = None).or_insert(value);
            }
        }
        Self(constants)
    }
}

/// The text that an expression is.
pub(super) fn text(node: Node<'_>, code: &Code<'_>, constants: &Constants<'_>) -> Text {
    let known = fold(node, code, constants, MAX_DEPTH);
    let computed = || format!("`{}` is computed", excerpt(code.written(node)));
    Text { text: known.ok_or_else(computed), place: place(node) }
}

fn fold(node: Node<'_>, code: &Code<'_>, constants: &Constants<'_>, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match node.kind() {
        "string_literal" => string(code.written(node)),
        "true" | "false" | "decimal_integer_literal" => {
            Some(code.written(node).trim_end_matches(['l', 'L']).replace('_', ""))
        }
        "parenthesized_expression" => fold(*children(node).first()?, code, constants, depth),
        "binary_expression" if code.field(node, "operator") == "+" => {
            let mut left = fold(node.child_by_field_name("left")?, code, constants, depth)?;
            left += &fold(node.child_by_field_name("right")?, code, constants, depth)?;
            Some(left)
        }
        "identifier" => match constants.0.get(code.written(node)) {
            Some(value) => fold((*value)?, code, constants, depth),
            None => imported_method(code, code.written(node)),
        },
        "field_access" => constant_of_spring(code.written(node)),
        // `HttpMethod.GET.name()`
        "method_invocation" if matches!(code.field(node, "name"), "name" | "toString") => {
            constant_of_spring(code.field(node, "object"))
        }
        _ => None,
    }
}

/// `GET` after `import static ….RequestMethod.*`.
fn imported_method(code: &Code<'_>, name: &str) -> Option<String> {
    const METHODS: [&str; 8] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];
    let is_imported = |of: &str| {
        [format!(".{of}.*;"), format!(".{of}.{name};")].iter().any(|import| code.text.contains(import))
    };
    let is_one = METHODS.contains(&name) && (is_imported("RequestMethod") || is_imported("HttpMethod"));
    is_one.then(|| name.to_owned())
}

/// Constants that everybody has.
fn constant_of_spring(written: &str) -> Option<String> {
    let mut parts = written.rsplit('.');
    match (parts.next()?, parts.next()?) {
        ("ALL", "CorsConfiguration") => Some("*".to_owned()),
        ("TRUE", "Boolean") => Some("true".to_owned()),
        ("FALSE", "Boolean") => Some("false".to_owned()),
        (method, "HttpMethod" | "RequestMethod") => Some(method.to_owned()),
        (header, "HttpHeaders") => Some(header.to_ascii_lowercase().replace('_', "-")),
        _ => None,
    }
}

/// Functions that make a list of their arguments.
const LISTS: [&str; 8] =
    ["asList", "copyOf", "emptyList", "list", "of", "singleton", "singletonList", "unmodifiableList"];

/// The texts of one argument that is a list, or of one that is a text.
pub(super) fn texts(node: Node<'_>, code: &Code<'_>, constants: &Constants<'_>) -> Vec<Text> {
    list(node, code, constants, MAX_DEPTH)
}

fn list(node: Node<'_>, code: &Code<'_>, constants: &Constants<'_>, depth: usize) -> Vec<Text> {
    let items = |nodes: Vec<Node<'_>>| match depth.checked_sub(1) {
        Some(depth) => nodes.into_iter().flat_map(|node| list(node, code, constants, depth)).collect(),
        None => vec![text(node, code, constants)],
    };
    match node.kind() {
        "method_invocation"
            if LISTS.contains(&code.field(node, "name"))
                && is_of_lists(code.field(node, "object"), code.text) =>
        {
            items(node.child_by_field_name("arguments").map(children).unwrap_or_default())
        }
        "array_initializer" | "element_value_array_initializer" => items(children(node)),
        "array_creation_expression" => match node.child_by_field_name("value") {
            Some(value) => items(vec![value]),
            None => vec![text(node, code, constants)],
        },
        "object_creation_expression" => match node.child_by_field_name("arguments").map(children) {
            Some(arguments) if arguments.len() == 1 && is_of_lists(code.field(node, "type"), code.text) => {
                items(arguments)
            }
            _ => vec![text(node, code, constants)],
        },
        _ => vec![text(node, code, constants)],
    }
}

/// Whether a class makes lists: `List`, `java.util.Arrays`, `ArrayList<>`; an import without a
/// class is taken for one.
fn is_of_lists(written: &str, text: &str) -> bool {
    // What is imported from elsewhere under such a name is something else.
    let is_known = |import: &str| {
        let known =
            ["java.util.", "com.google.common.collect.", "static java.util.", "static com.google.common."];
        known.iter().any(|package| import.starts_with(package))
    };
    let short = written.rsplit('.').next().unwrap_or_default();
    let imports = text.lines().filter_map(|line| line.trim_start().strip_prefix("import "));
    let named = imports.map(str::trim).filter(|import| {
        let import = import.trim_end_matches(';');
        let last = import.rsplit('.').next().unwrap_or_default();
        if short.is_empty() { import.starts_with("static ") && LISTS.contains(&last) } else { last == short }
    });
    if named.into_iter().any(|import| !is_known(import)) {
        return false;
    }
    let class = written.split('<').next().unwrap_or_default();
    let name = class.rsplit('.').next().unwrap_or_default();
    matches!(
        name,
        "" | "ArrayList"
            | "Arrays"
            | "Collections"
            | "ImmutableList"
            | "ImmutableSet"
            | "LinkedList"
            | "List"
            | "Lists"
            | "Set"
    )
}

/// What a string literal stands for. Text blocks are not resolved.
fn string(written: &str) -> Option<String> {
    if written.starts_with("\"\"\"") {
        return None;
    }
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next()? {
            'n' => text.push('\n'),
            't' => text.push('\t'),
            same @ ('"' | '\'' | '\\') => text.push(same),
            'u' => {
                let digits: String = characters.by_ref().skip_while(|c| *c == 'u').take(4).collect();
                text.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            _ => return None,
        }
    }
    Some(text)
}
