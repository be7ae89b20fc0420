//! Why a request ends in a network error: one item for each way in the standard's
//! algorithms, finer where an engine has a code or a text of its own.

use std::fmt;

use crate::fetch::cors_check::CorsFailure;
use crate::request::AddressSpace;

/// Why a request is blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// `Access-Control-Allow-Headers` has an element that is not a token.
    AllowHeadersSyntax(String),
    /// `Access-Control-Allow-Methods` has an element that is not a token.
    AllowMethodsSyntax(String),
    /// The port is one that browsers do not connect to.
    BadPort {
        /// The port.
        port: u16,
        /// Whether a redirect led there.
        redirected: bool,
    },
    /// The CORS check of the response failed; its status.
    Cors(CorsFailure, u16),
    /// The CORS check of a redirect response failed; its status.
    RedirectCors(CorsFailure, u16),
    /// `Cross-Origin-Resource-Policy` forbids an opaque response: its value.
    CrossOriginResourcePolicy(String),
    /// A request header that the preflight's response does not allow.
    HeaderNotAllowed(String),
    /// A page that is not a secure context asks for something more private.
    InsecureLocalNetwork(AddressSpace),
    /// The permission to reach the local network is missing.
    LocalNetwork(AddressSpace),
    /// `Location` is not a URL; whether there were several.
    Location {
        /// Whether there were several lines.
        several: bool,
    },
    /// A method that the preflight's response does not allow.
    MethodNotAllowed(String),
    /// A secure page asks for something insecure.
    MixedContent,
    /// There was no response.
    Network {
        /// Whether a preflight had passed before.
        after_preflight: bool,
    },
    /// Mode `no-cors` goes with redirect mode `follow` only.
    NoCorsRedirectMode,
    /// The server is not where the script said.
    OtherAddressSpace {
        /// What the script said.
        named: AddressSpace,
        /// Where it is.
        target: AddressSpace,
    },
    /// The CORS check of the preflight's response failed; its status.
    PreflightCors(CorsFailure, u16),
    /// There was no response to the preflight.
    PreflightNetwork,
    /// The preflight was redirected.
    PreflightRedirect(u16),
    /// The preflight's response is not successful.
    PreflightStatus(u16),
    /// The redirect's URL has a user name or password.
    RedirectCredentials {
        /// Whether this is no matter of CORS, but of an engine that refuses such URLs.
        plain: bool,
    },
    /// The redirect mode is `error`.
    RedirectMode,
    /// The redirect's URL is not HTTP: its scheme.
    RedirectScheme(String),
    /// The body was a stream, which cannot be sent again.
    RedirectStream,
    /// Mode `same-origin`, and the URL is of another origin; whether a redirect led there.
    SameOriginMode {
        /// Whether a redirect led there.
        redirected: bool,
    },
    /// The URL is not HTTP: its scheme.
    Scheme(String),
    /// The body is a stream, which this engine does not send.
    StreamBody,
    /// The 21st redirect.
    TooManyRedirects,
}

