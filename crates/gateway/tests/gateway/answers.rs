//! Every answer is stamped for the allowed page and for nobody else, whoever made it.

use crate::support::{APP, Answer, Client, EVIL, Upstream, ask, get, policy, request, start};

/// What every answer to the allowed page has, and the nearest thing refused.
fn assert_stamped(allowed: &Answer, foreign: &Answer, what: &str) {
    assert_eq!(allowed.all("access-control-allow-origin"), [APP], "{what}: {allowed:?}");
    assert_eq!(allowed.all("access-control-allow-credentials"), ["true"], "{what}");
    assert!(!foreign.has_cors(), "{what}: {foreign:?}");
    assert_eq!(allowed.status, foreign.status, "{what}");
    for answer in [allowed, foreign] {
        assert!(answer.all("vary").join(",").to_ascii_lowercase().contains("origin"), "{what}: {answer:?}");
    }
}

#[test]
fn whoever_answers_the_allowed_page_can_read_it() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let long = format!("GET /api/{} HTTP/1.1", "x".repeat(2_000));
    let large_field = format!("GET /api/ok HTTP/1.1\nX-Large: {}", "x".repeat(9_000));
    let fields = (0..60).map(|number| format!("\nX-{number}: 1")).collect::<Vec<_>>().concat();
    let many_fields = format!("GET /api/ok HTTP/1.1{fields}");
    for (head, body, status, code) in [
        ("GET /api/ok HTTP/1.1", "", 200, ""),
        ("HEAD /api/ok HTTP/1.1", "", 200, ""),
        ("GET /api/unauthorized HTTP/1.1", "", 401, ""),
        ("GET /api/moved HTTP/1.1", "", 302, ""),
        ("GET /nowhere HTTP/1.1", "", 404, "no-route"),
        ("POST /api/body HTTP/1.1\nContent-Length: 2000", &"x".repeat(2_000), 413, "body-too-large"),
        ("GET /api/slow HTTP/1.1", "", 504, "upstream-timeout"),
        ("GET /api/break HTTP/1.1", "", 502, "upstream-failed"),
        ("GET /api/garbage HTTP/1.1", "", 502, "upstream-failed"),
        (&long, "", 414, "target-too-long"),
        (&large_field, "", 431, "head-too-large"),
        (&many_fields, "", 431, "head-too-large"),
        ("GET /api/../x HTTP/1.1", "", 400, "bad-request"),
        ("TRACE /api/ok HTTP/1.1", "", 405, "method-not-proxied"),
    ] {
        let by = |origin| ask(address, &format!("{head}\nOrigin: {origin}"), body.as_bytes());
        let (allowed, foreign) = (by(APP), by(EVIL));
        assert_eq!(allowed.status, status, "{head}: {allowed:?}");
        assert_stamped(&allowed, &foreign, head);
        if !code.is_empty() {
            assert_eq!(allowed.field("content-type"), Some("application/problem+json"), "{head}");
            let problem: serde_json::Value = serde_json::from_slice(&allowed.body).unwrap();
            assert_eq!((&problem["code"], &problem["status"]), (&code.into(), &status.into()), "{head}");
        }
        assert_eq!(allowed.all("x-request-id").len(), 1, "{head}");
    }
}

#[test]
fn an_upstream_that_is_down_is_a_readable_502() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = start(&policy(closed, ""));
    let address = gateway.listening().gateway;
    let (allowed, foreign) = (get(address, "/api/ok", APP), get(address, "/api/ok", EVIL));
    assert_eq!(allowed.status, 502);
    assert_stamped(&allowed, &foreign, "down");
}

#[test]
fn preflights_are_answered_and_never_forwarded() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let preflight = |path: &str, origin: &str, method: &str| {
        let head =
            format!("OPTIONS {path} HTTP/1.1\nOrigin: {origin}\nAccess-Control-Request-Method: {method}");
        ask(address, &head, b"")
    };
    let allowed = preflight("/api/break", APP, "PUT");
    assert_eq!((allowed.status, allowed.field("access-control-allow-methods")), (204, Some("GET, PUT")));
    assert_eq!(upstream.connections.load(std::sync::atomic::Ordering::SeqCst), 0);
    for (path, origin, method) in
        [("/api/x", APP, "DELETE"), ("/api/x", EVIL, "PUT"), ("/api/x", "null", "PUT")]
    {
        let denied = preflight(path, origin, method);
        assert_eq!((denied.status, denied.has_cors()), (403, false), "{path} {origin} {method}");
    }
    // The policy for what no route matches answers too, so that the 404 can be read.
    assert_eq!(preflight("/nowhere", APP, "PUT").status, 204);
    // No preflight, so the application's own.
    let ordinary = ask(address, &format!("OPTIONS /api/head HTTP/1.1\nOrigin: {APP}"), b"");
    assert!(ordinary.text().starts_with("OPTIONS /api/head"), "{ordinary:?}");
    assert_eq!(ordinary.field("access-control-allow-origin"), Some(APP));
}

