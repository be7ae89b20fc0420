//! JavaScript and TypeScript.

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
    let name_of = |node: Node<'t>| text(node, source);
    let child = |name: &str| node.child_by_field_name(name);
    match node.kind() {
        "function_declaration" | "generator_function_declaration" => {
            let name = child("name").map(|name| Role::Binds(name_of(name), Some(node)));
            name.into_iter().chain([Role::Function]).collect()
        }
        "function_expression" | "generator_function" | "arrow_function" | "method_definition" => {
            vec![Role::Function]
        }
        "if_statement" | "for_statement" | "for_in_statement" | "while_statement" | "do_statement"
        | "try_statement" | "switch_statement" | "ternary_expression" | "labeled_statement" => {
            vec![Role::Condition]
        }
        "binary_expression" if child("operator").is_some_and(|o| matches!(o.kind(), "&&" | "||" | "??")) => {
            vec![Role::Condition]
        }
        "variable_declarator" => declared(child("name"), child("value"), source),
        "assignment_expression" | "augmented_assignment_expression" => {
            let value = child("right").filter(|_| node.kind() == "assignment_expression");
            assigned(child("left"), value, source)
        }
        "call_expression" | "new_expression" => vec![Role::Site(SiteKind::Call)],
        "return_statement" | "throw_statement" => vec![Role::Site(SiteKind::Leave)],
        "string" | "template_string" if names_the_field(text(node, source)) => {
            vec![Role::Site(SiteKind::Mention)]
        }
        "object" => vec![Role::Site(SiteKind::Table)],
        "identifier" | "shorthand_property_identifier_pattern" => {
            parent.and_then(|parent| bound(node, parent, field, source)).into_iter().collect()
        }
        "class_declaration" => {
            child("name").map(|name| Role::Binds(name_of(name), None)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn declared<'t>(name: Option<Node<'t>>, value: Option<Node<'t>>, source: &'t str) -> Vec<Role<'t>> {
    let Some(name) = name else { return Vec::new() };
    match (name.kind(), value) {
        ("identifier", value) => vec![Role::Declares(text(name, source), value)],
        // `const { Server } = require("socket.io")`
        ("object_pattern", Some(value)) => {
            let Some(module) = module(value, source) else { return Vec::new() };
            let mut cursor = name.walk();
            let names = name.named_children(&mut cursor);
            let plain = names.filter(|name| name.kind() == "shorthand_property_identifier_pattern");
            plain.map(|name| Role::Imports(text(name, source), module.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// The module of `require("…")`.
fn module(value: Node<'_>, source: &str) -> Option<String> {
    let callee = value.child_by_field_name("function")?;
    let argument = value.child_by_field_name("arguments")?.named_child(0)?;
    let required = text(callee, source) == "require" && argument.kind() == "string";
    required.then(|| unquoted(text(argument, source)))?
}

fn assigned<'t>(left: Option<Node<'t>>, value: Option<Node<'t>>, source: &'t str) -> Vec<Role<'t>> {
    let Some(left) = left else { return Vec::new() };
    match left.kind() {
        "identifier" => vec![Role::Binds(text(left, source), value)],
        "member_expression" | "subscript_expression" => vec![Role::Site(SiteKind::Store)],
        _ => Vec::new(),
    }
}

/// What a name within a pattern, a list of parameters or an import does.
fn bound<'t>(node: Node<'t>, parent: Node<'t>, field: Option<&str>, source: &'t str) -> Option<Role<'t>> {
    let name = text(node, source);
    let imported = |from: Option<Node<'_>>| {
        let module = from?.child_by_field_name("source")?;
        Some(Role::Imports(name, unquoted(text(module, source))?))
    };
    match parent.kind() {
        "import_clause" => imported(parent.parent()),
        // `import cors = require("cors")`
        "import_require_clause" => imported(Some(parent)),
        "namespace_import" => imported(parent.parent().and_then(|clause| clause.parent())),
        "import_specifier" => {
            let local = parent.child_by_field_name("alias").is_none() || field == Some("alias");
            let statement =
                parent.parent().and_then(|names| names.parent()).and_then(|clause| clause.parent());
            imported(statement.filter(|_| local))
        }
        "object_pattern" => {
            // What a module gives was told with the whole pattern.
            let declarator = parent.parent().filter(|around| around.kind() == "variable_declarator");
            let value = declarator.and_then(|declarator| declarator.child_by_field_name("value"));
            let is_module = value.is_some_and(|value| module(value, source).is_some());
            (!is_module).then_some(Role::Binds(name, None))
        }
        "array_pattern" | "rest_pattern" | "formal_parameters" | "catch_clause" => {
            Some(Role::Binds(name, None))
        }
        "pair_pattern" => (field == Some("value")).then_some(Role::Binds(name, None)),
        "assignment_pattern" | "object_assignment_pattern" | "for_in_statement" => {
            (field == Some("left")).then_some(Role::Binds(name, None))
        }
        "required_parameter" | "optional_parameter" => {
            (field == Some("pattern")).then_some(Role::Binds(name, None))
        }
        "arrow_function" => (field == Some("parameter")).then_some(Role::Binds(name, None)),
        "update_expression" => Some(Role::Binds(name, None)),
        _ => None,
    }
}

/// The expression of a node.
pub(crate) fn expression(program: &Program<'_>, node: Node<'_>, depth: usize) -> Expression {
    let at = |kind| Expression::new(kind, node.byte_range());
    let words = text(node, program.source);
    let computed = || at(Kind::Computed(quoted(words)));
    let inner = |child: Option<Node<'_>>| child.map(|child| program.read_at(child, depth + 1));
    let field = |name: &str| inner(node.child_by_field_name(name));
    match node.kind() {
        "string" => unquoted(words).map_or_else(computed, |text| at(Kind::Text(text))),
        "template_string" => at(template(program, node, depth)),
        "number" => at(Kind::Number(words.replace('_', ""))),
        "true" | "false" => at(Kind::Boolean(node.kind() == "true")),
        "null" | "undefined" => at(Kind::Nothing),
        "identifier" | "import" | "shorthand_property_identifier" | "this" => {
            at(Kind::Name(words.to_owned()))
        }
        "regex" => {
            let part =
                |name: &str| node.child_by_field_name(name).map_or("", |part| text(part, program.source));
            at(Kind::Pattern(part("pattern").to_owned(), part("flags").to_owned()))
        }
        "array" => at(Kind::List(children(node).map(|item| program.read_at(item, depth + 1)).collect())),
        "object" => at(Kind::Table(children(node).map(|pair| entry(program, pair, depth)).collect())),
        "spread_element" => {
            inner(node.named_child(0)).map_or_else(computed, |of| at(Kind::Spread(Box::new(of))))
        }
        "parenthesized_expression" | "as_expression" | "satisfies_expression" | "non_null_expression" => {
            inner(node.named_child(0)).unwrap_or_else(computed)
        }
        "function_expression"
        | "generator_function"
        | "arrow_function"
        | "function_declaration"
        | "generator_function_declaration" => at(Kind::Function),
        "call_expression" | "new_expression" => {
            let callee = field("function").or_else(|| field("constructor"));
            let arguments = node.child_by_field_name("arguments");
            let values = arguments.into_iter().flat_map(children);
            let values =
                values.map(|value| Argument { name: None, value: program.read_at(value, depth + 1) });
            callee.map_or_else(computed, |callee| at(Kind::Call(Box::new(callee), values.collect())))
        }
        "member_expression" => {
            let name = node.child_by_field_name("property").map(|name| text(name, program.source).to_owned());
            let both = field("object").zip(name);
            both.map_or_else(computed, |(object, name)| at(Kind::Member(Box::new(object), name)))
        }
        "subscript_expression" => match (field("object"), field("index").map(|index| index.kind)) {
            (Some(object), Some(Kind::Text(name))) => at(Kind::Member(Box::new(object), name)),
            _ => computed(),
        },
        "binary_expression" => {
            let operator = node.child_by_field_name("operator").map_or("", |operator| operator.kind());
            match (operator, field("left"), field("right")) {
                ("+", Some(left), Some(right)) => at(Kind::Sum(vec![left, right])),
                ("||" | "??", Some(left), Some(right)) => at(Kind::Either(Box::new(left), Box::new(right))),
                _ => computed(),
            }
        }
        "unary_expression" => at(minified(words)),
        _ => computed(),
    }
}

/// Literals as minifiers write them.
fn minified(words: &str) -> Kind {
    match words {
        "!0" => Kind::Boolean(true),
        "!1" => Kind::Boolean(false),
        "void 0" => Kind::Nothing,
        _ => Kind::Computed(quoted(words)),
    }
}

/// An entry of an object literal.
fn entry(program: &Program<'_>, node: Node<'_>, depth: usize) -> (Expression, Expression) {
    let value = |child: Option<Node<'_>>| program.read_at(child.unwrap_or(node), depth + 1);
    let words = text(node, program.source);
    let key = |kind| Expression::new(kind, node.byte_range());
    match node.kind() {
        "pair" => {
            let kind = key_kind(program, node.child_by_field_name("key"));
            (key(kind), value(node.child_by_field_name("value")))
        }
        "shorthand_property_identifier" => (key(Kind::Text(words.to_owned())), value(Some(node))),
        "spread_element" => {
            let inner = value(node.named_child(0));
            (key(Kind::Spread(Box::new(inner.clone()))), inner)
        }
        "method_definition" => {
            (key(key_kind(program, node.child_by_field_name("name"))), key(Kind::Function))
        }
        _ => (key(Kind::Computed(quoted(words))), key(Kind::Computed(quoted(words)))),
    }
}

/// What the key of an entry is.
fn key_kind(program: &Program<'_>, name: Option<Node<'_>>) -> Kind {
    let words = name.map_or("", |name| text(name, program.source));
    match name.map_or("", |name| name.kind()) {
        "property_identifier" | "number" => Kind::Text(words.to_owned()),
        "string" => unquoted(words).map_or_else(|| Kind::Computed(quoted(words)), Kind::Text),
        _ => Kind::Computed(quoted(words)),
    }
}

/// A template: its texts and what stands between them.
fn template(program: &Program<'_>, node: Node<'_>, depth: usize) -> Kind {
    let mut parts = Vec::new();
    for part in children(node) {
        let span = part.byte_range();
        let words = text(part, program.source);
        match part.kind() {
            "template_substitution" => {
                let inner = part.named_child(0);
                parts.extend(inner.map(|inner| program.read_at(inner, depth + 1)));
            }
            _ => match strings::javascript(words) {
                Some(text) => parts.push(Expression::new(Kind::Text(text), span)),
                None => return Kind::Computed(quoted(words)),
            },
        }
    }
    let texts: Option<String> = parts.iter().map(Expression::as_text).collect();
    texts.map_or(Kind::Sum(parts), Kind::Text)
}

fn unquoted(words: &str) -> Option<String> {
    let inner = words.get(1..words.len().checked_sub(1)?)?;
    strings::javascript(inner)
}
