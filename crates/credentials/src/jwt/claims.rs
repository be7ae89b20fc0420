//! What a token claims (RFC 7519, section 4.1), or an answer to introspection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::refusal::ClaimRefusal;
use crate::json::{Json, Object};
use crate::principal::{Claim, Method, Names, Principal};
use crate::time::Timestamp;

/// The last date that is one: the end of the year 9999.
pub const MAX_DATE: Timestamp = Timestamp::from_secs(253_402_300_799);

/// Bytes of a subject, a role or a scope. `OpenID` Connect Core, section 2, ends a subject
/// at 255 characters.
const MAX_NAME_BYTES: usize = 256;

/// Roles, scopes, or audiences of one token.
const MAX_NAMES: usize = 256;

/// The claims of a signed text (RFC 7519, section 4). Who holds them has read them; whether the
/// signature was verified before is the reader's business ([`crate::Jws::verify`]). `Debug`
/// shows the names of claims and not what they say, which may be personal.
#[derive(Clone, PartialEq)]
pub struct Claims<'t>(Object<'t>);

impl<'t> Claims<'t> {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// Not JSON that we read, or no object.
    pub fn read(payload: &'t [u8]) -> Result<Self, ClaimRefusal> {
        match Json::parse(payload).map_err(ClaimRefusal::Json)? {
            Json::Object(object) => Ok(Self(object)),
            _ => Err(ClaimRefusal::NotObject),
        }
    }

    /// All of them.
    pub fn as_object(&self) -> &Object<'t> {
        &self.0
    }

    /// A claim that must be there.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn required(&self, claim: &str) -> Result<&Json<'t>, ClaimRefusal> {
        self.0.get(claim).ok_or_else(|| ClaimRefusal::Missing(claim.to_owned()))
    }

    /// A text that must be there.
    ///
    /// # Errors
    ///
    /// It is not there, or no text.
    pub fn text(&self, claim: &str) -> Result<&str, ClaimRefusal> {
        self.required(claim)?.as_text().ok_or_else(|| ClaimRefusal::WrongType(claim.to_owned()))
    }

    /// A text that names somebody or something: at most 256 bytes, not empty, no control
    /// character.
    ///
    /// # Errors
    ///
    /// It is not there, no text, or no such text.
    pub fn name(&self, claim: &str) -> Result<&str, ClaimRefusal> {
        let text = self.text(claim)?;
        check_name(text, || claim.to_owned()).map(|()| text)
    }

    /// `iss` is there and is this one, to the byte.
    ///
    /// # Errors
    ///
    /// It is not there, or another.
    pub fn check_issuer(&self, own: &str) -> Result<(), ClaimRefusal> {
        check_issuer(&self.0, own)
    }

    /// `aud` is there, and is this one or a list that has it.
    ///
    /// # Errors
    ///
    /// It is not there, or others.
    pub fn check_audience(&self, own: &str) -> Result<(), ClaimRefusal> {
        check_audience(&self.0, |audience| audience == own)
    }

    /// `exp` without leeway, `nbf` and `iat` with it; each may be absent here.
    ///
    /// # Errors
    ///
    /// No date, or one that says: not now.
    pub fn check_dates(&self, leeway: Duration, now: Timestamp) -> Result<Dates, ClaimRefusal> {
        check_dates(&self.0, leeway, now)
    }
}

impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A claim's name, or the JSON Pointer to it.
#[derive(Clone, Debug)]
pub(crate) struct ClaimPath {
    written: String,
    steps: Vec<String>,
}

impl ClaimPath {
    pub(crate) fn new(written: &str) -> Self {
        let steps = match written.strip_prefix('/') {
            None => vec![written.to_owned()],
            Some(pointer) => pointer.split('/').map(|s| s.replace("~1", "/").replace("~0", "~")).collect(),
        };
        Self { written: written.to_owned(), steps }
    }

    fn find<'o, 't>(&self, claims: &'o Object<'t>) -> Option<&'o Json<'t>> {
        let (last, before) = self.steps.split_last()?;
        let innermost = before.iter().try_fold(claims, |object, step| object.get(step)?.as_object());
        innermost?.get(last)
    }

