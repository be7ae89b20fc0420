//! Guards' decisions as events: each one, and nothing secret in any.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{APP, EVIL, Upstream, ask, get, policy, start};

/// What no log may have.
const SECRET: &str = "hunter2hunter2";

fn events_to(path: &Path, more: &str) -> String {
    format!(
        r#"
[events]
log = "{}"
client_addresses = "network"
{more}
[rate_limits.once]
limit = "1/1m"

[[routes]]
path = "/limited"
upstream = "api"
cors = "app"
csrf = "enforce"
rate_limits = ["once"]
"#,
        path.display()
    )
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(!text.contains(SECRET), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn decisions(events: &[Value]) -> Vec<(&str, &str, &str, u64)> {
    let text = |event: &'_ Value, name: &str| event[name].as_str().unwrap().to_owned();
    let leak = |text: String| -> &'static str { Box::leak(text.into()) };
    let decision = |event: &Value| {
        let [guard, verdict, reason] = ["guard", "verdict", "reason"].map(|name| leak(text(event, name)));
        (guard, verdict, reason, event["status"].as_u64().unwrap())
    };
    events.iter().map(decision).collect()
}

#[test]
fn every_decision_is_one_event_in_the_order_of_the_guards() {
    let (upstream, folder) = (Upstream::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("events.jsonl");
    // One worker: lines of several are in no order.
    let text = policy(upstream.address, &events_to(&file, "")).replace("workers = 2", "workers = 1");
    let gateway = start(&text);
    let address = gateway.listening().gateway;
    let path = format!("/limited?token={SECRET}");
    assert_eq!(get(address, &path, APP).status, 200);
    let cookie = format!("POST {path} HTTP/1.1\nOrigin: {EVIL}\nCookie: sid={SECRET}\nContent-Length: 0");
    assert_eq!(ask(address, &cookie, b"").status, 429);
    assert_eq!(get(address, "/nowhere", EVIL).status, 404);
    assert_eq!(get(address, "/api/../x", APP).status, 400);
    let preflight =
        |origin| format!("OPTIONS /limited HTTP/1.1\nOrigin: {origin}\nAccess-Control-Request-Method: PUT");
    assert_eq!(ask(address, &preflight(APP), b"").status, 204);
    assert_eq!(ask(address, &preflight(EVIL), b"").status, 403);
    gateway.stop();

    let events = lines(&file);
    assert_eq!(
        decisions(&events),
        [
            ("cors", "allowed", "allowed", 200),
            ("rate-limit", "allowed", "within-limits", 200),
            ("csrf", "allowed", "not-needed-safe-method", 200),
            ("cors", "denied", "origin-not-listed", 429),
            ("rate-limit", "denied", "quota-exceeded", 429),
            ("cors", "denied", "origin-not-listed", 404),
            ("routing", "denied", "no-route", 404),
            ("request", "denied", "bad-request", 400),
            ("cors", "allowed", "allowed", 400),
            ("preflight", "allowed", "allowed", 204),
            ("preflight", "denied", "origin-not-listed", 403),
        ]
    );
    assert!(events.iter().all(|event| event["client"] == "127.0.0.0/24"));
    assert_eq!(events[0]["path"], "/limited");
    assert_eq!(events[0]["request_id"], events[1]["request_id"]);
    assert_ne!(events[0]["request_id"], events[3]["request_id"]);
}

#[test]
fn refusals_alone_are_recorded_where_that_is_asked() {
    let (upstream, folder) = (Upstream::start(), tempfile::tempdir().unwrap());
    let file = folder.path().join("events.jsonl");
    let text = policy(upstream.address, &events_to(&file, "decisions = \"refused\"\n"));
    let gateway = start(&text.replace("workers = 2", "workers = 1"));
    let address = gateway.listening().gateway;
    assert_eq!(get(address, "/api/ok", APP).status, 200);
    let forged = format!("POST /limited HTTP/1.1\nOrigin: {EVIL}\nCookie: sid={SECRET}\nContent-Length: 0");
    assert_eq!(ask(address, &forged, b"").status, 403);
    gateway.stop();
    let denied = [("cors", "denied", "origin-not-listed", 403), ("csrf", "denied", "foreign-origin", 403)];
    assert_eq!(decisions(&lines(&file)), denied);
}
