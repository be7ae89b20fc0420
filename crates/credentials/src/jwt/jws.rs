//! A compact JWS (RFC 7515, section 7.1) of one type: tokens that are not an API's access
//! tokens, and what callers sign with keys of their own.
//!
//! Every kind of text has its own `typ` and says which (RFC 8725, section 3.11), so that none
//! is taken for another. What its payload claims is not judged here: [`crate::Claims`].

use std::fmt;

use crate::error::Refusal;
use crate::error::refusal::{KeyRefusal, ShapeRefusal};
use crate::jwks::KeyRules;
use crate::jwks::key::Key;
use crate::jwt::algorithm::Algorithm;
use crate::jwt::header::{Header, Segments, is_type};
use crate::text::{base64url, with_decoded};

/// Which texts are of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JwsRules {
    /// `typ`, compared as a media type: `application/x+jwt` is `x+jwt` (RFC 7515, section 4.1.9).
    pub typ: &'static str,
    /// `alg`. HMAC is refused even if it stands here: these keys are public.
    pub algorithms: &'static [Algorithm],
    /// Bytes of the longest.
    pub max_bytes: usize,
}

impl JwsRules {
    /// Which keys of a set verify such texts; never secrets.
    pub fn key_rules(&self) -> KeyRules {
        let public: Vec<Algorithm> =
            self.algorithms.iter().copied().filter(|algorithm| !algorithm.is_symmetric()).collect();
        KeyRules::new(&public)
    }

    fn check_type(&self, typ: Option<&str>) -> Result<(), ShapeRefusal> {
        match typ {
            None => Err(ShapeRefusal::TypeMissing),
            Some(typ) if is_type(self.typ, typ) => Ok(()),
            Some(typ) => Err(ShapeRefusal::TypeWrong(typ.to_owned())),
        }
    }
}

/// A text whose form and header are right, and that is not verified. `Debug` shows nothing
/// of it.
///
/// ```
/// use corsac_credentials::{Algorithm, Jws, JwsRules, ShapeRefusal};
///
/// const RECEIPT: JwsRules = JwsRules { typ: "receipt+jwt", algorithms: &[Algorithm::Es256], max_bytes: 4096 };
/// // {"alg":"ES256","typ":"JWT"}
/// let refused = Jws::read("eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.e30.AA", &RECEIPT);
/// assert_eq!(refused.err(), Some(ShapeRefusal::TypeWrong("JWT".into()).into()));
/// ```
pub struct Jws<'t> {
    segments: Segments<'t>,
    header: Header,
}

impl<'t> Jws<'t> {
    /// Reads form and header.
    ///
    /// # Errors
    ///
    /// [`ShapeRefusal`], before anything of the payload is read.
    pub fn read(text: &'t str, rules: &JwsRules) -> Result<Self, Refusal> {
        let jws = Self::admit(text, rules.max_bytes, rules.algorithms, |typ| rules.check_type(typ))?;
        if jws.algorithm().is_symmetric() {
            return Err(ShapeRefusal::AlgorithmSymmetric(jws.algorithm()).into());
        }
        Ok(jws)
    }

    pub(crate) fn admit(
        text: &'t str,
        max_bytes: usize,
        algorithms: &[Algorithm],
        check_type: impl FnOnce(Option<&str>) -> Result<(), ShapeRefusal>,
    ) -> Result<Self, Refusal> {
        if text.len() > max_bytes {
            return Err(ShapeRefusal::TooLong { bytes: text.len(), limit: max_bytes }.into());
        }
        let segments = Segments::split(text)?;
        let header = Header::read(segments.header, algorithms, check_type)?;
        if segments.signature.is_empty() {
            return Err(ShapeRefusal::SignatureMissing.into());
        }
        Ok(Self { segments, header })
    }

    /// The key that it names. A stranger's text: compare it, do nothing else.
    pub fn key_id(&self) -> Option<&str> {
        self.header.key_id.as_deref()
    }

    /// The algorithm that it names, one of the rules'.
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// The payload, if the signature is this key's; take the key from
    /// [`crate::KeySet::select`].
    ///
    /// # Errors
    ///
    /// Another algorithm, another `kid`, or a signature that does not hold.
    pub fn verify(&self, key: &Key) -> Result<Vec<u8>, Refusal> {
        self.check_algorithm(key)?;
        if self.key_id().is_some_and(|id| key.id() != Some(id)) {
            return Err(KeyRefusal::Mismatch.into());
        }
        self.signed_by(key)
    }

    /// Like [`Self::verify`], where there is one key and `kid` chooses none.
    pub(crate) fn signed_by(&self, key: &Key) -> Result<Vec<u8>, Refusal> {
        self.check_algorithm(key)?;
        let base64 = |segment, mistake| ShapeRefusal::Base64 { segment, mistake };
        let holds = with_decoded(self.segments.signature, |signature| {
            key.verifies(self.segments.signed.as_bytes(), signature)
        });
        if !holds.map_err(|mistake| base64("signature", mistake))? {
            return Err(KeyRefusal::Signature.into());
        }
        Ok(base64url(self.segments.payload).map_err(|mistake| base64("payload", mistake))?)
    }

    fn check_algorithm(&self, key: &Key) -> Result<(), KeyRefusal> {
        let (key, token) = (key.algorithm(), self.algorithm());
        if key == token { Ok(()) } else { Err(KeyRefusal::AlgorithmMismatch { key, token }) }
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("algorithm", &self.algorithm()).finish_non_exhaustive()
    }
}
