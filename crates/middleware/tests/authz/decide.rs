//! Decisions.

use corsac_middleware::authz::{NO_PRINCIPAL, RoleConfig, RouteRules, RuleConfig};
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;

use super::{ask, ask_with, compiled, key_holder, outcome, permission, principal, role, rule, scope, texts};

/// `[roles]` and rules of the documentation.
fn items() -> corsac_middleware::authz::Authz {
    let editor = RoleConfig { includes: texts(&["reader"]), ..role("editor", &["items:write"]) };
    let admin = RoleConfig {
        includes: texts(&["editor"]),
        claims: vec![("groups".into(), texts(&["admins"]))],
        scopes: texts(&["admin"]),
        from: texts(&["sign_in"]),
        ..role("admin", &["items:delete"])
    };
    let rules = vec![
        permission(&["GET"], "items:read"),
        permission(&["PUT"], "items:write"),
        permission(&["DELETE"], "items:delete"),
        scope(&["POST"], "items:create"),
        RuleConfig { authenticated: true, ..rule(&["OPTIONS"]) },
        RuleConfig { anyone: true, ..rule(&["QUERY"]) },
    ];
    compiled(vec![role("reader", &["items:read"]), editor, admin], rules)
}

#[test]
fn who_has_which_role_may_what() {
    let authz = items();
    let cases = [
        ("sign_in", json!({"roles": ["reader"]}), "GET HEAD"),
        ("sign_in", json!({"roles": ["editor"]}), "GET HEAD PUT"),
        ("sign_in", json!({"roles": ["admin"]}), "GET HEAD PUT DELETE"),
        ("sign_in", json!({"groups": ["staff", "admins"]}), "GET HEAD PUT DELETE"),
        ("sign_in", json!({"groups": "admins"}), "GET HEAD PUT DELETE"),
        ("sign_in", json!({"scope": "openid admin"}), "GET HEAD PUT DELETE"),
        ("sign_in", json!({"scope": "items:create"}), "POST"),
        // The nearest that do not.
        ("elsewhere", json!({"roles": ["admin"], "groups": ["admins"], "scope": "admin"}), ""),
        ("sign_in", json!({"groups": ["Admins"], "scope": "Admin items:create2"}), ""),
        ("sign_in", json!({"groups": "staff admins"}), ""),
        ("sign_in", json!({"groups": {"admins": true}}), ""),
        ("sign_in", json!({"groups": [["admins"]]}), ""),
        ("sign_in", json!({"tenant": ["admins"]}), ""),
        ("sign_in", json!({"roles": ["items:read", "root", "Reader"]}), ""),
        ("sign_in", json!({"scope": "reader items:read"}), ""),
    ];
    for (provider, claims, allowed) in cases {
        let who = principal(provider, &claims);
        let methods = ["GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "get"];
        let passed: Vec<_> =
            methods.into_iter().filter(|it| ask(&authz, it, "7", Some(&who)).is_ok()).collect();
        assert_eq!(passed.join(" "), allowed, "{provider} {claims}");
    }
}

#[test]
fn what_no_rule_names_is_refused() {
    let authz = items();
    let admin = principal("sign_in", &json!({"roles": ["admin"]}));
    for method in ["PATCH", "get", "LINK", "CONNECT", "TRACE", "TRACK"] {
        let refused = ask(&authz, method, "7", Some(&admin)).unwrap_err();
        assert_eq!(refused.reason, "no-rule", "{method}");
        assert_eq!(refused.problem.status, StatusCode::FORBIDDEN);
    }
}

#[test]
fn every_method_is_none_that_is_never_served() {
    let authz = compiled(vec![], vec![RuleConfig { anyone: true, ..rule(&["*"]) }]);
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "LINK", "get"] {
        assert_eq!(outcome(&ask(&authz, method, "7", None)), "ok 0", "{method}");
    }
    for method in ["CONNECT", "TRACE", "TRACK"] {
        assert_eq!(outcome(&ask(&authz, method, "7", None)), "no-rule", "{method}");
    }
}

#[test]
fn head_follows_get_unless_it_is_named() {
    let authz = items();
    assert_eq!(outcome(&ask(&authz, "HEAD", "7", None)), NO_PRINCIPAL);
    let named = compiled(
        vec![role("reader", &["items:read"])],
        vec![permission(&["GET"], "items:read"), RuleConfig { anyone: true, ..rule(&["HEAD"]) }],
    );
    assert_eq!(outcome(&ask(&named, "HEAD", "7", None)), "ok 1");
    assert_eq!(outcome(&ask(&named, "GET", "7", None)), NO_PRINCIPAL);
    let reader = principal("sign_in", &json!({"roles": ["reader"]}));
    let put = compiled(vec![role("reader", &["items:read"])], vec![permission(&["PUT"], "items:read")]);
    assert_eq!(outcome(&ask(&put, "HEAD", "7", Some(&reader))), "no-rule");
}

