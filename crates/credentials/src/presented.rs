//! Where in a request a credential stands: in exactly one place, once.
//!
//! Two credentials are refused, whichever is right: proxies and applications would not
//! agree on the one that counts (RFC 6750, section 2).

use std::borrow::Cow;
use std::fmt;

use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};

use crate::error::Refusal;
use crate::error::mistake::{ConfigError, MistakeKind, Mistakes};
use crate::error::refusal::PlaceRefusal;
use crate::jwt::config::MAX_TOKEN_BYTES;
use crate::text::is_b64token;

/// Bytes of a query, or of one `Cookie` field, that are looked through: what a request's
/// head may have altogether on most servers.
const MAX_SCANNED_BYTES: usize = 64 * 1024;

/// RFC 6750, section 2.3.
const QUERY_PARAMETER: &str = "access_token";

/// Where credentials of one kind may stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacesConfig {
    /// `Authorization: Bearer …`
    pub bearer: bool,
    /// A header field of this name: `x-api-key`.
    pub header: Option<String>,
    /// A cookie of this name. Browsers send it along with what foreign pages ask for: it
    /// needs a guard against CSRF.
    pub cookie: Option<String>,
    /// A parameter of the query, of this name. It ends in logs, histories and referrers.
    pub dangerously_query: Option<String>,
}

/// A place where a credential may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// `Authorization: Bearer …`
    Bearer,
    /// A cookie.
    Cookie,
    /// A header field of its own.
    Header,
    /// A parameter of the query.
    Query,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Bearer => "`Authorization`",
            Self::Cookie => "a cookie",
            Self::Header => "the header field for API keys",
            Self::Query => "the query",
        }
    }

    /// Whether browsers send it by themselves, whichever page asks.
    pub fn is_ambient(self) -> bool {
        self == Self::Cookie
    }
}

/// Where credentials of one kind are looked for.
#[derive(Clone, Debug)]
pub struct Places {
    bearer: bool,
    header: Option<HeaderName>,
    cookie: Option<String>,
    query: Option<String>,
}

/// A credential as it stands in a request, not verified. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Presented<'r> {
    place: Place,
    text: Cow<'r, str>,
}

