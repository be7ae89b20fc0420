//! A configuration as rules see it.

use corsac_cors::Policy;
use corsac_credentials::PlacesConfig;
use corsac_diagnostics::FieldPath;
use corsac_middleware::stack;

use super::super::{Config, Route, Upstream};

/// What rules look at.
pub(super) struct Subject<'c> {
    pub(super) config: &'c Config,
    pub(super) routes: Vec<Served<'c>>,
    pub(super) methods: Vec<Method<'c>>,
    pub(super) is_development: bool,
}

/// A route with what it refers to.
pub(super) struct Served<'c> {
    pub(super) place: FieldPath,
    pub(super) route: &'c Route,
    pub(super) guards: &'c stack::Route,
    pub(super) policy: Option<(&'c str, &'c Policy)>,
    pub(super) upstream: Option<&'c Upstream>,
    pub(super) authentication: Authentication<'c>,
}

/// Who finds out who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Authentication<'c> {
    /// Nobody: rules say that anyone may.
    Anyone,
    /// The service behind, as the route says.
    Behind,
    /// A group of methods, by its name.
    Here(&'c str),
    /// Nobody says.
    Unsaid,
}

/// A method of authentication.
pub(super) struct Method<'c> {
    pub(super) name: &'c str,
    pub(super) place: FieldPath,
    pub(super) places: &'c PlacesConfig,
    /// Whether upstreams get the credential too.
    pub(super) is_forwarded: bool,
}

impl<'c> Subject<'c> {
    pub(super) fn new(config: &'c Config, is_development: bool) -> Self {
        let routes = config.routes.iter().zip(&config.stack.routes).enumerate();
        let routes = routes.map(|(index, (route, guards))| Served {
            place: FieldPath::root().key("routes").index(index),
            route,
            guards,
            policy: route
                .policy
                .and_then(|index| config.policies.get(index))
                .map(|(name, it)| (name.as_str(), it)),
            upstream: config.upstreams.get(route.upstream),
            authentication: authentication(guards),
        });
        Self { config, routes: routes.collect(), methods: methods(config), is_development }
    }

    /// The methods of the group that a route takes.
    pub(super) fn methods_of<'s>(&'s self, route: &Served<'c>) -> impl Iterator<Item = &'s Method<'c>> {
        let group = match route.authentication {
            Authentication::Here(name) => self.config.stack.authn.groups.iter().find(|it| it.name == name),
            _ => None,
        };
        let names = group.map(|group| group.methods.as_slice()).unwrap_or_default();
        self.methods.iter().filter(move |method| names.iter().any(|name| name == method.name))
    }

    /// Whether a cookie authenticates the route's callers here.
    pub(super) fn takes_cookie(&self, route: &Served<'c>) -> bool {
        self.methods_of(route).any(|method| method.places.cookie.is_some())
    }
}

impl Served<'_> {
    /// Whether cookies go to a service behind that nobody here knows.
    pub(super) fn lets_cookies_through(&self) -> bool {
        let may_know = matches!(self.authentication, Authentication::Behind | Authentication::Unsaid);
        may_know && self.policy.is_some_and(|(_, policy)| policy.allows_credentials())
    }
}

fn authentication(guards: &stack::Route) -> Authentication<'_> {
    match guards.group() {
        Some(name) => Authentication::Here(name),
        None if guards.is_authenticated_behind() => Authentication::Behind,
        // Rules that ask anything would be impossible.
        None if guards.has_rules() => Authentication::Anyone,
        None => Authentication::Unsaid,
    }
}

fn methods(config: &Config) -> Vec<Method<'_>> {
    let authn = &config.stack.authn;
    let method = |group: &str, name, places, is_forwarded| Method {
        name,
        place: FieldPath::root().key(group).key(name),
        places,
        is_forwarded,
    };
    let jwt = authn.jwt.iter();
    let jwt =
        jwt.map(|it| method("jwt", &it.provider.name, &it.places, it.forward_credential != Some(false)));
    let opaque = authn.introspection.iter();
    let opaque = opaque
        .map(|it| method("introspection", &it.rules.name, &it.places, it.forward_credential != Some(false)));
    let keys = authn.api_keys.iter();
    let keys = keys.map(|it| method("api_keys", &it.name, &it.places, it.forward_credential == Some(true)));
    jwt.chain(opaque).chain(keys).collect()
}
