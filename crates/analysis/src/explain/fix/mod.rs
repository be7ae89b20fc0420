//! The smallest safe change that lets a request through: what one response must say, all of
//! it at once, or what the script or the page must do instead.
//!
//! A fix names one origin, never `*` and never `null`; it keeps what a response allows already.

mod elsewhere;
mod fields;
mod network_path;
mod slip;

use std::fmt;

use corsac_browser::{CorsFailure, CredentialsMode, Failure, RequestInit, Response, Sent, Verdict};

use super::exchange::RecordedExchange;
use elsewhere::elsewhere;
use fields::{Needs, preflight_fields, response_fields};
pub(super) use network_path::{WARNING as NETWORK_PATH_WARNING, is_insecure};
use slip::slip;

/// Where a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Where the page is served from, or how.
    Page,
    /// The server's answer to the preflight.
    Preflight,
    /// The server's redirect response.
    Redirect,
    /// The server's response, whatever its status.
    Response,
    /// The script that asks.
    Script,
    /// The server, apart from what it answers.
    Server,
}

impl Place {
    /// Its name in machine output.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Preflight => "preflight",
            Self::Redirect => "redirect",
            Self::Response => "response",
            Self::Script => "script",
            Self::Server => "server",
        }
    }
}

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Where.
    pub place: Place,
    /// On which hop: 0 is the request, n the n-th redirect.
    pub hop: usize,
    /// What, in a sentence without its period.
    pub text: String,
    /// The status that the response must have, where it must change.
    pub status: Option<u16>,
    /// Response fields to send there, each in place of all of its name.
    pub fields: Vec<(&'static str, String)>,
    /// The call as the script should make it, where that is the change.
    pub call: Option<Box<RequestInit>>,
    /// Whether it is the user's permission to reach the local network.
    pub(super) is_permission: bool,
    /// Whether it says no more than that no answer came.
    pub(super) is_unanswered: bool,
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        for (index, (name, value)) in self.fields.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            write!(f, "`{name}: {value}`")?;
        }
        Ok(())
    }
}

impl Fix {
    fn new(place: Place, text: impl Into<String>) -> Self {
        Self {
            place,
            hop: 0,
            text: text.into(),
            status: None,
            fields: Vec::new(),
            call: None,
            is_permission: false,
            is_unanswered: false,
        }
    }

    fn unanswered(text: &str) -> Self {
        Self { is_unanswered: true, ..Self::new(Place::Server, text) }
    }

    /// Whether it is the user's permission to reach the local network: no more was sent
    /// without it.
    pub fn is_permission(&self) -> bool {
        self.is_permission
    }

    /// Whether it says no more than that no answer came: behind a change of the URL nobody
    /// knows whether one would.
    pub fn is_unanswered(&self) -> bool {
        self.is_unanswered
    }

    fn with(mut self, fields: Vec<(&'static str, String)>) -> Self {
        self.fields = fields;
        self
    }

    fn with_call(mut self, request: &RequestInit, change: impl FnOnce(&mut RequestInit)) -> Self {
        let mut call = Box::new(request.clone());
        change(&mut call);
        self.call = Some(call);
        self
    }
}

/// What is known of the call that failed.
struct Case<'a> {
    exchange: &'a RecordedExchange,
    last: Option<&'a Sent>,
    /// The response to the last request.
    response: Option<&'a Response>,
}

impl Case<'_> {
    fn request(&self) -> &RequestInit {
        &self.exchange.request
    }

    fn includes_credentials(&self) -> bool {
        self.request().credentials == CredentialsMode::Include
    }

    /// The request's origin, as the server that failed saw it.
    fn origin(&self) -> &str {
        self.last.and_then(|sent| sent.origin.as_deref()).unwrap_or(&self.exchange.page.origin)
    }

    /// What the failing response must allow.
    fn needs(&self) -> Needs<'_> {
        Needs {
            origin: self.origin(),
            credentials: self.includes_credentials(),
            method: self.last.and_then(|sent| sent.access_control_request_method.as_deref()),
            names: self.last.and_then(|sent| sent.access_control_request_headers.as_deref()),
        }
    }
}

