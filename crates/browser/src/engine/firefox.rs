//! Firefox ESR 153: its deviations, its codes (categories of console messages, keys of
//! `security.properties`), its console (the texts are those of that file in 153.7.0).

use crate::console::Context;
use crate::engine::{Again, Check, Dropped, First, Locations, Profile, STANDARD};
use crate::failure::Failure;
use crate::fetch::cors_check::{CorsFailure, Several};
use crate::fetch::exchange::Tainting;
use crate::request::PageKind;

/// Each item was seen in Firefox ESR 153 where the standard says otherwise.
pub(super) const PROFILE: Profile = Profile {
    wildcard_covers_authorization: true,
    bounds_all_values: false,
    high_bytes_are_unsafe: true,
    commas_divide_types: true,
    repeats_request_headers: true,
    range_numbers_are_bounded: true,
    sends_streams_as_text: true,
    preflight_checks: &[
        Check::Cors,
        Check::Redirect,
        Check::Status,
        Check::MethodsSyntax,
        Check::Method,
        Check::HeadersSyntax,
        Check::Headers,
    ],
    preflights_with_page_origin: true,
    preflights_with_redirect_mode: true,
    vets_preflight_redirects: true,
    preflights_again: Again::Yes,
    authorization: Dropped::AfterDeciding,
    locations: Locations::Same,
    reads_location_first: First::ToFollow,
    schemes_refused_first: &["blob", "data", "file", "javascript"],
    exposes_all_beside_bad_names: true,
    data_urls_have_length: true,
    guards_local_network_from_insecure_pages: false,
    takes_target_address_space: false,
    max_age: 86_400,
    defaults_bad_ages: false,
    caches_wildcards: false,
    reuses_credentialed_entries: false,
    ..STANDARD
};

pub(super) fn code(failure: &Failure, context: &Context<'_>) -> Option<&'static str> {
    Some(match failure {
        // It is told to a document; a worker has none.
        Failure::CrossOriginResourcePolicy(_) if context.kind == PageKind::Worker => return None,
        Failure::CrossOriginResourcePolicy(_) => "COEP",
        // What is no matter of CORS is told in other places, or not at all.
        _ if context.tainting == Tainting::Opaque && !matches!(failure, Failure::LocalNetwork(_)) => {
            return None;
        }
        // A redirect begins the CORS protocol, which is over at once if it leads to what is not HTTP.
        Failure::RedirectScheme(scheme)
            if context.tainting == Tainting::Basic
                && scheme != "about"
                && !PROFILE.schemes_refused_first.contains(&&**scheme) =>
        {
            "CORSRequestNotHttp"
        }
        Failure::Network { .. }
        | Failure::RedirectScheme(_)
        | Failure::Location { .. }
        | Failure::TooManyRedirects
            if context.tainting == Tainting::Basic =>
        {
            return None;
        }
        Failure::Cors(failure, _)
        | Failure::RedirectCors(failure, _)
        | Failure::PreflightCors(failure, _) => cors_code(failure),
        Failure::PreflightStatus(_) => "CORSPreflightDidNotSucceed3",
        Failure::PreflightRedirect(_) => "CORSExternalRedirectNotAllowed",
        Failure::AllowMethodsSyntax(_) => "CORSInvalidAllowMethod",
        Failure::AllowHeadersSyntax(_) => "CORSInvalidAllowHeader",
        Failure::MethodNotAllowed(_) => "CORSMethodNotFound",
        Failure::HeaderNotAllowed(_) => "CORSMissingAllowHeaderFromPreflight2",
        // Misreported by Firefox itself.
        Failure::Network { after_preflight: true } => "CORSMultipleAllowOriginNotAllowed",
        Failure::Network { .. }
        | Failure::PreflightNetwork
        | Failure::RedirectCredentials { .. }
        | Failure::RedirectScheme(_)
        | Failure::RedirectStream
        | Failure::Location { .. }
        | Failure::TooManyRedirects
        | Failure::LocalNetwork(_)
        | Failure::BadPort { redirected: true, .. } => "CORSDidNotSucceed2",
        Failure::Scheme(scheme) if !matches!(&**scheme, "blob" | "file" | "ws" | "wss") => {
            "CORSRequestNotHttp"
        }
        _ => return None,
    })
}

fn cors_code(failure: &CorsFailure) -> &'static str {
    match failure {
        CorsFailure::Credentials(_) => "CORSMissingAllowCredentials",
        CorsFailure::Multiple(_, Several::Lines) => "CORSMultipleAllowOriginNotAllowed",
        CorsFailure::Invalid(_) | CorsFailure::Mismatch(_) | CorsFailure::Multiple(..) => {
            "CORSAllowOriginNotMatchingOrigin"
        }
        CorsFailure::Missing => "CORSMissingAllowOrigin2",
        CorsFailure::Wildcard => "CORSNotSupportingCredentials",
    }
}

