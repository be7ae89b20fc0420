//! One variant a refusal, in the order in which a credential meets them.

use std::fmt;

use crate::json::JsonMistake;
use crate::jwt::algorithm::Algorithm;
use crate::text::{Base64Mistake, excerpt};
use crate::time::Timestamp;

/// No credential, or not in exactly one place of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlaceRefusal {
    /// Nowhere where one is expected.
    Missing,
    /// The same place twice: a repeated field, or two cookies of one name.
    Repeated(&'static str),
    /// In two places.
    Several(&'static str, &'static str),
    /// `Bearer` without a token as RFC 6750, section 2.1, spells it; an empty field; a
    /// character that no credential has.
    Malformed(&'static str),
    /// Longer than any credential that is accepted.
    TooLong(&'static str),
    /// `access_token` in the query, where it ends in logs and histories.
    Query,
}

impl fmt::Display for PlaceRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no credential"),
            Self::Repeated(place) => write!(f, "two credentials in {place}"),
            Self::Several(first, second) => write!(f, "a credential in {first} and one in {second}"),
            Self::Malformed(place) => write!(f, "a malformed credential in {place}"),
            Self::TooLong(place) => write!(f, "a credential of excessive length in {place}"),
            Self::Query => f.write_str("a token in the query, which is not enabled"),
        }
    }
}

/// The form and the header of a token, before any key is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ShapeRefusal {
    /// Longer than the provider's tokens may be.
    TooLong {
        /// Of the token.
        bytes: usize,
        /// The provider's.
        limit: usize,
    },
    /// JSON serialization.
    NotCompact,
    /// Five segments: a JWE.
    Encrypted,
    /// Not three segments.
    Segments(usize),
    /// A segment is not base64url.
    Base64 {
        /// `header`, `payload` or `signature`.
        segment: &'static str,
        /// Why not.
        mistake: Base64Mistake,
    },
    /// The header is not JSON that we read.
    HeaderJson(JsonMistake),
    /// The header is JSON, and no object.
    HeaderNotObject,
    /// A member of the header has the wrong type.
    HeaderMember(&'static str),
    /// `crit`, whatever it names: we know no extension.
    Critical,
    /// `b64` (RFC 7797).
    UnencodedPayload,
    /// `cty`: a token in a token, or anything else than claims.
    Nested(String),
    /// No `typ`, and the provider's tokens have one.
    TypeMissing,
    /// Another `typ`: an ID token where an access token is expected.
    TypeWrong(String),
    /// No `alg`.
    AlgorithmMissing,
    /// `none`, in any case.
    AlgorithmNone,
    /// HMAC, where keys are public: whoever has the key could sign.
    AlgorithmSymmetric(Algorithm),
    /// Not an algorithm that we know.
    AlgorithmUnknown(String),
    /// Known, and not one of the provider's.
    AlgorithmNotAllowed(Algorithm),
    /// `kid` is longer than any key's.
    KeyIdTooLong(usize),
    /// Nothing behind the second dot.
    SignatureMissing,
}

impl fmt::Display for ShapeRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes, limit } => write!(f, "a token of {bytes} bytes, {limit} are allowed"),
            Self::NotCompact => f.write_str("a token in JSON serialization"),
            Self::Encrypted => f.write_str("an encrypted token"),
            Self::Segments(count) => write!(f, "a token of {count} segments"),
            Self::Base64 { segment, mistake } => write!(f, "the token's {segment} has {mistake}"),
            Self::HeaderJson(mistake) => write!(f, "the token's header {mistake}"),
            Self::HeaderNotObject => f.write_str("the token's header is no object"),
            Self::HeaderMember(name) => write!(f, "the header's `{name}` is no string"),
            Self::Critical => f.write_str("the header has `crit`, and no extension is known"),
            Self::UnencodedPayload => f.write_str("the header has `b64`"),
            Self::Nested(cty) => write!(f, "the header has `cty`: `{}`", excerpt(cty)),
            Self::TypeMissing => f.write_str("the header has no `typ`"),
            Self::TypeWrong(typ) => write!(f, "`typ` is `{}`, which this provider's is not", excerpt(typ)),
            Self::AlgorithmMissing => f.write_str("the header has no `alg`"),
            Self::AlgorithmNone => f.write_str("`alg` is `none`"),
            Self::AlgorithmSymmetric(algorithm) => {
                write!(f, "`alg` is `{algorithm}`, and the provider's keys are public")
            }
            Self::AlgorithmUnknown(name) => write!(f, "`alg` is `{}`, which is unknown", excerpt(name)),
            Self::AlgorithmNotAllowed(algorithm) => {
                write!(f, "`alg` is `{algorithm}`, which the provider does not use")
            }
            Self::KeyIdTooLong(bytes) => write!(f, "`kid` has {bytes} bytes"),
            Self::SignatureMissing => f.write_str("the token has no signature"),
        }
    }
}

/// No key for a token, or a signature that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRefusal {
    /// No key has this `kid`.
    Unknown(String),
    /// The token names no key, and no key fits its algorithm.
    NoneFits(Algorithm),
    /// The token names no key, and several fit its algorithm.
    Ambiguous(Algorithm),
    /// The key is for another algorithm.
    AlgorithmMismatch {
        /// What the key is pinned to.
        key: Algorithm,
        /// The token's.
        token: Algorithm,
    },
    /// The key has another `kid` than the token names.
    Mismatch,
    /// The signature is not this key's over this token.
    Signature,
}

