//! What guards see of a request.

use std::net::IpAddr;

use http::{HeaderMap, Method};

/// A request's head, in the form that all guards and the handler agree on.
#[derive(Clone, Copy, Debug)]
pub struct Head<'r> {
    /// The method.
    pub method: &'r Method,
    /// The canonical path: the one that is routed by and forwarded.
    pub path: &'r str,
    /// The query as sent, without its `?`.
    pub query: Option<&'r str>,
    /// The fields as sent.
    pub headers: &'r HeaderMap,
    /// The host that the request is for, with its port if it has one; checked to be one
    /// well-formed host. `None` only where HTTP/1.0 names none.
    pub host: Option<&'r str>,
    /// Whether it came over TLS, as far as the connection or a trusted proxy tells.
    pub is_secure: bool,
    /// The client's address, as far as the connection or trusted proxies tell.
    pub client: Option<IpAddr>,
}
