//! The smallest safe change that lets a request through.

use std::fmt;

use corsac_browser::{CorsFailure, CredentialsMode, Failure, Page, RequestInit, Sent, Verdict};

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

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Where.
    pub place: Place,
    /// What, in a sentence without its period.
    pub text: String,
    /// Response fields to send there.
    pub fields: Vec<(&'static str, String)>,
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

/// What to change so that `verdict` would be a success; nothing if it is one.
pub fn fix(page: &Page, request: &RequestInit, verdict: &Verdict) -> Option<Fix> {
    if let Some(invalid) = &verdict.invalid {
        return Some(script(format!("change the call of `fetch`: {invalid}")));
    }
    let failure = verdict.failure.as_ref()?;
    let last = verdict.requests.last();
    Some(match failure {
        Failure::Cors(failure, status) => cors(failure, Place::Response, *status, (page, request, last)),
        Failure::RedirectCors(failure, status) => {
            cors(failure, Place::Redirect, *status, (page, request, last))
        }
        Failure::PreflightCors(failure, status) => {
            cors(failure, Place::Preflight, *status, (page, request, last))
        }
        other => preflight(other, request, last).unwrap_or_else(|| elsewhere(other)),
    })
}

type Asked<'a> = (&'a Page, &'a RequestInit, Option<&'a Sent>);

fn script(text: impl Into<String>) -> Fix {
    Fix { place: Place::Script, text: text.into(), fields: Vec::new() }
}

