//! The access token: who may do what, in which room, until when.

use corsac_credentials::{ClaimRefusal, Claims, Json, JwkThumbprint, KeySet, Timestamp};

use super::denial::{Denial, Part, Reason};
use super::media_keys::MediaKeys;
use super::rules::{ACCESS, AccessRules, verified};
use crate::candidate::IcePolicy;
use crate::code::Code;
use crate::digest::Digest;
use crate::grants::{Grants, Kind, Kinds};

/// From `iat` to `exp`, in seconds. A token cannot be called back, so it is short.
const MAX_LIFETIME: u64 = 600;

/// An access token that was verified: the only way to have one is [`Self::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// Who: at most 256 bytes, no control character; so are `jti` and `room`.
    pub sub: String,
    /// The token's id, for [`crate::Jtis`].
    pub jti: String,
    /// The one room that it opens.
    pub room: String,
    /// `iat`
    pub iat: Timestamp,
    /// `exp`: from then on it lets its holder do nothing.
    pub exp: Timestamp,
    /// What its holder may do; nothing, unless the token says so.
    pub grants: Grants,
    /// Which candidates may pass.
    pub ice: IcePolicy,
    /// Bits a second that a description may ask for.
    pub max_bps: Option<u64>,
    /// `cnf.jkt`: whose token it is.
    pub key: JwkThumbprint,
    /// `mky`: the certificates that its holder uses. `None`: any.
    pub media_keys: Option<MediaKeys>,
    /// `ath` of proofs for it: the hash of the token as it was written.
    pub hash: Digest,
}

impl Access {
    /// Verifies a token. Whether it was used before is for [`crate::Jtis`] to say.
    ///
    /// # Errors
    ///
    /// [`Code::Token`], whatever the reason.
    pub fn verify(token: &str, rules: &AccessRules, keys: &KeySet, now: Timestamp) -> Result<Self, Denial> {
        Self::read(token, rules, keys, now).map_err(|reason| reason.denies(Part::Access, Code::Token))
    }

    fn read(token: &str, rules: &AccessRules, keys: &KeySet, now: Timestamp) -> Result<Self, Reason> {
        let payload = verified(token, &ACCESS, keys)?;
        let claims = Claims::read(&payload)?;
        let dates = rules.check(&claims, rules.audience(), now)?;
        let missing = |name: &str| ClaimRefusal::Missing(name.to_owned());
        let exp = dates.expires_at.ok_or_else(|| missing("exp"))?;
        let iat = dates.issued_at.ok_or_else(|| missing("iat"))?;
        let seconds = exp.as_secs().saturating_sub(iat.as_secs());
        if seconds > MAX_LIFETIME {
            return Err(ClaimRefusal::Lifetime { seconds, limit: MAX_LIFETIME }.into());
        }
        let optional = |name| claims.as_object().get(name);
        Ok(Self {
            sub: claims.name("sub")?.to_owned(),
            jti: claims.name("jti")?.to_owned(),
            room: claims.name("room")?.to_owned(),
            iat,
            exp,
            grants: optional("grants")
                .map_or(Some(Grants::default()), grants)
                .ok_or(Reason::Value("grants"))?,
            ice: optional("ice").map_or(Some(IcePolicy::All), ice).ok_or(Reason::Value("ice"))?,
            max_bps: optional("max_bps")
                .map(|json| max_bps(json).ok_or(Reason::Value("max_bps")))
                .transpose()?,
            key: confirmed(claims.required("cnf")?).ok_or(Reason::Value("cnf"))?,
            media_keys: media_keys(&claims)?,
            hash: Digest::of(token.as_bytes()),
        })
    }
}

/// A member that is not known is refused: what an issuer grants, it means.
fn grants(json: &Json<'_>) -> Option<Grants> {
    let mut grants = Grants::default();
    for (name, value) in json.as_object()?.iter() {
        match name {
            "pub" => grants.publish = kinds(value)?,
            "sub" => grants.subscribe = value.as_flag()?,
            "mod" => grants.duties.moderate = value.as_flag()?,
            "rec" => grants.duties.record = value.as_flag()?,
            _ => return None,
        }
    }
    Some(grants)
}

fn kinds(json: &Json<'_>) -> Option<Kinds> {
    json.as_list()?.iter().map(|kind| kind.as_text().and_then(Kind::parse)).collect()
}

fn ice(json: &Json<'_>) -> Option<IcePolicy> {
    json.as_text().and_then(IcePolicy::parse)
}

fn max_bps(json: &Json<'_>) -> Option<u64> {
    json.as_integer().and_then(|bps| u64::try_from(bps).ok())
}

fn confirmed(json: &Json<'_>) -> Option<JwkThumbprint> {
    json.as_object()?.get("jkt")?.as_text().and_then(JwkThumbprint::parse)
}

pub(super) fn media_keys(claims: &Claims<'_>) -> Result<Option<MediaKeys>, Reason> {
    let list = claims.as_object().get("mky");
    list.map(|list| MediaKeys::read(list).ok_or(Reason::Value("mky"))).transpose()
}
