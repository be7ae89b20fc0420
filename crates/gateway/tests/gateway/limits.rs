//! Rate limits, as clients of the gateway meet them.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use crate::support::{APP, EVIL, Upstream, ask, config, get, policy, start};

/// A limit of two a minute on `/limited`, and of one for preflights.
fn limited(upstream: SocketAddr) -> String {
    let route = r#"
[rate_limits.per-client]
limit = "2/1m"

[rate_limits.asking]
limit = "1/1m"

[concurrency_limits.slow]
limit = 1

[preflights]
rate_limits = ["asking"]

[[routes]]
path = "/limited"
upstream = "api"
cors = "app"
rate_limits = ["per-client"]
concurrency_limit = "slow"
"#;
    policy(upstream, route)
}

#[test]
fn the_allowed_page_reads_why_it_has_to_wait_and_a_foreign_one_does_not() {
    let upstream = Upstream::start();
    let gateway = start(&limited(upstream.address));
    let address = gateway.listening().gateway;
    let from = |origin: &str| get(address, "/limited", origin);

    let first = from(APP);
    assert_eq!(first.status, 200);
    assert_eq!(
        first.field("ratelimit-policy"),
        Some("\"per-client\";q=2;w=60, \"slow\";q=1;qu=\"concurrent-requests\"")
    );
    assert_eq!(
        first.field("access-control-expose-headers"),
        Some("ratelimit, ratelimit-policy, retry-after, x-request-id")
    );
    // Its origin does not make a client another one.
    assert_eq!(from(EVIL).status, 200);
    for (origin, reader) in [(APP, Some(APP)), (EVIL, None)] {
        let refused = from(origin);
        assert_eq!(refused.status, 429, "{refused:?}");
        assert_eq!(refused.field("access-control-allow-origin"), reader);
        assert_eq!(refused.field("vary"), Some("Origin"));
        assert!(refused.field("retry-after").is_some_and(|after| (1..=30).contains(&after.parse().unwrap())));
        assert_eq!(refused.field("content-type"), Some("application/problem+json"));
        let body: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
        assert_eq!(
            (&body["code"], &body["violated-policies"][0]),
            (&"quota-exceeded".into(), &"per-client".into())
        );
    }
    // Other routes have their own.
    assert_eq!(ask(address, "GET /api/ok HTTP/1.1", b"").status, 200);
}

#[test]
fn preflights_have_a_budget_of_their_own() {
    let upstream = Upstream::start();
    let gateway = start(&limited(upstream.address));
    let address = gateway.listening().gateway;
    let preflight = format!("OPTIONS /limited HTTP/1.1\nOrigin: {APP}\nAccess-Control-Request-Method: PUT");
    assert_eq!(ask(address, &preflight, b"").status, 204);
    let refused = ask(address, &preflight, b"");
    assert_eq!((refused.status, refused.field("access-control-allow-origin")), (429, Some(APP)));
    // Requests are not counted with them, nor they with requests.
    for status in [200, 200, 429] {
        assert_eq!(ask(address, "GET /limited HTTP/1.1", b"").status, status);
    }
    assert_eq!(upstream.requests.load(Ordering::SeqCst), 2);
}

#[test]
fn a_reload_forgives_no_debt() {
    let upstream = Upstream::start();
    let text = limited(upstream.address);
    let gateway = start(&text);
    let address = gateway.listening().gateway;
    for status in [200, 200, 429] {
        assert_eq!(ask(address, "GET /limited HTTP/1.1", b"").status, status);
    }
    gateway.reload(config(&text.replace("1/1m", "2/1m"))).unwrap();
    assert_eq!(ask(address, "GET /limited HTTP/1.1", b"").status, 429);
    gateway.reload(config(&text.replace("2/1m", "3/1m"))).unwrap();
    assert_eq!(ask(address, "GET /limited HTTP/1.1", b"").status, 200);
}
