use corsac_analysis::model::Model;

use super::{check, only, preflight, read, text};

/// The sample of the documentation, in its five notations.
const SAMPLES: [(&str, &str); 4] = [
    (
        "docker-compose.yml",
        "services:\n  web:\n    labels:\n      - \"traefik.http.middlewares.testheader.headers.accesscontrolallowmethods=GET,OPTIONS,PUT\"\n      - \"traefik.http.middlewares.testheader.headers.accesscontrolallowheaders=*\"\n      - \"traefik.http.middlewares.testheader.headers.accesscontrolalloworiginlist=https://foo.bar.org,https://example.org\"\n      - \"traefik.http.middlewares.testheader.headers.accesscontrolmaxage=100\"\n      - \"traefik.http.middlewares.testheader.headers.addvaryheader=true\"\n",
    ),
    (
        "middleware.yaml",
        "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata:\n  name: testheader\nspec:\n  headers:\n    accessControlAllowMethods:\n      - \"GET\"\n      - \"OPTIONS\"\n      - \"PUT\"\n    accessControlAllowHeaders:\n      - \"*\"\n    accessControlAllowOriginList:\n      - https://foo.bar.org\n      - https://example.org\n    accessControlMaxAge: 100\n    addVaryHeader: true\n",
    ),
    (
        "dynamic.yml",
        "http:\n  middlewares:\n    testheader:\n      headers:\n        accessControlAllowMethods:\n          - GET\n          - OPTIONS\n          - PUT\n        accessControlAllowHeaders: \"*\"\n        accessControlAllowOriginList:\n          - https://foo.bar.org\n          - https://example.org\n        accessControlMaxAge: 100\n        addVaryHeader: true\n",
    ),
    (
        "dynamic.toml",
        "[http.middlewares]\n  [http.middlewares.testheader.headers]\n    accessControlAllowMethods = [\"GET\", \"OPTIONS\", \"PUT\"]\n    accessControlAllowHeaders = [ \"*\" ]\n    accessControlAllowOriginList = [\"https://foo.bar.org\",\"https://example.org\"]\n    accessControlMaxAge = 100\n    addVaryHeader = true\n",
    ),
];

#[test]
fn the_documented_sample_means_the_same_in_every_notation() {
    for (name, sample) in SAMPLES {
        let model = read("traefik", name, sample);
        check(
            only(&model),
            &[
                ('o', "https://foo.bar.org"),
                ('o', "https://example.org"),
                ('-', "https://foo.bar.org.evil.example"),
                ('-', "http://example.org"),
                ('-', "null"),
            ],
        );
        assert_eq!(model.scopes[0].name, "middleware testheader");
        assert_eq!(text(only(&model).vary.as_ref()), "Origin");
        let answer = preflight(&model);
        assert_eq!(text(answer.allow_methods.as_ref()), "GET,OPTIONS,PUT");
        assert_eq!(text(answer.allow_headers.as_ref()), "*");
        assert_eq!(text(answer.max_age.as_ref()), "100");
        assert!(answer.vary.is_none());
        assert!(model.unread.is_empty(), "{:?}", model.unread);
        let place = model.scopes[0].actual.allow_origin[0].cases[0].place.clone().unwrap();
        assert!(sample.get(place.span).unwrap().contains("https://foo.bar.org"), "{name}");
    }
}

fn headers(lines: &str) -> String {
    let lines: Vec<_> = lines.lines().map(|line| format!("        {line}")).collect();
    format!("http:\n  middlewares:\n    cors:\n      headers:\n{}\n", lines.join("\n"))
}

