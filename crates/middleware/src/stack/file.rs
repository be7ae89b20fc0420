//! Guards as tables of a policy file: what routes refer to, and what they say.

use corsac_diagnostics::{Diagnostic, FieldPath, TableReader};

use super::compile::StackConfig;
use super::route::{NamedPolicy, Route};
use crate::rate_limit::{self, KeyPart, RateLimit, RateLimitConfig};

/// The table of preflights.
const PREFLIGHTS: &str = "preflights";

/// The guards that a policy file defines, while its routes are read.
#[derive(Debug, Default)]
pub struct Definitions {
    limits: RateLimitConfig,
    /// What each route takes of the limits, as written, and the route's place.
    written: Vec<(rate_limit::RouteConfig, FieldPath)>,
}

/// What the reader of a route knows of it already.
#[derive(Debug)]
pub struct RouteHead {
    /// The path.
    pub path: String,
    /// The policy.
    pub policy: Option<NamedPolicy>,
    /// Whether preflights are the handler's to answer.
    pub preflights_by_handler: bool,
}

impl Definitions {
    /// Reads all tables of guards.
    pub fn read(root: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Self {
        let mut limits = rate_limit::read_limits(root, out);
        if let Some(mut table) = root.table(PREFLIGHTS, out) {
            let names = table.strings(rate_limit::LIMITS, out).unwrap_or_default();
            limits.preflights = names.into_iter().flatten().map(str::to_owned).collect();
            table.finish(out);
        }
        Self { limits, written: Vec::new() }
    }

    /// Reads what the table of a route says of guards.
    pub fn route(
        &mut self,
        head: RouteHead,
        table: &mut TableReader<'_>,
        out: &mut Vec<Diagnostic>,
    ) -> Route {
        let limits = rate_limit::read_route(&head.path, table, out);
        let (callers, clients): (Vec<&str>, Vec<&str>) =
            limits.limits.iter().map(String::as_str).partition(|name| self.counts_callers(name));
        let begun = Route::at(&head.path);
        let mut cors = match head.policy {
            Some(policy) => begun.cors(policy),
            None => begun.without_cors(),
        };
        if head.preflights_by_handler {
            cors = cors.preflights_by_handler();
        }
        let mut limited = cors.limit_clients(clients).cost(limits.cost);
        if let Some(name) = &limits.concurrency {
            limited = limited.at_once(name);
        }
        let route = limited.limit_callers(callers).build();
        self.written.push((limits, table.path().clone()));
        route
    }

    /// Whether a limit can be asked only once the caller is known.
    fn counts_callers(&self, name: &str) -> bool {
        let limit = self.limits.limits.iter().find(|limit| limit.name == name);
        limit.is_some_and(|limit| {
            limit.by.iter().any(|part| matches!(part, KeyPart::ApiKey | KeyPart::Principal))
        })
    }

    /// All definitions with the routes, checked together. `None` if anything prevents
    /// them from running.
    pub fn finish(
        self,
        unrouted: Option<NamedPolicy>,
        routes: Vec<Route>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<StackConfig> {
        let before = out.len();
        self.check_limits(out);
        (out.len() == before).then_some(StackConfig { rate_limit: self.limits, unrouted, routes })
    }

    fn check_limits(&self, out: &mut Vec<Diagnostic>) {
        let routes = self.written.iter().map(|(limits, _)| limits.clone()).collect();
        let config = RateLimitConfig { routes, ..self.limits.clone() };
        let Err(errors) = RateLimit::compile(&config) else { return };
        let place = |index: usize| self.written.get(index).map_or_else(FieldPath::root, |(_, at)| at.clone());
        for mistake in &errors.0 {
            out.push(rate_limit::diagnostic(mistake, &config, place));
        }
    }
}
