//! The nearest misses, and what else is tried.

use corsac_cors::{Dangerous, Policy, PolicyConfig};
use corsac_middleware::csrf::{Ambient, Csrf, CsrfMode, RouteCsrf, Verdict};
use corsac_middleware::guard::Problem;
use http::StatusCode;

use crate::{Asked, policy, strings};

/// Without Fetch Metadata, to `https://app.example.com`.
#[test]
fn an_origin_that_is_nearly_the_own_one_is_not() {
    for (origin, reason) in [
        ("https://app.example.com.evil.com", "foreign-origin"),
        ("https://evilapp.example.com", "foreign-origin"),
        ("https://app-example.com", "foreign-origin"),
        ("https://example.com", "foreign-origin"),
        ("https://evil.app.example.com", "foreign-origin"),
        ("https://app.example.com:8443", "foreign-origin"),
        ("http://app.example.com", "foreign-origin"),
        ("http://app.example.com:443", "foreign-origin"),
        ("https://app.example.com.", "foreign-origin"),
        ("https://xn--pp-xla.example.com", "foreign-origin"),
        ("ftp://app.example.com", "foreign-origin"),
        ("chrome-extension://app.example.com", "foreign-origin"),
        ("https://app.example.com:443", "origin-malformed"),
        ("https://APP.example.com", "origin-malformed"),
        ("HTTPS://app.example.com", "origin-malformed"),
        ("https://user@app.example.com", "origin-malformed"),
        ("https://app.example.com@evil.com", "origin-malformed"),
        ("https://app.example.com/", "origin-malformed"),
        ("https://app.example.com\t", "origin-malformed"),
        ("https://app.example.com, https://evil.com", "origin-malformed"),
        ("https://app.example.com https://evil.com", "origin-malformed"),
        ("https://\u{e4}pp.example.com", "origin-malformed"),
        ("//app.example.com", "origin-malformed"),
        ("app.example.com", "origin-malformed"),
        ("https://", "origin-malformed"),
        ("NULL", "origin-malformed"),
        ("null", "null-origin"),
        ("*", "origin-malformed"),
    ] {
        assert_eq!(Asked::post(&[("origin", origin)]).reason(), reason, "{origin}");
    }
    assert_eq!(Asked::post(&[("origin", "https://app.example.com")]).reason(), "own-origin");
}

#[test]
fn the_own_origin_is_what_the_request_is_for() {
    let asked = |host: &str, origin| Asked::post(&[("origin", origin)]).to(host);
    for (host, origin) in [
        ("APP.example.com", "https://app.example.com"),
        ("app.example.com:443", "https://app.example.com"),
        ("app.example.com:8443", "https://app.example.com:8443"),
        ("app.example.com.", "https://app.example.com."),
        ("[::1]:8443", "https://[::1]:8443"),
        ("127.0.0.1", "https://127.0.0.1"),
    ] {
        assert_eq!(asked(host, origin).reason(), "own-origin", "{host}");
    }
    assert_eq!(asked("app.example.com:80", "http://app.example.com").plain().reason(), "own-origin");
    for (host, origin) in [
        ("app.example.com:80", "https://app.example.com"),
        ("app.example.com:4430", "https://app.example.com"),
        ("app.example.com.:443", "https://app.example.com"),
        ("user@app.example.com", "https://app.example.com"),
        ("app.example.com/", "https://app.example.com"),
        ("", "https://app.example.com"),
    ] {
        assert_eq!(asked(host, origin).reason(), "foreign-origin", "{host}");
    }
    assert_eq!(asked(&"a".repeat(100_000), "https://app.example.com").reason(), "foreign-origin");
    let nameless = Asked { host: None, ..Asked::post(&[("origin", "https://app.example.com")]) };
    assert_eq!(nameless.reason(), "foreign-origin");
}

