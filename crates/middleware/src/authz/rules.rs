//! The rules of one route, and the decision.

use std::fmt;
use std::sync::Arc;

use corsac_credentials::Principal;
use corsac_events::Text;
use http::Method;

use super::cedar::{CedarRefusal, CedarRule};
use super::config::MAX_RULES;
use super::owner::owns;
use super::permit::Permit;
use super::refusal;
use super::roles::{RoleSet, Roles};
use crate::guard::{Head, Refused};

/// Gives a parameter of the matched route by its name, as it stands in the canonical path.
pub type Parameters<'p> = dyn Fn(&str) -> Option<&'p str> + 'p;

/// Methods that no rule lets through: a tunnel is no request for a path, and `TRACE` and
/// `TRACK` give a page fields that it may not read.
pub(super) const NEVER: [&str; 3] = ["CONNECT", "TRACE", "TRACK"];

/// What a route asks. A clone is one `Arc` bump.
#[derive(Clone, Debug)]
pub struct RouteRules(Arc<Route>);

#[derive(Debug)]
struct Route {
    path: String,
    roles: Arc<Roles>,
    /// At most [`MAX_RULES`]; none: unguarded.
    rules: Option<Vec<Rule>>,
    /// What an event says of each, ready before any request comes.
    described: Vec<Text>,
}

/// One way to pass.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) methods: Methods,
    pub(super) anyone: bool,
    /// Providers; empty: any.
    pub(super) from: Vec<String>,
    pub(super) permission: Option<Permission>,
    pub(super) scope: Option<String>,
    /// The name of a parameter of the route's path.
    pub(super) owner: Option<String>,
    pub(super) cedar: Option<CedarRule>,
    /// Whether it is for `HEAD` because it is for `GET`.
    pub(super) head_is_get: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Methods {
    Any,
    These(Vec<Method>),
}

