//! What is decided, and why.

/// Whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Allowed(Grounds),
    /// No.
    Denied(Denial),
}

/// Why a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grounds {
    /// The route's policy allows its origin, with credentials and with its method.
    AllowedOrigin,
    /// Nothing that a browser sends by itself authenticates on this route.
    Bearer,
    /// It carries nothing that a browser sends by itself.
    NoCredentials,
    /// It says nothing of where it comes from, and no browser since 2020 would send it so.
    NoEvidence,
    /// The route is not guarded.
    Off,
    /// Its `Origin` is the one that it is for.
    OwnOrigin,
    /// Its method is safe.
    SafeMethod,
    /// Its browser says that it comes from the origin that it is for.
    SameOrigin,
    /// It has the token of its session.
    Token,
    /// Its browser says that the user made it, not a page.
    UserInitiated,
}

impl Grounds {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::AllowedOrigin,
        Self::Bearer,
        Self::NoCredentials,
        Self::NoEvidence,
        Self::Off,
        Self::OwnOrigin,
        Self::SafeMethod,
        Self::SameOrigin,
        Self::Token,
        Self::UserInitiated,
    ];

    /// A stable name for logs and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::AllowedOrigin => "allowed-origin",
            Self::Bearer => "not-needed-bearer",
            Self::NoCredentials => "not-needed-no-credentials",
            Self::NoEvidence => "no-evidence",
            Self::Off => "off",
            Self::OwnOrigin => "own-origin",
            Self::SafeMethod => "not-needed-safe-method",
            Self::SameOrigin => "same-origin",
            Self::Token => "token",
            Self::UserInitiated => "user-initiated",
        }
    }
}

/// Why a request is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Denial {
    /// Its browser says that another origin sent it: another site, or a sibling.
    CrossSite,
    /// Its `Origin` is another than the one that it is for.
    ForeignOrigin,
    /// Its origin is opaque (`null`): a sandboxed frame, a redirect between origins.
    NullOrigin,
    /// Its `Origin` is not one that browsers send.
    OriginMalformed,
    /// Its query names another method, and it says nothing of where it comes from: any link
    /// may be that.
    OverrideUnproven,
    /// It has several `Origin` fields.
    SeveralOrigins,
    /// It says nothing of where it comes from, and has no token.
    TokenMissing,
    /// Its token is not the one of its session.
    TokenWrong,
}

impl Denial {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::CrossSite,
        Self::ForeignOrigin,
        Self::NullOrigin,
        Self::OriginMalformed,
        Self::OverrideUnproven,
        Self::SeveralOrigins,
        Self::TokenMissing,
        Self::TokenWrong,
    ];

    /// A stable name for logs and metrics.
    pub fn code(self) -> &'static str {
        match self {
            Self::CrossSite => "cross-site",
            Self::ForeignOrigin => "foreign-origin",
            Self::NullOrigin => "null-origin",
            Self::OriginMalformed => "origin-malformed",
            Self::OverrideUnproven => "override-unproven",
            Self::SeveralOrigins => "several-origins",
            Self::TokenMissing => "token-missing",
            Self::TokenWrong => "token-wrong",
        }
    }

    /// What the client is told. Who has no token is told where it belongs.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::CrossSite
            | Self::ForeignOrigin
            | Self::NullOrigin
            | Self::OriginMalformed
            | Self::OverrideUnproven
            | Self::SeveralOrigins => "the request may come from another site",
            Self::TokenMissing | Self::TokenWrong => {
                "the request needs the value of the cookie __Host-csrf in the field x-csrf-token"
            }
        }
    }
}

impl Verdict {
    /// The code of its reason.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Allowed(grounds) => grounds.code(),
            Self::Denied(denial) => denial.code(),
        }
    }
}
