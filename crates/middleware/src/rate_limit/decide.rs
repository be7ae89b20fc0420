//! The compiled limits, and what they decide.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::compile::{Rate, compile};
use super::concurrency::{InFlight, Permit};
use super::config::{LimitConfig, MAX_ROUTE_LIMITS, RateLimitConfig, RateLimitErrors, RouteConfig};
use super::fields::{Fields, Problem};
#[cfg(feature = "redis")]
use super::gcra::Gcra;
use super::gcra::{Charge, Moment, Verdict};
use super::key::{KeyPart, Seed, Subject};
use super::table::{Ask, Mode, Table};

/// Limits that cannot be wrong. [`RateLimit::compile`] is the only road to them.
#[derive(Clone, Debug)]
pub struct RateLimit {
    pub(super) config: RateLimitConfig,
    pub(super) seed: Seed,
    pub(super) limits: HashMap<String, Arc<Limit>>,
    pub(super) concurrency: HashMap<String, Arc<InFlight>>,
    pub(super) routes: HashMap<String, Arc<RouteLimit>>,
    pub(super) preflight: Option<Arc<RouteLimit>>,
}

impl RateLimit {
    /// Checks `config` and makes its tables.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn compile(config: &RateLimitConfig) -> Result<Self, RateLimitErrors> {
        compile(config, None, Seed::random())
    }

    /// As [`Self::compile`], with keys that are the same every time.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn compile_with_seed(config: &RateLimitConfig, seed: Seed) -> Result<Self, RateLimitErrors> {
        compile(config, None, seed)
    }

    /// What takes this one's place after a reload: limits whose name and definition are
    /// the same keep their buckets, so that nobody's debt is forgiven; others begin
    /// anew.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn recompile(&self, config: &RateLimitConfig) -> Result<Self, RateLimitErrors> {
        compile(config, Some(self), self.seed)
    }

    /// As [`Self::recompile`], with the keys of `seed`. Where it is another one than
    /// before, nobody has the key that they had, and all limits begin anew.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn recompile_with_seed(&self, config: &RateLimitConfig, seed: Seed) -> Result<Self, RateLimitErrors> {
        compile(config, Some(self), seed)
    }

    /// What was compiled.
    pub fn to_config(&self) -> RateLimitConfig {
        self.config.clone()
    }

    /// What applies to a route; none if no limit does.
    pub fn route(&self, route: &str) -> Option<Arc<RouteLimit>> {
        self.routes.get(route).cloned()
    }

    /// What applies to preflights of every route.
    pub fn preflights(&self) -> Option<Arc<RouteLimit>> {
        self.preflight.clone()
    }

    /// Each limit's name, the bytes of its table, and how many decisions found no room
    /// for a key, for metrics.
    pub fn tables(&self) -> impl Iterator<Item = (&str, usize, u64)> {
        self.config.limits.iter().filter_map(|limit| {
            let table = &self.limits.get(&limit.name)?.table;
            Some((limit.name.as_str(), table.bytes(), table.overflowed()))
        })
    }
}

/// One limit with its buckets.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) config: LimitConfig,
    pub(super) rate: Rate,
    table: Table,
    seed: Seed,
}

impl Limit {
    pub(super) fn new(config: LimitConfig, rate: Rate, seed: Seed) -> Self {
        let table = Table::new(rate.gcra, config.keys, seed);
        Self { config, rate, table, seed }
    }

    fn decide(&self, request: &Request<'_>, mode: Mode) -> Charge {
        let key = self.seed.key(&self.config.by, request.subject, request.route);
        self.table.decide(&Ask { key, now: request.now, cost: request.cost, mode })
    }
}

/// What each limit of a route says.
pub(super) type Charges = [Option<Charge>; MAX_ROUTE_LIMITS];

/// A permit, if there is room, and how many more there may be; nothing where requests
/// at the same time are not limited.
pub(super) struct Entered(Option<(Option<Permit>, u32)>);

impl Entered {
    pub(super) fn is_full(&self) -> bool {
        matches!(self.0, Some((None, _)))
    }
}

struct Request<'r> {
    subject: &'r Subject<'r>,
    route: &'r str,
    now: Moment,
    cost: u64,
}

/// What applies to one route.
#[derive(Debug)]
pub struct RouteLimit {
    route: String,
    cost: u64,
    pub(super) limits: Vec<Arc<Limit>>,
    pub(super) concurrency: Option<Arc<InFlight>>,
    fields: Fields,
}

impl RouteLimit {
    pub(super) fn new(
        config: &RouteConfig,
        limits: &HashMap<String, Arc<Limit>>,
        concurrency: &HashMap<String, Arc<InFlight>>,
    ) -> Self {
        let limits: Vec<_> = config.limits.iter().filter_map(|name| limits.get(name).cloned()).collect();
        let concurrency = config.concurrency.as_ref().and_then(|name| concurrency.get(name).cloned());
        let fields = Fields::new(&limits, concurrency.as_deref());
        Self { route: config.route.clone(), cost: config.cost, limits, concurrency, fields }
    }

    /// Decides one request at its route's cost.
    pub fn decide(self: &Arc<Self>, subject: &Subject<'_>, now: Moment) -> Decision {
        self.decide_cost(subject, now, self.cost)
    }

