//! Functions that are asked for each origin: `(origin, callback) => …`, as the documentation of
//! `cors` has them.
//!
//! Decided are functions that do nothing but test the origin and call back once on every way, with
//! an error, with `true` or `false`, or with the origin itself. All others are opaque.

use std::ops::Range;

use corsac_analysis::model::Matcher;
use tree_sitter::Node;

use super::super::answers::Reading;
use super::super::syntax::text;
use super::condition::{Asked, bare, either, nobody, parameters};
use super::options::Package;

/// Most statements that are followed on all ways through a function.
const MAX_STEPS: usize = 512;

/// Most statements that are followed at once.
const MAX_STATEMENTS: usize = 256;

/// Deepest value that is looked into.
const MAX_DEPTH: usize = 32;

/// A function of an origin and a callback.
struct Function<'a, 'r, 'p, 't> {
    reading: &'r mut Reading<'p, 't>,
    asked: Asked<'a>,
    callback: &'a str,
    package: Package,
    steps: usize,
}

/// The origins that a function admits, if it is one that is decided.
pub(super) fn admitted(
    reading: &mut Reading<'_, '_>,
    span: &Range<usize>,
    package: Package,
) -> Option<Matcher> {
    const KINDS: [&str; 4] =
        ["arrow_function", "function_declaration", "function_expression", "method_definition"];
    let listed = reading.listed();
    let function = reading.program.node_at(span, &KINDS)?;
    let admitted = decided(reading, function, package);
    if admitted.is_none() {
        reading.unlist(listed);
    }
    admitted
}

fn decided(reading: &mut Reading<'_, '_>, function: Node<'_>, package: Package) -> Option<Matcher> {
    let source = reading.program.source;
    let mut cursor = function.walk();
    // What is asynchronous or a generator calls back at another time, or never.
    let is_plain =
        function.children(&mut cursor).all(|child| !matches!(child.kind(), "async" | "*" | "get" | "set"));
    let [origin, callback] = parameters(function)?[..] else { return None };
    let (origin, callback) = (text(origin, source), text(callback, source));
    let body = function.child_by_field_name("body").filter(|_| is_plain && origin != callback)?;
    let is_fixed = |name: &str| !any_within(body, |node| text(node, source) == name && is_bound(node));
    if !is_fixed(origin) || !is_fixed(callback) {
        return None;
    }
    let asked = Asked::of(Some(origin), (function.start_byte(), function.end_byte()));
    let mut function = Function { reading, asked, callback, package, steps: 0 };
    let admitted = match body.kind() {
        "statement_block" => function.run(&statements(body)),
        _ => function.outcome(body),
    }?;
    // Nothing is gained by a condition that is wholly unknown.
    (!matches!(admitted, Matcher::Opaque(_))).then_some(admitted)
}

