//! Tokens for browsers that do not say where a request comes from: a signed double submit
//! (OWASP's sheet, "Signed Double-Submit Cookie").
//!
//! A token is 16 random bytes and an HMAC-SHA256 over them and the hash of the session's
//! cookie, in base64url. A page of ours reads it from the cookie and repeats it in a field;
//! a foreign page can do neither. That the cookie is a `__Host-` one keeps a sibling from
//! planting its own, and the signature for a session makes a planted one worthless.
//!
//! HMAC rather than keyed BLAKE3: it is what the sheet says, and its library compares in
//! constant time. A token has no time in it: it ends with its session.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_diagnostics::FieldPath;
use http::header::{CACHE_CONTROL, COOKIE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

use super::config::{MAX_KEYS, TokenConfig};
use super::mistake::{CsrfErrors, Mistake, MistakeKind, is_cookie_name};
use super::verdict::Denial;
use crate::mistake::Mistakes;

/// The field that a page repeats its token in.
pub const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// The cookie that has the token. Scripts read it: it has no `HttpOnly`.
pub const CSRF_COOKIE: &str = "__Host-csrf";

/// Random bytes of a token.
pub const RANDOM_BYTES: usize = 16;

const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;

/// Keeps what is signed here apart from what is signed elsewhere under the same key.
const LABEL: &[u8] = b"corsac-csrf-1";

/// Fewer different bytes than any 32 random ones have (more often than once in 10^24).
const MIN_DIFFERENT: usize = 12;

/// What signs and verifies tokens. `Debug` shows no key.
#[derive(Debug)]
pub(super) struct Tokens {
    /// The first signs.
    keys: Vec<hmac::Key>,
    session_cookie: String,
}

impl Tokens {
    pub(super) fn compile(config: &TokenConfig) -> Result<Self, CsrfErrors> {
        let at = FieldPath::root().key("token");
        let mut mistakes = Vec::new();
        let keys = keys(config.keys.expose_secret(), &mut |kind| {
            mistakes.push(Mistake { field: at.key("keys"), kind });
        });
        let name = &config.session_cookie;
        let kind = if name == CSRF_COOKIE {
            Some(MistakeKind::SessionIsToken)
        } else {
            (!is_cookie_name(name)).then(|| MistakeKind::CookieName(name.clone()))
        };
        mistakes.extend(kind.map(|kind| Mistake { field: at.key("session_cookie"), kind }));
        if mistakes.is_empty() {
            Ok(Self { keys, session_cookie: name.clone() })
        } else {
            Err(Mistakes(mistakes))
        }
    }

    pub(super) fn issue(&self, session: Option<&[u8]>, random: [u8; RANDOM_BYTES]) -> String {
        let message = message(session, random);
        let tag = self.keys.first().map(|key| hmac::sign(key, &message));
        let mut bytes = Vec::with_capacity(TAG_BYTES + RANDOM_BYTES);
        bytes.extend_from_slice(tag.as_ref().map(AsRef::as_ref).unwrap_or_default());
        bytes.extend_from_slice(&random);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(super) fn verify(&self, token: &[u8], session: Option<&[u8]>) -> bool {
        let mut bytes = [0; TAG_BYTES + RANDOM_BYTES];
        // Nothing longer fits, and everything shorter has no place for all random bytes.
        let Ok(length) = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) else { return false };
        let Some((tag, random)) = bytes.get(..length).and_then(|it| it.split_first_chunk::<TAG_BYTES>())
        else {
            return false;
        };
        let Ok(random) = random.try_into() else { return false };
        let message = message(session, random);
        self.keys.iter().any(|key| hmac::verify(key, &message, tag).is_ok())
    }

    /// Whether a request has the token of its session, twice.
    pub(super) fn judge(&self, headers: &HeaderMap) -> Result<(), Denial> {
        let mut fields = headers.get_all(CSRF_HEADER).iter();
        let field = fields.next().ok_or(Denial::TokenMissing)?;
        if fields.next().is_some() {
            return Err(Denial::TokenWrong);
        }
        let cookie = cookie(headers, CSRF_COOKIE).map_err(|Several| Denial::TokenWrong)?;
        let cookie = cookie.ok_or(Denial::TokenMissing)?;
        let session = cookie_of_session(self, headers).map_err(|Several| Denial::TokenWrong)?;
        let same = verify_slices_are_equal(cookie, field.as_bytes()).is_ok();
        if same && self.verify(cookie, session) { Ok(()) } else { Err(Denial::TokenWrong) }
    }

    /// A new token, unless the request has one for its session.
    pub(super) fn renew(
        &self,
        headers: &HeaderMap,
        random: impl FnOnce() -> Option<[u8; RANDOM_BYTES]>,
    ) -> Option<NewToken> {
        // Which of several sessions it is, nobody here knows.
        let session = cookie_of_session(self, headers).ok()?;
        let has_one = cookie(headers, CSRF_COOKIE)
            .is_ok_and(|token| token.is_some_and(|token| self.verify(token, session)));
        if has_one {
            return None;
        }
        let token = self.issue(session, random()?);
        let line = format!("{CSRF_COOKIE}={token}; Path=/; Secure; SameSite=Strict");
        let mut value = HeaderValue::try_from(line).ok()?;
        value.set_sensitive(true);
        Some(NewToken(value))
    }
}

/// A token's cookie, for a response. `Debug` does not show it.
#[derive(Clone, Debug)]
pub struct NewToken(HeaderValue);

impl NewToken {
    /// Sets it on a response, after the service's own cookies were hardened. A cache that
    /// is shared must not give it to somebody else.
    pub fn stamp(self, headers: &mut HeaderMap) {
        headers.append(SET_COOKIE, self.0);
        headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
}

/// What is signed. Its parts have fixed lengths, so that none reads as another.
fn message(session: Option<&[u8]>, random: [u8; RANDOM_BYTES]) -> Vec<u8> {
    let hash = digest::digest(&digest::SHA256, session.unwrap_or_default());
    [LABEL, &[u8::from(session.is_some())], hash.as_ref(), &random].concat()
}

fn keys(text: &str, report: &mut impl FnMut(MistakeKind)) -> Vec<hmac::Key> {
    let mut seen: Vec<Zeroizing<[u8; KEY_BYTES]>> = Vec::new();
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
        if seen.len() == MAX_KEYS {
            report(MistakeKind::TooManyKeys);
            break;
        }
        match key(text) {
            None => report(MistakeKind::KeyMalformed { line }),
            Some(key) if is_weak(&key) => report(MistakeKind::KeyWeak { line }),
            Some(key) if seen.iter().any(|other| **other == *key) => {
                report(MistakeKind::KeyRepeated { line });
            }
            Some(key) => seen.push(key),
        }
    }
    if text.trim().is_empty() {
        report(MistakeKind::NoKey);
    }
    seen.iter().map(|key| hmac::Key::new(hmac::HMAC_SHA256, &key[..])).collect()
}

fn key(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if text.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(key)
}

fn is_weak(key: &[u8; KEY_BYTES]) -> bool {
    let mut bytes = Zeroizing::new(*key);
    bytes.sort_unstable();
    bytes.chunk_by(|a, b| a == b).count() < MIN_DIFFERENT
}

/// Several cookies of one name, one of which a sibling may have planted.
struct Several;

fn cookie_of_session<'r>(tokens: &Tokens, headers: &'r HeaderMap) -> Result<Option<&'r [u8]>, Several> {
    cookie(headers, &tokens.session_cookie)
}

/// The value of the one cookie of this name. HTTP/2 may spread cookies over several fields
/// (RFC 9113, section 8.2.3).
fn cookie<'r>(headers: &'r HeaderMap, name: &str) -> Result<Option<&'r [u8]>, Several> {
    let pairs = headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let value = |pair: &'r [u8]| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    let mut values = pairs.filter_map(value);
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Several),
        (value, None) => Ok(value),
    }
}
