//! What `header` and `header_down` do to fields.

use super::run::State;
use super::syntax::Node;
use crate::conditional::{Condition, Line, Response, Value};

/// What one handler does, in the order in which Caddy does it.
pub(super) struct Operations {
    pub(super) deferred: bool,
    list: Vec<Operation>,
    node: Node,
}

struct Operation {
    kind: Kind,
    field: &'static str,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Add,
    Set,
    Delete,
    Replace,
    /// Only where none of the handler's fields is there.
    Default,
}

/// The handlers of a directive: fields that are only defaults have one of their own.
pub(super) fn operations(arguments: &[String], node: &Node) -> Vec<Operations> {
    let mut lines: Vec<&[String]> = vec![arguments];
    lines.extend(node.block.iter().flatten().map(|node| node.words.as_slice()));
    let mut deferred = false;
    let mut list = Vec::new();
    let mut defaults = Vec::new();
    for words in lines {
        let [field, rest @ ..] = words else { continue };
        if field == "defer" && rest.is_empty() {
            deferred = true;
            continue;
        }
        let (kind, name) = match field.split_at_checked(1) {
            Some(("+", name)) => (Kind::Add, name),
            Some(("-", name)) => (Kind::Delete, name),
            Some(("?", name)) => (Kind::Default, name),
            Some((">", name)) => {
                deferred = true;
                (Kind::Set, name)
            }
            _ if rest.len() > 1 => (Kind::Replace, field.as_str()),
            _ => (Kind::Set, field.as_str()),
        };
        // What removes does so once the answer is written, and all of its handler with it.
        deferred |= kind == Kind::Delete;
        let pattern = name.trim_end_matches(':');
        for field in Response::names().filter(|field| matches(pattern, field, kind)) {
            let value = rest.first().cloned().unwrap_or_default();
            let into = if kind == Kind::Default { &mut defaults } else { &mut list };
            into.push(Operation { kind, field, value });
        }
    }
    list.sort_by_key(|operation| operation.kind);
    let of = |deferred, list| Operations { deferred, list, node: node.clone() };
    vec![of(deferred, list), of(true, defaults)]
}

/// Whether a field is meant; stars at the ends are for removing.
fn matches(pattern: &str, field: &str, kind: Kind) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    if kind != Kind::Delete {
        return pattern == field;
    }
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(end), Some(_)) => field.contains(end.strip_suffix('*').unwrap_or(end)),
        (Some(end), None) => field.ends_with(end),
        (None, Some(start)) => field.starts_with(start),
        (None, None) => pattern == field,
    }
}

impl Operations {
    /// Does them for requests under `when`.
    pub(super) fn apply(
        &self,
        response: &mut Response,
        when: &Condition,
        on_errors: bool,
        state: &State<'_>,
    ) {
        if response.is_full() {
            return;
        }
        let place = &self.node.place;
        let defaults = self.list.iter().filter(|operation| operation.kind == Kind::Default);
        let there = defaults.flat_map(|operation| response.lines(operation.field).iter().map(Line::is_set));
        let none_there = Condition::any(there).not();
        for operation in &self.list {
            let field = operation.field;
            let mut value = state.value(&operation.value);
            value.on_errors = on_errors;
            match operation.kind {
                Kind::Add => response.add(field, when, &value, place),
                // Of two in one handler the last counts.
                Kind::Set => response.set(field, when, &value, place),
                Kind::Delete => response.remove(field, when, place),
                Kind::Replace => {
                    response
                        .change(field, when, place, |_| Value::Opaque("a part of it is replaced".to_owned()));
                }
                Kind::Default => response.set(field, &when.clone().and(none_there.clone()), &value, place),
            }
        }
    }
}
