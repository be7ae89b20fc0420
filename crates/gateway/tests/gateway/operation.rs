//! Reloading, stopping, logging, and the other version of HTTP.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};

use corsac_gateway::{Gateway, ReloadError, StartError};

use crate::support::{APP, Client, EVIL, Upstream, ask, config, get, policy, request, start};

/// Reloads in the normal run; more with `CORSAC_RELOADS`.
const RELOADS: usize = 10_000;

#[test]
fn reloads_under_load_fail_no_request_and_mix_no_generations() {
    let upstream = Upstream::start();
    // In the first policy the page has credentials and reads `x-first`; in the second
    // neither. A response that mixes them agrees with no generation.
    let first = policy(upstream.address, "").replace("x-request-id", "x-first");
    let second = first.replace("x-first", "x-second").replace("credentials = true", "credentials = false");
    let gateway = start(&first);
    let address = gateway.listening().gateway;
    let (stop, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut client = Client::connect(address);
                let bytes = request(&format!("GET /api/ok HTTP/1.1\nOrigin: {APP}"), b"");
                while !stop.load(Ordering::Relaxed) {
                    client.send(&bytes);
                    let answer = client.answer(false).expect("no request fails");
                    let exposed = answer.field("access-control-expose-headers").unwrap();
                    let credentials = answer.field("access-control-allow-credentials");
                    let agreed = [("x-first, x-request-id", Some("true")), ("x-request-id, x-second", None)]
                        .contains(&(exposed, credentials));
                    assert!(answer.status == 200 && agreed, "{answer:?}");
                    served.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let (first, second) = (config(&first), config(&second));
        for number in 0..RELOADS {
            let next = if number % 2 == 0 { &second } else { &first };
            assert_eq!(gateway.reload(next.clone()).unwrap(), number as u64 + 2);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(served.load(Ordering::Relaxed) > 100, "{served:?}");
    assert_eq!(gateway.generation(), RELOADS as u64 + 1);
}

#[test]
fn what_needs_a_restart_is_refused_and_the_old_configuration_serves() {
    let upstream = Upstream::start();
    let text = policy(upstream.address, "");
    let gateway = start(&text);
    let other = config(&text.replace("workers = 2", "workers = 1"));
    assert_eq!(gateway.reload(other), Err(ReloadError::NeedsRestart("workers")));
    assert_eq!(gateway.generation(), 1);
    assert_eq!(get(gateway.listening().gateway, "/api/ok", APP).status, 200);
}

#[test]
fn stopping_finishes_what_is_in_flight_and_closes_what_is_idle() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let mut idle = Client::connect(address);
    idle.send(&request("GET /api/ok HTTP/1.1", b""));
    assert_eq!(idle.answer(false).unwrap().status, 200);
    let mut busy = Client::connect(address);
    busy.send(&request("GET /api/soon HTTP/1.1", b""));
    while upstream.requests.load(Ordering::SeqCst) < 2 {
        std::thread::yield_now();
    }
    let started = Instant::now();
    let stopping = std::thread::spawn(move || gateway.stop());
    assert!(idle.is_closed());
    assert_eq!(busy.answer(false).unwrap().text(), "soon");
    stopping.join().unwrap();
    assert!(started.elapsed() < Duration::from_secs(4), "nobody waited for the grace period");
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn every_request_has_one_line_in_the_access_log() {
    let upstream = Upstream::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let quoted = format!("access_log = \"{}\"", path.display());
    let gateway = start(&policy(upstream.address, "").replace("access_log = \"off\"", &quoted));
    let address = gateway.listening().gateway;
    for number in 0..100 {
        let origin = if number % 2 == 0 { APP } else { EVIL };
        get(address, &format!("/api/ok?secret={number}"), origin);
    }
    get(address, "/api/x", "https://\"\\evil\u{e9}");
    let mut gone = Client::connect(address);
    let before = upstream.requests.load(Ordering::SeqCst);
    gone.send(&request("GET /api/slow HTTP/1.1", b""));
    while upstream.requests.load(Ordering::SeqCst) == before {
        std::thread::yield_now();
    }
    drop(gone);
    gateway.stop();

    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 102);
    assert!(!text.contains("secret"));
    let of = |reason: &str| lines.iter().filter(|line| line["cors"]["reason"] == reason).count();
    assert_eq!((of("allowed"), of("origin-not-listed"), of("origin-unparsable")), (50, 50, 1));
    assert_eq!(lines.iter().filter(|line| line["status"] == 499).count(), 1, "the client that went away");
    assert!(lines.iter().all(|line| line["generation"] == 1 && line["duration_ms"].is_number()));
}

#[test]
fn a_request_that_the_grace_period_cuts_off_has_its_line() {
    let upstream = Upstream::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("access.log");
    let quoted = format!("access_log = \"{}\"", path.display());
    let text = policy(upstream.address, "").replace("access_log = \"off\"", &quoted);
    let text = text.replace("shutdown_grace = \"5s\"", "shutdown_grace = \"100ms\"").replace("300ms", "9s");
    let gateway = start(&text);
    let mut client = Client::connect(gateway.listening().gateway);
    client.send(&request("GET /api/slow HTTP/1.1", b""));
    while upstream.requests.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    gateway.stop();
    let log = std::fs::read_to_string(&path).unwrap();
    assert!(log.lines().count() == 1 && log.contains("\"status\":499"), "{log}");
}

#[test]
fn requests_that_had_arrived_are_served_before_it_stops() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    let mut clients: Vec<_> = (0..20).map(|_| Client::connect(address)).collect();
    for client in &mut clients {
        client.send(&request("GET /api/ok HTTP/1.1", b""));
    }
    gateway.stop();
    for (number, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.answer(false).map(|answer| answer.status), Some(200), "client {number}");
    }
}

