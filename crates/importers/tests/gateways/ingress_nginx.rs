use super::{check, only, preflight, read, text};

fn ingress(annotations: &str) -> String {
    let lines = annotations.lines().map(|line| format!("    nginx.ingress.kubernetes.io/{line}\n"));
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: shop\n  annotations:\n{}spec:\n  \
         ingressClassName: nginx\n",
        lines.collect::<String>()
    )
}

#[test]
fn the_documented_annotations_mean_what_the_controller_does() {
    let model = read(
        "ingress-nginx",
        "ingress.yaml",
        &ingress(
            "enable-cors: \"true\"\ncors-allow-origin: \"https://*.origin-site.com:4443, \
             http://*.origin-site.com, myprotocol://example.org:1199\"\ncors-allow-methods: \"PUT, GET, POST, \
             OPTIONS\"\ncors-allow-headers: \"X-Forwarded-For, X-app123-XPTO\"\ncors-expose-headers: \"*, \
             X-CustomResponseHeader\"\ncors-max-age: \"600\"",
        ),
    );
    let answer = only(&model);
    check(
        answer,
        &[
            ('+', "https://a.origin-site.com:4443"),
            ('+', "http://a-b.origin-site.com"),
            ('-', "https://a.origin-site.com"),
            ('-', "http://a.b.origin-site.com"),
            ('-', "http://origin-site.com"),
            ('-', "http://a.origin-site.com.evil.example"),
            ('-', "http://a.origin-sitexcom"),
        ],
    );
    assert_eq!(model.scopes[0].name, "ingress shop");
    assert_eq!(text(answer.allow_methods.as_ref()), "PUT, GET, POST, OPTIONS");
    assert_eq!(text(preflight(&model).expose_headers.as_ref()), "*, X-CustomResponseHeader");
    assert_eq!(text(answer.max_age.as_ref()), "600");
    assert!(answer.vary.is_none());
    assert!(model.unread.is_empty(), "{:?}", model.unread);
}

#[test]
fn credentials_are_allowed_unless_an_annotation_says_otherwise() {
    let of = |line: &str| {
        read(
            "ingress-nginx",
            "x.yaml",
            &ingress(&format!("enable-cors: \"true\"\ncors-allow-origin: https://a.example\n{line}")),
        )
    };
    for (line, sign) in [
        ("", '+'),
        ("cors-allow-credentials: \"maybe\"", '+'),
        ("cors-allow-credentials: \"False\"", 'o'),
        ("cors-allow-credentials: \"false\"", 'o'),
    ] {
        check(only(&of(line)), &[(sign, "https://a.example"), ('-', "https://a.example.evil.example")]);
    }
}

#[test]
fn what_the_check_refuses_as_a_whole_is_a_star_and_a_bad_entry_is_left_out() {
    let of = |origins: &str| {
        read(
            "ingress-nginx",
            "x.yaml",
            &ingress(&format!("enable-cors: \"true\"\ncors-allow-origin: '{origins}'")),
        )
    };
    for star in
        ["https://a.example/", "https://*", "*", "https://a.example,*", "", "a_b", "HTTPS://b.example"]
    {
        check(only(&of(star)), &[('o', "https://b.example")]);
    }
    let left_out = of("a.example, https://b.example");
    check(
        only(&left_out),
        &[('+', "https://b.example"), ('-', "https://a.example"), ('-', "https://b.example:1")],
    );
    assert_eq!(left_out.unread[0].reason, "`a.example` is left out: it is no origin");
    check(only(&of("https://a*.example")), &[('-', "https://ab.example")]);
    check(only(&of("a.example")), &[('-', "https://a.example"), ('-', "https://b.example")]);
    // No `^` stands before `null`, but no browser sends another origin that ends so.
    check(only(&of("null")), &[('+', "null"), ('-', "https://a.example")]);
    check(only(&of("https://A.example")), &[('+', "https://a.example")]);
}

#[test]
fn nothing_is_sent_unless_it_is_enabled() {
    for line in ["enable-cors: \"yes\"", "enable-cors: \"false\"", "cors-allow-origin: \"*\""] {
        let model = read("ingress-nginx", "x.yaml", &ingress(line));
        check(only(&model), &[('-', "https://a.example")]);
        assert!(only(&model).passes_upstream);
    }
    assert!(read("ingress-nginx", "x.yaml", &ingress("rewrite-target: /")).scopes.is_empty());
}

#[test]
fn a_snippet_that_sends_fields_is_not_known() {
    let snippet = "enable-cors: \"true\"\nconfiguration-snippet: |\n      more_set_headers \
                   \"Access-Control-Allow-Origin: $http_origin\";";
    let text = ingress(snippet).replace("nginx.ingress.kubernetes.io/      more", "        more");
    let model = read("ingress-nginx", "x.yaml", &text);
    check(only(&model), &[('?', "https://a.example")]);
    assert_eq!(model.unread.len(), 1);
}

#[test]
fn annotations_in_the_values_of_a_chart_are_found() {
    let values = "controller:\n  ingress:\n    annotations:\n      nginx.ingress.kubernetes.io/enable-cors: \
                  \"true\"\n      nginx.ingress.kubernetes.io/cors-allow-origin: https://a.example\n";
    check(only(&read("ingress-nginx", "values.yaml", values)), &[('+', "https://a.example"), ('-', "null")]);
}
