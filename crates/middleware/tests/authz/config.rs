//! Mistakes: each is found, at its place, beside the nearest that is right.

use corsac_middleware::authz::{
    Authz, AuthzConfig, MAX_ROLES, MAX_RULES, RoleConfig, RouteConfig, RuleConfig,
};

use super::{config, permission, role, rule, scope, texts};

fn mistakes(config: &AuthzConfig) -> Vec<String> {
    match Authz::compile(config) {
        Ok(authz) => {
            assert_eq!(authz.to_config(), config);
            Vec::new()
        }
        Err(errors) => {
            assert!(errors.0.iter().all(|mistake| !mistake.kind.help().is_empty()));
            errors.0.iter().map(ToString::to_string).collect()
        }
    }
}

fn of_rule(rule: RuleConfig) -> Vec<String> {
    mistakes(&config(vec![role("reader", &["read"])], vec![rule]))
}

fn of_roles(roles: Vec<RoleConfig>) -> Vec<String> {
    mistakes(&AuthzConfig { roles, ..AuthzConfig::default() })
}

fn includes(name: &str, includes: &[&str]) -> RoleConfig {
    RoleConfig { includes: texts(includes), ..role(name, &["p"]) }
}

#[test]
fn rules_name_methods_as_they_are_sent() {
    for right in [&["GET"][..], &["*"], &["GET", "LINK"], &["purge"], &["GET", "HEAD"]] {
        assert_eq!(of_rule(permission(right, "read")), Vec::<String>::new(), "{right:?}");
    }
    let cases: [(&[&str], &str); 9] = [
        (&[], "routes[0].rules[0].methods: there is nothing in it"),
        (&["get"], "routes[0].rules[0].methods[0]: `get` is another method than `GET`"),
        (&["GET", "Patch"], "routes[0].rules[0].methods[1]: `Patch` is another method than `PATCH`"),
        (&["CONNECT"], "routes[0].rules[0].methods[0]: `CONNECT` is never let through"),
        (&["trace"], "routes[0].rules[0].methods[0]: `trace` is never let through"),
        (&["GET POST"], "routes[0].rules[0].methods[0]: `GET POST` is no method"),
        (&[""], "routes[0].rules[0].methods[0]: `` is no method"),
        (&["GET", "*"], "routes[0].rules[0].methods[1]: `*` is every method already"),
        (&["GET", "GET"], "routes[0].rules[0].methods[1]: `GET` stands here twice"),
    ];
    for (methods, expected) in cases {
        assert_eq!(of_rule(permission(methods, "read")), [expected]);
    }
}

#[test]
fn a_rule_asks_something_that_makes_sense() {
    let get = || rule(&["GET"]);
    let owner =
        |text: &str, from: &[&str]| RuleConfig { owner: Some(text.into()), from: texts(from), ..get() };
    for right in [
        RuleConfig { anyone: true, ..get() },
        RuleConfig { authenticated: true, from: texts(&["a"]), ..get() },
        RuleConfig { from: texts(&["a", "b"]), ..scope(&["GET"], "x:y") },
        owner("{id}", &["sign_in"]),
    ] {
        assert_eq!(of_rule(right), Vec::<String>::new());
    }
    let at = |rest: &str| format!("routes[0].rules[0]{rest}");
    let cases = [
        (get(), ": the rule asks nothing"),
        (RuleConfig { from: texts(&["a"]), ..get() }, ": the rule asks nothing"),
        (permission(&["GET"], "write"), ".permission: no role has the permission `write`"),
        (
            RuleConfig { anyone: true, ..permission(&["GET"], "read") },
            ".anyone: `anyone` asks nothing, and the rule asks something",
        ),
        (
            RuleConfig { anyone: true, from: texts(&["a"]), ..get() },
            ".anyone: `anyone` asks nothing, and the rule asks something",
        ),
        (
            RuleConfig { authenticated: true, ..scope(&["GET"], "a") },
            ".authenticated: what the rule asks only a principal has",
        ),
        (owner("{id}", &[]), ".owner: a subject is unique within its provider only"),
        (owner("{ID}", &["a"]), ".owner: `{ID}` is no segment of the route's path"),
        (owner("id", &["a"]), ".owner: `id` is no segment of the route's path"),
        (owner("items", &["a"]), ".owner: `items` is no segment of the route's path"),
        (owner("{}", &["a"]), ".owner: `{}` is no segment of the route's path"),
    ];
    for (rule, expected) in cases {
        assert_eq!(of_rule(rule), [at(expected)]);
    }
    for wrong in ["", "a b", "a\"b", "a\\b", "é", "a\nb"] {
        let found = of_rule(scope(&["GET"], wrong));
        assert!(found.len() == 1 && found[0].contains(".scope: "), "{wrong:?} {found:?}");
    }
}