#[test]
fn what_is_not_said_once_and_exactly_is_foreign() {
    for sites in [
        &["same-site"][..],
        &["cross-site"],
        &["same-origin", "same-origin"],
        &["same-origin", "cross-site"],
        &["none", "none"],
        &["same-origin, same-origin"],
        &["Same-Origin"],
        &["same-origin;x=1"],
        &["\"same-origin\""],
        &["?1"],
        &["first-party"],
        &[""],
    ] {
        let fields: Vec<_> = sites.iter().map(|site| ("sec-fetch-site", *site)).collect();
        assert_eq!(Asked::post(&fields).reason(), "cross-site", "{sites:?}");
        // The own origin beside it does not help: a redirect may be between.
        let own = [&fields[..], &[("origin", "https://app.example.com")]].concat();
        assert_eq!(Asked::post(&own).reason(), "cross-site", "{sites:?}");
        let allowed = [&fields[..], &[("origin", "https://trusted.example")]].concat();
        assert_eq!(Asked::post(&allowed).reason(), "allowed-origin", "{sites:?}");
    }
    let own = ("origin", "https://app.example.com");
    for site in [&[][..], &[("sec-fetch-site", "same-origin")]] {
        assert_eq!(Asked::post(&[own, own]).with(site).reason(), "several-origins");
        assert_eq!(Asked::post(&[("origin", "x")]).with(site).reason(), "origin-malformed");
    }
}

#[test]
fn a_policy_grants_only_what_it_grants_with_credentials_and_by_method() {
    let foreign = |method| {
        let fields = [("origin", "https://trusted.example"), ("sec-fetch-site", "cross-site")];
        Asked::new(method).with(&fields)
    };
    let reason = |method, policy: Option<&Policy>| foreign(method).decide(&Csrf::default(), policy).reason();
    for method in ["POST", "PUT"] {
        assert_eq!(reason(method, Some(&policy())), "allowed-origin");
    }
    for method in ["DELETE", "PATCH", "put", "TRACE", "QUERY", "get"] {
        assert_eq!(reason(method, Some(&policy())), "cross-site", "{method}");
    }
    let without = PolicyConfig { credentials: false, ..policy().to_config() };
    let any = PolicyConfig { origins: strings(&["*"]), ..without.clone() };
    for config in [&without, &any] {
        assert_eq!(reason("POST", Some(&Policy::compile(config).unwrap())), "cross-site");
    }
    assert_eq!(reason("POST", None), "cross-site");
    // Even where `null` may read.
    let null = PolicyConfig {
        origins: strings(&["null"]),
        dangerous: vec![Dangerous::NullOrigin],
        ..policy().to_config()
    };
    let null = Policy::compile(&null).unwrap();
    for site in ["cross-site", "none"] {
        let asked = Asked::post(&[("origin", "null"), ("sec-fetch-site", site)]);
        assert_eq!(asked.decide(&Csrf::default(), Some(&null)).reason(), "null-origin");
    }
}

#[test]
fn a_get_that_is_taken_for_another_method_is_not_safe() {
    let foreign = |method| {
        Asked::new(method).with(&[("origin", "https://attacker.example"), ("sec-fetch-site", "cross-site")])
    };
    for name in ["x-http-method-override", "X-HTTP-Method", "x-method-override"] {
        for value in ["DELETE", "delete", " PUT ", "", "x y"] {
            for method in ["GET", "HEAD", "OPTIONS"] {
                assert_eq!(foreign(method).with(&[(name, value)]).reason(), "cross-site", "{name}: {value}");
            }
        }
        assert_eq!(foreign("GET").with(&[(name, "get")]).reason(), "not-needed-safe-method");
        let both = [(name, "GET"), (name, "DELETE")];
        assert_eq!(foreign("GET").with(&both).reason(), "cross-site");
        let many = [(name, "GET"); 5];
        assert_eq!(foreign("GET").with(&many).reason(), "cross-site");
    }
    for query in [
        "_method=DELETE",
        "a=b&_method=put",
        "_method",
        "%5Fmethod=DELETE",
        "_%6d%65thod=%44ELETE",
        "a;_method=DELETE",
    ] {
        assert_eq!(foreign("GET").at(&format!("/items?{query}")).reason(), "cross-site", "{query}");
    }
    for query in ["_method=GET", "a_method=DELETE", "_Method=DELETE", "_method%=x", "a=_method=DELETE"] {
        let reason = foreign("GET").at(&format!("/items?{query}")).reason();
        assert_eq!(reason, "not-needed-safe-method", "{query}");
    }
    let own = Asked::new("GET").with(&[("sec-fetch-site", "same-origin"), ("x-method-override", "DELETE")]);
    assert_eq!(own.reason(), "same-origin");
}

