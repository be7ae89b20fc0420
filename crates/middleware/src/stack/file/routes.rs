//! The `[[routes]]` tables, whoever serves them.

use std::time::Duration;

use corsac_cors::Policy;
use corsac_diagnostics::{Diagnostic, TableReader};

use super::policies::{Defined, read_reference};
use super::{Definitions, RouteHead};
use crate::limits::{HeadConfig, MAX_COUNT};
use crate::route::Paths;

const TEN_MINUTES: Duration = Duration::from_secs(600);

/// Who owns the CORS fields of a route's responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Corsac: the handler's `Access-Control-*` fields are removed.
    Own,
    /// The handler: its fields and its answers to preflights pass through.
    Passthrough,
    /// Corsac, and every response that had fields of the handler's is recorded.
    Report,
}

/// What a route says beside its guards.
#[derive(Clone, Debug)]
pub struct RouteFile<T> {
    /// The path.
    pub path: String,
    /// An index into the policies.
    pub policy: Option<usize>,
    /// Who owns CORS.
    pub ownership: Ownership,
    /// Another bound on request bodies.
    pub body_size: Option<u64>,
    /// Time until the head of the response.
    pub response_timeout: Option<Duration>,
    /// What else whoever serves it has read.
    pub rest: T,
}

/// Sizes of requests, as `[gateway.limits]` has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Bytes of a request body; beyond: 413.
    pub body_size: u64,
    /// Header fields of a request; beyond: 431.
    pub header_fields: usize,
    /// Bytes of all names and values of a request; beyond: 431.
    pub header_size: usize,
    /// Bytes of path and query; beyond: 414.
    pub target_size: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { body_size: 1 << 20, header_fields: 100, header_size: 32 << 10, target_size: 8 << 10 }
    }
}

impl Sizes {
    /// Reads the sizes of the table `[gateway.limits]`.
    pub fn read(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Self {
        let default = Self::default();
        let count =
            |number: Option<i64>, default| number.and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
        let bytes =
            |number: Option<u64>, default| number.and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
        Self {
            header_fields: count(table.integer("header_fields", (8, 500), out), default.header_fields),
            header_size: bytes(table.size("header_size", (1 << 10, 256 << 10), out), default.header_size),
            target_size: bytes(table.size("target_size", (256, 32 << 10), out), default.target_size),
            body_size: table.size("body_size", (0, 1 << 50), out).unwrap_or(default.body_size),
        }
    }

    /// The same as bounds on heads. What the file says nothing of is bounded by the size of
    /// the whole.
    pub fn head(&self) -> HeadConfig {
        HeadConfig {
            header_fields: self.header_fields,
            header_size: self.header_size,
            field_size: self.header_size,
            target_size: self.target_size,
            query_parameters: MAX_COUNT,
        }
    }
}

/// Reads the routes; what each says of guards goes to `guards`. `rest` reads what else whoever
/// serves them needs, and gives nothing where a mistake is.
pub fn read_routes<'d, T>(
    root: &mut TableReader<'d>,
    (policies, body_size): (&[Defined<'_, Policy>], u64),
    guards: &mut Definitions,
    mut rest: impl FnMut(&mut TableReader<'d>, &mut Vec<Diagnostic>) -> Option<T>,
    out: &mut Vec<Diagnostic>,
) -> Vec<RouteFile<T>> {
    let tables = root.tables("routes", out);
    if tables.is_empty() {
        let help = "add [[routes]] with path = \"/{*rest}\", an upstream and a policy";
        out.push(root.missing("routes").help(help));
    }
    let mut paths = Paths::default();
    let mut routes = Vec::new();
    for mut table in tables {
        let path = paths.read(&mut table, out);
        let rest = rest(&mut table, out);
        let policy = read_reference(&mut table, "cors", ("policy", "cors"), policies, out);
        let ownership = ownership(&mut table, out);
        let own_size = table.size("body_size", (0, 1 << 50), out);
        let response_timeout =
            table.duration("response_timeout", (Duration::from_millis(1), TEN_MINUTES), out);
        let head = RouteHead {
            path: path.clone().unwrap_or_default(),
            policy: policy.and_then(|index| policies.get(index)?.policy()),
            preflights_by_handler: ownership == Ownership::Passthrough,
            body_size: own_size.unwrap_or(body_size),
        };
        guards.route(head, &mut table, out);
        table.finish(out);
        if let (Some(path), Some(rest)) = (path, rest) {
            routes.push(RouteFile { path, policy, ownership, body_size: own_size, response_timeout, rest });
        }
    }
    routes
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
