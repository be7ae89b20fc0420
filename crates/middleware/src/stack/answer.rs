//! What the stack itself answers.

use corsac_cors::{Decision, Verdict};
use corsac_events::Guard;
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::guard::{Problem, Refused};
use crate::rate_limit;

pub(super) fn no_route() -> Refused {
    Refused::new(Guard::Routing, Problem::new(StatusCode::NOT_FOUND, "no-route", "no route has this path"))
}

pub(super) fn preflight_denied(decision: &Decision) -> Refused {
    preflight(denial_text(decision.verdict())).because(decision.reason(), None)
}

pub(super) fn preflight_without_policy() -> Refused {
    preflight("the origin is not allowed").because("no-policy", None)
}

fn preflight(detail: &'static str) -> Refused {
    Refused::new(Guard::Preflight, Problem::new(StatusCode::FORBIDDEN, "preflight-denied", detail))
}

/// The rules would not let the method pass that the request asks to be taken for.
pub(super) fn override_forbidden() -> Refused {
    let problem = Problem::new(StatusCode::FORBIDDEN, "forbidden", "this is not allowed");
    Refused::new(Guard::Authz, problem).because("method-override", None)
}

/// Its `Retry-After` is among the fields that the decision stamps.
pub(super) fn quota_exceeded(decision: &rate_limit::Decision) -> Refused {
    let (status, code) = (rate_limit::Problem::STATUS, rate_limit::Problem::CODE);
    let mut problem = Problem::new(status, code, "too many requests");
    problem.kind = rate_limit::QUOTA_EXCEEDED;
    problem.title = Some(rate_limit::Problem::TITLE);
    problem.names = Some(("violated-policies", decision.problem().violated));
    Refused::new(Guard::RateLimit, problem)
}

/// The store is away, and the rule for that is that nobody passes uncounted.
pub(super) fn limits_away() -> Refused {
    let detail = "requests cannot be counted at the moment";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "limits-unavailable", detail)
        .with_field(RETRY_AFTER, HeaderValue::from_static("1"));
    Refused::new(Guard::RateLimit, problem).because("store-away-closed", None)
}

/// Why CORS denies, in words that name nothing of the policy.
pub fn denial_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Denied(denial) => match denial.code() {
            "method-not-listed" => "the method is not allowed",
            "request-header-not-listed" | "authorization-not-listed" => "a request header is not allowed",
            "origin-not-listed" | "origin-null" => "the origin is not allowed",
            _ => "the request is not one that browsers send",
        },
        Verdict::Allowed { .. } | Verdict::NotCors => "denied",
    }
}
