//! Clients over TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use super::{
    Authority, PATIENCE, Secure, ask, certificate, client, client_of, connect, reading, save, shown, start,
};
use crate::support::{APP, Upstream, policy};

const STRICT: &str = "strict-transport-security: max-age=31536000";

/// A folder with two certificates, a policy that serves them, and who issued them.
struct Site {
    folder: TempDir,
    authority: Authority,
    upstream: Upstream,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new("authority"),
            upstream: Upstream::start(),
        };
        save(site.path(), "app", &site.authority.issue(&["app.example", "127.0.0.1"]));
        save(site.path(), "b", &site.authority.issue(&["*.b.example"]));
        site
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The policy, with more in `[gateway]`, and in `[gateway.tls]`.
    fn policy(&self, gateway: &str, tls: &str) -> String {
        let table = format!(
            "{gateway}\n[gateway.tls]\ncertificates = [{{ chain = \"app.pem\", key = \"app.key\" }}, \
             {{ chain = \"b.pem\", key = \"b.key\" }}]\n{tls}\n[gateway.limits]\nheader_timeout = \"500ms\"\n"
        );
        policy(self.upstream.address, "").replace("[gateway.limits]\n", &table)
    }

    fn client(&self) -> std::sync::Arc<rustls::ClientConfig> {
        client(self.authority.roots(), None, &[])
    }
}

fn get(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\nHost: {host}\nOrigin: {APP}")
}

#[test]
fn the_name_that_a_client_asks_for_chooses_the_certificate_and_an_unknown_one_is_refused() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("", ""));
    let address = gateway.listening().gateway;
    let read = |name: &str| certificate(&std::fs::read_to_string(site.path().join(name)).unwrap());
    let (app, b) = (read("app.pem"), read("b.pem"));
    let config = site.client();
    for (name, expected) in
        [("app.example", &app), ("APP.example", &app), ("x.b.example", &b), ("127.0.0.1", &app)]
    {
        let mut stream = connect(&config, address, name).unwrap();
        assert_eq!(&shown(&stream), expected, "{name}");
        let answer = ask(&mut stream, &get("/api/head", name)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
        assert!(answer.to_ascii_lowercase().contains("x-forwarded-proto: https"), "{answer}");
    }
    for name in ["b.example", "x.y.b.example", "evil.example"] {
        let refused = connect(&config, address, name).err().unwrap();
        assert!(
            refused.contains("UnrecognisedName") || refused.contains("UnrecognizedName"),
            "{name}: {refused}"
        );
    }
}

#[test]
fn a_host_that_the_certificate_does_not_cover_is_misdirected_unless_a_trusted_proxy_says_it() {
    let site = Site::new();
    let config = site.client();
    let statuses = |more: &str| {
        let gateway = start(site.path(), &site.policy(more, ""));
        ["app.example", "app.example:8443", "x.b.example", "evil.example"].map(|host| {
            let mut stream = connect(&config, gateway.listening().gateway, "app.example").unwrap();
            let answer = ask(&mut stream, &get("/api/x", host)).unwrap();
            assert!(answer.contains("access-control-allow-origin"), "{answer}");
            answer.split(' ').nth(1).unwrap().to_owned()
        })
    };
    assert_eq!(statuses(""), ["200", "200", "421", "421"]);
    assert_eq!(statuses("trusted_proxies = [\"127.0.0.1\"]"), ["200", "200", "200", "200"]);
}

#[test]
fn http2_is_negotiated_and_a_protocol_that_nobody_speaks_is_refused() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("", ""));
    let spoken = |alpn: &[&str]| {
        let config = client(site.authority.roots(), None, alpn);
        let mut stream = connect(&config, gateway.listening().gateway, "app.example")?;
        let chosen = stream.conn.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
        if chosen.as_deref() == Some("h2") {
            // A preface, and the server's settings come.
            stream
                .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
                .unwrap();
            let mut frame = [0; 9];
            stream.read_exact(&mut frame).unwrap();
            assert_eq!(frame[3], 4);
        }
        Ok::<_, String>(chosen)
    };
    assert_eq!(spoken(&["h2", "http/1.1"]), Ok(Some("h2".into())));
    assert_eq!(spoken(&["http/1.1"]), Ok(Some("http/1.1".into())));
    assert_eq!(spoken(&[]), Ok(None));
    let refused = spoken(&["spdy/3"]).unwrap_err();
    assert!(refused.contains("NoApplicationProtocol"), "{refused}");
}

