//! What is counted: who a request counts for.
//!
//! A key is a hash under a seed that nobody outside the process knows, so that nobody
//! can choose two keys that meet, or one that meets a victim's. At a million keys the
//! chance that any two meet is about 1 in 37 million; they share a bucket then.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::IpAddr;
use std::str::FromStr;

use siphasher::sip::SipHasher13;

/// A part of what is counted. Several together count each combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPart {
    /// The client's address: IPv4 whole, IPv6 by /64, which is what one host can fill at
    /// will. An IPv4 address inside an IPv6 one is the IPv4 address.
    Address,
    /// The API key by its id.
    ApiKey,
    /// The `Origin` field. Any client but a browser chooses it.
    Origin,
    /// The principal: a user or a service.
    Principal,
    /// The route. Alone it counts all clients of a route together.
    Route,
}

impl KeyPart {
    /// All parts.
    pub const ALL: [Self; 5] = [Self::Address, Self::ApiKey, Self::Origin, Self::Principal, Self::Route];

    /// Whether it is known only once somebody is authenticated.
    pub fn is_of_caller(self) -> bool {
        matches!(self, Self::ApiKey | Self::Principal)
    }

    /// As it is written in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::ApiKey => "api-key",
            Self::Origin => "origin",
            Self::Principal => "principal",
            Self::Route => "route",
        }
    }
}

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for KeyPart {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|part| part.name() == name).ok_or(())
    }
}

/// Who a request counts for, as far as it is known where the limit stands.
///
/// What is not known does not pass uncounted: a request without API key, principal or
/// origin counts for its address instead, and all without an address count as one.
#[derive(Clone, Copy, Default)]
pub struct Subject<'s> {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The id of a *verified* API key. Keys that nobody verified are text that a client
    /// makes up: count those by address.
    pub api_key: Option<&'s str>,
    /// The `Origin` field.
    pub origin: Option<&'s [u8]>,
    /// The verified principal, with its provider in front if there are several.
    pub principal: Option<&'s str>,
}

impl fmt::Debug for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}

/// The secret of a process's keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 16]);

impl Seed {
    /// A seed from the system's randomness.
    pub fn random() -> Self {
        let random = RandomState::new();
        let halves = [random.hash_one(0_u8), random.hash_one(1_u8)].map(u64::to_le_bytes);
        let mut seed = [0; 16];
        for (to, from) in seed.iter_mut().zip(halves.as_flattened()) {
            *to = *from;
        }
        Self(seed)
    }

    /// A given seed: a secret of several processes that share a store and so must name
    /// keys alike, or a known one for tests.
    pub const fn fixed(seed: [u8; 16]) -> Self {
        Self(seed)
    }

    fn hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_key(&self.0)
    }

    /// A number in `0..count` for a class of keys.
    pub(super) fn lane(&self, class: Class, count: usize) -> usize {
        let mut hasher = self.hasher();
        hasher.write_u8(0xff);
        hasher.write_u64(class.0);
        let count = u64::try_from(count).unwrap_or(1).max(1);
        usize::try_from(hasher.finish() % count).unwrap_or(0)
    }

    /// The key of `subject` on `route`.
    pub(super) fn key(&self, parts: &[KeyPart], subject: &Subject<'_>, route: &str) -> Key {
        let mut hasher = self.hasher();
        let network = subject.address.map(Network::of);
        for part in parts {
            let text = match part {
                KeyPart::Address => None,
                KeyPart::ApiKey => subject.api_key.map(str::as_bytes),
                KeyPart::Origin => subject.origin,
                KeyPart::Principal => subject.principal.map(str::as_bytes),
                KeyPart::Route => Some(route.as_bytes()),
            };
            // A tag and a length: no two lists of parts read the same.
            if let Some(text) = text {
                hasher.write_u8(*part as u8);
                hasher.write_u64(text.len() as u64);
                hasher.write(text);
            } else {
                let (tag, number) = network.map_or((0x20, 0), |it| (it.tag(), it.number));
                hasher.write_u8(tag);
                hasher.write_u64(number);
            }
        }
        Key { hash: hasher.finish(), class: Class(network.map_or(0, Network::class)) }
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed([redacted])")
    }
}

