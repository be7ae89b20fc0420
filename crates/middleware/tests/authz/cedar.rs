//! Policies of Cedar.

use std::sync::Arc;

use corsac_credentials::Principal;
use corsac_middleware::authz::{
    Authz, AuthzConfig, CedarConfig, CedarText, MAX_CEDAR_BYTES, RoleConfig, RouteConfig, RuleConfig,
};
use serde_json::{Value, json};

use super::{ask, outcome, permission, principal, role, rule, texts};

const SCHEMA: &str = r#"
entity Role;
entity User in [Role] = {
  subject: String, provider: String, method: String, issuer?: String, scopes: Set<String>,
  claims: { tenant?: String, groups?: Set<String> },
};
entity Route = { parameters: { id?: String } };
action "GET", "DELETE", "publish" appliesTo {
  principal: User, resource: Route,
  context: { method: String, path: String, secure: Bool, client?: ipaddr, host?: String, origin?: String },
};
"#;

const POLICIES: &str = r#"
@id("own")
permit (principal is User, action == Action::"GET", resource is Route)
when { resource.parameters has id && resource.parameters.id == principal.subject };

@id("editors")
permit (principal in Role::"editor", action in [Action::"GET", Action::"publish"], resource);

@id("no-strangers")
forbid (principal is User, action, resource)
unless { principal.claims has tenant && principal.claims.tenant == "acme" };
"#;

fn text(file: &str, text: &str) -> CedarText {
    CedarText { file: file.into(), text: text.into() }
}

fn cedar(methods: &[&str], action: Option<&str>) -> RuleConfig {
    RuleConfig { cedar: Some("docs".into()), action: action.map(str::to_owned), ..rule(methods) }
}

fn config(policies: &str, schema: Option<&str>, rules: Vec<RuleConfig>) -> AuthzConfig {
    let schema = schema.map(|it| text("s.cedarschema", it));
    AuthzConfig {
        roles: vec![
            role("editor", &["p"]),
            RoleConfig { includes: texts(&["editor"]), ..role("admin", &["q"]) },
        ],
        routes: vec![RouteConfig { path: "/items/{id}".into(), rules: Some(rules) }],
        cedar: vec![CedarConfig { name: "docs".into(), policies: text("p.cedar", policies), schema }],
    }
}

fn who(claims: &Value) -> Arc<Principal> {
    principal("sign_in", claims)
}

fn mistakes(policies: &str, schema: Option<&str>, rules: Vec<RuleConfig>) -> Vec<String> {
    let errors = Authz::compile(&config(policies, schema, rules)).unwrap_err();
    errors.0.iter().map(ToString::to_string).collect()
}

#[test]
fn policies_permit_and_forbid() {
    let rules = || vec![cedar(&["GET"], None), cedar(&["PUT"], Some("publish")), cedar(&["DELETE"], None)];
    for schema in [None, Some(SCHEMA)] {
        let authz = Authz::compile(&config(POLICIES, schema, rules())).unwrap();
        for (method, id, claims, expected) in [
            ("GET", "ann", json!({"tenant": "acme"}), "ok 0"),
            ("HEAD", "ann", json!({"tenant": "acme"}), "ok 0"),
            ("GET", "bob", json!({"tenant": "acme", "roles": ["editor"]}), "ok 0"),
            ("PUT", "bob", json!({"tenant": "acme", "roles": ["editor"]}), "ok 1"),
            // The editors' policy is for roles that include theirs too.
            ("PUT", "bob", json!({"tenant": "acme", "roles": ["admin"]}), "ok 1"),
            ("GET", "bob", json!({"tenant": "acme"}), "policy-denied"),
            ("GET", "ann", json!({"tenant": "acme2"}), "policy-denied"),
            ("GET", "ann", json!({}), "policy-denied"),
            ("PUT", "ann", json!({"tenant": "acme"}), "policy-denied"),
            ("DELETE", "ann", json!({"tenant": "acme", "roles": ["admin"]}), "policy-denied"),
            ("POST", "ann", json!({"tenant": "acme"}), "no-rule"),
        ] {
            let decided = ask(&authz, method, id, Some(&who(&claims)));
            assert_eq!(outcome(&decided), expected, "{method} {id} {claims}");
        }
        assert_eq!(outcome(&ask(&authz, "GET", "ann", None)), "no-principal");
    }
}

#[test]
fn who_decided_is_told_to_the_log_alone() {
    let authz = Authz::compile(&config(POLICIES, None, vec![cedar(&["GET"], None)])).unwrap();
    let member = who(&json!({"tenant": "acme", "roles": ["editor"]}));
    let permit = ask(&authz, "GET", "ann", Some(&member)).unwrap();
    assert_eq!((permit.policies(), permit.reason()), (&texts(&["editors", "own"])[..], "cedar"));
    assert_eq!(
        permit.detail().as_str(),
        "rules[0] of /items/{id}: authenticated, cedar docs: by editors, own"
    );
    let refused = ask(&authz, "GET", "ann", Some(&who(&json!({"tenant": "other"})))).unwrap_err();
    let detail = refused.detail.unwrap();
    assert!(detail.as_str().ends_with("; docs: forbidden by no-strangers"), "{detail:?}");
    assert!(!refused.problem.body().contains("strangers"));
    let refused = ask(&authz, "GET", "bob", Some(&who(&json!({"tenant": "acme"})))).unwrap_err();
    assert!(refused.detail.unwrap().as_str().ends_with("; docs: no policy permits it"));
}

