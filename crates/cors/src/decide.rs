//! The decision. In the order in which a browser would find fault: origin, method,
//! headers (Fetch, "CORS-preflight fetch").

use http::header::{
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN,
};
use http::{HeaderName, Method};

use crate::decision::{Decision, Denial, Echo, PreflightEcho, RequestKind, Verdict};
use crate::method::{is_safelisted, is_token};
use crate::policy::{Origins, Policy};
use crate::request::RequestHead;
use crate::response::vary::Vary;

/// Asked by Chromium 104 to 141.
const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");

impl Policy {
    /// Decides about one request. Reads the method and four header fields, each within
    /// bounds; allocates nothing, except where a preflight's own method and names have to
    /// be sent back (`*` with credentials).
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
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return self.decision(RequestKind::NotCors, Verdict::NotCors, vary, echo);
        };
        let alone = origins.next().is_none();
        let (kind, judged) = if options && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            let judged = self.judge_origin(origin, alone, &mut echo);
            (
                RequestKind::Preflight,
                judged.and_then(|by| self.judge_preflight(headers, &mut echo).map(|()| by)),
            )
        } else {
            (RequestKind::Actual, self.judge_origin(origin, alone, &mut echo))
        };
        match judged {
            Ok(by) => self.decision(kind, Verdict::Allowed { by }, vary, echo),
            Err(denial) => self.decision(kind, Verdict::Denied(denial), vary, Echo::default()),
        }
    }

    fn decision(&self, kind: RequestKind, verdict: Verdict, vary: &'static Vary, echo: Echo) -> Decision {
        Decision { policy: self.clone(), kind, verdict, vary, echo }
    }

    /// Whether the origin of a request may do what CORS does not cover, such as
    /// opening a WebSocket: the same answer as for reading, without header fields.
    /// A request without `Origin` comes from no browser and is `NotCors`.
    pub fn admits(&self, headers: &HeaderMap) -> Verdict {
        let mut origins = headers.get_all(ORIGIN).iter();
        let Some(origin) = origins.next() else { return Verdict::NotCors };
        match self.judge_origin(origin, origins.next().is_none(), &mut Echo::default()) {
            Ok(by) => Verdict::Allowed { by },
            Err(denial) => Verdict::Denied(denial),
        }
    }

    /// Whether a page of the asking origin may send a request of `method` with the
    /// user's credentials, as its browser would find by asking: for guards against
    /// requests that the page may send without being asked (a form's), and for methods
    /// that no preflight was about.
    ///
    /// Nobody may under a policy without credentials, which `*` is always, and `null`
    /// never: a policy may let it read, but it names no page that could be meant.
    pub fn admits_credentialed(&self, method: &[u8], headers: &HeaderMap) -> bool {
        let Some(origin) = only(headers, &ORIGIN) else { return false };
        self.allows_credentials()
            && !self.allows_any_origin()
            && origin != "null"
            && self.admitted_by(origin.as_bytes()).is_ok()
            && self.admits_method(method).is_ok()
    }

    fn judge_origin(&self, value: &HeaderValue, alone: bool, echo: &mut Echo) -> Result<usize, Denial> {
        if !alone {
            return Err(Denial::SeveralOrigins);
        }
        let by = self.admitted_by(value.as_bytes())?;
        if matches!(self.compiled.origins, Origins::Listed { .. }) {
            echo.origin = Some(value.clone());
        }
        Ok(by)
    }

    fn judge_preflight(&self, headers: &HeaderMap, echo: &mut Echo) -> Result<(), Denial> {
        self.judge_method(headers)?;
        self.compiled.request_headers.check(headers)?;
        let credentials = self.allows_credentials();
        let method = (credentials && self.compiled.methods.any)
            .then(|| headers.get(ACCESS_CONTROL_REQUEST_METHOD).cloned())
            .flatten();
        let names =
            (credentials && self.compiled.request_headers.any).then(|| joined_lines(headers)).flatten();
        let private_network = self.compiled.rest.legacy_private_network
            && headers.get(REQUEST_PRIVATE_NETWORK).is_some_and(|value| value == "true");
        if method.is_some() || names.is_some() || private_network {
            echo.preflight = Some(Box::new(PreflightEcho { method, names, private_network }));
        }
        Ok(())
    }

    fn judge_method(&self, headers: &HeaderMap) -> Result<(), Denial> {
        let value = only(headers, &ACCESS_CONTROL_REQUEST_METHOD).ok_or(Denial::MethodUnparsable)?;
        self.admits_method(value.as_bytes())
    }

    fn admits_method(&self, asked: &[u8]) -> Result<(), Denial> {
        let methods = &self.compiled.methods;
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
