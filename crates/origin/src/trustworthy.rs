//! Which origins are potentially trustworthy (Secure Contexts, section 3.1).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::host::HostKind;
use crate::origin::{OriginRef, TupleRef};
use crate::scheme::Scheme;

/// Whether a browser treats pages of `origin` as a secure context: `https`, or
/// loopback under any scheme. Opaque origins are not, and other custom schemes
/// are not either, since only the browser knows.
pub fn is_potentially_trustworthy(origin: &OriginRef<'_>) -> bool {
    origin.tuple().is_some_and(|tuple| tuple.scheme() == Scheme::Https || is_loopback(tuple))
}

/// Whether the host is this machine: `127.0.0.0/8`, `[::1]`, `localhost` and its
/// sub-domains, with or without a trailing dot (RFC 6761 section 6.3).
pub fn is_loopback(tuple: &TupleRef<'_>) -> bool {
    host_is_loopback(tuple.host(), tuple.host_kind())
}

pub(crate) fn host_is_loopback(host: &str, kind: HostKind) -> bool {
    match kind {
        HostKind::Domain => {
            let name = host.strip_suffix('.').unwrap_or(host);
            name == "localhost" || name.ends_with(".localhost")
        }
        HostKind::Ipv4 => host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
        HostKind::Ipv6 => {
            host.trim_matches(['[', ']']).parse::<Ipv6Addr>().is_ok_and(|ip| IpAddr::V6(ip).is_loopback())
        }
    }
}
