//! Who calls.

use std::fmt;
use std::sync::Arc;

use crate::json::Json;
use crate::time::Timestamp;

/// How a principal proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// A key of [`crate::ApiKeys`].
    ApiKey,
    /// An opaque token that its issuer vouched for (RFC 7662).
    Introspection,
    /// A signed token (RFC 7519).
    Jwt,
}

impl Method {
    /// `api-key`, `introspection` or `jwt`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::Introspection => "introspection",
            Self::Jwt => "jwt",
        }
    }
}

/// Who calls, what the caller may, how that was proved, and until when. It holds no
/// credential. `Debug` shows the names of claims and not what they say, which may be personal.
#[derive(Clone, PartialEq)]
pub struct Principal {
    pub(crate) subject: String,
    pub(crate) provider: Arc<str>,
    pub(crate) issuer: Option<Arc<str>>,
    pub(crate) roles: Names,
    pub(crate) scopes: Names,
    pub(crate) method: Method,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) claims: Vec<(String, Claim)>,
}

impl Principal {
    /// Who: unique within [`Self::provider`] and [`Self::issuer`] only.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The configured provider that vouched, by its name in the configuration.
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The issuer, where there is one: `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Roles, sorted, each once.
    pub fn roles(&self) -> &[String] {
        &self.roles.0
    }

    /// Whether the role is among them. Compared byte by byte.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.contains(role)
    }

    /// Scopes, sorted, each once.
    pub fn scopes(&self) -> &[String] {
        &self.scopes.0
    }

    /// Whether the scope is among them. Compared byte by byte (RFC 6749, section 3.3).
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.contains(scope)
    }

    /// How it was proved.
    pub fn method(&self) -> Method {
        self.method
    }

    /// From when on it is nobody. `None`: the credential itself has no end.
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// One of the claims that the configuration keeps.
    pub fn claim(&self, name: &str) -> Option<&Claim> {
        self.claims.iter().find(|(own, _)| own == name).map(|(_, claim)| claim)
    }

    /// The claims that the configuration keeps and the credential has.
    pub fn claims(&self) -> impl Iterator<Item = (&str, &Claim)> {
        self.claims.iter().map(|(name, claim)| (name.as_str(), claim))
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claims: Vec<&str> = self.claims.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Principal")
            .field("subject", &self.subject)
            .field("provider", &self.provider)
            .field("issuer", &self.issuer)
            .field("roles", &self.roles.0)
            .field("scopes", &self.scopes.0)
            .field("method", &self.method)
            .field("expires_at", &self.expires_at)
            .field("claims", &claims)
            .finish()
    }
}

/// Texts, sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(Vec<String>);

impl Names {
    pub(crate) fn new(mut names: Vec<String>) -> Self {
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|own| own.as_str().cmp(name)).is_ok()
    }
}

/// What a claim says.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// `true` or `false`
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Several values.
    List(Vec<Self>),
    /// `null`
    Null,
    /// Any other number.
    Number(f64),
    /// Names, each once, in the issuer's order.
    Object(Vec<(String, Self)>),
    /// A text.
    Text(String),
}

impl Claim {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&Json<'_>> for Claim {
    fn from(json: &Json<'_>) -> Self {
        match json {
            Json::Flag(flag) => Self::Flag(*flag),
            Json::Integer(integer) => Self::Integer(*integer),
            Json::List(list) => Self::List(list.iter().map(Self::from).collect()),
            Json::Null => Self::Null,
            Json::Number(number) => Self::Number(*number),
            Json::Object(object) => {
                Self::Object(object.iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
            }
            Json::Text(text) => Self::Text(text.clone().into_owned()),
        }
    }
}
