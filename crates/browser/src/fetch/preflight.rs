//! The CORS-preflight fetch (Fetch, section 4.8): what its response must say.

use crate::engine::{Check, Profile};
use crate::failure::Failure;
use crate::fetch::cors_check::cors_check;
use crate::fetch::preflight_cache::Granted;
use crate::header::{HeaderList, Listed};
use crate::request::CredentialsMode;
use crate::response::Response;
use crate::safelist::is_safelisted_method;

/// What a preflight asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked<'r> {
    pub(crate) method: &'r str,
    /// CORS-unsafe request-header names, in lower case.
    pub(crate) names: &'r [String],
    pub(crate) origin: &'r str,
    pub(crate) credentials: CredentialsMode,
    /// What this engine takes a redirect for.
    pub(crate) redirected: Redirected,
    /// Whether this engine looks at `Access-Control-Allow-Origin` here.
    pub(crate) is_checked: bool,
}

/// What a redirect of a preflight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Redirected {
    /// A network error, since it leads nowhere.
    Error,
    /// A redirect, which is not allowed.
    Refused,
    /// A status like others.
    Status,
}

/// Judges the response to a preflight, in the engine's order of checks.
pub(crate) fn judge(asked: &Asked<'_>, response: &Response, profile: &Profile) -> Result<Granted, Failure> {
    let methods = list(&response.headers, "access-control-allow-methods");
    let names = list(&response.headers, "access-control-allow-headers");
    for check in profile.preflight_checks {
        match check {
            Check::Cors if asked.is_checked => cors_check(&response.headers, asked.origin, asked.credentials)
                .map_err(|failure| Failure::PreflightCors(failure, response.status))?,
            Check::Redirect if response.is_redirect() && response.headers.contains("location") => {
                match asked.redirected {
                    Redirected::Error => return Err(Failure::PreflightNetwork),
                    Redirected::Refused => return Err(Failure::PreflightRedirect(response.status)),
                    Redirected::Status => {}
                }
            }
            Check::Status if (200..300).contains(&response.status) => {}
            Check::Status => return Err(Failure::PreflightStatus(response.status)),
            Check::MethodsSyntax => {
                methods.as_ref().map(drop).map_err(|bad| Failure::AllowMethodsSyntax(bad.clone()))?;
            }
            Check::HeadersSyntax => {
                names.as_ref().map(drop).map_err(|bad| Failure::AllowHeadersSyntax(bad.clone()))?;
            }
            Check::Method => check_method(asked, methods.as_deref().unwrap_or_default())?,
            Check::Cors | Check::Redirect => {}
            Check::Headers => check_names(asked, names.as_deref().unwrap_or_default(), profile)?,
        }
    }
    Ok(Granted {
        methods: methods.unwrap_or_default(),
        names: names.unwrap_or_default(),
        max_age: response.headers.get("access-control-max-age"),
    })
}

fn list(headers: &HeaderList, name: &str) -> Result<Vec<String>, String> {
    headers.tokens(name).unwrap_or(Ok(Vec::new()))
}

/// "If request's method is not in methods, request's method is not a CORS-safelisted
/// method, and request's credentials mode is `include` or methods does not contain `*`."
fn check_method(asked: &Asked<'_>, methods: &[String]) -> Result<(), Failure> {
    let is_wild = asked.credentials != CredentialsMode::Include && methods.iter().any(|method| method == "*");
    let is_allowed =
        is_wild || is_safelisted_method(asked.method) || methods.iter().any(|method| method == asked.method);
    if is_allowed { Ok(()) } else { Err(Failure::MethodNotAllowed(asked.method.to_owned())) }
}

/// "If one of request's header list's names is a CORS non-wildcard request-header name and
/// is not a byte-case-insensitive match for an item in headerNames", and the same for the
/// other CORS-unsafe names, which `*` covers without credentials.
fn check_names(asked: &Asked<'_>, names: &[String], profile: &Profile) -> Result<(), Failure> {
    let is_wild = asked.credentials != CredentialsMode::Include && names.iter().any(|name| name == "*");
    let listed = Listed::new(names);
    let needs_listing = |name: &str| name == "authorization" && !profile.wildcard_covers_authorization;
    let missing = asked.names.iter().find(|name| !listed.has(name) && (!is_wild || needs_listing(name)));
    match missing {
        Some(name) => Err(Failure::HeaderNotAllowed(name.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    fn judged(engine: Engine, status: u16, fields: &[(&str, &str)]) -> Result<(), Failure> {
        let names = ["authorization".to_owned(), "x-a".to_owned()];
        let asked = Asked {
            method: "PUT",
            names: &names,
            origin: "https://app.example",
            credentials: CredentialsMode::Omit,
            redirected: Redirected::Refused,
            is_checked: true,
        };
        let response = Response { status, headers: HeaderList::new(fields.iter().copied()) };
        judge(&asked, &response, engine.profile()).map(drop)
    }

    const ORIGIN: (&str, &str) = ("Access-Control-Allow-Origin", "*");

    #[test]
    fn method_and_headers_must_be_listed() {
        let methods = |value| ("Access-Control-Allow-Methods", value);
        let names = |value| ("Access-Control-Allow-Headers", value);
        let standard = |fields: &[_]| judged(Engine::Standard, 204, fields);
        assert_eq!(standard(&[ORIGIN, methods("PUT"), names("X-A, Authorization")]), Ok(()));
        assert_eq!(standard(&[ORIGIN, methods("*"), names("*, authorization")]), Ok(()));
        let method = Err(Failure::MethodNotAllowed("PUT".into()));
        assert_eq!(standard(&[ORIGIN, methods("put"), names("*, authorization")]), method);
        let header = |name: &str| Err(Failure::HeaderNotAllowed(name.into()));
        assert_eq!(standard(&[ORIGIN, methods("PUT"), names("authorization")]), header("x-a"));
        assert_eq!(standard(&[ORIGIN, methods("PUT"), names("*")]), header("authorization"));
        assert_eq!(judged(Engine::Chromium, 204, &[ORIGIN, methods("PUT"), names("*")]), Ok(()));
        assert_eq!(
            standard(&[ORIGIN, methods("PUT @"), names("*")]),
            Err(Failure::AllowMethodsSyntax("PUT @".into()))
        );
    }

    #[test]
    fn of_several_faults_each_engine_names_its_own_first() {
        use crate::fetch::cors_check::CorsFailure::Missing;
        let cors = Err(Failure::PreflightCors(Missing, 404));
        let status = Err(Failure::PreflightStatus(404));
        assert_eq!(judged(Engine::Chromium, 404, &[]), cors);
        assert_eq!(judged(Engine::Firefox, 404, &[]), cors);
        assert_eq!(judged(Engine::WebKit, 404, &[]), status);
        assert_eq!(judged(Engine::Chromium, 404, &[ORIGIN]), status);
    }
}
