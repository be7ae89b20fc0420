//! How far away a host is, by its name alone.

use std::net::{IpAddr, Ipv6Addr};

/// Who may be on the way to a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nobody: it is this machine.
    Loopback,
    /// Whoever is in a network of somebody's own.
    Private,
    /// Anybody.
    Public,
}

/// Endings of names that no public server has.
const PRIVATE_ENDINGS: [&str; 6] = [".cluster.local", ".home.arpa", ".internal", ".lan", ".local", ".svc"];

impl Reach {
    /// Of a host as URLs have it.
    pub(super) fn of(host: &str) -> Self {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Self::of_address(address);
        }
        let name = bare.trim_end_matches('.').to_ascii_lowercase();
        if name == "localhost" || name.ends_with(".localhost") {
            Self::Loopback
        } else if !name.contains('.') || PRIVATE_ENDINGS.iter().any(|ending| name.ends_with(ending)) {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_address(address: IpAddr) -> Self {
        match address.to_canonical() {
            // Connecting to the unspecified address reaches this machine.
            address if address.is_loopback() || address.is_unspecified() => Self::Loopback,
            IpAddr::V4(address) if address.is_private() || address.is_link_local() => Self::Private,
            IpAddr::V4(address) => match address.octets() {
                // RFC 6598: shared by customers of one provider.
                [100, second, ..] if second & 0xc0 == 64 => Self::Private,
                _ => Self::Public,
            },
            IpAddr::V6(address) if is_local(address) => Self::Private,
            IpAddr::V6(_) => Self::Public,
        }
    }
}

/// Unique local (RFC 4193) and link-local addresses.
fn is_local(address: Ipv6Addr) -> bool {
    address.is_unique_local() || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_as_far_as_its_name_says() {
        for (host, reach) in [
            ("127.0.0.1", Reach::Loopback),
            ("127.9.9.9", Reach::Loopback),
            ("[::1]", Reach::Loopback),
            ("[::ffff:127.0.0.1]", Reach::Loopback),
            ("localhost", Reach::Loopback),
            ("api.localhost", Reach::Loopback),
            ("localhost.example.com", Reach::Public),
            ("10.1.2.3", Reach::Private),
            ("172.31.0.1", Reach::Private),
            ("172.32.0.1", Reach::Public),
            ("192.168.0.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("100.128.0.1", Reach::Public),
            ("[fd00::1]", Reach::Private),
            ("[fe80::1]", Reach::Private),
            ("[2001:db8::1]", Reach::Public),
            ("api", Reach::Private),
            ("api.shop.svc.cluster.local", Reach::Private),
            ("api.internal", Reach::Private),
            ("internal.example.com", Reach::Public),
            ("203.0.113.7", Reach::Public),
        ] {
            assert_eq!(Reach::of(host), reach, "{host}");
        }
    }
}
