//! An origin: opaque, or a tuple of scheme, host and port (HTML Standard, "origin").

use std::fmt;

use crate::error::{OriginError, OriginMistake};
use crate::host::{HostKind, MAX_HOST_LEN, check_host};
use crate::scheme::{NEVER_SENT, Scheme, check_scheme};

/// Longest origin accepted, in bytes: a scheme of up to 32, `://`, the longest
/// host, `:` and five digits. The grammar of schemes has no bound; the longest
/// registered one in use by browsers (`safari-web-extension`) has 20.
pub const MAX_ORIGIN_LEN: usize = MAX_SCHEME_LEN + 3 + MAX_HOST_LEN + 6;

const MAX_SCHEME_LEN: usize = 32;

/// An origin borrowed from a header field or a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OriginRef<'a> {
    /// An opaque origin, sent as `null` (sandboxed documents, `data:`, `file:`,
    /// redirects across origins). Two opaque origins are never known to be the same.
    Opaque,
    /// Scheme, host and port.
    Tuple(TupleRef<'a>),
}

/// Scheme, host and port of an origin, in the one spelling browsers send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TupleRef<'a> {
    text: &'a str,
    scheme: Scheme<'a>,
    host: &'a str,
    kind: HostKind,
    port: Option<u16>,
}

impl<'a> OriginRef<'a> {
    /// Parses the value of an `Origin` field, strictly: no white space, no other
    /// case, no default port, one origin. Allocates nothing.
    ///
    /// Accepted: `null`, `https://app.example.com`, `http://[::1]:8080`,
    /// `chrome-extension://abcdefghijklmnop`, `https://my_host.example.com.`.
    /// Refused: `https://example.com/`, `https://example.com:443`, `HTTPS://a.b`,
    /// `https://1.2.3`, `https://bücher.example`, `NULL`.
    ///
    /// # Errors
    /// The first byte that no browser would have sent there.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, OriginError> {
        if bytes == b"null" {
            return Ok(Self::Opaque);
        }
        TupleRef::parse(bytes).map(Self::Tuple)
    }

    /// The serialization: what the `Origin` field carries.
    pub fn as_str(&self) -> &'a str {
        match self {
            Self::Opaque => "null",
            Self::Tuple(tuple) => tuple.text,
        }
    }

    /// The tuple, unless the origin is opaque.
    pub fn tuple(&self) -> Option<&TupleRef<'a>> {
        match self {
            Self::Opaque => None,
            Self::Tuple(tuple) => Some(tuple),
        }
    }
}

impl<'a> TupleRef<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, OriginError> {
        if bytes.is_empty() {
            return Err(OriginError::new(OriginMistake::Empty, 0));
        }
        if bytes.len() > MAX_ORIGIN_LEN {
            return Err(OriginError::new(OriginMistake::TooLong, MAX_ORIGIN_LEN));
        }
        let (scheme_len, rest) = split_scheme(bytes)?;
        let host_start = scheme_len + 3;
        let (host, port) = split_port(rest);
        let kind = check_host(host).map_err(|(mistake, at)| {
            OriginError::new(trailing_slash_or(mistake, host, at), host_start + at)
        })?;
        let port_start = host_start + host.len() + 1;
        let port = port.map(|digits| parse_port(digits, port_start)).transpose()?;
        // Everything so far is ASCII, so neither of the next can fail.
        let text = std::str::from_utf8(bytes).map_err(|_| OriginError::new(OriginMistake::NonAscii, 0))?;
        let scheme = Scheme::of(text.get(..scheme_len).unwrap_or_default());
        if port.is_some() && port == scheme.default_port() {
            return Err(OriginError::new(OriginMistake::DefaultPort, port_start - 1));
        }
        let host = text.get(host_start..port_start - 1).unwrap_or_default();
        Ok(Self { text, scheme, host, kind, port })
    }

    /// The serialization: `https://app.example.com:8443`.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme<'a> {
        self.scheme
    }

    /// The host; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &'a str {
        self.host
    }

    /// What kind of host it is.
    pub fn host_kind(&self) -> HostKind {
        self.kind
    }

    /// The port as written: `None` is the scheme's default port.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The serialization without the port.
    pub(crate) fn without_port(&self) -> &'a str {
        match self.port {
            None => self.text,
            Some(_) => self.text.rsplit_once(':').map_or(self.text, |(head, _)| head),
        }
    }
}