fn server(place: Place, text: impl Into<String>, fields: Vec<(&'static str, String)>) -> Fix {
    Fix { place, text: text.into(), fields }
}

fn cors(failure: &CorsFailure, place: Place, status: u16, (page, request, last): Asked<'_>) -> Fix {
    let origin = last.and_then(|sent| sent.origin.as_deref()).unwrap_or(&page.origin);
    if origin == "null" {
        return null_origin(page);
    }
    let includes = request.credentials == CredentialsMode::Include;
    let mut fields = vec![("Access-Control-Allow-Origin", origin.to_owned()), ("Vary", "Origin".to_owned())];
    if includes {
        fields.insert(1, ("Access-Control-Allow-Credentials", "true".to_owned()));
    }
    let answer = answer_at(place, status);
    match failure {
        CorsFailure::Missing => server(place, format!("send these fields with {answer}"), fields),
        CorsFailure::Multiple(..) => server(
            place,
            format!(
                "send one `Access-Control-Allow-Origin` with {answer}, from one layer only, with one value"
            ),
            fields,
        ),
        CorsFailure::Wildcard => server(
            place,
            format!(
                "name the origin with {answer}, if it may use the user's credentials; or ask without them"
            ),
            fields,
        ),
        CorsFailure::Credentials(_) => {
            let text = format!("allow credentials with {answer}, if this origin may use them");
            server(place, text, vec![("Access-Control-Allow-Credentials", "true".to_owned())])
        }
        CorsFailure::Invalid(_) | CorsFailure::Mismatch(_) => {
            let text = format!("send the page's origin, exactly as it is, with {answer}");
            server(place, text, fields)
        }
    }
}

fn answer_at(place: Place, status: u16) -> String {
    match place {
        Place::Preflight if (200..300).contains(&status) => "the answer to the preflight".to_owned(),
        Place::Preflight => format!("the answer to the preflight, which is {status} and must be 200 to 299"),
        Place::Redirect => format!("the redirect ({status}) too"),
        _ if status >= 400 => format!("every response, errors too (this is {status})"),
        _ => "the response".to_owned(),
    }
}

/// `null` is the origin of anybody's sandboxed frame: allowing it is no fix.
fn null_origin(page: &Page) -> Fix {
    if page.origin == "null" {
        let text = "serve the page from an origin of its own (no sandbox without `allow-same-origin`, no `data:` or \
                    `file:`) and allow that; `null` stands for everybody's sandboxed frame";
        return Fix { place: Place::Page, text: text.to_owned(), fields: Vec::new() };
    }
    script(
        "ask the last URL of the redirects directly: a redirect between two other origins turns the page's origin \
         into `null`, which must not be allowed",
    )
}

fn preflight(failure: &Failure, request: &RequestInit, last: Option<&Sent>) -> Option<Fix> {
    let place = Place::Preflight;
    Some(match failure {
        Failure::PreflightStatus(status @ (401 | 403)) => server(
            place,
            format!(
                "answer `OPTIONS` before authentication, with 204: browsers send no credentials with it (now {status})"
            ),
            Vec::new(),
        ),
        Failure::PreflightStatus(status) => {
            server(place, format!("answer `OPTIONS` with 204 (now {status})"), Vec::new())
        }
        Failure::PreflightRedirect(status) => script(format!(
            "ask the URL that the server redirects to ({status}), or answer `OPTIONS` without a redirect: browsers do \
             not follow it"
        )),
        Failure::AllowMethodsSyntax(value) => {
            server(place, format!("take `{value}` out of `Access-Control-Allow-Methods`"), Vec::new())
        }
        Failure::AllowHeadersSyntax(value) => {
            server(place, format!("take `{value}` out of `Access-Control-Allow-Headers`"), Vec::new())
        }
        Failure::MethodNotAllowed(method) => {
            let other = method.to_ascii_uppercase();
            if other != *method && request.method == *method {
                return Some(script(format!("write the method in upper case, `{other}`, and allow that")));
            }
            server(place, "add the method", vec![("Access-Control-Allow-Methods", method.clone())])
        }
        Failure::HeaderNotAllowed(name) => {
            let asked = last.and_then(|sent| sent.access_control_request_headers.clone());
            let names = asked.unwrap_or_else(|| name.clone()).replace(',', ", ");
            server(place, format!("allow `{name}`"), vec![("Access-Control-Allow-Headers", names)])
        }
        Failure::PreflightNetwork => {
            server(Place::Server, "see whether the server is up and answers `OPTIONS`", Vec::new())
        }
        _ => return None,
    })
}

fn elsewhere(failure: &Failure) -> Fix {
    match failure {
        Failure::CrossOriginResourcePolicy(_) => server(
            Place::Response,
            "allow other origins to load it without reading",
            vec![("Cross-Origin-Resource-Policy", "cross-origin".to_owned())],
        ),
        Failure::MixedContent => script("ask `https:`"),
        Failure::LocalNetwork(_) => Fix {
            place: Place::Page,
            text: "the user must allow the page to reach the local network; no response header can"
                .to_owned(),
            fields: Vec::new(),
        },
        Failure::InsecureLocalNetwork(_) => Fix {
            place: Place::Page,
            text: "serve the page over `https:`; then the user can allow it to reach the local network"
                .to_owned(),
            fields: Vec::new(),
        },
        Failure::Location { .. } | Failure::RedirectScheme(_) => {
            server(Place::Redirect, "send one `Location`, an `http:` or `https:` URL", Vec::new())
        }
        Failure::RedirectCredentials { .. } => {
            server(Place::Redirect, "leave user name and password out of `Location`", Vec::new())
        }
        Failure::TooManyRedirects => server(Place::Redirect, "break the circle of redirects", Vec::new()),
        Failure::RedirectMode => {
            script("ask the URL that the server redirects to, or use redirect mode `follow`")
        }
        Failure::RedirectStream => {
            script("ask the URL that the server redirects to, or send a body that is no stream")
        }
        Failure::NoCorsRedirectMode => script("use redirect mode `follow`, or mode `cors`"),
        Failure::SameOriginMode { .. } => script("use mode `cors`"),
        Failure::Scheme(_) => script("ask an `http:` or `https:` URL"),
        Failure::StreamBody => script("send a body that is no stream"),
        Failure::BadPort { .. } => {
            server(Place::Server, "listen on a port that browsers connect to", Vec::new())
        }
        _ => server(Place::Server, "see whether the server is up: name, port, certificate", Vec::new()),
    }
}
