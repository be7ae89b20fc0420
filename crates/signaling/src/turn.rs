//! Credentials for a TURN server that shares a secret with this one
//! (draft-uberti-behave-turn-rest-00, section 2.2; `use-auth-secret` of coturn).
//!
//! The server that relays knows neither rooms nor people: a user name is the time at which it ends
//! and a keyed hash of the subject. The hash of the credential is SHA-1, since coturn checks no
//! other; HMAC does not rest on what is broken in it.
//!
//! A user name's end keeps nobody from *going on*: coturn lets an allocation be refreshed after it.
//! What ends a relayed connection is that its allocations are deleted ([`Revocation`]).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use corsac_credentials::Timestamp;
use corsac_events::Secret;

use crate::ticket::Access;

/// Addresses that are handed out; browsers warn over five.
const MAX_URLS: usize = 8;

/// Bytes of an address.
const MAX_URL_BYTES: usize = 256;

/// Bytes of the shortest secret: 128 bits.
const LEAST_SECRET_BYTES: usize = 16;

/// Credentials end with the token, and tokens are short.
const MAX_TTL: Duration = Duration::from_secs(600);

/// Bytes of a subject's hash: enough that no two subjects meet.
const ID_BYTES: usize = 15;

/// What the user name says of who uses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TurnIds {
    /// A keyed hash of the subject: the same for all its connections, so that coturn's `user-quota`
    /// counts them, and nothing to whoever lacks the secret.
    #[default]
    Hashed,
    /// The subject itself, which the TURN server then logs.
    DangerouslyPlain,
}

/// A TURN server, as people write it down.
#[derive(Clone, Debug)]
pub struct TurnConfig {
    /// `turn:` and `turns:` addresses, at least one.
    pub urls: Vec<String>,
    /// The secret that the TURN server has too (`static-auth-secret`): at least 16 bytes.
    pub secret: Secret<String>,
    /// For how long credentials are good, at most 10 min and never longer than the token. Whole seconds.
    /// Default: 10 min.
    pub ttl: Duration,
    /// What the TURN server learns of who uses it. Default: a hash.
    pub ids: TurnIds,
}

impl Default for TurnConfig {
    fn default() -> Self {
        Self { urls: Vec::new(), secret: Secret::new(String::new()), ttl: MAX_TTL, ids: TurnIds::default() }
    }
}

/// A mistake in a [`TurnConfig`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TurnMistake {
    /// The secret has so many bytes, and could be guessed.
    SecretShort(usize),
    /// Under 1 s or over 10 min.
    Ttl(Duration),
    /// This address is not one of `turn:` or `turns:`, or too long.
    Url(String),
    /// None, or too many.
    Urls(usize),
}

impl fmt::Display for TurnMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SecretShort(bytes) => {
                write!(f, "`secret` has {bytes} bytes, at least {LEAST_SECRET_BYTES} are needed")
            }
            Self::Ttl(ttl) => {
                write!(f, "`ttl` is {} s, 1 s to {} s are allowed", ttl.as_secs(), MAX_TTL.as_secs())
            }
            Self::Url(url) => write!(f, "`{url}` is no address of a TURN server"),
            Self::Urls(count) => write!(f, "`urls` has {count} addresses, 1 to {MAX_URLS} are allowed"),
        }
    }
}

impl std::error::Error for TurnMistake {}

/// A TURN server that credentials are made for.
#[derive(Clone)]
pub struct TurnServer {
    urls: Vec<String>,
    credentials: hmac::Key,
    ids: Option<hmac::Key>,
    ttl: Duration,
}

impl fmt::Debug for TurnServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TurnServer").field("urls", &self.urls).field("ttl", &self.ttl).finish_non_exhaustive()
    }
}

/// What `welcome` says of a TURN server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Credentials {
    /// Where it is.
    pub urls: Vec<String>,
    /// `<end>:<id>`
    pub username: Arc<str>,
    /// What the TURN server checks.
    pub credential: Secret<String>,
    /// For so many seconds from now they open new allocations: at least 1.
    pub ttl_s: u64,
    /// Until then.
    pub until: Timestamp,
}

/// Whose allocations are to be deleted: of a peer that was removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// As the TURN server knows it.
    pub username: Arc<str>,
    /// Until then the user name opens new allocations: delete again after that, or deny it.
    pub until: Timestamp,
}

impl TurnServer {
    /// The only road to one.
    ///
    /// # Errors
    ///
    /// Every mistake of the configuration.
    pub fn compile(config: &TurnConfig) -> Result<Self, Vec<TurnMistake>> {
        let secret = config.secret.expose().as_bytes();
        let mut mistakes = Vec::new();
        if !(1..=MAX_URLS).contains(&config.urls.len()) {
            mistakes.push(TurnMistake::Urls(config.urls.len()));
        }
        mistakes.extend(config.urls.iter().filter(|url| !is_turn(url)).cloned().map(TurnMistake::Url));
        if secret.len() < LEAST_SECRET_BYTES {
            mistakes.push(TurnMistake::SecretShort(secret.len()));
        }
        if !(1..=MAX_TTL.as_secs()).contains(&config.ttl.as_secs()) || config.ttl > MAX_TTL {
            mistakes.push(TurnMistake::Ttl(config.ttl));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let ids = match config.ids {
            TurnIds::Hashed => Some(id_key(secret)),
            TurnIds::DangerouslyPlain => None,
        };
        let credentials = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
        Ok(Self { urls: config.urls.clone(), credentials, ids, ttl: config.ttl })
    }

    /// Credentials for the holder of a token, which end with it. `None`: it has ended.
    pub fn credentials(&self, access: &Access, now: Timestamp) -> Option<Credentials> {
        let until = now.plus(self.ttl).min(access.exp);
        let ttl_s = until.as_secs().checked_sub(now.as_secs()).filter(|ttl| *ttl > 0)?;
        let username = format!("{}:{}", until.as_secs(), self.id(&access.sub));
        let credential = STANDARD.encode(hmac::sign(&self.credentials, username.as_bytes()));
        Some(Credentials {
            urls: self.urls.clone(),
            username: username.into(),
            credential: Secret::new(credential),
            ttl_s,
            until,
        })
    }

    fn id(&self, sub: &str) -> String {
        let Some(key) = &self.ids else { return sub.to_owned() };
        let hash = hmac::sign(key, sub.as_bytes());
        URL_SAFE_NO_PAD.encode(hash.as_ref().get(..ID_BYTES).unwrap_or_default())
    }
}

impl Credentials {
    /// What to delete when their holder is removed.
    pub fn revocation(&self) -> Revocation {
        Revocation { username: Arc::clone(&self.username), until: self.until }
    }
}

/// A key of its own, so that no id is a credential.
fn id_key(secret: &[u8]) -> hmac::Key {
    let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"corsac 2026-11 id of a TURN user");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref())
}

fn is_turn(url: &str) -> bool {
    let rest = url.strip_prefix("turns:").or_else(|| url.strip_prefix("turn:"));
    let printable = url.bytes().all(|byte| byte.is_ascii_graphic());
    url.len() <= MAX_URL_BYTES && printable && rest.is_some_and(|rest| !rest.is_empty())
}
