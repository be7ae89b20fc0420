//! `serve` from start to stop.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::process::{Running, ask, ask_until, corsac, run};

fn policy(origin: &str, upstream: &str) -> String {
    format!(
        "[gateway]\nlisten = \"127.0.0.1:0\"\naccess_log = \"off\"\n[upstreams.api]\nurl = \"http://{upstream}\"\n\
         [cors.app]\norigins = [\"{origin}\"]\n[[routes]]\npath = \"/x\"\nupstream = \"api\"\ncors = \"app\"\n"
    )
}

fn serve(folder: &Path) -> Running {
    Running::start(corsac(folder).arg("serve"))
}

/// An address that nobody listens on.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn get(origin: &str) -> String {
    format!("GET /x HTTP/1.1\nOrigin: {origin}")
}

const A: &str = "https://a.example.com";
const B: &str = "https://b.example.com";

#[test]
fn an_unreachable_upstream_is_a_warning_and_then_a_readable_502() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corsac.toml"), policy(A, &nobody())).unwrap();
    let running = serve(folder.path());
    let answer = ask(running.gateway(), &get(A));
    assert!(answer.starts_with("HTTP/1.1 502"), "{answer}");
    assert!(answer.contains(&format!("access-control-allow-origin: {A}")), "{answer}");
    assert!(!ask(running.gateway(), &get(B)).contains("access-control"));
    assert!(ask(running.admin(), "GET /healthz HTTP/1.1").ends_with("ok\n"));
}

#[test]
fn a_changed_file_and_sighup_reload_and_a_bad_file_keeps_the_old_policy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corsac.toml");
    let upstream = nobody();
    fs::write(&path, policy(A, &upstream)).unwrap();
    let running = serve(folder.path());
    let allows =
        |origin: &'static str| move |answer: &str| answer.contains(&format!("allow-origin: {origin}\r\n"));
    assert!(allows(A)(&ask(running.gateway(), &get(A))));

    // As editors do: a new file in the old one's place.
    fs::write(folder.path().join("new"), policy(B, &upstream)).unwrap();
    fs::rename(folder.path().join("new"), &path).unwrap();
    ask_until(running.gateway(), &get(B), allows(B));
    assert!(!ask(running.gateway(), &get(A)).contains("access-control"));

    let metrics = || ask(running.admin(), "GET /metrics HTTP/1.1");
    fs::write(&path, policy("*.example.com", &upstream)).unwrap();
    ask_until(running.admin(), "GET /metrics HTTP/1.1", |text| text.contains("outcome=\"refused\"} 1"));
    assert!(allows(B)(&ask(running.gateway(), &get(B))), "the old policy serves");
    assert!(metrics().contains("corsac_generation 2"));

    fs::write(&path, policy(A, &upstream)).unwrap();
    running.signal("HUP");
    ask_until(running.gateway(), &get(A), allows(A));
}

#[test]
fn standard_input_is_not_read_again_and_a_file_of_its_name_is() {
    let folder = tempfile::tempdir().unwrap();
    let (path, talk) = (folder.path().join("-"), folder.path().join("talk"));
    fs::write(&path, policy(A, &nobody())).unwrap();
    let start = |argument: &str| {
        let mut command = corsac(folder.path());
        command.args(["serve", argument]).stdin(fs::File::open(&path).unwrap());
        Running::start_talking(&mut command, fs::File::create(&talk).unwrap())
    };
    let metrics = |running: &Running, text: &str| {
        ask_until(running.admin(), "GET /metrics HTTP/1.1", |all| all.contains(text))
    };
    let stdin = start("-");
    stdin.signal("HUP");
    metrics(&stdin, "outcome=\"refused\"} 1");
    assert!(ask(stdin.gateway(), &get(A)).contains(&format!("allow-origin: {A}\r\n")));
    let said = fs::read_to_string(&talk).unwrap();
    let about: Vec<_> = said.lines().filter(|line| !line.contains("is not reachable")).skip(1).collect();
    let expected = "warning: not reloaded: the policy came from standard input, which cannot be read again; \
                    generation 1 keeps serving";
    assert_eq!(about, [expected], "{said}");

    let file = start("./-");
    file.signal("HUP");
    metrics(&file, "corsac_generation 2");
}

