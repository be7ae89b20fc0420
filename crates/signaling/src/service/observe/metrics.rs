//! Counters, as Prometheus reads them (text format 0.0.4).

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::code::Code;

/// A number that goes up and down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gauge(Arc<AtomicU64>);

impl Gauge {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn sub(&self, count: usize) {
        self.0.fetch_sub(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn increment(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a connection was refused before it could speak the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turned {
    /// Too many that have not said who they are; this one was the oldest.
    Budget,
    /// A handshake of TLS, QUIC or HTTP that failed, or took too long.
    Handshake,
    /// Not an upgrade to this protocol.
    Request,
    /// An origin that is not allowed, or none.
    Origin,
}

impl Turned {
    const ALL: [Self; 4] = [Self::Budget, Self::Handshake, Self::Request, Self::Origin];

    fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::Handshake => "handshake",
            Self::Request => "request",
            Self::Origin => "origin",
        }
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    node: Box<str>,
    /// Open connections by transport: WebSocket, WebTransport.
    pub(crate) websockets: Gauge,
    pub(crate) webtransports: Gauge,
    pub(crate) unauthenticated: Gauge,
    pub(crate) sessions: Gauge,
    pub(crate) rooms: Gauge,
    pub(crate) queued_bytes: Gauge,
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    pub(crate) joins: Counter,
    pub(crate) resumes: Counter,
    pub(crate) ledger_failures: Counter,
    pub(crate) turn_deleted: Counter,
    pub(crate) turn_failures: Counter,
    turned: [Counter; Turned::ALL.len()],
    closed: Vec<Counter>,
}

impl Metrics {
    pub(crate) fn new(node: &str) -> Self {
        Self {
            node: node.into(),
            websockets: Gauge::default(),
            webtransports: Gauge::default(),
            unauthenticated: Gauge::default(),
            sessions: Gauge::default(),
            rooms: Gauge::default(),
            queued_bytes: Gauge::default(),
            received: Counter::default(),
            sent: Counter::default(),
            joins: Counter::default(),
            resumes: Counter::default(),
            ledger_failures: Counter::default(),
            turn_deleted: Counter::default(),
            turn_failures: Counter::default(),
            turned: Default::default(),
            closed: Code::ALL.iter().map(|_| Counter::default()).collect(),
        }
    }

    /// A connection was refused before it could speak.
    pub(crate) fn turned(&self, why: Turned) {
        if let Some(counter) = self.turned.get(why as usize) {
            counter.increment();
        }
    }

    /// A connection was closed for this.
    pub(crate) fn closed(&self, code: Code) {
        if let Some(counter) = self.closed.get(code as usize) {
            counter.increment();
        }
    }

    /// All of them.
    pub(crate) fn text(&self) -> String {
        let mut text = Text { out: String::with_capacity(4_096), node: &self.node };
        text.head("connections", "gauge", "open connections");
        text.line("connections", "transport=\"websocket\"", self.websockets.value());
        text.line("connections", "transport=\"webtransport\"", self.webtransports.value());
        for (name, help, gauge) in [
            ("unauthenticated", "connections that have not said who they are", &self.unauthenticated),
            ("sessions", "sessions with a connection", &self.sessions),
            ("rooms", "rooms that are remembered", &self.rooms),
            ("queued_bytes", "bytes that wait to be written", &self.queued_bytes),
        ] {
            text.head(name, "gauge", help);
            text.line(name, "", gauge.value());
        }
        for (name, help, counter) in [
            ("messages_received_total", "messages that peers sent", &self.received),
            ("messages_sent_total", "messages that peers were sent", &self.sent),
            ("joins_total", "sessions that began", &self.joins),
            ("resumes_total", "sessions that went on at another connection", &self.resumes),
            ("ledger_failures_total", "records that could not be written at once", &self.ledger_failures),
            ("turn_deletions_total", "users whose TURN allocations were deleted", &self.turn_deleted),
            ("turn_deletion_failures_total", "deletions that the hook did not do", &self.turn_failures),
        ] {
            text.head(name, "counter", help);
            text.line(name, "", counter.value());
        }
        text.head("turned_away_total", "counter", "connections that were refused before they could speak");
        for (why, counter) in Turned::ALL.into_iter().zip(&self.turned) {
            text.line("turned_away_total", &format!("reason=\"{}\"", why.name()), counter.value());
        }
        text.head("closed_total", "counter", "connections that were closed, by the error");
        for (code, counter) in Code::ALL.iter().zip(&self.closed) {
            if code.close().is_some() || counter.value() > 0 {
                text.line("closed_total", &format!("code=\"{code}\""), counter.value());
            }
        }
        text.out
    }
}

struct Text<'m> {
    out: String,
    node: &'m str,
}

impl Text<'_> {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "# HELP corsac_signal_{name} {help}\n# TYPE corsac_signal_{name} {kind}");
    }

    fn line(&mut self, name: &str, label: &str, value: u64) {
        let comma = if label.is_empty() { "" } else { "," };
        let _ = writeln!(self.out, "corsac_signal_{name}{{node=\"{}\"{comma}{label}}} {value}", self.node);
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Metrics, Turned};

    #[test]
    fn every_name_is_in_the_document() {
        let documented = include_str!("../../../../../docs/signaling.md");
        for line in Metrics::new("n1").text().lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            let (name, kind) = line.split_once(' ').unwrap();
            assert!(
                documented.contains(&format!("| `{name}` | {kind} |")),
                "docs/signaling.md lacks `{name}`"
            );
        }
    }

    #[test]
    fn each_code_has_a_counter_of_its_own() {
        let metrics = Metrics::new("n1");
        metrics.closed(Code::Slow);
        metrics.closed(Code::Slow);
        metrics.closed(Code::Type);
        metrics.turned(Turned::Origin);
        let text = metrics.text();
        for line in [
            "corsac_signal_closed_total{node=\"n1\",code=\"E_SLOW\"} 2",
            "corsac_signal_closed_total{node=\"n1\",code=\"E_TYPE\"} 1",
            "corsac_signal_closed_total{node=\"n1\",code=\"E_TOKEN\"} 0",
            "corsac_signal_turned_away_total{node=\"n1\",reason=\"origin\"} 1",
            "corsac_signal_turned_away_total{node=\"n1\",reason=\"budget\"} 0",
            "corsac_signal_sessions{node=\"n1\"} 0",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
    }
}
