//! Redaction by type: what may not be kept cannot be printed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use siphasher::sip128::SipHasher24;

/// A value that may be secret: a token, a key, a cookie. It has no `Serialize`, and
/// `Debug` and `Display` print `[redacted]`, whatever it holds.
///
/// ```
/// use corsac_events::Secret;
/// let token = Secret::new("eyJhbGciOi…");
/// assert_eq!(format!("{token} {token:?} {token:>12} {token:#?}"), ["[redacted]"; 4].join(" "));
/// assert_eq!(token.expose().len(), 13);
/// ```
///
/// ```compile_fail
/// # use corsac_events::Secret;
/// serde_json::to_string(&Secret::new("hunter2")); // `Serialize` is not implemented
/// ```
#[derive(Clone, Copy)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself: for comparing and sending, never for a log.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// How much of a client's address is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddressDetail {
    /// All of it.
    #[default]
    Full,
    /// The network: /24 of IPv4, /64 of IPv6.
    Network,
    /// Nothing.
    None,
}

/// A client's address, as much of it as may be kept. The rest is gone when it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Address(Option<(IpAddr, Option<u8>)>);

impl Address {
    /// Keeps `detail` of `address`. An IPv4 address inside an IPv6 one is the IPv4
    /// address.
    ///
    /// ```
    /// use corsac_events::{Address, AddressDetail};
    /// let shown = |address: &str, detail| Address::of(address.parse().unwrap(), detail).to_string();
    /// assert_eq!(shown("203.0.113.7", AddressDetail::Full), "203.0.113.7");
    /// assert_eq!(shown("203.0.113.7", AddressDetail::Network), "203.0.113.0/24");
    /// assert_eq!(shown("2001:db8:1:2:3:4:5:6", AddressDetail::Network), "2001:db8:1:2::/64");
    /// assert_eq!(shown("::ffff:203.0.113.7", AddressDetail::Network), "203.0.113.0/24");
    /// assert_eq!(shown("203.0.113.7", AddressDetail::None), "");
    /// ```
    pub fn of(address: IpAddr, detail: AddressDetail) -> Self {
        let address = address.to_canonical();
        match (detail, address) {
            (AddressDetail::None, _) => Self(None),
            (AddressDetail::Full, _) => Self(Some((address, None))),
            (AddressDetail::Network, IpAddr::V4(address)) => {
                let network = Ipv4Addr::from_bits(address.to_bits() & !0xff);
                Self(Some((network.into(), Some(24))))
            }
            (AddressDetail::Network, IpAddr::V6(address)) => {
                let network = Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX));
                Self(Some((network.into(), Some(64))))
            }
        }
    }

    /// Whether nothing is kept.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => Ok(()),
            Some((address, None)) => write!(f, "{address}"),
            Some((address, Some(length))) => write!(f, "{address}/{length}"),
        }
    }
}

/// The key under which subjects become ids. With a key of the operator's, ids are the
/// same after a restart; whoever has the key can try subjects.
#[derive(Clone)]
pub struct IdentityKey(Secret<[u8; 16]>);

impl IdentityKey {
    /// 128 bits that nobody else knows.
    pub const fn new(key: [u8; 16]) -> Self {
        Self(Secret::new(key))
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityKey([redacted])")
    }
}

/// Who asked: an opaque id by default, the subject itself by choice.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PrincipalId(Id);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Id {
    Hash(u128),
    Subject(crate::Text),
}

impl PrincipalId {
    /// The keyed hash (SipHash-2-4, 128 bits) of a subject under its provider: the same
    /// subject has the same id, and without the key it cannot be found by trying.
    pub fn hashed(key: &IdentityKey, provider: &str, subject: &str) -> Self {
        let mut bytes = Vec::with_capacity(8 + provider.len() + subject.len());
        bytes.extend_from_slice(&provider.len().to_le_bytes());
        bytes.extend_from_slice(provider.as_bytes());
        bytes.extend_from_slice(subject.as_bytes());
        Self(Id::Hash(SipHasher24::new_with_key(key.0.expose()).hash(&bytes).as_u128()))
    }

    /// The subject as it is, for operators whose log may name people.
    pub fn subject(subject: &str) -> Self {
        Self(Id::Subject(crate::Text::new(subject)))
    }
}

impl fmt::Display for PrincipalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Id::Hash(hash) => write!(f, "{hash:032x}"),
            Id::Subject(subject) => f.write_str(subject.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principals_id_depends_on_key_provider_and_subject() {
        let key = IdentityKey::new([7; 16]);
        let id = |key: &IdentityKey, provider, subject| PrincipalId::hashed(key, provider, subject);
        let alice = id(&key, "idp", "alice");
        assert_eq!(alice, id(&key, "idp", "alice"));
        assert_eq!(alice.to_string().len(), 32);
        for other in [
            id(&key, "idp", "bob"),
            id(&key, "idpa", "lice"),
            id(&IdentityKey::new([8; 16]), "idp", "alice"),
            PrincipalId::subject("alice"),
        ] {
            assert_ne!(alice, other);
        }
        assert_eq!(PrincipalId::subject("alice").to_string(), "alice");
    }

    #[test]
    fn nothing_prints_a_secret() {
        let key = IdentityKey::new(*b"hunter2hunter2hu");
        let secret = Secret::new(vec!["hunter2".to_owned()]);
        for shown in [format!("{key:?}"), format!("{secret}"), format!("{secret:?}"), format!("{secret:#?}")]
        {
            assert!(!shown.contains("hunter2") && !shown.contains("104"), "{shown}");
            assert!(shown.contains("[redacted]"));
        }
    }
}
