//! What runs and is unwise.
//!
//! Each rule is a function over a whole configuration without errors; it points at what has
//! to change and says what would answer it, if nothing has to. What is right on a
//! developer's own machine is no finding under a profile for it ([`DEVELOPMENT_PROFILES`]).

mod cookies;
mod credentials;
mod cross_origin;
mod limits;
mod reach;
mod subject;
mod transport;

use corsac_diagnostics::Diagnostic;

use super::Config;
use subject::Subject;

/// Profiles whose names say that they are for development.
const DEVELOPMENT_PROFILES: [&str; 4] = ["dev", "development", "local", "test"];

type Check = fn(&Subject<'_>, &mut Vec<Diagnostic>);

/// The rules, in groups.
const CHECKS: [Check; 16] = [
    cross_origin::cors_without_authentication,
    cross_origin::credentials_without_need,
    cross_origin::wildcard_with_authentication,
    cookies::cookie_without_csrf,
    cookies::cookies_without_samesite,
    limits::sign_in_without_rate_limit,
    limits::authentication_without_rate_limit,
    limits::limit_by_origin_alone,
    limits::limits_shared_open,
    limits::unused_store,
    credentials::token_in_query,
    credentials::api_key_forwarded,
    credentials::shared_secret_in_production,
    transport::listener,
    transport::upstreams,
    transport::store,
];

/// What the rules find in `config`, which `profile` was laid over.
pub(super) fn findings(config: &Config, profile: Option<&str>) -> Vec<Diagnostic> {
    let is_development = profile.is_some_and(|name| DEVELOPMENT_PROFILES.contains(&name));
    let subject = Subject::new(config, is_development);
    let mut out = Vec::new();
    for check in CHECKS {
        check(&subject, &mut out);
    }
    out
}
