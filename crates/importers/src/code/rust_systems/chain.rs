//! A chain of builder methods: `CorsLayer::new().allow_origin(Any).max_age(…)`.

use std::collections::HashSet;
use std::ops::Range;

use corsac_analysis::model::{Field, Preflight, Scope, Value};
use tree_sitter::Node;

use super::super::answers::{Known, Reading, unknown};
use super::super::expression::{Expression, Kind};
use super::super::program::SiteKind;
use super::super::rust::children;
use super::super::syntax::text;

/// Methods that change neither a value nor a list of them, but its type.
const SAME: [&str; 16] = [
    "unwrap",
    "expect",
    "unwrap_or_default",
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

/// A chain, from its base on.
pub(super) struct Chain {
    /// What the base calls: `CorsLayer::new`.
    pub(super) base: Option<Expression>,
    /// How many arguments the base has.
    pub(super) given: usize,
    /// Methods in order, with their arguments.
    pub(super) calls: Vec<(String, Vec<Expression>, Range<usize>)>,
    pub(super) span: Range<usize>,
    /// The name that the chain's value is given.
    name: Option<String>,
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
            .and_then(Expression::path)
            .is_some_and(|path| path.iter().any(|name| matches!(*name, "CorsLayer" | "Cors")));
        let read = |arguments: Option<Node<'_>>| {
            let nodes = arguments.into_iter().flat_map(children);
            nodes.map(|node| reading.program.read(node)).collect::<Vec<_>>()
        };
        let calls = calls.into_iter().filter(|_| ours);
        let calls = calls.map(|(name, arguments, span)| (name.to_owned(), read(arguments), span)).collect();
        let bound =
            if ours { last.parent().filter(|parent| parent.kind() == "let_declaration") } else { None };
        let name = bound.and_then(|bound| bound.child_by_field_name("pattern"));
        let name = name.map(|name| text(name, source).to_owned());
        Self { base, given, calls, span: last.byte_range(), name }
    }

    /// Why the chain may go on elsewhere: its value has a name on which methods are called.
    pub(super) fn goes_on(&self, reading: &Reading<'_, '_>) -> Option<String> {
        const BUILDS: [&str; 9] =
            ["allow", "expose", "max_age", "vary", "supports", "send", "disable", "block", "very"];
        let name = self.name.as_ref()?;
        let calls = reading.program.sites.iter().filter(|site| site.kind == SiteKind::Call);
        let mut builds =
            calls.filter_map(|site| site.node.child_by_field_name("function")).filter(|function| {
                let part = |name: &str| {
                    function.child_by_field_name(name).map_or("", |part| text(part, reading.program.source))
                };
                part("value") == name && BUILDS.iter().any(|begin| part("field").starts_with(begin))
            });
        builds.next().map(|_| format!("`{name}` is built further by other statements"))
    }

    /// The arguments of the last call of a method.
    pub(super) fn last(&self, method: &str) -> Option<(&[Expression], &Range<usize>)> {
        let call = self.calls.iter().rev().find(|(name, ..)| name == method);
        call.map(|(_, arguments, span)| (arguments.as_slice(), span))
    }
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

/// The text or list behind methods and functions that change its type only:
/// `"…".parse::<HeaderValue>().unwrap()`, `HeaderValue::from_static("…")`, `LIST.map(…)`.
pub(super) fn bare(reading: &Reading<'_, '_>, expression: &Expression) -> Expression {
    let mut at = reading.value(expression);
    for _ in 0..crate::MAX_DEPTH {
        let Kind::Call(callee, arguments) = &at.kind else { break };
        let next = match (&callee.kind, arguments.as_slice()) {
            (Kind::Member(_, name), [only])
                if matches!(
                    name.as_str(),
                    "from_static" | "from_str" | "from_bytes" | "from" | "new" | "try_from"
                ) =>
            {
                only.value.clone()
            }
            (Kind::Member(object, name), _) if SAME.contains(&name.as_str()) => object.as_ref().clone(),
            (Kind::Member(object, name), [function])
                if matches!(name.as_str(), "map" | "filter_map") && converts(reading, &function.value) =>
            {
                object.as_ref().clone()
            }
            (Kind::Name(name), [only]) if matches!(name.as_str(), "Some" | "Ok") => only.value.clone(),
            _ => break,
        };
        at = reading.value(&next);
    }
    at
}

/// Whether a function, in the source's words, does nothing but convert a text.
fn converts(reading: &Reading<'_, '_>, function: &Expression) -> bool {
    const WORDS: [&str; 17] = [
        "HeaderValue",
        "from_static",
        "from_str",
        "parse",
        "unwrap",
        "expect",
        "ok",
        "o",
        "origin",
        "s",
        "x",
        "v",
        "h",
        "header",
        "http",
        "str",
        "move",
    ];
    let words = reading.program.source.get(function.span.clone()).unwrap_or_default();
    let mut names = words.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    names.all(|name| name.is_empty() || WORDS.contains(&name)) && !words.contains(['"', '!'])
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
        let name = text.or_else(|| {
            constant().filter(|name| !reading.program.defines(name)).map(|name| name.replace('_', "-"))
        });
        let Some(name) = name else {
            return Field { value: Value::Opaque(reading.opaque(item)), place };
        };
        names.push(if lower { name.to_ascii_lowercase() } else { name });
    }
    Field { value: Value::Text(names.join(separator)), place }
}

/// `true` or `false`.
pub(super) fn flag(reading: &mut Reading<'_, '_>, given: &Expression) -> Known<bool> {
    let value = reading.value(given);
    match value.kind {
        Kind::Boolean(is) => Known::Is(is),
        _ => Known::Not(reading.opaque(&value)),
    }
}