#[test]
fn a_route_without_a_policy_lets_nobody_read() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let answer = get(address, "/closed", APP);
    assert_eq!((answer.status, answer.has_cors()), (200, false));
    let preflight = format!("OPTIONS /closed HTTP/1.1\nOrigin: {APP}\nAccess-Control-Request-Method: PUT");
    let denied = ask(address, &preflight, b"");
    assert_eq!((denied.status, denied.has_cors()), (403, false), "it is not forwarded either");
}

#[test]
fn everything_below_a_path_includes_the_path_itself_unless_a_route_names_it() {
    let upstream = Upstream::start();
    let named = "[[routes]]\npath = \"/named/{*rest}\"\nupstream = \"api\"\ncors = \"app\"\n\
                 [[routes]]\npath = \"/named\"\nupstream = \"api\"\n";
    let gateway = start(&policy(upstream.address, named));
    let address = gateway.listening().gateway;
    for (path, status, cors) in [
        ("/api", 200, true),
        ("/api/", 200, true),
        ("/api/ok", 200, true),
        ("/apix", 404, true),
        ("/named", 200, false),
        ("/named/", 200, true),
    ] {
        let answer = get(address, path, APP);
        assert_eq!((answer.status, answer.has_cors()), (status, cors), "{path}");
    }
}

#[test]
fn cors_has_one_owner_by_the_mode_of_the_route() {
    let upstream = Upstream::start();
    let modes = ["own", "report", "passthrough"].map(|mode| {
        format!("[[routes]]\npath = \"/{mode}/{{x}}\"\nupstream = \"api\"\ncors = \"app\"\ncors_mode = \"{mode}\"\n")
    });
    let (sender, events) = std::sync::mpsc::channel();
    let observer = move |event: &corsac_gateway::RequestEvent<'_>| {
        sender.send((event.target.path().to_owned(), event.upstream_cors_removed)).unwrap();
    };
    let text = policy(upstream.address, &modes.concat());
    let gateway = crate::support::start_watched(&text, Some(std::sync::Arc::new(observer)));
    let address = gateway.listening().gateway;
    for mode in ["own", "report"] {
        let allowed = get(address, &format!("/{mode}/owner"), APP);
        assert_stamped(&allowed, &get(address, &format!("/{mode}/owner"), EVIL), mode);
        assert_eq!(allowed.all("vary"), ["Accept, Cookie, Origin"], "{mode}");
        assert_eq!(allowed.field("x-hop"), None, "a field that `Connection` nominates stays on its hop");
        for _ in 0..2 {
            assert_eq!(events.recv().unwrap().1, mode == "report", "{mode}");
        }
    }
    let passed = get(address, "/passthrough/owner", EVIL);
    assert_eq!(passed.all("access-control-allow-origin"), ["*"]);
    assert_eq!(passed.all("vary"), ["Accept", "Cookie"]);
    let preflight =
        format!("OPTIONS /passthrough/head HTTP/1.1\nOrigin: {EVIL}\nAccess-Control-Request-Method: PUT");
    assert!(ask(address, &preflight, b"").text().starts_with("OPTIONS"), "the upstream owns preflights too");
}

#[test]
fn a_connection_serves_many_requests_and_the_upstream_sees_few_connections() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let mut client = Client::connect(gateway.listening().gateway);
    for number in 0..50 {
        let body = format!("number {number}");
        let head = format!("PUT /api/body HTTP/1.1\nOrigin: {APP}\nContent-Length: {}", body.len());
        client.send(&request(&head, body.as_bytes()));
        assert_eq!(client.answer(false).unwrap().text(), body);
    }
    assert_eq!(upstream.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn an_upstream_connection_that_was_closed_meanwhile_is_replaced() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let mut client = Client::connect(gateway.listening().gateway);
    for _ in 0..20 {
        client.send(&request("GET /api/once HTTP/1.1", b""));
        assert_eq!(client.answer(false).unwrap().status, 200);
    }
}
