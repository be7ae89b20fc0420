//! Options of the middleware `headers`.

use crate::spelling;

/// Those of Traefik 3, and those that it still reads.
const OPTIONS: [&str; 33] = [
    "accessControlAllowCredentials",
    "accessControlAllowHeaders",
    "accessControlAllowMethods",
    "accessControlAllowOriginList",
    "accessControlAllowOriginListRegex",
    "accessControlExposeHeaders",
    "accessControlMaxAge",
    "addVaryHeader",
    "allowedHosts",
    "browserXssFilter",
    "contentSecurityPolicy",
    "contentSecurityPolicyReportOnly",
    "contentTypeNosniff",
    "customBrowserXSSValue",
    "customFrameOptionsValue",
    "customRequestHeaders",
    "customResponseHeaders",
    "featurePolicy",
    "forceSTSHeader",
    "frameDeny",
    "hostsProxyHeaders",
    "isDevelopment",
    "permissionsPolicy",
    "publicKey",
    "referrerPolicy",
    "sslForceHost",
    "sslHost",
    "sslProxyHeaders",
    "sslRedirect",
    "sslTemporaryRedirect",
    "stsIncludeSubdomains",
    "stsPreload",
    "stsSeconds",
];

/// Whether a text names one of them.
pub(super) fn are_in(text: &str) -> bool {
    OPTIONS.iter().any(|option| text.contains(option))
}

/// Whether there is such an option; a label names a key of a table behind a dot.
pub(super) fn is_option(name: &str) -> bool {
    let name = name.split('.').next().unwrap_or_default();
    OPTIONS.iter().any(|option| option.eq_ignore_ascii_case(name))
}

/// Why an option in lower case has no effect.
pub(super) fn unknown(name: &str) -> String {
    spelling::unknown(name, &OPTIONS)
}