    fn owned(&self) -> String {
        self.written.clone()
    }
}

/// Whose claims are accepted, and how a principal is made of them.
#[derive(Clone, Debug)]
pub(crate) struct ClaimRules {
    pub(crate) provider: Arc<str>,
    pub(crate) issuer: Option<Arc<str>>,
    /// Ours; empty: any.
    pub(crate) audiences: Vec<String>,
    pub(crate) leeway: Duration,
    pub(crate) subject: ClaimPath,
    pub(crate) roles: Option<ClaimPath>,
    pub(crate) scopes: ClaimPath,
    pub(crate) required: Vec<ClaimPath>,
    pub(crate) kept: Vec<ClaimPath>,
}

/// The dates of a token that is valid now. Fractions of a second count against whoever
/// presents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dates {
    /// `exp`
    pub expires_at: Option<Timestamp>,
    /// `iat`
    pub issued_at: Option<Timestamp>,
}

impl ClaimRules {
    pub(crate) fn check_issuer(&self, claims: &Object<'_>) -> Result<(), ClaimRefusal> {
        self.issuer.as_deref().map_or(Ok(()), |own| check_issuer(claims, own))
    }

    pub(crate) fn check_audience(&self, claims: &Object<'_>) -> Result<(), ClaimRefusal> {
        check_audience(claims, |audience| self.audiences.iter().any(|own| own == audience))
    }

    pub(crate) fn check_dates(&self, claims: &Object<'_>, now: Timestamp) -> Result<Dates, ClaimRefusal> {
        check_dates(claims, self.leeway, now)
    }

    /// A principal of claims that passed the checks above.
    pub(crate) fn principal(
        &self,
        claims: &Object<'_>,
        method: Method,
        expires_at: Option<Timestamp>,
    ) -> Result<Principal, ClaimRefusal> {
        if claims.get("cnf").is_some() {
            return Err(ClaimRefusal::Bound);
        }
        if let Some(missing) = self.required.iter().find(|path| path.find(claims).is_none()) {
            return Err(ClaimRefusal::Missing(missing.owned()));
        }
        let subject = match self.subject.find(claims) {
            None => return Err(ClaimRefusal::Missing(self.subject.owned())),
            Some(value) => name(value, &self.subject)?,
        };
        let roles = match &self.roles {
            Some(path) => names(claims, path, Separator::None)?,
            None => Names::default(),
        };
        let kept = self.kept.iter().filter_map(|path| Some((path.owned(), Claim::from(path.find(claims)?))));
        Ok(Principal {
            subject,
            provider: Arc::clone(&self.provider),
            issuer: self.issuer.clone(),
            roles,
            scopes: names(claims, &self.scopes, Separator::Space)?,
            method,
            expires_at,
            claims: kept.collect(),
        })
    }
}

fn check_issuer(claims: &Object<'_>, own: &str) -> Result<(), ClaimRefusal> {
    match claims.get("iss") {
        None => Err(ClaimRefusal::Missing("iss".into())),
        Some(Json::Text(issuer)) if issuer == own => Ok(()),
        Some(Json::Text(issuer)) => Err(ClaimRefusal::Issuer(issuer.clone().into_owned())),
        Some(_) => Err(ClaimRefusal::WrongType("iss".into())),
    }
}

fn check_audience(claims: &Object<'_>, is_ours: impl Fn(&str) -> bool) -> Result<(), ClaimRefusal> {
    let wrong = || ClaimRefusal::WrongType("aud".into());
    let list = match claims.get("aud") {
        None => return Err(ClaimRefusal::Missing("aud".into())),
        Some(Json::Text(audience)) if is_ours(audience) => return Ok(()),
        Some(Json::Text(audience)) => return Err(ClaimRefusal::Audience(audience.clone().into_owned())),
        Some(value) => value.as_list().ok_or_else(wrong)?,
    };
    if list.len() > MAX_NAMES {
        return Err(ClaimRefusal::TooLong("aud".into()));
    }
    let mut found = false;
    for audience in list {
        found |= is_ours(audience.as_text().ok_or_else(wrong)?);
    }
    let first = || list.first().and_then(Json::as_text).unwrap_or_default().to_owned();
    if found { Ok(()) } else { Err(ClaimRefusal::Audience(first())) }
}

