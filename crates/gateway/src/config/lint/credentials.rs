//! Credentials where they should not be.

use corsac_diagnostics::{Diagnostic, FieldPath, excerpt};

use super::super::rules::{API_KEY_FORWARDED, SHARED_SECRET_IN_PRODUCTION, TOKEN_IN_QUERY};
use super::subject::Subject;

/// A credential that everybody logs.
pub(super) fn token_in_query(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for method in &subject.methods {
        let Some(parameter) = &method.places.dangerously_query else { continue };
        let name = excerpt(method.name);
        let message =
            format!("credentials of `{name}` stand in URLs, in the parameter `{}`", excerpt(parameter));
        out.push(
            Diagnostic::new(&TOKEN_IN_QUERY, message)
                .at_field(&method.place.key("dangerous").key("query"), "part of every URL")
                .note(
                    "URLs end in access logs, histories, bookmarks and `Referer` fields, with the credential",
                )
                .help("take it from `Authorization`, or from a cookie where a page cannot set fields"),
        );
    }
}

/// A key that lives long goes where it is not needed.
pub(super) fn api_key_forwarded(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for keys in &subject.config.stack.authn.api_keys {
        if keys.forward_credential != Some(true) || keys.places.dangerously_query.is_some() {
            continue;
        }
        let place = FieldPath::root().key("api_keys").key(&keys.name);
        let message = format!("upstreams get the keys of `{place}` too");
        out.push(
            Diagnostic::new(&API_KEY_FORWARDED, message)
                .at_field(&place.key("forward_credential"), "the whole key")
                .note("a key lives for months: one log of one upstream is enough to be its owner everywhere")
                .help(
                    "leave it out: upstreams are told who calls in `X-Corsac-Subject` and `X-Corsac-Scopes`",
                ),
        );
    }
}

/// Whoever verifies can sign.
pub(super) fn shared_secret_in_production(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    if subject.is_development {
        return;
    }
    let shared = subject.config.stack.authn.jwt.iter().filter(|jwt| jwt.provider.dangerously_shared_secret);
    for jwt in shared {
        let place = FieldPath::root().key("jwt").key(&jwt.provider.name);
        let message = format!("whoever verifies tokens of `{place}` can make them");
        out.push(
            Diagnostic::new(&SHARED_SECRET_IN_PRODUCTION, message)
                .at_field(&place.key("dangerous").key("shared_secret"), "one secret for both")
                .and_at_field(&place.key("keys"), "the secret is here too")
                .note("who reads this file, or any other service's copy, signs `\"sub\": \"admin\"`")
                .help("let the issuer sign with ES256 or EdDSA, and name its public keys"),
        );
    }
}
