use super::{check, only, preflight, read, text};
use corsac_analysis::model::{Model, Preflight};

fn of(config: &str) -> Model {
    let file = format!(
        "_format_version: \"3.0\"\nservices:\n- name: example\n  url: http://a\n  plugins:\n  - name: cors\n    \
         config: {config}\n"
    );
    read("kong", "kong.yaml", &file)
}

#[test]
fn the_documented_sample() {
    let model = read(
        "kong",
        "kong.yml",
        "_format_version: \"3.0\"\nplugins:\n  - name: cors\n    config:\n      origins:\n        - \
         http://mockbin.com\n      methods:\n        - GET\n        - POST\n      headers:\n        - Accept\n        \
         - X-Auth-Token\n      exposed_headers:\n        - X-Auth-Token\n      credentials: true\n      max_age: 3600\n",
    );
    check(
        only(&model),
        &[
            ('+', "http://mockbin.com"),
            ('-', "https://mockbin.com"),
            ('-', "http://mockbin.com.evil.example"),
        ],
    );
    assert_eq!(model.scopes[0].name, "global");
    assert_eq!(text(preflight(&model).max_age.as_ref()), "3600");
    assert_eq!(text(preflight(&model).allow_methods.as_ref()), "GET,POST");
}

#[test]
fn a_star_reflects_with_credentials() {
    for config in ["{}", "{origins: ['*']}", "{origins: ['https://a.example', '*']}"] {
        check(only(&of(config)), &[('o', "https://b.example"), ('o', "null")]);
    }
    let model = of("{credentials: true}");
    check(only(&model), &[('+', "https://b.example"), ('+', "null")]);
    assert_eq!(text(only(&model).vary.as_ref()), "Origin");
    assert!(only(&of("{}")).vary.is_none());
}

#[test]
fn expressions_begin_where_the_origin_does_and_only_the_last_branch_ends_there() {
    let model = of(r"{origins: ['https://a\.example|https://b\.example', 'https://c.example:443/x']}");
    check(
        only(&model),
        &[
            ('o', "https://a.example"),
            ('o', "https://a.example.evil.example"),
            ('o', "https://b.example"),
            ('-', "https://b.example.evil.example"),
            ('o', "https://c.example"),
            ('-', "http://a.example"),
        ],
    );
    check(
        only(&of(r"{origins: ['^https?://.*\.example$']}")),
        &[('o', "http://a.example"), ('-', "http://[::1]")],
    );
}

#[test]
fn an_entry_without_a_colon_is_tried_on_the_host() {
    let model = of(r"{origins: ['(.*\.)?a\.example', 'b.example']}");
    check(
        only(&model),
        &[
            ('o', "https://a.example"),
            ('o', "http://x.a.example:8080"),
            ('-', "https://xa.example"),
            ('-', "https://a.example.evil.example"),
            ('-', "https://a.example.evil.example:8080"),
            // Text without a scheme equals no origin.
            ('-', "https://b.example"),
        ],
    );
    let digits = of(r"{origins: ['a.*80', 'z.?']}");
    check(
        only(&digits),
        &[('-', "https://a.example:80"), ('-', "https://a.example:8080"), ('o', "https://a80:81")],
    );
    check(only(&of(r"{origins: ['(?!evil).*\.example', 'z.?']}")), &[('?', "https://evil.example")]);
}

#[test]
fn one_origin_is_sent_to_everybody_and_ipv6_loses_its_brackets() {
    check(only(&of("{origins: ['https://a.example/']}")), &[('-', "https://a.example")]);
    check(
        only(&of("{origins: ['http://*:1', '.*']}")),
        &[('-', "http://[::1]:1"), ('o', "https://a.example")],
    );
}

#[test]
fn who_answers_preflights() {
    assert!(matches!(of("{preflight_continue: true}").scopes[0].preflight, Preflight::Unknown));
    let routes =
        "_format_version: '3.0'\nroutes:\n- name: r\n  methods: [GET, POST]\n  plugins:\n  - name: cors\n";
    let model = read("kong", "x.yaml", routes);
    assert!(matches!(model.scopes[0].preflight, Preflight::Unanswered));
    let with = read("kong", "x.yaml", &routes.replace("POST", "OPTIONS"));
    assert!(matches!(with.scopes[0].preflight, Preflight::Answered(_)));
}

#[test]
fn objects_of_kubernetes_and_plugins_that_are_off() {
    let object = "apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata:\n  name: c\nplugin: \
                  cors\nconfig:\n  origins: [https://a.example]\n";
    let model = read("kong", "plugin.yaml", object);
    check(only(&model), &[('o', "https://a.example"), ('-', "https://b.example")]);
    assert_eq!(model.scopes[0].name, "plugin c");
    assert!(read("kong", "p.yaml", &format!("{object}disabled: true\n")).scopes.is_empty());
    let elsewhere =
        object.replace("config:\n  origins: [https://a.example]", "configFrom: {secretKeyRef: {name: x}}");
    check(only(&read("kong", "p.yaml", &elsewhere)), &[('?', "https://a.example")]);
}
