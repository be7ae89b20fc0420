//! `decide` against a naive reference, and the cases that other libraries get wrong.

#![cfg(test)]

use std::time::Duration;

use corsac_cors::{
    Dangerous, Decision, MAX_REQUEST_HEADER_NAMES, MAX_REQUEST_HEADERS_BYTES, Policy, PolicyConfig,
    RequestHead,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use proptest::prelude::*;

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}

fn config() -> PolicyConfig {
    PolicyConfig {
        origins: strings(&["https://app.example.com", "https://*.tenants.example.com", "http://localhost:*"]),
        methods: strings(&["GET", "PUT"]),
        request_headers: strings(&["Content-Type", "authorization"]),
        exposed_headers: strings(&["x-request-id"]),
        credentials: true,
        max_age: Some(Duration::from_secs(600)),
        ..PolicyConfig::default()
    }
}

fn request(method: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).body(()).unwrap();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    request
}

fn decide(config: &PolicyConfig, method: &str, fields: &[(&str, &str)]) -> Decision {
    let policy = Policy::compile(config).unwrap();
    policy.decide(&RequestHead::of(&request(method, fields)))
}

/// The response's fields as `name: value`, sorted.
fn stamped(decision: &Decision) -> Vec<String> {
    let mut headers = HeaderMap::new();
    decision.apply(&mut headers);
    let mut lines: Vec<_> =
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    lines.sort();
    lines
}

const APP: (&str, &str) = ("origin", "https://app.example.com");

#[test]
fn with_credentials_a_page_may_send_what_its_preflight_would_allow() {
    let admits = |config: &PolicyConfig, method: &str, origins: &[&str]| {
        let fields: Vec<_> = origins.iter().map(|origin| ("origin", *origin)).collect();
        let asked = Policy::compile(config)
            .unwrap()
            .admits_credentialed(method.as_bytes(), request("POST", &fields).headers());
        // The same as a browser would find, where a browser would ask for credentials.
        let asks = [&fields[..], &[("access-control-request-method", method)]].concat();
        let preflight = decide(config, "OPTIONS", &asks).is_allowed() && config.credentials;
        assert_eq!(asked, preflight && origins != ["null"], "{method} {origins:?}");
        asked
    };
    let (app, tenant) = ("https://app.example.com", "https://a.tenants.example.com");
    for method in ["POST", "PUT", "GET"] {
        assert!(admits(&config(), method, &[app]) && admits(&config(), method, &[tenant]));
    }
    for method in ["DELETE", "put", "", "PUT PUT"] {
        assert!(!admits(&config(), method, &[app]), "{method}");
    }
    for origins in [&[][..], &[app, app], &["https://app.example.com.evil.example"], &["null"], &[""]] {
        assert!(!admits(&config(), "POST", origins), "{origins:?}");
    }
    let open = PolicyConfig { origins: strings(&["*"]), credentials: false, ..config() };
    let named = PolicyConfig { credentials: false, ..config() };
    let null = PolicyConfig {
        origins: strings(&["null", "https://app.example.com"]),
        dangerous: vec![Dangerous::NullOrigin],
        ..config()
    };
    assert!(!admits(&open, "POST", &[app]) && !admits(&named, "POST", &[app]));
    assert!(admits(&null, "POST", &[app]) && !admits(&null, "POST", &["null"]));
}

#[test]
fn an_allowed_actual_request_is_stamped_and_a_foreign_one_is_not() {
    let allowed = decide(&config(), "GET", &[APP]);
    assert_eq!(
        stamped(&allowed),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: x-request-id",
            "vary: Origin",
        ]
    );
    assert_eq!(allowed.decided_by().unwrap().to_string(), "origins[0]");
    for foreign in [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://tenants.example.com",
        "https://eviltenants.example.com",
        "https://app.example.com.evil.example",
        "null",
    ] {
        let denied = decide(&config(), "GET", &[("origin", foreign)]);
        assert_eq!(stamped(&denied), ["vary: Origin"], "{foreign}");
    }
    let same = decide(&config(), "GET", &[]);
    assert_eq!((same.reason(), stamped(&same)), ("not-cors", vec!["vary: Origin".to_owned()]));
}

