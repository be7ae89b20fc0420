//! WebKit, as in `WebKitGTK` 2.50.6. Safari has another network library; redirects may
//! differ there. Its codes are names of ours for the texts of its console.

use crate::console::Context;
use crate::engine::{Again, Check, Dropped, Locations, Profile, STANDARD};
use crate::failure::Failure;
use crate::fetch::cors_check::{CorsFailure, Several};

/// Each item was seen in `WebKitGTK` 2.50.6 where the standard says otherwise.
pub(super) const PROFILE: Profile = Profile {
    wildcard_covers_authorization: true,
    joins_repeated_fields: true,
    range_unit_ignores_case: true,
    range_numbers_are_bounded: true,
    refuses_streams: true,
    preflight_checks: &[
        Check::Status,
        Check::Cors,
        Check::MethodsSyntax,
        Check::HeadersSyntax,
        Check::Method,
        Check::Headers,
    ],
    preflights_again: Again::YesWithOldNames,
    authorization: Dropped::Never,
    redirects_need_credentials: true,
    locations: Locations::First,
    loopback_is_mixed_content: true,
    redirects_turn_delete_to_get: true,
    keeps_origin_after_post: true,
    guards_local_network: false,
    guards_local_network_from_insecure_pages: false,
    takes_target_address_space: false,
    max_age: 600,
    clears_cache_on_failure: false,
    ..STANDARD
};

pub(super) fn code(failure: &Failure) -> Option<&'static str> {
    Some(match failure {
        Failure::Cors(failure, _)
        | Failure::RedirectCors(failure, _)
        | Failure::PreflightCors(failure, _) => cors_code(failure),
        Failure::PreflightStatus(_) | Failure::PreflightRedirect(_) => "PreflightNotSuccessful",
        Failure::AllowMethodsSyntax(_) => "InvalidACAM",
        Failure::AllowHeadersSyntax(_) => "InvalidACAH",
        Failure::MethodNotAllowed(_) => "MethodNotAllowedByACAM",
        Failure::HeaderNotAllowed(_) => "HeaderNotAllowedByACAH",
        Failure::RedirectScheme(scheme) if scheme == "ftp" => return None,
        Failure::RedirectCredentials { .. } | Failure::RedirectScheme(_) | Failure::Location { .. } => {
            "RedirectDenied"
        }
        Failure::MixedContent => "MixedContent",
        Failure::Scheme(_) => "NotHttp",
        Failure::BadPort { .. } => "BadPort",
        Failure::NoCorsRedirectMode => "NotAllowedToRequestResource",
        Failure::CrossOriginResourcePolicy(_) => "CORP",
        _ => return None,
    })
}

fn cors_code(failure: &CorsFailure) -> &'static str {
    match failure {
        CorsFailure::Credentials(_) => "ACACNotTrue",
        CorsFailure::Wildcard => "WildcardWithCredentials",
        CorsFailure::Multiple(_, Several::Commas | Several::Lines) => "MultipleACAO",
        CorsFailure::Invalid(_)
        | CorsFailure::Mismatch(_)
        | CorsFailure::Missing
        | CorsFailure::Multiple(..) => "OriginNotAllowedByACAO",
    }
}

pub(super) fn console(failure: &Failure, context: &Context<'_>) -> String {
    let mut text = reason(failure, context).map_or_else(String::new, |reason| reason + "\n");
    let asker = if context.is_xml_http_request { "XMLHttpRequest" } else { "Fetch API" };
    text.push_str(asker);
    text.push_str(" cannot load ");
    text.push_str(context.url);
    text.push_str(" due to access control checks.");
    text
}

fn reason(failure: &Failure, context: &Context<'_>) -> Option<String> {
    Some(match failure {
        Failure::Cors(failure, status)
        | Failure::RedirectCors(failure, status)
        | Failure::PreflightCors(failure, status) => cors_reason(failure, *status, context.origin),
        Failure::PreflightStatus(status) | Failure::PreflightRedirect(status) => {
            format!("Preflight response is not successful. Status code: {status}")
        }
        Failure::AllowMethodsSyntax(value) => {
            format!("Header Access-Control-Allow-Methods has an invalid value: {value}")
        }
        Failure::AllowHeadersSyntax(value) => {
            format!("Header Access-Control-Allow-Headers has an invalid value: {value}")
        }
        Failure::MethodNotAllowed(method) => {
            format!("Method {method} is not allowed by Access-Control-Allow-Methods.")
        }
        Failure::HeaderNotAllowed(name) => {
            format!("Request header field {name} is not allowed by Access-Control-Allow-Headers.")
        }
        Failure::RedirectCredentials { .. } => denied(context, "Redirection URL contains credentials."),
        Failure::RedirectScheme(scheme) if scheme != "ftp" => {
            denied(context, "Redirected to either a non-HTTP URL or a URL that contains credentials.")
        }
        Failure::Location { .. } => denied(context, "the URL is not valid."),
        Failure::MixedContent => format!(
            "[blocked] The page at {}/ requested insecure content from {}. This content was blocked and must be \
             served over HTTPS.",
            context.origin, context.url
        ),
        Failure::Scheme(_) => "Cross origin requests are only supported for HTTP.".to_owned(),
        Failure::BadPort { port, .. } => {
            format!("Not allowed to use restricted network port {port}: {}", context.url)
        }
        Failure::NoCorsRedirectMode => format!("Not allowed to request resource: {}", context.url),
        Failure::CrossOriginResourcePolicy(value) => format!(
            "Cancelled load to {} because it violates the resource's Cross-Origin-Resource-Policy response header \
             ({value}).",
            context.url
        ),
        _ => return None,
    })
}

fn denied(context: &Context<'_>, why: &str) -> String {
    format!(
        "Cross-origin redirection to {} denied by Cross-Origin Resource Sharing policy: {why}",
        context.url
    )
}

fn cors_reason(failure: &CorsFailure, status: u16, origin: &str) -> String {
    match failure {
        CorsFailure::Credentials(_) => {
            "Credentials flag is true, but Access-Control-Allow-Credentials is not \"true\".".to_owned()
        }
        CorsFailure::Wildcard => {
            "Cannot use wildcard in Access-Control-Allow-Origin when credentials flag is true.".to_owned()
        }
        CorsFailure::Multiple(_, Several::Commas | Several::Lines) => {
            "Access-Control-Allow-Origin cannot contain more than one origin.".to_owned()
        }
        _ => format!("Origin {origin} is not allowed by Access-Control-Allow-Origin. Status code: {status}"),
    }
}
