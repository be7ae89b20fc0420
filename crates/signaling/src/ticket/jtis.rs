//! Each access token is used once.

use std::collections::BTreeMap;

use corsac_credentials::Timestamp;

use super::access::Access;
use super::denial::{Denial, Part, Reason};
use crate::code::Code;
use crate::digest::Digest;

/// Tokens that are remembered. With the longest tokens that is 218 joins a second all the time,
/// and some 10 MiB.
pub const MAX_JTIS: usize = 1 << 17;

/// Which tokens were used, each until it expires. When it is full of tokens that are still valid,
/// nobody comes in: a token that could not be remembered could be used again.
#[derive(Clone, Debug)]
pub struct Jtis {
    // Hashes: a `jti` may have 256 bytes, and is chosen by others.
    spent: BTreeMap<Digest, Timestamp>,
    capacity: usize,
    /// Nothing in `spent` ends earlier.
    earliest: Timestamp,
}

impl Default for Jtis {
    fn default() -> Self {
        Self::with_capacity(MAX_JTIS)
    }
}

impl Jtis {
    /// Remembers at most `capacity` tokens.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { spent: BTreeMap::new(), capacity, earliest: Timestamp::from_secs(u64::MAX) }
    }

    /// Uses up a token: call it once for every token that lets somebody in, before it does.
    ///
    /// # Errors
    ///
    /// [`Code::JtiReplay`]: it was used before, or cannot be remembered.
    pub fn spend(&mut self, access: &Access, now: Timestamp) -> Result<(), Denial> {
        self.insert(&access.jti, access.exp, now)
            .map_err(|reason| reason.denies(Part::Access, Code::JtiReplay))
    }

    /// How many are remembered; some may have expired.
    pub fn len(&self) -> usize {
        self.spent.len()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.spent.is_empty()
    }

    fn insert(&mut self, jti: &str, until: Timestamp, now: Timestamp) -> Result<(), Reason> {
        let jti = Digest::of(jti.as_bytes());
        if self.spent.get(&jti).is_some_and(|until| *until > now) {
            return Err(Reason::Spent);
        }
        if self.spent.len() >= self.capacity && !self.spent.contains_key(&jti) {
            self.forget_expired(now);
            if self.spent.len() >= self.capacity {
                return Err(Reason::Full);
            }
        }
        self.spent.insert(jti, until);
        self.earliest = self.earliest.min(until);
        Ok(())
    }

    /// Looks at all of them at most once a second: afterwards `earliest` is later than `now`.
    fn forget_expired(&mut self, now: Timestamp) {
        if self.earliest > now {
            return;
        }
        self.spent.retain(|_, until| *until > now);
        self.earliest = self.spent.values().copied().min().unwrap_or(Timestamp::from_secs(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::{Jtis, Reason, Timestamp};

    const fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    #[test]
    fn a_token_is_used_once_until_it_expires() {
        let mut jtis = Jtis::default();
        assert_eq!(jtis.insert("a", at(10), at(0)), Ok(()));
        assert_eq!(jtis.insert("a", at(10), at(9)), Err(Reason::Spent));
        // A longer life does not make it another token.
        assert_eq!(jtis.insert("a", at(99), at(9)), Err(Reason::Spent));
        assert_eq!(jtis.insert("b", at(10), at(9)), Ok(()));
        assert_eq!(jtis.insert("a", at(20), at(10)), Ok(()));
        assert_eq!(jtis.insert("a", at(20), at(19)), Err(Reason::Spent));
    }

    #[test]
    fn memory_is_bounded_and_nobody_comes_in_when_it_is_full() {
        let mut jtis = Jtis::with_capacity(3);
        for (index, jti) in ["a", "b", "c"].into_iter().enumerate() {
            assert_eq!(jtis.insert(jti, at(10 + index as u64), at(0)), Ok(()));
        }
        assert_eq!(jtis.insert("d", at(20), at(9)), Err(Reason::Full));
        assert_eq!(jtis.insert("a", at(20), at(9)), Err(Reason::Spent));
        assert_eq!(jtis.len(), 3);
        // One has expired, and makes room for one.
        assert_eq!(jtis.insert("d", at(20), at(10)), Ok(()));
        assert_eq!(jtis.insert("e", at(20), at(10)), Err(Reason::Full));
        assert_eq!(jtis.insert("b", at(20), at(10)), Err(Reason::Spent));
        assert_eq!(jtis.insert("e", at(20), at(11)), Ok(()));
        assert_eq!(jtis.len(), 3);
    }

    #[test]
    fn a_clock_that_was_set_back_frees_nothing() {
        let mut jtis = Jtis::default();
        assert_eq!(jtis.insert("a", at(10), at(5)), Ok(()));
        assert_eq!(jtis.insert("a", at(10), at(1)), Err(Reason::Spent));
    }
}
