//! What becomes a connection, and what does not: before anybody has said a word of the protocol.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use web_transport_quinn::ClientError;

use crate::client::{connect_quic, connect_tls};
use crate::world::{ORIGIN, World};

const GOOD: &[(&str, &str)] = &[
    ("Host", "localhost"),
    ("Connection", "keep-alive, Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Sec-WebSocket-Protocol", "corsac.signal.v1"),
    ("Origin", ORIGIN),
];

/// The head of the answer to a request, and the body of a refusal.
async fn ask(world: &World, line: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let mut stream = connect_tls(world).await;
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    stream.write_all(format!("{line}\r\n{}\r\n", fields.concat()).as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while !answer.windows(4).any(|window| window == b"\r\n\r\n") {
        let count = stream.read(&mut buffer).await.unwrap();
        assert_ne!(count, 0, "{line} has no answer");
        answer.extend_from_slice(&buffer[..count]);
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status: u16 = text.split(' ').nth(1).unwrap().parse().unwrap();
    if status != 101 {
        assert!(text.contains("content-type: application/problem+json"), "{text}");
        assert!(text.contains("connection: close"), "{text}");
    }
    (status, text)
}

/// The good fields, with one changed, taken out, or added.
fn with<'f>(name: &'f str, values: &[&'f str]) -> Vec<(&'f str, &'f str)> {
    let others = GOOD.iter().filter(|(known, _)| *known != name).copied();
    others.chain(values.iter().map(|value| (name, *value))).collect()
}

const LINE: &str = "GET /v1/ws HTTP/1.1";

#[tokio::test]
async fn a_websocket_is_opened_by_the_whole_handshake_alone() {
    let world = World::new();
    let (status, text) = ask(&world, LINE, GOOD).await;
    assert_eq!(status, 101, "{text}");
    // RFC 6455, section 1.3, has this key and its answer.
    assert!(text.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{text}");
    assert!(text.contains("sec-websocket-protocol: corsac.signal.v1"), "{text}");
    assert!(!text.contains("extensions"), "{text}");
    for (line, status) in [
        ("GET /v1/wsx HTTP/1.1", 404),
        ("GET /v1/ws/ HTTP/1.1", 404),
        ("GET /v1/w HTTP/1.1", 404),
        ("GET /V1/ws HTTP/1.1", 404),
        ("GET /v1/wt HTTP/1.1", 404),
        ("GET / HTTP/1.1", 404),
        ("GET /v1/ws?token=a.b.c HTTP/1.1", 400),
        ("POST /v1/ws HTTP/1.1", 405),
        ("HEAD /v1/ws HTTP/1.1", 405),
    ] {
        let (got, text) = ask(&world, line, GOOD).await;
        assert_eq!(got, status, "{line}: {text}");
    }
    for (name, values, status) in [
        ("Sec-WebSocket-Protocol", &[][..], 400),
        ("Sec-WebSocket-Protocol", &["corsac.signal.v2"], 400),
        ("Sec-WebSocket-Protocol", &["corsac.signal.v10"], 400),
        ("Sec-WebSocket-Protocol", &["Corsac.Signal.V1"], 400),
        ("Sec-WebSocket-Protocol", &["chat, corsac.signal.v1"], 101),
        ("Sec-WebSocket-Protocol", &["chat", "corsac.signal.v1"], 101),
        ("Sec-WebSocket-Version", &["12"], 426),
        ("Sec-WebSocket-Version", &[], 426),
        ("Sec-WebSocket-Version", &["13", "13"], 426),
        ("Sec-WebSocket-Key", &[], 400),
        ("Sec-WebSocket-Key", &["c2hvcnQ="], 400),
        ("Sec-WebSocket-Key", &["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="], 400),
        ("Upgrade", &[], 426),
        ("Upgrade", &["h2c"], 426),
        ("Upgrade", &["WebSocket"], 101),
        ("Connection", &["keep-alive"], 426),
        ("Sec-WebSocket-Extensions", &["permessage-deflate"], 101),
    ] {
        let (got, text) = ask(&world, LINE, &with(name, values)).await;
        assert_eq!(got, status, "{name}: {values:?}: {text}");
        assert!(!text.contains("permessage-deflate"), "{text}");
    }
}

#[tokio::test]
async fn only_pages_that_are_listed_may_connect() {
    let world = World::new();
    let near = [
        "null",
        "",
        "http://app.example.com",
        "https://app.example.com.attacker.example",
        "https://attacker-app.example.com",
        "https://sub.app.example.com",
        "https://app.example.com:443",
        "https://app.example.com:8443",
        "https://app.example.com/",
        "https://app.example.co",
        "https://APP.example.com",
        "wss://app.example.com",
        "http://localhost:808",
    ];
    for origin in [ORIGIN, "http://localhost:8080"] {
        let (status, text) = ask(&world, LINE, &with("Origin", &[origin])).await;
        assert_eq!(status, 101, "{origin}: {text}");
        let session = connect_quic(&world, "/v1/wt", Some(origin)).await;
        assert!(session.is_ok(), "{origin}");
    }
    for origin in near {
        let (status, text) = ask(&world, LINE, &with("Origin", &[origin])).await;
        assert_eq!(status, 403, "{origin}: {text}");
        assert!(origin.is_empty() || !text.contains(origin), "{text}");
    }
    for fields in [with("Origin", &[]), with("Origin", &[ORIGIN, ORIGIN]), with("Origin", &[ORIGIN, "null"])]
    {
        assert_eq!(ask(&world, LINE, &fields).await.0, 403, "{fields:?}");
    }
    for origin in near.into_iter().map(Some).chain([None]) {
        let refused = connect_quic(&world, "/v1/wt", origin).await.map(|_| ());
        assert_eq!(status(refused), Some(403), "{origin:?}");
    }
    assert_eq!(world.counter("corsac_signal_turned_away_total{reason=\"origin\"}"), 13 + 3 + 14);
}

/// The status that a session was refused with.
fn status(refused: Result<(), ClientError>) -> Option<u16> {
    let text = refused.err()?.to_string();
    [403, 404, 400].into_iter().find(|status| text.contains(&status.to_string()))
}

#[tokio::test]
async fn a_webtransport_session_has_its_path() {
    let world = World::new();
    assert!(connect_quic(&world, "/v1/wt", Some(ORIGIN)).await.is_ok());
    for (path, refused) in
        [("/v1/wtx", 404), ("/v1/ws", 404), ("/", 404), ("/v1/wt/", 404), ("/v1/wt?token=a", 400)]
    {
        let answer = connect_quic(&world, path, Some(ORIGIN)).await.map(|_| ());
        assert_eq!(status(answer), Some(refused), "{path}");
    }
}

#[tokio::test]
async fn nothing_is_served_without_tls_or_with_an_older_one() {
    let world = World::new();
    let mut plain = TcpStream::connect(world.address).await.unwrap();
    plain.write_all(b"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // It may be reset.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let connect = async |versions: &[&'static rustls::SupportedProtocolVersion]| {
        let builder = rustls::ClientConfig::builder_with_provider(std::sync::Arc::clone(&provider));
        let builder = builder.with_protocol_versions(versions).unwrap();
        let config =
            builder.with_root_certificates(std::sync::Arc::clone(&world.roots)).with_no_client_auth();
        let stream = TcpStream::connect(world.address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        tokio_rustls::TlsConnector::from(std::sync::Arc::new(config)).connect(name, stream).await.is_ok()
    };
    assert!(connect(&[&rustls::version::TLS13]).await);
    assert!(!connect(&[&rustls::version::TLS12]).await);
}
