//! What is answered to whom nobody knows: a challenge, or the way to the sign-in page.

use std::fmt::Write as _;

use corsac_credentials::{ApiKeyRefusal, ClaimRefusal, PlaceRefusal, Refusal, Terse, Unavailable};
use corsac_events::{Guard, Text};
use http::header::{CACHE_CONTROL, HeaderName, LOCATION, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};

use crate::guard::{Head, Problem, Refused};

/// Bytes of a path and query that a sign-in page is told, before they are encoded.
const MAX_RETURN: usize = 2 * 1_024;

/// Seconds after which an unavailable provider may be asked again.
const RETRY_SECONDS: u16 = 5;

const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const FETCH_METADATA: HeaderValue = HeaderValue::from_static("Sec-Fetch-Mode, Sec-Fetch-Dest");
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const DESTINATION: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// A kind of credential, as a challenge calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Tokens, wherever they stand, and API keys in `Authorization` (RFC 6750).
    Bearer,
    /// API keys elsewhere. No scheme is registered for them; RFC 9110, section 15.5.2, wants
    /// a challenge all the same, and who does not know a scheme ignores it.
    ApiKey(&'static str, String),
}

impl Scheme {
    /// The challenge, without an error.
    pub(super) fn challenge(&self, realm: &str) -> String {
        match self {
            Self::Bearer => format!("Bearer realm=\"{realm}\""),
            Self::ApiKey(place, name) => format!("ApiKey realm=\"{realm}\", in=\"{place}\", name=\"{name}\""),
        }
    }
}

/// Where navigations are sent.
#[derive(Clone, Debug)]
pub(super) struct SignIn {
    /// The page, and its parameter up to the value: `https://…/sign-in?return_to=`.
    pub(super) before: String,
    /// Whether a query may hold a credential of this group's methods.
    pub(super) hides_query: bool,
}

/// What one group answers.
#[derive(Debug)]
pub(super) struct Answers {
    /// One a scheme.
    pub(super) challenges: Vec<String>,
    /// Which of them is each method's.
    pub(super) by_method: Vec<usize>,
    pub(super) names: Vec<String>,
    pub(super) sign_in: Option<SignIn>,
}

impl Answers {
    /// `method`: whose credential it is, where there is one.
    pub(super) fn refuse(&self, head: &Head<'_>, method: Option<usize>, refusal: &Refusal) -> Refused {
        let terse = refusal.terse();
        let mut problem = Problem::new(terse.status, code(refusal), terse.description);
        match terse.status {
            StatusCode::UNAUTHORIZED => match self.redirect(head) {
                Some(redirect) => problem = redirect,
                None => self.challenge(&mut problem, method, &terse),
            },
            StatusCode::SERVICE_UNAVAILABLE => {
                problem = problem.with_field(RETRY_AFTER, RETRY_SECONDS.into());
            }
            _ => self.challenge(&mut problem, method, &terse),
        }
        if self.sign_in.is_some() && terse.status == StatusCode::UNAUTHORIZED {
            problem = problem.with_field(VARY, FETCH_METADATA);
        }
        problem = problem.with_field(CACHE_CONTROL, NO_STORE);
        let name = method.and_then(|method| self.names.get(method));
        let detail = match name {
            Some(name) => Text::format(format_args!("{name}: {refusal}")),
            None => Text::format(format_args!("{refusal}")),
        };
        Refused::new(Guard::Authn, problem).because(reason(refusal), Some(detail))
    }

    fn challenge(&self, problem: &mut Problem, method: Option<usize>, terse: &Terse) {
        let own = method.and_then(|method| self.by_method.get(method)).copied().unwrap_or_default();
        for (index, challenge) in self.challenges.iter().enumerate() {
            let mut text = challenge.clone();
            if let Some(error) = terse.error.filter(|_| index == own) {
                // Writing to a string cannot fail; the words are ours, without quotes.
                let _ = write!(text, ", error=\"{error}\", error_description=\"{}\"", terse.description);
            }
            if let Ok(value) = HeaderValue::try_from(text) {
                problem.fields.push((WWW_AUTHENTICATE, value));
            }
        }
    }

