//! The audit log: every guard's decision about a request as an event.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use corsac_cors::{RequestKind, Verdict as CorsVerdict};
use corsac_events::{Address, AddressDetail, Event, Guard, IdentityKey, PrincipalId, Text, Verdict};
use http::header::{HeaderValue, ORIGIN};
use http::{HeaderMap, Method, StatusCode};

use crate::stack::{Decided, Passage};

/// Which decisions are recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recorded {
    /// All of them.
    #[default]
    All,
    /// Those that did not simply let the request pass.
    Refusals,
}

/// How principals are named.
#[derive(Debug)]
pub enum Named {
    /// By a hash that tells nothing else.
    Hashed(IdentityKey),
    /// By their subject: the log may name people.
    Subject,
}

/// What goes into the audit log, and how much of it.
#[derive(Debug)]
pub struct AuditLog {
    /// Which decisions.
    pub recorded: Recorded,
    /// How much of a client's address.
    pub addresses: AddressDetail,
    /// How principals are named.
    pub principals: Named,
}

/// What is known of a request beside its guards.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'f> {
    /// When its head had been read.
    pub time: SystemTime,
    /// Its id.
    pub id: &'f str,
    /// The route's path pattern.
    pub route: Option<&'f Arc<str>>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The method.
    pub method: &'f Method,
    /// The path as sent; a query is left out.
    pub path: &'f str,
    /// The fields as sent.
    pub headers: &'f HeaderMap,
    /// The response's status.
    pub status: Option<StatusCode>,
    /// From the request's head to the response's.
    pub duration: Option<Duration>,
    /// What was decided before there were guards: of framing, host and path.
    pub before: Option<&'f Decided>,
}

impl AuditLog {
    /// Gives each decision as an event to `record`.
    pub fn record(&self, passage: &Passage, facts: &Facts<'_>, mut record: impl FnMut(Event)) {
        let cors = cors_decision(passage);
        let decided = facts.before.into_iter().chain(&cors).chain(passage.trail());
        let wanted =
            |decided: &&Decided| self.recorded == Recorded::All || decided.verdict != Verdict::Allowed;
        let mut common = None;
        for decided in decided.filter(wanted) {
            let common = common.get_or_insert_with(|| self.common(passage, facts));
            let mut event = common.clone();
            event.guard = decided.guard;
            event.verdict = decided.verdict;
            event.reason = decided.reason;
            event.detail.clone_from(&decided.detail);
            record(event);
        }
    }

    fn common(&self, passage: &Passage, facts: &Facts<'_>) -> Event {
        let mut event = Event::new(facts.time, Guard::Request, Verdict::Allowed, "");
        event.request_id = Text::new(facts.id);
        event.route = facts.route.cloned();
        event.client = facts.client.map_or_else(Address::default, |it| Address::of(it, self.addresses));
        event.method = facts.method.clone();
        event.path = Text::path(facts.path);
        event.origin = facts.headers.get(ORIGIN).map(HeaderValue::as_bytes).map(Text::of_bytes);
        event.principal = passage.identity().map(|identity| {
            let principal = identity.principal();
            match &self.principals {
                Named::Hashed(key) => PrincipalId::hashed(key, principal.provider(), principal.subject()),
                Named::Subject => PrincipalId::subject(principal.subject()),
            }
        });
        event.status = facts.status;
        event.duration = facts.duration;
        event
    }
}

/// Who may read, where somebody asked. A preflight's decision is the preflight guard's.
fn cors_decision(passage: &Passage) -> Option<Decided> {
    let decision = passage.cors().filter(|decision| decision.kind() == RequestKind::Actual)?;
    let (verdict, reason) = match decision.verdict() {
        CorsVerdict::Allowed { .. } => (Verdict::Allowed, decision.reason()),
        CorsVerdict::Denied(denial) => (Verdict::Denied, denial.code()),
        CorsVerdict::NotCors => return None,
    };
    Some(Decided { guard: Guard::Cors, verdict, reason, detail: None })
}