#[test]
fn expressions_are_searched_for_and_a_star_reflects_with_credentials() {
    let of = |lines: &str| read("traefik", "x.yml", &headers(lines));
    check(
        only(&of(
            "accessControlAllowOriginListRegex: ['^https://.*\\.example\\.org']\naccessControlAllowCredentials: true",
        )),
        &[
            ('+', "https://a.example.org"),
            ('+', "https://a.example.org.evil.example"),
            ('-', "http://a.example.org"),
            ('-', "https://example.org"),
        ],
    );
    check(only(&of("accessControlAllowOriginList: ['*']")), &[('o', "https://a.example")]);
    check(
        only(&of("accessControlAllowOriginList: ['*']\naccessControlAllowCredentials: true")),
        &[('+', "https://a.example"), ('+', "null")],
    );
    check(
        only(&of("accessControlAllowOriginList: ['https://*.example.org']")),
        &[('-', "https://a.example.org")],
    );
    // Credentials are allowed to all, but nobody's origin is sent.
    check(only(&of("accessControlAllowCredentials: true")), &[('-', "https://a.example")]);
    let model = of("accessControlAllowOriginListRegex: ['(?=a)']");
    check(only(&model), &[('?', "https://a.example")]);
}

#[test]
fn own_fields_are_sent_where_nothing_matches() {
    let text = headers(
        "customResponseHeaders:\n  access-control-allow-origin: https://b.example\n  \
         Access-Control-Allow-Credentials: \"true\"\naccessControlAllowOriginList:\n  - https://a.example",
    );
    check(
        only(&read("traefik", "x.yml", &text)),
        &[('+', "https://a.example"), ('+', "https://b.example"), ('-', "https://c.example")],
    );
    let text = headers("customResponseHeaders:\n  Access-Control-Allow-Origin: '*'");
    check(only(&super::read_as("traefik", "x.yml", &text)), &[('o', "https://a.example")]);
}

#[test]
fn labels_have_the_escapes_of_compose() {
    let label = |value: &str| {
        format!(
            "services:\n  web:\n    labels:\n      traefik.http.middlewares.c.headers.accessControlAllowOriginListRegex: \
             '{value}'\n"
        )
    };
    let of = |value: &str| read("traefik", "compose.yaml", &label(value));
    check(
        only(&of("^https://a\\.example$$")),
        &[('o', "https://a.example"), ('-', "https://a.example.evil.example")],
    );
    check(only(&of("^https://$DOMAIN$$")), &[('?', "https://a.example")]);
    check(only(&of("^https://${DOMAIN}$$")), &[('?', "https://a.example")]);
    let item = "services:\n  web:\n    labels:\n      - traefik.http.middlewares.c.headers.accesscontrolalloworiginlist=${ORIGINS}\n";
    check(only(&read("traefik", "compose.yaml", item)), &[('?', "https://a.example")]);
}

#[test]
fn options_that_traefik_does_not_have_are_listed() {
    let of = |lines: &str| read("traefik", "x.yml", &headers(lines));
    let reasons = |model: &Model| model.unread.iter().map(|one| one.reason.clone()).collect::<Vec<_>>();
    let removed = of("accessControlAllowOrigin: https://a.com\naccessControlAllowCredentials: true");
    check(only(&removed), &[('?', "https://a.com"), ('?', "https://b.com")]);
    assert_eq!(
        reasons(&removed),
        ["no option `accessControlAllowOrigin`: write `accessControlAllowOriginList`"]
    );
    let typo = of("accessControlAllowOriginList: https://a.com\naccessControlAlowCredentials: true");
    check(only(&typo), &[('o', "https://a.com"), ('-', "https://b.com")]);
    assert_eq!(
        reasons(&typo),
        ["no option `accesscontrolalowcredentials`: \
          did you mean `accessControlAllowCredentials`?"]
    );
    let known = of("accessControlAllowOriginList: https://a.com\nstsSeconds: 1\nsslProxyHeaders: {X-A: b}");
    assert!(known.unread.is_empty(), "{:?}", known.unread);
    let label = "services:\n  a:\n    labels:\n      - traefik.http.middlewares.c.headers.addvaryheader=true\n      \
                 - traefik.http.middlewares.c.headers.sslproxyheaders.x-a=b\n";
    assert!(read("traefik", "x.yml", label).unread.is_empty());
    let other = "http:\n  middlewares:\n    headers:\n      rateLimit:\n        average: 1\n";
    assert!(read("traefik", "traefik.yml", other).unread.is_empty(), "a middleware that is called so");
}
