//! What people write.

use secrecy::SecretString;

/// Keys of tokens: one that signs, and others that were or will be.
pub const MAX_KEYS: usize = 4;

/// What all guarded routes share.
#[derive(Clone, Debug, Default)]
pub struct CsrfConfig {
    /// Tokens for browsers that send neither `Sec-Fetch-Site` nor `Origin`. Without them
    /// such requests pass: no browser since 2020 sends them, but every `curl` does.
    pub token: Option<TokenConfig>,
}

/// Tokens that are signed for a session.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    /// One key a line, each 32 random bytes in 64 hexadecimal digits: the first signs, and
    /// all verify. To rotate, put a new line in front; remove the old one a day later.
    pub keys: SecretString,
    /// The name of the cookie that the service knows its sessions by.
    pub session_cookie: String,
}

/// Whether a route is guarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CsrfMode {
    /// Requests that may be forged are refused.
    #[default]
    Enforce,
    /// Nothing is looked at.
    Off,
    /// Requests that may be forged pass, and the log says what would have been refused.
    Report,
}

impl CsrfMode {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::Enforce, Self::Off, Self::Report];

    /// As it is written in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Off => "off",
            Self::Report => "report",
        }
    }

    /// The mode of this name.
    ///
    /// ```
    /// use corsac_middleware::csrf::CsrfMode;
    /// assert_eq!(CsrfMode::parse("report"), Some(CsrfMode::Report));
    /// assert_eq!(CsrfMode::parse("Report"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// What a service's cookies get that it did not say. What it said stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieConfig {
    /// `SameSite` for cookies without a valid one.
    pub same_site: Option<SameSite>,
    /// `Secure`, over TLS. Over plain http a browser would not keep the cookie, so it is
    /// not added there.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// Cookies that get no `HttpOnly`, since scripts have to read them.
    pub readable: Vec<String>,
}

/// How far cookies travel. There is no `None`: that would weaken a cookie which says
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// With requests of the same site, and with links to it.
    Lax,
    /// With requests of the same site only.
    Strict,
}

impl SameSite {
    /// As it is written in a configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lax => "lax",
            Self::Strict => "strict",
        }
    }

    /// The value of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Lax, Self::Strict].into_iter().find(|it| it.name() == name)
    }

    pub(super) fn attribute(self) -> &'static [u8] {
        match self {
            Self::Lax => b"; SameSite=Lax",
            Self::Strict => b"; SameSite=Strict",
        }
    }
}
