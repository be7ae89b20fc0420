//! A service's `Set-Cookie`, hardened: what it did not say is added, and what it said
//! stays, even `SameSite=None`. What browsers would refuse for want of an attribute gets it
//! (RFC 6265bis, section 5.7): `Secure` for `SameSite=None`, for `Partitioned`, and for the
//! prefixes `__Host-` and `__Secure-` (section 4.1.3); `Path=/` and no `Domain` for
//! `__Host-`.
//!
//! A line is read as browsers read it (section 5.6): cut at each `;`, in any case, and of
//! an attribute that stands there twice the last one counts. No line is dropped: what no
//! browser keeps does no harm, and whoever wrote it should see it. Cookies are not renamed
//! to `__Host-`: the service, its scripts and its siblings know them by their names.

use corsac_diagnostics::FieldPath;
use http::header::{Entry, HeaderMap, HeaderValue, SET_COOKIE};

use super::config::{CookieConfig, SameSite};
use super::mistake::{CsrfErrors, Mistake, MistakeKind, is_cookie_name};
use crate::mistake::Mistakes;

/// Longer values of attributes are ignored by browsers (RFC 6265bis, section 5.6).
const MAX_ATTRIBUTE: usize = 1024;

/// Rules for the cookies that a service sets.
#[derive(Clone, Debug)]
pub struct CookieRules(CookieConfig);

impl CookieRules {
    /// The only road to rules.
    ///
    /// # Errors
    /// Every mistake of the configuration.
    pub fn compile(config: &CookieConfig) -> Result<Self, CsrfErrors> {
        let root = FieldPath::root();
        let mut mistakes = Vec::new();
        if config.same_site.is_none() && !config.secure && !config.http_only {
            mistakes.push(Mistake { field: root.clone(), kind: MistakeKind::NothingToDo });
        } else if !config.readable.is_empty() && !config.http_only {
            let kind = MistakeKind::ReadableWithoutHttpOnly;
            mistakes.push(Mistake { field: root.key("readable"), kind });
        }
        for (index, name) in config.readable.iter().enumerate() {
            let before = config.readable.get(..index).unwrap_or_default();
            let kind = if !is_cookie_name(name) {
                MistakeKind::CookieName(name.clone())
            } else if before.contains(name) {
                MistakeKind::Duplicate(name.clone())
            } else {
                continue;
            };
            mistakes.push(Mistake { field: root.key("readable").index(index), kind });
        }
        if mistakes.is_empty() { Ok(Self(config.clone())) } else { Err(Mistakes(mistakes)) }
    }

    /// Whether cookies that say nothing of it get `SameSite`.
    pub fn sets_same_site(&self) -> bool {
        self.0.same_site.is_some()
    }

    /// Hardens every `Set-Cookie` of a response to a request that came over TLS or did not.
    /// Returns how many it changed.
    ///
    /// `secure = true` adds nothing over plain http: the browser would not keep the cookie,
    /// except on loopback, where there is nobody to keep it from (and Safari would not).
    pub fn harden(&self, headers: &mut HeaderMap, is_secure: bool) -> usize {
        let Entry::Occupied(mut lines) = headers.entry(SET_COOKIE) else { return 0 };
        let mut changed = 0;
        for value in lines.iter_mut() {
            let hardened = self.line(value.as_bytes(), is_secure);
            // What is added is ASCII, so that it stays a value.
            if let Some(mut line) = hardened.and_then(|line| HeaderValue::from_bytes(&line).ok()) {
                line.set_sensitive(value.is_sensitive());
                *value = line;
                changed += 1;
            }
        }
        changed
    }

