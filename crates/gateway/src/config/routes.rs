//! The `[[routes]]` tables.

use std::time::Duration;

use corsac_cors::Policy;
use corsac_diagnostics::{Diagnostic, TableReader};
use corsac_middleware::route::{Paths, unknown_reference};
use corsac_middleware::stack::file::{Definitions, RouteHead};

use super::definitions::{Defined, named_policy};
use super::{Ownership, Route, Upstream};

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// What routes refer to by name.
pub(super) struct Known<'k, 'd> {
    pub(super) upstreams: &'k [Defined<'d, Upstream>],
    pub(super) policies: &'k [Defined<'d, Policy>],
    /// The bound on bodies of routes that say nothing.
    pub(super) body_size: u64,
}

/// The routes; what each says of guards goes to `guards`.
pub(super) fn read(
    root: &mut TableReader<'_>,
    known: &Known<'_, '_>,
    guards: &mut Definitions,
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
        let upstream = upstream(&mut table, known.upstreams, out);
        let policy = reference(&mut table, "cors", known.policies, out);
        let ownership = ownership(&mut table, out);
        let body_size = table.size("body_size", (0, 1 << 50), out);
        let response_timeout =
            table.duration("response_timeout", (Duration::from_millis(1), TEN_MINUTES), out);
        let head = RouteHead {
            path: path.clone().unwrap_or_default(),
            policy: policy.and_then(|index| named_policy(known.policies.get(index)?)),
            preflights_by_handler: ownership == Ownership::Passthrough,
            body_size: body_size.unwrap_or(known.body_size),
        };
        guards.route(head, &mut table, out);
        table.finish(out);
        if let (Some(path), Some(upstream)) = (path, upstream) {
            routes.push(Route { path, upstream, policy, ownership, body_size, response_timeout });
        }
    }
    routes
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
