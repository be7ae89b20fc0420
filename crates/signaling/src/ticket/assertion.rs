//! The peer assertion: what other peers see of a peer. They verify it themselves, against keys
//! that they did not get from this server.

use std::sync::Arc;

use corsac_credentials::{ClaimRefusal, Claims, ConfirmationKey, Json, KeySet, Timestamp};

use super::access::media_keys;
use super::denial::{Denial, Part, Reason};
use super::media_keys::MediaKeys;
use super::rules::{ASSERTION, AccessRules, verified};
use crate::code::Code;

/// `aud` of assertions.
const PEERS: &str = "peers";

/// A peer assertion that was verified: the only way to have one is [`Self::verify`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Assertion {
    /// As it was written, for the other peers.
    pub text: Arc<str>,
    /// Who.
    pub sub: String,
    /// `exp`
    pub exp: Timestamp,
    /// The identity key, with which the peer signs.
    pub key: Arc<ConfirmationKey>,
    /// `mky`: the certificates that the peer uses. `None`: any.
    pub media_keys: Option<MediaKeys>,
}

impl Assertion {
    /// Verifies an assertion.
    ///
    /// # Errors
    ///
    /// [`Code::Token`], whatever the reason.
    pub fn verify(text: &str, rules: &AccessRules, keys: &KeySet, now: Timestamp) -> Result<Self, Denial> {
        Self::read(text, rules, keys, now).map_err(|reason| reason.denies(Part::Assertion, Code::Token))
    }

    fn read(text: &str, rules: &AccessRules, keys: &KeySet, now: Timestamp) -> Result<Self, Reason> {
        let payload = verified(text, &ASSERTION, keys)?;
        let claims = Claims::read(&payload)?;
        let dates = rules.check(&claims, PEERS, now)?;
        let jwk = claims.required("cnf")?.as_object().and_then(|cnf| cnf.get("jwk")).unwrap_or(&Json::Null);
        Ok(Self {
            text: text.into(),
            sub: claims.name("sub")?.to_owned(),
            exp: dates.expires_at.ok_or_else(|| ClaimRefusal::Missing("exp".into()))?,
            key: Arc::new(ConfirmationKey::read(jwk)?),
            media_keys: media_keys(&claims)?,
        })
    }
}
