//! Answers of the gateway itself: problem details (RFC 9457), terse and without any
//! word of the request.

use bytes::Bytes;
use corsac_events::Guard;
use corsac_middleware::guard::Refused;
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use crate::message::body::Body;

/// Why a request has no response of its upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The gateway's own reason.
    Own(Problem),
    /// A guard refused it.
    Refused(Refused),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Own(problem)
    }
}

impl Failure {
    /// A stable name, in the body and in the access log.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Own(problem) => problem.code(),
            Self::Refused(refused) => refused.problem.code,
        }
    }

    /// Which guard it is of, and why, if it is the gateway's own and a guard's.
    pub(crate) fn guard(&self) -> Option<(Guard, &'static str)> {
        let Self::Own(problem) = self else { return None };
        let guard = match problem {
            Problem::BadRequest(_)
            | Problem::MethodNotProxied
            | Problem::Misdirected
            | Problem::TlsRequired => Guard::Request,
            Problem::BodyTooLarge
            | Problem::HeadTooLarge
            | Problem::RequestTimeout
            | Problem::TargetTooLong => Guard::Limits,
            Problem::WebSocketDenied(_) => Guard::Cors,
            Problem::Internal | Problem::UpstreamFailed | Problem::UpstreamTimeout => return None,
        };
        Some((guard, problem.code()))
    }

    /// The response.
    pub(crate) fn response(&self) -> Response<Body> {
        let problem = match self {
            Self::Own(problem) => return problem.response(),
            Self::Refused(refused) => &refused.problem,
        };
        let mut response = Response::new(Body::full(Bytes::from(problem.body())));
        *response.status_mut() = problem.status;
        problem.stamp(response.headers_mut());
        response
    }
}

/// What the gateway answers by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Problem {
    /// The request's framing or target cannot be trusted.
    BadRequest(&'static str),
    /// The body is larger than the route takes.
    BodyTooLarge,
    /// A bug in the gateway, caught.
    Internal,
    /// `CONNECT` and `TRACE` are not proxied.
    MethodNotProxied,
    /// The host is none of the connection's, or of the gateway's.
    Misdirected,
    /// The head is larger than the gateway takes.
    HeadTooLarge,
    /// The request's body came too slowly.
    RequestTimeout,
    /// Path and query are longer than the gateway takes.
    TargetTooLong,
    /// A preflight over plain HTTP where everything else is redirected.
    TlsRequired,
    /// The upstream cannot be reached, or broke off.
    UpstreamFailed,
    /// The upstream took too long.
    UpstreamTimeout,
    /// The page may not open a WebSocket, for this reason.
    WebSocketDenied(&'static str),
}

impl Problem {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::MethodNotProxied => StatusCode::METHOD_NOT_ALLOWED,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::TlsRequired | Self::WebSocketDenied(_) => StatusCode::FORBIDDEN,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::UpstreamFailed => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// A stable name, in the body and in the access log.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad-request",
            Self::BodyTooLarge => "body-too-large",
            Self::Internal => "internal-error",
            Self::MethodNotProxied => "method-not-proxied",
            Self::Misdirected => "misdirected",
            Self::HeadTooLarge => "head-too-large",
            Self::RequestTimeout => "request-timeout",
            Self::TargetTooLong => "target-too-long",
            Self::TlsRequired => "tls-required",
            Self::UpstreamFailed => "upstream-failed",
            Self::UpstreamTimeout => "upstream-timeout",
            Self::WebSocketDenied(_) => "websocket-denied",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "the request body is larger than this route takes",
            Self::Internal => "the gateway failed",
            Self::MethodNotProxied => "this method is not proxied",
            Self::Misdirected => "the host is none that this connection is for",
            Self::BadRequest(reason) | Self::WebSocketDenied(reason) => reason,
            Self::HeadTooLarge => "the request has more or larger header fields than the gateway takes",
            Self::RequestTimeout => "the request body came too slowly",
            Self::TargetTooLong => "path and query are longer than the gateway takes",
            Self::TlsRequired => "preflights are not redirected: use https",
            Self::UpstreamFailed => "the upstream did not answer",
            Self::UpstreamTimeout => "the upstream took too long",
        }
    }

    /// The response. `code` is a member of its own; the type is `about:blank`, so the
    /// title is the status' (RFC 9457, section 4.2.1). Every text is ours and ASCII.
    pub(crate) fn response(self) -> Response<Body> {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or_default();
        let (number, code, detail) = (status.as_u16(), self.code(), self.detail());
        let text = format!(
            "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{number},\"code\":\"{code}\",\"detail\":\"{detail}\"}}\n"
        );
        let mut response = Response::new(Body::full(Bytes::from(text)));
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self == Self::MethodNotProxied {
            fields.insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
        }
        response
    }
}
