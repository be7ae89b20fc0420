//! `explain --curl` and `--fetch`: what a pasted call is taken for, and what of it is sent.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use crate::process::{Finished, corsac, run};

const POLICY: &str = r#"[upstreams.api]
url = "http://127.0.0.1:3000"
[cors.app]
origins = ["https://app.example.com"]
methods = ["PUT"]
request_headers = ["content-type"]
[[routes]]
path = "/{*rest}"
upstream = "api"
cors = "app"
"#;

const CURL: &str = "curl 'https://api.example.com/items/7' \\\n  -X 'PUT' \\\n  -H 'cache-control: no-cache' \\\n  \
                    -H 'content-type: application/json' \\\n  -H 'origin: https://app.example.com' \\\n  \
                    -H 'pragma: no-cache' \\\n  -H 'sec-fetch-mode: cors' \\\n  -H 'user-agent: Mozilla/5.0' \\\n  \
                    --data-raw '{}'";

const FETCH: &str = "fetch(\"https://api.example.com/items/7\", {\n  \"headers\": {\n    \"content-type\": \
                     \"application/json\",\n    \"sec-ch-ua\": \"a\"\n  },\n  \"referrer\": \
                     \"https://app.example.com/\",\n  \"body\": \"{}\",\n  \"method\": \"PUT\",\n  \"credentials\": \
                     \"same-origin\"\n});";

fn explain(arguments: &[&str]) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corsac.toml"), POLICY).unwrap();
    run(folder.path(), &[&["explain"], arguments].concat())
}

fn explain_input(arguments: &[&str], input: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corsac.toml"), POLICY).unwrap();
    let mut command = corsac(folder.path());
    command.arg("explain").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It need not read more than it takes.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    Finished::of(&child.wait_with_output().unwrap())
}