#[test]
fn a_rotated_access_log_is_opened_again_at_a_reload() {
    let upstream = Upstream::start();
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
    let quoted = format!("access_log = \"{}\"", path.display());
    let text = policy(upstream.address, "").replace("access_log = \"off\"", &quoted);
    let gateway = start(&text);
    let address = gateway.listening().gateway;
    let lines = |path| std::fs::read_to_string(path).map_or(0, |text| text.lines().count());
    let wait_for = |path: &std::path::Path, expected| {
        let started = Instant::now();
        while lines(path.to_owned()) != expected && started.elapsed() < Duration::from_secs(5) {
            std::thread::yield_now();
        }
        assert_eq!(lines(path.to_owned()), expected, "{}", path.display());
    };
    get(address, "/api/ok", APP);
    wait_for(&path, 1);
    std::fs::rename(&path, &old).unwrap();
    // Until it is told, the log goes on where it was.
    get(address, "/api/ok", APP);
    wait_for(&old, 2);
    gateway.reload(config(&text)).unwrap();
    get(address, "/api/ok", APP);
    wait_for(&path, 1);
    assert_eq!(lines(old), 2);
}

#[test]
fn metrics_count_by_route_and_reason_and_answer_to_this_machine_only() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let (address, admin) = (gateway.listening().gateway, gateway.listening().admin);
    get(address, "/api/ok", APP);
    get(address, "/api/ok", EVIL);
    get(address, "/nowhere", EVIL);
    let read = |host: &str| {
        let mut client = Client::connect(admin);
        client.send(format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        client.answer(false).unwrap()
    };
    let text = read("127.0.0.1").text();
    for line in [
        "corsac_requests_total{route=\"/api/{*rest}\",status=\"2xx\"} 2",
        "corsac_requests_total{route=\"(none)\",status=\"4xx\"} 1",
        "corsac_cors_decisions_total{kind=\"actual\",reason=\"origin-not-listed\"} 2",
        "corsac_generation 1",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(read("rebound.attacker.example").status, 421);
    let health = ask(admin, "GET /healthz HTTP/1.1", b"");
    assert_eq!(health.status, 421, "the test's host is no address");
}

#[test]
fn an_address_in_use_is_reported_and_nothing_is_shared() {
    let upstream = Upstream::start();
    let text = policy(upstream.address, "");
    let gateway = start(&text);
    let taken = format!("listen = \"{}\"", gateway.listening().gateway);
    let second = Gateway::start(config(&text.replace("listen = \"127.0.0.1:0\"", &taken)), None);
    assert!(matches!(second, Err(StartError::Bind(address, _)) if address == gateway.listening().gateway));
    let log = text.replace("access_log = \"off\"", "access_log = \"/nowhere/at/all.log\"");
    assert!(matches!(Gateway::start(config(&log), None), Err(StartError::AccessLog(_))));
}

/// An upstream that speaks HTTP/2 only, and answers with what it saw.
async fn http2_upstream(listener: tokio::net::TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = hyper::service::service_fn(|request: Request<hyper::body::Incoming>| async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let seen = format!("{:?} {} {:?} {body:?}", parts.version, parts.uri, parts.headers);
            Ok::<_, hyper::Error>(Response::new(Full::<Bytes>::from(seen)))
        });
        let built = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        tokio::spawn(built.serve_connection(TokioIo::new(stream), service));
    }
}

#[tokio::test]
async fn http2_works_on_both_sides() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = listener.local_addr().unwrap();
    tokio::spawn(http2_upstream(listener));
    let text = policy(upstream, "").replace("connect_timeout", "http2 = true\nconnect_timeout");
    let gateway = start(&text);

    let stream = tokio::net::TcpStream::connect(gateway.listening().gateway).await.unwrap();
    let builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let (mut sender, connection) = builder.handshake::<_, Empty<Bytes>>(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    for (origin, allowed) in [(APP, true), (EVIL, false)] {
        let request = Request::builder()
            .uri("http://gateway.test/api/x?y=1")
            .header("origin", origin)
            .header("cookie", "a=1")
            .header("cookie", "b=2")
            .body(Empty::new())
            .unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.headers().contains_key("access-control-allow-origin"), allowed);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let seen = String::from_utf8_lossy(&body);
        assert!(seen.contains("HTTP/2.0 http://gateway.test/api/x?y=1"), "{seen}");
        assert!(seen.contains("a=1; b=2") && seen.contains("x-forwarded-host"), "{seen}");
    }
    // And from HTTP/1.1 to HTTP/2.
    let address = gateway.listening().gateway;
    let seen = tokio::task::spawn_blocking(move || get(address, "/api/x", APP).text()).await.unwrap();
    assert!(seen.contains("HTTP/2.0 http://gateway.test/api/x"), "{seen}");
}
