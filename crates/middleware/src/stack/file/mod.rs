//! Guards as tables of a policy file: what routes refer to, and what they say.
//!
//! [`read`] is for applications. The gateway's reader is made of the same parts, so that one
//! file means the same to both.

mod application;
mod policies;
mod profiles;
mod routes;
mod unused;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use corsac_diagnostics::{Diagnostic, FieldPath, Segment, Severity, TableReader, Value, unreadable};
use secrecy::SecretString;

use super::compile::{BodySize, StackConfig};
use super::route::{NamedPolicy, Route};
use crate::authn::{self, Authn, AuthnConfig, AuthnFile, Nowhere, ReadFile, read_authn};
use crate::authz::{self, Authentication, AuthzFile, ProviderGrants, ReadAuthz, RoleGrants};
use crate::csrf::{self, CookieRules, Csrf, CsrfMode, KeySource};
use crate::limits::{self, Limits, LimitsConfig};
use crate::rate_limit::{self, RateLimit, RateLimitConfig};
use crate::route::unknown_reference;

pub use application::{Reading, find_policy, read};
pub use policies::{DEVELOPMENT_ORIGIN, Defined, read_policies, read_reference, report_unused};
pub use profiles::{PROFILES, lay_profile, profiles};
pub use routes::{Ownership, RouteFile, Sizes, read_routes};

/// The table of preflights.
const PREFLIGHTS: &str = "preflights";

/// The largest file of keys for tokens against forged requests.
const MAX_KEY_FILE: u64 = 4 << 10;

/// The files around a policy file.
#[derive(Clone, Copy)]
pub struct Surroundings<'f> {
    /// The folder that paths are relative to.
    pub base: &'f Path,
    /// How files are read.
    pub read: ReadFile<'f>,
}

impl std::fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surroundings").field("base", &self.base).finish_non_exhaustive()
    }
}

/// The guards that a policy file defines, while its routes are read.
#[derive(Debug)]
pub struct Definitions {
    rate_limits: RateLimitConfig,
    authn: Option<Authn>,
    /// The names of groups, those with mistakes too.
    groups: Vec<String>,
    authz: AuthzFile,
    csrf: Option<Csrf>,
    cookies: Vec<(String, Option<Arc<CookieRules>>)>,
    limits: LimitsConfig,
    sizes: Sizes,
    routes: Vec<Pending>,
    files: Vec<PathBuf>,
}

/// What the reader of a route knows of it already.
#[derive(Debug)]
pub struct RouteHead {
    /// The path.
    pub path: String,
    /// The policy.
    pub policy: Option<NamedPolicy>,
    /// Whether preflights are the handler's to answer.
    pub preflights_by_handler: bool,
    /// Bytes of a body that is collected to be checked.
    pub body_size: u64,
}

/// A route as written, until all that it refers to is compiled.
#[derive(Debug)]
pub(super) struct Pending {
    head: RouteHead,
    place: FieldPath,
    pub(super) rate: rate_limit::RouteConfig,
    csrf: Option<CsrfMode>,
    pub(super) authn: Option<String>,
    is_authenticated_behind: bool,
    pub(super) cookies: Option<(String, Arc<CookieRules>)>,
}

/// What all guards are made of.
#[derive(Debug)]
pub struct Guards {
    /// Nothing, if a finding prevents them from running.
    pub config: Option<StackConfig>,
    /// The files that were read, or would have been: a change of one is a change of the
    /// configuration.
    pub files: Vec<PathBuf>,
}

impl Definitions {
    /// Reads all tables of guards.
    pub fn read(root: &mut TableReader<'_>, around: &Surroundings<'_>, out: &mut Vec<Diagnostic>) -> Self {
        let mut rate_limits = rate_limit::read_limits(root, out);
        if let Some(mut table) = root.table(PREFLIGHTS, out) {
            let names = table.strings(rate_limit::LIMITS, out).unwrap_or_default();
            rate_limits.preflights = names.into_iter().flatten().map(str::to_owned).collect();
            table.finish(out);
        }
        let with =
            AuthnFile { base: around.base, read: around.read, outside: Arc::new(Nowhere), before: None };
        let groups = match root.take("authn").map(|node| &node.value) {
            Some(Value::Table(entries)) => entries.iter().map(|(name, _)| name.clone()).collect(),
            _ => Vec::new(),
        };
        let (authn, mut files) = read_authn(root, &with, out);
        let csrf = match root.table("csrf", out) {
            None => Some(Csrf::default()),
            Some(table) => read_csrf(table, around, &mut files, out),
        };
        let texts = |path: &Path, most: usize| {
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            (around.read)(&around.base.join(path), most).map(|contents| contents.bytes)
        };
        let authz = AuthzFile::read(root, &texts, out);
        files.extend(authz.files().iter().map(|path| around.base.join(path)));
        let cookies = root.named("cookies", out).into_iter();
        let cookies =
            cookies.map(|(name, table)| (name.to_owned(), csrf::read_cookies(table, out).map(Arc::new)));
        let cookies = cookies.collect();
        let limits = LimitsConfig {
            schemas: limits::read_schemas(root, out),
            openapi: limits::read_openapi(root, out),
            ..LimitsConfig::default()
        };
        let (sizes, routes) = (Sizes::default(), Vec::new());
        Self { rate_limits, authn, groups, authz, csrf, cookies, limits, sizes, routes, files }
    }

