//! Directives, run for all requests at once, in Caddy's order.
//!
//! `header` sets fields when it is reached, before anybody answers; with `defer`, and where it
//! removes, once the answer is written, the innermost first.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::fields::{Operations, operations};
use super::matcher::{self, Matched, Named};
use super::order::{in_order, position};
use super::syntax::{Node, Site};
use crate::MAX_DEPTH;
use crate::conditional::{Condition, Fact, Line, Notes, Outcome, Pattern, PreflightKind, Response, Value};

/// Most directives that answer requests.
const MAX_ENDS: usize = 500;

/// Most named matchers; others are not known.
const MAX_NAMED: usize = 1_000;

/// What stands when a directive is reached.
pub(super) struct State<'a> {
    notes: &'a mut Notes,
    alive: Condition,
    ends: usize,
    response: Response,
    /// What the upstream's response is made to have.
    pub(super) upstream_fields: Response,
    deferred: Vec<(Condition, Operations)>,
    upstream: Vec<Condition>,
    /// When some directive writes the answer. What is deferred happens then, and never where
    /// Caddy ends an empty answer by itself.
    written: Vec<Condition>,
    preflight: Vec<(Condition, PreflightKind)>,
    /// Placeholders that directives and matchers set.
    values: BTreeMap<String, Line>,
}

/// What a site answers.
pub(super) fn run(site: &Site, notes: &mut Notes) -> Outcome {
    let mut state = State {
        notes,
        alive: Condition::Always,
        ends: 0,
        response: Response::default(),
        upstream_fields: Response::default(),
        deferred: Vec::new(),
        upstream: Vec::new(),
        written: Vec::new(),
        preflight: Vec::new(),
        values: BTreeMap::new(),
    };
    state.block(&site.nodes, (&Condition::Always, &Named::new()), Order::Caddys, 0);
    let mut response = std::mem::take(&mut state.upstream_fields);
    response.beside(std::mem::take(&mut state.response));
    let written = Condition::any(std::mem::take(&mut state.written));
    for (when, operations) in std::mem::take(&mut state.deferred).into_iter().rev() {
        operations.apply(&mut response, &when.and(written.clone()), false, &state);
    }
    // A site that answers nothing sends an empty 200.
    state.preflight.push((Condition::Always, PreflightKind::Answered));
    Outcome {
        name: site.name.clone(),
        place: Some(site.place.clone()),
        response,
        preflight: state.preflight,
        upstream: Condition::any(state.upstream),
    }
}

/// In which order a block's directives run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    AsWritten,
    Caddys,
}

/// A directive, with its matcher.
#[derive(Clone)]
pub(super) struct Routed<'a> {
    pub(super) node: &'a Node,
    pub(super) matched: Option<Matched>,
    arguments: &'a [String],
}

