//! Python.

use tree_sitter::Node;

use super::expression::{Argument, Expression, Kind};
use super::program::{Program, Role, SiteKind};
use super::strings;
use super::syntax::{children, names_the_field, quoted, text};

/// What a node does.
pub(crate) fn roles<'t>(
    node: Node<'t>,
    parent: Option<Node<'t>>,
    field: Option<&str>,
    source: &'t str,
) -> Vec<Role<'t>> {
    let child = |name: &str| node.child_by_field_name(name);
    match node.kind() {
        "function_definition" => {
            let name = child("name").map(|name| Role::Binds(text(name, source), Some(node)));
            name.into_iter().chain([Role::Function]).collect()
        }
        "class_definition" => {
            let name = child("name").map(|name| Role::Binds(text(name, source), None));
            name.into_iter().chain([Role::Function]).collect()
        }
        "lambda" => vec![Role::Function],
        // What fails in there is passed over.
        "with_statement"
            if text(node, source).split(':').next().is_some_and(|head| head.contains("suppress")) =>
        {
            vec![Role::Condition]
        }
        "if_statement"
        | "for_statement"
        | "while_statement"
        | "try_statement"
        | "match_statement"
        | "conditional_expression"
        | "boolean_operator" => vec![Role::Condition],
        "assignment" => match child("left") {
            Some(left) if left.kind() == "identifier" => match child("right") {
                None => Vec::new(),
                value => vec![Role::Binds(text(left, source), value)],
            },
            Some(left) if matches!(left.kind(), "attribute" | "subscript") => {
                vec![Role::Site(SiteKind::Store)]
            }
            _ => Vec::new(),
        },
        "augmented_assignment" => match child("left") {
            Some(left) if left.kind() == "identifier" => vec![Role::Binds(text(left, source), None)],
            Some(_) => vec![Role::Site(SiteKind::Store)],
            None => Vec::new(),
        },
        "delete_statement" => vec![Role::Site(SiteKind::Store)],
        "call" => vec![Role::Site(SiteKind::Call)],
        "decorator" if node.named_child(0).is_some_and(|inner| inner.kind() != "call") => {
            vec![Role::Site(SiteKind::Call)]
        }
        "string" if names_the_field(text(node, source)) => vec![Role::Site(SiteKind::Mention)],
        "wildcard_import" => vec![Role::ImportsAll],
        "identifier" => parent.and_then(|parent| bound(node, parent, field, source)).into_iter().collect(),
        "dotted_name" | "aliased_import" => {
            let statement = parent.filter(|_| field == Some("name"));
            statement.and_then(|statement| imported(node, statement, source)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// `from module import name as alias`, `import a.b as c`, `import a.b`
fn imported<'t>(node: Node<'t>, statement: Node<'t>, source: &'t str) -> Option<Role<'t>> {
    let alias = node.child_by_field_name("alias");
    let original = node.child_by_field_name("name").unwrap_or(node);
    let name = text(original, source);
    match statement.kind() {
        "import_from_statement" => {
            let module = text(statement.child_by_field_name("module_name")?, source);
            Some(Role::Imports(text(alias.unwrap_or(node), source), format!("{module}.{name}")))
        }
        "import_statement" => {
            let first = name.split('.').next().unwrap_or_default();
            let (local, module) = alias.map_or((first, first), |alias| (text(alias, source), name));
            Some(Role::Imports(local, module.to_owned()))
        }
        _ => None,
    }
}

/// What a name within parameters, patterns and imports does.
fn bound<'t>(node: Node<'t>, parent: Node<'t>, field: Option<&str>, source: &'t str) -> Option<Role<'t>> {
    let binds = match parent.kind() {
        "parameters"
        | "lambda_parameters"
        | "typed_parameter"
        | "list_splat_pattern"
        | "dictionary_splat_pattern"
        | "pattern_list"
        | "tuple_pattern"
        | "as_pattern_target"
        | "global_statement"
        | "nonlocal_statement" => true,
        "default_parameter" | "typed_default_parameter" | "named_expression" => field == Some("name"),
        "for_statement" | "for_in_clause" => field == Some("left"),
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
    match node.kind() {
        "string" => string(program, node, depth),
        "concatenated_string" => {
            let parts: Vec<_> = children(node).map(|part| string(program, part, depth)).collect();
            let texts: Option<String> = parts.iter().map(Expression::as_text).collect();
            at(texts.map_or(Kind::Sum(parts), Kind::Text))
        }
        "integer" | "float" => at(Kind::Number(words.replace('_', ""))),
        "true" | "false" => at(Kind::Boolean(node.kind() == "true")),
        "none" => at(Kind::Nothing),
        "identifier" => at(Kind::Name(words.to_owned())),
        "list" | "tuple" | "set" => {
            at(Kind::List(children(node).map(|item| program.read_at(item, depth + 1)).collect()))
        }
        "dictionary" => at(Kind::Table(children(node).map(|pair| entry(program, pair, depth)).collect())),
        "list_splat" | "dictionary_splat" => {
            inner(node.named_child(0)).map_or_else(computed, |of| at(Kind::Spread(Box::new(of))))
        }
        "parenthesized_expression" | "decorator" => inner(node.named_child(0)).unwrap_or_else(computed),
        "lambda" | "function_definition" => at(Kind::Function),
        "call" => {
            let arguments = node.child_by_field_name("arguments");
            let values: Vec<_> = arguments
                .into_iter()
                .flat_map(children)
                .map(|value| argument(program, value, depth))
                .collect();
            let callee = field("function");
            callee.map_or_else(computed, |callee| at(Kind::Call(Box::new(callee), values)))
        }
        "attribute" => {
            let name =
                node.child_by_field_name("attribute").map(|name| text(name, program.source).to_owned());
            let both = field("object").zip(name);
            both.map_or_else(computed, |(object, name)| at(Kind::Member(Box::new(object), name)))
        }
        "subscript" => match (field("value"), field("subscript").map(|index| index.kind)) {
            (Some(object), Some(Kind::Text(name))) => at(Kind::Member(Box::new(object), name)),
            _ => computed(),
        },
        "binary_operator" => {
            let operator = node.child_by_field_name("operator").map_or("", |operator| operator.kind());
            match (operator, field("left"), field("right")) {
                ("+", Some(left), Some(right)) => at(Kind::Sum(vec![left, right])),
                ("|", Some(left), Some(right)) => at(Kind::Either(Box::new(left), Box::new(right))),
                _ => computed(),
            }
        }
        _ => computed(),
    }
}

