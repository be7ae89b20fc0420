//! What `corsac check` finds in roles and rules that can run.

use std::collections::HashSet;

use corsac_diagnostics::{Confidence, Diagnostic, FieldPath, INVALID_VALUE, Rule, Severity, excerpt, listed};

use super::config::{RoleConfig, RouteConfig, RuleConfig};
use super::file::{ReadAuthz, in_file};

/// A rule that nobody can pass.
pub(crate) static IMPOSSIBLE_RULE: Rule =
    Rule { id: "impossible-rule", severity: Severity::Error, summary: "a rule that nobody can pass" };
/// A route that asks nothing beside routes that do.
pub(crate) static ROUTE_WITHOUT_RULE: Rule = Rule {
    id: "route-without-rule",
    severity: Severity::Warning,
    summary: "a route without rules beside routes with rules",
};
/// A rule that changes nothing.
pub(crate) static UNREACHABLE_RULE: Rule = Rule {
    id: "unreachable-rule",
    severity: Severity::Error,
    summary: "a rule that changes nothing, because a wider one stands beside it",
};
/// A permission that nothing asks for.
pub(crate) static UNUSED_PERMISSION: Rule = Rule {
    id: "unused-permission",
    severity: Severity::Warning,
    summary: "a permission that no rule asks for",
};
/// A role that nobody has.
pub(crate) static UNUSED_ROLE: Rule =
    Rule { id: "unused-role", severity: Severity::Warning, summary: "a role that nobody can have" };

/// The rules of authorization.
pub static RULES: [&Rule; 5] =
    [&IMPOSSIBLE_RULE, &ROUTE_WITHOUT_RULE, &UNREACHABLE_RULE, &UNUSED_PERMISSION, &UNUSED_ROLE];

/// What a provider gives to those it vouches for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderGrants {
    /// Its name, as principals have it.
    pub name: String,
    /// The roles that it can give.
    pub roles: RoleGrants,
    /// Whether it gives scopes.
    pub scopes: bool,
    /// The claims that it keeps.
    pub claims: Vec<String>,
}

/// Roles that a provider gives by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleGrants {
    /// Whatever its tokens say.
    Any,
    /// These: no others are in its keys.
    Named(Vec<String>),
}

impl Default for RoleGrants {
    /// None.
    fn default() -> Self {
        Self::Named(Vec::new())
    }
}

/// How a route authenticates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Authentication<'c> {
    /// Not at all.
    #[default]
    None,
    /// By this configuration, if the request has a credential.
    Optional(&'c str),
    /// By this configuration, always.
    Required(&'c str),
}

impl<'c> Authentication<'c> {
    fn name(self) -> Option<&'c str> {
        match self {
            Self::None => None,
            Self::Optional(name) | Self::Required(name) => Some(name),
        }
    }
}

/// Findings about `read`. `providers` are all that authenticate; `routes` says how each
/// of [`super::Authz::routes`] authenticates.
pub fn lint(
    read: &ReadAuthz,
    providers: &[ProviderGrants],
    routes: &[Authentication<'_>],
) -> Vec<Diagnostic> {
    let config = read.authz.to_config();
    let had = held(&config.roles, providers);
    let mut lint = Lint { read, providers, had, out: Vec::new() };
    lint.roles();
    lint.permissions();
    let authentications = routes.iter().copied().chain(std::iter::repeat(Authentication::None));
    let routes: Vec<_> = config.routes.iter().zip(authentications).collect();
    for (index, (route, authentication)) in routes.iter().enumerate() {
        let rules = route.rules.iter().flatten().enumerate();
        for (number, rule) in rules {
            let at = read.route(index).key("rules").index(number);
            lint.providers(&at, &rule.from);
            lint.rule(&at, rule, *authentication);
        }
    }
    lint.without_rules(&routes);
    lint.out
}

impl ReadAuthz {
    /// Where a route stands.
    fn route(&self, index: usize) -> FieldPath {
        in_file(&FieldPath::root().key("routes").index(index), &self.places)
    }
}

struct Lint<'c> {
    read: &'c ReadAuthz,
    providers: &'c [ProviderGrants],
    /// The roles that somebody can have, over others too.
    had: HashSet<&'c str>,
    out: Vec<Diagnostic>,
}