/// A `ClientHello` of TLS 1.1 without extensions.
const OLD_HELLO: [u8; 50] = {
    let mut hello = [7; 50];
    let head = [22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    let mut at = 0;
    while at < head.len() {
        hello[at] = head[at];
        at += 1;
    }
    // After 32 random bytes: no session, one suite (TLS_RSA_WITH_AES_128_CBC_SHA), no compression.
    let tail = [0, 0, 2, 0, 0x2f, 1, 0];
    let mut at = 0;
    while at < tail.len() {
        hello[43 + at] = tail[at];
        at += 1;
    }
    hello
};

#[test]
fn old_versions_are_refused() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("", ""));
    let mut stream = TcpStream::connect(gateway.listening().gateway).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&OLD_HELLO).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    // One alert, fatal, and nothing else.
    assert_eq!((answer.first(), answer.get(5), answer.len()), (Some(&21), Some(&2), 7), "{answer:?}");
}

#[test]
fn the_minimum_version_is_kept() {
    let site = Site::new();
    let new = start(site.path(), &site.policy("", "minimum_version = \"1.3\""));
    let both = start(site.path(), &site.policy("", ""));
    let old = client_of(&[&rustls::version::TLS12], site.authority.roots(), None, &[]);
    assert!(connect(&old, both.listening().gateway, "app.example").is_ok());
    let refused = connect(&old, new.listening().gateway, "app.example").err().unwrap();
    assert!(refused.contains("ProtocolVersion"), "{refused}");
    assert!(connect(&site.client(), new.listening().gateway, "app.example").is_ok());
}

#[test]
fn client_certificates_are_verified_told_upstreams_and_cannot_be_forged() {
    let site = Site::new();
    let (clients, foreign) = (Authority::new("clients"), Authority::new("foreign"));
    std::fs::write(site.path().join("clients.pem"), clients.pem()).unwrap();
    let (known, unknown) = (clients.issue(&["client"]), foreign.issue(&["client"]));
    let with = |required: bool| {
        let tls = format!("client_certificates = {{ ca = \"clients.pem\", required = {required} }}");
        start(site.path(), &site.policy("", &tls))
    };
    let forged =
        format!("{}\nClient-Cert: :forged:\nClient-Cert-Chain: :forged:", get("/api/head", "app.example"));
    let told = |gateway: &corsac_gateway::Gateway, identity| {
        let config = client(site.authority.roots(), identity, &[]);
        let answer = ask(&mut connect(&config, gateway.listening().gateway, "app.example")?, &forged)?;
        let lower = answer.to_ascii_lowercase();
        assert!(lower.starts_with("http/1.1 200") && !lower.contains(":forged:"), "{answer}");
        Ok::<_, String>(lower.matches("client-cert: :mii").count())
    };
    let (required, optional) = (with(true), with(false));
    assert_eq!(told(&required, Some(&known)), Ok(1));
    assert_eq!(told(&optional, Some(&known)), Ok(1));
    assert_eq!(told(&optional, None), Ok(0));
    assert!(told(&required, None).is_err());
    for gateway in [&required, &optional] {
        assert!(told(gateway, Some(&unknown)).is_err());
    }
    let plain = start(site.path(), &site.policy("", ""));
    assert_eq!(told(&plain, Some(&known)), Ok(0));
}

#[test]
fn sessions_go_on_but_not_where_clients_show_certificates() {
    let site = Site::new();
    let clients = Authority::new("clients");
    std::fs::write(site.path().join("clients.pem"), clients.pem()).unwrap();
    let identity = clients.issue(&["client"]);
    let second = |tls: &str| {
        let gateway = start(site.path(), &site.policy("", tls));
        let config = client(site.authority.roots(), Some(&identity), &[]);
        let kinds = [0; 2].map(|_| {
            let mut stream = connect(&config, gateway.listening().gateway, "app.example").unwrap();
            assert!(ask(&mut stream, &get("/api/x", "app.example")).unwrap().starts_with("HTTP/1.1 200"));
            stream.conn.handshake_kind().unwrap()
        });
        kinds[1]
    };
    assert_eq!(second(""), rustls::HandshakeKind::Resumed);
    assert_eq!(second("client_certificates = { ca = \"clients.pem\" }"), rustls::HandshakeKind::Full);
}

