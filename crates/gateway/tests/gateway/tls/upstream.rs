//! Upstreams over TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use corsac_gateway::{Gateway, Observer, RequestEvent};
use rustls::server::WebPkiClientVerifier;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Authority, DAY, certificate, client, connect, private_key, provider, reading, save};
use crate::support::{APP, get, policy};

/// An upstream over TLS that answers each request with what it was sent, on one
/// connection after the other.
fn serve(identity: &(String, String), clients: Option<&Authority>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(authority.roots()), provider())
                .build()
                .unwrap(),
        ),
    };
    let config = builder.with_single_cert(vec![certificate(&identity.0)], private_key(&identity.1)).unwrap();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            std::thread::spawn(move || answer(StreamOwned::new(connection, stream)));
        }
    });
    address
}

fn answer(mut stream: StreamOwned<ServerConnection, TcpStream>) -> Option<()> {
    loop {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).ok()?;
            head.push(byte[0]);
        }
        let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
        if text.contains("upgrade: websocket") {
            let switched =
                b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
            stream.write_all(switched).ok()?;
            loop {
                stream.read_exact(&mut byte).ok()?;
                stream.write_all(&byte).ok()?;
            }
        }
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", head.len());
        stream.write_all(answer.as_bytes()).ok()?;
        stream.write_all(&head).ok()?;
    }
}

/// The policy for an upstream over TLS.
fn over_tls(address: SocketAddr, tls: &str) -> String {
    let url = format!("url = \"http://{address}\"");
    policy(address, "").replace(&url, &format!("url = \"https://{address}\"\ntls = {{ {tls} }}"))
}

/// Status and answer, and what the log says of the upstream.
fn asked(folder: &Path, text: &str) -> (u16, String, Option<String>) {
    let reading = reading(folder, text);
    let config = reading.config.unwrap_or_else(|| panic!("{:#?}", reading.findings));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let observer: Observer = Arc::new(move |event: &RequestEvent<'_>| {
        log.lock().unwrap().push(event.upstream_error.map(str::to_owned));
    });
    let gateway = Gateway::start(config, Some(observer)).unwrap();
    let answer = get(gateway.listening().gateway, "/api/x", APP);
    gateway.stop();
    let reason = seen.lock().unwrap().first().cloned().flatten();
    (answer.status, answer.text(), reason)
}

#[test]
fn an_upstream_is_verified_and_a_wrong_one_is_502_with_the_reason_in_the_log_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (authority, foreign) = (Authority::new("authority"), Authority::new("foreign"));
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let ca = "ca = \"ca.pem\"";

    let (status, text, reason) = asked(folder, &over_tls(serve(&authority.issue(&["127.0.0.1"]), None), ca));
    assert!(
        status == 200 && text.starts_with("GET /api/x HTTP/1.1") && reason.is_none(),
        "{text} {reason:?}"
    );
    let named = serve(&authority.issue(&["api.example"]), None);
    let with_name = format!("{ca}, server_name = \"api.example\"");
    assert_eq!(asked(folder, &over_tls(named, &with_name)).0, 200);

    let now = SystemTime::now();
    let expired = authority.issue_for(&["127.0.0.1"], now - 2 * DAY, now - DAY);
    for (address, tls, expected) in [
        (named, ca, "NotValidForName"),
        (serve(&foreign.issue(&["127.0.0.1"]), None), ca, "UnknownIssuer"),
        (serve(&authority.issue(&["127.0.0.1"]), None), "", "UnknownIssuer"),
        (serve(&expired, None), ca, "xpired"),
    ] {
        let (status, text, reason) = asked(folder, &over_tls(address, tls));
        assert!(status == 502 && text.contains("upstream-failed"), "{status} {text}");
        let reason = reason.unwrap_or_default();
        let says = reason.contains(expected) || reason.contains("not valid for name");
        assert!(says && !text.contains("ertificate"), "{expected}: {reason} {text}");
    }
    let any = "dangerous = { skip_verification = true }";
    assert_eq!(asked(folder, &over_tls(serve(&foreign.issue(&["x.example"]), None), any)).0, 200);
}

#[test]
fn an_upstream_that_wants_a_certificate_gets_the_one_that_is_configured() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = Authority::new("authority");
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    save(folder, "own", &authority.issue(&["gateway"]));
    let address = serve(&authority.issue(&["127.0.0.1"]), Some(&authority));
    let own = "ca = \"ca.pem\", chain = \"own.pem\", key = \"own.key\"";
    assert_eq!(asked(folder, &over_tls(address, own)).0, 200);
    assert_eq!(asked(folder, &over_tls(address, "ca = \"ca.pem\"")).0, 502);
}

#[test]
fn http2_over_tls_is_spoken_by_agreement_only() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("authority");
    std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
    let address = serve(&authority.issue(&["127.0.0.1"]), None);
    let text =
        over_tls(address, "ca = \"ca.pem\"").replace("response_timeout", "http2 = true\nresponse_timeout");
    let (status, _, reason) = asked(folder.path(), &text);
    assert_eq!((status, reason.as_deref()), (502, Some("no connection: it does not speak HTTP/2 over TLS")));
}

/// The upstream is a gateway too, which speaks HTTP/2 over TLS by itself.
#[test]
fn http2_over_tls_is_spoken_between_two_gateways() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = Authority::new("authority");
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    save(folder, "inner", &authority.issue(&["127.0.0.1"]));
    let plain = crate::support::Upstream::start();
    let tls =
        "[gateway.tls]\ncertificates = [{ chain = \"inner.pem\", key = \"inner.key\" }]\n[gateway.limits]";
    let inner = super::start(folder, &policy(plain.address, "").replace("[gateway.limits]", tls));
    let settings = "http2 = true\npreserve_host = false\nresponse_timeout";
    let text = over_tls(inner.listening().gateway, "ca = \"ca.pem\"").replace("response_timeout", settings);
    let (status, body, reason) = asked(folder, &text);
    assert_eq!((status, body.as_str(), reason), (200, "ok", None));
}

#[test]
fn websockets_go_through_tls_on_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = Authority::new("authority");
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    save(folder, "app", &authority.issue(&["app.example"]));
    let address = serve(&authority.issue(&["127.0.0.1"]), None);
    let tls = "[gateway.tls]\ncertificates = [{ chain = \"app.pem\", key = \"app.key\" }]\n[gateway.limits]";
    let text = over_tls(address, "ca = \"ca.pem\"").replace("[gateway.limits]", tls);
    let gateway = super::start(folder, &text);
    let config = client(authority.roots(), None, &["http/1.1"]);
    let mut stream = connect(&config, gateway.listening().gateway, "app.example").unwrap();
    let handshake = format!(
        "GET /api/socket HTTP/1.1\r\nHost: app.example\r\nOrigin: {APP}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).unwrap();
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream.write_all(b"hello").unwrap();
    let mut echoed = [0; 5];
    stream.read_exact(&mut echoed).unwrap();
    assert_eq!(&echoed, b"hello");
    gateway.stop();
    assert_eq!(stream.read(&mut byte).unwrap(), 0, "an end with close_notify");
}

#[test]
fn plain_upstreams_say_why_they_failed_too() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (status, _, reason) = asked(Path::new("."), &policy(nobody, ""));
    assert!(status == 502 && reason.unwrap().contains("refused"));
}