    /// Decides one request that costs `cost`, for services that know better than their
    /// route. Where any limit denies it, none is charged.
    ///
    /// With several limits all are looked at first and charged then. If another request
    /// comes in between and takes the last unit of a later limit, the earlier ones stay
    /// charged: too much is never granted.
    pub fn decide_cost(self: &Arc<Self>, subject: &Subject<'_>, now: Moment, cost: u64) -> Decision {
        let entered = self.enter(subject);
        let request = Request { subject, route: &self.route, now, cost };
        let mut charges = Charges::default();
        let mut look = |mode| {
            let mut is_allowed = true;
            for (limit, charge) in self.limits.iter().zip(&mut charges) {
                let decided = limit.decide(&request, mode);
                is_allowed &= decided.is_allowed();
                *charge = Some(decided);
                if mode == Mode::Charge && !is_allowed {
                    break;
                }
            }
            is_allowed
        };
        let needs_look = entered.is_full() || self.limits.len() > 1;
        let is_allowed = (!needs_look || look(Mode::Peek)) && !entered.is_full() && look(Mode::Charge);
        self.finish(entered, charges, is_allowed)
    }

    /// Takes a place among the requests being served, if they are limited.
    pub(super) fn enter(&self, subject: &Subject<'_>) -> Entered {
        Entered(self.concurrency.as_ref().map(|limit| limit.enter(subject, &self.route)))
    }

    pub(super) fn finish(self: &Arc<Self>, entered: Entered, charges: Charges, is_allowed: bool) -> Decision {
        let is_full = entered.is_full();
        let slots_left = entered.0.as_ref().map(|(_, left)| *left + u32::from(!is_allowed && !is_full));
        let permit = entered.0.and_then(|(permit, _)| permit).filter(|_| is_allowed);
        Decision { route: Arc::clone(self), is_allowed, charges, slots_left, is_full, permit }
    }

    /// Whether one of its limits counts by origin.
    pub fn counts_origins(&self) -> bool {
        self.counts(|part| part == KeyPart::Origin)
    }

    /// Whether one of its limits counts by who is authenticated.
    pub fn counts_callers(&self) -> bool {
        self.counts(KeyPart::is_of_caller)
    }

    fn counts(&self, by: impl Fn(KeyPart) -> bool) -> bool {
        let limits = self.limits.iter().map(|limit| &limit.config.by);
        let concurrency = self.concurrency.as_ref().map(|limit| &limit.config.by);
        limits.chain(concurrency).flatten().any(|part| by(*part))
    }

    /// Units that a request costs.
    #[cfg(feature = "redis")]
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// The name of each limit, the hash of its key, and its numbers.
    #[cfg(feature = "redis")]
    pub(super) fn keys(&self, subject: &Subject<'_>) -> impl Iterator<Item = (&str, u64, Gcra)> {
        self.limits.iter().map(|limit| {
            let key = limit.seed.key(&limit.config.by, subject, &self.route);
            (limit.config.name.as_str(), key.hash, limit.rate.gcra)
        })
    }

    pub(super) fn fields(&self) -> &Fields {
        &self.fields
    }
}

/// What was decided of one request.
#[must_use = "a decision that nobody looks at limits nothing"]
pub struct Decision {
    route: Arc<RouteLimit>,
    is_allowed: bool,
    charges: Charges,
    /// How many more may be served at the same time.
    slots_left: Option<u32>,
    is_full: bool,
    permit: Option<Permit>,
}

impl Decision {
    /// Whether the request may pass.
    pub fn is_allowed(&self) -> bool {
        self.is_allowed
    }

    /// What each limit says, by name.
    pub fn charges(&self) -> impl Iterator<Item = (&str, Charge)> {
        let charges = self.route.limits.iter().zip(self.charges);
        charges.filter_map(|(limit, charge)| Some((limit.config.name.as_str(), charge?)))
    }

    /// The name of the limit on requests at the same time, and how many more there may
    /// be beside this one.
    pub fn slots_left(&self) -> Option<(&str, u32)> {
        let limit = self.route.concurrency.as_ref()?;
        Some((limit.config.name.as_str(), self.slots_left?))
    }

    /// The names of the limits that denied it.
    pub fn violated(&self) -> impl Iterator<Item = &str> {
        let full = self.slots_left().filter(|_| self.is_full);
        let denied = self.charges().filter(|(_, charge)| !charge.is_allowed());
        denied.map(|(name, _)| name).chain(full.map(|(name, _)| name))
    }

    /// Until all limits would allow it, if nobody else spends their units. None if it
    /// is allowed, or nothing says when.
    pub fn retry_after(&self) -> Option<Duration> {
        let after = self.charges().filter_map(|(_, charge)| match charge.verdict() {
            Verdict::Denied { retry_after } => retry_after,
            Verdict::Allowed => None,
        });
        after.max()
    }

    /// The place among the requests being served, to be held until the response's body
    /// has ended.
    pub fn take_permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// Sets the fields that every response of a limited route carries.
    pub fn stamp(&self, headers: &mut http::HeaderMap) {
        self.route.fields().stamp(self, headers);
    }

    /// What to answer where it is denied.
    pub fn problem(&self) -> Problem {
        Problem::of(self)
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Decision");
        shown.field("is_allowed", &self.is_allowed);
        self.charges().for_each(|(name, charge)| {
            shown.field(name, &charge);
        });
        shown.finish_non_exhaustive()
    }
}
