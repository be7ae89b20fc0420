//! `explain`: a policy, a live server, recorded exchanges.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::process::run;

const POLICY: &str = r#"[upstreams.api]
url = "http://127.0.0.1:3000"
[cors.app]
origins = ["https://app.example.com"]
methods = ["DELETE"]
request_headers = ["content-type"]
[[routes]]
path = "/{*rest}"
upstream = "api"
cors = "app"
"#;

const URL: &str = "https://api.example.com/items/7";

/// What `explain` says of the policy: exit status and text.
fn of_policy(policy: &str, arguments: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("corsac.toml"), policy).unwrap();
    let finished = run(folder.path(), &[&["explain", URL, "--policy", "corsac.toml"], arguments].concat());
    assert_eq!(finished.stderr, "");
    (finished.status, finished.stdout)
}

#[test]
fn a_policy_says_which_line_lets_the_request_through_and_then_it_does() {
    const PAGE: [&str; 2] = ["--from", "https://app.example.com"];
    for (arguments, cause, fix, before, after) in [
        (
            &["-X", "PUT"][..],
            "there is no `Access-Control-Allow-Origin`",
            "add \"PUT\" to `methods`, corsac.toml:5",
            "[\"DELETE\"]",
            "[\"DELETE\", \"PUT\"]",
        ),
        (
            &["-H", "x-trace: 1"],
            "`x-trace` is not CORS-safelisted with this value",
            "add \"x-trace\" to `request_headers`, corsac.toml:6",
            "[\"content-type\"]",
            "[\"content-type\", \"x-trace\"]",
        ),
        (
            &["--credentials", "include"],
            "there is no `Access-Control-Allow-Credentials`",
            "set `credentials = true` if this origin may use them, corsac.toml:3",
            "request_headers",
            "credentials = true\nrequest_headers",
        ),
    ] {
        let arguments = [&PAGE, arguments].concat();
        let (status, text) = of_policy(POLICY, &arguments);
        assert!(status == 1 && text.starts_with("blocked "), "{text}");
        assert!(text.contains(cause) && text.contains(fix), "{text}");
        let (status, text) = of_policy(&POLICY.replace(before, after), &arguments);
        assert!(status == 0 && text.starts_with("ok "), "{text}");
    }
    let (status, text) = of_policy(POLICY, &["--from", "https://app.example.com.evil.test"]);
    assert!(status == 1 && text.contains("to `origins`, if it may read, corsac.toml:4"), "{text}");
    let (_, text) =
        of_policy(POLICY, &["--from", "https://app.example.com", "-X", "PUT", "--format", "plain"]);
    assert_eq!(text.lines().count(), 4, "{text}");
    let line = "firefox: blocked [CORSMissingAllowOrigin2] PUT https://api.example.com/items/7 from https://app.example.com";
    assert!(text.contains(line), "{text}");
    // `null` is anybody's; there is no line to add it to.
    let (status, text) = of_policy(POLICY, &["--from", "null"]);
    assert!(status == 1 && text.contains("serve the page from an origin of its own"), "{text}");
}

/// Asks with `--fix` and gives the status, what was said, and the file then.
fn fixed(policy: &str, arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("corsac.toml");
    fs::write(&file, policy).unwrap();
    let asked = [&["explain", URL, "--policy", "corsac.toml", "--fix"], arguments].concat();
    let finished = run(folder.path(), &asked);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    (finished.status, finished.stdout + &finished.stderr, fs::read_to_string(file).unwrap())
}

