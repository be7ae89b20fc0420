//! A request as it came in, before any guard is asked: what is wrong with it as a whole,
//! and what guards see of it.

use std::net::IpAddr;

use corsac_cors::RequestHead;
use corsac_events::Guard;
use http::header::ALLOW;
use http::{HeaderValue, Method, Request, StatusCode};

use super::compile::Stack;
use super::layer::Settings;
use super::passage::Passage;
use crate::guard::{Head, Host, Problem, Refused, framing_flaw, proxy};
use crate::route::{PathError, canonical_path};

/// A request without its body, and what is known of it.
pub(super) struct Entry {
    /// As it came.
    pub(super) request: Request<()>,
    pub(super) host: Result<Host, &'static str>,
    /// Canonical.
    pub(super) path: Result<String, PathError>,
    pub(super) id: HeaderValue,
    pub(super) client: Option<IpAddr>,
    pub(super) is_secure: bool,
}

impl Entry {
    pub(super) fn new(request: Request<()>, settings: &Settings) -> Self {
        let headers = request.headers();
        let proxies = &settings.trusted_proxies;
        let peer = (settings.peer)(request.extensions()).map(|peer| peer.to_canonical());
        let trusted = peer.is_some_and(|peer| proxy::is_trusted(peer, proxies));
        let given = (trusted && settings.takes_request_ids).then(|| proxy::given_request_id(headers));
        let said = if trusted { proxy::says_secure(headers) } else { None };
        Self {
            host: Host::of(request.uri(), request.version(), headers),
            path: canonical_path(request.uri().path()).map(std::borrow::Cow::into_owned),
            id: given.flatten().unwrap_or_else(|| settings.request_id()),
            client: peer.map(|peer| proxy::client_address(peer, headers, proxies)),
            is_secure: said.unwrap_or(settings.is_secure),
            request,
        }
    }

    /// Routes it, and decides who may read the answer.
    pub(super) fn begin(&self, stack: &Stack) -> Passage {
        let request = RequestHead { method: self.request.method(), headers: self.request.headers() };
        stack.begin(self.path.as_deref().ok(), &request)
    }

    /// What is wrong with it, whatever it is for.
    pub(super) fn check(&self, stack: &Stack) -> Result<(), Refused> {
        let uri = self.request.uri();
        // The target is measured as it was sent.
        stack.head().check(&self.head_at(uri.path()))?;
        if matches!(*self.request.method(), Method::CONNECT | Method::TRACE) {
            return Err(method_refused());
        }
        if let Some(flaw) = framing_flaw(self.request.headers()) {
            return Err(bad_request(flaw));
        }
        self.host.as_ref().map_err(|wrong| bad_request(wrong))?;
        self.path.as_ref().map(drop).map_err(|error| bad_request(error.text()))
    }

    /// As guards see it.
    pub(super) fn head(&self) -> Head<'_> {
        self.head_at(self.path.as_deref().unwrap_or_default())
    }

    fn head_at<'h>(&'h self, path: &'h str) -> Head<'h> {
        let headers = self.request.headers();
        let host = self.host.as_ref().ok().and_then(|host| host.value(headers));
        Head {
            method: self.request.method(),
            path,
            query: self.request.uri().query(),
            headers,
            host: host.and_then(|host| host.to_str().ok()),
            is_secure: self.is_secure,
            client: self.client,
        }
    }
}

pub(super) fn bad_request(detail: &'static str) -> Refused {
    own(StatusCode::BAD_REQUEST, "bad-request", detail)
}

pub(super) fn body_too_large() -> Refused {
    let detail = "the request body is larger than this route takes";
    own(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
}

pub(super) fn body_too_slow() -> Refused {
    own(StatusCode::REQUEST_TIMEOUT, "request-timeout", "the request body came too slowly")
}

pub(super) fn handler_too_slow() -> Refused {
    own(StatusCode::SERVICE_UNAVAILABLE, "handler-timeout", "the service took too long")
}

pub(super) fn internal_error() -> Refused {
    own(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", "the service failed")
}

pub(super) fn socket_denied(detail: &'static str) -> Refused {
    own(StatusCode::FORBIDDEN, "websocket-denied", detail)
}

fn method_refused() -> Refused {
    let detail = "this method is not proxied";
    let mut refused = own(StatusCode::METHOD_NOT_ALLOWED, "method-not-proxied", detail);
    let methods = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    refused.problem.fields.push((ALLOW, methods));
    refused
}

fn own(status: StatusCode, code: &'static str, detail: &'static str) -> Refused {
    Refused::new(Guard::Limits, Problem::new(status, code, detail))
}
