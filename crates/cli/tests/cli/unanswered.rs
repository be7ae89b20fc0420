//! `explain` of live servers that give no answer worth the name: clear words, and bounds on
//! memory and time.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};

use crate::process::{Finished, run};

/// A server that does with each connection what `serve` says.
fn server(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
    address
}

/// One that reads a request and answers with these bytes.
fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    server(move |mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(&answer);
    })
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
        head.extend_from_slice(&byte);
    }
}

fn explain(url: &str, arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let asked = ["explain", url, "--from", "http://localhost:3000"];
    run(folder.path(), &[&asked, arguments].concat())
}

/// An answer that browsers may read is not called blocked.
fn assert_unreadable(bytes: impl Into<Vec<u8>>, words: &str) {
    let finished = explain(&format!("http://{}/", answering(bytes)), &[]);
    assert!(finished.status == 2 && finished.stdout.is_empty(), "{finished:?}");
    assert!(finished.stderr.contains(words) && !finished.stderr.contains('\u{1b}'), "{finished:?}");
}

/// No answer is a verdict: a browser's script gets a `TypeError`.
fn assert_unanswered(finished: &Finished, words: &str) {
    assert!(finished.status == 1 && finished.stdout.starts_with("blocked "), "{finished:?}");
    let notes: Vec<_> = finished.stdout.lines().filter(|line| line.starts_with("Note ")).collect();
    assert!(notes.len() == 1 && notes[0].contains(words), "{finished:?}");
    assert!(notes[0].len() < 500 && !finished.stdout.contains('\u{1b}'), "{finished:?}");
}

fn assert_answer(answer: impl Into<Vec<u8>>, words: &str) {
    let address = answering(answer);
    assert_unanswered(&explain(&format!("http://{address}/"), &[]), words);
}

#[test]
fn a_head_of_a_mebibyte_is_too_large_and_a_smaller_one_is_not() {
    let head = |count: usize, size: usize| {
        let field = format!("X-A: {}\r\n", "a".repeat(size));
        format!("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\n{}\r\n", field.repeat(count))
    };
    assert_answer(head(1, 1 << 20), "the head of the answer is larger than 256 KiB");
    assert_answer(head(100, 10 << 10), "the head of the answer is larger than 256 KiB");
    assert_unreadable(head(1_000, 1), "the head of the answer has more than 128 fields");
    let address = answering(head(100, 1_000));
    let finished = explain(&format!("http://{address}/"), &[]);
    assert!(finished.stdout.starts_with("ok "), "{finished:?}");
}

#[test]
fn a_head_that_never_ends_is_given_up() {
    let endless = server(|mut stream| {
        read_head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-A: ");
        while stream.write_all(&[b'a'; 1_000]).is_ok() {}
    });
    assert_unanswered(&explain(&format!("http://{endless}/"), &[]), "the head of the answer is larger");
    let stuck = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-A");
        read_head(&mut stream);
        // Until the other side has had enough.
        let _ = stream.read(&mut [0]);
    });
    assert_unanswered(
        &explain(&format!("http://{stuck}/"), &["--timeout", "1s"]),
        "no answer within 1s; --timeout",
    );
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let silent = server(|mut stream| while stream.read(&mut [0]).is_ok_and(|read| read > 0) {});
    assert_unanswered(
        &explain(&format!("http://{silent}/"), &["--timeout", "500ms"]),
        "no answer within 500ms",
    );
}

#[test]
fn all_hops_together_are_bounded() {
    // Each answer comes just in time; twenty of them do not.
    let slow = server(|mut stream| {
        read_head(&mut stream);
        let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(400)));
        let _ = stream.read(&mut [0]);
        let fields = "Access-Control-Allow-Origin: *\r\nLocation: /again\r\nContent-Length: 0\r\nConnection: close\r\n";
        let _ = stream.write_all(format!("HTTP/1.1 302 Found\r\n{fields}\r\n").as_bytes());
    });
    let finished = explain(&format!("http://{slow}/"), &["--timeout", "2s", "--engine", "standard"]);
    assert_unanswered(&finished, "all requests together took 6s; --timeout waits longer");
}

#[test]
fn nonsense_is_no_answer() {
    assert_answer("SSH-2.0-OpenSSH_9.6\r\n\r\n", "the answer is not HTTP/1.1 as it should be");
    assert_answer("\x00\x01\u{1b}[2J\x07".repeat(100), "the answer is not HTTP/1.1 as it should be");
    assert_unreadable(
        "HTTP/1.1 200 OK\r\nX-A: \u{1b}[31m\r\n\r\n",
        "the answer is not HTTP/1.1 as it should be",
    );
    assert_answer("", "the server closed the connection before the head of its answer was whole");
    assert_answer("HTTP/1.1 200 OK\r\nX-A: b", "the server closed the connection before");
}

#[test]
fn what_a_server_wrote_does_not_reach_the_terminal_as_it_is() {
    // 0x9B begins a sequence as ESC and a bracket do.
    let address = answering(
        b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: \x9b2J\x85x\r\nContent-Length: 0\r\n\r\n",
    );
    let finished = explain(&format!("http://{address}/"), &["--color", "never"]);
    assert!(finished.status == 1 && finished.stdout.contains("\\u{9b}2J\\u{85}x"), "{finished:?}");
    assert!(finished.stdout.chars().all(|char| char == '\n' || !char.is_control()), "{finished:?}");
    // The user's own words are no better.
    let finished = explain("http://127.0.0.1:1/\u{1b}[2J", &["-X", "A\u{202e}B"]);
    assert!(
        finished.stdout.contains("\\u{1b}[2J") && finished.stdout.contains("A\\u{202e}B"),
        "{finished:?}"
    );
    assert!(!finished.stdout.contains(['\u{1b}', '\u{202e}']), "{finished:?}");
}

#[test]
fn a_name_that_nobody_knows_is_told() {
    assert_unanswered(&explain("http://nothing.invalid/", &[]), "the name `nothing.invalid` is not known");
}

#[test]
fn a_server_without_tls_is_told() {
    let address = server(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        while stream.read(&mut [0]).is_ok_and(|read| read > 0) {}
    });
    let finished = explain(&format!("https://{address}/"), &[]);
    assert_unanswered(&finished, "TLS failed: the server does not speak it there");
    assert!(finished.stdout.contains("to a page this is a network error"), "{finished:?}");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_told() {
    let signed = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .unwrap();
    let config = Arc::new(config);
    let address = server(move |mut stream| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let _ = connection.complete_io(&mut stream);
    });
    let finished = explain(&format!("https://{address}/"), &[]);
    assert_unanswered(&finished, "the server's certificate is not trusted");
    assert!(finished.stdout.contains("whatever the CORS headers say"), "{finished:?}");
}
