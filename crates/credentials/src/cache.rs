//! Tokens that were verified a moment ago.
//!
//! Nothing of a token is kept but a keyed hash of it together with all that decided about
//! it, so an entry answers for the same token under the same rules only.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::FixedState;
use secrecy::{ExposeSecret, SecretBox};

use crate::jwks::KeySet;
use crate::jwks::key::Thumbprint;
use crate::jwt::{Admitted, Provider, Verified};
use crate::principal::Principal;
use crate::time::Timestamp;

/// Verified JWTs. An entry ends with the token's `exp`, and with the key that signed it.
#[derive(Debug)]
pub struct VerifiedCache {
    hash: TokenHash,
    entries: Generations<Entry>,
}

#[derive(Debug)]
struct Entry {
    principal: Arc<Principal>,
    key: Thumbprint,
    /// From when to when it holds; a clock that was set back ends it too.
    since: Timestamp,
    until: Timestamp,
}

impl VerifiedCache {
    /// A cache of up to `capacity` entries, some 500 bytes each. `hash_key` is random, made
    /// at start, and known to nobody.
    pub fn new(capacity: usize, hash_key: [u8; 32]) -> Self {
        Self { hash: TokenHash::new(hash_key), entries: Generations::new(capacity) }
    }

    /// Who presents the token, if it was verified under the same rules, has not expired,
    /// and its key is still among the provider's.
    pub fn get(
        &mut self,
        provider: &Provider,
        token: &str,
        keys: &KeySet,
        now: Timestamp,
    ) -> Option<Arc<Principal>> {
        if token.len() > provider.max_token_bytes() {
            return None;
        }
        let hash = self.hash.of(&provider.fingerprint, token);
        let holds = |entry: &Entry| entry.since <= now && now < entry.until && keys.contains(entry.key);
        let entry = self.entries.get_if(&hash, holds)?;
        Some(Arc::clone(&entry.principal))
    }

    /// Keeps what [`Admitted::verify`] gave for the token.
    pub fn insert(&mut self, token: &Admitted<'_, '_>, verified: &Verified, now: Timestamp) {
        let Some(until) = verified.principal.expires_at() else { return };
        let hash = self.hash.of(&token.provider().fingerprint, token.token());
        let principal = Arc::clone(&verified.principal);
        self.entries.insert(hash, Entry { principal, key: verified.key, since: now, until });
    }

    /// Entries, whether they still hold or not.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// BLAKE3, keyed, of a token and of what decides about it.
pub(crate) struct TokenHash(SecretBox<[u8; 32]>);

impl TokenHash {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(key)))
    }

    pub(crate) fn of(&self, rules: &[u8; 32], token: &str) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(self.0.expose_secret());
        *hasher.update(rules).update(token.as_bytes()).finalize().as_bytes()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// A bounded map of two halves: entries go into the young one; when that is full, it
/// becomes the old one, and what nobody asked for meanwhile is dropped.
///
/// Keys are keyed hashes, which a stranger cannot aim.
#[derive(Debug)]
pub(crate) struct Generations<V> {
    half: usize,
    young: HashMap<[u8; 32], V, FixedState>,
    old: HashMap<[u8; 32], V, FixedState>,
}

impl<V> Generations<V> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { half: capacity / 2, young: HashMap::default(), old: HashMap::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    pub(crate) fn insert(&mut self, hash: [u8; 32], value: V) {
        if self.half == 0 {
            return;
        }
        self.old.remove(&hash);
        if self.young.len() >= self.half && !self.young.contains_key(&hash) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, value);
    }

    /// The entry, if it holds; one that does not is dropped.
    pub(crate) fn get_if(&mut self, hash: &[u8; 32], holds: impl FnOnce(&V) -> bool) -> Option<&V> {
        if let Some(value) = self.old.remove(hash) {
            self.insert(*hash, value);
        }
        if !holds(self.young.get(hash)?) {
            self.young.remove(hash);
        }
        self.young.get(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::Generations;

    fn hash(number: u64) -> [u8; 32] {
        *blake3::hash(&number.to_le_bytes()).as_bytes()
    }

    #[test]
    fn it_never_holds_more_than_its_capacity() {
        let mut map = Generations::new(10);
        for number in 0..1_000 {
            map.insert(hash(number), number);
            assert!(map.len() <= 10, "{}", map.len());
            assert_eq!(map.get_if(&hash(number), |_| true), Some(&number));
        }
        let mut none = Generations::new(1);
        none.insert(hash(1), 1);
        assert_eq!(none.len(), 0);
    }

    #[test]
    fn what_is_asked_for_stays() {
        let mut map = Generations::new(10);
        map.insert(hash(0), 0);
        for number in 1..1_000 {
            map.insert(hash(number), number);
            assert_eq!(map.get_if(&hash(0), |_| true), Some(&0), "after {number}");
        }
        assert_eq!(map.get_if(&hash(1), |_| true), None);
    }

    #[test]
    fn what_no_longer_holds_is_dropped() {
        let mut map = Generations::new(10);
        map.insert(hash(1), 1);
        assert_eq!(map.get_if(&hash(1), |_| false), None);
        assert_eq!(map.get_if(&hash(1), |_| true), None);
        assert_eq!(map.len(), 0);
    }
}