impl Presented<'_> {
    /// Where it stands.
    pub fn place(&self) -> Place {
        self.place
    }

    /// The credential itself: `b64token` of RFC 6750, section 2.1.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Places {
    /// The only road to places.
    ///
    /// # Errors
    ///
    /// Every mistake of the configuration, no place at all included.
    pub fn compile(config: &PlacesConfig) -> Result<Self, ConfigError> {
        let mut mistakes = Mistakes::default();
        let header = config.header.as_deref().and_then(|name| field_name(name, &mut mistakes));
        for (field, name) in [("cookie", &config.cookie), ("dangerously_query", &config.dangerously_query)] {
            // A cookie's name is a token, as is a field's.
            if let Some(name) = name.as_deref().filter(|name| HeaderName::try_from(*name).is_err()) {
                let expected = "a name";
                mistakes.report(field, MistakeKind::Malformed { value: name.to_owned(), expected });
            }
        }
        let query = config.dangerously_query.clone();
        if !config.bearer && config.header.is_none() && config.cookie.is_none() && query.is_none() {
            mistakes.report("bearer", MistakeKind::Empty);
        }
        mistakes.finish()?;
        Ok(Self { bearer: config.bearer, header, cookie: config.cookie.clone(), query })
    }

    /// Whether one of them is a cookie, which browsers send by themselves.
    pub fn are_ambient(&self) -> bool {
        self.cookie.is_some()
    }

    /// The one credential of a request.
    ///
    /// # Errors
    ///
    /// [`PlaceRefusal::Missing`] where there is none: another method may have one. Any other
    /// refusal is final.
    pub fn find<'r>(&self, headers: &'r HeaderMap, query: Option<&'r str>) -> Result<Presented<'r>, Refusal> {
        let candidates =
            [self.bearer(headers)?, self.header(headers)?, self.cookie(headers)?, self.query(query)?];
        let mut found = candidates.into_iter().flatten();
        let first = found.next().ok_or(PlaceRefusal::Missing)?;
        if let Some(second) = found.next() {
            return Err(PlaceRefusal::Several(first.place.name(), second.place.name()).into());
        }
        Ok(first)
    }

    fn bearer<'r>(&self, headers: &'r HeaderMap) -> Result<Option<Presented<'r>>, PlaceRefusal> {
        if !self.bearer {
            return Ok(None);
        }
        let Some(value) = single(headers, &AUTHORIZATION, Place::Bearer)? else { return Ok(None) };
        let text = visible(value, Place::Bearer)?;
        let (scheme, rest) = text.split_at_checked("bearer".len()).unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") || rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Ok(None);
        }
        // `"Bearer" 1*SP b64token`: no tab, no list, nothing behind.
        let token = rest.trim_start_matches(' ');
        if token.len() == rest.len() {
            return Err(PlaceRefusal::Malformed(Place::Bearer.name()));
        }
        presented(Place::Bearer, token.into()).map(Some)
    }

    fn header<'r>(&self, headers: &'r HeaderMap) -> Result<Option<Presented<'r>>, PlaceRefusal> {
        let Some(name) = &self.header else { return Ok(None) };
        let Some(value) = single(headers, name, Place::Header)? else { return Ok(None) };
        presented(Place::Header, visible(value, Place::Header)?.into()).map(Some)
    }

    fn cookie<'r>(&self, headers: &'r HeaderMap) -> Result<Option<Presented<'r>>, PlaceRefusal> {
        let Some(name) = &self.cookie else { return Ok(None) };
        let mut found = None;
        // HTTP/2 may spread cookies over several fields (RFC 9113, section 8.2.3).
        for value in headers.get_all(COOKIE) {
            if value.len() > MAX_SCANNED_BYTES {
                return Err(PlaceRefusal::TooLong(Place::Cookie.name()));
            }
            for pair in value.as_bytes().split(|byte| *byte == b';') {
                let Some(cookie) = value_of(pair.trim_ascii(), name.as_bytes()) else { continue };
                if found.replace(cookie).is_some() {
                    return Err(PlaceRefusal::Repeated(Place::Cookie.name()));
                }
            }
        }
        let Some(value) = found else { return Ok(None) };
        let text = std::str::from_utf8(value).map_err(|_| PlaceRefusal::Malformed(Place::Cookie.name()))?;
        presented(Place::Cookie, text.into()).map(Some)
    }

    fn query<'r>(&self, query: Option<&'r str>) -> Result<Option<Presented<'r>>, PlaceRefusal> {
        let Some(query) = query else { return Ok(None) };
        if !self.bearer && self.query.is_none() {
            return Ok(None);
        }
        if query.len() > MAX_SCANNED_BYTES {
            return Err(PlaceRefusal::TooLong(Place::Query.name()));
        }
        let mut found = None;
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = percent_decoded(name);
            if self.query.as_deref() == Some(name.as_ref()) {
                if found.replace(value).is_some() {
                    return Err(PlaceRefusal::Repeated(Place::Query.name()));
                }
            } else if self.bearer && name == QUERY_PARAMETER {
                return Err(PlaceRefusal::Query);
            }
        }
        found.map(|value| presented(Place::Query, percent_decoded(value))).transpose()
    }
}

fn field_name(name: &str, mistakes: &mut Mistakes) -> Option<HeaderName> {
    let parsed = HeaderName::try_from(name).ok().filter(|name| *name != AUTHORIZATION && *name != COOKIE);
    if parsed.is_none() {
        let expected = "the name of a header field beside `authorization` and `cookie`";
        mistakes.report("header", MistakeKind::Malformed { value: name.to_owned(), expected });
    }
    parsed
}

fn single<'r>(
    headers: &'r HeaderMap,
    name: &HeaderName,
    place: Place,
) -> Result<Option<&'r HeaderValue>, PlaceRefusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(PlaceRefusal::Repeated(place.name())),
    }
}

/// As [`HeaderValue::to_str`], which looks at one byte after the other: a field's value has
/// no control character but a tab.
fn visible(value: &HeaderValue, place: Place) -> Result<&str, PlaceRefusal> {
    let text = std::str::from_utf8(value.as_bytes()).ok().filter(|text| text.is_ascii());
    text.ok_or(PlaceRefusal::Malformed(place.name()))
}

fn presented(place: Place, text: Cow<'_, str>) -> Result<Presented<'_>, PlaceRefusal> {
    if text.len() > MAX_TOKEN_BYTES {
        return Err(PlaceRefusal::TooLong(place.name()));
    }
    if is_b64token(&text) {
        Ok(Presented { place, text })
    } else {
        Err(PlaceRefusal::Malformed(place.name()))
    }
}

/// The value of `name=value`.
fn value_of<'p>(pair: &'p [u8], name: &[u8]) -> Option<&'p [u8]> {
    pair.strip_prefix(name)?.strip_prefix(b"=")
}

/// As forms are encoded; what is no UTF-8 afterwards has no valid name or value.
fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let decoded = match byte {
            b'%' => ahead.next().and_then(hex).zip(ahead.next().and_then(hex)),
            _ => None,
        };
        match decoded {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = ahead;
            }
            None => bytes.push(if byte == b'+' { b' ' } else { byte }),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
