//! From routes and definitions to what runs.

use std::fmt;
use std::sync::Arc;

use super::passage::Passage;
use super::route::{NamedPolicy, Route};
use crate::authn::{Authn, AuthnConfig, AuthnErrors, Group, Outside, ReadFile};
use crate::authz::RouteRules;
use crate::csrf::{Ambient, CookieRules, Csrf, CsrfMode, RouteCsrf};
use crate::limits::{HeadConfig, HeadLimits, LimitsErrors, RouteLimits};
use crate::rate_limit::{self, RateLimit, RateLimitConfig, RateLimitErrors, RouteLimit};
use crate::route::Matcher;

/// Bytes of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodySize(pub u64);

impl Default for BodySize {
    /// 1 MiB.
    fn default() -> Self {
        Self(1 << 20)
    }
}

/// What the routes of a stack refer to by name, and the routes.
#[derive(Clone, Debug, Default)]
pub struct StackConfig {
    /// How callers prove who they are.
    pub authn: AuthnConfig,
    /// The guard against forged requests, with its tokens.
    pub csrf: Csrf,
    /// Bytes of a body on routes that say nothing else; beyond: 413. Whoever drives the stack
    /// keeps it.
    pub body_size: BodySize,
    /// Bounds on heads. Whoever drives the stack keeps them.
    pub head: HeadConfig,
    /// Whether limits are kept by a store that others share: [`super::Step::Count`].
    pub is_shared: bool,
    /// Limits. Its `routes` are made from those below.
    pub rate_limit: RateLimitConfig,
    /// The seed of the limits' keys, where several processes share them.
    pub seed: Option<rate_limit::Seed>,
    /// Who may read what is answered to requests that match no route.
    pub unrouted: Option<NamedPolicy>,
    /// The routes.
    pub routes: Vec<Route>,
}

/// What a stack is compiled in: files, and the network for keys and opaque tokens.
#[derive(Clone)]
pub struct World<'w> {
    /// How files are read that definitions name.
    pub read: ReadFile<'w>,
    /// What fetches; [`crate::authn::Nowhere`] where nothing is to be.
    pub outside: Arc<dyn Outside>,
}

impl fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
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
    /// How callers prove who they are.
    Authn(AuthnErrors),
    /// The bounds on heads.
    Limits(LimitsErrors),
    /// The limits, and what routes take of them.
    RateLimit(RateLimitErrors),
    /// A route names a group of methods that is not defined.
    UnknownGroup(String),
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authn(errors) => errors.fmt(f),
            Self::Limits(errors) => errors.fmt(f),
            Self::RateLimit(errors) => errors.fmt(f),
            Self::UnknownGroup(name) => {
                write!(f, "there is no [authn.{}]", corsac_diagnostics::excerpt(name))
            }
        }
    }
}

impl std::error::Error for StackError {}

/// All guards of all routes, compiled.
#[derive(Debug)]
pub struct Stack {
    pub(super) matcher: Matcher,
    pub(super) lanes: Vec<Lane>,
    pub(super) unrouted: Option<NamedPolicy>,
    pub(super) preflights: Option<Arc<RouteLimit>>,
    pub(super) csrf: Csrf,
    pub(super) is_shared: bool,
    body_size: BodySize,
    head: HeadLimits,
    rate_limit: RateLimit,
    authn: Authn,
}

/// One route's guards, ready to be asked.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) policy: Option<NamedPolicy>,
    pub(super) answers_preflights: bool,
    pub(super) clients: Option<Arc<RouteLimit>>,
    pub(super) csrf: Option<RouteCsrf>,
    pub(super) authn: Option<Arc<Group>>,
    pub(super) callers: Option<Arc<RouteLimit>>,
    pub(super) rules: RouteRules,
    pub(super) limits: Option<Arc<RouteLimits>>,
    pub(super) cookies: Option<Arc<CookieRules>>,
    body_size: Option<u64>,
}

