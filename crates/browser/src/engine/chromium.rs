//! Chromium 156: its deviations, its codes (`network.mojom.CorsError`, as its debugging
//! protocol names them), its console.

use crate::console::Context;
use crate::engine::{Check, First, Hint, Locations, Profile, STANDARD};
use crate::failure::Failure;
use crate::fetch::cors_check::CorsFailure;
use crate::fetch::exchange::Tainting;

/// Each item was seen in Chromium 156 where the standard says otherwise.
pub(super) const PROFILE: Profile = Profile {
    wildcard_covers_authorization: true,
    safelisted_hints: &[
        ("device-memory", Hint::Decimal),
        ("downlink", Hint::Decimal),
        ("dpr", Hint::Decimal),
        ("ect", Hint::ConnectionType),
        ("rtt", Hint::Integer),
        ("save-data", Hint::On),
        ("viewport-width", Hint::Integer),
        ("width", Hint::Integer),
    ],
    ignored_headers: &["user-agent"],
    joins_repeated_fields: true,
    range_numbers_are_bounded: true,
    preflight_checks: &[
        Check::Redirect,
        Check::Cors,
        Check::Status,
        Check::MethodsSyntax,
        Check::HeadersSyntax,
        Check::Method,
        Check::Headers,
    ],
    ignores_empty_location: true,
    mode_error_needs_location: true,
    locations: Locations::Same,
    reads_location_first: First::Always,
    taints_without_cors: true,
    refuses_url_credentials: true,
    tells_credentials_in_mode_error: true,
    trims_names: true,
    max_age: 7_200,
    clears_cache_on_failure: false,
    ..STANDARD
};

