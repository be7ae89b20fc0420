//! What a refused caller is told, and what the log is.

use std::fmt;

use corsac_credentials::{Method, Principal};
use corsac_events::{Guard, Text};
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::rules::{RouteRules, Shortfall, Shortfalls};
use crate::guard::{Head, Problem, Refused};

/// The reason of a refusal where a rule needs to know who asks, and nobody is known.
pub const NO_PRINCIPAL: &str = "no-principal";

pub(super) fn refuse(
    route: &RouteRules,
    (shortfalls, said): (&Shortfalls, &[String]),
    head: &Head<'_>,
    principal: Option<&Principal>,
) -> Refused {
    let reason = reason(shortfalls);
    let detail = Text::format(format_args!("{}", Complete { route, shortfalls, said }));
    let bearer = principal.is_some_and(|principal| principal.method() != Method::ApiKey)
        && has_bearer_token(head.headers);
    let challenge = only_scope(route, shortfalls).filter(|_| bearer).and_then(challenge);
    let problem = match challenge {
        Some(challenge) => Problem::new(
            StatusCode::FORBIDDEN,
            "insufficient-scope",
            "the token lacks a scope that this needs",
        )
        .with_field(WWW_AUTHENTICATE, challenge),
        None => Problem::new(StatusCode::FORBIDDEN, "forbidden", "this is not allowed"),
    };
    Refused::new(Guard::Authz, problem).because(reason, Some(detail))
}

/// Of all rules for the method, what they lack if it is the same.
fn reason(shortfalls: &Shortfalls) -> &'static str {
    let mut lacking = shortfalls.iter().filter(|it| **it != Shortfall::Method);
    let Some(first) = lacking.next() else { return "no-rule" };
    match first {
        Shortfall::Principal => NO_PRINCIPAL,
        _ if shortfalls.contains(&Shortfall::Policy) => "policy-error",
        _ if lacking.any(|other| other != first) => "no-rule-holds",
        Shortfall::From => "wrong-provider",
        Shortfall::Owner => "not-owner",
        Shortfall::PolicyDenied => "policy-denied",
        Shortfall::Scope => "insufficient-scope",
        Shortfall::Permission | Shortfall::Policy | Shortfall::Method => "missing-permission",
    }
}

/// The scope that would have been enough: the one rule for the method lacks nothing else.
fn only_scope<'r>(route: &'r RouteRules, shortfalls: &Shortfalls) -> Option<&'r str> {
    let rules = route.rules().iter().zip(shortfalls);
    let mut asked = rules.filter(|(_, shortfall)| **shortfall != Shortfall::Method);
    match (asked.next(), asked.next()) {
        (Some((rule, Shortfall::Scope)), None) => rule.scope.as_deref(),
        _ => None,
    }
}

/// RFC 6750, section 3.1: a 403 "MAY include the `scope` attribute with the scope
/// necessary to access the protected resource". It is told only to who holds a token of
/// ours, only where it alone is missing, and scopes are names that clients ask for;
/// permissions and roles are ours and never told.
fn challenge(scope: &str) -> Option<HeaderValue> {
    // A scope has neither quotation marks nor backslashes.
    HeaderValue::try_from(format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"")).ok()
}

fn has_bearer_token(headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes).unwrap_or_default();
    value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Bearer "))
}

/// What each rule lacked.
struct Complete<'r> {
    route: &'r RouteRules,
    shortfalls: &'r Shortfalls,
    /// What policies said.
    said: &'r [String],
}

impl fmt::Display for Complete<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.route.rules().iter().zip(self.shortfalls).enumerate();
        let mut asked = rules.filter(|(_, (_, shortfall))| **shortfall != Shortfall::Method).peekable();
        write!(f, "{}: ", self.route.path())?;
        if asked.peek().is_none() {
            return f.write_str("no rule is for the method");
        }
        for (number, (index, (rule, shortfall))) in asked.enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            let lacking = match shortfall {
                Shortfall::From => "the provider",
                Shortfall::Method => "the method",
                Shortfall::Owner => "the owner",
                Shortfall::Permission => "the permission",
                Shortfall::Policy => "an answer of its policies",
                Shortfall::PolicyDenied => "the consent of its policies",
                Shortfall::Principal => "a principal",
                Shortfall::Scope => "the scope",
            };
            write!(f, "{separator}rules[{index}] ({rule}) lacks {lacking}")?;
        }
        self.said.iter().try_for_each(|said| write!(f, "; {said}"))
    }
}
