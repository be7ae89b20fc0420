//! Any request as a preflight and as an actual request, under a fixed set of policies.

use std::sync::LazyLock;
use std::time::Duration;

use corsac_cors::{
    Decision, MAX_REQUEST_HEADER_NAMES, MAX_REQUEST_HEADERS_BYTES, Policy, PolicyConfig, RequestHead,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// What a policy of the set allows; the rest is the same in all of them.
struct Case {
    origin: &'static str,
    method: &'static str,
    names: &'static [&'static str],
    credentials: bool,
}

/// Small policies, whose own lists raise no bound on what is read.
const CASES: [Case; 6] = [
    Case {
        origin: APP,
        method: "PUT",
        names: &["content-type", "X-Trace", "authorization"],
        credentials: true,
    },
    Case { origin: APP, method: "PUT", names: &[], credentials: false },
    Case { origin: "*", method: "*", names: &["*"], credentials: false },
    Case { origin: "*", method: "PUT", names: &["*", "Authorization"], credentials: false },
    Case { origin: APP, method: "*", names: &["*"], credentials: true },
    Case { origin: APP, method: "*", names: &["*", "authorization"], credentials: true },
];

const APP: &str = "https://app.example.com";

static POLICIES: LazyLock<Vec<Policy>> = LazyLock::new(|| CASES.iter().map(compile).collect());

/// Lines: `Origin`, `Access-Control-Request-Method`, and any number of
/// `Access-Control-Request-Headers`. What is allowed is what plain loops allow and what a
/// browser makes of the response; what is not carries no permission.
pub fn request_headers(bytes: &[u8]) {
    let request = request(bytes);
    for (case, policy) in CASES.iter().zip(POLICIES.iter()) {
        check_preflight(case, policy, &request);
        let actual = policy.decide(&RequestHead { method: &Method::GET, headers: &request });
        assert_eq!(actual.is_allowed(), allows_origin(case, &request), "{actual:?}");
        check_response(case, &actual, &request);
    }
}

fn compile(case: &Case) -> Policy {
    let config = PolicyConfig {
        origins: vec![case.origin.to_owned()],
        methods: vec![case.method.to_owned()],
        request_headers: case.names.iter().map(|&name| name.to_owned()).collect(),
        exposed_headers: vec!["x-request-id".to_owned()],
        credentials: case.credentials,
        max_age: Some(Duration::from_secs(600)),
        ..PolicyConfig::default()
    };
    Policy::compile(&config).unwrap_or_else(|errors| panic!("{config:?}: {errors}"))
}

/// Lines that no field can carry are left out.
fn request(bytes: &[u8]) -> HeaderMap {
    let names = [header::ORIGIN, header::ACCESS_CONTROL_REQUEST_METHOD].into_iter();
    let names = names.chain(std::iter::repeat(header::ACCESS_CONTROL_REQUEST_HEADERS));
    let mut headers = HeaderMap::new();
    for (name, line) in names.zip(bytes.split(|&byte| byte == b'\n')) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name, value);
        }
    }
    headers
}

fn check_preflight(case: &Case, policy: &Policy, request: &HeaderMap) {
    let decision = policy.decide(&RequestHead { method: &Method::OPTIONS, headers: request });
    let asked = lines(request, &header::ACCESS_CONTROL_REQUEST_HEADERS);
    let size: usize = asked.iter().map(|line| line.len()).sum();
    let count: usize = asked.iter().map(|line| line.split(|&byte| byte == b',').count()).sum();
    let expected = allows_preflight(case, request);
    if size <= MAX_REQUEST_HEADERS_BYTES && count <= MAX_REQUEST_HEADER_NAMES {
        assert_eq!(decision.is_allowed(), expected, "{decision:?} of {request:?}");
    }
    // Beyond the bounds a decision may refuse what is fine, never the other way.
    assert!(expected || !decision.is_allowed(), "{decision:?} of {request:?}");
    if decision.is_preflight() {
        assert!(size <= MAX_REQUEST_HEADERS_BYTES || !decision.is_allowed(), "{size} bytes were read");
    }
    check_response(case, &decision, request);
    if decision.is_preflight() && decision.is_allowed() {
        check_browser_goes_on(&stamped(&decision, HeaderMap::new()), request);
    }
}

fn allows_preflight(case: &Case, request: &HeaderMap) -> bool {
    let Some(&method) = lines(request, &header::ACCESS_CONTROL_REQUEST_METHOD).first() else {
        // Not a preflight, for want of a method: an `OPTIONS` of the application's.
        return allows_origin(case, request);
    };
    allows_origin(case, request)
        && (matches!(method, b"GET" | b"HEAD" | b"POST")
            || (case.method == "*" && is_token(method))
            || case.method.as_bytes() == method)
        && names_asked(request).iter().all(|name| allows_name(case, name))
}

