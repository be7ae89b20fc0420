//! What gets through to the upstream, and what is refused on the way.

use std::sync::atomic::Ordering;

use crate::support::{APP, Client, EVIL, Upstream, ask, policy, request, start};

#[test]
fn ambiguous_messages_are_refused() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    for raw in [
        "POST /api/body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /api/body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "POST /api/body HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST /api/body HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
        "POST /api/body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST /api/body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /api/body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "GET /api/%25%32%65%25%32%65/x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/head HTTP/1.1\r\n\r\n",
        "GET /api/head HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /api/head HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /api/head HTTP/1.1\r\nHost: user@a\r\n\r\n",
        "GET /api/head HTTP/1.1\r\nHost: \r\n\r\n",
        "GET http://b/api/head HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/%2e%2e/closed HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/..%2fclosed HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api//head HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/%252e HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/\\head HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET  /api/head HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /api/head\r\nHost: a\r\n\r\n",
        "GET /api/head HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET /api/head HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut client = Client::connect(address);
        client.send(raw.as_bytes());
        let status = client.answer(false).map(|answer| answer.status);
        assert!(matches!(status, Some(400)), "{raw:?}: {status:?}");
    }
    assert_eq!(upstream.connections.load(Ordering::SeqCst), 0, "nothing got through");
}

#[test]
fn a_smuggled_request_never_arrives() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let mut client = Client::connect(gateway.listening().gateway);
    client.send(
        b"POST /api/body HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
          0\r\n\r\nGET /closed HTTP/1.1\r\nHost: a\r\n\r\n",
    );
    assert_eq!(client.answer(false).unwrap().status, 400);
    assert!(client.is_closed());
}

#[test]
fn an_ambiguous_request_behind_others_is_the_one_that_is_refused() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let mut client = Client::connect(gateway.listening().gateway);
    client.send(
        b"GET /api/ok HTTP/1.1\r\nHost: a\r\n\r\nGET /api/ok HTTP/1.1\r\nHost: a\r\n\r\n\
          POST /api/body HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\
          5\r\nhello\r\n0\r\n\r\n",
    );
    let statuses: Vec<_> = (0..3).map(|_| client.answer(false).unwrap().status).collect();
    assert_eq!(statuses, [200, 200, 400]);
    assert!(client.is_closed());
}

#[test]
fn a_connection_that_says_nothing_or_half_a_preface_is_closed() {
    let upstream = Upstream::start();
    let text = policy(upstream.address, "").replace("body_size = \"1KiB\"", "header_timeout = \"300ms\"");
    let gateway = start(&text);
    for beginning in ["", "P", "PRI * HT", "G", "GET / HTTP/1.1\r\nHost: a\r\n"] {
        let mut client = Client::connect(gateway.listening().gateway);
        client.send(beginning.as_bytes());
        assert!(client.is_closed(), "{beginning:?}");
    }
}

