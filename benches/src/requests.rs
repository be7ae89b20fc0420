//! Policies and requests of the measurements.

use corsac_cors::{Policy, PolicyConfig};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

/// Sizes of the allow list.
pub(crate) const SIZES: [usize; 5] = [1, 10, 1_000, 100_000, 1_000_000];

pub(crate) fn origin(number: usize) -> String {
    format!("https://app-{number}.example.com")
}

pub(crate) fn origins(count: usize) -> Vec<String> {
    (0..count).map(origin).collect()
}

pub(crate) fn config(count: usize) -> PolicyConfig {
    PolicyConfig {
        origins: origins(count),
        methods: vec!["PUT".into()],
        request_headers: vec!["authorization".into(), "content-type".into()],
        exposed_headers: vec!["x-request-id".into()],
        credentials: true,
        ..PolicyConfig::default()
    }
}

pub(crate) fn policy(count: usize) -> Option<Policy> {
    Policy::compile(&config(count)).ok()
}

/// A request's method and fields.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
}

fn head(method: Method, fields: &[(&'static str, &str)]) -> Head {
    let mut headers = HeaderMap::new();
    for (name, text) in fields {
        if let Ok(value) = HeaderValue::from_str(text) {
            // As hyper gives them: values whose clones are reference counts already.
            drop(value.clone());
            headers.append(HeaderName::from_static(name), value);
        }
    }
    Head { method, headers }
}

pub(crate) fn actual(origin: &str) -> Head {
    head(Method::GET, &[("origin", origin)])
}

pub(crate) fn preflight(origin: &str, method: &str, names: &str) -> Head {
    let fields = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", names),
    ];
    head(Method::OPTIONS, &fields)
}

/// What is asked of a list of `count` origins: name and request. The last of the list is
/// asked for, which a scan finds last.
pub(crate) fn ordinary(count: usize) -> [(&'static str, Head); 4] {
    let last = origin(count - 1);
    [
        ("actual, allowed", actual(&last)),
        ("actual, disallowed", actual("https://evil.example")),
        ("preflight, allowed", preflight(&last, "PUT", "authorization,content-type")),
        ("preflight, rejected", preflight("https://evil.example", "PUT", "authorization,content-type")),
    ]
}

/// `Access-Control-Request-Headers` of 8 and 64 KB.
pub(crate) fn hostile() -> Vec<(String, Head)> {
    let asked = origin(0);
    let mut requests = Vec::new();
    for size in [8 << 10, 64 << 10] {
        let names =
            (0..size).map(|number| format!("x-{number:05}")).take(size / 8).collect::<Vec<_>>().join(",");
        let repeated = "content-type,".repeat(size / 13);
        for (kind, text) in [("commas", ",".repeat(size)), ("names", names), ("repeats", repeated)] {
            requests.push((format!("{} KB of {kind}", size >> 10), preflight(&asked, "PUT", &text)));
        }
    }
    requests
}
