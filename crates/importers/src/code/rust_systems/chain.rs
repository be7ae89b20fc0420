//! A chain of builder methods: `CorsLayer::new().allow_origin(Any).max_age(…)`.

use std::collections::HashSet;
use std::ops::Range;

use corsac_analysis::model::{Preflight, Scope};
use tree_sitter::Node;

use super::super::answers::{Reading, unknown};
use super::super::expression::Expression;
use super::super::rust::children;
use super::super::syntax::text;
use super::uses::Uses;

/// Methods of both builders; another one may do anything.
const BUILDS: [&str; 12] = [
    "allow_",
    "allowed_",
    "block_on_origin_mismatch",
    "clone",
    "disable_",
    "expose_",
    "layer",
    "max_age",
    "send_wildcard",
    "supports_credentials",
    "vary",
    "wrap",
];

/// A chain, from its base on.
pub(super) struct Chain {
    /// What the base calls: `CorsLayer::new`.
    pub(super) base: Option<Expression>,
    /// How many arguments the base has.
    pub(super) given: usize,
    /// Methods in order, with their arguments.
    pub(super) calls: Vec<(String, Vec<Expression>, Range<usize>)>,
    pub(super) span: Range<usize>,
}

impl Chain {
    /// The chain that ends with the call `last`. Notes its calls as seen.
    pub(super) fn of(reading: &Reading<'_, '_>, last: Node<'_>, seen: &mut HashSet<usize>) -> Self {
        let source = reading.program.source;
        let mut calls = Vec::new();
        let mut at = last;
        let mut base = None;
        let mut given = 0;
        while let Some(function) =
            at.child_by_field_name("function").filter(|_| at.kind() == "call_expression")
        {
            seen.insert(at.id());
            let function = match function.kind() {
                "generic_function" => function.child_by_field_name("function").unwrap_or(function),
                _ => function,
            };
            let arguments = at.child_by_field_name("arguments");
            if function.kind() != "field_expression" {
                base = Some(reading.program.read(function));
                given = arguments.map_or(0, |arguments| children(arguments).count());
                break;
            }
            let field = function.child_by_field_name("field");
            calls.push((field.map_or("", |field| text(field, source)), arguments, at.byte_range()));
            match function.child_by_field_name("value") {
                Some(value) => at = value,
                None => break,
            }
        }
        calls.reverse();
        // Only what is built here is worth reading.
        let ours = base
            .as_ref()
            .and_then(|base| path(reading, base))
            .is_some_and(|path| path.iter().any(|name| matches!(name.as_str(), "CorsLayer" | "Cors")));
        let read = |arguments: Option<Node<'_>>| {
            let nodes = arguments.into_iter().flat_map(children);
            nodes.map(|node| reading.program.read(node)).collect::<Vec<_>>()
        };
        let calls = calls.into_iter().filter(|_| ours);
        let calls = calls.map(|(name, arguments, span)| (name.to_owned(), read(arguments), span)).collect();
        Self { base, given, calls, span: last.byte_range() }
    }

    /// Why the chain may go on elsewhere.
    pub(super) fn goes_on<'t>(&self, last: Node<'t>, uses: &Uses<'t>) -> Option<String> {
        let is_known = |method: &str| BUILDS.iter().any(|known| method.starts_with(known));
        if let Some((method, ..)) = self.calls.iter().find(|(method, ..)| !is_known(method)) {
            return Some(format!("`{method}` is no method of the builder's that is known"));
        }
        uses.goes_on(last)
    }

    /// The arguments of the last call of a method.
    pub(super) fn last(&self, method: &str) -> Option<(&[Expression], &Range<usize>)> {
        let call = self.calls.iter().rev().find(|(name, ..)| name == method);
        call.map(|(_, arguments, span)| (arguments.as_slice(), span))
    }
}

/// The names of a path, its first one as an import has it: `L` of `CorsLayer as L`.
pub(super) fn path(reading: &Reading<'_, '_>, base: &Expression) -> Option<Vec<String>> {
    let path = base.path()?;
    let (first, rest) = path.split_first()?;
    let whole = reading.program.module_of(first).unwrap_or_else(|| (*first).to_owned());
    Some(whole.split("::").chain(rest.iter().copied()).map(str::to_owned).collect())
}

/// A scope of which nothing is known.
pub(super) fn opaque_scope(reading: &mut Reading<'_, '_>, chain: &Chain, reason: &str) {
    reading.unread(chain.span.clone(), reason.to_owned());
    let actual = unknown(reason, &chain.span);
    let place = Reading::place(&chain.span);
    reading.scopes.push(Scope { name: name(chain), place, actual, preflight: Preflight::Unknown });
}

/// What a scope is called.
pub(super) fn name(chain: &Chain) -> String {
    chain.base.as_ref().and_then(Expression::path).map_or_else(String::new, |path| path.join("::"))
}
