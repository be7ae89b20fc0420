//! `serve` from start to stop.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

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
