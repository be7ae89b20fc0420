//! A configuration in force: what one request sees from beginning to end.

use std::fmt;
use std::sync::Arc;

use corsac_middleware::audit_log::AuditLog;
use corsac_middleware::authn::{Outside, read_file};
use corsac_middleware::stack::{Stack, StackError, World};

use crate::config::{Config, Route};
use crate::observe::audit::audit_log;
use crate::observe::metrics::{Metrics, RouteMetrics};

/// Label of requests that match no route.
const UNROUTED: &str = "(none)";

/// A configuration and what is derived from it. Immutable; a reload makes a new one.
pub(crate) struct Snapshot {
    pub(crate) generation: u64,
    pub(crate) config: Config,
    pub(crate) stack: Stack,
    /// What of guards' decisions is written, if they are.
    pub(crate) audit: Option<AuditLog>,
    /// The path patterns of the routes, for events.
    paths: Vec<Arc<str>>,
    metrics: Vec<RouteMetrics>,
    unrouted: RouteMetrics,
}

/// What a snapshot comes after, and the network of its credentials.
pub(crate) enum Origin<'s> {
    Before(&'s Snapshot, Arc<dyn Outside>),
    Start(Arc<dyn Outside>),
}

fn world(outside: Arc<dyn Outside>) -> World<'static> {
    World { read: &read_file, outside }
}

/// A route with its number.
#[derive(Clone, Copy)]
pub(crate) struct Matched<'s> {
    pub(crate) route: &'s Route,
    index: usize,
}

impl Snapshot {
    /// What is defined as in the snapshot before keeps its state.
    pub(crate) fn new(
        config: Config,
        generation: u64,
        metrics: &Metrics,
        origin: Origin<'_>,
    ) -> Result<Arc<Self>, Vec<StackError>> {
        let guards = config.stack.clone().with_generation(generation);
        let stack = match origin {
            Origin::Before(before, outside) => before.stack.recompile(&guards, &world(outside)),
            Origin::Start(outside) => Stack::compile(&guards, &world(outside)),
        }?;
        let per_route = config.routes.iter().map(|route| metrics.route(&route.path)).collect();
        let unrouted = metrics.route(UNROUTED);
        let audit = config.events.as_ref().map(audit_log);
        let paths = config.routes.iter().map(|route| route.path.as_str().into()).collect();
        Ok(Arc::new(Self { generation, config, stack, audit, paths, metrics: per_route, unrouted }))
    }

    pub(crate) fn route(&self, index: usize) -> Option<Matched<'_>> {
        self.config.routes.get(index).map(|route| Matched { route, index })
    }

    /// The path pattern of a route.
    pub(crate) fn path(&self, route: Option<usize>) -> Option<&Arc<str>> {
        self.paths.get(route?)
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
