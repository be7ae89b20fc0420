//! A server, run for all requests at once, in the order of Apache's hooks.
//!
//! `SetEnvIf` of the server, its rewriting, `<If>`, `SetEnvIf` of sections, authorization, the
//! sections' rewriting, `SetEnv`, and at last `Header`.

use std::collections::BTreeMap;

use corsac_analysis::model::Place;

use super::environment::{set_env, set_env_if};
use super::expression::{self, Operand, Subject};
use super::header::Tables;
use super::rewrite::{self, Paths, Rewritten};
use super::sections::{Block, Guard, Server, Stage};
use super::syntax::{Node, words};
use crate::conditional::{Condition, Fact, Line, Notes, Outcome, PathTest, PreflightKind, Value};

/// How the names of variables begin that Apache sets: of matched sections, of the request before a
/// redirect, of rewriting, of TLS.
const OWN_VARIABLES: [&str; 6] = ["https", "match_", "redirect_", "script_", "ssl_", "unique_id"];

/// Directives by which requests may be answered before `SetEnv`.
const ANSWERING: [&str; 6] =
    ["deny", "redirect", "redirectmatch", "redirectpermanent", "redirecttemp", "require"];

/// What stands when a directive is reached.
#[derive(Default)]
pub(super) struct State {
    /// By name in lower case: Apache takes no notice of it.
    variables: BTreeMap<String, Line>,
    origin: Option<Line>,
}

impl State {
    pub(super) fn variable(&self, name: &str) -> Line {
        let name = name.to_ascii_lowercase();
        // Apache sets these by itself.
        let own = OWN_VARIABLES.iter().any(|begin| name.starts_with(begin));
        let unknown = || {
            let reason = format!("`{name}` may be set by Apache itself");
            let mut line = Line::default();
            line.set(Condition::opaque(reason.clone()), Value::Opaque(reason), None);
            line
        };
        match self.variables.get(&name) {
            Some(line) if !own => line.clone(),
            None if !own => Line::default(),
            _ => unknown(),
        }
    }

    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.variables.contains_key(&name.to_ascii_lowercase())
    }

    pub(super) fn variable_mut(&mut self, name: &str) -> &mut Line {
        self.variables.entry(name.to_ascii_lowercase()).or_default()
    }

    /// Where a variable is not set, it is from now on what it is in `late`.
    fn complete(&mut self, late: &Self) {
        for (name, value) in &late.variables {
            let line = self.variable_mut(name);
            let missing = line.is_set().not();
            line.set_to(&missing, value, &Value::Absent, None);
        }
    }

    /// `HTTP:Origin`, `ENV:NAME`, `REQUEST_METHOD`.
    pub(super) fn lookup(&self, name: &str) -> Operand {
        let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
        match (kind.to_ascii_uppercase().as_str(), rest) {
            ("HTTP", field) if field.eq_ignore_ascii_case("origin") => {
                Operand::Value(self.origin.clone().unwrap_or_else(|| Line::always(Value::Origin)))
            }
            ("HTTP", field) if field.eq_ignore_ascii_case("host") => Operand::Fact(Subject::Host),
            ("HTTP", field) if !field.is_empty() => {
                Operand::Value(Line::always(Value::Requested(field.to_ascii_lowercase())))
            }
            ("ENV", name) => Operand::Value(self.variable(name)),
            ("REQUEST_METHOD", "") => Operand::Fact(Subject::Method),
            ("REQUEST_URI", "") => Operand::Fact(Subject::Path),
            ("HTTP_HOST" | "SERVER_NAME", "") => Operand::Fact(Subject::Host),
            _ => Operand::Unknown,
        }
    }
}

