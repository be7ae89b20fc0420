//! Deciding allocates nothing, whatever is asked; applying grows the header map only.

#![cfg(test)]

use allocation_counter::measure;
use corsac_cors::{Policy, PolicyConfig, RequestHead};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

fn policy(origins: usize) -> Policy {
    let listed = (0..origins).map(|number| format!("https://app{number}.example.com"));
    let config = PolicyConfig {
        origins: listed.chain(["https://*.tenants.example.com".to_owned()]).collect(),
        methods: vec!["PUT".to_owned()],
        request_headers: vec!["authorization".to_owned(), "content-type".to_owned()],
        exposed_headers: vec!["x-request-id".to_owned()],
        credentials: true,
        ..PolicyConfig::default()
    };
    Policy::compile(&config).unwrap()
}

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs =
        fields.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    pairs.collect()
}

fn allocations(policy: &Policy, method: &Method, headers: &HeaderMap) -> u64 {
    let head = RequestHead { method, headers };
    measure(|| drop(std::hint::black_box(policy.decide(&head)))).count_total
}

#[test]
fn deciding_allocates_nothing() {
    let preflight = |names| {
        [
            ("origin", "https://app0.example.com"),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", names),
        ]
    };
    let commas: &'static str = Box::leak(",".repeat(8 << 10).into_boxed_str());
    let names: &'static str = Box::leak("content-type,".repeat(5_000).into_boxed_str());
    for origins in [1, 1_000] {
        let policy = policy(origins);
        for origin in [
            "https://app0.example.com",
            "https://a.tenants.example.com",
            "https://evil.example",
            "https://evil.example/x",
            "null",
        ] {
            assert_eq!(allocations(&policy, &Method::GET, &headers(&[("origin", origin)])), 0, "{origin}");
        }
        assert_eq!(allocations(&policy, &Method::GET, &headers(&[])), 0);
        for asked in ["authorization,content-type", "x-other", "", commas, names] {
            assert_eq!(allocations(&policy, &Method::OPTIONS, &headers(&preflight(asked))), 0);
        }
    }
}

#[test]
fn stamping_an_allowed_response_only_grows_the_map() {
    let policy = policy(10);
    let request = headers(&[("origin", "https://app0.example.com")]);
    let decision = policy.decide(&RequestHead { method: &Method::GET, headers: &request });
    let stamped = measure(|| {
        let mut response = HeaderMap::new();
        decision.apply(&mut response);
        std::hint::black_box(&response);
    });
    assert!(stamped.count_total <= 2, "{stamped:?}");
}

#[test]
fn cloning_a_policy_allocates_nothing() {
    let policy = policy(1_000);
    assert_eq!(measure(|| drop(std::hint::black_box(policy.clone()))).count_total, 0);
}
