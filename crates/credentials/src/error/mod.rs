//! Why a credential is not accepted: complete for the log, terse for the caller.

pub(crate) mod mistake;
pub(crate) mod refusal;

use std::fmt;

use http::StatusCode;

use refusal::{
    ApiKeyRefusal, ClaimRefusal, IntrospectionRefusal, KeyRefusal, PlaceRefusal, ShapeRefusal, Unavailable,
};

/// Why nobody was recognized. `Display` is for the log: it tells what was wrong, with
/// excerpts of what a stranger wrote, and never the credential. What the caller may know
/// is [`Refusal::terse`]; the two share no sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// An API key is not accepted.
    ApiKey(ApiKeyRefusal),
    /// The signature holds; what the token claims is not accepted.
    Claim(ClaimRefusal),
    /// What the authorization server says of an opaque token.
    Introspection(IntrospectionRefusal),
    /// There is no key for the token, or its signature does not hold.
    Key(KeyRefusal),
    /// No credential, or not in exactly one place.
    Place(PlaceRefusal),
    /// The token's form or header, before any key is looked at.
    Shape(ShapeRefusal),
    /// Nothing could be decided.
    Unavailable(Unavailable),
}

/// What to tell the caller: RFC 6750, section 3.1, and nothing that helps to forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terse {
    /// 400, 401 or 503.
    pub status: StatusCode,
    /// `error` of `WWW-Authenticate`; none where the request had no credential.
    pub error: Option<&'static str>,
    /// `error_description`: printable ASCII without `"` and `\`.
    pub description: &'static str,
}

impl Refusal {
    /// For the response. The same for every way in which a credential can be wrong, but
    /// where the holder of a right one needs to know more: that it has expired.
    pub fn terse(&self) -> Terse {
        match self {
            Self::Place(PlaceRefusal::Missing) => Terse::MISSING,
            Self::Place(_) => Terse::REQUEST,
            Self::ApiKey(ApiKeyRefusal::Expired { .. }) | Self::Claim(ClaimRefusal::Expired { .. }) => {
                Terse::EXPIRED
            }
            Self::Unavailable(_) => Terse::UNAVAILABLE,
            _ => Terse::INVALID,
        }
    }
}

impl Terse {
    const MISSING: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        error: None,
        description: "This resource needs a credential",
    };
    const REQUEST: Self = Self {
        status: StatusCode::BAD_REQUEST,
        error: Some("invalid_request"),
        description: "The request must carry one credential, in one accepted way",
    };
    const EXPIRED: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        error: Some("invalid_token"),
        description: "The credential has expired",
    };
    const INVALID: Self = Self {
        status: StatusCode::UNAUTHORIZED,
        error: Some("invalid_token"),
        description: "The credential is not valid here",
    };
    const UNAVAILABLE: Self = Self {
        status: StatusCode::SERVICE_UNAVAILABLE,
        error: None,
        description: "Credentials cannot be checked at the moment",
    };
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKey(refusal) => refusal.fmt(f),
            Self::Claim(refusal) => refusal.fmt(f),
            Self::Introspection(refusal) => refusal.fmt(f),
            Self::Key(refusal) => refusal.fmt(f),
            Self::Place(refusal) => refusal.fmt(f),
            Self::Shape(refusal) => refusal.fmt(f),
            Self::Unavailable(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for Refusal {}

macro_rules! kinds {
    ($($variant:ident($kind:ty)),*) => {
        $(impl From<$kind> for Refusal {
            fn from(kind: $kind) -> Self {
                Self::$variant(kind)
            }
        })*
    };
}

kinds! {
    ApiKey(ApiKeyRefusal), Claim(ClaimRefusal), Introspection(IntrospectionRefusal), Key(KeyRefusal),
    Place(PlaceRefusal), Shape(ShapeRefusal), Unavailable(Unavailable)
}