/// Reads the head of an answer.
fn head(stream: &mut Secure) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

#[test]
fn a_renewed_certificate_is_for_new_handshakes_and_open_connections_go_on() {
    let site = Site::new();
    let text = site.policy("", "");
    let gateway = start(site.path(), &text);
    let address = gateway.listening().gateway;
    let config = site.client();
    let mut open = connect(&config, address, "app.example").unwrap();
    // The answer to this is on its way while the certificate changes.
    let request = get("/api/soon", "app.example").replace('\n', "\r\n") + "\r\n\r\n";
    open.write_all(request.as_bytes()).unwrap();
    let before = shown(&open);

    save(site.path(), "app", &site.authority.issue(&["app.example"]));
    let renewed = reading(site.path(), &text);
    assert_eq!(renewed.files.len(), 4, "{:?}", renewed.files);
    assert_eq!(gateway.reload(renewed.config.unwrap()), Ok(2));
    let next = connect(&config, address, "app.example").unwrap();
    assert_ne!(shown(&next), before);

    assert!(head(&mut open).starts_with("HTTP/1.1 200"));
    let mut body = [0; 4];
    open.read_exact(&mut body).unwrap();
    assert_eq!(&body, b"soon");
    assert!(ask(&mut open, &get("/api/x", "app.example")).unwrap().starts_with("HTTP/1.1 200"));

    // A bad renewal gives no configuration that could be put in force.
    std::fs::write(site.path().join("app.key"), "").unwrap();
    assert!(reading(site.path(), &text).config.is_none());
    let without = reading(site.path(), &policy(site.upstream.address, "")).config.unwrap();
    assert!(gateway.reload(without).is_err(), "TLS is not switched off under clients");
    assert!(connect(&config, address, "app.example").is_ok());
}

#[test]
fn a_handshake_that_does_not_go_on_is_cut() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("", ""));
    for beginning in [&b""[..], &[22], &[22, 3, 1, 2, 0, 1, 0]] {
        let mut stream = TcpStream::connect(gateway.listening().gateway).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(beginning).unwrap();
        let mut rest = Vec::new();
        // A reset is an end too; a time-out is none.
        let ended = stream.read_to_end(&mut rest);
        let timed_out = ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock);
        assert!(!timed_out, "{beginning:?}");
    }
}

#[test]
fn plain_http_on_the_port_is_told_so() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("", ""));
    let mut stream = TcpStream::connect(gateway.listening().gateway).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: app.example\r\n\r\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("tls-required"), "{answer}");
    assert!(!answer.contains("strict-transport"), "{answer}");
}

#[test]
fn every_answer_over_tls_is_strict_and_none_in_plain_is() {
    let site = Site::new();
    let tls = "strict_transport_security = { max_age = \"365d\" }";
    let gateway = start(site.path(), &site.policy("redirect_listen = \"127.0.0.1:0\"", tls));
    let config = site.client();
    let preflight = format!(
        "OPTIONS /api/x HTTP/1.1\nHost: app.example\nOrigin: {APP}\nAccess-Control-Request-Method: PUT"
    );
    for (request, status) in [
        (get("/api/x", "app.example"), "200"),
        (get("/api/break", "app.example"), "502"),
        (get("/none", "app.example"), "404"),
        (get("/api/x", "evil.example"), "421"),
        (preflight.clone(), "204"),
        (preflight.replace("PUT", "DELETE"), "403"),
    ] {
        let mut stream = connect(&config, gateway.listening().gateway, "app.example").unwrap();
        let answer = ask(&mut stream, &request).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {answer}");
        assert_eq!(answer.matches(STRICT).count(), 1, "{request}: {answer}");
    }
    let plain = crate::support::Client::connect(gateway.listening().redirect.unwrap());
    let answer = redirected(plain, &get("/api/x", "app.example"));
    assert_eq!((answer.status, answer.field("strict-transport-security")), (308, None));
}

