//! Places where the function of a package for CORS is used in a way that is not read: there is a scope
//! of which nothing is known.

use corsac_analysis::model::{Preflight, Scope};
use tree_sitter::Node;

use super::super::answers::{MAX_PARENTS, Reading, unknown};
use super::super::syntax::text;

/// Packages whose options are read.
const PACKAGES: [&str; 3] = ["@fastify/cors", "cors", "fastify-cors"];

pub(super) fn scopes(reading: &mut Reading<'_, '_>) {
    let program = reading.program;
    let strings = program.strings().filter(|node| {
        let words = text(*node, program.source);
        PACKAGES.contains(&words.trim_matches(['"', '\'', '`']))
    });
    let mut names: Vec<&str> = Vec::new();
    let mut places: Vec<Node<'_>> = Vec::new();
    for module in strings.take(MAX_PARENTS) {
        match given(module, program.source) {
            Given::Elsewhere(place) => places.push(place),
            Given::Name(name) => names.push(name),
            Given::Nothing => {}
        }
    }
    let imported = program.imports.iter().filter(|(_, module)| PACKAGES.contains(&module.as_str()));
    names.extend(imported.map(|(name, _)| *name));
    names.sort_unstable();
    names.dedup();
    for name in names {
        let used = program.places(name).into_iter().take(MAX_PARENTS);
        places.extend(used.filter(|place| !is_read(reading, *place)));
    }
    places.sort_by_key(Node::start_byte);
    for place in places {
        let span = place.byte_range();
        let reason = "what becomes of the package's function here is not followed".to_owned();
        reading.unread(span.clone(), reason.clone());
        let (name, actual) = ("`cors`, handed on".to_owned(), unknown(&reason, &span));
        reading.scopes.push(Scope {
            name,
            place: Reading::place(&span),
            actual,
            preflight: Preflight::Unknown,
        });
    }
}

/// Where a module goes.
enum Given<'t> {
    /// Where it is not followed.
    Elsewhere(Node<'t>),
    /// To a constant.
    Name(&'t str),
    /// Nowhere else: it is imported by name, used at once, or is no module at all.
    Nothing,
}

fn given<'t>(module: Node<'t>, source: &'t str) -> Given<'t> {
    let Some(call) = module.parent().filter(|node| node.kind() == "arguments").and_then(|node| node.parent())
    else {
        return Given::Nothing;
    };
    let callee = call.child_by_field_name("function").map_or("", |callee| text(callee, source));
    if !matches!(callee, "require" | "import") {
        return Given::Nothing;
    }
    let mut value = call;
    while let Some(around) = value.parent() {
        match around.kind() {
            "member_expression" => value = around,
            // `require("cors")(…)`, `register(require("@fastify/cors"), …)`
            "call_expression" if callee == "require" => return Given::Nothing,
            "arguments" if is_register(around, source) => return Given::Nothing,
            "variable_declarator" => {
                let name = around.child_by_field_name("name");
                return match name.filter(|name| name.kind() == "identifier") {
                    Some(name) => Given::Name(text(name, source)),
                    // Names of a pattern were told as imports.
                    None if callee == "require" && value == call => Given::Nothing,
                    None => Given::Elsewhere(call),
                };
            }
            "expression_statement" => return Given::Nothing,
            _ => return Given::Elsewhere(call),
        }
    }
    Given::Elsewhere(call)
}

fn is_register(arguments: Node<'_>, source: &str) -> bool {
    let callee = arguments.parent().and_then(|call| call.child_by_field_name("function"));
    callee.is_some_and(|callee| text(callee, source).ends_with(".register"))
}

/// Whether a place where the function's name stands is one that is read, or says nothing.
fn is_read(reading: &Reading<'_, '_>, place: Node<'_>) -> bool {
    let source = reading.program.source;
    let Some(mut around) = place.parent() else { return false };
    let mut node = place;
    // `cors.default(…)`
    if around.kind() == "member_expression" && around.child_by_field_name("object") == Some(node) {
        let property = around.child_by_field_name("property").map_or("", |name| text(name, source));
        let Some(outer) = around.parent().filter(|_| property == "default") else {
            // A type of it, or a test whether it has a part.
            return property.starts_with("Cors") || property == "default";
        };
        (node, around) = (around, outer);
    }
    match around.kind() {
        "call_expression" if around.child_by_field_name("function") == Some(node) => {
            super::mounts::is_made(reading, &reading.program.read(around))
        }
        "arguments" if is_register(around, source) => true,
        "variable_declarator" => around.child_by_field_name("name") == Some(node),
        kind => OTHERS.contains(&kind),
    }
}

/// Where the name is bound, or a type.
const OTHERS: [&str; 13] = [
    "export_specifier",
    "expression_statement",
    "generic_type",
    "if_statement",
    "import_clause",
    "import_require_clause",
    "import_specifier",
    "namespace_import",
    "nested_type_identifier",
    "nested_identifier",
    "object_pattern",
    "type_query",
    "unary_expression",
];