#[test]
fn a_preflight_lists_what_is_allowed_or_nothing() {
    let asks = |method, headers| {
        decide(
            &config(),
            "OPTIONS",
            &[APP, ("access-control-request-method", method), ("access-control-request-headers", headers)],
        )
    };
    let vary = "vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    let allowed = asks("PUT", "authorization,content-type");
    assert_eq!(
        stamped(&allowed),
        [
            "access-control-allow-credentials: true",
            "access-control-allow-headers: authorization, content-type",
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.example.com",
            "access-control-max-age: 600",
            vary,
        ]
    );
    for (method, headers, reason) in [
        ("DELETE", "", "method-not-listed"),
        ("put", "", "method-not-listed"),
        ("P U T", "", "method-unparsable"),
        ("", "", "method-unparsable"),
        ("PUT", "x-other", "request-header-not-listed"),
        ("PUT", "content-type,x-other", "request-header-not-listed"),
        ("PUT", "content-typ", "request-header-not-listed"),
        ("PUT", "content-type x", "request-headers-unparsable"),
        ("PUT", "content-type;x", "request-headers-unparsable"),
    ] {
        let denied = asks(method, headers);
        assert_eq!(
            (denied.reason(), stamped(&denied)),
            (reason, vec![vary.to_owned()]),
            "{method} {headers}"
        );
    }
    for safelisted in ["POST", "HEAD", "GET"] {
        assert!(asks(safelisted, "").is_allowed(), "browsers allow {safelisted} without it being listed");
    }
}

#[test]
fn request_header_names_come_in_any_spelling_browsers_and_proxies_use() {
    let asks = |lines: &[&str]| {
        let mut fields = vec![APP, ("access-control-request-method", "PUT")];
        fields.extend(lines.iter().map(|line| ("access-control-request-headers", *line)));
        decide(&config(), "OPTIONS", &fields)
    };
    for lines in [
        &["content-type"][..],
        &["CONTENT-TYPE, Authorization"],
        &["content-type,authorization,content-type,content-type"],
        &["authorization", "content-type"],
        &[" \tauthorization \t,\tcontent-type"],
        &[",, content-type ,,"],
        &["", ""],
        &[],
    ] {
        assert!(asks(lines).is_allowed(), "{lines:?}");
    }
    assert_eq!(asks(&["authorization", "x-other"]).reason(), "request-header-not-listed");
}

#[test]
fn the_refused_name_is_told() {
    let request = request(
        "OPTIONS",
        &[
            APP,
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization"),
            ("access-control-request-headers", "content-type,  X-Other"),
        ],
    );
    let decision = Policy::compile(&config()).unwrap().decide(&RequestHead::of(&request));
    let corsac_cors::Verdict::Denied(corsac_cors::Denial::RequestHeaderNotListed(at)) = decision.verdict()
    else {
        panic!("{decision:?}");
    };
    assert_eq!(at.name_in(request.headers()), Some("X-Other"));
}

#[test]
fn long_header_lists_are_refused_unread() {
    let asks = |value: &str| {
        let fields =
            [APP, ("access-control-request-method", "PUT"), ("access-control-request-headers", value)];
        decide(&config(), "OPTIONS", &fields).reason()
    };
    let padded = |name: &str, len: usize| format!("{name}{}", " ".repeat(len - name.len()));
    assert_eq!(asks(&padded("content-type", MAX_REQUEST_HEADERS_BYTES)), "allowed");
    assert_eq!(asks(&padded("content-type", MAX_REQUEST_HEADERS_BYTES + 1)), "request-headers-too-long");
    let commas = MAX_REQUEST_HEADER_NAMES - 1;
    assert_eq!(asks(&",".repeat(commas)), "allowed");
    assert_eq!(asks(&",".repeat(commas + 1)), "request-headers-too-long");
}

#[test]
fn what_is_not_a_preflight_reaches_the_application() {
    for fields in [
        &[][..],
        &[APP],
        &[("access-control-request-method", "PUT")],
        &[("origin", "https://app.example.com"), ("access-control-request-headers", "x")],
    ] {
        assert!(!decide(&config(), "OPTIONS", fields).is_preflight(), "{fields:?}");
    }
    let preflight = decide(&config(), "OPTIONS", &[APP, ("access-control-request-method", "PUT")]);
    assert!(preflight.is_preflight());
}

