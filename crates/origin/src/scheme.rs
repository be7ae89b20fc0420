//! The scheme of a tuple origin.

/// The scheme of a tuple origin.
///
/// Besides `http` and `https`, browsers and web views send schemes of their own:
/// `chrome-extension`, `moz-extension`, `capacitor`, `tauri`, ….
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme<'a> {
    /// `http`
    Http,
    /// `https`
    Https,
    /// Any other scheme, as sent.
    Other(&'a str),
}

impl<'a> Scheme<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        match text {
            "http" => Self::Http,
            "https" => Self::Https,
            other => Self::Other(other),
        }
    }

    /// The scheme without its colon.
    pub fn as_str(self) -> &'a str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Other(text) => text,
        }
    }

    /// The port that browsers leave out of an origin (URL Standard, "special
    /// scheme": 80 for `http`, 443 for `https`).
    pub fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::Other(_) => None,
        }
    }
}

/// Schemes whose documents have an opaque origin, or that no document can have:
/// browsers send `null` for them, or nothing (URL Standard, "origin").
pub(crate) const NEVER_SENT: [&str; 9] =
    ["about", "blob", "data", "file", "filesystem", "javascript", "view-source", "ws", "wss"];

/// Length of the scheme, or the offset of the first byte that cannot stand there.
/// RFC 3986 section 3.1, lower case as browsers serialize it.
pub(crate) fn check_scheme(bytes: &[u8]) -> Result<(), usize> {
    match bytes.first() {
        Some(b'a'..=b'z') => {}
        _ => return Err(0),
    }
    let wrong = bytes.iter().position(|b| !matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'-' | b'.'));
    wrong.map_or(Ok(()), Err)
}
