//! One decision of one guard.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};

use crate::redact::{Address, PrincipalId};
use crate::text::Text;

/// What one guard decided about one request. It owns what it says, so that it can
/// leave the request's thread.
///
/// There is no field for the query, for header fields or for the body: they may carry
/// secrets, and a reader of events needs none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// When it was decided.
    pub time: SystemTime,
    /// The request's id, which the access log and the client see too.
    pub request_id: Text,
    /// The route's path pattern; none where no route matched.
    pub route: Option<Arc<str>>,
    /// The client's address, as much of it as may be kept.
    pub client: Address,
    /// The request's method.
    pub method: Method,
    /// The path without its query: [`Text::path`].
    pub path: Text,
    /// `Origin` as sent; not to be trusted to be one.
    pub origin: Option<Text>,
    /// Who decided.
    pub guard: Guard,
    /// What.
    pub verdict: Verdict,
    /// Why, as a stable kebab-case code. It is a literal: no request can choose it.
    pub reason: &'static str,
    /// Why, complete, for whoever reads the log. It is never sent to a client.
    pub detail: Option<Text>,
    /// Who asked, as an id that tells nothing else.
    pub principal: Option<PrincipalId>,
    /// The response's status, where it is known.
    pub status: Option<StatusCode>,
    /// From the request's head to the decision or the response's head.
    pub duration: Option<Duration>,
}

impl Event {
    /// An event that says nothing yet about the request: an anonymous `GET` without a
    /// path, from nobody.
    pub fn new(time: SystemTime, guard: Guard, verdict: Verdict, reason: &'static str) -> Self {
        Self {
            time,
            request_id: Text::default(),
            route: None,
            client: Address::default(),
            method: Method::GET,
            path: Text::default(),
            origin: None,
            guard,
            verdict,
            reason,
            detail: None,
            principal: None,
            status: None,
            duration: None,
        }
    }
}

/// The guards, each a place in the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Who is it?
    Authn,
    /// May they?
    Authz,
    /// May the page read the answer?
    Cors,
    /// Did the page mean to send it?
    Csrf,
    /// Sizes, counts, times, content types, schemas.
    Limits,
    /// May the page send it at all?
    Preflight,
    /// How often?
    RateLimit,
    /// Framing, host, path: is it one request, and which?
    Request,
    /// Is there a route?
    Routing,
    /// May they take part in a room?
    Signaling,
}

impl Guard {
    /// Its name in the wire form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Authn => "authn",
            Self::Authz => "authz",
            Self::Cors => "cors",
            Self::Csrf => "csrf",
            Self::Limits => "limits",
            Self::Preflight => "preflight",
            Self::RateLimit => "rate-limit",
            Self::Request => "request",
            Self::Routing => "routing",
            Self::Signaling => "signaling",
        }
    }
}

/// What a guard made of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It may pass.
    Allowed,
    /// It was refused.
    Denied,
    /// The guard could not decide, and followed its stated rule for that.
    Error,
    /// It would have been refused, and passed because the guard only watches.
    ReportOnly,
}

impl Verdict {
    /// Its name in the wire form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Error => "error",
            Self::ReportOnly => "report-only",
        }
    }
}
