//! Which ICE candidates may pass (the claim `ice` of an access token).

use std::fmt;

/// Which candidates a peer lets others see, and wants to see. The later, the stricter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcePolicy {
    /// All of them.
    #[default]
    All,
    /// None with a private address.
    NoPrivate,
    /// Relays alone.
    Relay,
}

impl IcePolicy {
    /// The policy of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::All, Self::NoPrivate, Self::Relay].into_iter().find(|policy| policy.as_str() == name)
    }

    /// Its name in tokens and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NoPrivate => "no-private",
            Self::Relay => "relay",
        }
    }

    /// The one of the two that lets less pass.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        self.max(other)
    }
}

impl fmt::Display for IcePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::IcePolicy::{self, All, NoPrivate, Relay};

    #[test]
    fn the_stricter_of_two_policies_holds() {
        for (one, other, both) in [(All, All, All), (All, NoPrivate, NoPrivate), (NoPrivate, Relay, Relay)] {
            assert_eq!((one.stricter(other), other.stricter(one)), (both, both));
        }
        for policy in [All, NoPrivate, Relay] {
            assert_eq!(IcePolicy::parse(policy.as_str()), Some(policy));
        }
        assert_eq!(IcePolicy::parse("Relay"), None);
    }
}
