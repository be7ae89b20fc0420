//! What is told of a request once its response's head is on its way: metrics, the access
//! log, events, and whoever else watches.

use std::panic::AssertUnwindSafe;

use corsac_events::Verdict;
use corsac_middleware::audit_log::Facts;
use corsac_middleware::stack::{Decided, Passage};
use http::StatusCode;
use http::header::{HeaderMap, ORIGIN};

use crate::message::problem::Failure;
use crate::observe::event::{CorsEvent, RequestEvent, kind_name};
use crate::serve::handler::Exchange;

/// The status of a request whose client went away first, as nginx logs it.
const CLIENT_CLOSED: u16 = 499;

/// The observer panicked.
#[derive(Debug)]
pub(super) struct ObserverFailed;

impl Exchange {
    /// Tells the observer, counts the request, writes its line and its events: once.
    pub(super) fn report(
        &self,
        status: StatusCode,
        response: Option<&HeaderMap>,
        failure: Option<&Failure>,
    ) -> Result<(), ObserverFailed> {
        if self.recorded.get() {
            return Ok(());
        }
        let passage = self.passage.borrow();
        let event = self.event(&passage, (status, response), failure);
        if let Some(observer) = &self.worker.shared.observer
            && !self.observed.replace(true)
        {
            let observed = std::panic::catch_unwind(AssertUnwindSafe(|| observer(&event)));
            observed.map_err(|_| ObserverFailed)?;
        }
        self.recorded.set(true);
        self.snapshot.metrics(self.matched()).record(&event);
        if let Some(cors) = &event.cors {
            self.worker.cors_metrics.record(cors);
        }
        self.worker.guard_metrics.record(event.guards);
        self.audit(&passage, &event, failure);
        if let Some(log) = &self.worker.log {
            log.record(&event);
        }
        Ok(())
    }

    fn event<'e>(
        &'e self,
        passage: &'e Passage,
        (status, response): (StatusCode, Option<&'e HeaderMap>),
        failure: Option<&Failure>,
    ) -> RequestEvent<'e> {
        let matched = self.matched();
        let upstream = matched.and_then(|matched| self.snapshot.config.upstreams.get(matched.route.upstream));
        RequestEvent {
            time: self.time,
            id: self.id.to_str().unwrap_or_default(),
            client: self.client,
            method: &self.head.method,
            target: &self.head.uri,
            version: self.head.version,
            host: self.host(),
            origin: self.head.headers.get(ORIGIN),
            route: matched.map(|matched| matched.route.path.as_str()),
            upstream: upstream.map(|upstream| upstream.name.as_str()),
            policy: self.snapshot.stack.policy(passage.route()).map(|named| &*named.name),
            cors: self.cors_event(passage),
            guards: passage.trail(),
            status,
            response,
            problem: failure.map(Failure::code),
            upstream_error: self.upstream_error.get().map(String::as_str),
            is_secure: self.is_secure(),
            upstream_cors_removed: self.upstream_cors.get(),
            duration: self.started.elapsed(),
            generation: self.snapshot.generation,
        }
    }

    /// Every guard's decision as an event.
    fn audit(&self, passage: &Passage, event: &RequestEvent<'_>, failure: Option<&Failure>) {
        let (Some(audit), Some(recorder)) = (&self.snapshot.audit, &self.worker.recorder) else { return };
        let before = failure.and_then(Failure::guard).map(|(guard, reason)| Decided {
            guard,
            verdict: Verdict::Denied,
            reason,
            detail: None,
        });
        let facts = Facts {
            time: event.time,
            id: event.id,
            route: self.snapshot.path(passage.route()),
            client: Some(event.client),
            method: event.method,
            path: event.target.path(),
            headers: &self.head.headers,
            status: Some(event.status),
            duration: Some(event.duration),
            before: before.as_ref(),
        };
        audit.record(passage, &facts, |event| recorder.record(event));
    }

    fn cors_event<'p>(&self, passage: &'p Passage) -> Option<CorsEvent<'p>> {
        let decision = passage.cors()?;
        let kind = kind_name(decision.kind(), self.is_websocket);
        Some(CorsEvent { kind, verdict: self.verdict.get()?, decision })
    }
}

impl Drop for Exchange {
    /// A client that went away takes the exchange with it; its line is written all the
    /// same.
    fn drop(&mut self) {
        let closed = StatusCode::from_u16(CLIENT_CLOSED).unwrap_or(StatusCode::BAD_REQUEST);
        if self.report(closed, None, None).is_err() {
            let _ = self.report(closed, None, None);
        }
    }
}