    /// 303: whatever was asked for, what follows is a `GET` of another page. Only for what a
    /// person sees: a script that follows it gets a page that it cannot read, or not at all.
    fn redirect(&self, head: &Head<'_>) -> Option<Problem> {
        let sign_in = self.sign_in.as_ref()?;
        if !is_navigation(head) {
            return None;
        }
        let mut location = sign_in.before.clone();
        for byte in return_target(head, sign_in.hides_query).bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                    location.push(char::from(byte));
                }
                _ => push_percent(&mut location, byte),
            }
        }
        let location = HeaderValue::try_from(location).ok()?;
        let problem = Problem::new(StatusCode::SEE_OTHER, "sign-in-required", "Sign in to see this page");
        Some(problem.with_field(LOCATION, location))
    }
}

pub(super) fn push_percent(out: &mut String, byte: u8) {
    // Writing to a string cannot fail.
    let _ = write!(out, "%{byte:02X}");
}

/// A page that a person goes to, as browsers say it (Fetch Metadata). Without the two
/// fields nothing is one: over plain HTTP browsers send none.
fn is_navigation(head: &Head<'_>) -> bool {
    let says = |name: &HeaderName, value: &str| {
        let mut values = head.headers.get_all(name).iter();
        values.next().is_some_and(|own| own == value) && values.next().is_none()
    };
    matches!(*head.method, Method::GET | Method::HEAD)
        && says(&MODE, "navigate")
        && says(&DESTINATION, "document")
}

/// The path and query of this request; `/` where they could be anything else to somebody.
fn return_target(head: &Head<'_>, hides_query: bool) -> String {
    let rest = head.path.strip_prefix('/');
    // `//host` and `/\host` are other hosts to browsers.
    let is_local =
        rest.is_some_and(|rest| !rest.starts_with(['/', '\\']) && !rest.contains(char::is_control));
    if !is_local || head.path.len() > MAX_RETURN {
        return "/".to_owned();
    }
    let query = head.query.filter(|query| {
        let fits = head.path.len() + query.len() < MAX_RETURN;
        fits && !hides_query && !names_token(query)
    });
    match query {
        Some(query) => format!("{}?{query}", head.path),
        None => head.path.to_owned(),
    }
}

/// Whether the query may have `access_token` in it, however it is encoded.
fn names_token(query: &str) -> bool {
    let mut names = query.split(['&', ';']).map(|pair| pair.split('=').next().unwrap_or_default());
    names.any(|name| name.contains('%') || name.eq_ignore_ascii_case("access_token"))
}

/// For the client: the same for every way in which a credential can be wrong.
fn code(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Place(PlaceRefusal::Missing) => "credential-missing",
        Refusal::Place(_) => "credential-malformed",
        Refusal::ApiKey(ApiKeyRefusal::Expired { .. }) | Refusal::Claim(ClaimRefusal::Expired { .. }) => {
            "credential-expired"
        }
        Refusal::Unavailable(_) => "authentication-unavailable",
        _ => "credential-invalid",
    }
}

/// For the log.
fn reason(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::ApiKey(ApiKeyRefusal::Expired { .. }) => "api-key-expired",
        Refusal::ApiKey(ApiKeyRefusal::Revoked(_)) => "api-key-revoked",
        Refusal::ApiKey(_) => "api-key-invalid",
        Refusal::Claim(ClaimRefusal::Expired { .. }) => "token-expired",
        Refusal::Claim(_) => "token-claim",
        Refusal::Introspection(_) => "token-inactive",
        Refusal::Key(_) => "token-key",
        Refusal::Place(PlaceRefusal::Missing) => "credential-missing",
        Refusal::Place(PlaceRefusal::Several(..) | PlaceRefusal::Repeated(_)) => "credential-ambiguous",
        Refusal::Place(_) => "credential-malformed",
        Refusal::Shape(_) => "token-shape",
        Refusal::Unavailable(Unavailable::Keys) => "keys-unavailable",
        Refusal::Unavailable(_) => "introspection-unavailable",
        _ => "credential-invalid",
    }
}