#[test]
fn nobody_passes_only_what_says_anyone() {
    let authz = items();
    assert_eq!(outcome(&ask(&authz, "QUERY", "7", None)), "ok 5");
    for method in ["GET", "PUT", "DELETE", "POST", "OPTIONS"] {
        let refused = ask(&authz, method, "7", None).unwrap_err();
        assert_eq!((refused.reason, refused.problem.status), (NO_PRINCIPAL, StatusCode::FORBIDDEN));
        assert!(refused.problem.fields.is_empty());
        assert!(authz.routes()[0].needs_principal(&method.parse().unwrap()), "{method}");
    }
    let stranger = principal("elsewhere", &json!({}));
    assert_eq!(outcome(&ask(&authz, "OPTIONS", "7", Some(&stranger))), "ok 4");
    assert!(!authz.routes()[0].needs_principal(&"QUERY".parse().unwrap()));
    // Whoever it is, it is refused.
    assert!(!authz.routes()[0].needs_principal(&Method::PATCH));
}

#[test]
fn all_of_a_rule_has_to_hold_and_one_rule_is_enough() {
    let both = RuleConfig {
        scope: Some("items".into()),
        from: texts(&["sign_in", "keys"]),
        ..permission(&["GET"], "items:read")
    };
    let authz = compiled(
        vec![role("reader", &["items:read"]), role("auditor", &["items:audit"])],
        vec![both, permission(&["GET"], "items:audit")],
    );
    let cases = [
        ("sign_in", json!({"roles": ["reader"], "scope": "items"}), "ok 0"),
        ("sign_in", json!({"roles": ["auditor"]}), "ok 1"),
        ("sign_in", json!({"roles": ["reader"]}), "no-rule-holds"),
        ("sign_in", json!({"scope": "items"}), "missing-permission"),
        ("elsewhere", json!({"roles": ["reader"], "scope": "items"}), "no-rule-holds"),
    ];
    for (provider, claims, expected) in cases {
        let who = principal(provider, &claims);
        assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&who))), expected, "{provider} {claims}");
    }
    let robot = key_holder(&["reader"], &["items"]);
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&robot))), "ok 0");
}

#[test]
fn every_claim_of_a_role_has_to_say_so() {
    let admin = RoleConfig {
        claims: vec![("groups".into(), texts(&["admins", "owners"])), ("tenant".into(), texts(&["acme"]))],
        ..role("admin", &["items:read"])
    };
    // Another role that asks for one of the two claims alone.
    let member =
        RoleConfig { claims: vec![("tenant".into(), texts(&["acme"]))], ..role("member", &["enter"]) };
    let authz = compiled(
        vec![admin, member],
        vec![permission(&["GET"], "items:read"), permission(&["PUT"], "enter")],
    );
    let cases = [
        (json!({"groups": ["owners"], "tenant": "acme"}), "ok 0", "ok 1"),
        (json!({"groups": ["owners"], "tenant": "acme2"}), "missing-permission", "missing-permission"),
        (json!({"groups": ["owners"]}), "missing-permission", "missing-permission"),
        (json!({"tenant": "acme"}), "missing-permission", "ok 1"),
    ];
    for (claims, get, put) in cases {
        let who = principal("sign_in", &claims);
        assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&who))), get, "{claims}");
        assert_eq!(outcome(&ask(&authz, "PUT", "7", Some(&who))), put, "{claims}");
    }
}

#[test]
fn an_owner_is_of_one_provider_and_exact() {
    let own = RuleConfig { owner: Some("{id}".into()), from: texts(&["sign_in"]), ..rule(&["GET"]) };
    let authz = compiled(vec![role("admin", &["any"])], vec![own, permission(&["GET"], "any")]);
    let ann = principal("sign_in", &json!({}));
    assert_eq!(outcome(&ask(&authz, "GET", "ann", Some(&ann))), "ok 0");
    assert_eq!(outcome(&ask(&authz, "GET", "%61nn", Some(&ann))), "ok 0");
    for other in ["Ann", "ann2", "an", "", "ann%00", "ann;v=1", "%2561nn"] {
        assert_eq!(outcome(&ask(&authz, "GET", other, Some(&ann))), "no-rule-holds", "{other}");
    }
    // The same name, vouched for by somebody else.
    let namesake = principal("elsewhere", &json!({}));
    assert_eq!(outcome(&ask(&authz, "GET", "ann", Some(&namesake))), "no-rule-holds");
    let admin = principal("elsewhere", &json!({"roles": ["admin"]}));
    assert_eq!(outcome(&ask(&authz, "GET", "bob", Some(&admin))), "ok 1");
}