#[test]
fn a_fix_is_written_if_it_admits_the_asked_call_and_nothing_else() {
    const PAGE: [&str; 2] = ["--from", "https://app.example.com"];
    let call = ["-X", "PUT", "-H", "x-trace: 1"];
    let (status, text, file) = fixed(POLICY, &[&PAGE[..], &call].concat());
    assert!(status == 0 && text.contains("wrote corsac.toml"), "{text}");
    assert!(text.contains("+methods = [\"DELETE\", \"PUT\"]"), "{text}");
    let (status, text) = of_policy(&file, &[&PAGE[..], &call].concat());
    assert_eq!(status, 0, "{text}");
    // A second origin would gain the method as well.
    let two = POLICY.replace("origins = [", "origins = [\"https://www.example.com\", ");
    let (status, text, file) = fixed(&two, &[&PAGE[..], &["-X", "PUT"]].concat());
    assert!(status == 2 && text.contains("lets `https://www.example.com` use `PUT` too"), "{text}");
    assert_eq!(file, two);
    // A new origin gains what the policy grants to all.
    let other = ["--from", "https://other.example.com"];
    let (status, text, file) = fixed(POLICY, &other);
    assert!(status == 2 && text.contains("use `DELETE` and `content-type` too"), "{text}");
    assert_eq!(file, POLICY);
    let (status, text, file) =
        fixed(POLICY, &[&other[..], &["-X", "DELETE", "-H", "content-type: a/b"]].concat());
    assert!(
        status == 0 && file.contains("\"https://app.example.com\", \"https://other.example.com\""),
        "{text}"
    );
    // Nobody but its own page is let in, and nothing that the policy's rules refuse.
    for origin in ["null", "http://plain.example.com"] {
        let policy = POLICY.replace("methods", "credentials = true\nmethods");
        let (status, text, file) =
            fixed(&policy, &["--from", origin, "-X", "DELETE", "--credentials", "include"]);
        assert!(status != 0 && file == policy, "{origin}: {text}");
    }
}

#[test]
fn a_fix_counts_profiles_credentials_exposed_headers_and_wildcards() {
    const PAGE: [&str; 2] = ["--from", "https://app.example.com"];
    let staging = "[profiles.staging.cors.app]\norigins = [\"https://partner.example.net\"]\n";
    let exposing = POLICY.replace("methods", "exposed_headers = [\"x-secret\"]\nmethods");
    let bare = POLICY.replace("methods = [\"DELETE\"]\nrequest_headers = [\"content-type\"]\n", "");
    for (policy, arguments, widening) in [
        // Another profile inherits the list, and has other origins.
        (
            format!("{POLICY}{staging}"),
            &["-X", "PUT"][..],
            "lets `https://partner.example.net` use `PUT` too",
        ),
        // Credentials go with everything that the policy grants.
        (
            POLICY.to_owned(),
            &["--credentials", "include"],
            "use `DELETE` and `content-type` with credentials too",
        ),
        // A new origin reads what is exposed.
        (
            exposing.replace("[\"DELETE\"]", "[]").replace("[\"content-type\"]", "[]"),
            &["--from", "https://b.example.com"],
            "the response header `x-secret` too",
        ),
    ] {
        let page = if arguments[0] == "--from" { &[][..] } else { &PAGE };
        let (status, text, file) = fixed(&policy, &[page, arguments].concat());
        assert!(status == 2 && file == policy && text.contains(widening), "{text}");
    }
    // `*` in a list is every method, and no call is that.
    let (status, text, file) = fixed(POLICY, &[&PAGE[..], &["-X", "*", "-H", "*: 1"]].concat());
    assert!(status == 2 && file == POLICY, "{text}");
    let (status, text, file) = fixed(&bare, &[&PAGE[..], &["--credentials", "include"]].concat());
    assert!(status == 0 && file.contains("\ncredentials = true\n"), "{text}");
}

