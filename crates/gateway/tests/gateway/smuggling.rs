//! What would reach the upstream past the guards, if it were forwarded as it comes.

use crate::support::{Upstream, ask, policy, start};

const KEY: &str =
    "Connection: upgrade\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nSec-WebSocket-Version: 13";

#[test]
fn no_other_protocol_than_websocket_is_switched_to() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    for upgrade in ["Upgrade: h2c\nUpgrade: websocket", "Upgrade: h2c, websocket", "Upgrade: websocket, h2c"]
    {
        let head = format!("GET /api/head HTTP/1.1\n{upgrade}\nHTTP2-Settings: AAMAAABk\n{KEY}");
        let answer = ask(address, &head, b"");
        assert_eq!(answer.status, 200, "{answer:?}");
        let seen = answer.text().to_ascii_lowercase();
        assert!(!seen.contains("\nupgrade:") && !seen.contains("http2-settings"), "{seen}");
    }
    // A handshake for a WebSocket alone is one.
    let answer = ask(address, &format!("GET /api/socket HTTP/1.1\nUpgrade: WebSocket\n{KEY}"), b"");
    assert_eq!(answer.status, 101, "{answer:?}");
}

#[test]
fn fields_of_the_gateways_own_in_another_spelling_do_not_pass() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let forged =
        "X_Forwarded_For: 9.9.9.9\nClient_Cert: forged\nX.Corsac.Subject: root\nX_Request_Id: forged";
    let answer = ask(address, &format!("GET /api/head HTTP/1.1\n{forged}\nX_Custom: kept"), b"");
    let seen = answer.text().to_ascii_lowercase();
    assert!(!seen.contains("forged") && !seen.contains("9.9.9.9") && !seen.contains("root"), "{seen}");
    assert!(seen.contains("x_custom: kept"), "{seen}");
}

#[test]
fn rules_hold_for_the_method_that_a_request_asks_to_be_taken_for() {
    let upstream = Upstream::start();
    let route = r#"
[[routes]]
path = "/ruled"
upstream = "api"
rules = [{ methods = ["GET", "PUT"], anyone = true }]
"#;
    let gateway = start(&policy(upstream.address, route));
    let address = gateway.listening().gateway;
    for (target, field, status) in [
        ("/ruled", "Accept: */*", 200),
        ("/ruled", "X-HTTP-Method-Override: PUT", 200),
        ("/ruled", "X-HTTP-Method-Override: DELETE", 403),
        ("/ruled", "X-Method-Override: delete", 403),
        ("/ruled?_method=DELETE", "Accept: */*", 403),
        ("/ruled?_method=put", "Accept: */*", 200),
    ] {
        let answer = ask(address, &format!("GET {target} HTTP/1.1\n{field}"), b"");
        assert_eq!(answer.status, status, "{target} {field}: {answer:?}");
    }
    assert_eq!(ask(address, "DELETE /ruled HTTP/1.1", b"").status, 403);
}