#[test]
fn ambiguous_origins_are_denied_and_nothing_is_reflected() {
    for (fields, reason) in [
        (&[APP, APP][..], "several-origins"),
        (&[APP, ("origin", "https://evil.example")], "several-origins"),
        (&[("origin", "https://app.example.com https://evil.example")], "origin-unparsable"),
        (&[("origin", "https://app.example.com, https://evil.example")], "origin-unparsable"),
        (&[("origin", "")], "origin-unparsable"),
        (&[("origin", "*")], "origin-unparsable"),
        (&[("origin", "HTTPS://app.example.com")], "origin-unparsable"),
        (&[("origin", "https://app.example.com/")], "origin-unparsable"),
        (&[("origin", "https://app.example.com:443")], "origin-unparsable"),
        (&[("origin", "https://evil.example/.tenants.example.com")], "origin-unparsable"),
        (&[("origin", "https://a\".tenants.example.com")], "origin-unparsable"),
        (&[("origin", "https://\u{e9}.tenants.example.com")], "origin-unparsable"),
        (&[("origin", "null")], "origin-null"),
        (&[("origin", "NULL")], "origin-unparsable"),
    ] {
        let denied = decide(&config(), "GET", fields);
        assert_eq!(
            (denied.reason(), stamped(&denied)),
            (reason, vec!["vary: Origin".to_owned()]),
            "{fields:?}"
        );
    }
}

#[test]
fn any_origin_gets_a_star_and_never_credentials() {
    let public = PolicyConfig { origins: strings(&["*"]), ..PolicyConfig::default() };
    let allowed = decide(&public, "GET", &[("origin", "https://anyone.example")]);
    assert_eq!(stamped(&allowed), ["access-control-allow-origin: *", "vary: Origin"]);
    assert_eq!(decide(&public, "GET", &[("origin", "null")]).reason(), "allowed");
    assert_eq!(decide(&public, "GET", &[("origin", "nonsense")]).reason(), "origin-unparsable");
    let with_credentials = PolicyConfig { credentials: true, ..public };
    assert!(Policy::compile(&with_credentials).is_err());
}

#[test]
fn wildcards_for_methods_and_headers_work_with_and_without_credentials() {
    let any = PolicyConfig {
        methods: strings(&["*"]),
        request_headers: strings(&["*"]),
        credentials: false,
        ..config()
    };
    let asks = |config: &PolicyConfig, headers: &[&str]| {
        let mut fields = vec![APP, ("access-control-request-method", "PATCH")];
        fields.extend(headers.iter().map(|line| ("access-control-request-headers", *line)));
        decide(config, "OPTIONS", &fields)
    };
    let fields = stamped(&asks(&any, &["x-a,x-b"]));
    assert!(fields.contains(&"access-control-allow-methods: *".to_owned()), "{fields:?}");
    assert!(fields.contains(&"access-control-allow-headers: *".to_owned()), "{fields:?}");
    assert_eq!(asks(&any, &["authorization"]).reason(), "authorization-not-listed");
    assert_eq!(asks(&any, &["Authorization,x"]).reason(), "authorization-not-listed");
    assert_eq!(asks(&any, &["x-a b"]).reason(), "request-headers-unparsable");

    let named = PolicyConfig { request_headers: strings(&["*", "authorization"]), ..any.clone() };
    let fields = stamped(&asks(&named, &["authorization"]));
    assert!(fields.contains(&"access-control-allow-headers: *, authorization".to_owned()), "{fields:?}");

    let credentials = PolicyConfig { credentials: true, ..named };
    let fields = stamped(&asks(&credentials, &["x-a", "authorization,x-b"]));
    assert!(fields.contains(&"access-control-allow-methods: PATCH".to_owned()), "{fields:?}");
    assert!(
        fields.contains(&"access-control-allow-headers: x-a, authorization,x-b".to_owned()),
        "{fields:?}"
    );
}

