//! What a request says of where it comes from, and of what it carries.

use corsac_origin::{MAX_ORIGIN_LEN, OriginError, OriginRef, Scheme, TupleRef};
use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN};

use crate::guard::Head;

/// Where a request comes from, in the words of its browser: Fetch Metadata, section 2.3.
pub(super) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What authenticates requests on a route, among what browsers send by themselves,
/// whichever page asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ambient {
    /// Whatever the request carries: the service behind authenticates, and nobody knows
    /// how. Requests with a `Cookie`, or with an `Authorization` that a browser may have
    /// added (`Basic`, `Digest`, `Negotiate`, anything but `Bearer` and `DPoP`), are
    /// checked. A sign-in form carries nothing yet: say [`Self::Cookies`] for its route.
    #[default]
    Carried,
    /// A client certificate, or the network that the client is in: nothing in the
    /// request's fields tells, so every request is checked.
    ClientCertificate,
    /// A cookie. Requests without one are checked too: signing somebody in under a foreign
    /// name is an attack (OWASP's sheet, "Login CSRF").
    Cookies,
    /// `Authorization` with a scheme for which browsers ask the user.
    HttpAuthentication,
    /// Nothing: only what a page's script adds, such as a bearer token or an API key.
    None,
}

impl Ambient {
    /// Why a request needs no check, if it needs none.
    pub(super) fn spares(self, headers: &HeaderMap) -> Option<super::Grounds> {
        match self {
            Self::None => Some(super::Grounds::Bearer),
            Self::Carried if !is_carried(headers) => Some(super::Grounds::NoCredentials),
            Self::Carried | Self::ClientCertificate | Self::Cookies | Self::HttpAuthentication => None,
        }
    }
}

fn is_carried(headers: &HeaderMap) -> bool {
    headers.contains_key(COOKIE) || headers.get_all(AUTHORIZATION).iter().any(is_from_a_browser)
}

/// Browsers add schemes that they know how to ask the user for. Any but these two may be
/// one of them: a scheme that nobody here knows is not a reason to look away.
fn is_from_a_browser(value: &HeaderValue) -> bool {
    let scheme = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
    !scheme.eq_ignore_ascii_case(b"bearer") && !scheme.eq_ignore_ascii_case(b"dpop")
}

/// What `Sec-Fetch-Site` says. No page can set or change it (Fetch Metadata, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site {
    /// Nothing: the browser is old, or the request came over plain http.
    Absent,
    /// `cross-site`, `same-site`, and whatever it may say one day. A sibling under the
    /// same registrable domain is another origin, and often somebody else's.
    Foreign,
    /// `none`.
    None,
    /// `same-origin`, for each step of a redirect chain (section 4.1).
    SameOrigin,
}

impl Site {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(SEC_FETCH_SITE).iter();
        match (values.next().map(HeaderValue::as_bytes), values.next()) {
            (None, _) => Self::Absent,
            (Some(b"same-origin"), None) => Self::SameOrigin,
            (Some(b"none"), None) => Self::None,
            (Some(_), _) => Self::Foreign,
        }
    }
}

/// What `Origin` says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'r> {
    Absent,
    Null,
    Tuple(TupleRef<'r>),
}

/// An `Origin` that no browser sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceError {
    Malformed(OriginError),
    Several,
}

impl<'r> Source<'r> {
    pub(super) fn of(headers: &'r HeaderMap) -> Result<Self, SourceError> {
        let mut values = headers.get_all(ORIGIN).iter();
        let Some(value) = values.next() else { return Ok(Self::Absent) };
        if values.next().is_some() {
            return Err(SourceError::Several);
        }
        match OriginRef::parse(value.as_bytes()).map_err(SourceError::Malformed)? {
            OriginRef::Opaque => Ok(Self::Null),
            OriginRef::Tuple(tuple) => Ok(Self::Tuple(tuple)),
        }
    }

    /// Whether a website sends it; extensions and applications have schemes of their own.
    pub(super) fn is_web(&self) -> bool {
        matches!(self, Self::Tuple(tuple) if !matches!(tuple.scheme(), Scheme::Other(_)))
    }

    /// Whether it is the origin that the request is for. An `https` service whose `http`
    /// twin sends a form is attacked by whoever is on the network path.
    pub(super) fn is_own(&self, head: &Head<'_>) -> bool {
        let Self::Tuple(tuple) = self else { return false };
        own_origin(head).is_some_and(|own| own == tuple.as_str())
    }
}

/// The origin that a request is for, as a page of it would send it.
pub(super) fn own_origin(head: &Head<'_>) -> Option<String> {
    let host = head.host.filter(|host| host.len() <= MAX_ORIGIN_LEN)?;
    let (scheme, default_port) = if head.is_secure { ("https", ":443") } else { ("http", ":80") };
    let text = format!("{scheme}://{}", host.strip_suffix(default_port).unwrap_or(host).to_ascii_lowercase());
    OriginRef::parse(text.as_bytes()).is_ok_and(|own| own.tuple().is_some()).then_some(text)
}
