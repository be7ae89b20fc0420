//! What people write: names as strings, nothing checked yet.

use std::fmt;
use std::time::Duration;

/// A CORS policy as written. [`crate::Policy::compile`] checks it.
///
/// There is no default policy: the empty configuration is refused because it
/// allows nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyConfig {
    /// Who may read: exact origins (`https://app.example.com`), all sub-domains of a
    /// base (`https://*.example.com`, not the base itself), any port
    /// (`http://localhost:*`), or `*` alone for every website, without credentials.
    pub origins: Vec<String>,
    /// Methods beyond `GET`, `HEAD` and `POST`, which browsers allow anyway
    /// (Fetch, "CORS-safelisted method"). Case matters: `PATCH`. `*` is any method.
    pub methods: Vec<String>,
    /// Request headers beyond the CORS-safelisted ones, in any case. `*` is any
    /// header but `authorization`, which has to be named (Fetch, "CORS non-wildcard
    /// request-header name").
    pub request_headers: Vec<String>,
    /// Response headers that scripts may read beyond the CORS-safelisted ones. `*`
    /// works without credentials only.
    pub exposed_headers: Vec<String>,
    /// Whether requests may carry cookies, client certificates and HTTP
    /// authentication.
    pub credentials: bool,
    /// How long a browser may remember a preflight, in whole seconds: at most 24 h
    /// (Firefox's cap); Chromium cuts at 2 h, WebKit at 10 min. `None` leaves it to the
    /// browser (5 s); zero forbids it.
    pub max_age: Option<Duration>,
    /// Answers `Access-Control-Request-Private-Network` of Chromium 104 to 141 for
    /// allowed origins. Obsolete: Local Network Access is a permission of the user.
    pub legacy_private_network: bool,
    /// Guards switched off.
    pub dangerous: Vec<Dangerous>,
}

/// A guard that a policy may switch off, named for its danger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dangerous {
    /// Plain `http` origins together with credentials: whoever is on the network
    /// path reads the responses.
    InsecureOrigins,
    /// `null` as an origin: any website can send it from a sandboxed iframe.
    NullOrigin,
    /// Wildcards over public suffixes, without credentials: strangers register
    /// origins below them.
    PublicSuffixSubdomains,
}

impl Dangerous {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::InsecureOrigins, Self::NullOrigin, Self::PublicSuffixSubdomains];

    /// The key in a policy's `dangerous` table.
    pub fn key(self) -> &'static str {
        match self {
            Self::InsecureOrigins => "insecure_origins",
            Self::NullOrigin => "null_origin",
            Self::PublicSuffixSubdomains => "public_suffix_subdomains",
        }
    }

    /// What it lets happen.
    pub fn danger(self) -> &'static str {
        match self {
            Self::InsecureOrigins => {
                "whoever is on the network path to a plain-http origin can read responses"
            }
            Self::NullOrigin => "any website can send `Origin: null` from a sandboxed iframe",
            Self::PublicSuffixSubdomains => "strangers can register origins that the policy allows",
        }
    }
}

impl fmt::Display for Dangerous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}
