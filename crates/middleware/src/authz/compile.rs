//! From what people write to what runs, reporting every mistake.

use corsac_diagnostics::FieldPath;
use http::Method;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Authz;
use super::cedar::{CedarRule, Policies};
use super::config::{
    AuthzConfig, AuthzErrors, CedarConfig, MAX_ENTRIES, MAX_NAME, MAX_ROLES, MAX_RULES, Mistake, MistakeKind,
    RoleConfig, RouteConfig, RuleConfig,
};
use super::covered;
use super::roles::{RoleSet, Roles};
use super::rules::{Methods, NEVER, Permission, RouteRules, Rule};
use crate::mistake::Mistakes;

/// Mistakes reported of one configuration.
const MAX_MISTAKES: usize = 1_000;

/// Methods in use, all in upper case.
const STANDARD: [&str; 9] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "PROPFIND"];

pub(super) fn compile(config: &AuthzConfig) -> Result<Authz, AuthzErrors> {
    let mut compiler = Compiler { mistakes: Vec::new(), permissions: HashMap::new(), cedar: HashMap::new() };
    compiler.roles(&config.roles);
    compiler.grant(&config.roles);
    compiler.policies(&config.cedar);
    let roles = Arc::new(Roles::new(&config.roles));
    let routes = config.routes.iter().enumerate();
    let routes = routes.map(|(index, route)| compiler.route(index, route, &roles)).collect();
    compiler.repeated_routes(&config.routes);
    if compiler.mistakes.is_empty() {
        Ok(Authz { config: config.clone(), routes })
    } else {
        Err(Mistakes(compiler.mistakes))
    }
}

struct Compiler<'c> {
    mistakes: Vec<Mistake>,
    /// Who has each.
    permissions: HashMap<&'c str, RoleSet>,
    /// Policies; nothing where they have mistakes.
    cedar: HashMap<&'c str, Option<Arc<Policies>>>,
}