/// The answer without what was said of the paste.
fn without_notes(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("Note ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_pasted_call_is_judged_like_the_same_flags() {
    let flags = explain(&[
        "https://api.example.com/items/7",
        "--from",
        "https://app.example.com",
        "-X",
        "PUT",
        "-H",
        "content-type: application/json",
        "-d",
        "{}",
        "--policy",
        "corsac.toml",
    ]);
    assert!(flags.status == 0 && flags.stdout.starts_with("ok "), "{flags:?}");
    let curl = explain(&["--curl", CURL, "--policy", "corsac.toml"]);
    let fetch = explain(&["--fetch", FETCH, "--policy", "corsac.toml"]);
    for pasted in [&curl, &fetch] {
        assert_eq!((pasted.status, &*pasted.stderr), (0, ""));
        assert_eq!(without_notes(&pasted.stdout), without_notes(&flags.stdout));
    }
    assert!(
        curl.stdout.contains("`cache-control` and `pragma` are taken for the browser's"),
        "{}",
        curl.stdout
    );
    assert!(curl.stdout.contains("the command has no cookie"), "{}", curl.stdout);
    assert!(fetch.stdout.contains("left out as the browser's own: `sec-ch-ua`"), "{}", fetch.stdout);
    let cookie = explain(&["--curl", &format!("{CURL} -b 'a=b'"), "--policy", "corsac.toml"]);
    assert!(cookie.status == 1 && cookie.stdout.contains("credentials included"), "{cookie:?}");
    assert!(cookie.stdout.contains("set `credentials = true`"), "{}", cookie.stdout);
}

#[test]
fn a_paste_comes_from_standard_input_too_and_is_bounded() {
    for (flag, paste) in [("--curl", CURL), ("--fetch", FETCH)] {
        let finished = explain_input(&[flag, "-", "--policy", "corsac.toml"], paste);
        assert!(finished.status == 0 && finished.stdout.starts_with("ok "), "{finished:?}");
    }
    let large = format!("curl u -d '{}'", "a".repeat(1 << 20));
    let finished = explain_input(&["--curl", "-"], &large);
    assert!(finished.status == 2 && finished.stderr.contains("larger than 1 MiB"), "{finished:?}");
}

#[test]
fn flags_override_what_was_pasted() {
    let finished = explain(&["--curl", CURL, "-X", "DELETE", "--policy", "corsac.toml"]);
    assert!(finished.stdout.starts_with("blocked   DELETE"), "{}", finished.stdout);
    let finished = explain(&["--curl", CURL, "--from", "https://b.example", "--policy", "corsac.toml"]);
    assert!(finished.stdout.contains("from https://b.example,"), "{}", finished.stdout);
    let finished = explain(&["--fetch", FETCH, "-H", "x-trace: 1", "--policy", "corsac.toml"]);
    assert!(finished.stdout.contains("add \"x-trace\" to `request_headers`"), "{}", finished.stdout);
    let finished = explain(&[
        "--fetch",
        FETCH,
        "-H",
        "Content-Type: text/plain",
        "-X",
        "POST",
        "--policy",
        "corsac.toml",
    ]);
    assert!(finished.stdout.contains("no preflight"), "{}", finished.stdout);
    let finished = explain(&["--fetch", FETCH, "--credentials", "include", "--policy", "corsac.toml"]);
    assert!(finished.stdout.contains("credentials included"), "{}", finished.stdout);
    let relative = explain(&[
        "--fetch",
        "fetch('/items')",
        "--from",
        "https://app.example.com",
        "--policy",
        "corsac.toml",
    ]);
    assert!(relative.stdout.contains("GET https://app.example.com/items"), "{}", relative.stdout);
}

#[test]
fn what_cannot_be_read_is_told_with_a_hint() {
    for (arguments, reason, hint) in [
        (&["--curl", "curl https://x/"][..], "has no origin", "--from https://app.example.com"),
        (&["--curl", "curl 'https://x/"], "cURL command: a single quote is not closed (byte 5)", "--curl -"),
        (
            &["--fetch", "fetch(url)"],
            "call of fetch(): `url` is known to a running script only",
            "paste its value",
        ),
        (&["--fetch", "fetch('/x')", "--from", "null"], "failed to read the URL `/x`", "write it whole"),
        (
            &["--curl", "curl ftp://x/ -H 'origin: https://a.example'"],
            "only http: and https:",
            "write it like",
        ),
        (&["--curl", "curl x -H 'origin: https://a.example/'"], "trailing slash", "as browsers send it"),
        (&["--curl", "curl \u{1b}[2J"], "has no origin", ""),
        (&["--curl", "\u{1b}[2J x"], "it begins with `\\u{1b}[2J`", ""),
        (&["--curl", "curl x", "--fetch", "fetch('x')"], "cannot be used with", ""),
        (&["https://x/", "--curl", "curl x"], "cannot be used with", ""),
        (&["https://x/", "--from", "https://a.example", "--timeout", "5"], "with its unit", ""),
        (&["https://x/", "--from", "https://a.example", "--timeout", "2h"], "none of 1ms to 1h", ""),
    ] {
        let finished = explain(arguments);
        assert!(finished.status == 2 && finished.stdout.is_empty(), "{finished:?}");
        assert!(finished.stderr.contains(reason) && finished.stderr.contains(hint), "{finished:?}");
        assert!(!finished.stderr.contains('\u{1b}'), "{finished:?}");
    }
}

/// A server that answers each request with what `answer` says, and hands the requests over.
fn server(answer: impl Fn(&str) -> String + Send + 'static) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut request = String::new();
            while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).is_ok_and(|read| read > 0)
            {
            }
            let length = request
                .to_ascii_lowercase()
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            let _ = reader.read_exact(&mut body);
            request.push_str(&String::from_utf8(body).unwrap());
            let fields = "Connection: close\r\nContent-Length: 0\r\n";
            let text = format!("HTTP/1.1 {}{fields}\r\n", answer(&request));
            let _ = sender.send(request.to_ascii_lowercase());
            let _ = reader.get_mut().write_all(text.as_bytes());
        }
    });
    (address, received)
}

const OPEN: &str = "Access-Control-Allow-Origin: http://localhost:3000\r\nAccess-Control-Allow-Credentials: true\r\n\
                    Access-Control-Allow-Methods: PUT\r\nAccess-Control-Allow-Headers: authorization, content-type, x-a\r\n";

#[test]
fn credentials_go_with_the_request_itself_and_never_with_a_preflight() {
    let (address, requests) = server(|_| format!("200 OK\r\n{OPEN}"));
    let paste = format!(
        "curl http://{address}/ -X PUT -H 'Origin: http://localhost:3000' -H 'Host: evil.example' -H 'Content-Length: 9' \
         -H 'X-A: 1' -b 'session=1' -u user:pass --json '[7]'"
    );
    let finished = explain(&["--curl", &paste, "--send", "--engine", "standard"]);
    assert!(finished.status == 0 && finished.stdout.starts_with("ok "), "{finished:?}");
    let (preflight, request) = (requests.recv().unwrap(), requests.recv().unwrap());
    assert!(
        preflight.starts_with("options / ") && preflight.contains("headers: content-type,x-a\r\n"),
        "{preflight}"
    );
    assert!(!preflight.contains("cookie") && !preflight.contains("authorization: basic"), "{preflight}");
    assert!(request.starts_with("put / ") && request.ends_with("\r\n\r\n[7]"), "{request}");
    for field in [
        "cookie: session=1\r\n",
        "authorization: basic dxnlcjpwyxnz\r\n",
        "x-a: 1\r\n",
        "content-length: 3\r\n",
    ] {
        assert!(request.contains(field), "{request}");
    }
    assert!(!request.contains("evil.example"), "{request}");
    // Without the mode that includes them, a browser keeps them.
    let finished =
        explain(&["--curl", &paste, "--send", "--engine", "standard", "--credentials", "same-origin"]);
    assert!(
        finished.stdout.contains("`cookie` is not sent: the credentials mode is `same-origin`"),
        "{finished:?}"
    );
    let request = (requests.recv().unwrap(), requests.recv().unwrap()).1;
    assert!(
        request.contains("x-a: 1") && !request.contains("cookie") && !request.contains("authorization: "),
        "{request}"
    );
    assert!(requests.try_recv().is_err());
}