    /// Reads what the table of a route says of guards. Each route has to come by, in order.
    pub fn route(&mut self, head: RouteHead, table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) {
        let rate = rate_limit::read_route(&head.path, table, out);
        let csrf = csrf::read_mode(table, out);
        let authn = table.string("authn", out);
        let is_authenticated_behind = authn == Some(authn::UPSTREAM);
        let authn = authn.filter(|_| !is_authenticated_behind).map(str::to_owned);
        if let Some(name) = authn.as_ref().filter(|name| !self.groups.contains(name)) {
            let known = self.groups.iter().map(String::as_str).chain([authn::UPSTREAM]);
            let finding = unknown_reference("group of methods", "authn", name, known);
            out.push(finding.at_field(&table.field("authn"), "not defined"));
        }
        let cookies = self.cookie_rules(table, out);
        let body_size = usize::try_from(head.body_size).unwrap_or(usize::MAX).min(limits::MAX_BODY);
        let read = limits::read_route(table, out);
        self.limits.routes.push(limits::RouteConfig { route: head.path.clone(), body_size, ..read });
        self.authz.route(&head.path, table, out);
        let place = table.path().clone();
        self.routes.push(Pending { head, place, rate, csrf, authn, is_authenticated_behind, cookies });
    }

    fn cookie_rules(
        &self,
        table: &mut TableReader<'_>,
        out: &mut Vec<Diagnostic>,
    ) -> Option<(String, Arc<CookieRules>)> {
        let name = table.string("cookies", out)?;
        match self.cookies.iter().find(|(own, _)| own == name) {
            Some((own, rules)) => Some((own.clone(), rules.clone()?)),
            None => {
                let known = self.cookies.iter().map(|(own, _)| own.as_str());
                let finding = unknown_reference("rule for cookies", "cookies", name, known);
                out.push(finding.at_field(&table.field("cookies"), "not defined"));
                None
            }
        }
    }

    /// Bounds requests by these sizes.
    pub fn bound(&mut self, sizes: &Sizes) {
        self.sizes = sizes.clone();
    }

    /// All definitions with the routes, checked together.
    pub fn finish(
        mut self,
        unrouted: Option<NamedPolicy>,
        around: &Surroundings<'_>,
        out: &mut Vec<Diagnostic>,
    ) -> Guards {
        self.check_rate_limits(out);
        let limits = self.compile_limits(around, out);
        let Self { rate_limits, authn, authz, csrf, cookies, limits: bodies, routes, files, sizes, .. } =
            self;
        let authz = authz.compile(out);
        let authn = authn.map(|authn| authn.to_config());
        if let (Some(authz), Some(authn)) = (&authz, &authn) {
            out.extend(lint(authz, authn, &routes));
            // What has a mistake may be what uses a definition.
            if !out.iter().any(|finding| finding.severity == Severity::Error) {
                let cookies = cookies.iter().map(|(name, _)| name.as_str()).collect();
                let (authz, limits, rate_limits) = (authz.authz.to_config(), &bodies, &rate_limits);
                let used =
                    unused::Definitions { authn, authz, cookies, limits, rate_limits, routes: &routes };
                out.extend(used.unused());
            }
        }
        let parts = (|| Some((authn?, csrf?, authz?, limits?)))();
        let config = parts.map(|(authn, csrf, authz, limits)| StackConfig {
            routes: routes
                .iter()
                .zip(authz.authz.routes())
                .map(|(route, rules)| route.build(&rate_limits, rules, &limits))
                .collect(),
            authn,
            body_size: BodySize(sizes.body_size),
            csrf,
            head: sizes.head(),
            is_shared: false,
            rate_limit: rate_limits,
            seed: None,
            unrouted,
        });
        Guards { config, files }
    }

    fn check_rate_limits(&self, out: &mut Vec<Diagnostic>) {
        let routes = self.routes.iter().map(|route| route.rate.clone()).collect();
        let config = RateLimitConfig { routes, ..self.rate_limits.clone() };
        if let Err(errors) = RateLimit::compile(&config) {
            let place = |index| self.place(index);
            out.extend(errors.0.iter().map(|it| rate_limit::diagnostic(it, &config, place)));
        }
    }

    fn compile_limits(&mut self, around: &Surroundings<'_>, out: &mut Vec<Diagnostic>) -> Option<Limits> {
        let named = RefCell::new(Vec::new());
        let read = |path: &Path| {
            let path = around.base.join(path);
            named.borrow_mut().push(path.clone());
            (around.read)(&path, limits::MAX_FILE as u64).map(|contents| contents.bytes)
        };
        let compiled = Limits::compile(&self.limits, &read);
        self.files.append(&mut named.borrow_mut());
        match compiled {
            Ok(limits) => {
                out.extend(limits.warnings().iter().map(limits::Mistake::to_warning));
                Some(limits)
            }
            Err(errors) => {
                let placed = |mistake: &limits::Mistake| {
                    let field = self.in_file(&mistake.field);
                    limits::Mistake { field, kind: mistake.kind.clone() }.to_diagnostic()
                };
                out.extend(errors.0.iter().map(placed));
                None
            }
        }
    }

