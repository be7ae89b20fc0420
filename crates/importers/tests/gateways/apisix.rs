use super::{check, only, preflight, read, text};

fn route(cors: &str) -> String {
    format!(
        "routes:\n  - uri: /hello\n    plugins:\n      cors: {cors}\n    upstream:\n      nodes: {{a: 1}}\n#END\n"
    )
}

fn of(cors: &str) -> corsac_analysis::model::Model {
    read("apisix", "apisix.yaml", &route(cors))
}

#[test]
fn by_default_the_field_is_a_star() {
    let model = of("{}");
    check(only(&model), &[('o', "https://a.example")]);
    assert_eq!(model.scopes[0].name, "route /hello");
    assert_eq!(text(preflight(&model).max_age.as_ref()), "5");
    assert_eq!(text(preflight(&model).allow_methods.as_ref()), "*");
    assert!(only(&model).vary.is_none());
}

#[test]
fn the_documented_expressions_are_searched_for() {
    let model = of(r#"{allow_origins_by_regex: [".*\\.test.com"]}"#);
    check(
        only(&model),
        &[('o', "https://a.test.com"), ('o', "https://a.testxcom.evil.example"), ('-', "https://test.com")],
    );
    // The list does not count, and `Vary` depends on it alone.
    assert!(only(&model).vary.is_none());
    let model = of(r#"{allow_origins: "https://b.example", allow_origins_by_regex: ["^https://a", "c$"]}"#);
    check(only(&model), &[('-', "https://b.example"), ('o', "https://a.example"), ('o', "http://x.c")]);
    assert_eq!(text(only(&model).vary.as_ref()), "Origin");
}

#[test]
fn lists_are_compared_and_two_stars_reflect() {
    let list = of(
        r#"{allow_origins: "https://a.example,https://b.example:8443", allow_methods: "GET", allow_headers: "a", allow_credential: true}"#,
    );
    check(
        only(&list),
        &[('+', "https://a.example"), ('+', "https://b.example:8443"), ('-', "https://b.example")],
    );
    let all =
        of(r#"{allow_origins: "**", allow_methods: "**", allow_headers: "**", allow_credential: true}"#);
    check(only(&all), &[('+', "https://a.example"), ('+', "null"), ('?', "http://a,b.example")]);
    assert_eq!(text(preflight(&all).allow_headers.as_ref()), "(reflected)");
    check(only(&of(r#"{allow_origins: "null"}"#)), &[('o', "null"), ('-', "https://a.example")]);
}

#[test]
fn what_the_schema_refuses_is_not_known() {
    for cors in [
        "{allow_credential: true}",
        r#"{allow_origins: "https://a.example", allow_credential: true}"#,
        r#"{allow_origins: "https://a.example, https://b.example"}"#,
        r#"{allow_origins: "a.example"}"#,
    ] {
        let model = of(cors);
        check(only(&model), &[('?', "https://a.example")]);
        assert!(model.unread[0].reason.starts_with("APISIX refuses"), "{:?}", model.unread);
    }
    assert!(of("{_meta: {disable: true}}").scopes.is_empty());
}

#[test]
fn objects_of_kubernetes() {
    let model = read(
        "apisix",
        "route.yaml",
        "apiVersion: apisix.apache.org/v2\nkind: ApisixRoute\nmetadata:\n  name: httpbin\nspec:\n  http:\n  - name: \
         rule1\n    match: {hosts: [a], paths: ['/*']}\n    plugins:\n    - name: cors\n      enable: true\n      \
         config:\n        allow_origins: https://a.example\n    - name: limit-count\n      enable: true\n",
    );
    check(only(&model), &[('o', "https://a.example"), ('-', "https://b.example")]);
    assert_eq!(model.scopes[0].name, "http rule1");
}

#[test]
fn metadata_is_not_read() {
    let model = of("{allow_origins_by_metadata: [key_1]}");
    check(only(&model), &[('?', "https://a.example")]);
}
