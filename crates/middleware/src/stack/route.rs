//! One route with its guards, in the order that cannot be changed.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use corsac_cors::Policy;
use http::HeaderName;
use http::header::{ACCEPT, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::authz::RouteRules;
use crate::csrf::{CookieRules, CsrfMode};
use crate::limits::RouteLimits;
use crate::rate_limit;

/// Places in the order of a stack. Each is filled or left empty, and nothing is put in
/// front of what stands there.
pub mod slot {
    macro_rules! slots {
        ($($(#[$doc:meta])* $name:ident),*) => {
            $($(#[$doc])* #[derive(Clone, Copy, Debug)] pub struct $name;)*
        };
    }

    slots! {
        /// Nothing yet.
        Path,
        /// Who may read.
        Cors,
        /// How often, for an address.
        Clients,
        /// Whether the page meant to send it.
        Csrf,
        /// Who it is.
        Authn,
        /// How often, for a caller.
        Callers,
        /// Whether they may.
        Authz,
        /// What it may carry.
        Body
    }

    /// A place that comes before another. Nobody else can say so of these.
    pub trait Before<Later> {}

    macro_rules! order {
        () => {};
        ($first:ident $($later:ident)*) => {
            $(impl Before<$later> for $first {})*
            order!($($later)*);
        };
    }

    order!(Path Cors Clients Csrf Authn Callers Authz Body);
}

use slot::Before;

/// A policy with its name.
#[derive(Clone, PartialEq, Eq)]
pub struct NamedPolicy {
    /// Its name, for logs.
    pub name: Arc<str>,
    /// The policy.
    pub policy: Policy,
}

/// The field with a request's id, which every response carries.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl NamedPolicy {
    /// A policy with [`REQUEST_ID`] exposed.
    pub fn new(name: &str, policy: &Policy) -> Self {
        Self { name: name.into(), policy: policy.exposing(&[REQUEST_ID]) }
    }

    /// The same policy as generation `number`.
    #[must_use]
    pub fn with_generation(self, number: u64) -> Self {
        Self { policy: self.policy.with_generation(number), name: self.name }
    }
}

impl fmt::Debug for NamedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NamedPolicy").field(&self.name).finish()
    }
}

/// A route with its guards. [`Route::at`] begins one.
#[derive(Clone, Debug)]
pub struct Route {
    pub(super) path: Arc<str>,
    pub(super) policy: Option<NamedPolicy>,
    pub(super) answers_preflights: bool,
    pub(super) clients: Vec<String>,
    pub(super) callers: Vec<String>,
    pub(super) concurrency: Option<String>,
    pub(super) cost: u64,
    pub(super) csrf: Option<CsrfMode>,
    pub(super) authn: Option<String>,
    pub(super) is_authenticated_behind: bool,
    pub(super) rules: RouteRules,
    pub(super) limits: Option<Arc<RouteLimits>>,
    pub(super) cookies: Option<Arc<CookieRules>>,
    pub(super) body_size: Option<u64>,
}

/// A route whose guards are put in place, the outermost first. `At` is where the last of
/// them stands:
///
/// ```
/// use corsac_middleware::stack::Route;
///
/// let route = Route::at("/items/{id}").limit_clients(["per-client"]).limit_callers(["per-user"]).build();
/// assert_eq!(route.path(), "/items/{id}");
/// ```
///
/// Every place, in the order:
///
/// ```
/// use std::sync::Arc;
///
/// use corsac_middleware::authz::RouteRules;
/// use corsac_middleware::csrf::CsrfMode;
/// use corsac_middleware::limits::RouteLimits;
/// use corsac_middleware::stack::Route;
///
/// fn route(rules: RouteRules, limits: Arc<RouteLimits>) -> Route {
///     let known = Route::at("/").without_cors().limit_clients(["a"]).csrf(CsrfMode::Enforce).authenticate("b");
///     known.limit_callers(["c"]).authorize(rules).body(limits).build()
/// }
/// ```
///
/// No two neighbours in another order compile:
///
/// ```compile_fail,E0599
/// # use std::sync::Arc;
/// # use corsac_middleware::authz::RouteRules;
/// # use corsac_middleware::csrf::CsrfMode;
/// # use corsac_middleware::limits::RouteLimits;
/// # use corsac_middleware::stack::Route;
/// Route::at("/").limit_clients(["a"]).without_cors();
/// ```
/// ```compile_fail,E0599
/// # use std::sync::Arc;
/// # use corsac_middleware::authz::RouteRules;
/// # use corsac_middleware::csrf::CsrfMode;
/// # use corsac_middleware::limits::RouteLimits;
/// # use corsac_middleware::stack::Route;
/// Route::at("/").csrf(CsrfMode::Enforce).limit_clients(["a"]);
/// ```
/// ```compile_fail,E0599
/// # use std::sync::Arc;
/// # use corsac_middleware::authz::RouteRules;
/// # use corsac_middleware::csrf::CsrfMode;
/// # use corsac_middleware::limits::RouteLimits;
/// # use corsac_middleware::stack::Route;
/// Route::at("/").authenticate("b").csrf(CsrfMode::Enforce);
/// ```
/// ```compile_fail,E0599
/// # use std::sync::Arc;
/// # use corsac_middleware::authz::RouteRules;
/// # use corsac_middleware::csrf::CsrfMode;
/// # use corsac_middleware::limits::RouteLimits;
/// # use corsac_middleware::stack::Route;
/// Route::at("/").limit_callers(["c"]).authenticate("b");
/// ```
/// ```compile_fail,E0599
/// # use std::sync::Arc;
/// # use corsac_middleware::authz::RouteRules;
/// # use corsac_middleware::csrf::CsrfMode;
/// # use corsac_middleware::limits::RouteLimits;
/// # use corsac_middleware::stack::Route;
/// |rules: RouteRules| Route::at("/").authorize(rules).limit_callers(["c"]);
/// ```
/// ```compile_fail,E0599
/// # use std::sync::Arc;
/// # use corsac_middleware::authz::RouteRules;
/// # use corsac_middleware::csrf::CsrfMode;
/// # use corsac_middleware::limits::RouteLimits;
/// # use corsac_middleware::stack::Route;
/// |rules: RouteRules, limits: Arc<RouteLimits>| Route::at("/").body(limits).authorize(rules);
/// ```
/// ```compile_fail,E0599
/// # use std::sync::Arc;
/// # use corsac_middleware::authz::RouteRules;
/// # use corsac_middleware::csrf::CsrfMode;
/// # use corsac_middleware::limits::RouteLimits;
/// # use corsac_middleware::stack::Route;
/// // Nor does a place that is taken twice.
/// Route::at("/").authenticate("b").authenticate("b");
/// ```
#[derive(Clone, Debug)]
#[must_use = "a route that is not built guards nothing"]
pub struct RouteBuilder<At> {
    route: Route,
    at: PhantomData<At>,
}

impl Route {
    /// A route for the requests that match `path`: `/users/{id}`, `/api/{*rest}`. Without
    /// a policy no other origin may read its responses.
    pub fn at(path: &str) -> RouteBuilder<slot::Path> {
        let route = Self {
            path: path.into(),
            policy: None,
            answers_preflights: true,
            clients: Vec::new(),
            callers: Vec::new(),
            concurrency: None,
            cost: 1,
            csrf: None,
            authn: None,
            is_authenticated_behind: false,
            rules: RouteRules::unguarded(path),
            limits: None,
            cookies: None,
            body_size: None,
        };
        RouteBuilder { route, at: PhantomData }
    }

    /// Its path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same route, whose handler's cookies get what it did not say.
    #[must_use]
    pub fn hardening_cookies(mut self, rules: Arc<CookieRules>) -> Self {
        self.cookies = Some(rules);
        self
    }

    /// The same route, whose handler finds out who calls. Nothing is asked here for it: it is
    /// a statement that tells the route from one where authentication was forgotten.
    #[must_use]
    pub fn authenticated_behind(mut self) -> Self {
        self.is_authenticated_behind = true;
        self
    }

    /// Whether its handler finds out who calls.
    pub fn is_authenticated_behind(&self) -> bool {
        self.is_authenticated_behind
    }

    /// The group of methods by which callers prove who they are.
    pub fn group(&self) -> Option<&str> {
        self.authn.as_deref()
    }

    /// Whether rules say who may do what.
    pub fn has_rules(&self) -> bool {
        !self.rules.is_unguarded()
    }

    /// Whether forged requests are refused; nothing where nobody said so.
    pub fn csrf_mode(&self) -> Option<CsrfMode> {
        self.csrf
    }

    /// The names of its limits, for clients and for callers.
    pub fn limits(&self) -> impl Iterator<Item = &str> {
        self.clients.iter().chain(&self.callers).map(String::as_str)
    }

    /// Whether its handler's cookies get `SameSite` where it did not say any.
    pub fn sets_same_site(&self) -> bool {
        self.cookies.as_ref().is_some_and(|rules| rules.sets_same_site())
    }

    /// The same route, which takes bodies of at most `bytes`.
    #[must_use]
    pub fn taking_at_most(mut self, bytes: u64) -> Self {
        self.body_size = Some(bytes);
        self
    }

    /// The same route with its policy as generation `number`.
    #[must_use]
    pub fn with_generation(mut self, number: u64) -> Self {
        self.policy = self.policy.map(|named| named.with_generation(number));
        self
    }

    /// Its policy, with what its guards set exposed.
    pub fn policy(&self) -> Option<&NamedPolicy> {
        self.policy.as_ref()
    }

    /// The fields that its guards may set.
    fn own_fields(&self) -> Vec<HeaderName> {
        let mut own = Vec::new();
        let limits = [!self.clients.is_empty(), !self.callers.is_empty(), self.concurrency.is_some()];
        if limits.contains(&true) {
            own.extend(rate_limit::FIELDS);
        }
        if self.authn.is_some() {
            own.extend([WWW_AUTHENTICATE, RETRY_AFTER]);
        }
        if self.limits.is_some() {
            own.extend([ACCEPT, ALLOW]);
        }
        own
    }
}

impl<At> RouteBuilder<At> {
    /// The route, with the places behind this one left empty.
    ///
    /// Its policy exposes what its guards themselves may set: a page that may read an answer
    /// may read why it is refused, and when it can come again.
    pub fn build(mut self) -> Route {
        let own = self.route.own_fields();
        if let Some(named) = &mut self.route.policy {
            named.policy = named.policy.exposing(&own);
        }
        self.route
    }

    fn then<Next>(self) -> RouteBuilder<Next> {
        RouteBuilder { route: self.route, at: PhantomData }
    }
}

impl<At: Before<slot::Cors>> RouteBuilder<At> {
    /// Who may read the responses.
    pub fn cors(mut self, policy: NamedPolicy) -> RouteBuilder<slot::Cors> {
        self.route.policy = Some(policy);
        self.then()
    }

    /// No other origin may read.
    pub fn without_cors(self) -> RouteBuilder<slot::Cors> {
        self.then()
    }
}

impl RouteBuilder<slot::Cors> {
    /// Preflights are the handler's to answer. Nobody authenticates them.
    pub fn preflights_by_handler(mut self) -> Self {
        self.route.answers_preflights = false;
        self
    }
}

impl<At: Before<slot::Clients>> RouteBuilder<At> {
    /// Limits by what is known of everybody: address, origin, route.
    pub fn limit_clients<'n>(
        mut self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> RouteBuilder<slot::Clients> {
        self.route.clients = names.into_iter().map(str::to_owned).collect();
        self.then()
    }
}

impl<At: Before<slot::Csrf>> RouteBuilder<At> {
    /// Whether requests that a foreign page may have forged are refused. Without it they
    /// are where a cookie authenticates, and nowhere else.
    pub fn csrf(mut self, mode: CsrfMode) -> RouteBuilder<slot::Csrf> {
        self.route.csrf = Some(mode);
        self.then()
    }
}

#[cfg(feature = "file")]
impl RouteBuilder<slot::Clients> {
    pub(super) fn guard_forms(mut self, mode: Option<CsrfMode>) -> RouteBuilder<slot::Csrf> {
        self.route.csrf = mode;
        self.then()
    }
}

#[cfg(feature = "file")]
impl RouteBuilder<slot::Csrf> {
    pub(super) fn authenticate_if(mut self, group: Option<&str>) -> RouteBuilder<slot::Authn> {
        self.route.authn = group.map(str::to_owned);
        self.then()
    }
}

impl<At: Before<slot::Authn>> RouteBuilder<At> {
    /// The group of methods by which callers prove who they are.
    pub fn authenticate(mut self, group: &str) -> RouteBuilder<slot::Authn> {
        self.route.authn = Some(group.to_owned());
        self.then()
    }
}

impl<At: Before<slot::Authz>> RouteBuilder<At> {
    /// What is asked of whom.
    pub fn authorize(mut self, rules: RouteRules) -> RouteBuilder<slot::Authz> {
        self.route.rules = rules;
        self.then()
    }
}

impl<At: Before<slot::Body>> RouteBuilder<At> {
    /// What requests may carry.
    pub fn body(mut self, limits: Arc<RouteLimits>) -> RouteBuilder<slot::Body> {
        self.route.limits = Some(limits);
        self.then()
    }
}

impl<At: Before<slot::Callers>> RouteBuilder<At> {
    /// Limits by who is authenticated.
    pub fn limit_callers<'n>(
        mut self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> RouteBuilder<slot::Callers> {
        self.route.callers = names.into_iter().map(str::to_owned).collect();
        self.then()
    }
}

impl RouteBuilder<slot::Clients> {
    /// Units that a request costs in each limit.
    pub fn cost(mut self, cost: u64) -> Self {
        self.route.cost = cost;
        self
    }

    /// Requests of one address that are served at the same time.
    pub fn at_once(mut self, name: &str) -> Self {
        self.route.concurrency = Some(name.to_owned());
        self
    }
}