/// Length of the scheme, and what follows its `://`.
fn split_scheme(bytes: &[u8]) -> Result<(usize, &[u8]), OriginError> {
    if let Some(rest) = bytes.strip_prefix(b"https://") {
        return Ok((5, rest));
    }
    if let Some(rest) = bytes.strip_prefix(b"http://") {
        return Ok((4, rest));
    }
    let colon = bytes
        .iter()
        .take(MAX_SCHEME_LEN + 1)
        .position(|&b| b == b':')
        .ok_or(OriginError::new(OriginMistake::MissingScheme, 0))?;
    let (scheme, rest) = bytes.split_at_checked(colon).unwrap_or_default();
    let rest = rest.strip_prefix(b"://").ok_or(OriginError::new(OriginMistake::MissingScheme, colon))?;
    check_scheme(scheme).map_err(|at| OriginError::new(OriginMistake::SchemeByte, at))?;
    if NEVER_SENT.iter().any(|never| never.as_bytes() == scheme) {
        return Err(OriginError::new(OriginMistake::SchemeNeverSent, 0));
    }
    Ok((colon, rest))
}

/// Splits at the colon before the port; colons inside brackets belong to the host.
fn split_port(rest: &[u8]) -> (&[u8], Option<&[u8]>) {
    let from =
        if rest.first() == Some(&b'[') { rest.iter().position(|&b| b == b']').unwrap_or(0) } else { 0 };
    let colon = rest.iter().skip(from).position(|&b| b == b':');
    match colon.and_then(|at| rest.split_at_checked(from + at)) {
        Some((host, port)) => (host, port.get(1..)),
        None => (rest, None),
    }
}

fn trailing_slash_or(mistake: OriginMistake, host: &[u8], at: usize) -> OriginMistake {
    if host.get(at..) == Some(b"/") { OriginMistake::TrailingSlash } else { mistake }
}

fn parse_port(digits: &[u8], start: usize) -> Result<u16, OriginError> {
    let wrong = |at| OriginError::new(OriginMistake::Port, start + at);
    if let Some(at) = digits.iter().position(|b| !b.is_ascii_digit()) {
        let mistake = match digits.get(at..) {
            Some(b"/") => OriginMistake::TrailingSlash,
            Some([b'/' | b'?' | b'#', ..]) => OriginMistake::Path,
            // `https://user:password@host` looks like a port at first.
            _ if digits.contains(&b'@') => OriginMistake::UserInfo,
            _ => OriginMistake::Port,
        };
        return Err(OriginError::new(mistake, start + at));
    }
    if digits.len() > 1 && digits.first() == Some(&b'0') {
        return Err(wrong(0));
    }
    std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok()).ok_or_else(|| wrong(0))
}

impl fmt::Display for OriginRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An origin that owns its text. Valid by construction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(Box<str>);

impl Origin {
    /// Parses as [`OriginRef::parse`] does and keeps a copy.
    ///
    /// # Errors
    /// The first byte that no browser would have sent there.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        OriginRef::parse(text.as_bytes()).map(|origin| Self(origin.as_str().into()))
    }

    /// The serialization.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same origin, borrowed.
    pub fn borrowed(&self) -> OriginRef<'_> {
        // The text was accepted by the same parser when it was made.
        OriginRef::parse(self.0.as_bytes()).unwrap_or(OriginRef::Opaque)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}
