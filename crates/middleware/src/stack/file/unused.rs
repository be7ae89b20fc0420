//! Definitions of a policy file that nothing uses.

use corsac_diagnostics::{Diagnostic, FieldPath};

use super::Pending;
use crate::authn::AuthnConfig;
use crate::authz::AuthzConfig;
use crate::limits::LimitsConfig;
use crate::rate_limit::{self, RateLimitConfig};
use crate::route::unused_definition;

/// What is defined, and who may use it.
pub(super) struct Definitions<'d> {
    pub(super) authn: &'d AuthnConfig,
    pub(super) authz: &'d AuthzConfig,
    pub(super) cookies: Vec<&'d str>,
    pub(super) limits: &'d LimitsConfig,
    pub(super) rate_limits: &'d RateLimitConfig,
    pub(super) routes: &'d [Pending],
}

impl Definitions<'_> {
    /// One finding for each definition that is named nowhere.
    pub(super) fn unused(&self) -> Vec<Diagnostic> {
        [self.credentials(), self.guards(), self.checks()].concat()
    }

    fn credentials(&self) -> Vec<Diagnostic> {
        let Self { authn, routes, .. } = self;
        let methods = authn.groups.iter().flat_map(|group| &group.methods);
        let taken: Vec<&str> = methods.map(String::as_str).collect();
        let jwt = authn.jwt.iter().map(|jwt| jwt.provider.name.as_str());
        let opaque = authn.introspection.iter().map(|opaque| opaque.rules.name.as_str());
        let keys = authn.api_keys.iter().map(|keys| keys.name.as_str());
        let asked: Vec<&str> = routes.iter().filter_map(|route| route.authn.as_deref()).collect();
        let groups = authn.groups.iter().map(|group| group.name.as_str());
        [
            missing("jwt", "group of methods", jwt, &taken),
            missing("introspection", "group of methods", opaque, &taken),
            missing("api_keys", "group of methods", keys, &taken),
            missing("authn", "route", groups, &asked),
        ]
        .concat()
    }

    fn guards(&self) -> Vec<Diagnostic> {
        let Self { authz, cookies, rate_limits, routes, .. } = self;
        let of_routes = routes.iter().flat_map(|route| &route.rate.limits);
        let counted: Vec<&str> = of_routes.chain(&rate_limits.preflights).map(String::as_str).collect();
        let limits = rate_limits.limits.iter().map(|limit| limit.name.as_str());
        let at_once: Vec<&str> =
            routes.iter().filter_map(|route| route.rate.concurrency.as_deref()).collect();
        let concurrency = rate_limits.concurrency.iter().map(|limit| limit.name.as_str());
        let hardened: Vec<&str> =
            routes.iter().filter_map(|route| Some(route.cookies.as_ref()?.0.as_str())).collect();
        let rules = authz.routes.iter().flat_map(|route| route.rules.iter().flatten());
        let asked: Vec<&str> = rules.filter_map(|rule| rule.cedar.as_deref()).collect();
        let policies = authz.cedar.iter().map(|cedar| cedar.name.as_str());
        [
            missing(rate_limit::LIMITS, "route", limits, &counted),
            missing(rate_limit::CONCURRENCY, "route", concurrency, &at_once),
            missing("cookies", "route", cookies.iter().copied(), &hardened),
            missing("cedar", "rule", policies, &asked),
        ]
        .concat()
    }

    fn checks(&self) -> Vec<Diagnostic> {
        let LimitsConfig { schemas, openapi, routes, .. } = self.limits;
        let held: Vec<&str> = routes.iter().filter_map(|route| route.body_schema.as_deref()).collect();
        let described: Vec<&str> = routes.iter().filter_map(|route| route.openapi.as_deref()).collect();
        [
            missing("schemas", "route", schemas.iter().map(|schema| schema.name.as_str()), &held),
            missing("openapi", "route", openapi.iter().map(|document| document.name.as_str()), &described),
        ]
        .concat()
    }
}

/// The names of `group` that are not `used`.
fn missing<'d>(
    group: &str,
    user: &str,
    names: impl Iterator<Item = &'d str>,
    used: &[&str],
) -> Vec<Diagnostic> {
    let unused = names.filter(|name| !used.contains(name));
    unused.map(|name| unused_definition(&FieldPath::root().key(group).key(name), user)).collect()
}
