//! What changes in a message on its way through: hop-by-hop fields, forwarding
//! fields, the target (RFC 9110, section 7.6; RFC 7239).

use std::any::Any;
use std::net::IpAddr;

use corsac_middleware::guard::proxy::says_secure;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    ORIGIN,
};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{Request, Version};

use crate::config::Upstream;
use crate::message::fields::Fields;
use crate::tls::server::Secured;

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// RFC 9440, section 2.2.
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Fields that a request may get on its way, beside those of whoever is known to call: `Host`,
/// the request id, four that forward, the client's certificate.
pub(crate) const ADDED_FIELDS: usize = 7;

/// Removes the fields of a response that are about one connection only, and those that
/// `Connection` nominates. `fields` are those of `headers`.
pub(crate) fn remove_hop_by_hop(headers: &mut HeaderMap, fields: Fields) {
    if !fields.has(Fields::HOP_BY_HOP) {
        return;
    }
    if fields.has(Fields::CONNECTION) {
        while let Some(nominated) = nominated_field(headers) {
            headers.remove(nominated);
        }
    }
    let is_hop_by_hop = |name: &&HeaderName| Fields::kind(name).has(Fields::HOP_BY_HOP);
    while let Some(name) = headers.keys().find(is_hop_by_hop).cloned() {
        headers.remove(name);
    }
}

fn nominated_field(headers: &HeaderMap) -> Option<HeaderName> {
    nominated(headers).find(|name| headers.contains_key(name))
}

fn nominated(headers: &HeaderMap) -> impl Iterator<Item = HeaderName> {
    let lines = headers.get_all(CONNECTION).iter().filter(|line| *line != "keep-alive");
    let tokens = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    let names = tokens.filter_map(|token| HeaderName::from_bytes(token.trim_ascii()).ok());
    // A sender that nominates what the request cannot do without is not obeyed.
    names.filter(|name| ![CONNECTION, HOST, ORIGIN, CONTENT_LENGTH].contains(name))
}

/// A copy of the fields of a request that go on, with room for `added` ones.
/// `fields` are those of `headers`; what an untrusted peer says of itself stays behind.
pub(crate) fn request_fields(headers: &HeaderMap, fields: Fields, trusted: bool, added: usize) -> HeaderMap {
    let mut copy = HeaderMap::with_capacity(headers.len() + added);
    let mut left = Fields::HOP_BY_HOP.with(Fields::EXPECT).with(Fields::DISGUISED);
    if !trusted {
        left = left.with(Fields::FORWARDED);
    }
    let needs_look = fields.has(left);
    for (name, value) in headers {
        if !needs_look || !Fields::kind(name).has(left) {
            copy.append(name.clone(), value.clone());
        }
    }
    if fields.has(Fields::CONNECTION) {
        nominated(headers).for_each(|name| drop(copy.remove(name)));
    }
    if fields.has(Fields::COOKIE) {
        join_cookies(&mut copy);
    }
    copy
}

/// Removes from a request's trailers what its fields may not say either, or what a reader
/// that merges both would take for them.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap) {
    let is_left = |name: &HeaderName| {
        Fields::kind(name) != Fields::default()
            || name.as_str().starts_with("x-forwarded-")
            || [AUTHORIZATION, HOST, ORIGIN].contains(name)
    };
    let left: Vec<_> = trailers.keys().filter(|name| is_left(name)).cloned().collect();
    for name in &left {
        trailers.remove(name);
    }
    corsac_middleware::authn::strip(trailers);
}

/// Cookies may come in several fields in HTTP/2 only (RFC 9113, section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_some() {
        let crumbs: Vec<_> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
        if let Ok(cookie) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
            headers.insert(COOKIE, cookie);
        }
    }
}

/// How a connection came in.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Plain HTTP.
    Plain,
    /// Plain HTTP, to be sent on to https.
    Redirect,
    /// TLS.
    Tls(Box<Secured>),
}

/// Who sent a request.
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) entry: Entry,
    text: HeaderValue,
    /// What counts the connection: dropped with its last request or tunnel.
    _open: Box<dyn Any>,
}

impl Peer {
    pub(crate) fn new(address: IpAddr, entry: Entry, open: impl Any) -> Self {
        let address = address.to_canonical();
        let text = HeaderValue::try_from(address.to_string());
        // An address is ASCII.
        let text = text.unwrap_or(HeaderValue::from_static("unknown"));
        Self { address, entry, text, _open: Box::new(open) }
    }