/// The accepted origins of this set can be compared as texts: one is listed, and under `*`
/// whatever is no origin is refused by the parser that the target `origin` is about.
fn allows_origin(case: &Case, request: &HeaderMap) -> bool {
    let sent = lines(request, &header::ORIGIN);
    match sent.as_slice() {
        [sent] if case.origin == "*" => corsac_origin::OriginRef::parse(sent).is_ok(),
        [sent] => *sent == case.origin.as_bytes(),
        _ => false,
    }
}

fn allows_name(case: &Case, name: &[u8]) -> bool {
    let listed = |own: &&str| **own != *"*" && own.as_bytes().eq_ignore_ascii_case(name);
    let any = case.names.contains(&"*") && !name.eq_ignore_ascii_case(b"authorization");
    is_token(name) && (any || case.names.iter().any(listed))
}

/// The names of all lines, without white space and empty elements.
fn names_asked(request: &HeaderMap) -> Vec<&[u8]> {
    let lines = lines(request, &header::ACCESS_CONTROL_REQUEST_HEADERS);
    lines.iter().flat_map(|line| elements(line)).collect()
}

fn elements(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    line.split(|&byte| byte == b',').filter_map(move |element| {
        let start = element.iter().position(|byte| !is_blank(byte))?;
        let end = element.iter().rposition(|byte| !is_blank(byte))?;
        element.get(start..=end)
    })
}

fn is_token(name: &[u8]) -> bool {
    let is_sign = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.iter().all(|&byte| byte.is_ascii_alphanumeric() || is_sign(byte))
}

fn lines<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Vec<&'h [u8]> {
    headers.get_all(name).iter().map(HeaderValue::as_bytes).collect()
}

fn stamped(decision: &Decision, mut response: HeaderMap) -> HeaderMap {
    decision.apply(&mut response);
    response
}

/// A response with nothing, and one on which the application has set fields of its own.
fn check_response(case: &Case, decision: &Decision, request: &HeaderMap) {
    let response = stamped(decision, HeaderMap::new());
    let origins = lines(&response, &header::ACCESS_CONTROL_ALLOW_ORIGIN);
    let credentials = lines(&response, &header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    assert!(response.contains_key(header::VARY));
    assert!(response.keys().all(|name| response.get_all(name).iter().count() == 1), "{response:?}");
    if decision.is_allowed() {
        let sent = if case.origin == "*" { vec![&b"*"[..]] } else { lines(request, &header::ORIGIN) };
        assert_eq!(origins, sent);
        assert_eq!(credentials, if case.credentials { vec![&b"true"[..]] } else { Vec::new() });
        assert!(credentials.is_empty() || origins != [b"*"], "{response:?}");
    } else {
        assert_eq!(response.len(), 1, "a denied response carries `Vary` alone: {response:?}");
    }
    let touched = stamped(decision, application_response());
    let cors = |headers: &HeaderMap| -> Vec<(HeaderName, HeaderValue)> {
        let is_cors = |name: &HeaderName| name.as_str().starts_with("access-control-");
        headers.iter().filter(|(name, _)| is_cors(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
    };
    assert_eq!(cors(&touched), cors(&response), "the application's fields made a difference");
    let vary = lines(&touched, &header::VARY).join(&b", "[..]);
    for name in ["accept-encoding", "origin"] {
        assert!(elements(&vary).any(|own| own.eq_ignore_ascii_case(name.as_bytes())), "{touched:?}");
    }
}

/// What an application that minds CORS itself, badly, might have set.
fn application_response() -> HeaderMap {
    let fields = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "https://evil.example"),
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "set-cookie"),
        (header::VARY, "accept-encoding"),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(name, HeaderValue::from_static(value));
    }
    headers
}

/// The end of "CORS-preflight fetch" in the Fetch Standard: the method, then the headers.
/// Whoever was told "allowed" here has to get through there.
fn check_browser_goes_on(response: &HeaderMap, request: &HeaderMap) {
    let listed = |name: &HeaderName| lines(response, name).join(&b", "[..]);
    let literal = response.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    let methods = listed(&header::ACCESS_CONTROL_ALLOW_METHODS);
    let names = listed(&header::ACCESS_CONTROL_ALLOW_HEADERS);
    let any = |list: &[u8]| !literal && elements(list).any(|own| own == b"*");
    for method in lines(request, &header::ACCESS_CONTROL_REQUEST_METHOD) {
        let safelisted = matches!(method, b"GET" | b"HEAD" | b"POST");
        let passes = safelisted || any(&methods) || elements(&methods).any(|own| own == method);
        assert!(passes, "{response:?} refuses what was allowed of {request:?}");
    }
    for name in names_asked(request) {
        let covered = any(&names) && !name.eq_ignore_ascii_case(b"authorization");
        let passes = covered || elements(&names).any(|own| own.eq_ignore_ascii_case(name));
        assert!(passes, "{response:?} refuses what was allowed of {request:?}");
    }
}