/// With a link or a `GET` form browsers send no `Origin`, and over plain http nothing else:
/// that nothing is said shows nothing.
#[test]
fn a_silent_get_is_not_taken_for_another_method() {
    for method in ["GET", "HEAD", "OPTIONS"] {
        let silent = |query: &str| Asked::new(method).at(&format!("/items?{query}")).plain();
        assert_eq!(silent("_method=DELETE").reason(), "override-unproven");
        assert_eq!(silent("_method=GET").reason(), "not-needed-safe-method");
        // No page can send the field without being asked where it is from.
        let field = Asked::new(method).with(&[("x-http-method-override", "DELETE")]);
        assert_eq!(field.plain().reason(), "no-evidence");
    }
    // Browsers send `Origin` with this.
    assert_eq!(Asked::new("POST").at("/items?_method=DELETE").plain().reason(), "no-evidence");
}

#[test]
fn each_method_of_a_request_must_be_allowed() {
    let trusted = |named| {
        let fields = [("origin", "https://trusted.example"), ("x-http-method-override", named)];
        Asked::post(&fields).with(&[("sec-fetch-site", "cross-site")]).reason()
    };
    assert_eq!(trusted("put"), "allowed-origin");
    assert_eq!(trusted("GET"), "allowed-origin");
    assert_eq!(trusted("DELETE"), "cross-site");
    assert_eq!(trusted("PUT PUT"), "cross-site");
}

#[test]
fn a_websocket_handshake_is_the_policys_business() {
    let handshake = [
        ("connection", "Upgrade"),
        ("upgrade", "websocket"),
        ("origin", "https://attacker.example"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "websocket"),
    ];
    assert_eq!(Asked::new("GET").with(&handshake).reason(), "not-needed-safe-method");
}

#[test]
fn report_passes_and_says_what_it_would_have_refused() {
    let asked = Asked::post(&[("origin", "https://attacker.example"), ("sec-fetch-site", "cross-site")]);
    let decide = |mode| {
        let route = RouteCsrf { mode, ambient: Ambient::Cookies };
        Csrf::default().decide(&asked.head(), Some(&policy()), route)
    };
    let (enforced, reported) = (decide(CsrfMode::Enforce), decide(CsrfMode::Report));
    assert_eq!(enforced.verdict(), reported.verdict());
    assert!(!enforced.passes() && reported.passes());
    assert_eq!((enforced.event().name(), reported.event().name()), ("denied", "report-only"));
    assert!(enforced.refused(&asked.head()).is_some() && reported.refused(&asked.head()).is_none());
    assert_eq!(reported.detail(&asked.head()).unwrap().as_str(), "Sec-Fetch-Site is `cross-site`");
    let off = decide(CsrfMode::Off);
    assert!(off.passes() && off.reason() == "off" && matches!(off.verdict(), Verdict::Allowed(_)));
}

#[test]
fn a_refusal_repeats_nothing_of_the_request() {
    let asked = Asked::new("DELETE").at("/items?secret=hunter2").to("hunter2.example").with(&[
        ("origin", "https://hunter2.example.evil.com"),
        ("cookie", "sid=hunter2"),
        ("x-csrf-token", "hunter2"),
    ]);
    let refused = asked.decide(&Csrf::default(), None).refused(&asked.head()).unwrap();
    let Problem { status, code, .. } = &*refused.problem;
    assert_eq!(
        (*status, *code, refused.reason),
        (StatusCode::FORBIDDEN, "cross-site-request", "foreign-origin")
    );
    assert!(!refused.problem.body().contains("hunter2") && refused.problem.fields.is_empty());
    // The log is told what it was compared with, and neither token nor cookie nor query.
    assert_eq!(refused.detail.unwrap().as_str(), "the request is for `https://hunter2.example`");
    let cross = Asked::post(&[("sec-fetch-site", "x\u{e4}\t\"<script>")]);
    let detail = cross.decide(&Csrf::default(), None).refused(&cross.head()).unwrap().detail.unwrap();
    assert!(detail.as_str().contains("<script>"), "the log is told");
}