#[test]
fn an_owner_is_one_whole_segment() {
    let owner = |path: &str, text: &str| {
        let rule = RuleConfig { owner: Some(text.into()), from: texts(&["a"]), ..rule(&["GET"]) };
        let routes = vec![RouteConfig { path: path.into(), rules: Some(vec![rule]) }];
        mistakes(&AuthzConfig { routes, ..AuthzConfig::default() }).len()
    };
    assert_eq!(owner("/users/{id}/items", "{id}"), 0);
    for (path, text) in [
        ("/users/{*id}", "{*id}"),
        ("/users/{*id}", "{id}"),
        ("/users/{id}.json", "{id}"),
        ("/users/a-{id}", "{id}"),
    ] {
        assert_eq!(owner(path, text), 1, "{path} {text}");
    }
}

#[test]
fn roles_give_something_and_never_themselves() {
    assert_eq!(of_roles(vec![includes("a", &["b", "c"]), includes("b", &["c"]), role("c", &["p"])]), [""; 0]);
    let cases = [
        (vec![role("a", &[])], vec!["roles.a: the role may nothing"]),
        (vec![role("a", &["p"]), role("a", &["q"])], vec!["roles.a: `a` stands here twice"]),
        (vec![includes("a", &["b"])], vec!["roles.a.includes[0]: no role is named `b`"]),
        (vec![includes("a", &["a"])], vec!["roles.a.includes[0]: `a` includes this role in turn"]),
        (
            vec![role("x", &["p"]), includes("a", &["x", "b"]), includes("b", &["c"]), includes("c", &["a"])],
            vec!["roles.a.includes[1]: `b` includes this role in turn"],
        ),
        (
            vec![includes("a", &["b"]), includes("b", &["a"]), includes("c", &["d"]), includes("d", &["c"])],
            vec![
                "roles.a.includes[0]: `b` includes this role in turn",
                "roles.c.includes[0]: `d` includes this role in turn",
            ],
        ),
        (vec![role("a", &["p", "p"])], vec!["roles.a.permissions[1]: `p` stands here twice"]),
        (
            vec![RoleConfig { claims: vec![("groups".into(), vec![])], ..role("a", &["p"]) }],
            vec!["roles.a.claims.groups: there is nothing in it"],
        ),
    ];
    for (roles, expected) in cases {
        assert_eq!(of_roles(roles), expected);
    }
    for wrong in ["", " a", "a\n", &"a".repeat(257)] {
        assert_eq!(of_roles(vec![role(wrong, &["p"])]).len(), 1, "{wrong:?}");
        assert_eq!(of_roles(vec![role("a", &[wrong])]).len(), 1, "{wrong:?}");
    }
}

#[test]
fn what_includes_a_role_is_no_way_around_its_providers() {
    let admin = RoleConfig { from: texts(&["sign_in", "staff"]), ..role("admin", &["all"]) };
    let boss = |from: &[&str]| RoleConfig { from: texts(from), ..includes("boss", &["admin"]) };
    for from in [&["sign_in"][..], &["staff", "sign_in"]] {
        assert_eq!(of_roles(vec![admin.clone(), boss(from)]), [""; 0], "{from:?}");
    }
    for from in [&[][..], &["keys"], &["sign_in", "keys"]] {
        let found = of_roles(vec![admin.clone(), boss(from)]);
        assert_eq!(found.len(), 1, "{from:?}");
        assert!(found[0].starts_with("roles.boss.includes[0]: `admin` is not for"), "{found:?}");
    }
}