#[test]
fn a_profile_is_not_fixed_in_the_table_that_others_inherit() {
    let policy = format!("{POLICY}[profiles.development.cors.app]\norigins = [\"http://localhost:3000\"]\n");
    let page = ["--from", "http://localhost:3000", "--profile", "development"];
    let (status, text, file) = fixed(&policy, &[&page[..], &["-X", "PUT"]].concat());
    assert!(status == 2 && text.contains("lets `https://app.example.com` use `PUT` too"), "{text}");
    assert_eq!(file, policy);
    let own = policy.replace("3000\"]\n", "3000\"]\nmethods = [\"DELETE\"]\n");
    let (status, text, file) = fixed(&own, &[&page[..], &["-X", "PUT"]].concat());
    assert!(status == 0 && file.contains("3000\"]\nmethods = [\"DELETE\", \"PUT\"]"), "{text}\n{file}");
}

#[test]
fn a_route_is_judged_as_the_gateway_takes_it() {
    let page = ["--from", "https://app.example.com"];
    let (status, text) = of_policy(&POLICY.replace("cors = \"app\"\n", ""), &page);
    assert!(
        status == 1 && text.contains("nothing: no policy decides") && text.contains("corsac.toml:7"),
        "{text}"
    );
    assert!(text.contains("add `cors = \"app\"` to the route"), "{text}");
    let finished = |policy: &str, url: &str| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("corsac.toml"), policy).unwrap();
        let asked = [&["explain", url, "--policy", "corsac.toml"], &page[..]].concat();
        let finished = run(folder.path(), &asked);
        (finished.status, finished.stderr)
    };
    let (status, text) = finished(&format!("{POLICY}cors_mode = \"passthrough\"\n"), URL);
    assert!(status == 2 && text.contains("passes the upstream's CORS through"), "{text}");
    let (status, text) = finished(POLICY, "https://api.example.com//items");
    assert!(
        status == 2 && text.contains("refuses `//items` with 400: the path has an empty segment"),
        "{text}"
    );
    let (status, text) = of_policy(POLICY, &[&page[..], &["-X", "patch"]].concat());
    assert!(status == 1 && text.contains("write the method in upper case in the script, `PATCH`"), "{text}");
}

/// A server that answers each request, a connection each, with what `answer` says.
fn server(answer: fn(&str) -> &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).is_ok_and(|read| read > 0) {}
            let fields = "Connection: close\r\nContent-Length: 0\r\n";
            let text = format!("HTTP/1.1 {}{fields}\r\n", answer(&head));
            let _ = reader.get_mut().write_all(text.as_bytes());
        }
    });
    address
}

fn live(address: SocketAddr, arguments: &[&str]) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{address}/items/7");
    let from = ["explain", &url, "--from", "http://localhost:3000"];
    let finished = run(folder.path(), &[&from, arguments].concat());
    (finished.status, finished.stdout + &finished.stderr)
}

#[test]
fn a_live_server_is_asked_as_a_browser_would() {
    let address = server(|head| {
        let head = head.to_ascii_lowercase();
        match head.split(' ').next() {
            Some("options") if head.contains("access-control-request-method: put") => {
                "204 No Content\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\n\
                 Access-Control-Allow-Methods: PUT\r\n"
            }
            Some("options") => "401 Unauthorized\r\nAccess-Control-Allow-Origin: *\r\n",
            Some("get") => "500 Internal Server Error\r\n",
            _ => "200 OK\r\nAccess-Control-Allow-Origin: http://localhost:3000\r\n",
        }
    });
    let (status, text) = live(address, &["-X", "PUT"]);
    assert!(status == 0 && text.contains("the PUT itself was not sent"), "{text}");
    let (status, text) = live(address, &["-X", "PUT", "--send"]);
    assert!(status == 0 && !text.contains("not sent"), "{text}");
    let (status, text) = live(address, &["-X", "DELETE"]);
    assert!(status == 1 && text.contains("answer `OPTIONS` before authentication"), "{text}");
    let (status, text) = live(address, &[]);
    assert!(status == 1 && text.contains("every response, errors too (this is 500)"), "{text}");
    // A POST of a form needs no preflight: without sending it nothing is known.
    let (status, text) = live(address, &["-d", "a=b"]);
    assert!(status == 2 && text.contains("--send sends it"), "{text}");
    let (status, text) = live(address, &["-d", "a=b", "--send"]);
    assert!(status == 0 && text.starts_with("ok "), "{text}");
}

