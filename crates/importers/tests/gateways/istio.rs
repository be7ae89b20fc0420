use corsac_analysis::model::{Emission, Model};

use super::{check, only, preflight, read, text};

#[test]
fn the_documented_virtual_service() {
    let model = read(
        "istio",
        "service.yaml",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: ratings-route\nspec:\n  \
         hosts:\n  - ratings.prod.svc.cluster.local\n  http:\n  - route:\n    - destination:\n        host: \
         ratings.prod.svc.cluster.local\n        subset: v1\n    corsPolicy:\n      allowOrigins:\n      - exact: \
         https://example.com\n      allowMethods:\n      - POST\n      - GET\n      allowCredentials: false\n      \
         allowHeaders:\n      - X-Foo-Bar\n      maxAge: \"24h\"\n",
    );
    check(
        only(&model),
        &[
            ('o', "https://example.com"),
            ('-', "http://example.com"),
            ('-', "https://example.com.evil.example"),
        ],
    );
    assert_eq!(model.scopes[0].name, "virtual service ratings-route, route 1");
    let answer = preflight(&model);
    assert_eq!(text(answer.allow_methods.as_ref()), "POST,GET");
    assert_eq!(text(answer.allow_headers.as_ref()), "X-Foo-Bar");
    assert_eq!(text(answer.max_age.as_ref()), "86400");
}

fn service(policy: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1beta1\nkind: VirtualService\nmetadata: {{name: a}}\nspec:\n  http:\n  - \
         corsPolicy: {{{policy}, allowCredentials: true}}\n"
    )
}

#[test]
fn matchers_are_tried_on_a_star_too() {
    let of = |policy: &str| read("istio", "x.yaml", &service(policy));
    for policy in [
        "allowOrigins: [{exact: '*'}]",
        "allowOrigins: [{regex: '.*'}]",
        "allowOrigins: [{prefix: '*'}]",
        "allowOrigin: ['*']",
        "allowOrigins: [{exact: 'https://b.example'}, {regex: '\\*'}]",
    ] {
        check(only(&of(policy)), &[('+', "https://a.example"), ('+', "null")]);
    }
    check(
        only(&of("allowOrigins: [{prefix: 'https://a.example'}]")),
        &[('+', "https://a.example"), ('+', "https://a.example.evil.example"), ('-', "http://a.example")],
    );
    check(
        only(&of("allowOrigins: [{regex: 'https://[a-z]+\\.example'}]")),
        &[('+', "https://a.example"), ('-', "https://a.example.evil.example"), ('-', "https://1.example")],
    );
    check(only(&of("allowOrigin: ['*.example']")), &[('-', "https://a.example")]);
    check(only(&of("allowOrigins: [{suffix: '.example'}]")), &[('?', "https://a.example")]);
}

#[test]
fn the_filter_of_the_gateway_api() {
    let model = read(
        "gateway-api",
        "route.yaml",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata:\n  name: http-cors\nspec:\n  \
         rules:\n  - matches:\n    - path: {type: PathPrefix, value: /}\n    filters:\n    - type: CORS\n      \
         cors:\n        allowOrigins:\n        - https://www.foo.com\n        - https://*.bar.com\n        \
         allowMethods: [GET, '*']\n        allowHeaders: [Origin, X-Header-1]\n        maxAge: 3600\n        \
         allowCredentials: true\n",
    );
    check(
        only(&model),
        &[
            ('+', "https://www.foo.com"),
            ('+', "https://a.b.bar.com"),
            ('-', "https://bar.com"),
            ('-', "https://a.bar.com.evil.example"),
            ('-', "https://a.bar.com:8443"),
        ],
    );
    let answer = preflight(&model);
    assert_eq!(text(answer.allow_methods.as_ref()), "(reflected)");
    assert_eq!(text(answer.allow_headers.as_ref()), "Origin, X-Header-1");
    assert_eq!(text(answer.max_age.as_ref()), "3600");
}

#[test]
fn the_security_policy_of_envoy_gateway() {
    let model = read(
        "gateway-api",
        "policy.yaml",
        "apiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata:\n  name: cors-example\nspec:\n  \
         targetRefs:\n  - group: gateway.networking.k8s.io\n    kind: HTTPRoute\n    name: backend\n  cors:\n    \
         allowOrigins:\n    - \"http://*.foo.com\"\n    - \"http://*.foo.com:80\"\n    allowMethods:\n    - GET\n    \
         - POST\n    allowHeaders:\n    - \"x-header-1\"\n    exposeHeaders:\n    - \"x-header-3\"\n    maxAge: 1h\n",
    );
    check(
        only(&model),
        &[
            ('o', "http://www.foo.com"),
            ('o', "http://a.b.foo.com"),
            ('-', "http://foo.com"),
            ('-', "http://www.fooxcom"),
        ],
    );
    assert_eq!(text(preflight(&model).max_age.as_ref()), "3600");
}

#[test]
fn a_star_of_the_gateway_api_without_credentials_is_a_star() {
    let of = |credentials: &str| {
        read(
            "gateway-api",
            "route.yaml",
            &format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nspec:\n  rules:\n  - filters:\n    - type: CORS\n      \
                 cors: {{allowOrigins: ['*']{credentials}}}\n"
            ),
        )
    };
    let fixed = |model: &Model| only(model).allow_origin[0].cases[0].then.clone();
    for public in ["", ", allowCredentials: false"] {
        check(only(&of(public)), &[('o', "https://evil.example")]);
        assert_eq!(fixed(&of(public)), Emission::Fixed("*".to_owned()));
    }
    let with = of(", allowCredentials: true");
    check(only(&with), &[('+', "https://evil.example")]);
    assert_eq!(fixed(&with), Emission::Reflected);
}