    fn place(&self, index: usize) -> FieldPath {
        self.routes.get(index).map_or_else(FieldPath::root, |route| route.place.clone())
    }

    /// A field of a route's limits as one of the file: profiles may have moved the routes.
    fn in_file(&self, field: &FieldPath) -> FieldPath {
        match field.segments() {
            [Segment::Key(routes), Segment::Index(index), rest @ ..] if routes == "routes" => {
                rest.iter().fold(self.place(*index), |path, segment| match segment {
                    Segment::Key(key) => path.key(key),
                    Segment::Index(index) => path.index(*index),
                })
            }
            _ => field.clone(),
        }
    }
}

impl Pending {
    fn build(&self, rates: &RateLimitConfig, rules: &authz::RouteRules, limits: &Limits) -> Route {
        let is_by_caller = |name: &&str| {
            let limit = rates.limits.iter().find(|limit| limit.name == *name);
            limit.is_some_and(|limit| limit.by.iter().any(|part| part.is_of_caller()))
        };
        let names = self.rate.limits.iter().map(String::as_str);
        let (callers, clients): (Vec<_>, Vec<_>) = names.partition(is_by_caller);
        let begun = Route::at(&self.head.path);
        let mut cors = match &self.head.policy {
            Some(policy) => begun.cors(policy.clone()),
            None => begun.without_cors(),
        };
        if self.head.preflights_by_handler {
            cors = cors.preflights_by_handler();
        }
        let mut limited = cors.limit_clients(clients).cost(self.rate.cost);
        if let Some(name) = &self.rate.concurrency {
            limited = limited.at_once(name);
        }
        let authenticated = limited.guard_forms(self.csrf).authenticate_if(self.authn.as_deref());
        let authorized = authenticated.limit_callers(callers).authorize(rules.clone());
        let built = match limits.route(&self.head.path) {
            Some(limits) if !limits.is_empty() => authorized.body(Arc::clone(limits)).build(),
            _ => authorized.build(),
        };
        let built = if self.is_authenticated_behind { built.authenticated_behind() } else { built };
        // Each route has its own bound, or the file's.
        let bounded = built.taking_at_most(self.head.body_size);
        match &self.cookies {
            Some((_, rules)) => bounded.hardening_cookies(Arc::clone(rules)),
            None => bounded,
        }
    }
}

fn read_csrf(
    table: TableReader<'_>,
    around: &Surroundings<'_>,
    files: &mut Vec<PathBuf>,
    out: &mut Vec<Diagnostic>,
) -> Option<Csrf> {
    let keys = |source: KeySource<'_>| {
        let text = match source {
            KeySource::Environment(name) => return read_variable(name),
            KeySource::File(path) => {
                let path = around.base.join(path);
                files.push(path.clone());
                (around.read)(&path, MAX_KEY_FILE).map_err(|error| unreadable(error.kind()))?.bytes
            }
        };
        String::from_utf8(text).map(SecretString::from).map_err(|_| "it is not UTF-8".to_owned())
    };
    csrf::read_csrf(table, keys, out)
}

fn read_variable(name: &str) -> Result<SecretString, String> {
    std::env::var(name).map(SecretString::from).map_err(|_| "there is no such variable".to_owned())
}

/// What nobody has, nobody asks, or nobody can pass.
fn lint(authz: &ReadAuthz, authn: &AuthnConfig, routes: &[Pending]) -> Vec<Diagnostic> {
    let jwt =
        authn.jwt.iter().map(|it| (&it.provider.name, &it.provider.roles_claim, &it.provider.kept_claims));
    let opaque = authn.introspection.iter();
    let opaque = opaque.map(|it| (&it.rules.name, &it.rules.roles_claim, &it.rules.kept_claims));
    let tokens = jwt.chain(opaque).map(|(name, roles, claims)| ProviderGrants {
        name: name.clone(),
        roles: if roles.is_some() { RoleGrants::Any } else { RoleGrants::default() },
        scopes: true,
        claims: claims.clone(),
    });
    let keys = authn.api_keys.iter().map(|it| ProviderGrants {
        name: it.name.clone(),
        roles: RoleGrants::Any,
        scopes: true,
        claims: Vec::new(),
    });
    let providers: Vec<_> = tokens.chain(keys).collect();
    let asked = |route: &'_ Pending| route.authn.clone();
    let names: Vec<_> = routes.iter().map(asked).collect();
    let authentications: Vec<_> = names
        .iter()
        .map(|name| name.as_deref().map_or(Authentication::None, Authentication::Required))
        .collect();
    authz::lint(authz, &providers, &authentications)
}