fn argument(program: &Program<'_>, node: Node<'_>, depth: usize) -> Argument {
    let name = node.child_by_field_name("name").filter(|_| node.kind() == "keyword_argument");
    let value = node.child_by_field_name("value").filter(|_| name.is_some()).unwrap_or(node);
    Argument {
        name: name.map(|name| text(name, program.source).to_owned()),
        value: program.read_at(value, depth + 1),
    }
}

/// An entry of a dictionary.
fn entry(program: &Program<'_>, node: Node<'_>, depth: usize) -> (Expression, Expression) {
    let read = |name: &str| node.child_by_field_name(name).map(|child| program.read_at(child, depth + 1));
    match (read("key"), read("value")) {
        (Some(key), Some(value)) => (key, value),
        _ => {
            let spread = program.read_at(node, depth + 1);
            (spread.clone(), spread)
        }
    }
}

/// A string: its prefix decides what it says.
fn string(program: &Program<'_>, node: Node<'_>, depth: usize) -> Expression {
    let at = |kind| Expression::new(kind, node.byte_range());
    let words = text(node, program.source);
    let prefix: String =
        words.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let mut parts = Vec::new();
    for part in children(node) {
        let words = text(part, program.source);
        let decoded = match part.kind() {
            "string_content" if prefix.contains('r') => Some(words.to_owned()),
            "string_content" => strings::python(words, prefix.contains('b')),
            "interpolation" => {
                let inner = part.child_by_field_name("expression").filter(|_| part.named_child_count() == 1);
                parts.push(match inner {
                    Some(inner) => program.read_at(inner, depth + 1),
                    None => Expression::new(Kind::Computed(quoted(words)), part.byte_range()),
                });
                continue;
            }
            _ => continue,
        };
        match decoded {
            Some(text) if prefix.contains('f') => {
                let text = text.replace("{{", "{").replace("}}", "}");
                parts.push(Expression::new(Kind::Text(text), part.byte_range()));
            }
            Some(text) => parts.push(Expression::new(Kind::Text(text), part.byte_range())),
            None => return at(Kind::Computed(quoted(words))),
        }
    }
    // Bytes compare equal to no text.
    if prefix.contains('b') {
        return at(Kind::Computed(quoted(words)));
    }
    let texts: Option<String> = parts.iter().map(Expression::as_text).collect();
    at(texts.map_or(Kind::Sum(parts), Kind::Text))
}