fn check_dates(claims: &Object<'_>, leeway: Duration, now: Timestamp) -> Result<Dates, ClaimRefusal> {
    let expires_at = date(claims, "exp", Round::Down)?;
    let from = date(claims, "nbf", Round::Up)?;
    let issued_at = date(claims, "iat", Round::Up)?;
    let latest = now.plus(leeway);
    if let Some(at) = expires_at.filter(|at| *at <= now) {
        return Err(ClaimRefusal::Expired { at });
    }
    if let Some(from) = from.filter(|from| *from > latest) {
        return Err(ClaimRefusal::NotYetValid { from });
    }
    if let Some(at) = issued_at.filter(|at| *at > latest) {
        return Err(ClaimRefusal::IssuedInFuture { at });
    }
    Ok(Dates { expires_at, issued_at })
}

/// Fractions of a second count against whoever presents the token.
#[derive(Clone, Copy)]
enum Round {
    Down,
    Up,
}

/// A `NumericDate` (RFC 7519, section 2), whole or with a fraction.
fn date(claims: &Object<'_>, name: &'static str, round: Round) -> Result<Option<Timestamp>, ClaimRefusal> {
    let seconds = match claims.get(name) {
        None => return Ok(None),
        Some(Json::Integer(seconds)) => u64::try_from(*seconds).ok(),
        // A negative one is refused before rounding makes a zero of it.
        Some(Json::Number(seconds)) if *seconds >= 0.0 => match round {
            Round::Down => whole(seconds.floor()),
            Round::Up => whole(seconds.ceil()),
        },
        Some(_) => None,
    };
    let date = seconds.map(Timestamp::from_secs).filter(|date| *date <= MAX_DATE);
    date.map(Some).ok_or(ClaimRefusal::Date(name))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range, as is checked")]
fn whole(seconds: f64) -> Option<u64> {
    // Doubles hold every whole number of this range.
    (0.0..=1e12).contains(&seconds).then_some(seconds as u64)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    None,
    Space,
}

/// A text, or a list of texts; none where the claim is absent.
fn names(claims: &Object<'_>, path: &ClaimPath, separator: Separator) -> Result<Names, ClaimRefusal> {
    let mut names = Vec::new();
    match path.find(claims) {
        None => {}
        Some(Json::Text(text)) if separator == Separator::Space => {
            names.reserve(text.bytes().filter(|byte| *byte == b' ').count().min(MAX_NAMES) + 1);
            for word in text.split(' ').filter(|word| !word.is_empty()).take(MAX_NAMES + 1) {
                names.push(checked(word, path)?);
            }
        }
        Some(Json::List(list)) => {
            names.reserve(list.len().min(MAX_NAMES + 1));
            for value in list.iter().take(MAX_NAMES + 1) {
                names.push(name(value, path)?);
            }
        }
        Some(value) => names.push(name(value, path)?),
    }
    if names.len() > MAX_NAMES { Err(ClaimRefusal::TooLong(path.owned())) } else { Ok(Names::new(names)) }
}

fn name(value: &Json<'_>, path: &ClaimPath) -> Result<String, ClaimRefusal> {
    let text = value.as_text().ok_or_else(|| ClaimRefusal::WrongType(path.owned()))?;
    checked(text, path)
}

fn checked(text: &str, path: &ClaimPath) -> Result<String, ClaimRefusal> {
    check_name(text, || path.owned()).map(|()| text.to_owned())
}

/// What names somebody or something goes into logs and into header fields for upstreams.
fn check_name(text: &str, claim: impl FnOnce() -> String) -> Result<(), ClaimRefusal> {
    if text.len() > MAX_NAME_BYTES {
        return Err(ClaimRefusal::TooLong(claim()));
    }
    if text.is_empty() || text.contains(char::is_control) {
        return Err(ClaimRefusal::Character(claim()));
    }
    Ok(())
}