#[test]
fn a_policy_that_fails_refuses_whatever_the_others_say() {
    // A skipped `forbid` would forbid nothing.
    let policies = "permit (principal, action, resource);\n\
                    @id(\"broken\") forbid (principal, action, resource) when { principal.claims.tenant == \"x\" };";
    let authz = Authz::compile(&config(policies, None, vec![cedar(&["GET"], None)])).unwrap();
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&who(&json!({"tenant": "y"}))))), "ok 0");
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&who(&json!({"tenant": "x"}))))), "policy-denied");
    let refused = ask(&authz, "GET", "7", Some(&who(&json!({})))).unwrap_err();
    assert_eq!((refused.reason, refused.problem.code), ("policy-error", "forbidden"));
    assert!(refused.detail.unwrap().as_str().ends_with("; docs: policy broken failed"));
}

#[test]
fn what_does_not_fit_the_schema_is_refused_and_not_repeated() {
    let policies = "permit (principal, action, resource);";
    let authz = Authz::compile(&config(policies, Some(SCHEMA), vec![cedar(&["*"], None)])).unwrap();
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&who(&json!({"groups": ["a"]}))))), "ok 0");
    let refused = ask(&authz, "GET", "7", Some(&who(&json!({"groups": "hunter2"})))).unwrap_err();
    assert_eq!(refused.reason, "policy-error");
    assert!(!format!("{refused:?}").contains("hunter2"));
    assert_eq!(outcome(&ask(&authz, "PATCH", "7", Some(&who(&json!({}))))), "policy-error");
}

#[test]
fn claims_are_bounded_and_keep_their_types() {
    let policies = "permit (principal, action, resource) when { principal.claims.tenant.level == 3 \
                    && principal.claims.tenant.beta && !(principal.claims.tenant has ratio) \
                    && principal.claims.groups.contains(\"a\") };";
    let authz = Authz::compile(&config(policies, None, vec![cedar(&["GET"], None)])).unwrap();
    let tenant = json!({"level": 3, "beta": true, "ratio": 0.5, "none": null});
    let claims = |groups: usize| {
        let groups: Vec<_> = (0..groups).map(|number| format!("{number}")).chain(["a".to_owned()]).collect();
        who(&json!({"tenant": tenant, "groups": groups}))
    };
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&claims(400)))), "ok 0");
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&claims(600)))), "policy-error");
}

#[test]
fn the_same_name_of_another_provider_is_another_user() {
    let policies = "permit (principal == User::\"sign_in:ann\", action, resource);";
    let authz = Authz::compile(&config(policies, None, vec![cedar(&["GET"], None)])).unwrap();
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&principal("sign_in", &json!({}))))), "ok 0");
    assert_eq!(outcome(&ask(&authz, "GET", "7", Some(&principal("other", &json!({}))))), "policy-denied");
}

#[test]
fn mistakes_of_policies_have_their_line() {
    let rules = || vec![cedar(&["GET"], None)];
    let found = mistakes(
        "permit (principal, action, resource);\npermit (principal,\n  act, resource);",
        None,
        rules(),
    );
    assert!(found.iter().any(|it| it.starts_with("cedar.docs.policies: p.cedar:3: ")), "{found:?}");
    let found = mistakes(POLICIES, Some("entity User;\nentity Role in [Nobody];\n"), rules());
    assert!(found.iter().any(|it| it.starts_with("cedar.docs.schema: s.cedarschema:")), "{found:?}");
    let wrong = format!(
        "{POLICIES}\npermit (principal is User, action, resource)\nwhen {{ principal.nme == \"a\" }};"
    );
    let found = mistakes(&wrong, Some(SCHEMA), rules());
    let line = POLICIES.lines().count() + 3;
    assert!(
        found.iter().any(|it| it.starts_with(&format!("cedar.docs.policies: p.cedar:{line}: "))),
        "{found:?}"
    );
    for (policies, expected) in [
        ("", "cedar.docs.policies: there is nothing in it"),
        ("permit (principal == ?principal, action, resource);", "a template is no policy"),
        (&*" ".repeat(MAX_CEDAR_BYTES + 1), "at most 1048576 fit"),
    ] {
        let found = mistakes(policies, None, rules());
        assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
    }
}

#[test]
fn rules_name_policies_and_actions_that_there_are() {
    let found = |rules| mistakes(POLICIES, Some(SCHEMA), rules);
    let unknown = RuleConfig { cedar: Some("doc".into()), ..rule(&["GET"]) };
    assert_eq!(found(vec![unknown]), ["routes[0].rules[0].cedar: no policies are named `doc`"]);
    assert_eq!(
        found(vec![cedar(&["GET", "PATCH"], None)]),
        ["routes[0].rules[0].methods[1]: the schema has no action `PATCH`"]
    );
    assert_eq!(
        found(vec![cedar(&["PATCH"], Some("print"))]),
        ["routes[0].rules[0].action: the schema has no action `print`"]
    );
    let alone = RuleConfig { action: Some("publish".into()), ..permission(&["GET"], "p") };
    assert_eq!(found(vec![alone]), ["routes[0].rules[0].action: only policies ask what the action is"]);
}