impl State<'_> {
    fn block(&mut self, nodes: &[Node], (when, outer): (&Condition, &Named), order: Order, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        let mut named = Cow::Borrowed(outer);
        for node in nodes.iter().filter(|node| node.name().starts_with('@')) {
            if named.len() >= MAX_NAMED {
                self.notes.unread(Some(node.place.clone()), format!("more than {MAX_NAMED} matchers"));
                break;
            }
            named.to_mut().insert(node.name().to_owned(), matcher::define(node));
        }
        let routed = nodes.iter().filter(|node| !node.name().starts_with('@')).map(|node| {
            let (matched, arguments) = matcher::of_directive(node.words.get(1..).unwrap_or_default(), &named);
            Routed { node, matched, arguments }
        });
        let mut routed: Vec<_> = routed.collect();
        if order == Order::Caddys {
            in_order(&mut routed);
        }
        let imports: Vec<_> = nodes.iter().filter(|node| node.name() == "import").collect();
        for _ in &imports {
            self.preflight.push((when.clone(), PreflightKind::Unknown));
        }
        let mut handled = Condition::Never;
        for route in routed {
            let matched = route.matched.clone().unwrap_or_else(Matched::all);
            for (name, pattern) in &matched.groups {
                self.remember(name, pattern, when);
            }
            let mut holds = Condition::all([when.clone(), self.alive.clone(), matched.condition]);
            if matches!(route.node.name(), "handle" | "handle_path") {
                // Of these, only the first that matches is taken.
                let first = handled.clone().not();
                handled = handled.or(holds.clone());
                holds = holds.and(first);
            }
            self.directive(&route, &holds, &named, depth);
        }
        // What is imported and not read may set any field, last of all.
        for node in imports {
            let reason = format!("what `{}` brings is not known", node.words.join(" "));
            self.response.forget(when, &reason, &node.place);
        }
    }

    fn directive(&mut self, route: &Routed<'_>, when: &Condition, named: &Named, depth: usize) {
        let node = route.node;
        let block = node.block.as_deref().unwrap_or_default();
        match node.name() {
            "header" => self.header(route, when),
            "handle" => self.block(block, (when, named), Order::Caddys, depth + 1),
            "handle_path" => {
                self.notes
                    .unread(Some(node.place.clone()), "`handle_path`: matchers inside see the whole path");
                self.block(block, (when, named), Order::Caddys, depth + 1);
            }
            "route" => self.block(block, (when, named), Order::AsWritten, depth + 1),
            "map" => self.map(route, when),
            "vars" => self.vars(route, when),
            "respond" => self.respond(route, when),
            "error" | "abort" => self.end(when, PreflightKind::Unanswered),
            "redir" | "file_server" => {
                self.written.push(when.clone());
                self.end(when, PreflightKind::Unanswered);
            }
            "basicauth" | "basic_auth" => {
                let preflight = when.clone().and(Condition::Fact(Fact::Method(vec!["OPTIONS".to_owned()])));
                self.end(&preflight, PreflightKind::Authenticated(Some(node.place.clone())));
            }
            "forward_auth" => self.preflight.push((when.clone(), PreflightKind::Unknown)),
            "reverse_proxy" | "php_fastcgi" => self.proxy(node, when),
            "request_header" if node.words.iter().any(|w| w.to_ascii_lowercase().contains("origin")) => {
                self.unknown(node, when, "changes the request's Origin");
            }
            "invoke" | "intercept" | "copy_response" | "copy_response_headers" | "plugin" => {
                self.unknown(node, when, "is not followed");
            }
            // What it sends is sent with errors, wherever they come from.
            "handle_errors" if speaks_of_cors(node, 0) => {
                self.unknown(node, &Condition::Always, "answers errors");
            }
            "handle_errors" => {
                self.notes
                    .unread(Some(node.place.clone()), "`handle_errors`: answers to errors are not followed");
            }
            // The end of its block tells.
            "import" => {}
            // A module's, of which neither the matcher nor the order is known.
            name if position(name).is_none() && speaks_of_cors(node, 0) => {
                self.unknown(node, &Condition::Always, "belongs to a module");
            }
            name if position(name).is_none() => {
                self.notes.unread(Some(node.place.clone()), format!("`{name}` is not read"));
            }
            _ => {}
        }
    }

    fn header(&mut self, route: &Routed<'_>, when: &Condition) {
        for operations in operations(route.arguments, route.node) {
            if operations.deferred {
                self.deferred.push((when.clone(), operations));
            } else {
                let mut response = std::mem::take(&mut self.response);
                operations.apply(&mut response, when, true, self);
                self.response = response;
            }
        }
    }

    /// Nothing more runs for these requests.
    fn end(&mut self, when: &Condition, kind: PreflightKind) {
        self.ends += 1;
        if self.ends > MAX_ENDS {
            self.alive = Condition::opaque("too many directives answer requests");
            return;
        }
        self.preflight.push((when.clone(), kind));
        self.alive = self.alive.clone().and(when.clone().not());
    }

    fn respond(&mut self, route: &Routed<'_>, when: &Condition) {
        let is_status = |word: &String| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
        let block = route.node.block.as_deref().unwrap_or_default();
        let status = route.arguments.iter().rev().find(|word| is_status(word)).map_or("200", String::as_str);
        let closes = block.iter().any(|node| node.name() == "close");
        let kind = if status.starts_with('2') || closes && status == "200" {
            PreflightKind::Answered
        } else {
            PreflightKind::Unanswered
        };
        self.written.push(when.clone());
        self.end(when, kind);
    }

    fn proxy(&mut self, node: &Node, when: &Condition) {
        let mut fields = std::mem::take(&mut self.upstream_fields);
        for inner in node.block.as_deref().unwrap_or_default() {
            match inner.name() {
                "header_down" => {
                    let words = inner.words.get(1..).unwrap_or_default();
                    for operations in operations(words, inner) {
                        operations.apply(&mut fields, when, false, self);
                    }
                }
                "handle_response" => {
                    self.notes.unread(Some(inner.place.clone()), "`handle_response` is not followed");
                }
                _ => {}
            }
        }
        self.upstream_fields = fields;
        self.upstream.push(when.clone());
        self.written.push(when.clone());
        self.end(when, PreflightKind::Unknown);
    }

    /// Something else may set any field.
    fn unknown(&mut self, node: &Node, when: &Condition, why: &str) {
        let reason = format!("`{}` {why}", node.name());
        self.response.forget(when, &reason, &node.place);
        self.preflight.push((when.clone(), PreflightKind::Unknown));
        self.notes.unread(Some(node.place.clone()), reason);
    }

    /// `map {header.Origin} {allowed} { https://app.example.com yes }`
    fn map(&mut self, route: &Routed<'_>, when: &Condition) {
        let Some((source, outputs)) = route.arguments.split_first() else { return };
        let source = self.value(source);
        let block = route.node.block.as_deref().unwrap_or_default();
        for (at, output) in outputs.iter().enumerate() {
            let name = output.trim_matches(['{', '}']).to_owned();
            let mut line = Line::default();
            let output = |node: &Node| node.words.get(at + 1).cloned().unwrap_or_default();
            let default = block.iter().find(|node| node.name() == "default").map(output).unwrap_or_default();
            line.set(Condition::Always, Value::Text(default), None);
            // The first that matches decides.
            for node in block.iter().rev().filter(|node| node.name() != "default") {
                let (condition, value) = mapped(node, &source, &output(node));
                line.set(condition, value, Some(node.place.clone()));
            }
            let known = self.values.entry(name).or_default();
            known.set_to(when, &line, &Value::Absent, None);
        }
    }

    fn vars(&mut self, route: &Routed<'_>, when: &Condition) {
        let pairs =
            route.node.block.iter().flatten().map(|node| node.words.as_slice()).chain([route.arguments]);
        let pairs: Vec<_> = pairs.filter_map(|words| Some((words.first()?, words.get(1)?))).collect();
        for (name, text) in pairs {
            let value = self.value(text);
            let known = self.values.entry(format!("http.vars.{name}")).or_default();
            // Of several, which one is the last is not followed.
            let value = if known.is_set() == Condition::Never {
                value
            } else {
                Line::always(Value::Opaque(format!("`{name}` is set in several places")))
            };
            known.set_to(when, &value, &Value::Absent, None);
        }
    }

    /// Groups that a matcher's expression leaves behind.
    fn remember(&mut self, name: &str, pattern: &Pattern, when: &Condition) {
        let matches = Condition::Origin(crate::conditional::Test::Regex(pattern.clone()));
        let when = Condition::all([when.clone(), self.alive.clone(), matches]);
        for group in 0..10 {
            let known = self.values.entry(format!("http.regexp.{name}.{group}")).or_default();
            known.set(when.clone(), Value::Matched(pattern.clone(), group), None);
        }
    }

    /// A text with placeholders.
    pub(super) fn value(&self, text: &str) -> Line {
        let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            // `<<` begins a text of several lines.
            let value = if text.contains('{') || text.starts_with("<<") {
                Value::Opaque(format!("`{text}` is put together"))
            } else {
                Value::Text(text.to_owned())
            };
            return Line::always(value);
        };
        let name = full_name(name);
        if let Some(field) = name.strip_prefix("http.request.header.") {
            return Line::always(match field.to_ascii_lowercase() {
                field if field == "origin" => Value::Origin,
                field => Value::Requested(field),
            });
        }
        let known = self.values.get(&name).cloned();
        // A group that nothing matched stays as it is written; another placeholder is empty.
        let absent = if name.starts_with("http.regexp.") && known.is_some() {
            Value::Text(format!("{{{name}}}"))
        } else if known.is_some() || name.starts_with("http.vars.") {
            Value::Text(String::new())
        } else {
            Value::Opaque(format!("`{text}` is not known"))
        };
        let mut line = Line::default();
        line.set_to(&Condition::Always, &known.unwrap_or_default(), &absent, None);
        line
    }
}