/// What to change so that `verdict` on `exchange` would be a success; nothing if it is one.
/// One response is put right as a whole; another may be wrong after it.
pub fn fix(exchange: &RecordedExchange, verdict: &Verdict) -> Option<Fix> {
    if let Some(invalid) = &verdict.invalid {
        return Some(Fix::new(Place::Script, format!("change the call of `fetch`: {invalid}")));
    }
    let failure = verdict.failure.as_ref()?;
    let last = verdict.requests.last();
    let response = last.and_then(|sent| exchange.response(sent.hop, sent.kind));
    let case = Case { exchange, last, response };
    let mut fix = match failure {
        Failure::Cors(failure, status) => cors(&case, failure, Place::Response, *status),
        Failure::RedirectCors(failure, status) => cors(&case, failure, Place::Redirect, *status),
        Failure::PreflightCors(failure, status) => cors(&case, failure, Place::Preflight, *status),
        other => preflight(&case, other).unwrap_or_else(|| elsewhere(&case, other)),
    };
    // WebKit looks at the status of a preflight's answer before its origin.
    if fix.fields.iter().any(|(name, value)| *name == "Access-Control-Allow-Origin" && value == "null") {
        fix = null_origin(&case);
    }
    fix.hop = last.map_or(0, |sent| sent.hop);
    if case.includes_credentials() {
        network_path::warn(&mut fix, case.origin());
    }
    Some(fix)
}

fn cors(case: &Case<'_>, failure: &CorsFailure, place: Place, status: u16) -> Fix {
    if case.origin() == "null" {
        return null_origin(case);
    }
    let needs = case.needs();
    let fields = match place {
        Place::Preflight => preflight_fields(&needs, case.response),
        _ => response_fields(&needs, case.response),
    };
    let answer = answer_at(place, status);
    let text = match failure {
        CorsFailure::Missing if place == Place::Preflight && matches!(status, 401 | 403) => {
            return unauthenticated(case, status);
        }
        CorsFailure::Missing if place == Place::Preflight && matches!(status, 300..=399) => {
            return redirected(case, status);
        }
        CorsFailure::Missing => format!("send these fields with {answer}"),
        CorsFailure::Multiple(..) => {
            format!("let one layer only send `Access-Control-Allow-Origin`, with one value, with {answer}")
        }
        CorsFailure::Wildcard => {
            format!(
                "if this origin may use the user's credentials, name it with {answer} (else ask without them)"
            )
        }
        CorsFailure::Credentials(_) => {
            format!("if this origin may use the user's credentials, allow them with {answer}")
        }
        CorsFailure::Invalid(value) | CorsFailure::Mismatch(value) => match slip(value, needs.origin) {
            Some(slip) => format!("send the page's origin, exactly as it is, with {answer}; {slip}"),
            None => format!("if the page's origin may read, send it with {answer}"),
        },
    };
    let mut fix = Fix::new(place, text).with(fields);
    if place == Place::Preflight && !(200..300).contains(&status) {
        fix.status = Some(204);
    }
    fix
}

fn answer_at(place: Place, status: u16) -> String {
    match place {
        Place::Preflight if (200..300).contains(&status) => "the answer to the preflight".to_owned(),
        Place::Preflight => format!("the answer to the preflight, which must be 204 (now {status})"),
        Place::Redirect => format!("the redirect ({status}) too"),
        _ if status >= 400 => format!("every response, errors too (this is {status})"),
        _ => "the response".to_owned(),
    }
}

const OWN_ORIGIN: &str = "serve the page from an origin of its own (no sandbox without `allow-same-origin`, no `data:` or \
                          `file:`) and allow that; `null` stands for everybody's sandboxed frame";

