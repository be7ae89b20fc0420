//! What one worker thread owns: its view of the configuration, its connections to
//! upstreams, its part of the access log.

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use corsac_events::Recorder;
use corsac_middleware::rate_limit::Moment;
use corsac_middleware::rate_limit::shared::{RedisStore, Shared as RedisLimits};
use corsac_middleware::stack::{Counting, Outcome};
use http::header::HeaderValue;
use tokio::sync::watch;

use crate::config::RateLimitStore;
use crate::observe::access_log::Buffer;
use crate::observe::event::RequestEvent;
use crate::observe::metrics::{CorsMetrics, GuardMetrics, Metrics};
use crate::serve::upstream::pool::Pool;
use crate::snapshot::Snapshot;

/// How often buffers are flushed and old connections closed.
const TICK: Duration = Duration::from_millis(100);

/// Watches every request; called on the worker that served it, so it must not wait. A
/// request whose observer panics is answered with a 500.
pub type Observer = Arc<dyn Fn(&RequestEvent<'_>) + Send + Sync>;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) metrics: Metrics,
    pub(crate) observer: Option<Observer>,
    /// Of the gateway's address.
    pub(crate) port: u16,
    /// `true` once the gateway is stopping.
    pub(crate) stopping: watch::Sender<bool>,
}

/// One worker.
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: Option<Buffer>,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) cors_metrics: CorsMetrics,
    pub(crate) guard_metrics: GuardMetrics,
    /// Pools in the order of the upstreams of a generation.
    pools: RefCell<(u64, Vec<Rc<Pool>>)>,
    next_id: Cell<u64>,
    /// The store of shared limits, as it is configured.
    store: RefCell<Option<Store>>,
}

/// A store, what it was made of, and the generation of that. It belongs to the worker's
/// runtime.
type Store = (u64, RateLimitStore, Rc<RedisLimits<RedisStore>>);

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, log: Option<Buffer>, recorder: Option<Recorder>) -> Rc<Self> {
        // Randomly keyed: ids of two workers or two starts do not meet.
        let seed = std::collections::hash_map::RandomState::new().build_hasher().finish();
        let (cors_metrics, guard_metrics) = (shared.metrics.cors(), shared.metrics.guards());
        Rc::new(Self {
            shared,
            log,
            recorder,
            cors_metrics,
            guard_metrics,
            pools: RefCell::default(),
            next_id: Cell::new(seed),
            store: RefCell::default(),
        })
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    /// The pool for upstream number `index` of `snapshot`.
    pub(crate) fn pool(&self, snapshot: &Snapshot, index: usize) -> Option<Rc<Pool>> {
        let mut pools = self.pools.borrow_mut();
        if pools.0 < snapshot.generation {
            let kept = |upstream| pools.1.iter().find(|pool| pool.upstream() == upstream).map(Rc::clone);
            let upstreams = snapshot.config.upstreams.iter();
            let renewed =
                upstreams.map(|upstream| kept(upstream).unwrap_or_else(|| Pool::new(upstream.clone())));
            *pools = (snapshot.generation, renewed.collect());
        }
        if pools.0 == snapshot.generation {
            return pools.1.get(index).map(Rc::clone);
        }
        // A request that began before the last reload: the pool may be in use still.
        let upstream = snapshot.config.upstreams.get(index)?;
        let kept = pools.1.iter().find(|pool| pool.upstream() == upstream).map(Rc::clone);
        Some(kept.unwrap_or_else(|| Pool::new(upstream.clone())))
    }

    fn store(&self, config: &RateLimitStore, generation: u64) -> Option<Rc<RedisLimits<RedisStore>>> {
        let mut store = self.store.borrow_mut();
        if let Some((_, _, kept)) = store.as_ref().filter(|(_, own, _)| own == config) {
            return Some(Rc::clone(kept));
        }
        let redis = RedisStore::new(&config.url, &config.prefix).ok()?;
        let limits = Rc::new(RedisLimits::new(redis, config.when_away).with_timeout(config.timeout));
        // A request that began before the last reload takes nothing from those after it.
        if store.as_ref().is_none_or(|(kept, ..)| *kept < generation) {
            *store = Some((generation, config.clone(), Rc::clone(&limits)));
        }
        Some(limits)
    }

    /// Has the shared store decide how often a request may come.
    pub(crate) async fn count(&self, snapshot: &Snapshot, counting: &Counting) -> Outcome {
        let (Some(config), Some(route)) = (&snapshot.config.rate_limit_store, counting.shared()) else {
            // Nothing is shared without a store, nor what is too fast for one.
            return Outcome::Decided(counting.decide(Moment::now()));
        };
        match self.store(config, snapshot.generation) {
            Some(store) => store.decide(&route, &counting.subject()).await,
            // Its URL and prefix were right when the configuration was read.
            None => Outcome::Refused,
        }
    }

    /// A new request id: 16 hexadecimal digits.
    pub(crate) fn request_id(&self) -> HeaderValue {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        // A Weyl sequence, mixed: distinct for 2^64 requests.
        let state = self.next_id.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.next_id.set(state);
        let mixed = (state ^ (state >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = mixed ^ (mixed >> 29);
        let digit = |place: usize| {
            let nibble = usize::try_from(mixed >> (place * 4) & 15).unwrap_or(0);
            DIGITS.get(nibble).copied().unwrap_or(b'0')
        };
        let text: [u8; 16] = std::array::from_fn(digit);
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("0"))
    }

    /// Flushes the log and closes idle connections until the gateway stops.
    pub(crate) async fn tick(self: Rc<Self>) {
        let mut ticks: u32 = 0;
        loop {
            tokio::time::sleep(TICK).await;
            ticks = ticks.wrapping_add(1);
            if let Some(log) = &self.log {
                log.flush();
            }
            if ticks.is_multiple_of(10) {
                self.pools.borrow().1.iter().for_each(|pool| pool.sweep());
            }
        }
    }
}
