//! What a token claims (RFC 7519, section 4.1), or an answer to introspection.

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

/// The dates of a token that is valid now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dates {
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) issued_at: Option<Timestamp>,
}

impl ClaimRules {
    /// `iss` is there and is the provider's, to the byte.
    pub(crate) fn check_issuer(&self, claims: &Object<'_>) -> Result<(), ClaimRefusal> {
        let Some(own) = self.issuer.as_deref() else { return Ok(()) };
        match claims.get("iss") {
            None => Err(ClaimRefusal::Missing("iss".into())),
            Some(Json::Text(issuer)) if issuer == own => Ok(()),
            Some(Json::Text(issuer)) => Err(ClaimRefusal::Issuer(issuer.clone().into_owned())),
            Some(_) => Err(ClaimRefusal::WrongType("iss".into())),
        }
    }

    /// `aud` is there, and is or has one of ours.
    pub(crate) fn check_audience(&self, claims: &Object<'_>) -> Result<(), ClaimRefusal> {
        let is_ours = |audience: &str| self.audiences.iter().any(|own| own == audience);
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

    /// `exp` without leeway, `nbf` and `iat` with it; each may be absent here.
    pub(crate) fn check_dates(&self, claims: &Object<'_>, now: Timestamp) -> Result<Dates, ClaimRefusal> {
        let expires_at = date(claims, "exp", Round::Down)?;
        let from = date(claims, "nbf", Round::Up)?;
        let issued_at = date(claims, "iat", Round::Up)?;
        let latest = now.plus(self.leeway);
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

/// What names somebody or something goes into logs and into header fields for upstreams.
fn checked(text: &str, path: &ClaimPath) -> Result<String, ClaimRefusal> {
    if text.len() > MAX_NAME_BYTES {
        return Err(ClaimRefusal::TooLong(path.owned()));
    }
    if text.is_empty() || text.contains(char::is_control) {
        return Err(ClaimRefusal::Character(path.owned()));
    }
    Ok(text.to_owned())
}
