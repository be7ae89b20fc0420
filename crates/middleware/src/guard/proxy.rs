//! What proxies say of a request, believed only of those that are trusted. Any client can
//! write these fields.

use std::net::IpAddr;

use http::header::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Addresses read of `X-Forwarded-For`; a chain of more proxies is a forgery.
const MAX_FORWARDED_ADDRESSES: usize = 32;

/// Longest request id taken over from a trusted proxy.
const MAX_REQUEST_ID: usize = 64;

/// Whether `peer` is one of the `trusted` proxies.
pub fn is_trusted(peer: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|network| network.contains(&peer))
}

/// The client's address: the peer, or what trusted proxies say of it, read from the
/// right up to the first address that is not trusted itself.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    if trusted.is_empty() || !is_trusted(peer, trusted) {
        return peer;
    }
    let lines: Vec<_> =
        headers.get_all(X_FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let written = lines.iter().rev().flat_map(|line| line.rsplit(','));
    let mut client = peer;
    for text in written.take(MAX_FORWARDED_ADDRESSES) {
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        client = address.to_canonical();
        if !is_trusted(client, trusted) {
            break;
        }
    }
    client
}

/// Whether the trusted proxy that sent a request says that its client used TLS; nothing, if
/// it does not say. Where several proxies wrote down a scheme, each must be https.
pub fn says_secure(headers: &HeaderMap) -> Option<bool> {
    if !headers.contains_key(X_FORWARDED_PROTO) {
        return None;
    }
    let lines = headers.get_all(X_FORWARDED_PROTO).iter();
    let mut schemes = lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b','));
    Some(schemes.all(|scheme| scheme.trim_ascii().eq_ignore_ascii_case(b"https")))
}

/// The request id of a trusted proxy, if it is a plain one.
pub fn given_request_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get(REQUEST_ID)?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fine = !value.is_empty() && value.len() <= MAX_REQUEST_ID && value.as_bytes().iter().all(plain);
    fine.then(|| value.clone())
}