#[test]
fn chunked_bodies_stream_through_and_end_the_connection() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let head = format!("PUT /api/body HTTP/1.1\nOrigin: {APP}\nTransfer-Encoding: chunked");
    let mut client = Client::connect(address);
    client.send(&request(&head, b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
    let answer = client.answer(false).unwrap();
    assert_eq!((answer.status, answer.text().as_str()), (200, "abcde"));
    assert_eq!(answer.field("connection"), Some("close"));
    assert!(client.is_closed());

    let large = format!("{:x}\r\n{}\r\n0\r\n\r\n", 2_000, "x".repeat(2_000));
    let answer = ask(address, &head, large.as_bytes());
    assert_eq!((answer.status, answer.field("access-control-allow-origin")), (413, Some(APP)));
}

#[test]
fn the_upstream_sees_the_canonical_path_and_no_hop_by_hop_field() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let head = "GET /api/%61%c3%a9/head?q=%2F HTTP/1.1\nConnection: keep-alive, X-Nominated\nX-Nominated: 1\n\
                Keep-Alive: 5\nTE: trailers\nProxy-Connection: keep-alive\nExpect: 100-continue\nX-Kept: 1";
    let text = ask(address, head, b"").text();
    assert!(text.starts_with("GET /api/a%C3%A9/head?q=%2F HTTP/1.1\r\n"), "{text}");
    assert!(text.contains("x-kept: 1") && text.contains("host: gateway.test"), "{text}");
    for gone in ["x-nominated", "keep-alive", "te:", "proxy-connection", "expect"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
}

#[test]
fn forwarding_fields_are_believed_from_trusted_proxies_only() {
    let upstream = Upstream::start();
    let spoofed = "GET /api/head HTTP/1.1\nX-Forwarded-For: 203.0.113.9, 10.0.0.1\nForwarded: for=203.0.113.9\n\
                   X-Forwarded-Proto: https\nX-Real-IP: 203.0.113.9\nX-Request-Id: mine";
    let gateway = start(&policy(upstream.address, ""));
    let text = ask(gateway.listening().gateway, spoofed, b"").text();
    assert!(text.contains("x-forwarded-for: 127.0.0.1\r\n"), "{text}");
    assert!(text.contains("x-forwarded-proto: http\r\n"), "{text}");
    assert!(!text.contains("203.0.113.9") && !text.contains("mine"), "{text}");

    let trusting = policy(upstream.address, "")
        .replace("workers = 2", "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]");
    let (sender, clients) = std::sync::mpsc::channel();
    let observer = move |event: &corsac_gateway::RequestEvent<'_>| sender.send(event.client).unwrap();
    let gateway = crate::support::start_watched(&trusting, Some(std::sync::Arc::new(observer)));
    let text = ask(gateway.listening().gateway, spoofed, b"").text();
    assert!(text.contains("x-forwarded-for: 203.0.113.9, 10.0.0.1, 127.0.0.1\r\n"), "{text}");
    assert!(text.contains("x-forwarded-proto: https\r\n") && text.contains("x-request-id: mine"), "{text}");
    assert!(text.contains("forwarded: for=127.0.0.1;proto=http"), "{text}");
    assert_eq!(clients.recv().unwrap().to_string(), "203.0.113.9");
}

#[test]
fn a_websocket_is_opened_for_the_allowed_page_only() {
    let upstream = Upstream::start();
    let public = "[cors.public]\norigins = [\"*\"]\n[[routes]]\npath = \"/public/{x}\"\nupstream = \"api\"\ncors = \"public\"\n";
    let text = policy(upstream.address, public).replace("workers = 2", "cors = \"app\"");
    let gateway = start(&text);
    let address = gateway.listening().gateway;
    let open = |path: &str, origin: &str| {
        let mut client = Client::connect(address);
        let head = format!(
            "GET {path} HTTP/1.1\n{origin}Connection: keep-alive, Upgrade\nUpgrade: websocket\n\
             Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\nCookie: session=1"
        );
        client.send(&request(&head, b""));
        let answer = client.answer(false).unwrap();
        (client, answer)
    };
    let (mut client, answer) = open("/api/socket", &format!("Origin: {APP}\n"));
    assert_eq!((answer.status, answer.field("x-cookies")), (101, Some("1")));
    client.send(b"hello");
    assert_eq!(client.read_exact(5), b"hello");

    for (path, origin, status) in [
        ("/api/socket", format!("Origin: {EVIL}\n"), 403),
        ("/api/socket", "Origin: null\n".to_owned(), 403),
        ("/api/socket", format!("Origin: {APP}\nOrigin: {APP}\n"), 403),
        ("/closed", format!("Origin: {APP}\n"), 403),
        ("/api/unauthorized", format!("Origin: {APP}\n"), 401),
    ] {
        assert_eq!(open(path, &origin).1.status, status, "{path} {origin}");
    }
    // An upstream of HTTP/2 is spoken to in HTTP/1.1 for a socket.
    let http2 = start(&text.replace("connect_timeout", "http2 = true\nconnect_timeout"));
    let mut client = Client::connect(http2.listening().gateway);
    let head = format!(
        "GET /api/socket HTTP/1.1\nOrigin: {APP}\nConnection: Upgrade\nUpgrade: websocket\n\
         Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    );
    client.send(&request(&head, b""));
    assert_eq!(client.answer(false).unwrap().status, 101);
    // No browser sends no origin; a policy without credentials forwards none.
    assert_eq!(open("/api/socket", "").1.status, 101);
    assert_eq!(open("/public/socket", &format!("Origin: {EVIL}\n")).1.field("x-cookies"), Some("0"));
}

#[test]
fn heads_beyond_every_bound_are_refused_where_the_page_can_read_it() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let many = "X-Many: y\n".repeat(2_000);
    let large = format!("X-Large: {}", "y".repeat(2 << 20));
    let target = format!("/api/ok?q={}", "a".repeat(1 << 20));
    for (head, status) in [
        (format!("GET /api/ok HTTP/1.1\nOrigin: {APP}\n{many}"), 431),
        (format!("GET /api/ok HTTP/1.1\n{many}Origin: {APP}"), 431),
        (format!("GET /api/ok HTTP/1.1\n{large}\nOrigin: {APP}"), 431),
        (format!("POST /api/ok HTTP/1.1\nContent-Length: 5\n{large}\nOrigin: {APP}"), 431),
        (format!("GET {target} HTTP/1.1\nOrigin: {APP}"), 414),
    ] {
        let mut client = Client::connect(address);
        client.send(&request(&head, b""));
        let answer = client.answer(false).unwrap_or_default();
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.field("access-control-allow-origin"), Some(APP), "{answer:?}");
        assert_eq!(answer.field("content-type"), Some("application/problem+json"));
        assert!(client.is_closed());
        // The same for a page that may not read it.
        let foreign = ask(address, &head.replace(APP, EVIL), b"");
        assert_eq!((foreign.status, foreign.has_cors()), (status, false), "{foreign:?}");
    }
    assert_eq!(upstream.requests.load(Ordering::SeqCst), 0);
}
