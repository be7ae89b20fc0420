//! The mistakes a policy can have.

mod finding;
pub(crate) mod rules;

use std::fmt;
use std::time::Duration;

use corsac_diagnostics::{FieldPath, Severity, excerpt};
use corsac_origin::PatternError;

use crate::config::Dangerous;

/// The field of a [`crate::PolicyConfig`] that a mistake is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `credentials`
    Credentials,
    /// One of `dangerous`
    Dangerous(Dangerous),
    /// `exposed_headers[i]`
    ExposedHeader(usize),
    /// `legacy_private_network`
    LegacyPrivateNetwork,
    /// `max_age`
    MaxAge,
    /// `methods[i]`
    Method(usize),
    /// `methods`
    Methods,
    /// `origins[i]`
    Origin(usize),
    /// `origins`
    Origins,
    /// `request_headers[i]`
    RequestHeader(usize),
    /// `request_headers`
    RequestHeaders,
}

impl Field {
    /// The path from the policy's table.
    pub fn path(self) -> FieldPath {
        let root = FieldPath::root();
        match self {
            Self::Credentials => root.key("credentials"),
            Self::Dangerous(danger) => root.key("dangerous").key(danger.key()),
            Self::ExposedHeader(index) => root.key("exposed_headers").index(index),
            Self::LegacyPrivateNetwork => root.key("legacy_private_network"),
            Self::MaxAge => root.key("max_age"),
            Self::Method(index) => root.key("methods").index(index),
            Self::Methods => root.key("methods"),
            Self::Origin(index) => root.key("origins").index(index),
            Self::Origins => root.key("origins"),
            Self::RequestHeader(index) => root.key("request_headers").index(index),
            Self::RequestHeaders => root.key("request_headers"),
        }
    }
}

/// One mistake, or one thing to be warned of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub field: Field,
    /// What.
    pub kind: MistakeKind,
}

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// `*` beside other origins.
    AnyOriginMixed,
    /// `*` with credentials.
    AnyOriginWithCredentials,
    /// `*` in the request headers, and `authorization` not named.
    AuthorizationUnderWildcard,
    /// A guard is off.
    DangerousSetting(Dangerous),
    /// The same as an entry before.
    Duplicate {
        /// The entry.
        value: String,
        /// The index where it stands first.
        first: usize,
    },
    /// `*` among the exposed headers, with credentials.
    ExposedWildcardWithCredentials,
    /// A response header that is never readable.
    ForbiddenExposedHeader(String),
    /// `CONNECT`, `TRACE` or `TRACK`.
    ForbiddenMethod(String),
    /// A request header that scripts cannot set.
    ForbiddenRequestHeader(String),
    /// Not a token.
    HeaderNameInvalid(String),
    /// Plain http, not loopback, with credentials.
    InsecureOriginWithCredentials(String),
    /// Above what Chromium keeps, within what Firefox keeps.
    MaxAgeAboveChromium(Duration),
    /// Not in whole seconds.
    MaxAgeFraction(Duration),
    /// Above what any browser keeps.
    MaxAgeTooLong(Duration),
    /// Not a token, or in a case that browsers do not send.
    MethodInvalid {
        /// As written.
        value: String,
        /// The standard method it is meant to be.
        right: Option<&'static str>,
    },
    /// Nobody is allowed.
    NoOrigins,
    /// `null`, and its guard is on.
    NullOrigin,
    /// The retired private-network answer is on.
    ObsoletePrivateNetwork,
    /// Not spelled as browsers send it.
    OriginNeverSent {
        /// As written.
        value: String,
        /// At which byte, and why.
        error: PatternError,
        /// As a browser would send it.
        right: Option<String>,
    },
    /// A wildcard over a public suffix, or over a name with public suffixes below.
    PublicSuffixWildcard {
        /// As written.
        value: String,
        /// The public suffix.
        suffix: String,
        /// An origin that a stranger can have.
        witness: String,
        /// The list's version.
        list: String,
    },
    /// An entry that `*` covers.
    UnderWildcard(String),
}

impl MistakeKind {
    /// Errors prevent compiling; warnings do not.
    pub fn severity(&self) -> Severity {
        match self {
            Self::AuthorizationUnderWildcard
            | Self::DangerousSetting(_)
            | Self::Duplicate { .. }
            | Self::MaxAgeAboveChromium(_)
            | Self::ObsoletePrivateNetwork
            | Self::UnderWildcard(_) => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyOriginMixed => f.write_str("`*` already includes every other origin of the policy"),
            Self::AnyOriginWithCredentials => {
                f.write_str("every website may send requests with the user's cookies")
            }
            Self::AuthorizationUnderWildcard => {
                f.write_str("`*` does not cover `authorization`: requests with it will be refused")
            }
            Self::DangerousSetting(danger) => write!(f, "`dangerous.{danger}` is on: {}", danger.danger()),
            Self::Duplicate { value, .. } => write!(f, "`{}` stands here twice", excerpt(value)),
            Self::ExposedWildcardWithCredentials => {
                f.write_str("`*` exposes nothing to requests with credentials")
            }
            Self::ForbiddenExposedHeader(name) => write!(f, "no script may read `{}`", excerpt(name)),
            Self::ForbiddenMethod(method) => write!(f, "no script may send `{}`", excerpt(method)),
            Self::ForbiddenRequestHeader(name) => write!(f, "no script may set `{}`", excerpt(name)),
            Self::HeaderNameInvalid(name) => write!(f, "`{}` is not a header name", excerpt(name)),
            Self::InsecureOriginWithCredentials(origin) => {
                write!(f, "`{}` is not encrypted, and its pages may send the user's cookies", excerpt(origin))
            }
            Self::MaxAgeAboveChromium(age) => {
                write!(
                    f,
                    "Chromium keeps a preflight for 7200 s at most, this policy says {} s",
                    age.as_secs()
                )
            }
            Self::MaxAgeFraction(age) => write!(f, "a maximum age counts whole seconds, not {age:?}"),
            Self::MaxAgeTooLong(age) => {
                write!(f, "no browser keeps a preflight for {} s; the longest cap is 86400 s", age.as_secs())
            }
            Self::MethodInvalid { value, right: Some(right) } => {
                write!(
                    f,
                    "`{}` is not the method `{right}`: methods are compared with their case",
                    excerpt(value)
                )
            }
            Self::MethodInvalid { value, right: None } => write!(f, "`{}` is not a method", excerpt(value)),
            Self::NoOrigins => f.write_str("the policy allows no origin"),
            Self::NullOrigin => f.write_str("`null` lets every website in"),
            Self::ObsoletePrivateNetwork => {
                f.write_str("`Access-Control-Allow-Private-Network` is retired: current browsers ignore it")
            }
            Self::OriginNeverSent { value, error: error @ PatternError::Origin(_), .. } => {
                write!(f, "no browser sends `{}`: {error}", excerpt(value))
            }
            Self::OriginNeverSent { value, error, .. } => {
                write!(f, "`{}` is not a pattern: {error}", excerpt(value))
            }
            Self::PublicSuffixWildcard { value, suffix, .. } => {
                write!(f, "`{}` includes names that strangers can register below `{suffix}`", excerpt(value))
            }
            Self::UnderWildcard(value) => write!(f, "`*` already includes `{}`", excerpt(value)),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field.path(), self.kind)
    }
}

/// All mistakes and warnings of a policy that cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<Mistake>);

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, mistake) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { "; " };
            write!(f, "{separator}{mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}
