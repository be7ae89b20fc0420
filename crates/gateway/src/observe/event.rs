//! One event a request: the source of the access log, the metrics, and of whoever
//! else watches.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use corsac_cors::{Decision, RequestKind, Verdict};
use corsac_diagnostics::FieldPath;
use corsac_middleware::stack::Decided;
use http::header::{HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri, Version};

/// Everything that is known of a request once its response's head is on its way.
#[derive(Debug)]
pub struct RequestEvent<'e> {
    /// When its head had been read.
    pub time: SystemTime,
    /// The request id, which the upstream and the client see too.
    pub id: &'e str,
    /// The client's address, as far as trusted proxies tell it.
    pub client: IpAddr,
    /// The method.
    pub method: &'e Method,
    /// Path and query as sent.
    pub target: &'e Uri,
    /// The version of HTTP.
    pub version: Version,
    /// `Host`, as sent.
    pub host: Option<&'e HeaderValue>,
    /// `Origin`, as sent; not to be trusted to be one.
    pub origin: Option<&'e HeaderValue>,
    /// The path pattern of the route.
    pub route: Option<&'e str>,
    /// The name of the upstream.
    pub upstream: Option<&'e str>,
    /// The name of the policy.
    pub policy: Option<&'e str>,
    /// What CORS made of it.
    pub cors: Option<CorsEvent<'e>>,
    /// What the guards made of it, in their order; CORS stands beside them.
    pub guards: &'e [Decided],
    /// The status; 499 if the client went away before there was one.
    pub status: StatusCode,
    /// The fields of the response.
    pub response: Option<&'e HeaderMap>,
    /// The name of the problem that the gateway answered itself.
    pub problem: Option<&'static str>,
    /// Why the upstream failed; nothing of it is in the answer.
    pub upstream_error: Option<&'e str>,
    /// Whether the client sent it over TLS, as far as trusted proxies tell it.
    pub is_secure: bool,
    /// Whether the upstream had CORS fields of its own, which were removed; told for
    /// routes in `report` mode.
    pub upstream_cors_removed: bool,
    /// From the head of the request to the head of the response.
    pub duration: Duration,
    /// Which load of the configuration served it, from 1.
    pub generation: u64,
}

/// What CORS made of a request.
#[derive(Clone, Copy, Debug)]
pub struct CorsEvent<'e> {
    /// `actual`, `preflight`, `websocket` or `not-cors`.
    pub kind: &'static str,
    /// The verdict with its reason.
    pub verdict: Verdict,
    /// The decision, from which the deciding field can be had.
    pub decision: &'e Decision,
}

impl CorsEvent<'_> {
    /// `allowed`, `denied` or `not-cors`.
    pub fn outcome(&self) -> &'static str {
        match self.verdict {
            Verdict::Allowed { .. } => "allowed",
            Verdict::Denied(_) => "denied",
            Verdict::NotCors => "not-cors",
        }
    }

    /// `allowed`, `not-cors`, or the denial's code.
    pub fn reason(&self) -> &'static str {
        match &self.verdict {
            Verdict::Denied(denial) => denial.code(),
            _ => self.outcome(),
        }
    }

    /// The field of the policy that decided.
    pub fn decided_by(&self) -> Option<FieldPath> {
        self.decision.decided_by()
    }
}

pub(crate) fn kind_name(kind: RequestKind, websocket: bool) -> &'static str {
    match kind {
        _ if websocket => "websocket",
        RequestKind::Actual => "actual",
        RequestKind::NotCors => "not-cors",
        RequestKind::Preflight => "preflight",
    }
}
