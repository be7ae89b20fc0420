//! Why a text is not an origin, or not a pattern of origins.

use std::fmt;

use crate::host::{MAX_HOST_LEN, MAX_LABEL_LEN};
use crate::origin::MAX_ORIGIN_LEN;

/// What is wrong with the spelling of an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginMistake {
    /// Nothing there.
    Empty,
    /// Longer than any origin a browser sends.
    TooLong,
    /// No `://`.
    MissingScheme,
    /// A byte that cannot stand in a scheme, or upper case.
    SchemeByte,
    /// A scheme whose documents have an opaque origin (`file:`, `data:`, …), or
    /// that no document has (`wss:`).
    SchemeNeverSent,
    /// No host between `://` and the end.
    HostEmpty,
    /// Host longer than a name in DNS can be.
    HostTooLong,
    /// Label longer than a label in DNS can be.
    LabelTooLong,
    /// Two dots in a row, or a leading dot.
    EmptyLabel,
    /// An upper-case letter in the host; browsers send lower case.
    UpperCase,
    /// A character outside ASCII; browsers send punycode.
    NonAscii,
    /// A byte that no host we accept has.
    HostByte,
    /// A host that ends in a number but is not a canonical dotted quad.
    Ipv4Spelling,
    /// Brackets without an IPv6 address in its compressed, lower-case form.
    Ipv6Spelling,
    /// User name or password.
    UserInfo,
    /// A `*` where an origin was expected.
    Wildcard,
    /// Port missing after the colon, not digits, with leading zeros, or over 65535.
    Port,
    /// The default port of the scheme; browsers leave it out.
    DefaultPort,
    /// A slash and nothing behind it.
    TrailingSlash,
    /// A path, query or fragment.
    Path,
}

/// Why a text is not an origin in the spelling browsers send: what, and at which
/// byte. Carries no text, so that refusing a request allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginError {
    /// What is wrong.
    pub mistake: OriginMistake,
    /// Offset in bytes of the first byte that is wrong.
    pub offset: usize,
}

impl OriginError {
    pub(crate) fn new(mistake: OriginMistake, offset: usize) -> Self {
        Self { mistake, offset }
    }
}

impl fmt::Display for OriginMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an origin is missing"),
            Self::TooLong => write!(f, "an origin has at most {MAX_ORIGIN_LEN} bytes"),
            Self::MissingScheme => f.write_str("an origin begins with a scheme and `://`"),
            Self::SchemeByte => f.write_str("a scheme has lower-case letters, digits, `+`, `-` and `.`"),
            Self::SchemeNeverSent => f.write_str(
                "no browser sends an origin with this scheme (its documents send `null` or nothing)",
            ),
            Self::HostEmpty => f.write_str("an origin has a host"),
            Self::HostTooLong => write!(f, "a host has at most {MAX_HOST_LEN} bytes"),
            Self::LabelTooLong => write!(f, "a label of a host has at most {MAX_LABEL_LEN} bytes"),
            Self::EmptyLabel => f.write_str("a host has no empty label"),
            Self::UpperCase => f.write_str("browsers send hosts in lower case"),
            Self::NonAscii => f.write_str("browsers send hosts in punycode (`xn--…`)"),
            Self::HostByte => f.write_str("a host has lower-case letters, digits, `-`, `_` and `.`"),
            Self::Ipv4Spelling => {
                f.write_str("a host that ends in a number is an IPv4 address of four decimal numbers")
            }
            Self::Ipv6Spelling => {
                f.write_str("browsers send IPv6 addresses in brackets, compressed and in lower case")
            }
            Self::UserInfo => f.write_str("an origin has no user name or password"),
            Self::Wildcard => f.write_str("an origin has no `*`"),
            Self::Port => f.write_str("a port is a number from 0 to 65535 without leading zeros"),
            Self::DefaultPort => f.write_str("browsers leave the scheme's default port out"),
            Self::TrailingSlash => f.write_str("an origin has no trailing slash"),
            Self::Path => f.write_str("an origin has no path, query or fragment"),
        }
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (byte {})", self.mistake, self.offset)
    }
}

impl std::error::Error for OriginError {}

/// Why a text is not a pattern of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PatternError {
    /// `*` alone: every origin is not a pattern but a choice of the policy.
    AnyOrigin,
    /// `null`: an opaque origin is not a pattern but a choice of the policy.
    Null,
    /// Not spelled as browsers send it.
    Origin(OriginError),
    /// `*` before an IP address.
    WildcardOnAddress {
        /// Offset in bytes of the `*`.
        offset: usize,
    },
    /// `*` elsewhere than as the whole leftmost label or the whole port.
    WildcardPosition {
        /// Offset in bytes of the `*`.
        offset: usize,
    },
    /// `*` under a scheme other than `http` and `https`.
    WildcardScheme {
        /// Offset in bytes of the `*`.
        offset: usize,
    },
}

impl PatternError {
    /// Offset in bytes of what is wrong.
    pub fn offset(&self) -> usize {
        match self {
            Self::AnyOrigin | Self::Null => 0,
            Self::Origin(error) => error.offset,
            Self::WildcardOnAddress { offset }
            | Self::WildcardPosition { offset }
            | Self::WildcardScheme { offset } => *offset,
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyOrigin => f.write_str("`*` is not a pattern of origins"),
            Self::Null => f.write_str("`null` is not a pattern of origins"),
            Self::Origin(error) => error.mistake.fmt(f),
            Self::WildcardOnAddress { .. } => f.write_str("an IP address has no sub-domains"),
            Self::WildcardPosition { .. } => f.write_str(
                "`*` stands for all labels before a base (`https://*.example.com`) or for any port (`:*`)",
            ),
            Self::WildcardScheme { .. } => f.write_str("`*` works with `http` and `https` only"),
        }
    }
}

impl std::error::Error for PatternError {}

impl From<OriginError> for PatternError {
    fn from(error: OriginError) -> Self {
        Self::Origin(error)
    }
}