    /// The hardened line, if it is another.
    fn line(&self, line: &[u8], is_secure: bool) -> Option<Vec<u8>> {
        let cookie = Cookie::read(line);
        let mut hardened =
            if cookie.is_host && cookie.has_domain { without_domain(line) } else { line.to_vec() };
        let is_refused_without =
            cookie.is_prefixed || cookie.is_partitioned || cookie.same_site == Some(Travel::Everywhere);
        if !cookie.is_secure && (is_refused_without || (self.0.secure && is_secure)) {
            hardened.extend_from_slice(b"; Secure");
        }
        if cookie.is_host && !cookie.is_for_all_paths {
            hardened.extend_from_slice(b"; Path=/");
        }
        let is_readable = || self.0.readable.iter().any(|name| name.as_bytes() == cookie.name);
        if self.0.http_only && !cookie.is_http_only && !is_readable() {
            hardened.extend_from_slice(b"; HttpOnly");
        }
        if let (Some(same_site), None) = (self.0.same_site.map(SameSite::attribute), cookie.same_site) {
            hardened.extend_from_slice(same_site);
        }
        (hardened != line).then_some(hardened)
    }
}

/// What a valid `SameSite` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Travel {
    Everywhere,
    Less,
}

/// A line as a browser reads it.
#[expect(clippy::struct_excessive_bools, reason = "each is an attribute that is there or not")]
#[derive(Debug)]
struct Cookie<'l> {
    name: &'l [u8],
    is_host: bool,
    is_prefixed: bool,
    is_secure: bool,
    is_http_only: bool,
    is_partitioned: bool,
    has_domain: bool,
    is_for_all_paths: bool,
    same_site: Option<Travel>,
}

impl<'l> Cookie<'l> {
    fn read(line: &'l [u8]) -> Self {
        let mut parts = line.split(|byte| *byte == b';');
        let pair = parts.next().unwrap_or_default();
        // Without `=` it is a value without a name.
        let name = split(pair).map_or(&b""[..], |(name, _)| name);
        let is_host = begins(name, b"__host-");
        let mut cookie = Self {
            name,
            is_host,
            is_prefixed: is_host || begins(name, b"__secure-"),
            is_secure: false,
            is_http_only: false,
            is_partitioned: false,
            has_domain: false,
            is_for_all_paths: false,
            same_site: None,
        };
        for part in parts {
            let (name, value) = split(part).unwrap_or((part.trim_ascii(), b""));
            if value.len() > MAX_ATTRIBUTE {
                continue;
            }
            match name.to_ascii_lowercase().as_slice() {
                b"secure" => cookie.is_secure = true,
                b"httponly" => cookie.is_http_only = true,
                b"partitioned" => cookie.is_partitioned = true,
                b"domain" => cookie.has_domain = true,
                b"path" => cookie.is_for_all_paths = value == b"/",
                b"samesite" => cookie.same_site = travel(value),
                _ => {}
            }
        }
        cookie
    }
}

/// `None` for a value that browsers do not know: they treat it as none.
fn travel(value: &[u8]) -> Option<Travel> {
    if value.eq_ignore_ascii_case(b"none") {
        Some(Travel::Everywhere)
    } else if value.eq_ignore_ascii_case(b"lax") || value.eq_ignore_ascii_case(b"strict") {
        Some(Travel::Less)
    } else {
        None
    }
}

fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = pair.iter().position(|byte| *byte == b'=')?;
    let (name, value) = pair.split_at_checked(at)?;
    Some((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()))
}

/// Prefixes count in any case (RFC 6265bis, section 5.7).
fn begins(name: &[u8], prefix: &[u8]) -> bool {
    name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn without_domain(line: &[u8]) -> Vec<u8> {
    let is_domain = |part: &[u8]| {
        let name = split(part).map_or(part.trim_ascii(), |(name, _)| name);
        name.eq_ignore_ascii_case(b"domain")
    };
    let parts = line.split(|byte| *byte == b';').enumerate();
    let kept = parts.filter(|(index, part)| *index == 0 || !is_domain(part)).map(|(_, part)| part);
    kept.collect::<Vec<_>>().join(&b';')
}
