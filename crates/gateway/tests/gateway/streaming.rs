//! Bodies that do not fit into one read, and connections to upstreams that end at every
//! awkward moment.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::support::{APP, Client, Upstream, ask, get, policy, request, start};

/// Larger than every buffer on the way.
const LARGE: usize = 8 << 20;

/// Byte number `at` of a body that no shift or repetition leaves the same.
fn pattern(at: usize) -> u8 {
    u8::try_from((at ^ (at >> 7) ^ (at >> 13)) & 0xff).unwrap()
}

fn large_body() -> &'static [u8] {
    static BODY: LazyLock<Vec<u8>> = LazyLock::new(|| (0..LARGE).map(pattern).collect());
    &BODY
}

/// An upstream that answers each request with `serve`, its head read.
fn upstream(serve: fn(&mut BufReader<TcpStream>, &str)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                while let Some(head) = read_head(&mut reader) {
                    serve(&mut reader, &head);
                }
            });
        }
    });
    address
}

fn read_head(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line.trim().is_empty() {
            return Some(head);
        }
        head.push_str(&line);
    }
}

fn large_policy(upstream: SocketAddr) -> String {
    policy(upstream, "").replace("body_size = \"1KiB\"", "body_size = \"16MiB\"").replace("300ms", "20s")
}

#[test]
fn large_responses_arrive_whole_also_at_slow_readers() {
    let address = upstream(|reader, head| {
        let body = large_body();
        let stream = reader.get_mut();
        if head.contains("/chunked") {
            stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
            for chunk in body.chunks(70_001) {
                stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).unwrap();
                stream.write_all(chunk).unwrap();
                stream.write_all(b"\r\n").unwrap();
            }
            stream.write_all(b"0\r\n\r\n").unwrap();
        } else {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body).unwrap();
        }
    });
    let gateway = start(&large_policy(address));
    for path in ["/api/length", "/api/chunked", "/api/length"] {
        let mut client = Client::connect(gateway.listening().gateway);
        client.send(&request(&format!("GET {path} HTTP/1.1\nOrigin: {APP}"), b""));
        // Every buffer on the way fills before the first byte is read.
        std::thread::sleep(Duration::from_millis(100));
        let answer = client.answer(false).unwrap();
        assert!(answer.body == large_body(), "{path}: {} bytes", answer.body.len());
    }
}

#[test]
fn large_requests_arrive_whole_also_after_the_answer() {
    let address = upstream(|reader, head| {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        if head.contains("/early") {
            reader.get_mut().write_all(answer).unwrap();
        }
        let mut body = vec![0; LARGE];
        reader.read_exact(&mut body).unwrap();
        assert!(body == large_body());
        if !head.contains("/early") {
            reader.get_mut().write_all(answer).unwrap();
        }
    });
    let gateway = start(&large_policy(address));
    for path in ["/api/late", "/api/early", "/api/late"] {
        let head = format!("PUT {path} HTTP/1.1\nContent-Length: {LARGE}");
        let mut client = Client::connect(gateway.listening().gateway);
        client.send(&request(&head, large_body()));
        assert_eq!(client.answer(false).map(|answer| answer.text()), Some("ok".into()), "{path}");
    }
}

#[test]
fn both_bodies_flow_at_the_same_time() {
    const ROUNDS: usize = 50;
    let address = upstream(|reader, _| {
        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
        for _ in 0..ROUNDS {
            let mut chunk = [0; 10];
            reader.read_exact(&mut chunk).unwrap();
            assert_eq!(&chunk, b"5\r\nhello\r\n");
            reader.get_mut().write_all(&chunk).unwrap();
        }
        reader.get_mut().write_all(b"0\r\n\r\n").unwrap();
    });
    let gateway = start(&large_policy(address));
    let mut client = Client::connect(gateway.listening().gateway);
    client.send(&request("POST /api/echo HTTP/1.1\nTransfer-Encoding: chunked", b""));
    // Each side waits for the other: nothing may be kept back until a body ends.
    let mut echoed = String::new();
    for round in 0..ROUNDS {
        client.send(b"5\r\nhello\r\n");
        if round == 0 {
            while !echoed.ends_with("\r\n\r\n") {
                echoed.push_str(&String::from_utf8(client.read_exact(1)).unwrap());
            }
        }
        assert_eq!(client.read_exact(10), b"5\r\nhello\r\n", "round {round}");
    }
}