impl Function<'_, '_, '_, '_> {
    /// The origins that are admitted by statements, one after the other.
    fn run(&mut self, all: &[Node<'_>]) -> Option<Matcher> {
        self.steps += 1;
        if self.steps > MAX_STEPS || all.len() > MAX_STATEMENTS {
            return None;
        }
        // Nobody calls back: the request is never answered.
        let Some((first, rest)) = all.split_first() else { return Some(nobody()) };
        match first.kind() {
            "comment" | "empty_statement" => self.run(rest),
            "statement_block" => self.run(&joined(*first, rest)),
            "lexical_declaration" | "variable_declaration" => {
                self.is_harmless(*first).then(|| self.run(rest))?
            }
            "return_statement" => match first.named_child(0) {
                None => Some(nobody()),
                Some(value) => self.outcome(value),
            },
            "throw_statement" => Some(nobody()),
            "expression_statement" => {
                let called = first.named_child(0)?;
                if self.is_logged(called) {
                    return self.run(rest);
                }
                // A second call would be heard, too.
                let once = rest.iter().all(|later| !self.names(*later, self.callback));
                once.then(|| self.outcome(called))?
            }
            "if_statement" => {
                let then = self.run(&joined(first.child_by_field_name("consequence")?, rest))?;
                let otherwise = match first.child_by_field_name("alternative") {
                    Some(alternative) => self.run(&joined(alternative, rest))?,
                    None => self.run(rest)?,
                };
                self.one_of(first.child_by_field_name("condition")?, then, otherwise)
            }
            _ => None,
        }
    }

    /// What is admitted where a condition decides that does not call back itself; where it decides
    /// nothing, it may be any.
    fn one_of(&mut self, condition: Node<'_>, then: Matcher, otherwise: Matcher) -> Option<Matcher> {
        if self.names(condition, self.callback) {
            return None;
        }
        if then == otherwise {
            return Some(then);
        }
        Some(either(self.asked.matcher(self.reading, condition), then, otherwise))
    }

    /// The origins that a call of the callback admits.
    fn outcome(&mut self, node: Node<'_>) -> Option<Matcher> {
        let node = bare(node);
        if node.kind() == "ternary_expression" {
            let then = self.outcome(node.child_by_field_name("consequence")?)?;
            let otherwise = self.outcome(node.child_by_field_name("alternative")?)?;
            return self.one_of(node.child_by_field_name("condition")?, then, otherwise);
        }
        let source = self.reading.program.source;
        let callee = node.child_by_field_name("function").filter(|_| node.kind() == "call_expression")?;
        if callee.kind() != "identifier" || text(callee, source) != self.callback {
            return None;
        }
        let arguments = node.child_by_field_name("arguments")?;
        let mut cursor = arguments.walk();
        let given: Vec<_> =
            arguments.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect();
        if given
            .iter()
            .any(|argument| argument.kind() == "spread_element" || self.names(*argument, self.callback))
        {
            return None;
        }
        let Some(error) = given.first() else { return Some(nobody()) };
        if self.is_error(bare(*error))? {
            return Some(nobody());
        }
        let Some(value) = given.get(1).copied().map(bare) else { return Some(nobody()) };
        match value.kind() {
            "null" | "undefined" => Some(nobody()),
            _ if self.is_flag(value, 0) => Some(self.asked.matcher(self.reading, value)),
            // A text or a list is what is sent or compared, not whether.
            _ => None,
        }
    }

    /// Whether a value is the origin, true or false, or as false.
    fn is_flag(&self, node: Node<'_>, depth: usize) -> bool {
        const ASKING: [&str; 7] = ["endsWith", "every", "has", "includes", "some", "startsWith", "test"];
        let node = bare(node);
        let source = self.reading.program.source;
        let is_flag =
            |name: &str| node.child_by_field_name(name).is_some_and(|inner| self.is_flag(inner, depth + 1));
        if depth > MAX_DEPTH || self.asked.is_origin(self.reading, node) {
            return depth <= MAX_DEPTH;
        }
        match node.kind() {
            "false" | "null" | "true" | "undefined" => true,
            "unary_expression" => text(node, source).starts_with(['!', '~']),
            "ternary_expression" => is_flag("consequence") && is_flag("alternative"),
            "binary_expression" => {
                match node.child_by_field_name("operator").map_or("", |sign| sign.kind()) {
                    "&&" => is_flag("right"),
                    "||" => is_flag("left") && is_flag("right"),
                    "!=" | "!==" | "<" | "<=" | "==" | "===" | ">" | ">=" => true,
                    _ => false,
                }
            }
            "call_expression" => {
                let callee = node.child_by_field_name("function");
                let method = callee.and_then(|callee| callee.child_by_field_name("property"));
                method.is_some_and(|method| ASKING.contains(&text(method, source)))
            }
            "identifier" => {
                let value = self.reading.program.value_node_at(text(node, source), node.start_byte());
                value.is_some_and(|value| self.is_flag(value, depth + 1))
            }
            _ => false,
        }
    }

    /// Whether a callback is given an error.
    fn is_error(&self, node: Node<'_>) -> Option<bool> {
        match node.kind() {
            "null" => Some(false),
            // Fastify asks for `null`.
            "undefined" | "false" => Some(self.package == Package::Fastify),
            "new_expression" => Some(true),
            "call_expression" => {
                let callee = node.child_by_field_name("function")?;
                let is_own = self.reading.program.defines("Error");
                (text(callee, self.reading.program.source) == "Error" && !is_own).then_some(true)
            }
            "string" => Some(node.named_child_count() > 0),
            "identifier" => {
                let value = self
                    .reading
                    .program
                    .value_node_at(text(node, self.reading.program.source), node.start_byte())?;
                (value.kind() == "new_expression").then_some(true)
            }
            _ => None,
        }
    }

    /// `console.log(…)`
    fn is_logged(&self, node: Node<'_>) -> bool {
        let object = node
            .child_by_field_name("function")
            .and_then(|callee| callee.child_by_field_name("object"))
            .filter(|_| node.kind() == "call_expression");
        object.is_some_and(|object| text(object, self.reading.program.source) == "console")
            && !self.names(node, self.callback)
    }

    /// Whether a declaration only names a text, an error, a list or a condition that is decided.
    fn is_harmless(&mut self, declaration: Node<'_>) -> bool {
        let mut cursor = declaration.walk();
        let all: Vec<_> = declaration.named_children(&mut cursor).collect();
        all.into_iter().all(|declared| {
            let Some(value) = declared.child_by_field_name("value").map(bare) else {
                return declared.kind() == "comment";
            };
            let is_plain = matches!(
                value.kind(),
                "array"
                    | "false"
                    | "identifier"
                    | "new_expression"
                    | "number"
                    | "regex"
                    | "string"
                    | "template_string"
                    | "true"
            );
            let calls = matches!(value.kind(), "array" | "template_string") && has_calls(value);
            let is_error = value.kind() != "new_expression"
                || value.child_by_field_name("constructor").is_some_and(|of| {
                    matches!(text(of, self.reading.program.source), "Error" | "RegExp" | "Set")
                });
            let is_value = is_plain && !calls && is_error;
            let is_named =
                declared.child_by_field_name("name").is_some_and(|name| name.kind() == "identifier");
            is_named
                && !self.names(value, self.callback)
                && (is_value || !matches!(self.asked.matcher(self.reading, value), Matcher::Opaque(_)))
        })
    }

    /// Whether a name stands somewhere within a node.
    fn names(&self, node: Node<'_>, name: &str) -> bool {
        any_within(node, |inner| {
            matches!(inner.kind(), "identifier" | "shorthand_property_identifier")
                && text(inner, self.reading.program.source) == name
        })
    }
}

/// Whether a name is declared or given another value where it stands.
fn is_bound(node: Node<'_>) -> bool {
    if !matches!(node.kind(), "identifier" | "shorthand_property_identifier_pattern") {
        return false;
    }
    let Some(parent) = node.parent() else { return false };
    let is = |field: &str| parent.child_by_field_name(field) == Some(node);
    match parent.kind() {
        "array_pattern" | "catch_clause" | "formal_parameters" | "object_pattern" | "rest_pattern"
        | "update_expression" => true,
        "arrow_function" => is("parameter"),
        "assignment_expression"
        | "assignment_pattern"
        | "augmented_assignment_expression"
        | "for_in_statement"
        | "object_assignment_pattern" => is("left"),
        "class_declaration" | "function_declaration" | "variable_declarator" => is("name"),
        "optional_parameter" | "required_parameter" => is("pattern"),
        "pair_pattern" => is("value"),
        // `(o) = x`
        "parenthesized_expression" => parent.parent().is_some_and(|above| {
            above.child_by_field_name("left") == Some(parent) && above.kind().contains("assignment")
        }),
        _ => false,
    }
}

fn has_calls(node: Node<'_>) -> bool {
    any_within(node, |inner| {
        matches!(inner.kind(), "await_expression" | "call_expression" | "new_expression" | "yield_expression")
    })
}

/// Whether something holds for a node or one within it.
fn any_within(node: Node<'_>, mut holds: impl FnMut(Node<'_>) -> bool) -> bool {
    let mut cursor = node.walk();
    let mut depth = 0_usize;
    loop {
        if holds(cursor.node()) {
            return true;
        }
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while depth == 0 || !cursor.goto_next_sibling() {
            if depth == 0 {
                return false;
            }
            cursor.goto_parent();
            depth -= 1;
        }
    }
}

/// The statements of a block.
fn statements(block: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = block.walk();
    block.named_children(&mut cursor).collect()
}

/// A statement, or those of a block or an `else`, and what follows.
fn joined<'n>(first: Node<'n>, rest: &[Node<'n>]) -> Vec<Node<'n>> {
    let own = if matches!(first.kind(), "else_clause" | "statement_block") {
        statements(first)
    } else {
        vec![first]
    };
    own.into_iter().chain(rest.iter().copied()).collect()
}
