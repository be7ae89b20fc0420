//! The layer: configuration of [`Limited`].

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Extensions, HeaderMap};
use tower_layer::Layer;

use super::decide::{RateLimit, RouteLimit};
use super::gcra::Moment;
use super::key::Subject;
use super::service::Limited;

/// Says who a request counts for.
///
/// A function of a request's extensions and fields does it. Take an address from the
/// connection, or from a forwarding field only if a proxy that you run sets it: any
/// client can write `X-Forwarded-For`, and would have as many buckets as it likes.
pub trait Identify {
    /// Who this request counts for.
    fn identify<'r>(&self, extensions: &'r Extensions, headers: &'r HeaderMap) -> Subject<'r>;
}

impl<F> Identify for F
where
    F: for<'r> Fn(&'r Extensions, &'r HeaderMap) -> Subject<'r>,
{
    fn identify<'r>(&self, extensions: &'r Extensions, headers: &'r HeaderMap) -> Subject<'r> {
        self(extensions, headers)
    }
}

/// The address that an outer layer found for a request, as an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// Counts by [`ClientAddress`], or a `SocketAddr` where there is none. Requests without
/// either count as one client.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectionAddress;

impl Identify for ConnectionAddress {
    fn identify<'r>(&self, extensions: &'r Extensions, headers: &'r HeaderMap) -> Subject<'r> {
        let client = extensions.get::<ClientAddress>().map(|client| client.0);
        let address = client.or_else(|| extensions.get::<SocketAddr>().map(SocketAddr::ip));
        let origin = headers.get(http::header::ORIGIN).map(http::HeaderValue::as_bytes);
        Subject { address, origin, ..Subject::default() }
    }
}

/// What time it is.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's monotonic clock.
    #[default]
    Monotonic,
    /// A clock that stands until it is set, for tests.
    Manual(ManualClock),
}

/// A clock that stands until it is set. Its clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// Sets it to `time` after its beginning.
    pub fn set(&self, time: Duration) {
        self.0.store(Moment::after(time).nanos(), Ordering::Relaxed);
    }
}

impl Clock {
    pub(super) fn now(&self) -> Moment {
        match self {
            Self::Monotonic => Moment::now(),
            Self::Manual(clock) => Moment::at(clock.0.load(Ordering::Relaxed)),
        }
    }
}

/// Puts one route's limits around a service. A clone is a few `Arc` bumps.
#[derive(Clone)]
pub struct RateLimitLayer<I = ConnectionAddress> {
    pub(super) rules: Arc<Rules>,
    pub(super) identify: I,
    pub(super) clock: Clock,
}

/// What applies to requests, and what to preflights.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) requests: Option<Arc<RouteLimit>>,
    pub(super) preflights: Option<Arc<RouteLimit>>,
}

impl RateLimitLayer {
    /// The limits that `limit` has for `route`, counted by [`ConnectionAddress`]. A
    /// route that it does not name has none.
    pub fn new(limit: &RateLimit, route: &str) -> Self {
        let rules = Rules { requests: limit.route(route), preflights: limit.preflights() };
        Self { rules: Arc::new(rules), identify: ConnectionAddress, clock: Clock::default() }
    }
}

impl<I> RateLimitLayer<I> {
    /// Counts by what `identify` says.
    pub fn identified_by<F>(self, identify: F) -> RateLimitLayer<F>
    where
        F: for<'r> Fn(&'r Extensions, &'r HeaderMap) -> Subject<'r>,
    {
        RateLimitLayer { rules: self.rules, identify, clock: self.clock }
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

impl<S, I: Clone> Layer<S> for RateLimitLayer<I> {
    type Service = Limited<S, I>;

    fn layer(&self, inner: S) -> Self::Service {
        Limited { inner, layer: self.clone() }
    }
}

impl<I> fmt::Debug for RateLimitLayer<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer").field("rules", &self.rules).finish_non_exhaustive()
    }
}