#[test]
fn what_may_change_something_is_sent_once_and_to_nobody_else() {
    static POSTS: AtomicUsize = AtomicUsize::new(0);
    let address = server(|head| {
        POSTS.fetch_add(usize::from(head.starts_with("POST")), Ordering::Relaxed);
        "200 OK\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Headers: user-agent\r\n"
    });
    // Engines differ in whether a script's `User-Agent` is sent.
    let (status, text) = live(address, &["-X", "POST", "-H", "user-agent: mine", "--send"]);
    assert!(status == 0 && POSTS.load(Ordering::Relaxed) == 1, "{text}");
}

#[test]
fn another_origin_is_not_asked_though_a_fix_leads_there() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static LOCATION: OnceLock<String> = OnceLock::new();
    let other = server(|_| {
        ASKED.fetch_add(1, Ordering::Relaxed);
        "200 OK\r\nAccess-Control-Allow-Origin: *\r\n"
    });
    LOCATION.set(format!("302 Found\r\nLocation: http://{other}/x\r\n")).unwrap();
    let address = server(|_| LOCATION.get().unwrap());
    let (status, text) = live(address, &["-H", "x-api-key: SECRET"]);
    assert!(status == 1 && text.contains("is another origin, and was not asked"), "{text}");
    assert_eq!(ASKED.load(Ordering::Relaxed), 0);
}

#[test]
fn an_answer_that_cannot_be_read_here_is_not_called_blocked() {
    let address = server(|_| "200 OK\r\nAccess-Control-Allow-Origin: *\r\nX-Odd: a\u{1}b\r\n");
    let (status, text) = live(address, &[]);
    assert!(status == 2 && text.contains("which browsers may read"), "{text}");
}

#[test]
fn secrets_in_a_slip_are_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let from = ["--from", "https://a.example"];
    for (arguments, secret) in [
        (&["https://x.example/", "-H", "authorization SECRET"][..], "SECRET"),
        (&["https://u:pw-word@x.example/"], "pw-word"),
    ] {
        let finished = run(folder.path(), &[&["explain"], arguments, &from].concat());
        assert!(!(finished.stdout + &finished.stderr).contains(secret), "{arguments:?}");
    }
}

#[test]
fn a_server_that_is_down_or_talks_nonsense_is_told() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (status, text) = live(closed, &[]);
    assert!(status == 1 && text.contains("no response") && text.contains("refused"), "{text}");
    let endless = server(|_| "302 Found\r\nAccess-Control-Allow-Origin: *\r\nLocation: /again\r\n");
    let (status, text) = live(endless, &[]);
    assert!(status == 1 && text.contains("more than 20 redirects"), "{text}");
}

#[test]
fn what_cannot_be_asked_is_refused_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, reason) in [
        (&["ftp://x/", "--from", "https://a.example"][..], "only http: and https: are asked"),
        (&["x", "--from", "https://a.example"], "failed to read the URL `x`"),
        (&["https://x/", "--from", "https://a.example/"], "an origin has no trailing slash"),
        (&["https://x/", "--from", "https://a.example", "-H", "x"], "it has no colon"),
        (&["https://x/", "--from", "https://a.example", "--policy", "none"], "no such file"),
        (&["--exchanges", "none.jsonl"], "failed to read `none.jsonl`"),
    ] {
        let finished = run(folder.path(), &[&["explain"], arguments].concat());
        assert!(finished.status == 2 && finished.stderr.contains(reason), "{finished:?}");
        assert_eq!(finished.stdout, "");
    }
}

