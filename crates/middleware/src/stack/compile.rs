//! From routes and definitions to what runs.

use std::fmt;
use std::sync::Arc;

use super::route::{NamedPolicy, Route};
use crate::rate_limit::{self, RateLimit, RateLimitConfig, RateLimitErrors, RouteLimit};
use crate::route::Matcher;

/// What the routes of a stack refer to by name, and the routes.
#[derive(Clone, Debug, Default)]
pub struct StackConfig {
    /// Limits. Its `routes` are made from those below.
    pub rate_limit: RateLimitConfig,
    /// Who may read what is answered to requests that match no route.
    pub unrouted: Option<NamedPolicy>,
    /// The routes.
    pub routes: Vec<Route>,
}

impl StackConfig {
    /// The same with all policies as generation `number`.
    #[must_use]
    pub fn with_generation(self, number: u64) -> Self {
        Self {
            unrouted: self.unrouted.map(|named| named.with_generation(number)),
            routes: self.routes.into_iter().map(|route| route.with_generation(number)).collect(),
            ..self
        }
    }
}

/// What is wrong with a stack, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StackError {
    /// The limits, and what routes take of them.
    RateLimit(RateLimitErrors),
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimit(errors) => errors.fmt(f),
        }
    }
}

impl std::error::Error for StackError {}

/// All guards of all routes, compiled. A clone of what it keeps is an `Arc` bump.
#[derive(Debug)]
pub struct Stack {
    matcher: Matcher,
    pub(super) lanes: Vec<Lane>,
    pub(super) unrouted: Option<NamedPolicy>,
    pub(super) preflights: Option<Arc<RouteLimit>>,
    rate_limit: RateLimit,
}

/// One route's guards, ready to be asked.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) policy: Option<NamedPolicy>,
    pub(super) answers_preflights: bool,
    pub(super) clients: Option<Arc<RouteLimit>>,
    pub(super) callers: Option<Arc<RouteLimit>>,
}

impl Stack {
    /// The only road to a stack.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn compile(config: &StackConfig) -> Result<Self, Vec<StackError>> {
        Self::compile_after(config, None)
    }

    /// What takes this one's place after a reload: what is defined as before keeps its
    /// state, so that nobody's debt is forgiven and nothing is fetched again.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn recompile(&self, config: &StackConfig) -> Result<Self, Vec<StackError>> {
        Self::compile_after(config, Some(self))
    }

    fn compile_after(config: &StackConfig, before: Option<&Self>) -> Result<Self, Vec<StackError>> {
        let mut limits = config.rate_limit.clone();
        limits.routes = config.routes.iter().flat_map(limited).collect();
        let compiled = match before {
            Some(before) => before.rate_limit.recompile(&limits),
            None => RateLimit::compile(&limits),
        };
        let rate_limit = compiled.map_err(|errors| vec![StackError::RateLimit(errors)])?;
        let preflights = rate_limit.preflights();
        let lanes = config.routes.iter().map(|route| Lane::new(route, &rate_limit)).collect();
        let matcher = Matcher::new(config.routes.iter().map(Route::path));
        Ok(Self { matcher, lanes, unrouted: config.unrouted.clone(), preflights, rate_limit })
    }

    /// The number of the route for a canonical path.
    pub fn find(&self, path: &str) -> Option<usize> {
        self.matcher.find(path)
    }

    /// The policy of a route, or of requests that match none.
    pub fn policy(&self, route: Option<usize>) -> Option<&NamedPolicy> {
        match route {
            Some(route) => self.lanes.get(route)?.policy.as_ref(),
            None => self.unrouted.as_ref(),
        }
    }

    /// The limits, for metrics.
    pub fn rate_limit(&self) -> &RateLimit {
        &self.rate_limit
    }
}

impl Lane {
    fn new(route: &Route, limits: &RateLimit) -> Self {
        let [clients, callers] = stages(&route.path);
        Self {
            policy: route.policy.clone(),
            answers_preflights: route.answers_preflights,
            clients: limits.route(&clients),
            callers: limits.route(&callers),
        }
    }
}

/// The names under which a route's limits are kept: before and after the caller is known.
fn stages(path: &str) -> [String; 2] {
    [path.to_owned(), format!("{path} (callers)")]
}

/// A route's limits at each of its two places.
fn limited(route: &Route) -> impl Iterator<Item = rate_limit::RouteConfig> {
    let [clients, callers] = stages(&route.path);
    let at = |name, limits: &[String], concurrency: &Option<String>| {
        let is_limited = !limits.is_empty() || concurrency.is_some();
        is_limited.then(|| rate_limit::RouteConfig {
            route: name,
            limits: limits.to_vec(),
            concurrency: concurrency.clone(),
            cost: route.cost,
        })
    };
    [at(clients, &route.clients, &route.concurrency), at(callers, &route.callers, &None)]
        .into_iter()
        .flatten()
}
