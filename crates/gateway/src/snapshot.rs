//! A configuration in force: what one request sees from beginning to end.

use std::fmt;
use std::sync::Arc;

use corsac_cors::Policy;
use corsac_middleware::route::Matcher;

use crate::config::{Config, Route};
use crate::observe::metrics::{Metrics, RouteMetrics};

/// Label of requests that match no route.
const UNROUTED: &str = "(none)";

/// A configuration and what is derived from it. Immutable; a reload makes a new one.
pub(crate) struct Snapshot {
    pub(crate) generation: u64,
    pub(crate) config: Config,
    matcher: Matcher,
    metrics: Vec<RouteMetrics>,
    unrouted: RouteMetrics,
}

/// A route with its number.
#[derive(Clone, Copy)]
pub(crate) struct Matched<'s> {
    pub(crate) route: &'s Route,
    index: usize,
}

impl Snapshot {
    pub(crate) fn new(mut config: Config, generation: u64, metrics: &Metrics) -> Arc<Self> {
        for (_, policy) in &mut config.policies {
            *policy = policy.clone().with_generation(generation);
        }
        let matcher = config.matcher();
        let per_route = config.routes.iter().map(|route| metrics.route(&route.path)).collect();
        Arc::new(Self { generation, config, matcher, metrics: per_route, unrouted: metrics.route(UNROUTED) })
    }

    /// The number of the route for a canonical path.
    pub(crate) fn find_route(&self, path: &str) -> Option<usize> {
        self.matcher.find(path)
    }

    pub(crate) fn route(&self, index: usize) -> Option<Matched<'_>> {
        self.config.routes.get(index).map(|route| Matched { route, index })
    }

    /// Name and policy for a request; the unrouted one where no route matches.
    pub(crate) fn policy(&self, matched: Option<Matched<'_>>) -> Option<(&str, &Policy)> {
        let index = match matched {
            Some(matched) => matched.route.policy?,
            None => self.config.unrouted_policy?,
        };
        self.config.policies.get(index).map(|(name, policy)| (name.as_str(), policy))
    }

    pub(crate) fn metrics(&self, matched: Option<Matched<'_>>) -> &RouteMetrics {
        matched.and_then(|matched| self.metrics.get(matched.index)).unwrap_or(&self.unrouted)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("generation", &self.generation).finish_non_exhaustive()
    }
}