fn redirected(mut client: crate::support::Client, request: &str) -> crate::support::Answer {
    client.send(format!("{}\r\n\r\n", request.replace('\n', "\r\n")).as_bytes());
    client.answer(false).unwrap()
}

#[test]
fn plain_http_is_redirected_to_names_of_the_certificates_alone() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("redirect_listen = \"127.0.0.1:0\"", ""));
    let port = gateway.listening().gateway.port();
    let to = |request: &str| {
        let client = crate::support::Client::connect(gateway.listening().redirect.unwrap());
        let answer = redirected(client, request);
        (answer.status, answer.field("location").map(str::to_owned))
    };
    let at = |target: &str| (308, Some(format!("https://{target}")));
    assert_eq!(to(&get("/a?b=c", "App.Example:80")), at(&format!("app.example:{port}/a?b=c")));
    assert_eq!(to(&get("/a", "x.b.example")), at(&format!("x.b.example:{port}/a")));
    assert_eq!(to(&get("//evil.example/", "x.b.example")), (400, None));
    for host in ["evil.example", "b.example", "app.example.evil.example"] {
        assert_eq!(to(&get("/", host)), (421, None), "{host}");
    }
    assert_eq!(to(&get("/", "app.example@evil.example")).0, 400);
    let preflight =
        get("/api/x", "app.example").replace("GET", "OPTIONS") + "\nAccess-Control-Request-Method: PUT";
    assert_eq!(to(&preflight), (403, None));

    let elsewhere =
        start(site.path(), &site.policy("redirect_listen = \"127.0.0.1:0\"", "redirect_port = 443"));
    let client = crate::support::Client::connect(elsewhere.listening().redirect.unwrap());
    assert_eq!(
        redirected(client, &get("/a", "app.example")).field("location"),
        Some("https://app.example/a")
    );
}

#[test]
fn a_proxy_that_is_trusted_says_what_the_client_speaks() {
    let site = Site::new();
    let config = site.client();
    let forwarded = |more: &str| {
        let gateway = start(site.path(), &site.policy(more, ""));
        let request =
            get("/api/head", "app.example") + "\nX-Forwarded-Proto: http\nForwarded: for=1.2.3.4;proto=http";
        let mut stream = connect(&config, gateway.listening().gateway, "app.example").unwrap();
        let answer = ask(&mut stream, &request).unwrap().to_ascii_lowercase();
        let find = |name: &str| {
            answer
                .lines()
                .filter_map(|line| line.strip_prefix(name))
                .map(str::trim)
                .collect::<Vec<_>>()
                .join("|")
        };
        (find("x-forwarded-proto:"), find("forwarded:"))
    };
    assert_eq!(forwarded(""), ("https".into(), String::new()));
    let trusted = forwarded("trusted_proxies = [\"127.0.0.1\"]");
    assert_eq!(trusted, ("http".into(), "for=1.2.3.4;proto=http|for=127.0.0.1;proto=https".into()));
}

#[test]
fn requests_that_are_ambiguous_are_refused_over_tls_too() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("", ""));
    let mut stream = connect(&site.client(), gateway.listening().gateway, "app.example").unwrap();
    let request = "POST /api/x HTTP/1.1\nHost: app.example\nContent-Length: 5\nTransfer-Encoding: chunked";
    let answer = ask(&mut stream, request).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[test]
fn stopping_ends_a_connection_with_close_notify() {
    let site = Site::new();
    let gateway = start(site.path(), &site.policy("", ""));
    let mut stream = connect(&site.client(), gateway.listening().gateway, "app.example").unwrap();
    stream.write_all(b"GET /api/x HTTP/1.1\r\nHost: app.example\r\n\r\n").unwrap();
    assert!(head(&mut stream).starts_with("HTTP/1.1 200"));
    let started = std::time::Instant::now();
    gateway.stop();
    assert!(started.elapsed() < Duration::from_secs(5));
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"ok");
}
