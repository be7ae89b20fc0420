use super::{check, only, preflight, read, text};

/// The sample of the documentation of the filter, shortened.
const SAMPLE: &str = r#"
static_resources:
  listeners:
  - address: {socket_address: {address: 0.0.0.0, port_value: 8000}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          route_config:
            name: local_route
            virtual_hosts:
            - name: www
              domains: ["*"]
              typed_per_filter_config:
                envoy.filters.http.cors:
                  "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
                  allow_origin_string_match:
                  - safe_regex:
                      regex: \*
                  allow_methods: "GET"
                  filter_enabled:
                    default_value: {numerator: 100, denominator: HUNDRED}
                    runtime_key: cors.www.enabled
              routes:
              - match: {prefix: "/cors/open"}
                route: {cluster: backend_service}
              - match: {prefix: "/cors/disabled"}
                route: {cluster: backend_service}
                typed_per_filter_config:
                  envoy.filters.http.cors:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
                    filter_enabled:
                      default_value: {numerator: 0, denominator: HUNDRED}
              - match: {prefix: "/cors/restricted"}
                route: {cluster: backend_service}
                typed_per_filter_config:
                  envoy.filters.http.cors:
                    "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy
                    allow_origin_string_match:
                    - safe_regex:
                        regex: .*\.envoyproxy\.io
                    allow_methods: "GET"
              - match: {prefix: "/gone"}
                redirect: {path_redirect: /}
          http_filters:
          - name: envoy.filters.http.cors
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors
"#;

#[test]
fn the_documented_sample() {
    let model = read("envoy", "envoy.yaml", SAMPLE);
    let names: Vec<_> = model.scopes.iter().map(|scope| scope.name.as_str()).collect();
    assert_eq!(names, ["virtual host www", "virtual host www, route /cors/restricted"]);
    check(&model.scopes[0].actual, &[('o', "https://a.example"), ('o', "null")]);
    check(
        &model.scopes[1].actual,
        &[
            ('o', "https://www.envoyproxy.io"),
            ('-', "https://envoyproxy.io"),
            ('-', "https://www.envoyproxy.io:1"),
        ],
    );
    assert_eq!(text(preflight(&model).allow_methods.as_ref()), "GET");
    // Without the filter no policy counts.
    let without = SAMPLE.replace("- name: envoy.filters.http.cors\n            typed_config:\n              \"@type\": type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors", "- name: envoy.filters.http.router");
    assert!(read("envoy", "envoy.yaml", &without).scopes.is_empty());
}

#[test]
fn json_in_the_other_case_says_the_same() {
    let model = read(
        "envoy",
        "routes.json",
        r#"{"virtualHosts": [{"name": "a", "typedPerFilterConfig": {"envoy.filters.http.cors": {
            "allowOriginStringMatch": [{"suffix": ".example", "ignoreCase": true}, {"contains": "Local"}],
            "allowCredentials": true, "allowHeaders": "*", "maxAge": "5"}}}]}"#,
    );
    check(
        only(&model),
        &[('+', "https://a.example"), ('-', "https://a.example:1"), ('-', "http://local"), ('-', "null")],
    );
    assert_eq!(text(preflight(&model).allow_headers.as_ref()), "(reflected)");
    assert_eq!(text(preflight(&model).max_age.as_ref()), "5");
}

#[test]
fn a_part_of_the_requests_is_not_known() {
    let part = "virtual_hosts:\n- name: a\n  cors:\n    allow_origin_string_match: [{exact: https://a.example}]\n    \
                filter_enabled: {default_value: {numerator: 50}}\n";
    check(only(&read("envoy", "x.yaml", part)), &[('?', "https://a.example")]);
    check(only(&read("envoy", "x.yaml", &part.replace("50", "100"))), &[('o', "https://a.example")]);
}
