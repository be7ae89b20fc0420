//! Which tokens are accepted, and its way from what people write.

use std::fmt;
use std::time::Duration;

use corsac_credentials::{Algorithm, Claims, JwsRules, KeyRules, KeySet, MAX_LEEWAY};
use corsac_credentials::{ClaimRefusal, Dates, Jws, Timestamp};

use super::denial::Reason;

/// What issuers sign with.
const ISSUERS: &[Algorithm] = &[Algorithm::EdDsa, Algorithm::Es256];

/// What peers sign with.
const PEERS: &[Algorithm] = &[Algorithm::Es256];

/// Of a token. Sixteen fingerprints have some 3 KiB.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// An access token.
pub(super) const ACCESS: JwsRules =
    JwsRules { typ: "corsac-access+jwt", algorithms: ISSUERS, max_bytes: MAX_TOKEN_BYTES };

/// A peer assertion. All peers of a room get it, so it is smaller.
pub(super) const ASSERTION: JwsRules =
    JwsRules { typ: "corsac-peer+jwt", algorithms: ISSUERS, max_bytes: MAX_TOKEN_BYTES / 2 };

/// A proof of possession.
pub(super) const POSSESSION: JwsRules =
    JwsRules { typ: "corsac-pop+jwt", algorithms: PEERS, max_bytes: 2 * 1024 };

/// A consent.
pub(crate) const CONSENT: JwsRules =
    JwsRules { typ: "corsac-consent+jwt", algorithms: PEERS, max_bytes: 4 * 1024 };

/// What a peer signed for this server is no older.
const MAX_AGE: u64 = 60;

/// What clocks may be apart, where nobody says otherwise.
pub(crate) const LEEWAY: Duration = Duration::from_secs(30);

/// Whose access tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessConfig {
    /// `aud` of access tokens, and of proofs of possession.
    pub audience: String,
    /// `iss` of access tokens and assertions, byte by byte. Default: none, `iss` is ignored and the
    /// key set alone says who issues.
    pub issuer: Option<String>,
    /// What clocks may be apart, for `iat` and `nbf`: at most [`MAX_LEEWAY`]. `exp` has none.
    /// Default: 30 s.
    pub leeway: Duration,
}

impl Default for AccessConfig {
    fn default() -> Self {
        Self { audience: String::new(), issuer: None, leeway: LEEWAY }
    }
}

/// A mistake in an [`AccessConfig`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccessMistake {
    /// No audience: tokens for anybody would be for us.
    AudienceEmpty,
    /// An issuer without a name.
    IssuerEmpty,
    /// A leeway over [`MAX_LEEWAY`].
    Leeway(Duration),
}

impl fmt::Display for AccessMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AudienceEmpty => f.write_str("`audience` is empty"),
            Self::IssuerEmpty => f.write_str("`issuer` is empty"),
            Self::Leeway(leeway) => {
                write!(f, "`leeway` is {} s, {} s are allowed", leeway.as_secs(), MAX_LEEWAY.as_secs())
            }
        }
    }
}

impl std::error::Error for AccessMistake {}

/// Which tokens are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessRules {
    audience: String,
    issuer: Option<String>,
    leeway: Duration,
}

impl AccessRules {
    /// The only road to rules.
    ///
    /// # Errors
    ///
    /// Every mistake of the configuration.
    pub fn compile(config: &AccessConfig) -> Result<Self, Vec<AccessMistake>> {
        let mistakes = [
            config.audience.is_empty().then_some(AccessMistake::AudienceEmpty),
            config.issuer.as_ref().is_some_and(String::is_empty).then_some(AccessMistake::IssuerEmpty),
            (config.leeway > MAX_LEEWAY).then_some(AccessMistake::Leeway(config.leeway)),
        ];
        let mistakes: Vec<_> = mistakes.into_iter().flatten().collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let AccessConfig { audience, issuer, leeway } = config.clone();
        Ok(Self { audience, issuer, leeway })
    }

    /// Which keys of the issuer's set are admitted: ES256 and `EdDSA`.
    pub fn key_rules() -> KeyRules {
        ACCESS.key_rules()
    }

    /// `aud` of access tokens and of proofs of possession.
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The claims that both kinds of tokens have.
    pub(super) fn check(
        &self,
        claims: &Claims<'_>,
        audience: &str,
        now: Timestamp,
    ) -> Result<Dates, ClaimRefusal> {
        if let Some(issuer) = &self.issuer {
            claims.check_issuer(issuer)?;
        }
        claims.check_audience(audience)?;
        claims.check_dates(self.leeway, now)
    }

    /// What clocks may be apart.
    pub(super) fn leeway(&self) -> Duration {
        self.leeway
    }
}

/// The `iat` of what a peer signed a moment ago.
pub(crate) fn check_age(claims: &Claims<'_>, leeway: Duration, now: Timestamp) -> Result<Timestamp, Reason> {
    let dates = claims.check_dates(leeway, now)?;
    let issued_at = dates.issued_at.ok_or_else(|| ClaimRefusal::Missing("iat".into()))?;
    let age = now.as_secs().saturating_sub(issued_at.as_secs());
    if age > MAX_AGE { Err(Reason::Old(age)) } else { Ok(issued_at) }
}

/// The payload of a token that one of the issuer's keys signed.
pub(super) fn verified(token: &str, rules: &JwsRules, keys: &KeySet) -> Result<Vec<u8>, Reason> {
    let jws = Jws::read(token, rules)?;
    let key = keys.select(jws.key_id(), jws.algorithm())?;
    Ok(jws.verify(key)?)
}
