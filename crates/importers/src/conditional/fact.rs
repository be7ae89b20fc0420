//! What conditions ask of a request besides its origin.

use std::fmt;

/// Something that holds of a request or does not, whatever its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// It is for this host.
    Host(String),
    /// Its method is one of these.
    Method(Vec<String>),
    /// Whatever else, in the configuration's words.
    Other(String),
    /// Its path is such.
    Path(PathTest),
}

/// A condition on a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PathTest {
    EndsWith(String),
    Is(String),
    StartsWith(String),
    /// It is this, or continues with a slash.
    Under(String),
}

impl PathTest {
    pub(crate) fn holds(&self, path: &str) -> bool {
        match self {
            Self::EndsWith(end) => path.ends_with(end.as_str()),
            Self::Is(text) => path == text,
            Self::StartsWith(start) => path.starts_with(start.as_str()),
            Self::Under(base) => {
                let base = base.strip_suffix('/').unwrap_or(base);
                path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "host {host}"),
            Self::Method(methods) => write!(f, "method {}", methods.join(" or ")),
            Self::Other(text) => f.write_str(text),
            Self::Path(PathTest::EndsWith(text)) => write!(f, "path *{text}"),
            Self::Path(PathTest::Is(text)) => write!(f, "path {text}"),
            Self::Path(PathTest::StartsWith(text)) => write!(f, "path {text}*"),
            Self::Path(PathTest::Under(text)) => write!(f, "path {}/", text.trim_end_matches('/')),
        }
    }
}
