//! Limits that several processes share.
//!
//! A [`Store`] keeps the buckets; [`RedisStore`] keeps them in Redis or Valkey. All who
//! share one have the same configuration and the same [`super::Seed`]. Requests at the
//! same time are counted by each process for itself: a process that dies would leave
//! its count behind.
//!
//! # When the store is away
//!
//! It is away when it does not answer in time, or with an error. [`WhenAway`] says what
//! happens then; there is no default, since each choice gives something up. After
//! [`FAILURES`] in a row nobody asks it for a [`PAUSE`], and then one request does.

mod breaker;
mod redis;

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::compile::quantity_and_window;
use super::config::LimitConfig;
use super::decide::{Charges, Decision, RouteLimit};
use super::gcra::{Charge, Gcra};
use super::key::Subject;
use super::layer::Clock;

pub use breaker::{Admission, Breaker, FAILURES, PAUSE};
pub use redis::RedisStore;

/// The shortest interval of a shared limit, 10,000 units a second: servers count
/// microseconds, and rounding to them is wrong by a hundredth at most above it.
pub const MIN_SHARED_INTERVAL: Duration = Duration::from_micros(100);

/// How long a store may take to answer, if nothing else is said.
pub const TIMEOUT: Duration = Duration::from_millis(50);

/// Where buckets are kept.
pub trait Store: Send + Sync {
    /// Decides one request by several buckets: all are charged, or none is. An answer
    /// for each, in their order.
    fn decide(&self, asks: &[Ask<'_>]) -> impl Future<Output = Result<Vec<Answer>, StoreError>> + Send;
}

/// One bucket, and what a request takes from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// The limit's name.
    pub limit: &'a str,
    /// The key's hash.
    pub key: u64,
    /// Until one unit is back; whole microseconds.
    pub interval: Duration,
    /// Units in a full bucket.
    pub burst: u64,
    /// Units that the request takes, no more than the burst.
    pub cost: u64,
}

/// What a bucket says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Until it is full, with what was charged.
    pub debt: Duration,
    /// Until it has what the request takes; nothing if it had.
    pub lacking: Duration,
}

/// Why a store did not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// It failed; a text for the log.
    Failed(&'static str),
    /// It did not answer in time.
    TimedOut,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Failed(why) => why,
            Self::TimedOut => "the server did not answer in time",
        })
    }
}

impl std::error::Error for StoreError {}

/// What happens to requests while the store is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenAway {
    /// They are refused with a 503: nobody passes uncounted, and nobody passes.
    Closed,
    /// Each process limits by its own buckets, which were not charged before: all
    /// processes together may grant a limit as often as there are processes.
    Local,
    /// They pass uncounted. Requests at the same time are limited as ever.
    Open,
}

/// What was decided of one request.
#[derive(Debug)]
pub enum Outcome {
    /// By the store.
    Decided(Decision),
    /// By this process alone: the store is away ([`WhenAway::Local`]).
    Local(Decision),
    /// It passes uncounted: the store is away ([`WhenAway::Open`]). It has its place among
    /// the requests at the same time, which no store counts.
    Passed(Decision),
    /// It is to be answered with a 503: the store is away ([`WhenAway::Closed`]).
    Refused,
}

/// Whether a limit is faster than [`MIN_SHARED_INTERVAL`], so that no route that has it
/// is shared. Of one with mistakes others say what is wrong.
pub fn is_too_fast(limit: &LimitConfig) -> bool {
    let Ok((quantity, window)) = quantity_and_window(&limit.limit) else { return false };
    let gcra = Gcra::new(quantity, window, limit.burst.unwrap_or(quantity));
    gcra.is_some_and(|gcra| gcra.interval() < MIN_SHARED_INTERVAL)
}

/// One route whose limits are shared.
#[derive(Clone, Debug)]
pub struct SharedRoute(Arc<RouteLimit>);

impl SharedRoute {
    /// None where a limit is faster than [`MIN_SHARED_INTERVAL`].
    pub fn new(route: Arc<RouteLimit>) -> Option<Self> {
        let is_slow = route.limits.iter().all(|limit| limit.rate.gcra.interval() >= MIN_SHARED_INTERVAL);
        is_slow.then_some(Self(route))
    }
}

/// A store with its rule and its breaker. One serves all routes.
#[derive(Debug)]
pub struct Shared<S> {
    store: S,
    when_away: WhenAway,
    timeout: Duration,
    clock: Clock,
    breaker: Mutex<Breaker>,
}

impl<S: Store> Shared<S> {
    /// Asks `store`, and does what `when_away` says where it does not answer within
    /// [`TIMEOUT`].
    pub fn new(store: S, when_away: WhenAway) -> Self {
        Self { store, when_away, timeout: TIMEOUT, clock: Clock::default(), breaker: Mutex::default() }
    }

    /// Waits at most `timeout` for an answer.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Takes the time of pauses and of local buckets from `clock`.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Decides one request. It never takes longer than the timeout.
    pub async fn decide(&self, route: &SharedRoute, subject: &Subject<'_>) -> Outcome {
        let route = &route.0;
        if route.limits.is_empty() {
            return Outcome::Decided(route.decide(subject, self.clock.now()));
        }
        let entered = route.enter(subject);
        if entered.is_full() {
            return Outcome::Decided(route.finish(entered, Charges::default(), false));
        }
        if let Ok(charges) = self.ask(route, subject).await {
            let is_allowed = charges.iter().flatten().all(Charge::is_allowed);
            return Outcome::Decided(route.finish(entered, charges, is_allowed));
        }
        match self.when_away {
            WhenAway::Closed => Outcome::Refused,
            WhenAway::Local => {
                // Its place is given back before the local decision takes one.
                drop(entered);
                Outcome::Local(route.decide(subject, self.clock.now()))
            }
            WhenAway::Open => Outcome::Passed(route.finish(entered, Charges::default(), true)),
        }
    }

    async fn ask(&self, route: &RouteLimit, subject: &Subject<'_>) -> Result<Charges, StoreError> {
        if self.breaker(|breaker| breaker.admit(self.clock.now())) == Admission::Skip {
            return Err(StoreError::Failed("the server is not asked after it failed"));
        }
        let keys: Vec<_> =
            route.keys(subject).map(|(limit, key, gcra)| (limit, key, gcra.in_micros())).collect();
        let ask = |&(limit, key, gcra): &(_, _, Gcra)| Ask {
            limit,
            key,
            interval: gcra.interval(),
            burst: gcra.burst(),
            cost: route.cost(),
        };
        let asks: Vec<Ask<'_>> = keys.iter().map(ask).collect();
        let answers = tokio::time::timeout(self.timeout, self.store.decide(&asks)).await;
        let answers = answers.unwrap_or(Err(StoreError::TimedOut)).and_then(|answers| {
            let is_whole = answers.len() == asks.len();
            if is_whole { Ok(answers) } else { Err(StoreError::Failed("an answer is missing")) }
        });
        let now = self.clock.now();
        self.breaker(|breaker| match answers {
            Ok(_) => breaker.succeeded(),
            Err(_) => breaker.failed(now),
        });
        let mut charges = Charges::default();
        for ((charge, (_, _, gcra)), answer) in charges.iter_mut().zip(keys).zip(answers?) {
            *charge = Some(Charge::of(gcra, answer.debt, answer.lacking));
        }
        Ok(charges)
    }

    fn breaker<T>(&self, use_it: impl FnOnce(&mut Breaker) -> T) -> T {
        use_it(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