impl<'c> Compiler<'c> {
    fn report(&mut self, field: FieldPath, kind: MistakeKind) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake { field, kind });
        }
    }

    fn count(&mut self, field: &FieldPath, count: usize, most: usize) {
        if count > most {
            self.report(field.clone(), MistakeKind::TooMany { count, most });
        }
    }

    fn roles(&mut self, roles: &'c [RoleConfig]) {
        let all = FieldPath::root().key("roles");
        self.count(&all, roles.len(), MAX_ROLES);
        let mut seen = HashSet::new();
        for role in roles {
            let at = all.key(&role.name);
            self.name(&at, &role.name);
            if !seen.insert(&role.name) {
                self.report(at.clone(), MistakeKind::Duplicate(role.name.clone()));
            }
            if role.permissions.is_empty() && role.includes.is_empty() {
                self.report(at.clone(), MistakeKind::RoleWithoutPermission);
            }
            self.names(&at.key("includes"), &role.includes);
            self.names(&at.key("permissions"), &role.permissions);
            self.names(&at.key("from"), &role.from);
            self.names(&at.key("scopes"), &role.scopes);
            for (index, scope) in role.scopes.iter().enumerate() {
                self.scope(at.key("scopes").index(index), scope);
            }
            self.claims(&at.key("claims"), &role.claims);
        }
    }

    fn claims(&mut self, at: &FieldPath, claims: &[(String, Vec<String>)]) {
        self.count(at, claims.len(), MAX_ENTRIES);
        let mut seen = HashSet::new();
        for (claim, values) in claims {
            let at = at.key(claim);
            self.name(&at, claim);
            if !seen.insert(claim) {
                self.report(at.clone(), MistakeKind::Duplicate(claim.clone()));
            }
            if values.is_empty() {
                self.report(at.clone(), MistakeKind::Empty);
            }
            self.names(&at, values);
        }
    }

    fn policies(&mut self, cedar: &'c [CedarConfig]) {
        let all = FieldPath::root().key("cedar");
        self.count(&all, cedar.len(), MAX_ENTRIES);
        for config in cedar.iter().take(MAX_ENTRIES) {
            let at = all.key(&config.name);
            self.name(&at, &config.name);
            let compiled = Policies::compile(config).map_err(|mistakes| {
                for (key, kind) in mistakes {
                    self.report(at.key(key), kind);
                }
            });
            if self.cedar.insert(&config.name, compiled.ok().map(Arc::new)).is_some() {
                self.report(at, MistakeKind::Duplicate(config.name.clone()));
            }
        }
    }

    /// Finds who has each permission, and roles that include themselves.
    fn grant(&mut self, roles: &'c [RoleConfig]) {
        // What is too many is reported; no bit is left for it.
        let roles = roles.get(..MAX_ROLES).unwrap_or(roles);
        let index: HashMap<&str, usize> =
            roles.iter().enumerate().map(|(index, role)| (role.name.as_str(), index)).collect();
        self.includes(roles, &index);
        let reach: Vec<RoleSet> = (0..roles.len()).map(|start| reach(roles, &index, start)).collect();
        let reaches = |from: usize, to: usize| reach.get(from).is_some_and(|set| set.has(to));
        for (own, role) in roles.iter().enumerate() {
            let circle = (0..roles.len()).filter(|other| reaches(own, *other) && reaches(*other, own));
            // One of a circle is enough to tell.
            if circle.min() == Some(own) {
                let back = role.includes.iter().position(|name| {
                    index.get(name.as_str()).is_some_and(|next| *next == own || reaches(*next, own))
                });
                let at = FieldPath::root().key("roles").key(&role.name).key("includes");
                let name = back.and_then(|number| role.includes.get(number)).cloned().unwrap_or_default();
                self.report(at.index(back.unwrap_or(0)), MistakeKind::Cycle(name));
            }
            for (_, included) in
                roles.iter().enumerate().filter(|(other, _)| *other == own || reaches(own, *other))
            {
                for permission in &included.permissions {
                    let holders = self.permissions.entry(permission).or_default();
                    *holders = holders.with(RoleSet::of(own));
                }
            }
        }
    }

    fn includes(&mut self, roles: &[RoleConfig], index: &HashMap<&str, usize>) {
        for role in roles {
            let at = FieldPath::root().key("roles").key(&role.name).key("includes");
            for (number, name) in role.includes.iter().enumerate() {
                let Some(included) = index.get(name.as_str()).and_then(|index| roles.get(*index)) else {
                    self.report(at.index(number), MistakeKind::UnknownRole(name.clone()));
                    continue;
                };
                let narrow = !role.from.is_empty() && role.from.iter().all(|it| included.from.contains(it));
                if !included.from.is_empty() && !narrow {
                    self.report(at.index(number), MistakeKind::IncludeWidens(name.clone()));
                }
            }
        }
    }

    fn route(&mut self, index: usize, route: &RouteConfig, roles: &Arc<Roles>) -> RouteRules {
        let Some(rules) = &route.rules else { return RouteRules::unguarded(&route.path) };
        let all = FieldPath::root().key("routes").index(index).key("rules");
        if rules.is_empty() {
            self.report(all.clone(), MistakeKind::Empty);
        }
        self.count(&all, rules.len(), MAX_RULES);
        let compiled = rules.iter().enumerate().map(|(index, rule)| {
            let at = all.index(index);
            self.conditions(&at, rule);
            Rule {
                methods: self.methods(&at.key("methods"), &rule.methods),
                anyone: rule.anyone,
                from: rule.from.clone(),
                permission: self.permission(&at, rule),
                scope: rule.scope.clone(),
                owner: self.owner(&at, rule, &route.path),
                cedar: self.cedar(&at, rule, &route.path),
                head_is_get: false,
            }
        });
        let mut compiled: Vec<Rule> = compiled.collect();
        for (at, by) in covered::find(rules.get(..MAX_RULES).unwrap_or(rules)) {
            self.report(all.join(&at), MistakeKind::Covered { by });
        }
        head_follows_get(&mut compiled);
        RouteRules::guarded(&route.path, roles, compiled)
    }

    fn conditions(&mut self, at: &FieldPath, rule: &RuleConfig) {
        self.names(&at.key("from"), &rule.from);
        if let Some(scope) = &rule.scope {
            self.scope(at.key("scope"), scope);
        }
        let strong =
            rule.permission.is_some() || rule.scope.is_some() || rule.owner.is_some() || rule.cedar.is_some();
        if rule.anyone && (strong || rule.authenticated || !rule.from.is_empty()) {
            self.report(at.key("anyone"), MistakeKind::AnyoneBeside);
        } else if rule.authenticated && strong {
            self.report(at.key("authenticated"), MistakeKind::AuthenticatedBeside);
        } else if !(rule.anyone || rule.authenticated || strong) {
            self.report(at.clone(), MistakeKind::NoCondition);
        }
        if let Some(action) = &rule.action {
            self.name(&at.key("action"), action);
            if rule.cedar.is_none() {
                self.report(at.key("action"), MistakeKind::ActionWithoutCedar);
            }
        }
    }

    fn methods(&mut self, at: &FieldPath, methods: &[String]) -> Methods {
        if methods.is_empty() {
            self.report(at.clone(), MistakeKind::Empty);
        }
        self.count(at, methods.len(), MAX_ENTRIES);
        self.repeated(at, methods);
        let mut these = Vec::new();
        for (index, text) in methods.iter().enumerate() {
            let at = at.index(index);
            let right = STANDARD.iter().find(|known| known.eq_ignore_ascii_case(text));
            match (right, Method::from_bytes(text.as_bytes())) {
                _ if text == "*" && methods.len() == 1 => return Methods::Any,
                _ if text == "*" => self.report(at, MistakeKind::AnyMethodBeside),
                (Some(right), _) if right != text => {
                    self.report(at, MistakeKind::MethodCase { written: text.clone(), right });
                }
                _ if NEVER.iter().any(|never| never.eq_ignore_ascii_case(text)) => {
                    self.report(at, MistakeKind::MethodNeverServed(text.clone()));
                }
                (_, Ok(method)) if text.len() <= MAX_NAME => these.push(method),
                _ => self.report(at, MistakeKind::MethodInvalid(text.clone())),
            }
        }
        Methods::These(these)
    }

    fn permission(&mut self, at: &FieldPath, rule: &RuleConfig) -> Option<Permission> {
        let name = rule.permission.as_ref()?;
        let roles = self.permissions.get(name.as_str()).copied();
        if roles.is_none() {
            self.report(at.key("permission"), MistakeKind::PermissionUnknown(name.clone()));
        }
        Some(Permission { name: name.clone(), roles: roles.unwrap_or_default() })
    }

    fn owner(&mut self, at: &FieldPath, rule: &RuleConfig, path: &str) -> Option<String> {
        let owner = rule.owner.as_ref()?;
        let name = owner.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
        let plain = !name.is_empty() && !name.starts_with('*') && !name.contains(['{', '}']);
        if !plain || !path.split('/').any(|segment| segment == owner) {
            self.report(at.key("owner"), MistakeKind::OwnerNotInPath(owner.clone()));
        }
        if rule.from.is_empty() {
            self.report(at.key("owner"), MistakeKind::OwnerWithoutFrom);
        }
        Some(name.to_owned())
    }

    fn cedar(&mut self, at: &FieldPath, rule: &RuleConfig, path: &str) -> Option<CedarRule> {
        let name = rule.cedar.as_ref()?;
        let Some(policies) = self.cedar.get(name.as_str()).cloned() else {
            self.report(at.key("cedar"), MistakeKind::UnknownCedar(name.clone()));
            return None;
        };
        let cedar = CedarRule::new(&policies?, rule.action.as_deref(), path)?;
        let named = rule.action.iter().map(|action| (at.key("action"), action));
        let methods = rule.methods.iter().enumerate().filter(|(_, it)| rule.action.is_none() && *it != "*");
        let methods = methods.map(|(index, method)| (at.key("methods").index(index), method));
        for (at, action) in named.chain(methods).filter(|(_, action)| !cedar.knows(action)) {
            self.report(at, MistakeKind::ActionUnknown(action.clone()));
        }
        Some(cedar)
    }

    fn repeated_routes(&mut self, routes: &[RouteConfig]) {
        let mut seen = HashSet::new();
        for (index, route) in routes.iter().enumerate() {
            if !seen.insert(&route.path) {
                let at = FieldPath::root().key("routes").index(index).key("path");
                self.report(at, MistakeKind::Duplicate(route.path.clone()));
            }
        }
    }

    fn name(&mut self, at: &FieldPath, name: &str) {
        let fits = (1..=MAX_NAME).contains(&name.len()) && name.trim() == name;
        if !fits || name.contains(char::is_control) {
            self.report(at.clone(), MistakeKind::NameInvalid(name.to_owned()));
        }
    }

    fn names(&mut self, at: &FieldPath, names: &[String]) {
        self.count(at, names.len(), MAX_ENTRIES);
        for (index, name) in names.iter().enumerate().take(MAX_ENTRIES) {
            self.name(&at.index(index), name);
        }
        self.repeated(at, names);
    }

    fn repeated(&mut self, at: &FieldPath, names: &[String]) {
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            if !seen.insert(name) {
                self.report(at.index(index), MistakeKind::Duplicate(name.clone()));
            }
        }
    }

    /// `scope-token` (RFC 6749, section 3.3).
    fn scope(&mut self, at: FieldPath, scope: &str) {
        let fits = |byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if !(1..=MAX_NAME).contains(&scope.len()) || !scope.bytes().all(fits) {
            self.report(at, MistakeKind::ScopeInvalid(scope.to_owned()));
        }
    }
}

/// The roles that `start` includes, over others too; itself only if in a circle.
fn reach(roles: &[RoleConfig], index: &HashMap<&str, usize>, start: usize) -> RoleSet {
    let mut found = RoleSet::default();
    let mut open = vec![start];
    while let Some(role) = open.pop().and_then(|next| roles.get(next)) {
        for next in role.includes.iter().filter_map(|name| index.get(name.as_str()).copied()) {
            if !found.has(next) {
                found = found.with(RoleSet::of(next));
                open.push(next);
            }
        }
    }
    found
}

/// RFC 9110, section 9.3.2: `HEAD` is `GET` without the content, so whoever may ask for
/// the one learns nothing new from the other.
fn head_follows_get(rules: &mut [Rule]) {
    let names =
        |rule: &Rule, method| matches!(&rule.methods, Methods::These(these) if these.contains(method));
    if rules.iter().any(|rule| names(rule, &Method::HEAD)) {
        return;
    }
    for rule in rules {
        if let Methods::These(these) = &mut rule.methods
            && these.contains(&Method::GET)
        {
            these.push(Method::HEAD);
            rule.head_is_get = true;
        }
    }
}
