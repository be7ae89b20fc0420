//! The part of a request that a decision looks at.

use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method, Request};

/// Method and header fields of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The header fields.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// The head of `request`.
    pub fn of<B>(request: &'a Request<B>) -> Self {
        Self { method: request.method(), headers: request.headers() }
    }

    /// Whether this is a CORS-preflight request: `OPTIONS` with `Origin` and
    /// `Access-Control-Request-Method` (Fetch, section 3.3.2). Any other `OPTIONS`
    /// belongs to the application.
    pub fn is_preflight(&self) -> bool {
        self.method == Method::OPTIONS
            && self.headers.contains_key(ORIGIN)
            && self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }
}
