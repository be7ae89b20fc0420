//! The rules of policies. Each has a page under `scenarios/rules/`.

use corsac_diagnostics::{Rule, Severity};

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $summary:literal;)*) => {
        $(pub(crate) static $name: Rule =
            Rule { id: $id, severity: Severity::$severity, summary: $summary };)*

        /// Every rule about a policy.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    ANY_ORIGIN_MIXED = "any-origin-mixed", Error,
        "`*` stands beside other origins";
    ANY_ORIGIN_WITH_CREDENTIALS = "any-origin-with-credentials", Error,
        "every website may send requests with the user's credentials";
    AUTHORIZATION_UNDER_WILDCARD = "authorization-under-wildcard", Warning,
        "`*` in request headers does not cover `authorization`";
    DANGEROUS_SETTING = "dangerous-setting", Warning,
        "a guard is switched off";
    EXPOSED_WILDCARD_WITH_CREDENTIALS = "exposed-wildcard-with-credentials", Error,
        "`*` exposes no header to requests with credentials";
    FORBIDDEN_EXPOSED_HEADER = "forbidden-exposed-header", Error,
        "a response header that no script may ever read";
    FORBIDDEN_METHOD = "forbidden-method", Error,
        "a method that no script may ever send";
    FORBIDDEN_REQUEST_HEADER = "forbidden-request-header", Error,
        "a request header that no script may ever set";
    HEADER_NAME_INVALID = "header-name-invalid", Error,
        "not a header name";
    INSECURE_ORIGIN_WITH_CREDENTIALS = "insecure-origin-with-credentials", Error,
        "a plain-http origin together with credentials";
    MAX_AGE_OUT_OF_RANGE = "max-age-out-of-range", Error,
        "a preflight cache time beyond what browsers keep";
    METHOD_INVALID = "method-invalid", Error,
        "not a method, or not in the case that browsers send";
    NO_ORIGINS = "no-origins", Error,
        "a policy that allows nobody";
    NULL_ORIGIN = "null-origin", Error,
        "`null` is allowed, which any website can send";
    OBSOLETE_PRIVATE_NETWORK = "obsolete-private-network", Warning,
        "a retired header that current browsers ignore";
    ORIGIN_NEVER_SENT = "origin-never-sent", Error,
        "an origin in a spelling that no browser sends";
    PUBLIC_SUFFIX_WILDCARD = "public-suffix-wildcard", Error,
        "a wildcard over names that strangers can register";
    REDUNDANT_ENTRY = "redundant-entry", Warning,
        "an entry that changes nothing";
    WILDCARD_POSITION = "wildcard-position", Error,
        "a `*` where it has no meaning, or a dangerous one";
}