pub(super) fn code(failure: &Failure, context: &Context<'_>) -> Option<&'static str> {
    Some(match failure {
        Failure::Cors(failure, _) | Failure::RedirectCors(failure, _) => cors_code(failure).1,
        Failure::PreflightCors(failure, _) => cors_code(failure).0,
        Failure::PreflightStatus(_) => "PreflightInvalidStatus",
        Failure::PreflightRedirect(_) => "PreflightDisallowedRedirect",
        Failure::AllowMethodsSyntax(_) => "InvalidAllowMethodsPreflightResponse",
        Failure::AllowHeadersSyntax(_) => "InvalidAllowHeadersPreflightResponse",
        Failure::MethodNotAllowed(_) => "MethodDisallowedByPreflightResponse",
        Failure::HeaderNotAllowed(_) => "HeaderDisallowedByPreflightResponse",
        Failure::RedirectCredentials { plain: false } => "RedirectContainsCredentials",
        Failure::RedirectScheme(scheme) if !matches!(&**scheme, "about" | "blob" | "data" | "file") => {
            match context.tainting {
                Tainting::Opaque => return None,
                Tainting::Basic | Tainting::Cors => "CorsDisabledScheme",
            }
        }
        Failure::Scheme(scheme) if scheme != "file" => "CorsDisabledScheme",
        Failure::SameOriginMode { redirected: false } => "DisallowedByMode",
        Failure::NoCorsRedirectMode => "NoCorsRedirectModeNotFollow",
        Failure::LocalNetwork(_) => "LocalNetworkAccessPermissionDenied",
        Failure::InsecureLocalNetwork(_) => "InsecureLocalNetwork",
        Failure::OtherAddressSpace { .. } => "InvalidLocalNetworkAccess",
        _ => return None,
    })
}

/// On a preflight's response, and on others.
fn cors_code(failure: &CorsFailure) -> (&'static str, &'static str) {
    match failure {
        CorsFailure::Credentials(_) => ("PreflightInvalidAllowCredentials", "InvalidAllowCredentials"),
        CorsFailure::Invalid(_) => ("PreflightInvalidAllowOriginValue", "InvalidAllowOriginValue"),
        CorsFailure::Mismatch(_) => ("PreflightAllowOriginMismatch", "AllowOriginMismatch"),
        CorsFailure::Missing => ("PreflightMissingAllowOriginHeader", "MissingAllowOriginHeader"),
        CorsFailure::Multiple(..) => ("PreflightMultipleAllowOriginValues", "MultipleAllowOriginValues"),
        CorsFailure::Wildcard => ("PreflightWildcardOriginNotAllowed", "WildcardOriginNotAllowed"),
    }
}

pub(super) fn console(failure: &Failure, context: &Context<'_>) -> Option<String> {
    if let Failure::Scheme(scheme) = failure
        && scheme == "file"
    {
        return Some(format!("Not allowed to load local resource: {}", context.url));
    }
    if let Some(reason) = refused_before_fetching(failure, context) {
        return Some(format!("Fetch API cannot load {}. {reason}", context.url));
    }
    let reason = reason(failure, context)?;
    // A redirect by its scheme is refused as if it had been followed.
    let location = context.location.filter(|_| matches!(failure, Failure::RedirectScheme(_)));
    let redirected = match (context.hop, location) {
        (0, None) => String::new(),
        _ => format!(" (redirected from '{}')", context.first_url),
    };
    Some(format!(
        "Access to {} at '{}'{redirected} from origin '{}' has been blocked by CORS policy: {reason}",
        if context.is_xml_http_request { "XMLHttpRequest" } else { "fetch" },
        location.unwrap_or(context.url),
        context.origin
    ))
}

/// What the page's own process refuses has words of its own.
fn refused_before_fetching(failure: &Failure, context: &Context<'_>) -> Option<String> {
    Some(match failure {
        Failure::NoCorsRedirectMode => {
            "Request mode is \"no-cors\" but the redirect mode is not \"follow\".".to_owned()
        }
        Failure::SameOriginMode { redirected: false } => format!(
            "Request mode is \"same-origin\" but the URL's origin is not same as the request origin {}.",
            context.origin
        ),
        Failure::Scheme(scheme) if scheme != "file" => format!("URL scheme \"{scheme}\" is not supported."),
        _ => return None,
    })
}

fn reason(failure: &Failure, context: &Context<'_>) -> Option<String> {
    const PREFLIGHT: &str = "Response to preflight request doesn't pass access control check: ";
    Some(match failure {
        Failure::Cors(failure, _) | Failure::RedirectCors(failure, _) => cors_reason(failure, context),
        Failure::PreflightCors(failure, _) => format!("{PREFLIGHT}{}", cors_reason(failure, context)),
        Failure::PreflightStatus(_) => format!("{PREFLIGHT}It does not have HTTP ok status."),
        Failure::PreflightRedirect(_) => {
            format!("{PREFLIGHT}Redirect is not allowed for a preflight request.")
        }
        Failure::AllowMethodsSyntax(_) => unparsable("Methods"),
        Failure::AllowHeadersSyntax(_) => unparsable("Headers"),
        Failure::MethodNotAllowed(method) => {
            format!("Method {method} is not allowed by Access-Control-Allow-Methods in preflight response.")
        }
        Failure::HeaderNotAllowed(name) => format!(
            "Request header field {name} is not allowed by Access-Control-Allow-Headers in preflight response."
        ),
        Failure::RedirectCredentials { plain: false } => {
            "Redirect location '' contains a username and password, \
            which is disallowed for cross-origin requests."
                .to_owned()
        }
        Failure::RedirectScheme(_) if code(failure, context).is_some() => {
            "Cross origin requests are only supported for protocol schemes: chrome, \
             chrome-experimental-site-token-provider, chrome-extension, chrome-untrusted, data, http, https, \
             isolated-app."
                .to_owned()
        }
        Failure::LocalNetwork(space) => {
            format!("Permission was denied for this request to access the `{}` address space.", space.name())
        }
        Failure::InsecureLocalNetwork(space) => format!(
            "The request client is not a secure context and the resource is in more-private address space `{}`.",
            space.name()
        ),
        Failure::OtherAddressSpace { named, target } => format!(
            "Request had a target IP address space of `{}` yet the resource is in address space `{}`.",
            named.name(),
            target.name()
        ),
        _ => return None,
    })
}

fn unparsable(list: &str) -> String {
    format!("Cannot parse Access-Control-Allow-{list} response header field in preflight response.")
}

/// For an `XMLHttpRequest` some of the texts are shorter, and some longer.
fn cors_reason(failure: &CorsFailure, context: &Context<'_>) -> String {
    let value = failure.value().map(escaped).unwrap_or_default();
    let reason = match failure {
        CorsFailure::Missing => {
            "No 'Access-Control-Allow-Origin' header is present on the requested resource.".to_owned()
        }
        CorsFailure::Wildcard => {
            "The value of the 'Access-Control-Allow-Origin' header in the response must not be \
            the wildcard '*' when the request's credentials mode is 'include'."
                .to_owned()
        }
        CorsFailure::Multiple(..) => format!(
            "The 'Access-Control-Allow-Origin' header contains multiple values '{value}', but only one is allowed."
        ),
        CorsFailure::Invalid(_) => {
            format!("The 'Access-Control-Allow-Origin' header contains the invalid value '{value}'.")
        }
        CorsFailure::Mismatch(_) => format!(
            "The 'Access-Control-Allow-Origin' header has a value '{value}' that is not equal to the supplied \
             origin."
        ),
        CorsFailure::Credentials(_) => format!(
            "The value of the 'Access-Control-Allow-Credentials' header in the response is '{value}' which must be \
             'true' when the request's credentials mode is 'include'."
        ),
    };
    reason + advice(failure, context)
}

/// What Chromium adds to a reason.
fn advice(failure: &CorsFailure, context: &Context<'_>) -> &'static str {
    match (failure, context.is_xml_http_request) {
        (CorsFailure::Credentials(_) | CorsFailure::Wildcard, true) => {
            " The credentials mode of requests initiated by the XMLHttpRequest is controlled by the \
             withCredentials attribute."
        }
        (CorsFailure::Invalid(_) | CorsFailure::Mismatch(_) | CorsFailure::Multiple(..), false) => {
            " Have the server send the header with a valid value."
        }
        _ => "",
    }
}

/// A value as the console shows it.
fn escaped(value: &str) -> String {
    let shown = value.chars().map(|char| match char {
        ' '..='~' => char.to_string(),
        _ => format!("\\u{:04X}", u32::from(char)),
    });
    shown.collect()
}
