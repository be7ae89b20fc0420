//! `signal` from start to stop.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::process::{Running, ask, corsac, run};

const ORIGIN: &str = "https://app.example.com";

const JWKS: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig",
    "x": "04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY", "y": "UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw"}]}"#;

/// No test waits longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A certificate with its key and a key set; what a client has to believe.
fn files(folder: &Path) -> RootCertStore {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("cert.pem"), own.cert.pem()).unwrap();
    fs::write(folder.join("key.pem"), own.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("jwks.json"), JWKS).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(own.cert.der().clone()).unwrap();
    roots
}

const FLAGS: [&str; 13] = [
    "signal",
    "--listen",
    "127.0.0.1:0",
    "--tls-key",
    "key.pem",
    "--tls-cert",
    "cert.pem",
    "--jwks",
    "jwks.json",
    "--audience",
    "https://calls.example.com",
    "--origin",
    ORIGIN,
];

fn port(running: &Running) -> u16 {
    assert_eq!(running.ready.as_object().unwrap().len(), 1, "{}", running.ready);
    running.ready["port"].as_u64().unwrap().try_into().unwrap()
}

type Socket = StreamOwned<ClientConnection, TcpStream>;

/// A WebSocket connection after its handshake.
fn connect(port: u16, roots: RootCertStore) -> Socket {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut socket = StreamOwned::new(client, stream);
    write!(
        socket,
        "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nOrigin: {ORIGIN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: corsac.signal.v1\r\n\r\n"
    )
    .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    socket
}

/// The payload of the next frame, which is short.
fn frame(socket: &mut Socket) -> Vec<u8> {
    let mut head = [0; 2];
    socket.read_exact(&mut head).unwrap();
    let length = match head[1] {
        126 => {
            let mut long = [0; 2];
            socket.read_exact(&mut long).unwrap();
            usize::from(u16::from_be_bytes(long))
        }
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    socket.read_exact(&mut payload).unwrap();
    payload
}

#[test]
fn the_first_line_has_the_port_and_sigterm_drains() {
    let folder = tempfile::tempdir().unwrap();
    let roots = files(folder.path());
    let ledger = ["--ledger", "ledger.jsonl", "--node", "n1"];
    let running = Running::start(corsac(folder.path()).args(FLAGS).args(ledger));
    let port = port(&running);
    let mut socket = connect(port, roots);
    let challenge = String::from_utf8(frame(&mut socket)).unwrap();
    assert!(challenge.contains("\"t\":\"challenge\""), "{challenge}");
    running.signal("TERM");
    let error = String::from_utf8(frame(&mut socket)).unwrap();
    assert!(error.contains("\"E_DRAIN\""), "{error}");
    let close = frame(&mut socket);
    assert_eq!(close[..2], 4013_u16.to_be_bytes());
    drop(socket);
    assert_eq!(running.wait(), 0);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_peer_that_does_not_go_does_not_keep_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let roots = files(folder.path());
    let running = Running::start(corsac(folder.path()).args(FLAGS).arg("--no-webtransport"));
    let socket = connect(port(&running), roots);
    running.signal("INT");
    assert_eq!(running.wait(), 0);
    drop(socket);
}

#[test]
fn every_mistake_is_told_at_once_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    fs::write(folder.path().join("none.json"), "{\"keys\": []}").unwrap();
    fs::write(folder.path().join("ledger.jsonl"), "nonsense\n").unwrap();
    let wrong = [
        "signal",
        "--listen",
        "127.0.0.1:0",
        "--tls-key",
        "missing.pem",
        "--tls-cert",
        "jwks.json",
        "--jwks",
        "none.json",
        "--audience",
        "",
        "--origin",
        "https://app.example.com/",
        "--origin",
        "null",
        "--ledger",
        "ledger.jsonl",
        "--notice",
        "missing.txt",
        "--node",
        "a b",
        "--max-connections",
        "0",
    ];
    let finished = run(folder.path(), &wrong);
    assert_eq!((finished.status, finished.stdout.as_str()), (2, ""));
    for flag in [
        "--tls-key",
        "--jwks",
        "--audience",
        "--origin",
        "--ledger",
        "--notice",
        "--node",
        "--max-connections",
    ] {
        let count = finished.stderr.matches(&format!("error: {flag}: ")).count();
        assert_eq!(count, if flag == "--origin" { 2 } else { 1 }, "{flag}: {}", finished.stderr);
    }
    assert_eq!(finished.stderr.matches("hint: ").count(), 9, "{}", finished.stderr);
    assert!(finished.stderr.contains("hint: write https://app.example.com\n"), "{}", finished.stderr);
    let missing = run(folder.path(), &["signal"]);
    assert_eq!(missing.status, 2);
    for flag in ["--tls-key", "--tls-cert", "--jwks", "--audience", "--origin"] {
        assert!(missing.stderr.contains(flag), "{flag}: {}", missing.stderr);
    }
    let alone = run(folder.path(), &[&FLAGS[..], &["--turn-url", "turn:turn.example.com"]].concat());
    assert!(alone.status == 2 && alone.stderr.contains("--turn-secret"), "{}", alone.stderr);
}

/// What it has said until it says this.
fn says(talk: &Path, text: &str, times: usize) {
    let started = Instant::now();
    while fs::read_to_string(talk).unwrap().matches(text).count() < times {
        assert!(started.elapsed() < PATIENCE, "{}", fs::read_to_string(talk).unwrap());
        std::thread::yield_now();
    }
}

#[test]
fn keys_are_read_again_and_bad_ones_are_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let talk = folder.path().join("talk");
    let flags = ["--metrics-listen", "127.0.0.1:0", "--events", "events.jsonl"];
    let mut command = corsac(folder.path());
    let running = Running::start_talking(command.args(FLAGS).args(flags), File::create(&talk).unwrap());
    says(&talk, "counters at http://", 1);
    let told = fs::read_to_string(&talk).unwrap();
    let metrics = told.split("counters at http://").nth(1).unwrap().split('/').next().unwrap();
    let metrics: SocketAddr = metrics.parse().unwrap();
    let counters = ask(metrics, "GET /metrics HTTP/1.1");
    assert!(counters.contains("corsac_signal_sessions{node=\"node\"} 0"), "{counters}");
    assert!(ask(metrics, "GET / HTTP/1.1").starts_with("HTTP/1.1 404"));
    running.signal("HUP");
    says(&talk, "reloaded the JWK set", 1);
    fs::write(folder.path().join("new"), "{\"keys\": []}").unwrap();
    fs::rename(folder.path().join("new"), folder.path().join("jwks.json")).unwrap();
    says(&talk, "the keys before stay", 1);
    fs::write(folder.path().join("jwks.json"), JWKS).unwrap();
    says(&talk, "reloaded the JWK set", 2);
    running.signal("TERM");
    assert_eq!(running.wait(), 0);
}
