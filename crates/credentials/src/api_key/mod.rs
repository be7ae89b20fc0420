//! API keys: 256 random bits each, of which only keyed hashes are stored.
//!
//! A fast hash is right for them: what is random needs no slow one, which would be a way to
//! keep the gateway busy. Rotation is two entries with one subject, whose times overlap.

pub(crate) mod form;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretBox;
use subtle::ConstantTimeEq;

use crate::api_key::form::{NewApiKey, Parts, is_id, is_prefix};
use crate::error::Refusal;
use crate::error::mistake::{ConfigError, MistakeKind, Mistakes};
use crate::error::refusal::ApiKeyRefusal;
use crate::principal::{Method, Names, Principal};
use crate::text::from_hex;
use crate::time::Timestamp;

/// Bytes of the key under which API keys are hashed.
pub const HASH_KEY_BYTES: usize = 32;

/// Entries of one file.
const MAX_ENTRIES: usize = 100_000;

/// API keys and the key under which they are hashed. `Debug` shows neither key nor hash.
pub struct ApiKeysConfig {
    /// Their name in logs and in [`Principal::provider`].
    pub name: String,
    /// What each of them begins with: 2 to 16 lower-case letters and digits, a letter first.
    pub prefix: String,
    /// Under which they are hashed. Kept apart from the entries: who has only these cannot
    /// even test a guess.
    pub hash_key: SecretBox<[u8; HASH_KEY_BYTES]>,
    /// The keys.
    pub keys: Vec<ApiKeyEntry>,
}

/// One API key as it is stored. `Debug` does not show the hash.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ApiKeyEntry {
    /// 16 lower-case hexadecimal digits, in clear in the key.
    pub id: String,
    /// [`NewApiKey::hash`]: 64 lower-case hexadecimal digits.
    pub hash: String,
    /// Who presents it.
    pub subject: String,
    /// What the holder is.
    pub roles: Vec<String>,
    /// What the holder may.
    pub scopes: Vec<String>,
    /// From when on it is accepted.
    pub not_before: Option<Timestamp>,
    /// From when on it is no longer.
    pub expires_at: Option<Timestamp>,
    /// Kept to be told from an unknown one in the log.
    pub revoked: bool,
}

impl ApiKeyEntry {
    /// The entry of a new key with the same holder and rights; this one ends after
    /// `overlap`, or before if it would have.
    #[must_use]
    pub fn rotate(&mut self, new: &NewApiKey, now: Timestamp, overlap: Duration) -> Self {
        let end = now.plus(overlap);
        let successor =
            Self { id: new.id().to_owned(), hash: new.hash().to_owned(), not_before: None, ..self.clone() };
        self.expires_at = Some(self.expires_at.map_or(end, |own| own.min(end)));
        successor
    }
}

impl fmt::Debug for ApiKeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyEntry")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("roles", &self.roles)
            .field("scopes", &self.scopes)
            .field("not_before", &self.not_before)
            .field("expires_at", &self.expires_at)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiKeysConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeysConfig")
            .field("name", &self.name)
            .field("prefix", &self.prefix)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// API keys, ready to recognize their holders.
pub struct ApiKeys {
    prefix: String,
    hash_key: SecretBox<[u8; HASH_KEY_BYTES]>,
    /// Sorted by id.
    keys: Vec<StoredKey>,
}

struct StoredKey {
    id: String,
    hash: [u8; 32],
    not_before: Option<Timestamp>,
    revoked: bool,
    principal: Arc<Principal>,
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("ApiKeys").field("prefix", &self.prefix).field("keys", &ids).finish_non_exhaustive()
    }
}

