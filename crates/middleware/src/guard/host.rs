//! The host that a request is for.

use http::header::{HOST, HeaderMap, HeaderValue};
use http::uri::Authority;
use http::{Uri, Version};

/// Where the host that a request is for stands.
#[derive(Debug)]
pub enum Host {
    /// In its `Host` field.
    Field,
    /// In its target (HTTP/2's `:authority`).
    Target(HeaderValue),
    /// Nowhere: HTTP/1.0 may do without.
    Absent,
}

impl Host {
    /// The host of a request: exactly one, well-formed, and the same in target and field.
    ///
    /// # Errors
    /// What is wrong with it, for a 400.
    pub fn of(target: &Uri, version: Version, headers: &HeaderMap) -> Result<Self, &'static str> {
        const WRONG: &str = "the request has no well-formed host";
        let mut fields = headers.get_all(HOST).iter();
        let (field, second) = (fields.next(), fields.next());
        if second.is_some() {
            return Err("the request has several hosts");
        }
        let host = match (field, target.authority()) {
            (Some(field), Some(target))
                if !field.as_bytes().eq_ignore_ascii_case(target.as_str().as_bytes()) =>
            {
                return Err("the request's target and its host differ");
            }
            (Some(field), _) => return if is_host(field.as_bytes()) { Ok(Self::Field) } else { Err(WRONG) },
            (None, Some(target)) => HeaderValue::from_str(target.as_str()).map_err(|_| WRONG)?,
            (None, None) if version < Version::HTTP_11 => return Ok(Self::Absent),
            (None, None) => return Err(WRONG),
        };
        if is_host(host.as_bytes()) { Ok(Self::Target(host)) } else { Err(WRONG) }
    }

    /// The host.
    pub fn value<'h>(&'h self, headers: &'h HeaderMap) -> Option<&'h HeaderValue> {
        match self {
            Self::Field => headers.get(HOST),
            Self::Target(host) => Some(host),
            Self::Absent => None,
        }
    }
}

/// A host with a port or without, nothing else (RFC 9110, section 7.2).
fn is_host(text: &[u8]) -> bool {
    // A colon within brackets belongs to an IPv6 address.
    let colon = text.iter().rposition(|byte| *byte == b':').filter(|_| !text.ends_with(b"]"));
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