#[test]
fn the_null_origin_needs_its_switch() {
    let mut null =
        PolicyConfig { origins: strings(&["https://a.example", "null", "https://b.example"]), ..config() };
    assert!(Policy::compile(&null).is_err());
    null.dangerous = vec![Dangerous::NullOrigin];
    for (origin, by) in
        [("https://a.example", "origins[0]"), ("null", "origins[1]"), ("https://b.example", "origins[2]")]
    {
        let decision = decide(&null, "GET", &[("origin", origin)]);
        assert_eq!(decision.decided_by().unwrap().to_string(), by);
        assert!(stamped(&decision).contains(&format!("access-control-allow-origin: {origin}")));
    }
    assert_eq!(Policy::compile(&null).unwrap().to_config(), null);
    null.origins = strings(&["null", "null", "https://a.example", "null", "https://b.example"]);
    for (origin, by) in
        [("https://a.example", "origins[2]"), ("null", "origins[0]"), ("https://b.example", "origins[4]")]
    {
        assert_eq!(decide(&null, "GET", &[("origin", origin)]).decided_by().unwrap().to_string(), by);
    }
    assert_eq!(Policy::compile(&null).unwrap().to_config(), null);
}

#[test]
fn the_private_network_field_is_answered_on_request_only() {
    let asks = |config: &PolicyConfig, origin: &str, value: &str| {
        let fields = [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-private-network", value),
        ];
        stamped(&decide(config, "OPTIONS", &fields)).join("\n")
    };
    let on = PolicyConfig { legacy_private_network: true, ..config() };
    let answer = "access-control-allow-private-network: true";
    assert!(asks(&on, APP.1, "true").contains(answer));
    assert!(asks(&on, APP.1, "true").contains("Access-Control-Request-Private-Network"), "in Vary");
    assert!(!asks(&on, APP.1, "TRUE").contains(answer));
    assert!(!asks(&on, "https://evil.example", "true").contains(answer));
    assert!(!asks(&config(), APP.1, "true").contains("private-network"));
}

#[test]
fn only_one_owner_sets_cors_fields() {
    let mut headers = HeaderMap::new();
    for value in ["https://evil.example", "*"] {
        headers.append("access-control-allow-origin", HeaderValue::from_str(value).unwrap());
    }
    headers.insert("access-control-allow-credentials", HeaderValue::from_static("true"));
    headers.insert("access-control-made-up", HeaderValue::from_static("x"));
    headers.insert("content-type", HeaderValue::from_static("text/plain"));
    let denied = decide(&config(), "GET", &[("origin", "https://evil.example")]);
    assert!(denied.apply(&mut headers), "it says that there was another owner");
    assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["content-type", "vary"]);
    assert!(!denied.apply(&mut headers));
}

#[test]
fn vary_keeps_every_token_of_every_line() {
    for (before, after) in [
        (&["accept", "Cookie"][..], "accept, Cookie, Origin"),
        (&["accept,accept-encoding"], "accept, accept-encoding, Origin"),
        (&["ORIGIN"], "ORIGIN"),
        (&["accept", "origin"], "accept"),
        (&["*"], "*"),
        (&["accept, *"], "accept, *"),
        (&[""], "Origin"),
        (&["x-origin"], "x-origin, Origin"),
    ] {
        let mut headers = HeaderMap::new();
        for line in before {
            headers.append("vary", HeaderValue::from_str(line).unwrap());
        }
        decide(&config(), "GET", &[]).apply(&mut headers);
        assert_eq!(headers["vary"], after, "{before:?}");
    }
}

#[test]
fn methods_and_policies_know_their_generation() {
    let policy = Policy::compile(&config()).unwrap();
    let next = policy.clone().with_generation(7);
    assert_eq!(policy, next);
    let request = request("GET", &[APP]);
    assert_eq!(policy.decide(&RequestHead::of(&request)).generation(), 0);
    assert_eq!(next.decide(&RequestHead::of(&request)).generation(), 7);
    assert!(next.decide(&RequestHead { method: &Method::GET, headers: request.headers() }).is_allowed());
}

const ORIGINS: [&str; 8] = [
    "https://a.example",
    "https://*.b.example",
    "http://localhost:*",
    "https://c.example:8443",
    "https://*.d.example:*",
    "http://127.0.0.1",
    "null",
    "*",
];
const SENT: [&str; 14] = [
    "https://a.example",
    "https://x.a.example",
    "https://x.b.example",
    "https://b.example",
    "https://x.y.b.example",
    "http://localhost",
    "http://localhost:3000",
    "https://c.example:8443",
    "https://c.example",
    "https://z.d.example:99",
    "http://127.0.0.1",
    "null",
    "https://A.example",
    "https://a.example/",
];
const METHODS: [&str; 6] = ["GET", "PUT", "PATCH", "DELETE", "put", "*"];
const HEADERS: [&str; 6] = ["x-a", "X-B", "content-type", "authorization", "x-c", "*"];

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    prop::sample::subsequence(from.to_vec(), 0..=from.len()).prop_map(|list| strings(&list))
}