#[test]
fn credentials_never_follow_a_redirect_to_another_origin() {
    let (other, at_other) =
        server(|_| format!("200 OK\r\n{}", OPEN.replace("http://localhost:3000", "null")));
    let (address, at_first) = server(move |head| {
        if head.starts_with("OPTIONS") {
            return format!("204 No Content\r\n{OPEN}");
        }
        let location =
            if head.starts_with("GET /near") { "/far".to_owned() } else { format!("http://{other}/") };
        format!("302 Found\r\n{OPEN}Location: {location}\r\n")
    });
    let url = format!("http://{address}/near");
    for engine in ["standard", "chromium", "firefox", "webkit"] {
        let finished = explain(&[
            &url,
            "--from",
            "http://localhost:3000",
            "-H",
            "Authorization: Bearer token",
            "-H",
            "Cookie: session=1",
            "--credentials",
            "include",
            "--engine",
            engine,
        ]);
        assert!(finished.stdout.contains(&format!("http://{other}/")), "{finished:?}");
        let far = at_first.iter().find(|request| request.starts_with("get /far")).unwrap();
        assert!(
            far.contains("authorization: bearer token") && far.contains("cookie: session=1"),
            "{engine}: {far}"
        );
    }
    let elsewhere: Vec<_> = at_other.try_iter().collect();
    assert!(!elsewhere.is_empty());
    for request in elsewhere {
        assert!(!request.contains("cookie") && !request.contains("bearer"), "{request}");
    }
}

#[test]
fn forbidden_headers_are_not_sent_and_the_body_brings_its_type() {
    let (address, requests) = server(|_| format!("200 OK\r\n{OPEN}"));
    let url = format!("http://{address}/");
    let forbidden = [
        "-H",
        "Host: evil.example",
        "-H",
        "Content-Length: 99",
        "-H",
        "Connection: upgrade",
        "-H",
        "Transfer-Encoding: chunked",
        "-H",
        "Sec-Fetch-Site: none",
        "-H",
        "Accept: text/plain",
    ];
    let asked = [&url, "--from", "http://localhost:3000", "--send", "--engine", "standard", "-d", "a=b"];
    let finished = explain(&[&asked[..], &forbidden[..]].concat());
    assert!(finished.stdout.starts_with("ok "), "{finished:?}");
    let request = requests.recv().unwrap();
    assert!(
        request.contains(&format!("host: {address}\r\n")) && request.contains("content-length: 3\r\n"),
        "{request}"
    );
    assert!(request.contains("content-type: text/plain;charset=utf-8\r\n"), "{request}");
    assert_eq!(request.matches("accept: ").collect::<Vec<_>>().len(), 1, "{request}");
    for forbidden in ["evil", "99", "upgrade", "chunked", "sec-fetch"] {
        assert!(!request.contains(forbidden), "{request}");
    }
}

#[test]
fn a_body_that_is_not_in_the_call_is_not_sent() {
    let paste = "fetch('http://127.0.0.1:1/', {method: 'POST', body: new FormData(form), referrer: 'http://localhost/'})";
    let finished = explain(&["--fetch", paste, "--send"]);
    assert!(
        finished.status == 2 && finished.stderr.contains("its body's text is not in the call"),
        "{finished:?}"
    );
}

#[test]
fn a_console_message_may_come_by_standard_input() {
    let text = "Redirect from 'https://a.example/' to 'https://b.example/' has been blocked by CORS policy: No \
                'Access-Control-Allow-Origin' header is present on the requested resource.\n";
    let finished = explain_input(&["--error", "-"], text);
    assert_eq!((finished.status, finished.stdout.as_str()), (0, &*explain(&["--error", text]).stdout));
    assert!(finished.stdout.contains("Leads to   https://b.example/\n"), "{}", finished.stdout);
    let json = explain_input(&["--error", "-", "--format", "json"], text).json();
    assert_eq!(
        (&json["url"], &json["redirected_to"]),
        (&"https://a.example/".into(), &"https://b.example/".into())
    );
    let unknown = explain_input(&["--error", "-"], "404 Not Found");
    assert!(unknown.status == 2 && unknown.stderr.contains("none that browsers print"), "{unknown:?}");
    assert_eq!(explain_input(&["--error", "-"], &"x".repeat(3 << 20)).status, 2);
}