impl Failure {
    /// A name of our own, the same for every engine: what `--engine standard` reports.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::AllowHeadersSyntax(_) => "allow-headers-syntax",
            Self::AllowMethodsSyntax(_) => "allow-methods-syntax",
            Self::BadPort { .. } => "bad-port",
            Self::Cors(failure, _) | Self::RedirectCors(failure, _) => cors_rule(failure, &CORS_RULES),
            Self::PreflightCors(failure, _) => cors_rule(failure, &PREFLIGHT_RULES),
            Self::CrossOriginResourcePolicy(_) => "cross-origin-resource-policy",
            Self::HeaderNotAllowed(_) => "header-not-allowed",
            Self::InsecureLocalNetwork(_) => "local-network-insecure",
            Self::LocalNetwork(_) => "local-network-permission",
            Self::Location { .. } => "redirect-location",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::MixedContent => "mixed-content",
            Self::Network { .. } => "network-error",
            Self::NoCorsRedirectMode => "no-cors-redirect-mode",
            Self::OtherAddressSpace { .. } => "local-network-other-space",
            Self::PreflightNetwork => "preflight-network-error",
            Self::PreflightRedirect(_) => "preflight-redirect",
            Self::PreflightStatus(_) => "preflight-status",
            Self::RedirectCredentials { .. } => "redirect-credentials",
            Self::RedirectMode => "redirect-mode",
            Self::RedirectScheme(_) => "redirect-scheme",
            Self::RedirectStream => "redirect-stream",
            Self::SameOriginMode { .. } => "same-origin-mode",
            Self::Scheme(_) => "scheme-not-http",
            Self::StreamBody => "stream-body",
            Self::TooManyRedirects => "too-many-redirects",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllowHeadersSyntax(value) => {
                write!(f, "`Access-Control-Allow-Headers` has `{value}`, no header name")
            }
            Self::AllowMethodsSyntax(value) => {
                write!(f, "`Access-Control-Allow-Methods` has `{value}`, no method")
            }
            Self::BadPort { port, .. } => write!(f, "browsers do not connect to port {port}"),
            Self::Cors(failure, _) | Self::RedirectCors(failure, _) | Self::PreflightCors(failure, _) => {
                failure.fmt(f)
            }
            Self::CrossOriginResourcePolicy(value) => {
                write!(f, "`Cross-Origin-Resource-Policy: {value}` forbids it")
            }
            Self::HeaderNotAllowed(name) => write!(f, "`Access-Control-Allow-Headers` lacks `{name}`"),
            Self::InsecureLocalNetwork(_) => {
                f.write_str("the page is not a secure context and the server is more private")
            }
            Self::LocalNetwork(_) => {
                f.write_str("the user has not allowed the page to reach the local network")
            }
            Self::Location { several: true } => f.write_str("there are several `Location` fields"),
            Self::Location { several: false } => f.write_str("`Location` is not a URL"),
            Self::MethodNotAllowed(method) => write!(f, "`Access-Control-Allow-Methods` lacks `{method}`"),
            Self::MixedContent => f.write_str("a page from `https:` may not ask `http:`"),
            Self::Network { .. } => f.write_str("there was no response"),
            Self::NoCorsRedirectMode => f.write_str("mode `no-cors` goes with redirect mode `follow` only"),
            Self::OtherAddressSpace { named, target } => write!(
                f,
                "`targetAddressSpace` is `{}`, and the server is in address space `{}`",
                named.name(),
                target.name()
            ),
            Self::PreflightNetwork => f.write_str("there was no response to the preflight"),
            Self::PreflightRedirect(status) => write!(f, "the preflight was redirected with {status}"),
            Self::PreflightStatus(status) => write!(f, "the preflight's status is {status}, not 200 to 299"),
            Self::RedirectCredentials { .. } => f.write_str("`Location` has a user name or a password"),
            Self::RedirectMode => f.write_str("redirect mode `error` allows no redirect"),
            Self::RedirectScheme(scheme) => write!(f, "`Location` leads to `{scheme}:`"),
            Self::RedirectStream => f.write_str("a stream cannot be sent again"),
            Self::SameOriginMode { .. } => f.write_str("mode `same-origin` allows no other origin"),
            Self::Scheme(scheme) => write!(f, "the URL begins with `{scheme}:`"),
            Self::StreamBody => f.write_str("this engine does not send streams"),
            Self::TooManyRedirects => f.write_str("there were more than 20 redirects"),
        }
    }
}

impl Failure {
    /// The status of the response that failed.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Cors(_, status)
            | Self::RedirectCors(_, status)
            | Self::PreflightCors(_, status)
            | Self::PreflightRedirect(status)
            | Self::PreflightStatus(status) => Some(*status),
            _ => None,
        }
    }
}

/// In the order of `cors_rule`.
type CorsRules = [&'static str; 6];

const CORS_RULES: CorsRules = [
    "allow-credentials-not-true",
    "allow-origin-invalid",
    "allow-origin-mismatch",
    "allow-origin-missing",
    "allow-origin-multiple",
    "allow-origin-wildcard",
];

const PREFLIGHT_RULES: CorsRules = [
    "preflight-allow-credentials-not-true",
    "preflight-allow-origin-invalid",
    "preflight-allow-origin-mismatch",
    "preflight-allow-origin-missing",
    "preflight-allow-origin-multiple",
    "preflight-allow-origin-wildcard",
];

fn cors_rule(failure: &CorsFailure, rules: &CorsRules) -> &'static str {
    let [credentials, invalid, mismatch, missing, multiple, wildcard] = rules;
    match failure {
        CorsFailure::Credentials(_) => credentials,
        CorsFailure::Invalid(_) => invalid,
        CorsFailure::Mismatch(_) => mismatch,
        CorsFailure::Missing => missing,
        CorsFailure::Multiple(..) => multiple,
        CorsFailure::Wildcard => wildcard,
    }
}