#[test]
fn a_signal_stops_it_and_a_port_in_use_is_exit_2() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corsac.toml"), policy(A, &nobody())).unwrap();
    let running = serve(folder.path());
    let taken = policy(A, &nobody()).replace("127.0.0.1:0", &running.gateway().to_string());
    fs::write(folder.path().join("taken.toml"), taken).unwrap();
    let second = run(folder.path(), &["serve", "taken.toml"]);
    assert_eq!((second.status, second.stdout.as_str()), (2, ""), "{second:?}");
    assert!(second.stderr.contains("in use") && second.stderr.contains("hint:"), "{second:?}");
    running.signal("TERM");
    assert_eq!(running.wait(), 0);
}

#[test]
fn signals_are_caught_from_the_ready_line_on() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corsac.toml"), policy(A, &nobody())).unwrap();
    for _ in 0..5 {
        let running = serve(folder.path());
        running.signal("HUP");
        running.signal("TERM");
        assert_eq!(running.wait(), 0);
    }
}

/// Whether the server at `address` shows that it is `name` with the certificate in `pem`.
fn is_shown(address: SocketAddr, name: &str, pem: &str) -> bool {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(builder.with_root_certificates(roots).with_no_client_auth());
    let mut connection =
        ClientConnection::new(config, ServerName::try_from(name.to_owned()).unwrap()).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return false;
        }
    }
    true
}

/// Writes a new certificate and its key; the certificate in PEM.
fn renew(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(["app.example".to_owned()]).unwrap();
    fs::write(folder.join("app.key"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("app.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

#[test]
fn a_renewed_certificate_is_taken_up_and_a_bad_one_keeps_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let first = renew(folder.path());
    let tls = "[gateway.tls]\ncertificates = [{ chain = \"app.pem\", key = \"app.key\" }]\n[upstreams.api]";
    let text = policy(A, &nobody()).replace("[upstreams.api]", tls);
    fs::write(folder.path().join("corsac.toml"), text).unwrap();
    let running = serve(folder.path());
    assert!(is_shown(running.gateway(), "app.example", &first));

    let metrics = "GET /metrics HTTP/1.1";
    let second = renew(folder.path());
    // Between the two files the key is another certificate's, which may be refused first.
    ask_until(running.admin(), metrics, |text| text.contains("outcome=\"loaded\"} 2"));
    assert!(is_shown(running.gateway(), "app.example", &second));
    assert!(!is_shown(running.gateway(), "app.example", &first));

    let refused =
        |text: &str| text.lines().find(|line| line.contains("outcome=\"refused\"")).map(str::to_owned);
    let before = refused(&ask(running.admin(), metrics));
    fs::write(folder.path().join("app.key"), "no key").unwrap();
    ask_until(running.admin(), metrics, |text| refused(text) != before);
    assert!(is_shown(running.gateway(), "app.example", &second));
}

#[test]
fn a_development_certificate_is_made_when_asked_for_and_for_loopback_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = policy(A, &nobody());
    fs::write(folder.path().join("corsac.toml"), &text).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = corsac(folder.path());
        command.args(arguments).env("XDG_DATA_HOME", folder.path());
        command
    };
    let kept = folder.path().join("corsac/development");
    drop(Running::start(&mut command(&["serve"])));
    assert!(!kept.exists(), "nobody asked for one");

    let running = Running::start(&mut command(&["serve", "--dev-tls"]));
    let pem = fs::read_to_string(kept.join("localhost.pem")).unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert!(is_shown(running.gateway(), name, &pem), "{name}");
    }
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&kept), mode(&kept.join("localhost.key"))), (0o700, 0o600));
    drop(running);
    let again = Running::start(&mut command(&["serve", "--dev-tls"]));
    assert!(is_shown(again.gateway(), "localhost", &pem), "the one that was trusted is kept");

    for (wrong, reason) in [
        (text.replace("127.0.0.1:0", "0.0.0.0:0"), "this machine alone"),
        (
            text.replace(
                "[upstreams.api]",
                "[gateway.tls]\ncertificates = [{ chain = \"app.pem\", key = \"app.key\" }]\n[upstreams.api]",
            ),
            "both name a certificate",
        ),
    ] {
        renew(folder.path());
        fs::write(folder.path().join("corsac.toml"), wrong).unwrap();
        let refused = command(&["serve", "--dev-tls"]).output().unwrap();
        let said = String::from_utf8(refused.stderr).unwrap();
        assert!(refused.status.code() == Some(2) && said.contains(reason), "{said}");
    }
}