    /// What is known of the connection, if it is one over TLS.
    pub(crate) fn secured(&self) -> Option<&Secured> {
        match &self.entry {
            Entry::Tls(secured) => Some(secured),
            Entry::Plain | Entry::Redirect => None,
        }
    }

    /// Whether the connection itself is encrypted. Whether the client's is, where a proxy
    /// stands between, says [`is_secure`].
    pub(crate) fn is_secure(&self) -> bool {
        self.secured().is_some()
    }

    fn scheme(&self) -> &'static str {
        if self.is_secure() { "https" } else { "http" }
    }
}

/// Whether the client sent its request over TLS: to the gateway, or to the trusted proxy
/// that says so.
pub(crate) fn is_secure(peer: &Peer, headers: &HeaderMap, trusted: bool) -> bool {
    let said = if trusted { says_secure(headers) } else { None };
    said.unwrap_or_else(|| peer.is_secure())
}

/// Sets the forwarding fields (RFC 7239).
pub(crate) fn set_forwarding(headers: &mut HeaderMap, peer: &Peer, trusted: bool, host: &HeaderValue) {
    if trusted {
        let chain = headers.get_all(X_FORWARDED_FOR).iter().map(HeaderValue::as_bytes);
        let mut chain = chain.collect::<Vec<_>>().join(&b", "[..]);
        if !chain.is_empty() {
            chain.extend_from_slice(b", ");
        }
        chain.extend_from_slice(peer.text.as_bytes());
        let value = HeaderValue::from_bytes(&chain).unwrap_or_else(|_| peer.text.clone());
        headers.insert(X_FORWARDED_FOR, value);
        append_forwarded(headers, peer);
        headers.entry(X_FORWARDED_PROTO).or_insert(HeaderValue::from_static(peer.scheme()));
        headers.entry(X_FORWARDED_HOST).or_insert_with(|| host.clone());
        return;
    }
    headers.insert(X_FORWARDED_FOR, peer.text.clone());
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(peer.scheme()));
    headers.insert(X_FORWARDED_HOST, host.clone());
    // A trusted proxy's own certificate says nothing of its clients.
    if let Some(certificate) = peer.secured().and_then(|secured| secured.client_certificate.clone()) {
        headers.insert(CLIENT_CERT, certificate);
    }
}

/// Continues a trusted proxy's `Forwarded` (RFC 7239, section 4).
fn append_forwarded(headers: &mut HeaderMap, peer: &Peer) {
    if !headers.contains_key(FORWARDED) {
        return;
    }
    let scheme = peer.scheme();
    let element = match peer.address {
        IpAddr::V4(address) => format!("for={address};proto={scheme}"),
        IpAddr::V6(address) => format!("for=\"[{address}]\";proto={scheme}"),
    };
    if let Ok(value) = HeaderValue::try_from(element) {
        headers.append(FORWARDED, value);
    }
}

/// Points a request at its upstream: canonical path, HTTP version, `Host`. `false` if the parts do not make a target.
pub(crate) fn retarget<B>(
    request: &mut Request<B>,
    upstream: &Upstream,
    version: Version,
    (target, path): (&Uri, &str),
    host: &HeaderValue,
) -> bool {
    let Some(target) = canonical_target(target, path) else { return false };
    let host = if upstream.preserve_host {
        host.clone()
    } else {
        HeaderValue::from_str(upstream.authority.as_str()).unwrap_or_else(|_| host.clone())
    };
    let mut parts = http::uri::Parts::default();
    parts.path_and_query = Some(target);
    *request.version_mut() = version;
    if version == Version::HTTP_2 {
        let authority = Authority::try_from(host.as_bytes()).unwrap_or_else(|_| upstream.authority.clone());
        parts.scheme = Some(if upstream.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP });
        parts.authority = Some(authority);
        request.headers_mut().remove(HOST);
    } else {
        request.headers_mut().insert(HOST, host);
    }
    match Uri::from_parts(parts) {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return false,
    }
    true
}

fn canonical_target(uri: &Uri, path: &str) -> Option<PathAndQuery> {
    match uri.path_and_query() {
        Some(same) if same.path() == path => Some(same.clone()),
        _ => match uri.query() {
            Some(query) => PathAndQuery::try_from(format!("{path}?{query}")).ok(),
            None => PathAndQuery::try_from(path).ok(),
        },
    }
}
