//! A policy asked in the place of a server: no network, and the decision is at hand.

use corsac_browser::{CredentialsMode, Engine, Exchange, HeaderList, Page, PreflightCache, RequestInit};
use corsac_browser::{Response, Sent, SentKind, Verdict};
use corsac_cors::{Decision, Policy, RequestHead};
use http::Method;
use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};

use super::exchange::RecordedExchange;

/// What a browser makes of what a policy answers.
#[derive(Debug)]
pub struct PolicyAnswer {
    /// The browser's half.
    pub verdict: Verdict,
    /// The server's half: a decision for each request sent.
    pub decisions: Vec<Decision>,
    /// What was answered.
    pub exchange: RecordedExchange,
}

impl PolicyAnswer {
    /// Whether the policy allowed everything that was asked, credentials included.
    pub fn is_allowed(&self, request: &RequestInit) -> bool {
        let may_include = |decision: &Decision| {
            request.credentials != CredentialsMode::Include || decision.policy().allows_credentials()
        };
        self.decisions.iter().all(|decision| decision.is_allowed() && may_include(decision))
    }
}

/// Lets `policy` answer what `engine` sends for `request`: preflights with 204 or 403,
/// requests with 200.
pub fn ask_policy(policy: &Policy, engine: Engine, page: &Page, request: &RequestInit) -> PolicyAnswer {
    let mut cache = PreflightCache::default();
    let mut exchange = Exchange::new(engine, page, request, &mut cache, 0);
    let mut decisions = Vec::new();
    let mut recorded = RecordedExchange::new(page, request);
    while let Some(sent) = exchange.poll_output() {
        let decision = decide(policy, sent);
        let response = answer(&decision, sent.kind);
        decisions.push(decision);
        recorded.record(sent, Some(response.clone()));
        exchange.handle_response(Some(response), &mut cache);
    }
    PolicyAnswer { verdict: exchange.into_verdict(), decisions, exchange: recorded }
}

fn decide(policy: &Policy, sent: &Sent) -> Decision {
    let method = Method::from_bytes(sent.method.as_bytes()).unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (ORIGIN, &sent.origin),
        (ACCESS_CONTROL_REQUEST_METHOD, &sent.access_control_request_method),
        (ACCESS_CONTROL_REQUEST_HEADERS, &sent.access_control_request_headers),
    ] {
        if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    policy.decide(&RequestHead { method: &method, headers: &headers })
}

fn answer(decision: &Decision, kind: SentKind) -> Response {
    let mut headers = HeaderList::default();
    decision.for_each_field(|name, value| headers.append(name.as_str(), value.as_bytes()));
    let status = match kind {
        SentKind::Actual => 200,
        SentKind::Preflight if decision.is_allowed() => 204,
        SentKind::Preflight => 403,
    };
    Response { status, headers }
}