#[test]
fn a_request_that_may_not_be_repeated_meets_no_closed_connection() {
    let upstream = Upstream::start();
    let gateway = start(&policy(upstream.address, ""));
    let address = gateway.listening().gateway;
    for round in 1..=5 {
        assert_eq!(get(address, "/api/once", APP).status, 200);
        // The upstream has closed the connection, which was kept for the next request.
        std::thread::sleep(Duration::from_millis(30));
        let answer = ask(address, "POST /api/body HTTP/1.1\nContent-Length: 5", b"hello");
        assert_eq!((answer.status, answer.text()), (200, "hello".into()), "round {round}");
    }
}

#[test]
fn an_upstream_that_breaks_off_within_a_body_breaks_the_response_off() {
    let address = upstream(|reader, _| {
        reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").unwrap();
        reader.get_mut().shutdown(std::net::Shutdown::Both).unwrap();
    });
    let gateway = start(&policy(address, ""));
    for round in 0..20 {
        let mut client = Client::connect(gateway.listening().gateway);
        client.send(&request("GET /api/half HTTP/1.1", b""));
        // A client that gets nothing at all may think that the request was never served.
        assert_eq!(client.read_exact(15), b"HTTP/1.1 200 OK", "round {round}");
        let mut rest = Vec::new();
        while !rest.ends_with(b"half") {
            rest.extend(client.read_exact(1));
        }
        assert!(client.is_closed(), "a body that is cut off must not look whole");
    }
}

#[test]
fn a_request_goes_on_while_its_response_waits_for_the_client() {
    let address = upstream(|reader, _| {
        let mut writer = reader.get_ref().try_clone().unwrap();
        let writing = std::thread::spawn(move || {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n");
            writer.write_all(head.as_bytes()).unwrap();
            writer.write_all(large_body()).unwrap();
        });
        let mut body = vec![0; LARGE];
        reader.read_exact(&mut body).unwrap();
        assert!(body == large_body());
        writing.join().unwrap();
    });
    let gateway = start(&large_policy(address));
    let mut client = Client::connect(gateway.listening().gateway);
    let head = format!("PUT /api/both HTTP/1.1\nContent-Length: {LARGE}");
    // Nothing of the response is read before all of the request is sent.
    client.send(&request(&head, large_body()));
    assert!(client.answer(false).unwrap().body == large_body());
}

#[test]
fn a_tunnel_counts_as_a_connection() {
    let upstream = Upstream::start();
    let text = policy(upstream.address, "").replace("[gateway.limits]", "[gateway.limits]\nconnections = 1");
    let gateway = start(&text);
    let address = gateway.listening().gateway;
    let mut tunnel = Client::connect(address);
    tunnel.send(&request(&handshake(), b""));
    assert_eq!(tunnel.answer(false).unwrap().status, 101);
    let (sender, answered) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(get(address, "/api/ok", APP).status));
    assert!(answered.recv_timeout(Duration::from_millis(300)).is_err(), "one connection too many");
    drop(tunnel);
    assert_eq!(answered.recv_timeout(Duration::from_secs(5)), Ok(200));
}

fn handshake() -> String {
    format!(
        "GET /api/socket HTTP/1.1\nOrigin: {APP}\nConnection: Upgrade\nUpgrade: websocket\n\
         Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    )
}

#[test]
fn a_client_that_reads_nothing_loses_its_connection() {
    let address = upstream(|reader, _| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 64 * LARGE);
        let _ = reader.get_mut().write_all(head.as_bytes());
        let body = vec![b'x'; LARGE];
        while reader.get_mut().write_all(&body).is_ok() {}
    });
    let text = policy(address, "").replace("[gateway.limits]", "[gateway.limits]\nbody_timeout = \"200ms\"");
    let gateway = start(&text);
    let mut client = Client::connect(gateway.listening().gateway);
    client.send(&request("GET /api/endless HTTP/1.1", b""));
    std::thread::sleep(Duration::from_secs(1));
    assert!(client.answer(false).is_none(), "the rest of the body is not sent any more");
}

#[test]
fn a_silent_tunnel_is_closed_and_a_lively_one_is_not() {
    let upstream = Upstream::start();
    let text = policy(upstream.address, "")
        .replace("[gateway.limits]", "[gateway.limits]\ntunnel_timeout = \"300ms\"");
    let gateway = start(&text);
    let mut client = Client::connect(gateway.listening().gateway);
    client.send(&request(&handshake(), b""));
    assert_eq!(client.answer(false).unwrap().status, 101);
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(100));
        client.send(b"ping");
        assert_eq!(client.read_exact(4), b"ping");
    }
    let silent_since = Instant::now();
    assert!(client.is_closed());
    assert!(silent_since.elapsed() >= Duration::from_millis(250), "{:?}", silent_since.elapsed());
}