#[test]
fn exchanges_are_judged_line_by_line_and_bad_lines_named() {
    let folder = tempfile::tempdir().unwrap();
    let page = r#""page":{"origin":"https://app.example.com","secure_context":true}"#;
    let good = format!(
        r#"{{"id":"a",{page},"request":{{"url":"https://api.example.com/"}},"hops":[{{"actual":{{"status":200,"headers":[["Access-Control-Allow-Origin","*"]]}}}}]}}"#
    );
    let unknown = good.replace("\"id\"", "\"extra\":1,\"id\"");
    fs::write(folder.path().join("x.jsonl"), format!("\u{feff}{good}\n\n{unknown}\nnonsense\n{good}"))
        .unwrap();
    let finished = run(folder.path(), &["explain", "--exchanges", "x.jsonl"]);
    assert_eq!(finished.status, 2);
    assert!(finished.stderr.contains("x.jsonl:3: unknown field `extra`"), "{}", finished.stderr);
    assert!(finished.stderr.contains("x.jsonl:4: "), "{}", finished.stderr);
    let lines: Vec<Value> = finished.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 8);
    assert!(lines.iter().all(|line| line["outcome"] == "ok" && line["requests"][0]["kind"] == "actual"));
    let one = run(folder.path(), &["explain", "--exchanges", "x.jsonl", "--engine", "firefox"]);
    assert_eq!(one.stdout.lines().count(), 2);
    // A byte order mark stands before the first line and nowhere else.
    fs::write(folder.path().join("x.jsonl"), format!("{good}\n\u{feff}{good}")).unwrap();
    let marked = run(folder.path(), &["explain", "--exchanges", "x.jsonl", "--engine", "firefox"]);
    assert!(marked.status == 2 && marked.stderr.contains("x.jsonl:2: "), "{marked:?}");
}

#[test]
fn console_messages_are_read_and_others_not_guessed_at() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Access to fetch at 'https://a.example/' from origin 'https://b.example' has been blocked by CORS \
                policy: Response to preflight request doesn't pass access control check: It does not have HTTP ok \
                status.";
    let finished = run(folder.path(), &["explain", "--error", text]);
    assert_eq!(finished.status, 0);
    assert!(finished.stdout.starts_with("Chromium   PreflightInvalidStatus\n"), "{}", finished.stdout);
    let finished = run(folder.path(), &["explain", "--error", text, "--format", "json"]);
    assert_eq!(finished.json()["code"], "PreflightInvalidStatus");
    let finished = run(folder.path(), &["explain", "--error", "TypeError: Failed to fetch"]);
    assert!(finished.status == 0 && finished.stdout.contains("say nothing of the cause"), "{finished:?}");
    let finished = run(folder.path(), &["explain", "--error", "ReferenceError: fetch is not defined"]);
    assert!(finished.status == 2 && finished.stderr.contains("none that browsers print"), "{finished:?}");
}

#[test]
fn what_guards_may_refuse_is_said() {
    let methods = "[jwt.sign_in]\nissuer = \"https://id.example.com\"\naudiences = [\"api\"]\nalgorithms = \
                   [\"ES256\"]\nkeys = \"https://id.example.com/keys\"\n[authn.members]\nmethods = [\"sign_in\"]\n";
    let guards =
        "authn = \"members\"\ncsrf = \"enforce\"\nrules = [{ methods = [\"*\"], authenticated = true }]\n";
    let guarded = format!("{methods}{POLICY}{guards}");
    let arguments = ["--from", "https://app.example.com", "-X", "DELETE"];
    let said = "authn.members, rules, csrf may refuse it all the same";
    let (status, text) = of_policy(&guarded, &arguments);
    assert!(status == 0 && text.contains(said), "{text}");
    for open in [POLICY.to_owned(), format!("{POLICY}authn = \"upstream\"\ncsrf = \"off\"\n")] {
        let (status, text) = of_policy(&open, &arguments);
        assert!(status == 0 && !text.contains("may refuse"), "{text}");
    }
}