pub(super) fn console(failure: &Failure, context: &Context<'_>) -> Option<String> {
    let code = code(failure, context)?;
    if code == "COEP" {
        return Some(format!(
            "The resource at “{}” was blocked due to its Cross-Origin-Resource-Policy header (or lack thereof). See \
             https://developer.mozilla.org/docs/Web/HTTP/Cross-Origin_Resource_Policy_(CORP)#",
            context.url
        ));
    }
    let (reason, status) = reason(code, failure);
    let status = status.map_or_else(String::new, |status| format!(" Status code: {status}."));
    // One text of the fifteen has its URL in quotes; what never was a request is told of the last.
    let url = match failure {
        Failure::BadPort { .. } => context.last_url.to_owned(),
        Failure::RedirectScheme(_) if code == "CORSRequestNotHttp" => {
            context.location.unwrap_or(context.url).to_owned()
        }
        _ if code == "CORSNotSupportingCredentials" => format!("‘{}’", context.url),
        _ => context.url.to_owned(),
    };
    Some(format!(
        "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource at {url}. \
         (Reason: {reason}).{status}"
    ))
}

/// The reason, and the status where the text names one.
fn reason(code: &str, failure: &Failure) -> (String, Option<String>) {
    const ORIGIN: &str = "CORS header ‘Access-Control-Allow-Origin’";
    let value = match failure {
        Failure::Cors(failure, _)
        | Failure::RedirectCors(failure, _)
        | Failure::PreflightCors(failure, _) => failure.value().unwrap_or_default(),
        Failure::AllowMethodsSyntax(value)
        | Failure::AllowHeadersSyntax(value)
        | Failure::HeaderNotAllowed(value) => value,
        _ => "",
    };
    // Firefox reads bytes as UTF-8.
    let bytes: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
    let value = bytes.map_or_else(|| value.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned());
    let status = failure.status().map(|status| status.to_string());
    match code {
        "CORSMissingAllowOrigin2" => (format!("{ORIGIN} missing"), status),
        "CORSAllowOriginNotMatchingOrigin" => (format!("{ORIGIN} does not match ‘{value}’"), None),
        "CORSMultipleAllowOriginNotAllowed" => (format!("Multiple {ORIGIN} not allowed"), None),
        "CORSNotSupportingCredentials" => {
            (format!("Credential is not supported if the {ORIGIN} is ‘*’"), None)
        }
        "CORSMissingAllowCredentials" => {
            ("expected ‘true’ in CORS header ‘Access-Control-Allow-Credentials’".to_owned(), None)
        }
        "CORSPreflightDidNotSucceed3" => ("CORS preflight response did not succeed".to_owned(), status),
        "CORSExternalRedirectNotAllowed" => ("CORS request external redirect not allowed".to_owned(), None),
        "CORSInvalidAllowMethod" => {
            (format!("invalid token ‘{value}’ in CORS header ‘Access-Control-Allow-Methods’"), None)
        }
        "CORSInvalidAllowHeader" => {
            (format!("invalid token ‘{value}’ in CORS header ‘Access-Control-Allow-Headers’"), None)
        }
        "CORSMethodNotFound" => {
            ("Did not find method in CORS header ‘Access-Control-Allow-Methods’".to_owned(), None)
        }
        "CORSMissingAllowHeaderFromPreflight2" => (
            format!(
                "header ‘{value}’ is not allowed according to header ‘Access-Control-Allow-Headers’ from CORS \
                 preflight response"
            ),
            None,
        ),
        "CORSRequestNotHttp" => ("CORS request not http".to_owned(), None),
        _ => ("CORS request did not succeed".to_owned(), Some("(null)".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_firefox() {
        let context = Context {
            url: "https://api.example/",
            last_url: "https://api.example/",
            location: None,
            first_url: "https://api.example/",
            origin: "null",
            kind: PageKind::Window,
            tainting: Tainting::Cors,
            hop: 0,
            is_xml_http_request: false,
        };
        for (failure, end) in [
            (
                Failure::Cors(CorsFailure::Wildcard, 200),
                "at ‘https://api.example/’. (Reason: Credential is not supported if the CORS header \
                 ‘Access-Control-Allow-Origin’ is ‘*’).",
            ),
            (
                Failure::PreflightCors(CorsFailure::Missing, 404),
                "at https://api.example/. (Reason: CORS header ‘Access-Control-Allow-Origin’ missing). Status code: \
                 404.",
            ),
            (
                Failure::AllowMethodsSyntax("a b".into()),
                "at https://api.example/. (Reason: invalid token ‘a b’ in CORS header \
                 ‘Access-Control-Allow-Methods’).",
            ),
        ] {
            let text = console(&failure, &context).unwrap();
            let begin =
                "Cross-Origin Request Blocked: The Same Origin Policy disallows reading the remote resource ";
            assert_eq!(text, format!("{begin}{end}"));
        }
    }
}