fn configs() -> impl Strategy<Value = PolicyConfig> {
    let lists = (pick(&ORIGINS), pick(&METHODS), pick(&HEADERS), pick(&HEADERS));
    let age = prop::option::of((0..7_200u64).prop_map(Duration::from_secs));
    (lists, any::<bool>(), age, any::<bool>()).prop_map(
        |((origins, methods, request, exposed), credentials, age, null)| PolicyConfig {
            origins,
            methods,
            request_headers: request,
            exposed_headers: exposed,
            credentials,
            max_age: age,
            legacy_private_network: false,
            dangerous: if null { vec![Dangerous::NullOrigin] } else { Vec::new() },
        },
    )
}

fn requests() -> impl Strategy<Value = Request<()>> {
    let method = prop::sample::select(vec!["GET", "OPTIONS", "OPTIONS", "PUT"]);
    let origins = prop::collection::vec(prop::sample::select(SENT.to_vec()), 0..=2);
    let asked = prop::option::of(prop::sample::select(METHODS.to_vec()));
    let lines = prop::collection::vec(pick(&HEADERS), 0..3);
    (method, origins, asked, lines).prop_map(|(method, origins, asked, lines)| {
        let lines: Vec<_> = lines.iter().map(|names| names.join(" ,")).collect();
        let mut fields: Vec<_> = origins.iter().map(|origin| ("origin", *origin)).collect();
        fields.extend(asked.map(|asked| ("access-control-request-method", asked)));
        fields.extend(lines.iter().map(|line| ("access-control-request-headers", line.as_str())));
        request(method, &fields)
    })
}

/// What a response should carry, written from the policy's meaning with plain loops.
fn reference(config: &PolicyConfig, request: &Request<()>) -> bool {
    let values = |name: &str| -> Vec<String> {
        request.headers().get_all(name).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    };
    let [origin] = values("origin").try_into().unwrap_or_default_array();
    let admitted = config.origins.iter().any(|pattern| admits(pattern, &origin));
    if !admitted || values("origin").len() != 1 {
        return false;
    }
    let asked = values("access-control-request-method");
    if request.method() != Method::OPTIONS || asked.is_empty() {
        return true;
    }
    let method = &asked[0];
    let listed = |list: &[String], name: &str| list.iter().any(|own| own.eq_ignore_ascii_case(name));
    let method_fine = matches!(method.as_str(), "GET" | "HEAD" | "POST")
        || config.methods.contains(method)
        || config.methods.contains(&"*".to_owned());
    let names = values("access-control-request-headers").join(",");
    let names_fine = names.split(',').map(str::trim).filter(|name| !name.is_empty()).all(|name| {
        let starred =
            config.request_headers.contains(&"*".to_owned()) && !name.eq_ignore_ascii_case("authorization");
        starred || (name != "*" && listed(&config.request_headers, name))
    });
    method_fine && names_fine
}

trait OrDefault {
    fn unwrap_or_default_array(self) -> [String; 1];
}

impl OrDefault for Result<[String; 1], Vec<String>> {
    fn unwrap_or_default_array(self) -> [String; 1] {
        self.unwrap_or_default()
    }
}

