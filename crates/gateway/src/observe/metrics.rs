//! Metrics in Prometheus' text format. Labels come from the configuration and from
//! fixed lists, never from a request, so that no client can grow them.

use std::cell::RefCell;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use corsac_events::{Counts, Sink};
use corsac_middleware::stack::Decided;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::observe::event::{CorsEvent, RequestEvent};

/// Upper bounds of the duration's buckets, in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Decision counters that a worker remembers.
const MAX_KNOWN: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: String,
    status: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CorsLabels {
    kind: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GuardLabels {
    guard: &'static str,
    verdict: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    outcome: &'static str,
}

/// All metrics of a gateway. They outlive reloads.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RouteLabels, Counter>,
    durations: Family<DurationLabels, Histogram, fn() -> Histogram>,
    cors: Family<CorsLabels, Counter>,
    guards: Family<GuardLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
    pub(crate) connections: Gauge<i64, AtomicI64>,
    generation: Gauge<i64, AtomicI64>,
}

/// The counters of one route, looked up when a configuration is loaded.
#[derive(Debug)]
pub(crate) struct RouteMetrics {
    classes: [Counter; 5],
    duration: Histogram,
}

impl Metrics {
    pub(crate) fn new(dropped_lines: Option<Counter>, events: Option<&Sink>) -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("corsac"),
            requests: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            cors: Family::default(),
            guards: Family::default(),
            reloads: Family::default(),
            connections: Gauge::default(),
            generation: Gauge::default(),
        };
        metrics.register(dropped_lines.unwrap_or_default());
        if let Some(sink) = events {
            metrics.registry.register_collector(Box::new(EventCounts(Box::new(sink.counter()))));
        }
        metrics
    }

    fn register(&mut self, dropped_lines: Counter) {
        let registry = &mut self.registry;
        registry.register("requests", "Requests by route and status class", self.requests.clone());
        let help = "Seconds from a request's head to its response's head";
        registry.register("request_duration_seconds", help, self.durations.clone());
        registry.register("cors_decisions", "CORS decisions by kind and reason", self.cors.clone());
        let help = "Decisions of guards by guard, verdict and reason";
        registry.register("guard_decisions", help, self.guards.clone());
        registry.register("reloads", "Loads of the configuration by outcome", self.reloads.clone());
        registry.register("connections", "Open client connections", self.connections.clone());
        registry.register("generation", "Generation of the configuration in force", self.generation.clone());
        registry.register("access_log_dropped", "Lines that the access log could not take", dropped_lines);
    }

    pub(crate) fn route(&self, route: &str) -> RouteMetrics {
        let class = |status| {
            let labels = RouteLabels { route: route.to_owned(), status };
            self.requests.get_or_create(&labels).clone()
        };
        let duration = self.durations.get_or_create(&DurationLabels { route: route.to_owned() }).clone();
        RouteMetrics { classes: ["1xx", "2xx", "3xx", "4xx", "5xx"].map(class), duration }
    }

    /// The counters of decisions, for one worker.
    pub(crate) fn cors(&self) -> CorsMetrics {
        CorsMetrics(Counters::of(&self.cors))
    }

    /// The counters of guards' decisions, for one worker.
    pub(crate) fn guards(&self) -> GuardMetrics {
        GuardMetrics(Counters::of(&self.guards))
    }

    pub(crate) fn record_reload(&self, outcome: &'static str, generation: u64) {
        self.reloads.get_or_create(&ReloadLabels { outcome }).inc();
        self.generation.set(i64::try_from(generation).unwrap_or(i64::MAX));
    }

    /// The text that `/metrics` answers.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Counters by labels that are all literals. A worker remembers those it has met, a few
/// dozen at most, since looking one up costs as much as deciding.
struct Counters<L> {
    all: Family<L, Counter>,
    known: RefCell<Vec<(L, Counter)>>,
}

impl<L: Clone + Eq + Hash> Counters<L> {
    fn of(all: &Family<L, Counter>) -> Self {
        Self { all: all.clone(), known: RefCell::default() }
    }

    /// `is_same` compares literals by their place: the same place means the same text.
    fn count(&self, labels: L, is_same: impl Fn(&L, &L) -> bool) {
        let mut known = self.known.borrow_mut();
        if let Some((_, counter)) = known.iter().find(|(met, _)| is_same(met, &labels)) {
            counter.inc();
            return;
        }
        let counter = self.all.get_or_create(&labels).clone();
        counter.inc();
        if known.len() < MAX_KNOWN {
            known.push((labels, counter));
        }
    }
}

/// Counters of CORS decisions, for one worker.
pub(crate) struct CorsMetrics(Counters<CorsLabels>);

impl CorsMetrics {
    pub(crate) fn record(&self, cors: &CorsEvent<'_>) {
        let labels = CorsLabels { kind: cors.kind, reason: cors.reason() };
        let is_same =
            |a: &CorsLabels, b: &CorsLabels| std::ptr::eq(a.kind, b.kind) && std::ptr::eq(a.reason, b.reason);
        self.0.count(labels, is_same);
    }
}

/// Counters of guards' decisions, for one worker.
pub(crate) struct GuardMetrics(Counters<GuardLabels>);

impl GuardMetrics {
    pub(crate) fn record(&self, decisions: &[Decided]) {
        for decided in decisions {
            let (guard, verdict, reason) = (decided.guard.name(), decided.verdict.name(), decided.reason);
            let is_same = |a: &GuardLabels, b: &GuardLabels| {
                std::ptr::eq(a.reason, b.reason) && a.guard == b.guard && a.verdict == b.verdict
            };
            self.0.count(GuardLabels { guard, verdict, reason }, is_same);
        }
    }
}

/// What became of events, asked when somebody reads the metrics.
struct EventCounts(Box<dyn Fn() -> Counts + Send + Sync>);

impl fmt::Debug for EventCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventCounts").finish_non_exhaustive()
    }
}

impl Collector for EventCounts {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let Counts { accepted, dropped, written, failed } = (self.0)();
        for (name, help, count) in [
            ("events_accepted", "Events that were taken", accepted),
            ("events_dropped", "Events that the queue had no room for", dropped),
            ("events_written", "Events that were written", written),
            ("events_failed", "Events that could not be written", failed),
        ] {
            let counter = ConstCounter::new(count);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}

impl RouteMetrics {
    pub(crate) fn record(&self, event: &RequestEvent<'_>) {
        // What is no status of HTTP is the upstream's fault.
        let class = usize::from(event.status.as_u16() / 100).clamp(1, 5) - 1;
        if let Some(counter) = self.classes.get(class) {
            counter.inc();
        }
        self.duration.observe(seconds(event.duration));
    }
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