/// Whether a directive, or what stands in its block, names what CORS is about.
fn speaks_of_cors(node: &Node, depth: usize) -> bool {
    let words = || node.words.iter().map(|word| word.to_ascii_lowercase());
    let inner = || node.block.iter().flatten().any(|node| speaks_of_cors(node, depth + 1));
    words().any(|word| word.contains("cors") || word.contains("access-control"))
        || depth < MAX_DEPTH && inner()
}

/// A line of a `map`.
fn mapped(node: &Node, source: &Line, output: &str) -> (Condition, Value) {
    use corsac_analysis::model::LetterCase;
    use corsac_analysis::regex::Dialect;

    let input = node.name();
    let Some(text) = input.strip_prefix('~') else {
        let test = crate::conditional::Test::Exact(input.to_owned(), LetterCase::Matters);
        let value = if output.contains('{') {
            Value::Opaque(format!("`{output}` is put together"))
        } else {
            Value::Text(output.to_owned())
        };
        return (source.passes(&test, Some("")), value);
    };
    let pattern = Pattern { text: text.to_owned(), dialect: Dialect::Re2, flags: String::new() };
    let condition = source.passes(&crate::conditional::Test::Regex(pattern.clone()), Some(""));
    let group = output.trim_matches(['$', '{', '}']).parse::<u32>().ok().filter(|_| output.starts_with('$'));
    let value = match group {
        Some(group) => Value::Matched(pattern, group),
        None if output == "{header.Origin}" || output == "{http.request.header.Origin}" => Value::Origin,
        None if output.contains(['$', '{']) => Value::Opaque(format!("`{output}` is put together")),
        None => Value::Text(output.to_owned()),
    };
    (condition, value)
}

/// Placeholders by their long names.
fn full_name(name: &str) -> String {
    let short = [("header.", "http.request.header."), ("re.", "http.regexp."), ("vars.", "http.vars.")];
    for (begin, long) in short {
        if let Some(rest) = name.strip_prefix(begin) {
            return format!("{long}{rest}");
        }
    }
    name.to_owned()
}
