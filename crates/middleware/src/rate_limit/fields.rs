//! What a client is told: `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers, the same in -10 and -11), `Retry-After`
//! (RFC 9110, section 10.2.3), and the problem type `quota-exceeded` (RFC 9457).
//!
//! - `q` and `w` are the quantity and the window, `r` what is left. `corsac-burst`
//!   stands where a burst is another number than `q`: `r` counts from it.
//! - `t` is the time until there is one more unit, rounded up: until then a client can
//!   use no more than `r`. It is absent where the bucket is full. Units come back one
//!   by one, so there is no moment at which all are back at once, and clients do not
//!   all come back at one either.
//! - There is no `pk`: a partition key tells who is counted, or tempts to hide it badly.

use std::fmt::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};

use super::concurrency::InFlight;
use super::decide::{Decision, Limit};

/// `RateLimit`.
pub const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// `RateLimit-Policy`.
pub const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// The fields that a limit may set, for a policy to expose.
pub const FIELDS: [HeaderName; 3] = [RATE_LIMIT, RATE_LIMIT_POLICY, RETRY_AFTER];

/// The problem type, section 5.1 of the draft.
pub const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// Bytes of a field that tells of two limits or three.
const USUAL_LENGTH: usize = 96;

/// The part of the fields that is the same for every response of a route.
#[derive(Debug)]
pub(super) struct Fields {
    policy: Option<HeaderValue>,
}

impl Fields {
    pub(super) fn new(limits: &[Arc<Limit>], concurrency: Option<&InFlight>) -> Self {
        let mut list = List::default();
        for limit in limits {
            let (rate, burst) = (&limit.rate, limit.rate.gcra.burst());
            list.item(&limit.config.name);
            list.add(format_args!(";q={};w={}", rate.quantity, rate.window.as_secs()));
            if burst != rate.quantity {
                list.add(format_args!(";corsac-burst={burst}"));
            }
        }
        if let Some(limit) = concurrency {
            list.item(&limit.config.name);
            list.add(format_args!(";q={};qu=\"concurrent-requests\"", limit.config.limit));
        }
        Self { policy: list.value() }
    }

    /// Adds to what the service inside says of limits of its own; `Retry-After` is ours.
    pub(super) fn stamp(&self, decision: &Decision, headers: &mut HeaderMap) {
        if let Some(policy) = &self.policy {
            headers.append(RATE_LIMIT_POLICY, policy.clone());
        }
        if let Some(value) = service_limits(decision) {
            headers.append(RATE_LIMIT, value);
        }
        if let Some(after) = decision.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds(after)));
        }
    }
}

/// "Retry-After … SHOULD NOT reference a point in time earlier than" `t`: one that is
/// later, of a limit that did not deny, is left out.
fn service_limits(decision: &Decision) -> Option<HeaderValue> {
    let latest = decision.retry_after().map_or(u64::MAX, seconds);
    let mut list = List(String::with_capacity(USUAL_LENGTH));
    for (name, charge) in decision.charges() {
        list.item(name);
        list.parameter(";r=", charge.remaining());
        if let Some(next) = charge.next_unit().map(seconds).filter(|next| *next <= latest) {
            list.parameter(";t=", next);
        }
    }
    if let Some((name, left)) = decision.slots_left() {
        list.item(name);
        list.parameter(";r=", left.into());
    }
    list.value()
}

/// Whole seconds, rounded up: a client that waits them finds what it was promised.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

/// A list of structured fields (RFC 9651). Names need no escaping.
#[derive(Default)]
struct List(String);

impl List {
    fn item(&mut self, name: &str) {
        self.0.push_str(if self.0.is_empty() { "\"" } else { ", \"" });
        self.0.push_str(name);
        self.0.push('"');
    }

    /// What every response has is not formatted: that costs more than the decision.
    fn parameter(&mut self, name: &str, number: u64) {
        self.0.push_str(name);
        self.number(number);
    }

    fn number(&mut self, number: u64) {
        if number > 9 {
            self.number(number / 10);
        }
        self.0.extend(char::from_digit(u32::try_from(number % 10).unwrap_or_default(), 10));
    }

    fn add(&mut self, parts: fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.0.write_fmt(parts);
    }

    fn value(self) -> Option<HeaderValue> {
        HeaderValue::try_from(self.0).ok().filter(|value| !value.is_empty())
    }
}

/// The answer to a request beyond its limits. It names the limits, and nothing of the
/// request or of who is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The names of the limits.
    pub violated: Vec<String>,
}

impl Problem {
    /// Its status, 429 (RFC 6585, section 4).
    pub const STATUS: StatusCode = StatusCode::TOO_MANY_REQUESTS;

    /// Its title, the type's.
    pub const TITLE: &'static str = "Request cannot be satisfied as assigned quota has been exceeded";

    /// Its stable name.
    pub const CODE: &'static str = "quota-exceeded";

    pub(super) fn of(decision: &Decision) -> Self {
        Self { violated: decision.violated().map(str::to_owned).collect() }
    }

    /// The body, `application/problem+json`.
    pub fn body(&self) -> String {
        let mut names = String::new();
        for name in &self.violated {
            let separator = if names.is_empty() { "" } else { "," };
            let _ = write!(names, "{separator}\"{name}\"");
        }
        let (status, code, title) = (Self::STATUS.as_u16(), Self::CODE, Self::TITLE);
        format!(
            "{{\"type\":\"{QUOTA_EXCEEDED}\",\"title\":\"{title}\",\"status\":{status},\"code\":\"{code}\",\"detail\":\"too many requests\",\
             \"violated-policies\":[{names}]}}\n"
        )
    }

    /// The body's type.
    pub fn stamp(headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    }
}