#[test]
fn a_rule_that_changes_nothing_is_a_mistake() {
    let anyone = |methods: &[&str]| RuleConfig { anyone: true, ..rule(methods) };
    let known = |methods: &[&str]| RuleConfig { authenticated: true, ..rule(methods) };
    let from = |rule: RuleConfig, from: &[&str]| RuleConfig { from: texts(from), ..rule };
    let read = |methods: &[&str]| permission(methods, "read");
    let found = |rules| mistakes(&config(vec![role("reader", &["read", "write"])], rules));
    for right in [
        vec![read(&["GET"]), anyone(&["POST"])],
        vec![read(&["GET"]), permission(&["GET"], "write")],
        vec![from(read(&["GET"]), &["a"]), from(read(&["GET"]), &["b"])],
        vec![from(known(&["GET"]), &["a"]), read(&["GET"])],
        vec![read(&["GET"]), anyone(&["HEAD"])],
        vec![read(&["*"]), anyone(&["GET"])],
    ] {
        assert_eq!(found(right), [""; 0]);
    }
    let cases = [
        (vec![read(&["GET"]), anyone(&["GET"])], vec!["rules[0]: `rules[1]`"]),
        (vec![anyone(&["GET"]), read(&["GET"])], vec!["rules[1]: `rules[0]`"]),
        (vec![known(&["*"]), read(&["GET", "PUT"])], vec!["rules[1]: `rules[0]`"]),
        (vec![read(&["GET", "PUT"]), anyone(&["GET"])], vec!["rules[0].methods[0]: `rules[1]`"]),
        (vec![read(&["GET"]), read(&["GET"])], vec!["rules[1]: `rules[0]`"]),
        (vec![read(&["GET"]), from(read(&["GET"]), &["a"])], vec!["rules[1]: `rules[0]`"]),
        (
            vec![from(read(&["GET"]), &["a", "b"]), from(read(&["GET"]), &["b", "a"])],
            vec!["rules[1]: `rules[0]`"],
        ),
        (vec![read(&["GET"]), known(&["PUT"]), read(&["GET", "PUT"])], vec!["rules[2]: `rules[0]`"]),
    ];
    for (rules, expected) in cases {
        let expected: Vec<_> =
            expected.iter().map(|it| format!("routes[0].{it} lets pass whoever this lets pass")).collect();
        assert_eq!(found(rules), expected);
    }
}

#[test]
fn there_is_room_for_so_much_and_no_more() {
    let roles = |count| (0..count).map(|number| role(&format!("r{number}"), &["read"])).collect::<Vec<_>>();
    assert_eq!(of_roles(roles(MAX_ROLES)), [""; 0]);
    assert_eq!(of_roles(roles(MAX_ROLES + 1)), ["roles: 129 entries, at most 128 fit"]);
    let rules =
        |count| (0..count).map(|number| permission(&[&format!("M{number}")], "read")).collect::<Vec<_>>();
    assert_eq!(mistakes(&config(roles(1), rules(MAX_RULES))), [""; 0]);
    assert_eq!(
        mistakes(&config(roles(1), rules(MAX_RULES + 1))),
        ["routes[0].rules: 33 entries, at most 32 fit"]
    );
    assert_eq!(mistakes(&config(roles(1), vec![])), ["routes[0].rules: there is nothing in it"]);
    let route = || RouteConfig { path: "/".into(), rules: None };
    let twice = AuthzConfig { routes: vec![route(), route()], ..AuthzConfig::default() };
    assert_eq!(mistakes(&twice), ["routes[1].path: `/` stands here twice"]);
}
