//! Keys of callers, which tokens name in `cnf` (RFC 7800): whoever presents such a token
//! proves that the private half is theirs.
//!
//! They are P-256 keys for ES256 alone, the ones that every browser makes and keeps.

use std::fmt;

use crate::error::Refusal;
use crate::json::Json;
use crate::jwks::KeyRules;
use crate::jwks::key::{self, Key, KeyRejection};
use crate::jwt::algorithm::Algorithm;
use crate::jwt::jws::Jws;
use crate::jwt::signature::sha256;
use crate::text::{base64url, to_base64url};

/// Bytes of a key's text. A browser writes some 200.
pub const MAX_JWK_BYTES: usize = 2_048;

/// A caller's public key (`cnf.jwk`; RFC 7800, section 3.2).
#[derive(Debug)]
pub struct ConfirmationKey {
    key: Key,
    jwk: String,
    thumbprint: JwkThumbprint,
}

impl ConfirmationKey {
    /// Reads a key's text, of at most [`MAX_JWK_BYTES`].
    ///
    /// # Errors
    ///
    /// As [`Self::read`]; what is not JSON is not an object.
    pub fn parse(jwk: &str) -> Result<Self, KeyRejection> {
        if jwk.len() > MAX_JWK_BYTES {
            return Err(KeyRejection::NotObject);
        }
        Self::read(&Json::parse(jwk.as_bytes()).map_err(|_| KeyRejection::NotObject)?)
    }

    /// Reads a key that stands in a claim.
    ///
    /// # Errors
    ///
    /// Not a public key of P-256 that is for verifying with ES256.
    pub fn read(jwk: &Json<'_>) -> Result<Self, KeyRejection> {
        let key = key::admit(jwk, &KeyRules::new(&[Algorithm::Es256]))?;
        // The texts of an admitted key are the only spellings of its coordinates.
        let member = |name| jwk.as_object().and_then(|jwk| jwk.get(name)?.as_text());
        let x = member("x").ok_or(KeyRejection::Member("x"))?;
        let y = member("y").ok_or(KeyRejection::Member("y"))?;
        let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        let thumbprint = JwkThumbprint::of(&jwk);
        Ok(Self { key, jwk, thumbprint })
    }

    /// The key as RFC 7638, section 3, writes it: its required members alone, sorted.
    pub fn jwk(&self) -> &str {
        &self.jwk
    }

    /// What `cnf.jkt` says of it.
    pub fn thumbprint(&self) -> JwkThumbprint {
        self.thumbprint
    }

    /// The payload, if the signature is this key's. `kid` chooses nothing here, and is ignored.
    ///
    /// # Errors
    ///
    /// Another algorithm, or a signature that does not hold.
    pub fn verify(&self, jws: &Jws<'_>) -> Result<Vec<u8>, Refusal> {
        jws.signed_by(&self.key)
    }
}

/// The thumbprint of a key with SHA-256 (RFC 7638), as in `cnf.jkt` (RFC 9449, section 6.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JwkThumbprint([u8; 32]);

impl JwkThumbprint {
    /// Reads base64url without padding, of 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        // Decoding allocates; what is of another length is not one.
        let bytes = (text.len() == 43).then(|| base64url(text).ok()).flatten()?;
        bytes.try_into().ok().map(Self)
    }

    fn of(jwk: &str) -> Self {
        Self(sha256(jwk.as_bytes()))
    }
}

impl fmt::Display for JwkThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_base64url(&self.0))
    }
}

impl fmt::Debug for JwkThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JwkThumbprint({self})")
    }
}
