//! Places of JavaScript and TypeScript.

use tree_sitter::Node;

use super::owner::Owner;
use super::{Reader, Spot, Step};
use crate::code::syntax::children;

/// Methods of lists, sets and texts that change nothing and give away no part.
const READING: [&str; 16] = [
    "endsWith",
    "exec",
    "has",
    "includes",
    "indexOf",
    "join",
    "lastIndexOf",
    "localeCompare",
    "match",
    "replace",
    "search",
    "split",
    "startsWith",
    "test",
    "toLowerCase",
    "toString",
];

/// Those that give away items, or hand them to a function.
const GIVING: [&str; 13] = [
    "at",
    "every",
    "entries",
    "filter",
    "find",
    "findIndex",
    "flatMap",
    "forEach",
    "keys",
    "map",
    "slice",
    "some",
    "values",
];

/// Functions that are given options or origins and keep them as they are.
const TAKERS: [&str; 6] = ["Server", "cors", "enableCors", "fastifyCors", "koaCors", "register"];

/// Functions of the language that only look.
const LOOKING: [&str; 9] = [
    "Array.isArray",
    "Boolean",
    "JSON.stringify",
    "Number",
    "Object.entries",
    "Object.keys",
    "Object.values",
    "RegExp",
    "String",
];

/// Names of parameters that applications and plugins are given.
const APPLICATIONS: [&str; 6] = ["app", "fastify", "instance", "nest", "router", "server"];

/// Objects that write what they are given somewhere.
const LOGS: [&str; 4] = ["console", "log", "logger", "winston"];

/// How they are told to.
const LEVELS: [&str; 12] =
    ["debug", "dir", "error", "fatal", "http", "info", "log", "silly", "table", "trace", "verbose", "warn"];

