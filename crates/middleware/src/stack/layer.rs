//! The layer: configuration of [`Guarded`].

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Extensions, HeaderValue, StatusCode};
use ipnet::IpNet;
use tower_layer::Layer;

use super::compile::Stack;
use super::count::{Counting, Outcome};
use super::passage::Passage;
use super::service::Guarded;
use crate::authn::BoxFuture;
use crate::cors::{AnswerErrors, PropagateErrors};
use crate::rate_limit::ClientAddress;

/// How long a handler may take until the head of its response, if nobody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Puts a [`Stack`] around a service: all guards in their order, and every response
/// stamped, whoever made it. A clone is a few `Arc` bumps.
///
/// It has to stand around what routes requests, not behind it: the canonical path, by which
/// the guards decided, takes the place of the one in the request's URI. For axum that means
/// `Router::new().fallback_service(layer.layer(router))`, not `router.layer(layer)`, which runs
/// after axum has routed.
///
/// The service finds in the extensions of a request what it may ask for:
/// [`Arc<Permit>`](crate::authz::Permit), which no other code can make, so that a handler
/// that takes one cannot be reached around the rules;
/// [`Identity`](crate::authn::Identity) and
/// [`Arc<Principal>`](corsac_credentials::Principal), where somebody is known;
/// [`ClientAddress`].
///
/// Forwarding fields stay as they came: a service that reads `X-Forwarded-For` by itself
/// believes whoever wrote it, and is to ask for the [`ClientAddress`] instead.
///
/// Refusals are problem details. A panic is a 500 `internal-error`; a handler without a
/// response in time is a 503 `handler-timeout`, a body that does not come in time a 408
/// `request-timeout`. Errors of the service are passed on, as [`crate::cors::CorsLayer`]
/// does, unless [`Self::answer_errors`] makes them responses that the page can read.
#[derive(Clone)]
pub struct StackLayer<H = PropagateErrors> {
    pub(super) stack: Arc<ArcSwap<Stack>>,
    pub(super) settings: Arc<Settings>,
    pub(super) on_error: H,
}

type Peer = dyn Fn(&Extensions) -> Option<IpAddr> + Send + Sync;
type Count = dyn Fn(Box<Counting>) -> BoxFuture<Outcome> + Send + Sync;
type Observer = dyn Fn(&Passage, StatusCode) + Send + Sync;

/// What is said about where the service runs.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) peer: Arc<Peer>,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) takes_request_ids: bool,
    pub(super) is_secure: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) count: Option<Arc<Count>>,
    pub(super) observer: Option<Arc<Observer>>,
    ids: Arc<Ids>,
}

#[derive(Default)]
struct Ids {
    key: RandomState,
    next: AtomicU64,
}

impl Settings {
    /// A new request id: 16 hexadecimal digits.
    pub(super) fn request_id(&self) -> HeaderValue {
        let id = self.ids.key.hash_one(self.ids.next.fetch_add(1, Ordering::Relaxed));
        HeaderValue::try_from(format!("{id:016x}")).unwrap_or(HeaderValue::from_static("0"))
    }
}

impl StackLayer {
    /// A layer that asks `stack`. It takes clients by their address in the request's
    /// extensions, [`ClientAddress`] or a `SocketAddr`, believes no proxy, and takes the
    /// connection for one without TLS.
    pub fn new(stack: Stack) -> Self {
        let settings = Settings {
            peer: Arc::new(address_of_connection),
            trusted_proxies: Vec::new(),
            takes_request_ids: false,
            is_secure: false,
            timeout: Some(TIMEOUT),
            count: None,
            observer: None,
            ids: Arc::default(),
        };
        Self {
            stack: Arc::new(ArcSwap::from_pointee(stack)),
            settings: Arc::new(settings),
            on_error: PropagateErrors,
        }
    }

    /// Answers errors of the service with `respond`'s response, stamped like any other.
    pub fn answer_errors<F>(self, respond: F) -> StackLayer<AnswerErrors<F>> {
        StackLayer { stack: self.stack, settings: self.settings, on_error: AnswerErrors(respond) }
    }
}

impl<H> StackLayer<H> {
    /// Takes the address of the connection's other end from a request's extensions as
    /// `peer` says: for axum
    /// `|it| it.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())`. Requests without
    /// an address count as one client.
    #[must_use]
    pub fn peer_by(self, peer: impl Fn(&Extensions) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.peer = Arc::new(peer))
    }

    /// Believes what these proxies say: `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[must_use]
    pub fn trusting_proxies(self, proxies: impl IntoIterator<Item = IpNet>) -> Self {
        let proxies = proxies.into_iter().collect();
        self.set(|settings| settings.trusted_proxies = proxies)
    }

    /// Takes the `X-Request-Id` of trusted proxies instead of making one.
    #[must_use]
    pub fn taking_request_ids(self) -> Self {
        self.set(|settings| settings.takes_request_ids = true)
    }

    /// Whether connections use TLS. What a trusted proxy says goes before it.
    #[must_use]
    pub fn over_tls(self, is_secure: bool) -> Self {
        self.set(|settings| settings.is_secure = is_secure)
    }

    /// How long a request may take until the head of its response, its body and what
    /// guards wait for included; `None` leaves it open. Default: 30 s. Needs a tokio
    /// runtime with time.
    #[must_use]
    pub fn timeout(self, timeout: Option<Duration>) -> Self {
        self.set(|settings| settings.timeout = timeout)
    }

    /// Lets `count` decide limits that are shared ([`super::StackConfig::is_shared`]), for
    /// instance by [`crate::rate_limit::shared`]. Without it such requests are refused with
    /// a 503: a limit that nobody counts is not taken for one that is kept.
    #[must_use]
    pub fn counted_by(
        self,
        count: impl Fn(Box<Counting>) -> BoxFuture<Outcome> + Send + Sync + 'static,
    ) -> Self {
        self.set(|settings| settings.count = Some(Arc::new(count)))
    }

    /// Tells `observer` what the guards made of each request, and what was answered.
    #[must_use]
    pub fn observed_by(self, observer: impl Fn(&Passage, StatusCode) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.observer = Some(Arc::new(observer)))
    }

    /// The stack in force.
    pub fn stack(&self) -> Arc<Stack> {
        self.stack.load_full()
    }

    /// Puts another stack in force, [recompiled](Stack::recompile) so that nobody's debt
    /// is forgiven, for this layer, its clones and their services. A request sees one from
    /// beginning to end.
    pub fn replace(&self, stack: Stack) {
        self.stack.store(Arc::new(stack));
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

fn address_of_connection(extensions: &Extensions) -> Option<IpAddr> {
    let client = extensions.get::<ClientAddress>().map(|client| client.0);
    client.or_else(|| extensions.get::<SocketAddr>().map(SocketAddr::ip))
}

impl<S, H: Clone> Layer<S> for StackLayer<H> {
    type Service = Guarded<S, H>;

    fn layer(&self, inner: S) -> Self::Service {
        Guarded { inner, layer: self.clone() }
    }
}

impl<H> fmt::Debug for StackLayer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackLayer")
            .field("trusted_proxies", &self.settings.trusted_proxies)
            .field("over_tls", &self.settings.is_secure)
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}