impl ApiKeys {
    /// The only road to keys.
    ///
    /// # Errors
    ///
    /// Every mistake of the configuration.
    pub fn compile(config: ApiKeysConfig) -> Result<Self, ConfigError> {
        let mut mistakes = Mistakes::default();
        mistakes.text("name", &config.name);
        if !is_prefix(&config.prefix) {
            let expected = "2 to 16 lower-case letters and digits, a letter first";
            mistakes.report("prefix", MistakeKind::Malformed { value: config.prefix.clone(), expected });
        }
        if config.keys.len() > MAX_ENTRIES {
            mistakes.report("keys", MistakeKind::TooMany(MAX_ENTRIES));
        }
        let provider: Arc<str> = config.name.as_str().into();
        let entries = config.keys.iter().take(MAX_ENTRIES).enumerate();
        let mut keys: Vec<(usize, StoredKey)> = entries
            .filter_map(|(index, entry)| Some((index, stored(index, entry, &provider, &mut mistakes)?)))
            .collect();
        keys.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
        for pair in keys.windows(2) {
            if let [(_, first), (index, second)] = pair
                && first.id == second.id
            {
                mistakes.report(format!("keys[{index}].id"), MistakeKind::Repeated(second.id.clone()));
            }
        }
        mistakes.finish()?;
        let keys = keys.into_iter().map(|(_, key)| key).collect();
        Ok(Self { prefix: config.prefix, hash_key: config.hash_key, keys })
    }

    /// Who presents the key. An unknown id takes the same steps as a wrong secret, and the
    /// caller is told the same of both.
    ///
    /// # Errors
    ///
    /// [`ApiKeyRefusal`].
    pub fn verify(&self, text: &str, now: Timestamp) -> Result<Arc<Principal>, Refusal> {
        /// No key has this hash: nobody knows a text for it.
        const NOBODY: [u8; 32] = [0; 32];
        let parts = Parts::read(text)?;
        if parts.prefix != self.prefix {
            return Err(ApiKeyRefusal::Prefix.into());
        }
        let found = self.keys.binary_search_by(|key| key.id.as_str().cmp(parts.id));
        let key = found.ok().and_then(|index| self.keys.get(index));
        let hash = form::hash(parts.hashed, &self.hash_key);
        let same: bool = key.map_or(&NOBODY, |key| &key.hash).ct_eq(&hash).into();
        let id = || parts.id.to_owned();
        match key {
            None => Err(ApiKeyRefusal::Unknown(id()).into()),
            Some(_) if !same => Err(ApiKeyRefusal::Secret(id()).into()),
            Some(key) => key.holder(now).map_err(Refusal::from),
        }
    }
}

impl StoredKey {
    fn holder(&self, now: Timestamp) -> Result<Arc<Principal>, ApiKeyRefusal> {
        let id = || self.id.clone();
        if self.revoked {
            return Err(ApiKeyRefusal::Revoked(id()));
        }
        if let Some(at) = self.principal.expires_at().filter(|at| *at <= now) {
            return Err(ApiKeyRefusal::Expired { id: id(), at });
        }
        if let Some(from) = self.not_before.filter(|from| *from > now) {
            return Err(ApiKeyRefusal::NotYetValid { id: id(), from });
        }
        Ok(Arc::clone(&self.principal))
    }
}

fn stored(
    index: usize,
    entry: &ApiKeyEntry,
    provider: &Arc<str>,
    mistakes: &mut Mistakes,
) -> Option<StoredKey> {
    let field = |name: &str| format!("keys[{index}].{name}");
    if !is_id(&entry.id) {
        let expected = "16 lower-case hexadecimal digits";
        mistakes.report(field("id"), MistakeKind::Malformed { value: entry.id.clone(), expected });
    }
    let hash = from_hex(&entry.hash);
    if hash.is_none() {
        mistakes.report(field("hash"), MistakeKind::MalformedHash);
    }
    mistakes.text(&field("subject"), &entry.subject);
    mistakes.texts(&field("roles"), &entry.roles);
    mistakes.texts(&field("scopes"), &entry.scopes);
    if entry.not_before.zip(entry.expires_at).is_some_and(|(from, end)| end <= from) {
        mistakes.report(field("expires_at"), MistakeKind::EndBeforeBeginning);
    }
    let principal = Principal {
        subject: entry.subject.clone(),
        provider: Arc::clone(provider),
        issuer: None,
        roles: Names::new(entry.roles.clone()),
        scopes: Names::new(entry.scopes.clone()),
        method: Method::ApiKey,
        expires_at: entry.expires_at,
        claims: Vec::new(),
    };
    Some(StoredKey {
        id: entry.id.clone(),
        hash: hash?,
        not_before: entry.not_before,
        revoked: entry.revoked,
        principal: Arc::new(principal),
    })
}
