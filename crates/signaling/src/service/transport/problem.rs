//! Why a request does not become a session: problem details (RFC 9457), terse and without any word of
//! the request.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use http::{Response, StatusCode};
use http_body_util::Full;

use crate::service::observe::metrics::Turned;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// As many connections as there may be.
    Busy,
    /// `Sec-WebSocket-Key` is missing or none.
    Key,
    /// Not `GET`.
    Method,
    /// Not an origin that is listed.
    Origin,
    /// No `Origin`, or two.
    OriginMissing,
    /// Another path.
    Path,
    /// A query: tokens never stand in a URL.
    Query,
    /// The subprotocol is not offered.
    Subprotocol,
    /// Not a request to switch to WebSocket.
    Upgrade,
    /// Not version 13.
    Version,
}

impl Problem {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Key | Self::Query | Self::Subprotocol => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Origin | Self::OriginMissing => StatusCode::FORBIDDEN,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Upgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
        }
    }

    /// A stable name, in the body and in events.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Busy => "too-many-connections",
            Self::Key => "websocket-key-invalid",
            Self::Method => "method-not-allowed",
            Self::Origin => "origin-not-allowed",
            Self::OriginMissing => "origin-missing",
            Self::Path => "no-such-path",
            Self::Query => "query-not-allowed",
            Self::Subprotocol => "subprotocol-missing",
            Self::Upgrade => "upgrade-required",
            Self::Version => "websocket-version",
        }
    }

    pub(crate) fn turned(self) -> Turned {
        match self {
            Self::Busy => Turned::Budget,
            Self::Origin | Self::OriginMissing => Turned::Origin,
            _ => Turned::Request,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::Busy => "there are as many connections as this server takes",
            Self::Key => "`Sec-WebSocket-Key` is 16 bytes in base64, once",
            Self::Method => "WebSocket connections begin with GET",
            Self::Origin => "this origin may not connect",
            Self::OriginMissing => "there is to be one `Origin`",
            Self::Path => "there is nothing here",
            Self::Query => "there is no query here, and a token never stands in a URL",
            Self::Subprotocol => "offer the subprotocol corsac.signal.v1",
            Self::Upgrade => "this is a WebSocket",
            Self::Version => "this is WebSocket version 13",
        }
    }

    fn field(self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::Method => Some((ALLOW, HeaderValue::from_static("GET"))),
            Self::Upgrade => Some((UPGRADE, HeaderValue::from_static("websocket"))),
            Self::Version => Some((SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))),
            _ => None,
        }
    }

    /// The response. Every text is ours and ASCII.
    pub(crate) fn response(self) -> Response<Full<Bytes>> {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or_default();
        let (number, code, detail) = (status.as_u16(), self.code(), self.detail());
        let text = format!(
            "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{number},\"code\":\"{code}\",\"detail\":\"{detail}\"}}\n"
        );
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        fields.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        fields.extend(self.field());
        response
    }
}