#[test]
fn a_token_that_lacks_but_a_scope_is_told_which() {
    let authz = items();
    let who = principal("sign_in", &json!({"roles": ["reader"], "scope": "items"}));
    let refused = ask(&authz, "POST", "7", Some(&who)).unwrap_err();
    assert_eq!((refused.reason, refused.problem.code), ("insufficient-scope", "insufficient-scope"));
    let [(name, value)] = &refused.problem.fields[..] else { panic!("{refused:?}") };
    assert_eq!(name, "www-authenticate");
    assert_eq!(value, "Bearer error=\"insufficient_scope\", scope=\"items:create\"");
    // A permission is nobody's business, nor what an API key or a cookie would need.
    let refused = ask(&authz, "PUT", "7", Some(&who)).unwrap_err();
    assert!(refused.problem.fields.is_empty());
    let refused = ask_with(&authz, "POST", "7", Some(&who), &HeaderMap::new()).unwrap_err();
    assert!(refused.problem.fields.is_empty());
    let robot = key_holder(&["reader"], &["items"]);
    let refused = ask(&authz, "POST", "7", Some(&robot)).unwrap_err();
    assert_eq!((refused.reason, refused.problem.code), ("insufficient-scope", "forbidden"));
    assert!(refused.problem.fields.is_empty());
}

#[test]
fn a_scope_that_would_not_have_been_enough_is_not_told() {
    let both = RuleConfig { scope: Some("secret".into()), ..permission(&["GET"], "items:read") };
    let authz = compiled(vec![role("reader", &["items:read"])], vec![both]);
    let refused = ask(&authz, "GET", "7", Some(&principal("sign_in", &json!({})))).unwrap_err();
    assert!(refused.problem.fields.is_empty());
    let reader = principal("sign_in", &json!({"roles": ["reader"]}));
    assert_eq!(ask(&authz, "GET", "7", Some(&reader)).unwrap_err().problem.fields.len(), 1);
}

#[test]
fn the_client_is_told_little_and_the_log_all() {
    let authz = items();
    let who = principal("sign_in", &json!({}));
    let refused = ask(&authz, "PUT", "7", Some(&who)).unwrap_err();
    let detail = refused.detail.unwrap();
    assert_eq!(
        detail.as_str(),
        "/items/{id}: rules[1] (authenticated, permission items:write) lacks the permission"
    );
    let body = refused.problem.body();
    for secret in ["items", "permission", "rule", "ann"] {
        assert!(!body.contains(secret), "{body}");
    }
    let permit = ask(&authz, "QUERY", "7", None).unwrap();
    assert_eq!((permit.reason(), permit.rule(), permit.route()), ("anyone", Some(5), "/items/{id}"));
    assert_eq!(permit.detail().as_str(), "rules[5] of /items/{id}: anyone");
    let editor = principal("sign_in", &json!({"roles": ["editor"]}));
    assert_eq!(ask(&authz, "PUT", "7", Some(&editor)).unwrap().reason(), "permission");
}

#[test]
fn a_route_without_rules_says_so() {
    let route = RouteRules::unguarded("/open");
    let headers = HeaderMap::new();
    let head = corsac_middleware::guard::Head {
        method: &Method::GET,
        path: "/open",
        query: None,
        headers: &headers,
        host: None,
        is_secure: false,
        client: None,
    };
    let permit = route.decide(&head, &|_| None, None).unwrap();
    assert_eq!((permit.reason(), permit.rule()), ("unguarded", None));
    assert_eq!(permit.detail().as_str(), "/open has no rules");
    assert!(route.is_unguarded() && !items().routes()[0].is_unguarded());
}

#[test]
fn what_passes_allocates_nothing() {
    let authz = items();
    let headers = HeaderMap::new();
    let who = principal("sign_in", &json!({"groups": ["staff", "admins"], "scope": "a b c"}));
    let head = corsac_middleware::guard::Head {
        method: &Method::DELETE,
        path: "/items/7",
        query: None,
        headers: &headers,
        host: None,
        is_secure: false,
        client: None,
    };
    let mut passed = false;
    let info = allocation_counter::measure(|| {
        passed = authz.routes()[0].decide(&head, &|_| Some("7"), Some(&who)).is_ok();
    });
    assert_eq!((passed, info.count_total), (true, 0));
}
