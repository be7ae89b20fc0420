//! What a request's head must be before anything believes it.

use http::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::Authority;
use http::{Method, Version};

use crate::config::Limits;
use crate::message::fields::Fields;
use crate::message::problem::Problem;

/// Sizes, methods and framing that hyper leaves to us (RFC 9112, sections 3.2 and 6.1).
pub(crate) fn check(head: &Parts, fields: Fields, limits: &Limits) -> Result<(), Problem> {
    let headers = &head.headers;
    if headers.len() > limits.header_fields || header_bytes(headers) > limits.header_size {
        return Err(Problem::HeadTooLarge);
    }
    if head.uri.path_and_query().map_or(0, |target| target.as_str().len()) > limits.target_size {
        return Err(Problem::TargetTooLong);
    }
    if matches!(head.method, Method::CONNECT | Method::TRACE) {
        return Err(Problem::MethodNotProxied);
    }
    if !fields.has(Fields::TRANSFER_ENCODING) && !fields.has(Fields::CONTENT_LENGTH) {
        return Ok(());
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    if codings.next().is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
        || codings.next().is_some()
    {
        return Err(Problem::BadRequest("the request has a transfer coding other than `chunked`"));
    }
    if fields.has(Fields::TRANSFER_ENCODING) && fields.has(Fields::CONTENT_LENGTH) {
        return Err(Problem::BadRequest("the request has both a length and a transfer coding"));
    }
    if headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        return Err(Problem::BadRequest("the request has several lengths"));
    }
    Ok(())
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Where the host that a request is for stands.
#[derive(Debug)]
pub(crate) enum Host {
    /// In its `Host` field.
    Field,
    /// In its target (HTTP/2's `:authority`).
    Target(HeaderValue),
    /// Nowhere: HTTP/1.0 may do without.
    Absent,
}

impl Host {
    /// The host of `head`: exactly one, well-formed, and the same in target and field.
    pub(crate) fn of(head: &Parts) -> Result<Self, Problem> {
        const WRONG: Problem = Problem::BadRequest("the request has no well-formed host");
        let mut fields = head.headers.get_all(HOST).iter();
        let (field, second) = (fields.next(), fields.next());
        if second.is_some() {
            return Err(Problem::BadRequest("the request has several hosts"));
        }
        let host = match (field, head.uri.authority()) {
            (Some(field), Some(target))
                if !field.as_bytes().eq_ignore_ascii_case(target.as_str().as_bytes()) =>
            {
                return Err(Problem::BadRequest("the request's target and its host differ"));
            }
            (Some(field), _) => return if is_host(field.as_bytes()) { Ok(Self::Field) } else { Err(WRONG) },
            (None, Some(target)) => HeaderValue::from_str(target.as_str()).map_err(|_| WRONG)?,
            (None, None) if head.version < Version::HTTP_11 => return Ok(Self::Absent),
            (None, None) => return Err(WRONG),
        };
        if is_host(host.as_bytes()) { Ok(Self::Target(host)) } else { Err(WRONG) }
    }

    /// The host.
    pub(crate) fn value<'h>(&'h self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        match self {
            Self::Field => headers.get(HOST),
            Self::Target(host) => Some(host),
            Self::Absent => None,
        }
    }
}

/// The host without its port.
pub(crate) fn host_name(host: &HeaderValue) -> Option<&str> {
    let text = host.to_str().ok()?;
    let colon = text.rfind(':').filter(|_| !text.ends_with(']'));
    text.get(..colon.unwrap_or(text.len())).filter(|name| !name.is_empty())
}

/// A host with a port or without, nothing else (RFC 9110, section 7.2).
fn is_host(text: &[u8]) -> bool {
    // A colon within brackets belongs to an IPv6 address.
    let colon = memchr::memrchr(b':', text).filter(|_| !text.ends_with(b"]"));
    let (host, port) = text.split_at_checked(colon.unwrap_or(text.len())).unwrap_or_default();
    let is_common = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || !port.strip_prefix(b":").is_none_or(is_port) {
        return false;
    }
    if host.iter().all(is_common) {
        return true;
    }
    let is_address = host.starts_with(b"[") && host.ends_with(b"]");
    (is_address || !host.contains(&b':')) && !host.contains(&b'@') && Authority::try_from(host).is_ok()
}

/// A port, which may be empty (RFC 3986, section 3.2.3).
fn is_port(digits: &[u8]) -> bool {
    let number = digits.iter().try_fold(0_u16, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(u16::try_from(digit).ok()?)
    });
    number.is_some()
}

/// The length that the request announces.
pub(crate) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_a_name_or_an_address_with_a_port_or_without() {
        for host in ["a", "a.example", "a_b:80", "127.0.0.1:65535", "[::1]", "[::1]:8080", "a:", "xn--p1ai."]
        {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["", ":80", "a:65536", "a:99999999", "a:+8", "a:8a", "u@a", "a/b", "a b", "[::1", "::1"] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