/// The name of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) hash: u64,
    pub(super) class: Class,
}

/// Keys that share a bucket where there is no room: those of one large network, /16 of
/// IPv4 and /32 of IPv6, whatever is counted. Whoever makes up keys has few of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(u64);

#[derive(Clone, Copy)]
struct Network {
    is_v6: bool,
    number: u64,
}

impl Network {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self { is_v6: false, number: address.to_bits().into() },
            IpAddr::V6(address) => {
                let number = u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX);
                Self { is_v6: true, number }
            }
        }
    }

    fn tag(self) -> u8 {
        if self.is_v6 { 0x16 } else { 0x14 }
    }

    /// Never 0, which is the class of requests without an address.
    fn class(self) -> u64 {
        if self.is_v6 { (self.number >> 32) | (2 << 32) } else { (self.number >> 16) | (1 << 32) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = Seed::fixed([7; 16]);

    fn from(address: &str) -> Subject<'static> {
        Subject { address: Some(address.parse().unwrap()), ..Subject::default() }
    }

    fn by_address(address: &str) -> Key {
        SEED.key(&[KeyPart::Address], &from(address), "/")
    }

    #[test]
    fn an_address_counts_as_what_one_host_has() {
        let same = |a, b| by_address(a).hash == by_address(b).hash;
        assert!(!same("192.0.2.1", "192.0.2.2"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert!(!same("2001:db8:1:2::1", "2001:db8:1:3::1"));
        assert!(!same("0.0.0.1", "0:0:0:1::"));
    }

    #[test]
    fn a_class_is_a_large_network() {
        let same = |a, b| by_address(a).class == by_address(b).class;
        assert!(same("192.0.2.1", "192.0.200.2"));
        assert!(!same("192.0.2.1", "192.1.2.1"));
        assert!(same("2001:db8::", "2001:db8:ffff::"));
        assert!(!same("2001:db8::", "2001:db9::"));
        assert!(!same("0.1.0.0", "0:1::"));
    }

    #[test]
    fn no_combination_reads_as_another() {
        let subject = |api_key, principal| Subject { api_key, principal, ..from("192.0.2.1") };
        let both = [KeyPart::ApiKey, KeyPart::Principal];
        let hash = |parts: &[KeyPart], subject: &Subject<'_>, route| SEED.key(parts, subject, route).hash;
        let hashes = [
            hash(&both, &subject(Some("ab"), Some("c")), "/"),
            hash(&both, &subject(Some("a"), Some("bc")), "/"),
            hash(&both, &subject(Some("abc"), None), "/"),
            hash(&both, &subject(None, Some("abc")), "/"),
            hash(&[KeyPart::Principal], &subject(None, Some("/")), "/"),
            hash(&[KeyPart::Route], &subject(None, Some("/")), "/"),
            hash(&[KeyPart::Address], &subject(None, None), "/"),
            hash(&[KeyPart::Address, KeyPart::Route], &subject(None, None), "/"),
            hash(&[KeyPart::Address, KeyPart::Route], &subject(None, None), "/a"),
            hash(&[KeyPart::Address], &Subject::default(), "/"),
        ];
        let distinct: std::collections::HashSet<u64> = hashes.into_iter().collect();
        assert_eq!(distinct.len(), hashes.len());
    }

    #[test]
    fn who_is_not_known_counts_for_the_address() {
        let key = |part| SEED.key(&[part], &from("192.0.2.1"), "/").hash;
        assert_eq!(key(KeyPart::Principal), key(KeyPart::Address));
        assert_eq!(key(KeyPart::ApiKey), key(KeyPart::Address));
        assert_ne!(key(KeyPart::Route), key(KeyPart::Address));
    }

    #[test]
    fn seeds_differ_and_nothing_prints_them() {
        let key = |seed: Seed| seed.key(&[KeyPart::Address], &from("192.0.2.1"), "/").hash;
        assert_ne!(key(Seed::random()), key(Seed::random()));
        assert_eq!(format!("{:?}", Seed::random()), "Seed([redacted])");
        let subject = Subject { principal: Some("alice"), ..from("192.0.2.1") };
        assert_eq!(format!("{subject:?}"), "Subject { .. }");
    }
}
