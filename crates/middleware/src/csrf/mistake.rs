//! What may be wrong with a configuration. No mistake shows any part of a key.

use std::fmt;

use corsac_diagnostics::excerpt;

use super::config::MAX_KEYS;
use super::token::CSRF_COOKIE;
use crate::mistake;

/// One mistake.
pub type Mistake = mistake::Mistake<MistakeKind>;

/// What is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// Not the name of a cookie.
    CookieName(String),
    /// The same name a second time.
    Duplicate(String),
    /// A line that is no key.
    KeyMalformed {
        /// Its number, from 1.
        line: usize,
    },
    /// A key that stands there twice.
    KeyRepeated {
        /// The number of the second line.
        line: usize,
    },
    /// A key that nobody drew at random.
    KeyWeak {
        /// Its number, from 1.
        line: usize,
    },
    /// No key at all.
    NoKey,
    /// Rules that change no cookie.
    NothingToDo,
    /// Names of cookies that no rule would touch.
    ReadableWithoutHttpOnly,
    /// The session's cookie is the token's.
    SessionIsToken,
    /// More keys than there may be.
    TooManyKeys,
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CookieName(name) => write!(f, "`{}` is not the name of a cookie", excerpt(name)),
            Self::Duplicate(name) => write!(f, "`{}` stands here twice", excerpt(name)),
            Self::KeyMalformed { line } => {
                write!(f, "line {line} of the keys is not 64 hexadecimal digits")
            }
            Self::KeyRepeated { line } => write!(f, "line {line} of the keys stands there before"),
            Self::KeyWeak { line } => write!(f, "line {line} of the keys is not random"),
            Self::NoKey => f.write_str("there is no key"),
            Self::NothingToDo => f.write_str("no cookie gets anything"),
            Self::ReadableWithoutHttpOnly => f.write_str("no cookie gets `HttpOnly` anyway"),
            Self::SessionIsToken => write!(f, "`{CSRF_COOKIE}` is the token's own cookie"),
            Self::TooManyKeys => write!(f, "there are more than {MAX_KEYS} keys"),
        }
    }
}

impl MistakeKind {
    /// What to do.
    pub fn help(&self) -> &'static str {
        match self {
            Self::CookieName(_) => "write the cookie's name alone, such as \"sid\"",
            Self::Duplicate(_) => "remove it",
            Self::KeyMalformed { .. } | Self::KeyWeak { .. } | Self::NoKey => {
                "make a key with `openssl rand -hex 32`; one key a line"
            }
            Self::KeyRepeated { .. } => "remove the line",
            Self::NothingToDo => "add same_site = \"lax\", secure = true or http_only = true",
            Self::ReadableWithoutHttpOnly => "add http_only = true, or remove it",
            Self::SessionIsToken => "name the cookie that the service knows its sessions by",
            Self::TooManyKeys => "remove the oldest: the first signs, a second one is enough to rotate",
        }
    }
}

/// All mistakes of a configuration that cannot be compiled.
pub type CsrfErrors = mistake::Mistakes<MistakeKind>;

/// Whether `name` is a token (RFC 6265bis, section 4.1.1), and so the name of a cookie.
pub(super) fn is_cookie_name(name: &str) -> bool {
    http::HeaderName::try_from(name).is_ok()
}
