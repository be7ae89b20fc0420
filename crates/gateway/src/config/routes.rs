//! The `[[routes]]` tables.

use corsac_cors::Policy;
use corsac_diagnostics::{Diagnostic, TableReader};
use corsac_middleware::stack::file::{Defined, Definitions, RouteFile, read_reference, read_routes};

use super::{Route, Upstream};

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
    let upstream =
        |table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>| upstream(table, known.upstreams, out);
    let routes = read_routes(root, (known.policies, known.body_size), guards, upstream, out);
    routes.into_iter().map(forwarded).collect()
}

fn forwarded(route: RouteFile<usize>) -> Route {
    Route {
        path: route.path,
        upstream: route.rest,
        policy: route.policy,
        ownership: route.ownership,
        body_size: route.body_size,
        response_timeout: route.response_timeout,
    }
}

fn upstream(
    table: &mut TableReader<'_>,
    upstreams: &[Defined<'_, Upstream>],
    out: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let missing = table.missing("upstream");
    let before = out.len();
    let found = read_reference(table, "upstream", ("upstream", "upstreams"), upstreams, out);
    if found.is_none() && out.len() == before {
        out.push(missing.help("name one of the upstreams: upstream = \"api\""));
    }
    found
}
