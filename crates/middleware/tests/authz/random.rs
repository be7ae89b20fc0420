//! Random roles, rules and callers.

use std::collections::HashSet;
use std::sync::Arc;

use corsac_credentials::{Claim, Principal};
use corsac_middleware::authz::{Authz, AuthzConfig, RoleConfig, RouteConfig, RuleConfig};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use super::{ask, outcome, principal, texts};

const ROLES: [&str; 5] = ["r0", "r1", "r2", "r3", "r4"];
const PERMISSIONS: [&str; 4] = ["p0", "p1", "p2", "p3"];
const SCOPES: [&str; 3] = ["s0", "s1", "s2"];
const VALUES: [&str; 3] = ["v0", "v1", "v2"];
const PROVIDERS: [&str; 2] = ["sign_in", "elsewhere"];
const METHODS: [&str; 5] = ["GET", "HEAD", "PUT", "LINK", "*"];

fn some(of: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    subsequence(of, 0..=of.len().min(2)).prop_map(|texts_| texts(&texts_))
}

/// Roles that include later ones only, so that there is no circle.
fn roles() -> impl Strategy<Value = Vec<RoleConfig>> {
    let one = |index: usize| {
        let claims = vec((select(vec!["groups", "tenant"]), some(&VALUES)), 0..3);
        (some(&ROLES), some(&PERMISSIONS), claims, some(&SCOPES), some(&PROVIDERS)).prop_map(
            move |(includes, permissions, mut claims, scopes, from)| {
                claims.sort();
                claims.dedup_by(|(a, _), (b, _)| a == b);
                claims.retain(|(_, values)| !values.is_empty());
                RoleConfig {
                    name: ROLES[index].into(),
                    includes: includes.into_iter().filter(|name| name.as_str() > ROLES[index]).collect(),
                    permissions,
                    claims: claims.into_iter().map(|(name, values)| (name.to_owned(), values)).collect(),
                    scopes,
                    from,
                }
            },
        )
    };
    [one(0), one(1), one(2), one(3), one(4)].prop_map(Vec::from)
}

fn rule() -> impl Strategy<Value = RuleConfig> {
    let methods = prop_oneof![4 => subsequence(&METHODS[..4], 1..=3), 1 => Just(vec!["*"])];
    let asked = (
        proptest::option::of(select(PERMISSIONS.to_vec())),
        proptest::option::weighted(0.3, select(SCOPES.to_vec())),
        proptest::option::weighted(0.2, Just("{id}")),
    );
    (methods, asked, some(&PROVIDERS), 0..6).prop_map(|(methods, (permission, scope, owner), from, kind)| {
        let plain = RuleConfig { methods: texts(&methods), ..RuleConfig::default() };
        if kind == 0 {
            return RuleConfig { anyone: true, ..plain };
        }
        let authenticated = permission.is_none() && scope.is_none() && owner.is_none();
        let [permission, scope, owner] = [permission, scope, owner].map(|text| text.map(str::to_owned));
        RuleConfig { permission, scope, owner, from, authenticated, ..plain }
    })
}

fn route() -> impl Strategy<Value = RouteConfig> {
    vec(rule(), 1..5).prop_map(|rules| RouteConfig { path: "/items/{id}".into(), rules: Some(rules) })
}

fn caller() -> impl Strategy<Value = Arc<Principal>> {
    let subject = select(vec!["ann", "bob"]);
    (select(PROVIDERS.to_vec()), some(&ROLES), some(&SCOPES), some(&VALUES), select(VALUES.to_vec()), subject)
        .prop_map(|(provider, roles, scopes, groups, tenant, sub)| {
            let claims =
                json!({"roles": roles, "scope": scopes, "groups": groups, "tenant": tenant, "sub": sub});
            principal(provider, &claims)
        })
}

/// What is wrong with a random configuration is taken out, until it compiles.
fn mended(mut config: AuthzConfig) -> Option<(Authz, AuthzConfig)> {
    for _ in 0..64 {
        let errors = match Authz::compile(&config) {
            Ok(authz) => return Some((authz, config)),
            Err(errors) => errors,
        };
        let field = errors.0[0].field.to_string();
        if let Some(rest) = field.strip_prefix("roles.") {
            let role = config.roles.iter_mut().find(|role| rest.starts_with(&role.name)).unwrap();
            role.includes.clear();
            if role.permissions.is_empty() {
                role.permissions.push("unasked".into());
            }
        } else {
            let rules = config.routes[0].rules.as_mut().unwrap();
            let index = field.strip_prefix("routes[0].rules[").and_then(|rest| rest.split(']').next());
            let index: usize = index?.parse().unwrap();
            rules[index].from =
                if rules[index].owner.is_some() { texts(&["sign_in"]) } else { rules[index].from.clone() };
            if !field.ends_with("owner") {
                rules.remove(index);
            }
            if rules.is_empty() {
                return None;
            }
        }
    }
    None
}