impl fmt::Display for KeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(id) => write!(f, "no key has the `kid` `{}`", excerpt(id)),
            Self::NoneFits(algorithm) => write!(f, "no `kid`, and no key is for {algorithm}"),
            Self::Ambiguous(algorithm) => write!(f, "no `kid`, and several keys are for {algorithm}"),
            Self::AlgorithmMismatch { key, token } => write!(f, "`alg` is `{token}`, the key is for {key}"),
            Self::Mismatch => f.write_str("the key has another `kid`"),
            Self::Signature => f.write_str("the signature does not hold"),
        }
    }
}

/// What a token with a good signature claims, and is not accepted; or the like of an
/// answer to introspection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimRefusal {
    /// Not JSON that we read.
    Json(JsonMistake),
    /// JSON, and no object.
    NotObject,
    /// Bound to a key of the caller's (`cnf`; RFC 8705, RFC 9449), which nothing here asks
    /// for: whoever stole it must not pass as its bearer.
    Bound,
    /// A claim that is required is not there.
    Missing(String),
    /// A claim has the wrong type.
    WrongType(String),
    /// A claim is longer than any that is accepted, or a list of too many.
    TooLong(String),
    /// A claim that names somebody or something has a control character, or is empty.
    Character(String),
    /// Issued by somebody else.
    Issuer(String),
    /// Issued for somebody else.
    Audience(String),
    /// Not a date between 1970 and 9999.
    Date(&'static str),
    /// Over.
    Expired {
        /// `exp`.
        at: Timestamp,
    },
    /// Not yet, leeway included.
    NotYetValid {
        /// `nbf`.
        from: Timestamp,
    },
    /// From the future, leeway included.
    IssuedInFuture {
        /// `iat`.
        at: Timestamp,
    },
    /// Valid for longer than the provider's tokens may be.
    Lifetime {
        /// From `iat`, or from now, to `exp`.
        seconds: u64,
        /// The provider's.
        limit: u64,
    },
}

impl fmt::Display for ClaimRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(mistake) => write!(f, "the claims' text {mistake}"),
            Self::NotObject => f.write_str("the claims are no object"),
            Self::Bound => f.write_str("bound to a key (`cnf`), of which no proof can be taken"),
            Self::Missing(name) => write!(f, "no claim `{}`", excerpt(name)),
            Self::WrongType(name) => write!(f, "the claim `{}` has the wrong type", excerpt(name)),
            Self::TooLong(name) => write!(f, "the claim `{}` is too long", excerpt(name)),
            Self::Character(name) => {
                write!(f, "the claim `{}` is empty or has a control character", excerpt(name))
            }
            Self::Issuer(issuer) => write!(f, "issued by `{}`", excerpt(issuer)),
            Self::Audience(audience) => write!(f, "issued for `{}`", excerpt(audience)),
            Self::Date(name) => write!(f, "the claim `{name}` is no date from 1970 to 9999"),
            Self::Expired { at } => write!(f, "expired at {at}"),
            Self::NotYetValid { from } => write!(f, "valid from {from} on"),
            Self::IssuedInFuture { at } => write!(f, "issued in the future, at {at}"),
            Self::Lifetime { seconds, limit } => write!(f, "valid for {seconds} s, {limit} s are allowed"),
        }
    }
}

/// An API key is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ApiKeyRefusal {
    /// Not `<prefix>_<id>_<secret>_<checksum>`.
    Malformed,
    /// Another prefix: a key of another deployment.
    Prefix,
    /// Mistyped or invented.
    Checksum,
    /// No key has this id.
    Unknown(String),
    /// The id is known, the secret is another.
    Secret(String),
    /// Revoked.
    Revoked(String),
    /// Over.
    Expired {
        /// The key's id.
        id: String,
        /// Since when.
        at: Timestamp,
    },
    /// Not yet.
    NotYetValid {
        /// The key's id.
        id: String,
        /// From when on.
        from: Timestamp,
    },
}

impl fmt::Display for ApiKeyRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not an API key"),
            Self::Prefix => f.write_str("an API key with another prefix"),
            Self::Checksum => f.write_str("an API key whose checksum is wrong"),
            Self::Unknown(id) => write!(f, "no API key `{}`", excerpt(id)),
            Self::Secret(id) => write!(f, "a wrong secret for the API key `{}`", excerpt(id)),
            Self::Revoked(id) => write!(f, "the API key `{}` is revoked", excerpt(id)),
            Self::Expired { id, at } => write!(f, "the API key `{}` expired at {at}", excerpt(id)),
            Self::NotYetValid { id, from } => {
                write!(f, "the API key `{}` is valid from {from} on", excerpt(id))
            }
        }
    }
}

/// What the authorization server says of an opaque token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntrospectionRefusal {
    /// Not a token that could be asked about.
    Malformed,
    /// `"active": false`.
    Inactive,
    /// `token_type` is not `Bearer`.
    TokenType(String),
}

impl fmt::Display for IntrospectionRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not an opaque token"),
            Self::Inactive => f.write_str("the authorization server says that the token is not active"),
            Self::TokenType(name) => write!(f, "the token's type is `{}`", excerpt(name)),
        }
    }
}

/// Nothing could be decided; the request is not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unavailable {
    /// The authorization server's answer is not one (RFC 7662, section 2.2).
    Answer(&'static str),
    /// The provider's keys cannot be fetched, and none are kept that are fresh enough.
    Keys,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(what) => write!(f, "the answer of the authorization server {what}"),
            Self::Keys => f.write_str("the provider's keys are not available"),
        }
    }
}
