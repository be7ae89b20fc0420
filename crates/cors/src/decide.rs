//! The decision. In the order in which a browser would find fault: origin, method,
//! headers (Fetch, "CORS-preflight fetch").

use corsac_origin::OriginRef;
use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};
use http::{HeaderName, Method};

use crate::decision::{Decision, Denial, Echo, RequestKind, Verdict};
use crate::method::{is_safelisted, is_token};
use crate::policy::{Origins, Policy};
use crate::request::RequestHead;
use crate::response::vary::Vary;

/// Asked by Chromium 104 to 141.
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");

impl Policy {
    /// Decides about one request. Reads the method and four header fields, each within
    /// bounds; allocates nothing, except where a preflight's header names came in
    /// several lines and have to be sent back in one (`*` with credentials).
    pub fn decide(&self, request: &RequestHead<'_>) -> Decision {
        let headers = request.headers;
        let options = request.method == Method::OPTIONS;
        let vary = if !options {
            &Vary::ORIGIN
        } else if self.compiled.rest.legacy_private_network {
            &Vary::PREFLIGHT_LEGACY
        } else {
            &Vary::PREFLIGHT
        };
        let mut echo = Echo::default();
        let (kind, verdict) = if !headers.contains_key(ORIGIN) {
            (RequestKind::NotCors, Verdict::NotCors)
        } else if options && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            (RequestKind::Preflight, verdict(self.judge_preflight(headers, &mut echo)))
        } else {
            (RequestKind::Actual, verdict(self.judge_origin(headers, &mut echo)))
        };
        if !matches!(verdict, Verdict::Allowed { .. }) {
            echo = Echo::default();
        }
        Decision { policy: self.clone(), kind, verdict, vary, echo }
    }

    /// Whether the origin of a request may do what CORS does not cover, such as
    /// opening a WebSocket: the same answer as for reading, without header fields.
    /// A request without `Origin` comes from no browser and is `NotCors`.
    pub fn admits(&self, headers: &HeaderMap) -> Verdict {
        if headers.contains_key(ORIGIN) {
            verdict(self.judge_origin(headers, &mut Echo::default()))
        } else {
            Verdict::NotCors
        }
    }

    fn judge_origin(&self, headers: &HeaderMap, echo: &mut Echo) -> Result<usize, Denial> {
        let value = only(headers, &ORIGIN).ok_or(Denial::SeveralOrigins)?;
        let origin = OriginRef::parse(value.as_bytes()).map_err(Denial::OriginUnparsable)?;
        let by = self.admitted_by(&origin).ok_or(match origin {
            OriginRef::Opaque => Denial::OriginNull,
            OriginRef::Tuple(_) => Denial::OriginNotListed,
        })?;
        if matches!(self.compiled.origins, Origins::Listed { .. }) {
            echo.origin = Some(value.clone());
        }
        Ok(by)
    }

    fn judge_preflight(&self, headers: &HeaderMap, echo: &mut Echo) -> Result<usize, Denial> {
        let by = self.judge_origin(headers, echo)?;
        self.judge_method(headers, echo)?;
        self.compiled.request_headers.check(headers)?;
        if self.compiled.request_headers.any && self.allows_credentials() {
            echo.request_headers = joined_lines(headers);
        }
        echo.private_network = self.compiled.rest.legacy_private_network
            && headers.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value == "true");
        Ok(by)
    }

    fn judge_method(&self, headers: &HeaderMap, echo: &mut Echo) -> Result<(), Denial> {
        let value = only(headers, &ACCESS_CONTROL_REQUEST_METHOD).ok_or(Denial::MethodUnparsable)?;
        let asked = value.as_bytes();
        let methods = &self.compiled.methods;
        if methods.any && self.allows_credentials() && is_token(asked) {
            echo.method = Some(value.clone());
        }
        if is_safelisted(asked) || methods.listed.iter().any(|listed| listed.as_bytes() == asked) {
            Ok(())
        } else if !is_token(asked) {
            Err(Denial::MethodUnparsable)
        } else if methods.any {
            Ok(())
        } else {
            Err(Denial::MethodNotListed)
        }
    }
}

fn verdict(judged: Result<usize, Denial>) -> Verdict {
    match judged {
        Ok(by) => Verdict::Allowed { by },
        Err(denial) => Verdict::Denied(denial),
    }
}

/// The value of a field that stands there exactly once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    lines.next().is_none().then_some(first)
}

/// The names asked for, which `check` has accepted.
fn joined_lines(headers: &HeaderMap) -> Option<HeaderValue> {
    if let Some(value) = only(headers, &ACCESS_CONTROL_REQUEST_HEADERS) {
        return Some(value.clone());
    }
    let lines = headers.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter().map(HeaderValue::as_bytes);
    let joined = lines.collect::<Vec<_>>().join(&b", "[..]);
    HeaderValue::from_bytes(&joined).ok().filter(|value| !value.is_empty())
}