/// What a server answers.
pub(super) fn run(server: &Server<'_>, notes: &mut Notes) -> Outcome {
    let mut state = State::default();
    let blocks = &server.blocks;
    let all = || blocks.iter().flat_map(|block| &block.directives);
    if all()
        .any(|node| node.name == "requestheader" && node.arguments.to_ascii_lowercase().contains("origin"))
    {
        state.origin =
            Some(Line::always(Value::Opaque("`RequestHeader` changes the request's Origin".to_owned())));
    }
    for node in blocks.iter().filter(|block| is_servers(block)).flat_map(|block| &block.directives) {
        set_env_if(node, &Condition::Always, &mut state);
    }
    let by_server = server_rules(server, &mut state, notes);
    let stopped = Condition::any(by_server.answers.iter().map(|(when, _)| when.clone()));
    let upstream = upstream(server, &by_server);
    let guards = guards(blocks, &state, (&stopped, &upstream));
    for (block, when) in blocks.iter().zip(&guards).filter(|(block, _)| !is_servers(block)) {
        // A request that the server's rules answer comes no further.
        let when = when.clone().and(stopped.clone().not());
        for node in &block.directives {
            set_env_if(node, &when, &mut state);
        }
    }
    let by_section = section_rules(blocks, &guards, &mut state, notes);
    let answers = by_server.answers.iter().chain(&by_section.answers);
    let failed = Condition::any(answers.map(|(when, _)| when.clone()));
    let mut late = State::default();
    let reached = reached(blocks);
    for (block, when) in blocks.iter().zip(&guards) {
        // Nor does one that a section's rules answer come to `SetEnv`, which is after them.
        let when = Condition::all([when.clone(), failed.clone().not(), reached.clone()]);
        block.directives.iter().for_each(|node| set_env(node, &when, &mut late));
    }
    state.complete(&late);
    let mut tables = Tables::default();
    for (block, when) in blocks.iter().zip(&guards) {
        for node in &block.directives {
            directive(node, when, (&mut tables, &mut state), notes);
        }
    }
    let preflight = preflight(blocks, &guards, (&by_server, &by_section), &upstream);
    if server.incomplete {
        let reason = "there are too many sections to be followed";
        notes.unread(server.place.clone(), reason);
        let place = server.place.clone().unwrap_or(Place { file: 0, span: 0..0 });
        tables.success.forget(&Condition::Always, reason, &place);
    }
    let mut response = tables.success;
    response.only(&failed.not());
    response.beside(tables.always);
    Outcome { name: server.name.clone(), place: server.place.clone(), response, preflight, upstream }
}