fn admits(pattern: &str, origin: &str) -> bool {
    let well_formed = SENT[..12].contains(&origin);
    well_formed
        && match pattern {
            "*" => true,
            "https://*.b.example" => origin.ends_with(".b.example"),
            "https://*.d.example:*" => origin.contains(".d.example"),
            "http://localhost:*" => origin.starts_with("http://localhost"),
            exact => exact == origin,
        }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn decide_agrees_with_a_naive_reference(config in configs(), requests in prop::collection::vec(requests(), 1..8)) {
        let Ok(policy) = Policy::compile(&config) else { return Ok(()) };
        for request in &requests {
            let decision = policy.decide(&RequestHead::of(request));
            prop_assert_eq!(decision.is_allowed(), reference(&config, request), "{:?} {:?}", request, decision);
            let mut headers = HeaderMap::new();
            decision.apply(&mut headers);
            let origins = headers.get_all("access-control-allow-origin").iter().count();
            prop_assert_eq!(origins, usize::from(decision.is_allowed()));
            let star = headers.get("access-control-allow-origin").is_some_and(|value| value == "*");
            prop_assert!(!(star && headers.contains_key("access-control-allow-credentials")));
            prop_assert!(headers.contains_key("vary"));
            prop_assert!(decision.is_allowed() || headers.len() == 1);
        }
    }

    #[test]
    fn a_compiled_policy_gives_its_configuration_back(config in configs()) {
        if let Ok(policy) = Policy::compile(&config) {
            prop_assert_eq!(&policy.to_config(), &config);
            prop_assert_eq!(Policy::compile(&policy.to_config()).unwrap(), policy);
        }
    }

    #[test]
    fn compiling_never_panics_on_any_text(texts in prop::collection::vec("\\PC{0,40}", 0..6)) {
        let config = PolicyConfig {
            origins: texts.clone(),
            methods: texts.clone(),
            request_headers: texts.clone(),
            exposed_headers: texts,
            ..PolicyConfig::default()
        };
        if let Err(errors) = Policy::compile(&config) {
            prop_assert!(errors.0.iter().all(|mistake| !mistake.to_diagnostic().message.contains('\n')));
        }
    }

    #[test]
    fn merging_vary_loses_nothing_and_is_idempotent(lines in prop::collection::vec("[a-c, ]{0,8}", 0..4)) {
        let mut headers = HeaderMap::new();
        for line in &lines {
            headers.append("vary", HeaderValue::from_str(line).unwrap());
        }
        let tokens = |headers: &HeaderMap| -> Vec<String> {
            let lines = headers.get_all("vary").iter().map(|v| v.to_str().unwrap().to_owned());
            lines.collect::<Vec<_>>().join(",").split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect()
        };
        let before = tokens(&headers);
        corsac_cors::merge_vary(&mut headers, &corsac_cors::Vary::ORIGIN);
        let after = tokens(&headers);
        prop_assert_eq!(&after[..after.len() - 1], &before[..]);
        prop_assert_eq!(after.last().map(String::as_str), Some("Origin"));
        corsac_cors::merge_vary(&mut headers, &corsac_cors::Vary::ORIGIN);
        prop_assert_eq!(tokens(&headers), after);
    }
}

#[test]
fn what_a_guard_sets_is_exposed_beside_what_the_policy_lists() {
    let exposed = |names: &[&str], credentials: bool| {
        let config = PolicyConfig {
            origins: vec!["https://app.example.com".into()],
            exposed_headers: names.iter().map(|name| (*name).to_owned()).collect(),
            credentials,
            ..PolicyConfig::default()
        };
        let policy = Policy::compile(&config).unwrap();
        let own = [http::header::RETRY_AFTER, HeaderName::from_static("x-request-id")];
        let wider = policy.exposing(&own);
        // The same in every other way, and adding again changes nothing.
        assert_eq!(wider.to_config().origins, config.origins);
        assert_eq!(wider.exposing(&own), wider);
        assert_eq!(Policy::compile(&wider.to_config()).unwrap(), wider);
        let mut headers = HeaderMap::new();
        headers.insert("origin", HeaderValue::from_static("https://app.example.com"));
        let mut response = HeaderMap::new();
        let _ = wider.decide(&RequestHead { method: &Method::GET, headers: &headers }).apply(&mut response);
        headers.insert("origin", HeaderValue::from_static("https://evil.example"));
        let mut foreign = HeaderMap::new();
        let _ = wider.decide(&RequestHead { method: &Method::GET, headers: &headers }).apply(&mut foreign);
        assert!(!foreign.contains_key("access-control-expose-headers"));
        response["access-control-expose-headers"].to_str().unwrap().to_owned()
    };
    assert_eq!(exposed(&[], false), "retry-after, x-request-id");
    assert_eq!(exposed(&["X-Request-Id", "etag", "expires"], true), "etag, retry-after, x-request-id");
    assert_eq!(exposed(&["*"], false), "*");
}
