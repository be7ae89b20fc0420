//! Patterns of origins: all that a policy can say about an origin.

use std::fmt;

use crate::error::{OriginError, OriginMistake, PatternError};
use crate::host::HostKind;
use crate::origin::{OriginRef, TupleRef};
use crate::scheme::Scheme;
use crate::trustworthy::host_is_loopback;

/// One origin, all sub-domains of a base at any depth, or either at any port.
///
/// Accepted: `https://example.com`, `https://*.example.com` (admits
/// `https://a.b.example.com`, not `https://example.com`), `http://localhost:*`
/// (any port, the default one too), `https://*.example.com:8443`.
/// Refused: `*`, `null`, `https://*example.com`, `https://a.*.com`, `*://a.com`,
/// `https://*.1.2.3.4`, and whatever [`OriginRef::parse`] refuses.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OriginPattern {
    /// The one spelling of the pattern; [`Self::parse`] accepted it as it stands.
    text: Box<str>,
}

/// The host part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostPattern<'a> {
    /// This host.
    Exactly(&'a str),
    /// Every host that ends in a dot and this base, whose labels stay whole.
    SubdomainsOf(&'a str),
}

/// The port part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortPattern {
    /// Any port, the scheme's default one too.
    Any,
    /// The scheme's default port.
    Default,
    /// This port.
    Exactly(u16),
}

/// A pattern taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) scheme: Scheme<'a>,
    pub(crate) host: HostPattern<'a>,
    pub(crate) kind: HostKind,
    pub(crate) port: PortPattern,
}

impl OriginPattern {
    /// Parses a pattern in the one spelling it has.
    ///
    /// # Errors
    /// The first byte that is wrong, and how.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Parts::parse(text)?;
        Ok(Self { text: text.into() })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn parts(&self) -> Option<Parts<'_>> {
        Parts::parse(&self.text).ok()
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme<'_> {
        Scheme::of(self.text.split("://").next().unwrap_or_default())
    }

    /// The host part.
    pub fn host(&self) -> HostPattern<'_> {
        self.parts().map_or(HostPattern::Exactly(""), |parts| parts.host)
    }

    /// The port part.
    pub fn port(&self) -> PortPattern {
        self.parts().map_or(PortPattern::Default, |parts| parts.port)
    }

    /// Whether every origin of the pattern is loopback.
    pub fn is_loopback(&self) -> bool {
        self.parts().is_some_and(|parts| parts.is_loopback())
    }

    /// Whether `origin` is one of the pattern's. [`crate::OriginSet`] answers the
    /// same for many patterns at once.
    pub fn matches(&self, origin: &OriginRef<'_>) -> bool {
        match (self.parts(), origin) {
            (Some(parts), OriginRef::Tuple(tuple)) => parts.matches(tuple),
            _ => false,
        }
    }
}

impl<'a> Parts<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, PatternError> {
        match text {
            "*" => return Err(PatternError::AnyOrigin),
            "null" => return Err(PatternError::Null),
            _ if !text.contains('*') => return Self::parse_plain(text, PortPattern::Default),
            _ => {}
        }
        let (text, port) = match text.strip_suffix(":*") {
            Some(head) => (head, PortPattern::Any),
            None => (text, PortPattern::Default),
        };
        match text.find('*') {
            None => Self::parse_plain(text, port),
            Some(star) => Self::parse_subdomains(text, star, port),
        }
    }

    fn parse_plain(text: &'a str, port: PortPattern) -> Result<Self, PatternError> {
        let OriginRef::Tuple(tuple) = OriginRef::parse(text.as_bytes())? else {
            return Err(PatternError::Null);
        };
        let port = match (port, tuple.port()) {
            (PortPattern::Any, None) => PortPattern::Any,
            // `https://a:80:*`
            (PortPattern::Any, Some(_)) => {
                return Err(OriginError::new(OriginMistake::Port, text.len()).into());
            }
            (_, Some(port)) => PortPattern::Exactly(port),
            (_, None) => PortPattern::Default,
        };
        let parts = Self {
            scheme: tuple.scheme(),
            host: HostPattern::Exactly(tuple.host()),
            kind: tuple.host_kind(),
            port,
        };
        match (parts.port, parts.scheme) {
            (PortPattern::Any, Scheme::Other(_)) => {
                Err(PatternError::WildcardScheme { offset: text.len() + 1 })
            }
            _ => Ok(parts),
        }
    }

    fn parse_subdomains(text: &'a str, star: usize, port: PortPattern) -> Result<Self, PatternError> {
        let misplaced = PatternError::WildcardPosition { offset: star };
        let (head, tail) = text.split_at_checked(star).ok_or(misplaced)?;
        let base = tail.strip_prefix("*.").ok_or(misplaced)?;
        let scheme = head.strip_suffix("://").ok_or(misplaced)?;
        if base.contains('*') {
            let offset = text.rfind('*').unwrap_or(star);
            return Err(PatternError::WildcardPosition { offset });
        }
        // Judge the base as the origin it would be without its `*.`.
        let origin = format!("{head}{base}");
        let judged = Parts::parse_plain(&origin, port).map_err(|error| shifted(error, star))?;
        if matches!(judged.scheme, Scheme::Other(_)) {
            return Err(PatternError::WildcardScheme { offset: star });
        }
        if judged.kind != HostKind::Domain {
            return Err(PatternError::WildcardOnAddress { offset: star });
        }
        let host_len = match judged.host {
            HostPattern::Exactly(host) | HostPattern::SubdomainsOf(host) => host.len(),
        };
        let host = base.get(..host_len).ok_or(misplaced)?;
        let (kind, port) = (judged.kind, judged.port);
        Ok(Self { scheme: Scheme::of(scheme), host: HostPattern::SubdomainsOf(host), kind, port })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        match self.host {
            HostPattern::Exactly(host) | HostPattern::SubdomainsOf(host) => host_is_loopback(host, self.kind),
        }
    }

    pub(crate) fn matches(&self, origin: &TupleRef<'_>) -> bool {
        let host = match self.host {
            HostPattern::Exactly(host) => origin.host() == host,
            HostPattern::SubdomainsOf(base) => {
                origin.host_kind() == HostKind::Domain
                    && origin.host().strip_suffix(base).is_some_and(|rest| rest.ends_with('.'))
            }
        };
        let port = match self.port {
            PortPattern::Any => true,
            PortPattern::Default => origin.port().is_none(),
            PortPattern::Exactly(port) => origin.port() == Some(port),
        };
        host && port && self.scheme == origin.scheme()
    }
}

/// The offset in the pattern of a mistake found in the origin without `*.`.
fn shifted(error: PatternError, star: usize) -> PatternError {
    match error {
        PatternError::Origin(error) if error.offset >= star => {
            OriginError::new(error.mistake, error.offset + 2).into()
        }
        PatternError::WildcardScheme { offset } => PatternError::WildcardScheme { offset: offset + 2 },
        other => other,
    }
}

impl fmt::Display for OriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for OriginPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        Self::parse(text)
    }
}