/// When a request comes to `SetEnv`, as far as other directives than rules go.
fn reached(blocks: &[Block<'_>]) -> Condition {
    let answers = |node: &&&Node| {
        ANSWERING.contains(&node.name.as_str()) && !node.arguments.eq_ignore_ascii_case("all granted")
    };
    match blocks.iter().flat_map(|block| &block.directives).find(answers) {
        Some(node) => Condition::opaque(format!("`{}` may answer before `SetEnv`", node.name)),
        None => Condition::Always,
    }
}

/// What stands in a server and in no section.
fn is_servers(block: &Block<'_>) -> bool {
    block.stage == Stage::Server && block.guards.is_empty()
}

/// The rules of the server itself; a virtual host has its own only.
fn server_rules(server: &Server<'_>, state: &mut State, notes: &mut Notes) -> Rewritten {
    if rewrite::engine(&server.own) != Some(true) {
        return Rewritten::default();
    }
    rewrite::run(&server.own, &Condition::Always, Paths::Server, state, notes)
}

/// The rules of sections: those of the last section that has any.
fn section_rules(
    blocks: &[Block<'_>],
    guards: &[Condition],
    state: &mut State,
    notes: &mut Notes,
) -> Rewritten {
    let mut out = Rewritten::default();
    let mut on = false;
    let sections = blocks.iter().zip(guards).enumerate().filter(|(_, (block, _))| !is_servers(block));
    for (at, (block, when)) in sections {
        on = rewrite::engine(&block.directives).unwrap_or(on);
        let has_rules = |block: &Block<'_>| block.directives.iter().any(|node| node.name == "rewriterule");
        if !on || !has_rules(block) {
            continue;
        }
        let later = blocks.iter().zip(guards).skip(at + 1).filter(|(block, _)| has_rules(block));
        let replaced = Condition::any(later.map(|(_, when)| when.clone()));
        let rules = rewrite::run(
            &block.directives,
            &when.clone().and(replaced.not()),
            Paths::Directory,
            state,
            notes,
        );
        out.answers.extend(rules.answers);
        out.proxied.extend(rules.proxied);
    }
    out
}

/// When each block holds.
fn guards(
    blocks: &[Block<'_>],
    state: &State,
    (stopped, upstream): (&Condition, &Condition),
) -> Vec<Condition> {
    let one = |block: &Block<'_>| {
        let guards = block.guards.iter().map(|guard| match guard {
            Guard::Is(condition) => condition.clone(),
            Guard::If(text) => expression::condition(text, state).condition,
            Guard::NoneOf(texts) => {
                Condition::any(texts.iter().map(|text| expression::condition(text, state).condition)).not()
            }
        });
        let holds = Condition::all(guards);
        if !block.by_file {
            return holds;
        }
        // What has no file has no directory: answers of rules and those of an upstream.
        Condition::all([holds, stopped.clone().not(), upstream.clone().not()])
    };
    blocks.iter().map(one).collect()
}

/// When an upstream answers.
fn upstream(server: &Server<'_>, rules: &Rewritten) -> Condition {
    let mut all = rules.proxied.clone();
    for block in &server.blocks {
        for node in &block.directives {
            let arguments = words(&node.arguments);
            let first = arguments.first().map_or("", String::as_str);
            let section = || {
                let known = block.guards.iter().map(|guard| match guard {
                    Guard::Is(condition) => condition.clone(),
                    Guard::If(text) => expression::unread(text),
                    Guard::NoneOf(texts) => expression::unread(&texts.join(" ")),
                });
                Condition::all(known)
            };
            match node.name.as_str() {
                "proxypass" if arguments.get(1).is_some_and(|target| target == "!") => {
                    all = vec![Condition::any(all).and(under(first).not())];
                }
                "proxypass" if first.starts_with('/') => all.push(section().and(under(first))),
                "proxypassmatch" => all.push(Condition::Fact(Fact::Other(format!("ProxyPassMatch {first}")))),
                "proxypass" => all.push(section()),
                "sethandler" if first.starts_with("proxy:") => all.push(section()),
                "wsgiscriptalias" | "jkmount" | "scriptalias" => all.push(under(first)),
                _ => {}
            }
        }
    }
    Condition::any(all)
}

fn under(path: &str) -> Condition {
    match path {
        "/" => Condition::Always,
        _ if path.ends_with('/') => Condition::Fact(Fact::Path(PathTest::StartsWith(path.to_owned()))),
        _ => Condition::Fact(Fact::Path(PathTest::Under(path.to_owned()))),
    }
}

/// A directive that acts on the response, or one that is not read.
fn directive(node: &Node, when: &Condition, (tables, state): (&mut Tables, &mut State), notes: &mut Notes) {
    match node.name.as_str() {
        "header" => tables.header(node, when, state, notes),
        "requestheader" if node.arguments.to_ascii_lowercase().contains("origin") => {
            let reason = "`RequestHeader` changes the request's Origin".to_owned();
            notes.unread(Some(node.place.clone()), reason.clone());
            state.origin = Some(Line::always(Value::Opaque(reason)));
        }
        "use" => {
            let reason = format!("`Use {}`: macros are not expanded", node.arguments);
            tables.always.forget(when, &reason, &node.place);
            tables.success.forget(when, &reason, &node.place);
            notes.unread(Some(node.place.clone()), reason);
        }
        name if !super::known::is_known(name) => {
            notes.unread(Some(node.place.clone()), format!("`{name}` is not read"));
        }
        _ => {}
    }
}

/// What answers preflights, in order.
fn preflight(
    blocks: &[Block<'_>],
    guards: &[Condition],
    (by_server, by_section): (&Rewritten, &Rewritten),
    upstream: &Condition,
) -> Vec<(Condition, PreflightKind)> {
    let answer = |(when, status): &(Condition, u16)| {
        let kind =
            if (200..300).contains(status) { PreflightKind::Answered } else { PreflightKind::Unanswered };
        (when.clone(), kind)
    };
    let mut all: Vec<_> = by_server.answers.iter().map(answer).collect();
    // The last section that requires something decides.
    for (block, when) in blocks.iter().zip(guards).rev() {
        if let Some(kind) = required(&block.directives) {
            all.push((when.clone(), kind));
            if *when == Condition::Always {
                break;
            }
        }
    }
    all.retain(|(_, kind)| !matches!(kind, PreflightKind::Unknown));
    all.extend(by_section.answers.iter().map(answer));
    all.push((upstream.clone(), PreflightKind::Unknown));
    all.push((Condition::Always, PreflightKind::Answered));
    all
}

/// Whether a section asks who it is, also of `OPTIONS`. `Unknown` stands for nobody being asked.
fn required(directives: &[&Node]) -> Option<PreflightKind> {
    let mut found = None;
    for node in directives {
        let arguments = words(&node.arguments);
        let named = || arguments.iter().any(|method| method.eq_ignore_ascii_case("OPTIONS"));
        let inner = || required(&node.children.iter().collect::<Vec<_>>());
        let kind = match node.name.as_str() {
            "require" => Some(match arguments.first().map(|word| word.to_ascii_lowercase()).as_deref() {
                Some("valid-user" | "user" | "group" | "file-owner") => {
                    PreflightKind::Authenticated(Some(node.place.clone()))
                }
                Some(kind) if kind.starts_with("ldap-") || kind.starts_with("dbd-") || kind == "claim" => {
                    PreflightKind::Authenticated(Some(node.place.clone()))
                }
                Some("method") if named() => PreflightKind::Unknown,
                _ => continue,
            }),
            "<limit" if named() => inner(),
            "<limitexcept" if !named() => inner(),
            "<requireany" => {
                let alternatives = node.children.iter().map(|child| required(&[child]));
                let alternatives: Vec<_> = alternatives.collect();
                let asks_all =
                    alternatives.iter().all(|kind| matches!(kind, Some(PreflightKind::Authenticated(_))));
                alternatives
                    .into_iter()
                    .next()
                    .flatten()
                    .map(|kind| if asks_all { kind } else { PreflightKind::Unknown })
            }
            "<requireall" => inner(),
            _ => None,
        };
        // Of several, one is enough; all of them have to ask.
        found = match (found, kind) {
            (Some(PreflightKind::Unknown), _) | (_, Some(PreflightKind::Unknown)) => {
                Some(PreflightKind::Unknown)
            }
            (before, kind) => before.or(kind),
        };
    }
    found
}