impl Stack {
    /// The only road to a stack.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn compile(config: &StackConfig, world: &World<'_>) -> Result<Self, Vec<StackError>> {
        Self::compile_after(config, world, None)
    }

    /// What takes this one's place after a reload: what is defined as before keeps its
    /// state, so that nobody's debt is forgiven and nothing is fetched again.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn recompile(&self, config: &StackConfig, world: &World<'_>) -> Result<Self, Vec<StackError>> {
        Self::compile_after(config, world, Some(self))
    }

    fn compile_after(
        config: &StackConfig,
        world: &World<'_>,
        before: Option<&Self>,
    ) -> Result<Self, Vec<StackError>> {
        let mut limits = config.rate_limit.clone();
        limits.routes = config.routes.iter().flat_map(|route| limited(route, &config.rate_limit)).collect();
        let rate_limit = match (before, config.seed) {
            (Some(before), Some(seed)) => before.rate_limit.recompile_with_seed(&limits, seed),
            (Some(before), None) => before.rate_limit.recompile(&limits),
            (None, Some(seed)) => RateLimit::compile_with_seed(&limits, seed),
            (None, None) => RateLimit::compile(&limits),
        };
        let authn = match before {
            Some(before) => before.authn.recompile(&config.authn, world.read),
            None => Authn::compile(&config.authn, world.read, Arc::clone(&world.outside)),
        };
        let (rate_limit, authn, head) = all(rate_limit, authn, HeadLimits::compile(&config.head))?;
        let lanes: Vec<_> = config.routes.iter().map(|route| Lane::new(route, &rate_limit, &authn)).collect();
        let unknown = config.routes.iter().zip(&lanes).filter_map(|(route, lane)| {
            let is_unknown = lane.authn.is_none();
            route.authn.clone().filter(|_| is_unknown).map(StackError::UnknownGroup)
        });
        let unknown: Vec<_> = unknown.collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        Ok(Self {
            matcher: Matcher::new(config.routes.iter().map(Route::path)),
            lanes,
            unrouted: config.unrouted.clone(),
            preflights: rate_limit.preflights(),
            csrf: config.csrf.clone(),
            is_shared: config.is_shared,
            body_size: config.body_size,
            head,
            rate_limit,
            authn,
        })
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

    /// The bounds on heads.
    pub fn head(&self) -> &HeadLimits {
        &self.head
    }

    /// Bytes of a body that the route takes.
    pub fn body_size(&self, passage: &Passage) -> u64 {
        let lane = passage.route().and_then(|route| self.lanes.get(route));
        lane.and_then(|lane| lane.body_size).unwrap_or(self.body_size.0)
    }

    /// Whether the handler owns CORS: what it answers keeps the fields that it has.
    pub fn is_cors_by_handler(&self, passage: &Passage) -> bool {
        let lane = passage.route().and_then(|route| self.lanes.get(route));
        lane.is_some_and(|lane| !lane.answers_preflights)
    }

    /// The limits, for metrics.
    pub fn rate_limit(&self) -> &RateLimit {
        &self.rate_limit
    }

    /// Who proves who they are; its timer is to be called once a second.
    pub fn authn(&self) -> &Authn {
        &self.authn
    }
}

fn all(
    rate_limit: Result<RateLimit, RateLimitErrors>,
    authn: Result<Authn, AuthnErrors>,
    head: Result<HeadLimits, LimitsErrors>,
) -> Result<(RateLimit, Authn, HeadLimits), Vec<StackError>> {
    match (rate_limit, authn, head) {
        (Ok(rate_limit), Ok(authn), Ok(head)) => Ok((rate_limit, authn, head)),
        (rate_limit, authn, head) => {
            let errors = [
                rate_limit.err().map(StackError::RateLimit),
                authn.err().map(StackError::Authn),
                head.err().map(StackError::Limits),
            ];
            Err(errors.into_iter().flatten().collect())
        }
    }
}

impl Lane {
    fn new(route: &Route, limits: &RateLimit, authn: &Authn) -> Self {
        let [clients, callers] = stages(&route.path);
        let group = route.authn.as_ref().and_then(|name| authn.group(name));
        let ambient = match &group {
            Some(group) if group.is_ambient() => Ambient::Cookies,
            Some(_) => Ambient::None,
            None => Ambient::Carried,
        };
        // Whoever authenticates by cookies and says nothing is guarded.
        let default = if ambient == Ambient::Cookies { CsrfMode::Enforce } else { CsrfMode::Off };
        let csrf = RouteCsrf { mode: route.csrf.unwrap_or(default), ambient };
        Self {
            policy: route.policy.clone(),
            answers_preflights: route.answers_preflights,
            clients: limits.route(&clients),
            csrf: Some(csrf).filter(|csrf| csrf.mode != CsrfMode::Off),
            authn: group,
            callers: limits.route(&callers),
            rules: route.rules.clone(),
            limits: route.limits.clone(),
            cookies: route.cookies.clone(),
            body_size: route.body_size,
        }
    }
}

/// The names under which a route's limits are kept: before and after the caller is known.
fn stages(path: &str) -> [String; 2] {
    [path.to_owned(), format!("{path} (callers)")]
}

/// A route's limits at each of its two places. A limit on requests at the same time stands
/// where what it counts by is known.
fn limited(route: &Route, config: &RateLimitConfig) -> impl Iterator<Item = rate_limit::RouteConfig> {
    let [clients, callers] = stages(&route.path);
    let named = |name: &String| config.concurrency.iter().find(|limit| limit.name == *name);
    let is_by_caller = route
        .concurrency
        .as_ref()
        .and_then(named)
        .is_some_and(|limit| limit.by.iter().any(|part| part.is_of_caller()));
    let (early, late) =
        if is_by_caller { (None, route.concurrency.as_ref()) } else { (route.concurrency.as_ref(), None) };
    let at = |name, limits: &[String], concurrency: Option<&String>| {
        let is_limited = !limits.is_empty() || concurrency.is_some();
        is_limited.then(|| rate_limit::RouteConfig {
            route: name,
            limits: limits.to_vec(),
            concurrency: concurrency.cloned(),
            cost: route.cost,
        })
    };
    [at(clients, &route.clients, early), at(callers, &route.callers, late)].into_iter().flatten()
}
