//! Authorization: may they?
//!
//! Roles have permissions, and a route's rules ask for them. A route that has any rule is
//! closed but for what its rules let pass: one rule that holds is enough, and a rule holds
//! if all that it names does.
//!
//! ```
//! use corsac_middleware::authz::{Authz, AuthzConfig, RoleConfig, RouteConfig, RuleConfig};
//! use corsac_middleware::guard::Head;
//!
//! let reads = RuleConfig {
//!     methods: vec!["GET".into()],
//!     permission: Some("items:read".into()),
//!     ..RuleConfig::default()
//! };
//! let authz = Authz::compile(&AuthzConfig {
//!     roles: vec![RoleConfig {
//!         name: "reader".into(),
//!         permissions: vec!["items:read".into()],
//!         ..RoleConfig::default()
//!     }],
//!     routes: vec![RouteConfig { path: "/items/{id}".into(), rules: Some(vec![reads]) }],
//!     ..AuthzConfig::default()
//! })?;
//! let head = Head {
//!     method: &http::Method::GET,
//!     path: "/items/7",
//!     query: None,
//!     headers: &http::HeaderMap::new(),
//!     host: None,
//!     is_secure: true,
//!     client: None,
//! };
//! // Nobody is known, so nobody has the permission.
//! let refused = authz.routes()[0].decide(&head, &|name| (name == "id").then_some("7"), None);
//! assert_eq!(refused.err().map(|refused| refused.reason), Some("no-principal"));
//! # Ok::<(), corsac_middleware::authz::AuthzErrors>(())
//! ```
//!
//! - [`AuthzConfig`] is what people write, [`Authz`] cannot be wrong;
//! - [`RouteRules::decide`] gives a [`Permit`] or a refusal. What serves the request takes
//!   the permit, and there is no other way to have one;
//! - [`RouteRules::unguarded`] is for a route without rules: its permits say `unguarded`.
//!
//! What it deliberately leaves out: rules that forbid (a rule can only add somebody, so
//! that the order of rules means nothing), patterns in names, permissions that a token
//! claims for itself, roles that no configuration names.

#[cfg(feature = "cedar")]
mod cedar;
#[cfg(not(feature = "cedar"))]
#[path = "cedar/absent.rs"]
mod cedar;
mod compile;
mod config;
mod covered;
#[cfg(feature = "file")]
mod file;
#[cfg(feature = "file")]
mod lint;
mod owner;
mod permit;
mod refusal;
mod roles;
mod rules;

pub use config::{
    AuthzConfig, AuthzErrors, CedarConfig, CedarText, MAX_CEDAR_BYTES, MAX_CEDAR_POLICIES, MAX_ENTRIES,
    MAX_NAME, MAX_ROLES, MAX_RULES, Mistake, MistakeKind, RoleConfig, RouteConfig, RuleConfig,
};
#[cfg(feature = "file")]
pub use file::{AuthzFile, Files, ReadAuthz};
#[cfg(feature = "file")]
pub use lint::{Authentication, ProviderGrants, RULES, RoleGrants, lint};
pub use permit::Permit;
pub use refusal::NO_PRINCIPAL;
pub use rules::{Parameters, RouteRules};

/// What each route asks of whom.
#[derive(Clone, Debug)]
pub struct Authz {
    config: AuthzConfig,
    routes: Vec<RouteRules>,
}

impl Authz {
    /// The only road to rules.
    ///
    /// # Errors
    ///
    /// Every mistake of the configuration.
    pub fn compile(config: &AuthzConfig) -> Result<Self, AuthzErrors> {
        compile::compile(config)
    }

    /// What it was compiled of.
    pub fn to_config(&self) -> &AuthzConfig {
        &self.config
    }

    /// The routes, in the configuration's order.
    pub fn routes(&self) -> &[RouteRules] {
        &self.routes
    }
}
