//! Sets of keys (RFC 7517): every key is admitted or rejected for itself.

pub(crate) mod cache;
pub(crate) mod confirmation;
pub(crate) mod key;

use std::fmt;
use std::sync::Arc;

use crate::error::refusal::KeyRefusal;
use crate::json::{Json, JsonMistake};
use crate::jwks::key::{Key, KeyRejection, Thumbprint};
use crate::jwt::algorithm::Algorithm;
use crate::text::excerpt;

/// Bytes of a key set. The largest public ones have some 20 KiB, with certificates.
pub const MAX_KEY_SET_BYTES: usize = 256 * 1024;

/// Keys in a set. Issuers have two to twelve.
pub const MAX_KEYS: usize = 100;

/// Which keys are admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRules {
    algorithms: Vec<Algorithm>,
}

impl KeyRules {
    /// Secrets are admitted only where *every* algorithm is symmetric, which
    /// [`crate::Provider::compile`] guards.
    pub(crate) fn new(algorithms: &[Algorithm]) -> Self {
        Self { algorithms: algorithms.to_vec() }
    }

    /// The algorithms, each for keys of its kind.
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// Whether the keys are secrets, which come from a local file and never over a network.
    pub fn are_secret(&self) -> bool {
        self.algorithms.iter().all(|algorithm| algorithm.is_symmetric())
    }
}

/// Keys that verify tokens, at least one.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Arc<Key>>,
    rejected: Vec<RejectedKey>,
}

/// A key of a set that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedKey {
    /// Its place in the list, from 0.
    pub index: usize,
    /// Its `kid`, if it has one.
    pub id: Option<String>,
    /// Why.
    pub reason: KeyRejection,
}

impl fmt::Display for RejectedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "keys[{}], `{}`: {}", self.index, excerpt(id), self.reason),
            None => write!(f, "keys[{}]: {}", self.index, self.reason),
        }
    }
}

/// Why a text is not a set of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySetError {
    /// Not JSON that we read.
    Json(JsonMistake),
    /// No object with a list `keys`.
    NotKeySet,
    /// No key of it can be used.
    NoneUsable(Vec<RejectedKey>),
    /// Over [`MAX_KEY_SET_BYTES`].
    TooLong(usize),
    /// Over [`MAX_KEYS`].
    TooMany(usize),
}

impl fmt::Display for KeySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(mistake) => write!(f, "the key set {mistake}"),
            Self::NotKeySet => f.write_str("not an object with a list `keys`"),
            Self::NoneUsable(rejected) => {
                f.write_str("the key set has no usable key")?;
                rejected.iter().try_for_each(|key| write!(f, "; {key}"))
            }
            Self::TooLong(bytes) => {
                write!(f, "a key set of {bytes} bytes, {MAX_KEY_SET_BYTES} are allowed")
            }
            Self::TooMany(count) => write!(f, "{count} keys, {MAX_KEYS} are allowed"),
        }
    }
}

impl std::error::Error for KeySetError {}

impl KeySet {
    /// Reads a set. A key that is wrong, or not for us, is rejected, and the others stay.
    ///
    /// # Errors
    ///
    /// Where no key can be used: then nothing could be verified.
    pub fn parse(document: &[u8], rules: &KeyRules) -> Result<Self, KeySetError> {
        if document.len() > MAX_KEY_SET_BYTES {
            return Err(KeySetError::TooLong(document.len()));
        }
        let json = Json::parse(document).map_err(KeySetError::Json)?;
        let list =
            json.as_object().and_then(|set| set.get("keys")?.as_list()).ok_or(KeySetError::NotKeySet)?;
        if list.len() > MAX_KEYS {
            return Err(KeySetError::TooMany(list.len()));
        }
        let mixed = is_mixed(list);
        let mut set = Self { keys: Vec::new(), rejected: Vec::new() };
        for (index, value) in list.iter().enumerate() {
            match admit(value, list, mixed, rules) {
                Ok(key) => set.keys.push(Arc::new(key)),
                Err(reason) => {
                    let id = key_id(value).map(str::to_owned);
                    set.rejected.push(RejectedKey { index, id, reason });
                }
            }
        }
        if set.keys.is_empty() { Err(KeySetError::NoneUsable(set.rejected)) } else { Ok(set) }
    }

    /// The keys that verify.
    pub fn keys(&self) -> &[Arc<Key>] {
        &self.keys
    }

    /// The keys that do not, and why.
    pub fn rejected(&self) -> &[RejectedKey] {
        &self.rejected
    }

    /// Whether the very key is among them.
    pub fn contains(&self, key: Thumbprint) -> bool {
        self.keys.iter().any(|own| own.thumbprint() == key)
    }

    /// The key that a token names; or, where it names none, the only one for its algorithm.
    ///
    /// # Errors
    ///
    /// No such key, more than one, or a key that is pinned to another algorithm.
    pub fn select(&self, id: Option<&str>, token: Algorithm) -> Result<&Arc<Key>, KeyRefusal> {
        let Some(id) = id else { return self.only(token) };
        match self.keys.iter().find(|key| key.id() == Some(id)) {
            None => Err(KeyRefusal::Unknown(id.to_owned())),
            Some(key) if key.algorithm() == token => Ok(key),
            Some(key) => Err(KeyRefusal::AlgorithmMismatch { key: key.algorithm(), token }),
        }
    }

    fn only(&self, algorithm: Algorithm) -> Result<&Arc<Key>, KeyRefusal> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithm() == algorithm);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(KeyRefusal::NoneFits(algorithm)),
            (Some(_), Some(_)) => Err(KeyRefusal::Ambiguous(algorithm)),
        }
    }
}

fn admit(value: &Json<'_>, list: &[Json<'_>], mixed: bool, rules: &KeyRules) -> Result<Key, KeyRejection> {
    let own = key_id(value);
    if own.is_some() && list.iter().filter(|other| key_id(other) == own).count() > 1 {
        return Err(KeyRejection::DuplicateId);
    }
    if mixed && member(value, "kty") == Some("oct") {
        return Err(KeyRejection::MixedSet);
    }
    key::admit(value, rules)
}

/// Secrets beside public keys: what somebody publishes by mistake.
fn is_mixed(list: &[Json<'_>]) -> bool {
    let secrets = list.iter().filter(|key| member(key, "kty") == Some("oct")).count();
    secrets != 0 && secrets != list.len()
}

fn key_id<'k>(key: &'k Json<'_>) -> Option<&'k str> {
    member(key, "kid")
}

fn member<'k>(key: &'k Json<'_>, name: &str) -> Option<&'k str> {
    key.as_object()?.get(name)?.as_text()
}