fn configuration() -> impl Strategy<Value = (Authz, AuthzConfig)> {
    let config = (roles(), route()).prop_map(|(roles, route)| AuthzConfig {
        roles,
        routes: vec![route],
        ..AuthzConfig::default()
    });
    config.prop_filter_map("nothing is left of it", mended)
}

/// The decision, in the words of the documentation and without any index.
fn naive(config: &AuthzConfig, method: &str, id: &str, who: Option<&Principal>) -> bool {
    let rules = config.routes[0].rules.as_ref().unwrap();
    let head_is_named = rules.iter().any(|rule| rule.methods.iter().any(|method| method == "HEAD"));
    let is_for = |rule: &RuleConfig| {
        rule.methods
            .iter()
            .any(|own| own == method || own == "*" || (method == "HEAD" && own == "GET" && !head_is_named))
    };
    rules.iter().filter(|rule| is_for(rule)).any(|rule| {
        if rule.anyone {
            return true;
        }
        let Some(who) = who else { return false };
        (rule.from.is_empty() || rule.from.contains(&who.provider().to_owned()))
            && rule.owner.iter().all(|_| id == who.subject())
            && rule.scope.iter().all(|scope| who.has_scope(scope))
            && rule.permission.iter().all(|permission| permissions(config, who).contains(permission))
    })
}

fn permissions(config: &AuthzConfig, who: &Principal) -> HashSet<String> {
    let says = |name: &str, values: &[String]| match who.claim(name) {
        Some(Claim::Text(text)) => values.contains(text),
        Some(Claim::List(list)) => {
            list.iter().filter_map(Claim::as_text).any(|it| values.contains(&it.to_owned()))
        }
        _ => false,
    };
    let has = |role: &&RoleConfig| {
        let named = who.has_role(&role.name);
        let scoped = role.scopes.iter().any(|scope| who.has_scope(scope));
        let claimed = !role.claims.is_empty() && role.claims.iter().all(|(name, values)| says(name, values));
        (named || scoped || claimed)
            && (role.from.is_empty() || role.from.contains(&who.provider().to_owned()))
    };
    let mut all = HashSet::new();
    config.roles.iter().filter(has).for_each(|role| collect(config, role, &mut all));
    all
}

fn collect(config: &AuthzConfig, role: &RoleConfig, into: &mut HashSet<String>) {
    into.extend(role.permissions.iter().cloned());
    for name in &role.includes {
        config.roles.iter().filter(|role| role.name == *name).for_each(|role| collect(config, role, into));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_those_of_the_naive_reading(
        (authz, config) in configuration(),
        who in proptest::option::of(caller()),
        id in select(vec!["ann", "bob"]),
    ) {
        for method in ["GET", "HEAD", "PUT", "LINK", "PATCH"] {
            let decided = ask(&authz, method, id, who.as_deref());
            let expected = naive(&config, method, id, who.as_deref());
            prop_assert_eq!(decided.is_ok(), expected, "{} {}", method, outcome(&decided));
        }
    }

    #[test]
    fn another_role_takes_nothing_away(
        (authz, config) in configuration(),
        who in caller(),
        role in select(ROLES.to_vec()),
    ) {
        let mut roles = who.roles().to_vec();
        roles.push(role.to_owned());
        let groups: Vec<_> = match who.claim("groups") {
            Some(Claim::List(list)) => list.iter().filter_map(Claim::as_text).collect(),
            _ => vec![],
        };
        let tenant = who.claim("tenant").and_then(Claim::as_text);
        let more = principal(who.provider(), &json!({
            "roles": roles, "scope": who.scopes(), "groups": groups, "tenant": tenant, "sub": who.subject(),
        }));
        for method in ["GET", "HEAD", "PUT", "LINK"] {
            if ask(&authz, method, "ann", Some(&who)).is_ok() {
                prop_assert!(ask(&authz, method, "ann", Some(&more)).is_ok(), "{} {:?}", method, config);
            }
        }
    }

    #[test]
    fn a_method_without_rules_is_refused((_, mut config) in configuration(), who in caller()) {
        let rules = config.routes[0].rules.as_mut().unwrap();
        for rule in rules.iter_mut() {
            rule.methods.retain(|method| method != "PUT" && method != "*");
        }
        rules.retain(|rule| !rule.methods.is_empty());
        if let Ok(authz) = Authz::compile(&config) {
            prop_assert_eq!(outcome(&ask(&authz, "PUT", "ann", Some(&who))), "no-rule");
        }
    }
}
