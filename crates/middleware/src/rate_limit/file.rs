//! Limits as tables of a policy file.

use corsac_diagnostics::{Diagnostic, FieldPath, INVALID_VALUE, Segment, TableReader, excerpt, listed};

use super::config::{
    ConcurrencyConfig, LimitConfig, MAX_QUANTITY, Mistake, MistakeKind, RateLimitConfig, RouteConfig,
};
use super::key::KeyPart;
use super::table::{MAX_KEYS, MIN_KEYS};
use crate::route::unknown_reference;

/// The tables of limits.
pub const LIMITS: &str = "rate_limits";

/// The tables of limits on requests at the same time.
pub const CONCURRENCY: &str = "concurrency_limits";

/// Reads `[rate_limits.NAME]` and `[concurrency_limits.NAME]`. What applies to which
/// route is read with the routes.
pub fn read_limits(root: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> RateLimitConfig {
    let limits = root.named(LIMITS, out).into_iter().map(|(name, table)| limit(name, table, out)).collect();
    let concurrency = root.named(CONCURRENCY, out);
    let concurrency = concurrency.into_iter().map(|(name, table)| at_once(name, table, out)).collect();
    RateLimitConfig { limits, concurrency, ..RateLimitConfig::default() }
}

fn limit(name: &str, mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> LimitConfig {
    let default = LimitConfig::default();
    let limit = table.required_string("limit", out).map_or(default.limit, str::to_owned);
    let burst = table.integer("burst", (1, i64::try_from(MAX_QUANTITY).unwrap_or(i64::MAX)), out);
    let by = by(&mut table, out).unwrap_or(default.by);
    let keys = keys(&mut table, out).unwrap_or(default.keys);
    table.finish(out);
    LimitConfig { name: name.to_owned(), limit, burst: burst.and_then(|it| u64::try_from(it).ok()), by, keys }
}

fn at_once(name: &str, mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> ConcurrencyConfig {
    let default = ConcurrencyConfig::default();
    let limit = table.integer("limit", (1, i64::from(u32::MAX)), out);
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(default.limit);
    let by = by(&mut table, out).unwrap_or(default.by);
    let keys = keys(&mut table, out).unwrap_or(default.keys);
    table.finish(out);
    ConcurrencyConfig { name: name.to_owned(), limit, by, keys }
}

fn keys(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<usize> {
    let bound = |keys| i64::try_from(keys).unwrap_or(i64::MAX);
    let keys = table.integer("keys", (bound(MIN_KEYS), bound(MAX_KEYS)), out)?;
    usize::try_from(keys).ok()
}

fn by(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<Vec<KeyPart>> {
    let names = table.strings("by", out)?;
    let is_empty = names.is_empty();
    let mut parts = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let Some(name) = name else { continue };
        match name.parse() {
            Ok(part) => parts.push(part),
            Err(()) => {
                let known = listed(KeyPart::ALL.into_iter().map(KeyPart::name));
                let finding = table.invalid("by", name, "requests are not counted by that");
                let finding = finding.at_field(&table.field("by").index(index), "not counted by");
                out.push(finding.help(format!("count by one or several of {known}")));
            }
        }
    }
    // An empty list is reported with the other mistakes; wrong names are reported here.
    (is_empty || !parts.is_empty()).then_some(parts)
}

/// What a route says of limits: `rate_limits`, `concurrency_limit` and `cost`.
pub fn read_route(path: &str, table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> RouteConfig {
    let limits = table.strings(LIMITS, out).unwrap_or_default();
    let concurrency = table.string("concurrency_limit", out).map(str::to_owned);
    let cost = table.integer("cost", (1, i64::try_from(MAX_QUANTITY).unwrap_or(i64::MAX)), out).unwrap_or(1);
    RouteConfig {
        route: path.to_owned(),
        limits: limits.into_iter().flatten().map(str::to_owned).collect(),
        concurrency,
        cost: u64::try_from(cost).unwrap_or(1),
    }
}

/// The finding for a mistake of `config`. `route` is the place of the route of that number.
pub fn diagnostic(
    mistake: &Mistake,
    config: &RateLimitConfig,
    route: impl Fn(usize) -> FieldPath,
) -> Diagnostic {
    let at = place(mistake.field.segments(), config, route);
    if let MistakeKind::UnknownLimit(name) = &mistake.kind {
        let is_limit = at.segments().iter().any(|segment| *segment == Segment::Key(LIMITS.into()));
        let group = if is_limit { LIMITS } else { CONCURRENCY };
        let finding = if is_limit {
            unknown_reference("limit", group, name, config.limits.iter().map(|it| &*it.name))
        } else {
            unknown_reference("limit", group, name, config.concurrency.iter().map(|it| &*it.name))
        };
        return finding.at_field(&at, "not defined");
    }
    let finding = Diagnostic::new(&INVALID_VALUE, format!("`{at}`: {}", mistake.kind));
    finding.at_field(&at, "this does not work").help(help(&mistake.kind))
}

/// Where in the file a field of the configuration stands.
fn place(segments: &[Segment], config: &RateLimitConfig, route: impl Fn(usize) -> FieldPath) -> FieldPath {
    let root = FieldPath::root();
    let (start, rest) = match segments {
        [Segment::Key(group), Segment::Index(index), rest @ ..] if group == "limits" => {
            let name = config.limits.get(*index).map_or("", |limit| &limit.name);
            (root.key(LIMITS).key(name), rest)
        }
        [Segment::Key(group), Segment::Index(index), rest @ ..] if group == "concurrency" => {
            let name = config.concurrency.get(*index).map_or("", |limit| &limit.name);
            (root.key(CONCURRENCY).key(name), rest)
        }
        [Segment::Key(group), Segment::Index(index), rest @ ..] if group == "routes" => (route(*index), rest),
        [Segment::Key(group), rest @ ..] if group == "preflights" => {
            (root.key("preflights").key(LIMITS), rest)
        }
        [Segment::Key(group), rest @ ..] if group == "limits" => (root.key(LIMITS), rest),
        [Segment::Key(group), rest @ ..] if group == "concurrency" => (root.key(CONCURRENCY), rest),
        rest => (root, rest),
    };
    rest.iter().fold(start, |path, segment| match segment {
        // A table's name is its key, not a field in it.
        Segment::Key(key) if key == "name" => path,
        Segment::Key(key) if key == "limits" => path.key(LIMITS),
        Segment::Key(key) if key == "concurrency" => path.key("concurrency_limit"),
        Segment::Key(key) => path.key(key),
        Segment::Index(index) => path.index(*index),
    })
}

fn help(kind: &MistakeKind) -> String {
    match kind {
        MistakeKind::LimitSyntax(_)
        | MistakeKind::QuantityOutOfRange(_)
        | MistakeKind::WindowOutOfRange(_) => "write it like \"100/1m\", \"5/s\" or \"1000/1d\"".into(),
        MistakeKind::TooFast(_) => "allow at most a million a second, or leave the limit out".into(),
        MistakeKind::BurstOutOfRange(_) | MistakeKind::BurstTooSlow(_) => {
            "leave `burst` out: a window's quantity is the burst then".into()
        }
        MistakeKind::ConcurrencyOutOfRange => "allow one request at least".into(),
        MistakeKind::CostOutOfRange { burst, .. } => format!("write a cost from 1 to {burst}"),
        MistakeKind::Duplicate(name) => format!("write `{}` once", excerpt(name)),
        MistakeKind::KeysOutOfRange(_) => format!("write a number from {MIN_KEYS} to {MAX_KEYS}"),
        MistakeKind::NameInvalid(_) => "clients see the name: write it like `per-client`".into(),
        MistakeKind::NoKey => "count by \"address\", for instance".into(),
        MistakeKind::PreflightLimit(_) => "give preflights a limit of their own".into(),
        MistakeKind::TooMany { most, .. } => format!("keep {most} of them"),
        MistakeKind::UnknownLimit(_) => "name one that is defined".into(),
    }
}