impl<'t> Reader<'_, 't> {
    pub(super) fn javascript(&self, spot: &Spot<'t>, (number, around): (usize, &Spot<'t>)) -> Step<'t> {
        let is = |field: &str| spot.field == Some(field);
        let is_name = spot.node.kind() == "identifier";
        match around.node.kind() {
            "assignment_expression" | "augmented_assignment_expression" | "variable_declarator" => {
                self.given(spot, (number, around))
            }
            "as_expression"
            | "await_expression"
            | "non_null_expression"
            | "parenthesized_expression"
            | "satisfies_expression" => Step::On,
            "member_expression" if is("object") => self.member(number, around),
            "subscript_expression" if is("object") => Step::On,
            "arguments" => self.argument(spot, number),
            "object" if self.has_own_code(around.node) => Step::Unsure,
            "array" | "object" | "pair" if !is("key") => Step::Within,
            "spread_element" => self.spread(number),
            "ternary_expression" if !is("condition") => Step::On,
            "binary_expression" | "unary_expression" => self.operated(around.node),
            "for_in_statement" if is("right") => self.looped(around.node),
            "template_substitution" => self.written_out(number),
            "update_expression" if is_name => Step::Read,
            // A name alone is another's there: its bindings tell.
            "arrow_function" if is("parameter") && is_name => Step::Read,
            kind if READ_IN.contains(&kind) => Step::Read,
            kind if BOUND_IN.contains(&kind) && is_name && !is("right") && !is("value") => Step::Read,
            _ => Step::Unsure,
        }
    }

    /// A side of an assignment.
    fn given(&self, spot: &Spot<'t>, (number, around): (usize, &Spot<'t>)) -> Step<'t> {
        let child = |name: &str| around.node.child_by_field_name(name);
        match spot.field {
            Some("name" | "left") if spot.node.kind() == "identifier" => Step::Read,
            Some("value") => self.declared(child("name")),
            // What an assignment comes to may be used, too.
            Some("right") if around.node.kind() == "assignment_expression" && self.is_dropped(number) => {
                let left = child("left");
                // What others make of a module is theirs; here it is named once.
                let is_export = left.is_some_and(|left| self.text(left).starts_with("module.exports"));
                let reaches =
                    ["__filename", "arguments", "import.meta"].iter().any(|word| self.source.contains(word));
                if is_export
                    && self.source.matches("exports").count() == 1
                    && !reaches
                    && !self.spots.has_this()
                {
                    return Step::Read;
                }
                self.declared(left.filter(|left| left.kind() == "identifier"))
            }
            _ => Step::Unsure,
        }
    }

    /// `...list`
    fn spread(&self, number: usize) -> Step<'t> {
        match self.spots.around(number).map(|(_, outer)| outer.node.kind()) {
            Some("array") if self.is_flat.get() => Step::Read,
            Some("array" | "object") => Step::Within,
            _ => Step::Unsure,
        }
    }

    /// `${list}`, which a function may be given.
    fn written_out(&self, number: usize) -> Step<'t> {
        let template = self.spots.around(number).map(|(template, _)| template);
        let outer = template.and_then(|template| self.spots.around(template));
        match outer.map(|(_, outer)| outer.node.kind()) {
            Some("call_expression") | None => Step::Unsure,
            Some(_) => Step::Read,
        }
    }

    /// `for (const item of list)`
    fn looped(&self, statement: Node<'t>) -> Step<'t> {
        let left = statement.child_by_field_name("left").filter(|left| left.kind() == "identifier");
        match (left, statement.child_by_field_name("kind")) {
            (Some(_), Some(_)) => self.if_flat(),
            _ => Step::Unsure,
        }
    }

    /// Whether what a call gives is used no more.
    fn is_dropped(&self, call: usize) -> bool {
        self.spots.around(call).is_some_and(|(_, around)| around.node.kind() == "expression_statement")
    }

    /// The names of a pattern.
    fn declared(&self, pattern: Option<Node<'t>>) -> Step<'t> {
        let Some(pattern) = pattern else { return Step::Unsure };
        match pattern.kind() {
            "identifier" => Step::Named(vec![self.text(pattern)]),
            "object_pattern" => {
                let names = children(pattern).map(|part| match part.kind() {
                    "shorthand_property_identifier_pattern" => Some(self.text(part)),
                    "pair_pattern" => part
                        .child_by_field_name("value")
                        .filter(|value| value.kind() == "identifier")
                        .map(|value| self.text(value)),
                    _ => None,
                });
                names.collect::<Option<Vec<_>>>().map_or(Step::Unsure, Step::Named)
            }
            _ => Step::Unsure,
        }
    }

    /// `list.includes(…)`, `options.origin`
    fn member(&self, number: usize, member: &Spot<'t>) -> Step<'t> {
        let name = member.node.child_by_field_name("property").map_or("", |name| self.text(name));
        let call = self.spots.around(number).filter(|_| member.field == Some("function"));
        let Some((_, call)) = call.filter(|(_, call)| call.node.kind() == "call_expression") else {
            return Step::On;
        };
        let given = call.node.child_by_field_name("arguments");
        let mut given = given.into_iter().flat_map(children);
        if READING.contains(&name) {
            // An object has methods of its own, which change it by `this`.
            let is_changed = !self.is_flat.get() && !self.is_expression && self.spots.has_this();
            return if is_changed { Step::Unsure } else { Step::Read };
        }
        if name == "concat" {
            return self.if_flat();
        }
        if GIVING.contains(&name) && given.all(|argument| self.looks_at_items(argument)) {
            return self.if_flat();
        }
        Step::Unsure
    }

    /// Whether a function is given no more than an item and its number.
    fn looks_at_items(&self, argument: Node<'t>) -> bool {
        match argument.kind() {
            "arrow_function" | "function_expression" => {
                let parameters = argument.child_by_field_name("parameters");
                let parameters: Vec<_> = parameters.into_iter().flat_map(children).collect();
                let is_plain = |parameter: &Node<'t>| {
                    matches!(parameter.kind(), "identifier" | "optional_parameter" | "required_parameter")
                };
                parameters.len() <= 2
                    && parameters.iter().all(is_plain)
                    && !self.text(argument).contains("arguments")
                    && !self.text(argument).contains("this")
            }
            "identifier" => {
                let name = self.text(argument);
                matches!(name, "Boolean" | "Number" | "String") && self.owner(name) == Owner::Free
            }
            "number" | "string" | "template_string" | "array" => true,
            _ => false,
        }
    }

    /// An argument of a call.
    fn argument(&self, spot: &Spot<'t>, arguments: usize) -> Step<'t> {
        let Some((_, call)) = self.spots.around(arguments) else { return Step::Unsure };
        let callee =
            ["function", "constructor"].iter().find_map(|field| call.node.child_by_field_name(field));
        let Some(callee) = callee else { return Step::Unsure };
        let written = self.text(callee);
        let (owner, property) = self.callee(callee);
        let is_of_others = matches!(owner, Owner::Free | Owner::Package);
        if self.takes(call.node, callee, (owner, property)) {
            return Step::Read;
        }
        let object = callee.child_by_field_name("object").map_or("", |object| self.text(object));
        let writes = property
            .is_some_and(|method| LEVELS.contains(&method) && !self.spots.has_function(method, self.source));
        if LOGS.contains(&object) && (is_of_others || owner == Owner::Made) && writes {
            return Step::Read;
        }
        // A function beside the value is given all of it.
        let is_alone =
            call.node.child_by_field_name("arguments").is_some_and(|given| given.named_child_count() == 1);
        if LOOKING.contains(&written) && owner == Owner::Free && (is_alone || written != "JSON.stringify") {
            return if written.starts_with("Object.") { self.if_flat() } else { Step::Read };
        }
        match (call.node.kind(), written, property) {
            ("new_expression", "Set", _) if owner == Owner::Free => self.if_flat(),
            // What freezes it gives it back.
            (_, "Object.freeze", _) if owner == Owner::Free => {
                match self.spots.around(arguments).map(|(number, _)| number) {
                    Some(call) if self.is_dropped(call) && spot.node.kind() == "identifier" => Step::Read,
                    _ => Step::Unsure,
                }
            }
            // `origin.match(expression)`
            (_, _, Some(method)) if READING.contains(&method) && self.is_expression => Step::Read,
            _ => Step::Unsure,
        }
    }

    /// What an operator makes of a value.
    fn operated(&self, node: Node<'t>) -> Step<'t> {
        match node.child_by_field_name("operator").map_or("", |operator| operator.kind()) {
            "&&" | "||" | "??" => Step::On,
            "delete" => Step::Unsure,
            // A class may say itself what is of it.
            "instanceof" if self.source.contains("hasInstance") => Step::Unsure,
            _ => Step::Read,
        }
    }

    /// Whether a function is a package's that is given options or origins and keeps them as they are.
    fn takes(&self, call: Node<'t>, callee: Node<'t>, (owner, method): (Owner, Option<&str>)) -> bool {
        let written = self.text(callee);
        let Some(method) = method else {
            let is_required = callee.kind() == "call_expression" && written.contains("cors");
            let is_server = written == "Server" && call.kind() == "new_expression";
            let is_named_so = TAKERS.contains(&written) || written.to_ascii_lowercase().ends_with("cors");
            let is_made = owner == Owner::Made && written == "cors";
            return matches!(owner, Owner::Free | Owner::Package)
                && (is_required || is_server || is_named_so)
                || is_made;
        };
        let takes = match method {
            "register" => self.text(call).to_ascii_lowercase().contains("cors"),
            "Server" => call.kind() == "new_expression",
            last => TAKERS.contains(&last),
        };
        let root = written.split('.').next().unwrap_or_default();
        let is_application = owner == Owner::Parameter && APPLICATIONS.contains(&root);
        takes
            && (is_application || !matches!(owner, Owner::Own | Owner::Parameter))
            && !self.spots.has_function(method, self.source)
    }
}

/// Where a value is looked at and goes no further.
const READ_IN: [&str; 14] = [
    "class_declaration",
    "computed_property_name",
    "export_specifier",
    "expression_statement",
    "export_statement",
    "function_declaration",
    "generator_function_declaration",
    "if_statement",
    "import_clause",
    "import_specifier",
    "namespace_import",
    "subscript_expression",
    "type_query",
    "while_statement",
];

/// Where a name gets a value of its own.
const BOUND_IN: [&str; 10] = [
    "array_pattern",
    "assignment_pattern",
    "catch_clause",
    "for_in_statement",
    "formal_parameters",
    "optional_parameter",
    "pair_pattern",
    "required_parameter",
    "rest_pattern",
    "variable_declarator",
];