impl<'c> Lint<'c> {
    fn config(&self) -> &'c super::AuthzConfig {
        self.read.authz.to_config()
    }

    fn roles(&mut self) {
        for role in &self.config().roles {
            let at = FieldPath::root().key("roles").key(&role.name);
            self.providers(&at, &role.from);
            if self.had.contains(role.name.as_str()) {
                continue;
            }
            let message = format!("nobody can have the role `{}`", excerpt(&role.name));
            let mut finding = Diagnostic::new(&UNUSED_ROLE, message).at_field(&at, "defined here");
            let kept = |claim: &str| self.providers.iter().any(|it| it.claims.iter().any(|own| own == claim));
            for (claim, _) in role.claims.iter().filter(|(claim, _)| !kept(claim)) {
                finding = finding.note(format!("no provider keeps the claim `{}`", excerpt(claim)));
            }
            self.out.push(finding.help(
                "map it from claims that a provider keeps or from scopes, give it to an API key, or remove it",
            ));
        }
    }

    /// A name in `from` that no provider has lets nobody pass.
    fn providers(&mut self, at: &FieldPath, from: &[String]) {
        for (index, name) in from.iter().enumerate() {
            if !self.providers.iter().any(|provider| provider.name == *name) {
                let message = format!("nobody comes from `{}`", excerpt(name));
                let known = listed(self.providers.iter().map(|provider| provider.name.as_str()));
                let help = match known.as_str() {
                    "" => "define a provider: nothing authenticates anybody".to_owned(),
                    known => format!("name one of {known}"),
                };
                let at = at.key("from").index(index);
                let finding =
                    Diagnostic::new(&INVALID_VALUE, message).at_field(&at, "no provider has this name");
                self.out.push(finding.help(help));
            }
        }
    }

    fn permissions(&mut self) {
        let config = self.config();
        let rules = config.routes.iter().flat_map(|route| route.rules.iter().flatten());
        let asked: HashSet<&str> = rules.filter_map(|rule| rule.permission.as_deref()).collect();
        for role in &config.roles {
            let at = FieldPath::root().key("roles").key(&role.name).key("permissions");
            for (index, name) in role.permissions.iter().enumerate() {
                if !asked.contains(name.as_str()) {
                    let message = format!("no rule asks for the permission `{}`", excerpt(name));
                    let finding = Diagnostic::new(&UNUSED_PERMISSION, message)
                        .at_field(&at.index(index), "it permits nothing");
                    self.out.push(finding.help("ask for it in a rule of a route, or remove it"));
                }
            }
        }
    }

    fn rule(&mut self, at: &FieldPath, rule: &'c RuleConfig, authentication: Authentication<'_>) {
        let roles = || self.config().roles.iter().filter(|role| self.had.contains(role.name.as_str()));
        let permitted = |name: &String| roles().any(|role| gives(&self.config().roles, role, name));
        let message = format!("nobody can pass `{at}`");
        if !rule.anyone && authentication == Authentication::None {
            let finding = Diagnostic::new(&IMPOSSIBLE_RULE, message)
                .at_field(at, "it asks who the caller is, and the route authenticates nobody");
            self.out.push(finding.help("name an `authn` for the route, or say anyone = true"));
        } else if let Some(name) = rule.permission.as_ref().filter(|name| !permitted(name)) {
            let label = format!("only roles that nobody can have permit `{}`", excerpt(name));
            let finding = Diagnostic::new(&IMPOSSIBLE_RULE, message).at_field(&at.key("permission"), label);
            self.out.push(finding.help("give the permission to a role that somebody can have"));
        } else if let (true, Authentication::Required(name)) = (rule.anyone, authentication) {
            let message = format!("`{at}` says anyone, and `{}` stops who is not known", excerpt(name));
            let finding = Diagnostic::new(&INVALID_VALUE, message)
                .severity(Severity::Warning)
                .at_field(&at.key("anyone"), "authentication comes first");
            self.out.push(finding.help("write authenticated = true, or make authentication optional"));
        }
    }

    fn without_rules(&mut self, routes: &[(&'c RouteConfig, Authentication<'_>)]) {
        for (index, (route, authentication)) in routes.iter().enumerate() {
            if route.rules.is_some() {
                continue;
            }
            let alike = |(_, (other, theirs)): &(usize, &(&RouteConfig, Authentication<'_>))| {
                let same_name = authentication.name().is_some() && theirs.name() == authentication.name();
                other.rules.is_some() && (same_name || is_same_area(&route.path, &other.path))
            };
            let Some((other, _)) = routes.iter().enumerate().find(alike) else { continue };
            let message = format!("`{}` has no rules, and a route beside it has", excerpt(&route.path));
            let finding = Diagnostic::new(&ROUTE_WITHOUT_RULE, message)
                .confidence(Confidence::Medium)
                .at_field(&self.read.route(index), "whoever authentication lets through may do anything here")
                .and_at_field(&self.read.route(other).key("rules"), "rules of the other one");
            self.out.push(
                finding.help(
                    "add rules; if it is meant, say so: rules = [{ methods = [\"*\"], anyone = true }]",
                ),
            );
        }
    }
}

/// Whether both begin with the same segment, which is no parameter.
fn is_same_area(one: &str, other: &str) -> bool {
    let first = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    !first(one).is_empty() && !first(one).contains('{') && first(one) == first(other)
}

/// The roles that somebody can have, over others too.
fn held<'c>(roles: &'c [RoleConfig], providers: &[ProviderGrants]) -> HashSet<&'c str> {
    let gives = |provider: &ProviderGrants, role: &RoleConfig| {
        let by_name = match &provider.roles {
            RoleGrants::Any => true,
            RoleGrants::Named(names) => names.contains(&role.name),
        };
        let by_claims =
            !role.claims.is_empty() && role.claims.iter().all(|(claim, _)| provider.claims.contains(claim));
        let fits = role.from.is_empty() || role.from.contains(&provider.name);
        fits && (by_name || by_claims || (provider.scopes && !role.scopes.is_empty()))
    };
    let had = roles.iter().filter(|role| providers.iter().any(|provider| gives(provider, role)));
    had.flat_map(|role| with_included(roles, role)).map(|role| role.name.as_str()).collect()
}

/// The role, and those that it includes, over others too.
fn with_included<'c>(roles: &'c [RoleConfig], role: &'c RoleConfig) -> Vec<&'c RoleConfig> {
    let mut found = vec![role];
    let mut next = 0;
    while let Some(role) = found.get(next).copied() {
        let included = roles.iter().filter(|other| role.includes.contains(&other.name));
        let new: Vec<_> =
            included.filter(|other| !found.iter().any(|known| known.name == other.name)).collect();
        found.extend(new);
        next += 1;
    }
    found
}

fn gives(roles: &[RoleConfig], role: &RoleConfig, permission: &String) -> bool {
    with_included(roles, role).iter().any(|role| role.permissions.contains(permission))
}