impl Methods {
    fn has(&self, method: &Method) -> bool {
        match self {
            Self::Any => !NEVER.contains(&method.as_str()),
            Self::These(methods) => methods.contains(method),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Permission {
    pub(super) name: String,
    /// Who has it.
    pub(super) roles: RoleSet,
}

/// Why a rule does not hold: the first thing that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortfall {
    From,
    Method,
    Owner,
    Permission,
    /// Policies that could not decide.
    Policy,
    /// Policies that decided against it.
    PolicyDenied,
    Principal,
    Scope,
}

/// Why each rule of a route does not hold.
pub(super) type Shortfalls = [Shortfall; MAX_RULES];

impl RouteRules {
    pub(super) fn guarded(path: &str, roles: &Arc<Roles>, rules: Vec<Rule>) -> Self {
        let describe = |(index, rule)| Text::format(format_args!("rules[{index}] of {path}: {rule}"));
        let described = rules.iter().enumerate().map(describe).collect();
        let (path, roles) = (path.to_owned(), Arc::clone(roles));
        Self(Arc::new(Route { path, roles, rules: Some(rules), described }))
    }

    /// A route that asks nothing of anybody: every permit that it gives says so.
    pub fn unguarded(path: &str) -> Self {
        Self(Arc::new(Route {
            path: path.to_owned(),
            roles: Arc::default(),
            rules: None,
            described: Vec::new(),
        }))
    }

    /// The route's path pattern.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Whether it has no rules.
    pub fn is_unguarded(&self) -> bool {
        self.0.rules.is_none()
    }

    /// Whether nobody passes with this method who is not known: some rule is for it, and
    /// each that is asks for a principal. An authentication that is optional may answer
    /// such a request with its challenge.
    pub fn needs_principal(&self, method: &Method) -> bool {
        let mut rules = self.rules().iter().filter(|rule| rule.methods.has(method)).peekable();
        rules.peek().is_some() && rules.all(|rule| !rule.anyone)
    }

    /// Decides about a request for this route. One rule that holds is enough; without one
    /// it is refused. Nothing is allocated for a request that may pass,
    /// unless Cedar is asked.
    ///
    /// `principal` is whoever authentication made out. Where there is none, it is refused
    /// as [`super::NO_PRINCIPAL`], with a 403 that has no challenge: who can challenge is
    /// authentication, which has let the request through.
    ///
    /// # Errors
    ///
    /// The refusal: its problem for the client tells no more than 403 and, to a bearer
    /// token that lacks but one scope, that scope; its detail for the log is what each rule
    /// lacked.
    pub fn decide(
        &self,
        head: &Head<'_>,
        parameters: &Parameters<'_>,
        principal: Option<&Principal>,
    ) -> Result<Permit, Refused> {
        if self.is_unguarded() {
            return Ok(Permit::new(self.clone(), None, Vec::new()));
        }
        let mut asked =
            Asked { roles: &self.0.roles, parameters, principal, head, held: None, said: Vec::new() };
        let mut shortfalls = [Shortfall::Method; MAX_RULES];
        for ((index, rule), shortfall) in self.rules().iter().enumerate().zip(&mut shortfalls) {
            match asked.check(rule) {
                Ok(policies) => return Ok(Permit::new(self.clone(), Some(index), policies)),
                Err(missing) => *shortfall = missing,
            }
        }
        Err(refusal::refuse(self, (&shortfalls, &asked.said), head, principal))
    }

    pub(super) fn rules(&self) -> &[Rule] {
        self.0.rules.as_deref().unwrap_or_default()
    }

    pub(super) fn rule(&self, index: usize) -> Option<&Rule> {
        self.rules().get(index)
    }

    pub(super) fn described(&self, index: usize) -> Option<&Text> {
        self.0.described.get(index)
    }
}

/// One request, and what is known of its principal so far.
struct Asked<'r, 'p> {
    roles: &'r Roles,
    parameters: &'r Parameters<'p>,
    principal: Option<&'r Principal>,
    head: &'r Head<'r>,
    held: Option<RoleSet>,
    /// What policies said.
    said: Vec<String>,
}

impl Asked<'_, '_> {
    /// The policies that let it pass, if any were asked.
    fn check(&mut self, rule: &Rule) -> Result<Vec<String>, Shortfall> {
        if !rule.methods.has(self.head.method) {
            return Err(Shortfall::Method);
        }
        if rule.anyone {
            return Ok(Vec::new());
        }
        let principal = self.principal.ok_or(Shortfall::Principal)?;
        if !rule.from.is_empty() && !rule.from.iter().any(|name| name == principal.provider()) {
            return Err(Shortfall::From);
        }
        if let Some(parameter) = &rule.owner {
            let segment = (self.parameters)(parameter).ok_or(Shortfall::Owner)?;
            if !owns(principal.subject(), segment) {
                return Err(Shortfall::Owner);
            }
        }
        if let Some(permission) = &rule.permission {
            let held = *self.held.get_or_insert_with(|| self.roles.of(principal));
            if !held.meets(permission.roles) {
                return Err(Shortfall::Permission);
            }
        }
        let policies = match &rule.cedar {
            Some(cedar) => self.ask(cedar, rule, principal)?,
            None => Vec::new(),
        };
        // Last: that only a scope is missing is worth telling the client.
        if rule.scope.as_ref().is_some_and(|scope| !principal.has_scope(scope)) {
            return Err(Shortfall::Scope);
        }
        Ok(policies)
    }

    fn ask(
        &mut self,
        cedar: &CedarRule,
        rule: &Rule,
        principal: &Principal,
    ) -> Result<Vec<String>, Shortfall> {
        let own = self.head.method.as_str();
        let method = if rule.head_is_get && own == "HEAD" { "GET" } else { own };
        let decided = cedar.decide((self.head, method), self.parameters, (principal, self.roles));
        decided.map_err(|refusal| match refusal {
            CedarRefusal::Failed(reason) => {
                self.said.push(format!("{}: {reason}", cedar.name()));
                Shortfall::Policy
            }
            CedarRefusal::Refused(reason) => {
                self.said.push(format!("{}: {reason}", cedar.name()));
                Shortfall::PolicyDenied
            }
        })
    }
}

impl Rule {
    /// The strongest thing that it asks.
    pub(super) fn reason(&self) -> &'static str {
        if self.anyone {
            "anyone"
        } else if self.cedar.is_some() {
            "cedar"
        } else if self.owner.is_some() {
            "owner"
        } else if self.permission.is_some() {
            "permission"
        } else if self.scope.is_some() {
            "scope"
        } else {
            "authenticated"
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.anyone { "anyone" } else { "authenticated" })?;
        if let Some(parameter) = &self.owner {
            write!(f, ", owner {{{parameter}}}")?;
        }
        if let Some(permission) = &self.permission {
            write!(f, ", permission {}", permission.name)?;
        }
        if let Some(scope) = &self.scope {
            write!(f, ", scope {scope}")?;
        }
        if let Some(cedar) = &self.cedar {
            write!(f, ", cedar {}", cedar.name())?;
        }
        for provider in &self.from {
            write!(f, ", from {provider}")?;
        }
        Ok(())
    }
}