/// `null` is the origin of anybody's sandboxed frame: allowing it is no fix.
fn null_origin(case: &Case<'_>) -> Fix {
    if case.exchange.page.origin == "null" {
        return Fix::new(Place::Page, OWN_ORIGIN);
    }
    let last = case.last.map(|sent| sent.url.clone()).unwrap_or_default();
    let text = format!(
        "ask {last} directly: a redirect between two other origins turns the page's origin into `null`, which must \
         not be allowed"
    );
    Fix::new(Place::Script, text).with_call(case.request(), |call| call.url = last)
}

/// A preflight that some guard refuses. 401 is authentication's; 403 is also how servers
/// refuse what their CORS configuration does not allow.
fn unauthenticated(case: &Case<'_>, status: u16) -> Fix {
    let text = if status == 401 {
        "answer `OPTIONS` before authentication, with 204: browsers send no credentials with it (now 401)"
    } else {
        "answer the preflight with 204, if this origin may ask with this method and these headers (now 403: \
         refused by a CORS configuration, or by authentication, for which browsers send no credentials with it)"
    };
    let fields = preflight_fields(&case.needs(), case.response);
    Fix { status: Some(204), ..Fix::new(Place::Preflight, text).with(fields) }
}

fn preflight(case: &Case<'_>, failure: &Failure) -> Option<Fix> {
    let fields = || preflight_fields(&case.needs(), case.response);
    let answer = |text: String| Fix::new(Place::Preflight, text).with(fields());
    Some(match failure {
        Failure::PreflightStatus(status @ (401 | 403)) => unauthenticated(case, *status),
        Failure::PreflightRedirect(status) | Failure::PreflightStatus(status @ 300..=399) => {
            redirected(case, *status)
        }
        Failure::PreflightStatus(status) => {
            Fix { status: Some(204), ..answer(format!("answer `OPTIONS` with 204 (now {status})")) }
        }
        Failure::AllowMethodsSyntax(value) => {
            answer(format!("take `{value}` out of `Access-Control-Allow-Methods`"))
        }
        Failure::AllowHeadersSyntax(value) => {
            answer(format!("take `{value}` out of `Access-Control-Allow-Headers`"))
        }
        Failure::MethodNotAllowed(method) => {
            let other = method.to_ascii_uppercase();
            if other != *method && case.request().method == *method {
                let text = format!("write the method in upper case, `{other}`, and allow that");
                return Some(
                    Fix::new(Place::Script, text).with_call(case.request(), |call| call.method = other),
                );
            }
            answer(format!("allow `{method}` with the answer to the preflight"))
        }
        Failure::HeaderNotAllowed(_) => {
            let asked = case.needs().missing_names(case.response).join("`, `");
            answer(format!("allow `{asked}` with the answer to the preflight"))
        }
        Failure::PreflightNetwork => Fix::unanswered("see whether the server is up and answers `OPTIONS`"),
        _ => return None,
    })
}

/// Browsers do not follow the redirect of a preflight. Where it leads is what to ask for.
fn redirected(case: &Case<'_>, status: u16) -> Fix {
    let from = case.last.and_then(|sent| url::Url::parse(&sent.url).ok());
    let location = case.response.and_then(|response| response.headers.get("location"));
    let location = location.and_then(|value| String::from_utf8(value).ok());
    let target = from.zip(location).and_then(|(from, location)| from.join(&location).ok());
    match target {
        Some(target) => {
            let text = format!(
                "ask {target} directly, which the server redirects to ({status}): browsers follow no redirect of a \
                 preflight"
            );
            Fix::new(Place::Script, text).with_call(case.request(), |call| call.url = target.to_string())
        }
        None => {
            let fields = preflight_fields(&case.needs(), case.response);
            let text = format!("answer `OPTIONS` with 204 and without a redirect (now {status})");
            Fix { status: Some(204), ..Fix::new(Place::Preflight, text).with(fields) }
        }
    }
}
