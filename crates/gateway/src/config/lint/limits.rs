//! How often anybody may try.

use corsac_diagnostics::{Confidence, Diagnostic, FieldPath, Fix, Safety, excerpt};
use corsac_middleware::rate_limit::KeyPart;
use corsac_middleware::rate_limit::shared::WhenAway;
use corsac_middleware::route::unused_definition;

use super::super::rules::{
    AUTHENTICATION_WITHOUT_RATE_LIMIT, LIMIT_BY_ORIGIN_ALONE, LIMITS_SHARED_OPEN, SIGN_IN_WITHOUT_RATE_LIMIT,
};
use super::subject::{Authentication, Served, Subject};

/// Segments of paths behind which secrets are tried, without `-`, `_` and `.`.
const SIGN_IN: [&str; 24] = [
    "2fa",
    "authenticate",
    "forgotpassword",
    "login",
    "logon",
    "mfa",
    "otp",
    "passcode",
    "password",
    "passwordreset",
    "passwords",
    "pin",
    "register",
    "registration",
    "resetpassword",
    "session",
    "sessions",
    "signin",
    "signup",
    "token",
    "tokens",
    "totp",
    "verifycode",
    "verifyotp",
];

/// A route where secrets are tried, and no limit.
pub(super) fn sign_in_without_rate_limit(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for route in subject.routes.iter().filter(|route| is_sign_in(&route.route.path)) {
        if route.guards.limits().next().is_some() {
            continue;
        }
        let path = excerpt(&route.route.path);
        let message = format!("`{path}` can be tried as often as a client likes");
        out.push(
            Diagnostic::new(&SIGN_IN_WITHOUT_RATE_LIMIT, message)
                .confidence(Confidence::Medium)
                .at_field(&route.place.key("path"), "secrets are tried here, by its name")
                .note("a six-digit code falls within minutes at a thousand requests a second")
                .help("add [rate_limits.sign-in] with limit = \"10/1m\", and rate_limits = [\"sign-in\"] to the route"),
        );
    }
}

fn is_sign_in(path: &str) -> bool {
    path.split('/').any(|segment| {
        let plain = segment.to_ascii_lowercase().replace(['-', '_', '.'], "");
        SIGN_IN.contains(&plain.as_str())
    })
}

/// Credentials are verified for whoever sends them; one finding a group.
pub(super) fn authentication_without_rate_limit(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let mut known: Vec<&str> = Vec::new();
    for route in &subject.routes {
        let Authentication::Here(group) = route.authentication else { continue };
        if known.contains(&group) || is_limited_by_address(subject, route) {
            continue;
        }
        known.push(group);
        let message =
            format!("credentials of `authn.{}` are verified as often as a client likes", excerpt(group));
        out.push(
            Diagnostic::new(&AUTHENTICATION_WITHOUT_RATE_LIMIT, message)
                .confidence(Confidence::Medium)
                .at_field(&route.place.key("authn"), "no limit by address comes before it")
                .note("a signature takes some 100 µs to verify: one client with wrong tokens keeps a core busy")
                .help("add [rate_limits.per-client] with limit = \"600/1m\", and rate_limits = [\"per-client\"] to the route"),
        );
    }
}

fn is_limited_by_address(subject: &Subject<'_>, route: &Served<'_>) -> bool {
    let limits = &subject.config.stack.rate_limit.limits;
    let by_address = |name: &str| {
        limits.iter().any(|limit| {
            let is_early = !limit.by.iter().any(|part| part.is_of_caller());
            limit.name == name && is_early && limit.by.contains(&KeyPart::Address)
        })
    };
    route.guards.limits().any(by_address)
}

/// A limit that counts by a field which clients other than browsers write as they like.
pub(super) fn limit_by_origin_alone(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for limit in &subject.config.stack.rate_limit.limits {
        let is_chosen = |part: &KeyPart| matches!(part, KeyPart::Origin | KeyPart::Route);
        if !limit.by.contains(&KeyPart::Origin) || !limit.by.iter().all(is_chosen) {
            continue;
        }
        let place = FieldPath::root().key("rate_limits").key(&limit.name);
        let message = format!("`{place}` counts by `Origin` alone, which clients choose");
        out.push(
            Diagnostic::new(&LIMIT_BY_ORIGIN_ALONE, message)
                .at_field(&place.key("by"), "browsers alone are bound to tell it")
                .note("a script sends another `Origin` with each request and is never limited, or a page's own and uses up its share")
                .help("count by address too: by = [\"address\", \"origin\"]"),
        );
    }
}

/// Whoever can keep the store busy has no limit.
pub(super) fn limits_shared_open(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(store) = &subject.config.rate_limit_store else { return };
    if store.when_away != WhenAway::Open {
        return;
    }
    let place = FieldPath::root().key("rate_limit_store").key("when_away");
    out.push(
        Diagnostic::new(&LIMITS_SHARED_OPEN, "while the store is away nothing is limited")
            .at_field(&place, "every limit is off")
            .note("whoever brings the store down, or makes it slow, tries passwords without a limit")
            .help("write when_away = \"local\": each gateway limits for itself then")
            .fix(Fix::string(Safety::Unsafe, place.clone(), "local")),
    );
}

/// A store that keeps nothing.
pub(super) fn unused_store(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let counts = subject.routes.iter().any(|route| route.guards.limits().next().is_some());
    let counts = counts || !subject.config.stack.rate_limit.preflights.is_empty();
    if subject.config.rate_limit_store.is_some() && !counts {
        let place = FieldPath::root().key("rate_limit_store");
        out.push(unused_definition(&place, "rate limit").help("add rate limits to a route, or remove it"));
    }
}
