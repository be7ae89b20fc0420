//! The `[[routes]]` tables.

use std::time::Duration;

use corsac_cors::Policy;
use corsac_diagnostics::{Diagnostic, FieldPath, TableReader, excerpt, listed};

use super::definitions::Defined;
use super::rules::{ROUTE_CONFLICT, UNKNOWN_REFERENCE};
use super::{Ownership, Route, Upstream, placeholders};
use crate::message::canonical::canonical_path;

const TEN_MINUTES: Duration = Duration::from_secs(600);

pub(super) fn read(
    root: &mut TableReader<'_>,
    upstreams: &[Defined<'_, Upstream>],
    policies: &[Defined<'_, Policy>],
    out: &mut Vec<Diagnostic>,
) -> Vec<Route> {
    let tables = root.tables("routes", out);
    if tables.is_empty() {
        let help = "add [[routes]] with path = \"/{*rest}\", an upstream and a policy";
        out.push(root.missing("routes").help(help));
    }
    let mut paths = Paths::default();
    let mut routes = Vec::new();
    for mut table in tables {
        let path = paths.read(&mut table, out);
        let upstream = upstream(&mut table, upstreams, out);
        let policy = reference(&mut table, "cors", policies, out);
        let ownership = ownership(&mut table, out);
        let body_size = table.size("body_size", (0, 1 << 50), out);
        let response_timeout =
            table.duration("response_timeout", (Duration::from_millis(1), TEN_MINUTES), out);
        table.finish(out);
        if let (Some(path), Some(upstream)) = (path, upstream) {
            routes.push(Route { path, upstream, policy, ownership, body_size, response_timeout });
        }
    }
    routes
}

/// The paths of the routes so far.
#[derive(Default)]
struct Paths {
    matcher: matchit::Router<()>,
    written: Vec<(String, FieldPath)>,
}

impl Paths {
    fn read(&mut self, table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<String> {
        let text = table.required_string("path", out)?;
        let place = table.field("path");
        let help = "write it like \"/api/{*rest}\" (everything below) or \"/users/{id}\" (one segment)";
        let finding = match placeholders::mistake(text) {
            _ if !text.starts_with('/') => {
                Some(table.invalid("path", text, "a path begins with `/`").help(help))
            }
            Some(mistake) => Some(table.invalid("path", text, &mistake.reason).help(mistake.help)),
            None if !is_canonical(text) => {
                let reason = "no request matches it: requests are matched by their canonical path";
                let help = "write it as browsers send it, percent-encoded in upper case";
                Some(table.invalid("path", text, reason).help(help))
            }
            None => self.conflict(text, &place),
        };
        self.written.push((text.to_owned(), place));
        let right = finding.is_none().then(|| text.to_owned());
        out.extend(finding);
        right
    }

    /// Adds a path, or says which other one is in its way.
    fn conflict(&mut self, text: &str, place: &FieldPath) -> Option<Diagnostic> {
        let with = match self.matcher.insert(text, ()).err()? {
            matchit::InsertError::Conflict { with } => with,
            _ => String::new(),
        };
        // What the matcher names is its guess, and no path that was written where several
        // routes begin alike.
        let named = self.written.iter().filter(|(other, _)| *other == with);
        let other = named.chain(&self.written).find(|(other, _)| placeholders::conflicts(text, other));
        let short = excerpt(text);
        let message = match other {
            Some((other, _)) if other == text => format!("`{short}` has two routes"),
            Some((other, _)) => format!("`{short}` and `{}` match some of the same requests", excerpt(other)),
            None => format!("`{short}` matches some requests of another route"),
        };
        let finding = Diagnostic::new(&ROUTE_CONFLICT, message)
            .at_field(place, "no request would know which of the two")
            .help("remove one of the two, or tell them apart by a fixed segment before the parameter");
        Some(match other {
            Some((_, place)) => finding.and_at_field(place, "the other route"),
            None => finding,
        })
    }
}

/// Whether the path is in the spelling that requests are matched by, its parameters
/// aside.
fn is_canonical(path: &str) -> bool {
    let mut plain = String::new();
    let mut depth = 0_usize;
    for letter in path.chars() {
        match letter {
            '{' => depth += 1,
            '}' => {
                depth = depth.saturating_sub(1);
                plain.push('x');
            }
            _ if depth == 0 => plain.push(letter),
            _ => {}
        }
    }
    canonical_path(&plain).is_ok_and(|canonical| canonical == plain)
}

fn upstream(
    table: &mut TableReader<'_>,
    upstreams: &[Defined<'_, Upstream>],
    out: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let missing = table.missing("upstream");
    let before = out.len();
    let found = reference(table, "upstream", upstreams, out);
    if found.is_none() && out.len() == before {
        out.push(missing.help("name one of the upstreams: upstream = \"api\""));
    }
    found
}

/// The index of the definition that `key` names.
fn reference<T>(
    table: &mut TableReader<'_>,
    key: &'static str,
    defined: &[Defined<'_, T>],
    out: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let name = table.string(key, out)?;
    let found = defined.iter().position(|definition| definition.name == name);
    if found.is_none() {
        let (what, group) = if key == "cors" { ("policy", "cors") } else { ("upstream", "upstreams") };
        let known = defined.iter().map(|definition| definition.name);
        out.push(unknown_reference(what, group, name, known).at_field(&table.field(key), "not defined"));
    }
    found
}

pub(super) fn unknown_reference<'n>(
    what: &str,
    group: &str,
    name: &str,
    known: impl Iterator<Item = &'n str>,
) -> Diagnostic {
    let (name, known) = (excerpt(name), listed(known));
    let finding = Diagnostic::new(&UNKNOWN_REFERENCE, format!("there is no {what} `{name}`"));
    finding.help(match known.as_str() {
        "" => format!("define it: [{group}.{name}]"),
        known => format!("define it as [{group}.{name}], or name one of {known}"),
    })
}

fn ownership(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Ownership {
    match table.string("cors_mode", out) {
        None | Some("own") => Ownership::Own,
        Some("passthrough") => Ownership::Passthrough,
        Some("report") => Ownership::Report,
        Some(other) => {
            let reason = "a mode is `own`, `passthrough` or `report`";
            out.push(table.invalid("cors_mode", other, reason).help("leave it out: `own` is the safe one"));
            Ownership::Own
        }
    }
}
