//! JSON Web Tokens (RFC 7519), under the rules of RFC 8725 and RFC 9068.
//!
//! A token passes three gates, and each sees only what passed the one before: its form
//! and header ([`Provider::admit`]), the signature of one key that was chosen by `kid` and
//! is pinned to one algorithm, then its claims ([`Admitted::verify`]).

pub(crate) mod algorithm;
pub(crate) mod claims;
pub(crate) mod config;
pub(crate) mod header;
pub(crate) mod jws;
pub(crate) mod signature;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Refusal;
use crate::error::mistake::ConfigError;
use crate::error::refusal::ClaimRefusal;
use crate::json::Object;
use crate::jwks::key::{Key, Thumbprint};
use crate::jwks::{KeyRules, KeySet};
use crate::jwt::algorithm::Algorithm;
use crate::jwt::claims::{ClaimRules, Claims};
use crate::jwt::config::ProviderConfig;
use crate::jwt::header::TypeRules;
use crate::jwt::jws::Jws;
use crate::principal::{Method, Principal};
use crate::time::Timestamp;

/// An issuer of JWTs, and the rules for its tokens.
#[derive(Clone, Debug)]
pub struct Provider {
    claims: ClaimRules,
    /// All symmetric or none.
    algorithms: Vec<Algorithm>,
    types: TypeRules,
    max_lifetime: Duration,
    max_token_bytes: usize,
    /// Of the whole configuration: providers that differ in anything share no cache entry.
    pub(crate) fingerprint: [u8; 32],
}

impl Provider {
    /// The only road to a provider.
    ///
    /// # Errors
    ///
    /// Every mistake of the configuration.
    pub fn compile(config: &ProviderConfig) -> Result<Self, ConfigError> {
        config::compile(config)
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.claims.provider
    }

    /// Which keys verify its tokens: of its algorithms, and secrets only if it shares some.
    pub fn key_rules(&self) -> KeyRules {
        KeyRules::new(&self.algorithms)
    }

    /// The first gate: form and header. What is admitted is *not* verified.
    ///
    /// # Errors
    ///
    /// [`crate::ShapeRefusal`], before anything of the payload is read.
    pub fn admit<'t>(&self, token: &'t str) -> Result<Admitted<'_, 't>, Refusal> {
        let jws = Jws::admit(token, self.max_token_bytes, &self.algorithms, |typ| self.types.check(typ))?;
        Ok(Admitted { provider: self, token, jws })
    }

    /// All gates, with keys at hand.
    ///
    /// # Errors
    ///
    /// The first reason why the token is not accepted at `now`.
    pub fn verify(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<Verified, Refusal> {
        let admitted = self.admit(token)?;
        let key = keys.select(admitted.key_id(), admitted.algorithm())?;
        admitted.verify(key, now)
    }

    pub(crate) fn max_token_bytes(&self) -> usize {
        self.max_token_bytes
    }

    fn principal(&self, payload: &[u8], now: Timestamp) -> Result<Principal, ClaimRefusal> {
        let claims = Claims::read(payload)?;
        let claims = claims.as_object();
        self.claims.check_issuer(claims)?;
        self.claims.check_audience(claims)?;
        let expires_at = self.expiry(claims, now)?;
        self.claims.principal(claims, Method::Jwt, Some(expires_at))
    }

    fn expiry(&self, claims: &Object<'_>, now: Timestamp) -> Result<Timestamp, ClaimRefusal> {
        let dates = self.claims.check_dates(claims, now)?;
        let expires_at = dates.expires_at.ok_or_else(|| ClaimRefusal::Missing("exp".into()))?;
        let from = dates.issued_at.unwrap_or(now);
        let seconds = expires_at.as_secs().saturating_sub(from.as_secs());
        let limit = self.max_lifetime.as_secs();
        if seconds > limit { Err(ClaimRefusal::Lifetime { seconds, limit }) } else { Ok(expires_at) }
    }
}

/// A token whose form and header are right, and that is not verified. `Debug` shows
/// nothing of it.
pub struct Admitted<'p, 't> {
    provider: &'p Provider,
    token: &'t str,
    jws: Jws<'t>,
}

impl Admitted<'_, '_> {
    /// The key that the token names. A stranger's text: compare it, do nothing else.
    pub fn key_id(&self) -> Option<&str> {
        self.jws.key_id()
    }

    /// The algorithm that the token names, one of the provider's.
    pub fn algorithm(&self) -> Algorithm {
        self.jws.algorithm()
    }

    /// The second and third gate: the signature, then the claims.
    ///
    /// # Errors
    ///
    /// The first reason why the token is not accepted at `now`.
    pub fn verify(&self, key: &Key, now: Timestamp) -> Result<Verified, Refusal> {
        let payload = self.jws.verify(key)?;
        let principal = self.provider.principal(&payload, now)?;
        Ok(Verified { principal: Arc::new(principal), key: key.thumbprint() })
    }

    pub(crate) fn provider(&self) -> &Provider {
        self.provider
    }

    pub(crate) fn token(&self) -> &str {
        self.token
    }
}

impl fmt::Debug for Admitted<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").field("provider", &self.provider.name()).finish_non_exhaustive()
    }
}

/// A token that passed.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    pub(crate) principal: Arc<Principal>,
    pub(crate) key: Thumbprint,
}

impl Verified {
    /// Who presented it.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// The key that signed it.
    pub fn key(&self) -> Thumbprint {
        self.key
    }
}
