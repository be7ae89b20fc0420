//! Who was recognized, and what the upstream is told of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use corsac_credentials::{Place, Principal};
use http::header::{AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue};

use super::answer::push_percent;

/// What all fields about a caller begin with. Clients' own are removed, with `_` for `-` too:
/// to a CGI program both are `HTTP_X_CORSAC_…`.
const PREFIX: &str = "x-corsac-";

const SUBJECT: HeaderName = HeaderName::from_static("x-corsac-subject");
const PROVIDER: HeaderName = HeaderName::from_static("x-corsac-provider");
const METHOD: HeaderName = HeaderName::from_static("x-corsac-method");
const ROLES: HeaderName = HeaderName::from_static("x-corsac-roles");
const SCOPES: HeaderName = HeaderName::from_static("x-corsac-scopes");

/// Bytes of a list that an upstream is told, encoded. Most servers take heads of 8 KiB and
/// more; who has a longer list is refused rather than told of with a part of it.
const MAX_LIST: usize = 8 * 1_024;

/// Removes what clients say about themselves in the fields that [`Identity::stamp`] sets. For
/// every request that is forwarded, whether its route takes credentials or not.
pub fn strip(headers: &mut HeaderMap) {
    let forged: Vec<_> = headers.keys().filter(|name| is_reserved(name.as_str())).cloned().collect();
    for name in forged {
        headers.remove(name);
    }
}

fn is_reserved(name: &str) -> bool {
    let same = |(own, byte): (u8, u8)| own == byte || (!own.is_ascii_alphanumeric() && byte == b'-');
    name.len() >= PREFIX.len() && name.bytes().zip(PREFIX.bytes()).all(same)
}

/// What the upstream is told, and what it is not.
#[derive(Debug)]
pub(super) struct Forwarding {
    pub(super) identity_fields: bool,
    pub(super) credential: bool,
    pub(super) header: Option<HeaderName>,
    pub(super) cookie: Option<String>,
}

/// A caller who was recognized.
#[derive(Clone)]
pub struct Identity {
    pub(super) principal: Arc<Principal>,
    pub(super) place: Place,
    pub(super) forwarding: Arc<Forwarding>,
}

impl Identity {
    /// How many fields [`Self::stamp`] sets at most.
    pub const FIELDS: usize = 5;

    /// Who.
    pub fn principal(&self) -> &Arc<Principal> {
        &self.principal
    }

    /// Where the credential stood.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether browsers send the credential by themselves, so that a guard against CSRF has to
    /// look at the request.
    pub fn is_ambient(&self) -> bool {
        self.place.is_ambient()
    }

    /// Tells the upstream who calls: `X-Corsac-Subject`, `-Provider`, `-Method`, `-Roles` and
    /// `-Scopes`, in place of whatever the client says in them. Characters outside of visible
    /// ASCII, and `%` and `,`, are percent-encoded; lists have commas. Removes the credential
    /// where it is not forwarded.
    pub fn stamp(&self, headers: &mut HeaderMap) {
        strip(headers);
        if !self.forwarding.credential {
            self.remove_credential(headers);
        }
        if !self.forwarding.identity_fields {
            return;
        }
        let principal = &*self.principal;
        set(headers, SUBJECT, encoded(principal.subject()));
        set(headers, PROVIDER, encoded(principal.provider()));
        headers.insert(METHOD, HeaderValue::from_static(principal.method().as_str()));
        set(headers, ROLES, list(principal.roles()));
        set(headers, SCOPES, list(principal.scopes()));
    }

    /// Whether the fields have room for what they would say.
    pub(super) fn fits(&self) -> bool {
        let fits = |names: &[String]| {
            // Three bytes for one at most.
            let most: usize = names.iter().map(|name| 3 * name.len() + 1).sum();
            most <= MAX_LIST || list(names).len() <= MAX_LIST
        };
        !self.forwarding.identity_fields || (fits(self.principal.roles()) && fits(self.principal.scopes()))
    }

    fn remove_credential(&self, headers: &mut HeaderMap) {
        match self.place {
            Place::Bearer => {
                headers.remove(AUTHORIZATION);
            }
            Place::Header => {
                if let Some(name) = &self.forwarding.header {
                    headers.remove(name);
                }
            }
            Place::Cookie => {
                if let Some(name) = &self.forwarding.cookie {
                    remove_cookie(headers, name);
                }
            }
            Place::Query => {}
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("principal", &self.principal)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: Cow<'_, str>) {
    // Encoded text is visible ASCII.
    let value = match value {
        Cow::Borrowed(text) => HeaderValue::from_str(text),
        Cow::Owned(text) => HeaderValue::try_from(text),
    };
    if let Ok(value) = value {
        headers.insert(name, value);
    }
}

/// Names with commas between them. One alone, which most lists have, is not copied.
fn list(names: &[String]) -> Cow<'_, str> {
    match names {
        [] => "".into(),
        [name] => encoded(name),
        names => names.iter().map(|name| encoded(name)).collect::<Vec<_>>().join(",").into(),
    }
}

fn encoded(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'$' | b'&'..=b'+' | b'-'..=b'~');
    if name.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return name.into();
    }
    let mut out = String::with_capacity(3 * name.len());
    for byte in name.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            push_percent(&mut out, byte);
        }
    }
    out.into()
}

/// Removes one cookie of all fields, and a field that had no other.
fn remove_cookie(headers: &mut HeaderMap, name: &str) {
    let is_other = |pair: &&[u8]| {
        let pair = pair.trim_ascii();
        !pair.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    };
    let mut kept = Vec::new();
    for value in headers.get_all(COOKIE) {
        let others: Vec<_> = value.as_bytes().split(|byte| *byte == b';').filter(is_other).collect();
        let line = others.join(&b';');
        // A part of a value that was one.
        if let Ok(value) = HeaderValue::from_bytes(line.trim_ascii())
            && !value.is_empty()
        {
            kept.push(value);
        }
    }
    headers.remove(COOKIE);
    for value in kept {
        headers.append(COOKIE, value);
    }
}
