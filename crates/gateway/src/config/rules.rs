//! The rules of a policy file beyond its CORS policies.

use corsac_diagnostics::{Rule, Severity};
use corsac_middleware::route::{ROUTE_CONFLICT, UNKNOWN_REFERENCE, UNUSED_DEFINITION};
use corsac_middleware::stack::file::DEVELOPMENT_ORIGIN;

/// A private key that is not private.
pub(crate) static EXPOSED_PRIVATE_KEY: Rule = Rule {
    id: "exposed-private-key",
    severity: Severity::Warning,
    summary: "a private key that every user of the machine may read",
};

macro_rules! rules {
    ($($name:ident = $id:literal, $severity:ident, $summary:literal;)*) => {
        $(pub(crate) static $name: Rule =
            Rule { id: $id, severity: Severity::$severity, summary: $summary };)*

        /// The rules of a policy file beyond its CORS policies.
        pub static RULES: &[&Rule] = &[
            &DEVELOPMENT_ORIGIN,
            &EXPOSED_PRIVATE_KEY,
            &ROUTE_CONFLICT,
            &UNKNOWN_REFERENCE,
            &UNUSED_DEFINITION,
            $(&$name),*
        ];
    };
}

rules! {
    API_KEY_FORWARDED = "api-key-forwarded", Warning,
        "an upstream is given API keys that it does not need";
    AUTHENTICATION_WITHOUT_RATE_LIMIT = "authentication-without-rate-limit", Note,
        "a route verifies credentials as often as a client likes";
    COOKIE_WITHOUT_CSRF = "cookie-without-csrf", Warning,
        "a route takes cookies, and forged requests with them";
    COOKIES_WITHOUT_SAMESITE = "cookies-without-samesite", Warning,
        "cookies authenticate, and no route gives them `SameSite`";
    CORS_WITHOUT_AUTHENTICATION = "cors-without-authentication", Note,
        "other origins may write, and nothing says who authenticates";
    CREDENTIAL_FORWARDED_TO_PLAIN_UPSTREAM = "credential-forwarded-to-plain-upstream", Warning,
        "credentials travel to an upstream in plain";
    CREDENTIALS_WITHOUT_NEED = "credentials-without-need", Warning,
        "a policy allows cookies that none of its routes takes";
    LIMIT_BY_ORIGIN_ALONE = "limit-by-origin-alone", Warning,
        "a rate limit counts what clients choose themselves";
    LIMITS_SHARED_OPEN = "limits-shared-open", Warning,
        "without their store there are no rate limits";
    NO_HSTS = "no-hsts", Note,
        "browsers are not told to come over TLS only";
    PLAIN_LISTENER_OFF_HOST = "plain-listener-off-host", Warning,
        "requests come in plain from other machines";
    PLAIN_STORE_OFF_HOST = "plain-store-off-host", Warning,
        "the store of rate limits is asked in plain over a network";
    PLAIN_UPSTREAM_OFF_HOST = "plain-upstream-off-host", Warning,
        "requests go in plain to another machine";
    SHARED_SECRET_IN_PRODUCTION = "shared-secret-in-production", Warning,
        "whoever verifies a token can make one";
    SIGN_IN_WITHOUT_RATE_LIMIT = "sign-in-without-rate-limit", Warning,
        "passwords or codes can be tried as often as one likes";
    TOKEN_IN_QUERY = "token-in-query", Warning,
        "a credential stands in URLs";
    WILDCARD_WITH_AUTHENTICATION = "wildcard-with-authentication", Warning,
        "every website may read what a cookie authenticates";
}

/// The rule of all switches in a `dangerous` table.
pub(crate) fn dangerous_setting() -> &'static Rule {
    let found = corsac_cors::RULES.iter().copied().find(|rule| rule.id == "dangerous-setting");
    // It is there; a finding under another name would still be one.
    found.unwrap_or(&EXPOSED_PRIVATE_KEY)
}
