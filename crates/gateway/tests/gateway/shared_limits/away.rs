//! The store is away: gone, hanging, failing, or it does not know us.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use corsac_gateway::{Gateway, Observer};
use corsac_middleware::rate_limit::shared::{FAILURES, PAUSE};

use super::server::{Fake, GRANTED, Server};
use super::{in_turn, shared, wait_until};
use crate::support::{APP, Answer, Client, Upstream, ask, get, request, start_watched};

const GET: &str = "GET /limited HTTP/1.1";

/// What a gateway tells of its requests: when, the status, and each guard's reason.
type Events = Arc<Mutex<Vec<(Instant, u16, Vec<&'static str>)>>>;

fn watched(text: &str) -> (Gateway, Events) {
    let events = Events::default();
    let seen = Arc::clone(&events);
    let observer: Observer = Arc::new(move |event| {
        let reasons = event.guards.iter().map(|decided| decided.reason).collect();
        seen.lock().unwrap().push((Instant::now(), event.status.as_u16(), reasons));
    });
    (start_watched(text, Some(observer)), events)
}

fn is_away(reasons: &[&str]) -> bool {
    reasons.iter().any(|reason| reason.starts_with("store-away"))
}

/// Before the server is killed, while it is away, and after it is back.
const BEFORE: usize = 0;
const AWAY: usize = 1;
const BACK: usize = 2;

/// What four clients of each gateway were answered, and when, if not in two phases.
struct Load {
    answers: Vec<(Option<usize>, u16)>,
    killed: Instant,
    back: Instant,
}

/// Kills the server under load, and revives it once `enough` requests have been answered
/// without it.
fn kill_and_revive(server: &mut Server, gateways: &[&Gateway; 2], enough: usize) -> Load {
    let (phase, stop) = (AtomicUsize::new(BEFORE), AtomicBool::new(false));
    let (sender, answered) = mpsc::channel();
    std::thread::scope(|scope| {
        for gateway in gateways.iter().cycle().take(8) {
            let (sender, phase, stop) = (sender.clone(), &phase, &stop);
            let mut client = Client::connect(gateway.listening().gateway);
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    let asked = phase.load(Ordering::SeqCst);
                    client.send(&request(GET, b""));
                    let status = client.answer(false).unwrap().status;
                    let is_within = phase.load(Ordering::SeqCst) == asked;
                    let _ = sender.send((is_within.then_some(asked), status));
                }
            });
        }
        let mut answers: Vec<_> = answered.iter().take(200).collect();
        server.kill();
        let killed = Instant::now();
        phase.store(AWAY, Ordering::SeqCst);
        answers.extend(answered.iter().take(enough));
        // From here it may be back.
        phase.store(BACK, Ordering::SeqCst);
        server.revive();
        let back = Instant::now();
        while back.elapsed() < Duration::from_secs(2) {
            answers.push(answered.recv().unwrap());
        }
        stop.store(true, Ordering::SeqCst);
        drop(sender);
        answers.extend(answered.iter());
        Load { answers, killed, back }
    })
}

fn statuses(load: &Load, of: usize) -> Vec<u16> {
    load.answers.iter().filter(|(phase, _)| *phase == Some(of)).map(|(_, status)| *status).collect()
}

/// Kills the server of two gateways that are under load: whatever the rule, what passed is
/// what reached the upstream, and the limit is shared again soon.
fn check_killed(when_away: &str, rule: impl Fn(&Load, [&Events; 2])) {
    let (upstream, mut server) = (Upstream::start(), Server::start());
    let folder = tempfile::tempdir().unwrap();
    let more = format!("when_away = \"{when_away}\"\ntimeout = \"1s\"");
    let text = shared(upstream.address, folder.path(), &server.url(), &more);
    let [(one, first), (two, second)] = [watched(&text), watched(&text)];
    let load = kill_and_revive(&mut server, &[&one, &two], 400);
    let passed = load.answers.iter().filter(|(_, status)| *status == 200).count();
    assert_eq!(upstream.requests.load(Ordering::SeqCst), passed, "nobody else reaches the upstream");
    for events in [&first, &second] {
        let events = events.lock().unwrap();
        let last = events.iter().filter(|(_, _, reasons)| is_away(reasons)).map(|(at, ..)| *at).max();
        let late = last.unwrap().saturating_duration_since(load.back);
        println!("{when_away}: shared again {late:?} after the server was ready");
        assert!(late < Duration::from_secs(1), "{late:?}");
        assert!(events.iter().any(|(at, _, reasons)| *at > load.back && reasons.contains(&"within-limits")));
    }
    rule(&load, [&first, &second]);
}

#[test]
#[ignore = "starts a redis-server"]
fn closed_nobody_passes_while_it_is_gone() {
    check_killed("closed", |load, _| {
        let away = statuses(load, AWAY);
        assert!(away.len() > 100 && away.iter().all(|status| *status == 503), "{away:?}");
    });
}

#[test]
#[ignore = "starts a redis-server"]
fn open_all_pass_while_it_is_gone_and_each_event_says_so() {
    check_killed("open", |load, events| {
        let away = statuses(load, AWAY);
        assert!(away.len() > 100 && away.iter().all(|status| *status == 200), "{away:?}");
        let told = events.map(|events| {
            let events = events.lock().unwrap();
            events.iter().filter(|(_, _, reasons)| reasons.contains(&"store-away-open")).count()
        });
        assert!(told.iter().sum::<usize>() >= away.len(), "{told:?} of {}", away.len());
    });
}

#[test]
#[ignore = "starts a redis-server"]
fn locally_each_gateway_limits_for_itself_while_it_is_gone() {
    check_killed("local", |load, events| {
        let away = statuses(load, AWAY);
        assert!(away.len() > 100 && away.iter().all(|status| matches!(status, 200 | 429)), "{away:?}");
        for events in events {
            let events = events.lock().unwrap();
            let local = events.iter().filter(|(_, _, reasons)| reasons.contains(&"store-away-local"));
            let local: Vec<_> = local.map(|(at, status, _)| (*at, *status)).collect();
            let last = local.iter().map(|(at, _)| *at).max().unwrap();
            // Nothing was taken from its own bucket before.
            let most = 51.0 + 200.0 * (last - load.killed).as_secs_f64();
            let passed = local.iter().filter(|(_, status)| *status == 200).count();
            let passed = f64::from(u32::try_from(passed).unwrap());
            assert!(passed >= 50.0 && passed <= most, "{passed} of {most}");
            assert!(local.iter().any(|(_, status)| *status == 429));
        }
    });
}

/// A gateway and its store, and what it does without.
fn alone(url: &str, more: &str) -> (Upstream, Gateway, Events, tempfile::TempDir) {
    let (upstream, folder) = (Upstream::start(), tempfile::tempdir().unwrap());
    let (gateway, events) = watched(&shared(upstream.address, folder.path(), url, more));
    (upstream, gateway, events, folder)
}

/// A 503 that the allowed page reads, and that names nothing of the store.
fn assert_unavailable(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.field("access-control-allow-origin"), Some(APP));
    assert_eq!(answer.field("vary"), Some("Origin"));
    assert_eq!(answer.field("retry-after"), Some("1"));
    assert_eq!(answer.field("content-type"), Some("application/problem+json"));
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((&body["code"], &body["status"]), (&"limits-unavailable".into(), &503.into()));
    assert!(!answer.text().to_lowercase().contains("redis"));
}

#[test]
fn a_server_that_is_not_there_is_answered_for_by_the_rule() {
    for (when_away, status) in [("closed", 503), ("local", 200), ("open", 200)] {
        // Nobody listens where nobody may.
        let more = format!("when_away = \"{when_away}\"");
        let (upstream, gateway, events, _folder) = alone("redis://127.0.0.1:1/", &more);
        let answer = get(gateway.listening().gateway, "/limited", APP);
        assert_eq!(answer.status, status, "{when_away}");
        if when_away == "closed" {
            assert_unavailable(&answer);
        }
        assert_eq!(upstream.requests.load(Ordering::SeqCst), usize::from(status == 200));
        gateway.stop();
        let reason = format!("store-away-{when_away}");
        assert!(events.lock().unwrap().iter().all(|(_, _, reasons)| reasons.contains(&&*reason)));
        assert_eq!(events.lock().unwrap().len(), 1);
    }
}

#[test]
fn a_server_that_hangs_is_asked_a_few_times_and_not_by_every_request() {
    let fake = Fake::start("");
    let (upstream, gateway, _, _folder) = alone(&fake.url(), "when_away = \"open\"\ntimeout = \"20ms\"");
    // One connection is one worker's.
    let mut client = Client::connect(gateway.listening().gateway);
    let begun = Instant::now();
    for _ in 0..100 {
        client.send(&request(GET, b""));
        assert_eq!(client.answer(false).unwrap().status, 200);
    }
    let pauses = begun.elapsed().as_millis() / PAUSE.as_millis();
    let asked = fake.asked();
    assert!(asked >= FAILURES as usize, "{asked}");
    assert!(asked <= FAILURES as usize + 1 + usize::try_from(pauses).unwrap(), "{asked}");
    assert_eq!(upstream.requests.load(Ordering::SeqCst), 100);
    // It wakes up.
    fake.answers(GRANTED);
    let is_counted = |answer: &Answer| answer.field("ratelimit").is_some_and(|it| it.contains("per-client"));
    wait_until(|| is_counted(&ask_again(&mut client)));
}

fn ask_again(client: &mut Client) -> Answer {
    client.send(&request(GET, b""));
    client.answer(false).unwrap()
}

#[test]
#[ignore = "starts a redis-server"]
fn a_stopped_server_is_away_and_one_that_goes_on_is_not() {
    let server = Server::start();
    let (upstream, gateway, _, _folder) = alone(&server.url(), "when_away = \"closed\"\ntimeout = \"50ms\"");
    let mut client = Client::connect(gateway.listening().gateway);
    wait_until(|| ask_again(&mut client).status == 200);
    let passed = upstream.requests.load(Ordering::SeqCst);
    server.signal("-STOP");
    for _ in 0..50 {
        assert_eq!(ask_again(&mut client).status, 503);
    }
    assert_eq!(upstream.requests.load(Ordering::SeqCst), passed);
    server.signal("-CONT");
    let goes_on = Instant::now();
    wait_until(|| ask_again(&mut client).status != 503);
    println!("shared again {:?} after it went on", goes_on.elapsed());
}

#[test]
fn what_the_server_answers_wrong_is_no_permission() {
    for wrong in [
        "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-READONLY You can't write against a read only replica.\r\n",
        "-MOVED 3999 127.0.0.1:6381\r\n",
        "-ERR hunter2\r\n",
        "+OK\r\n",
        "*0\r\n",
        "*1\r\n:1\r\n",
        "*3\r\n:1\r\n:-1\r\n:0\r\n",
        "*3\r\n:1\r\n$-1\r\n:0\r\n",
        "*5\r\n:1\r\n:0\r\n:0\r\n:0\r\n:0\r\n",
        "?\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
    ] {
        let fake = Fake::start(wrong);
        let (upstream, gateway, _, _folder) = alone(&fake.url(), "when_away = \"closed\"\ntimeout = \"1s\"");
        let address = gateway.listening().gateway;
        let mut client = Client::connect(address);
        for _ in 0..8 {
            client.send(&request(&format!("{GET}\nOrigin: {APP}"), b""));
            let answer = client.answer(false).unwrap();
            assert_unavailable(&answer);
            assert!(!answer.text().contains("hunter2"));
        }
        assert_eq!(upstream.requests.load(Ordering::SeqCst), 0, "{wrong:?}");
        let before = fake.connections.load(Ordering::SeqCst);
        fake.answers(GRANTED);
        wait_until(|| ask_again(&mut client).status == 200);
        // After an error: its name may stand for another server by then.
        let is_new = fake.connections.load(Ordering::SeqCst) > before;
        assert!(is_new || !wrong.starts_with('-'), "{wrong:?}");
    }
}

#[test]
#[ignore = "starts a redis-server"]
fn a_wrong_password_is_a_store_that_is_away_and_is_told_to_nobody() {
    let server = Server::start_with(&["--requirepass", "hunter2-right"]);
    let with = |password: &str| server.url().replace("//", &format!("//:{password}@"));
    let (_upstream, gateway, ..) = alone(&with("hunter2-right"), "when_away = \"closed\"\ntimeout = \"1s\"");
    assert_eq!(ask(gateway.listening().gateway, GET, b"").status, 200);
    for url in [with("hunter2-wrong"), server.url()] {
        let (upstream, folder) = (Upstream::start(), tempfile::tempdir().unwrap());
        let text = shared(upstream.address, folder.path(), &url, "when_away = \"closed\"\ntimeout = \"1s\"");
        let log = folder.path().join("access.log");
        let text = text.replace("access_log = \"off\"", &format!("access_log = \"{}\"", log.display()));
        let gateway = crate::support::start(&text);
        let answer = get(gateway.listening().gateway, "/limited", APP);
        assert_unavailable(&answer);
        let metrics = ask(gateway.listening().admin, "GET /metrics HTTP/1.1\nConnection: close", b"");
        let shown = format!("{gateway:?}");
        gateway.stop();
        let log = std::fs::read_to_string(&log).unwrap();
        assert!(log.contains("limits-unavailable"), "{log}");
        for told in [log, shown, format!("{answer:?}"), metrics.text()] {
            assert!(!told.contains("hunter2"), "{told}");
        }
        assert_eq!(upstream.requests.load(Ordering::SeqCst), 0);
    }
}

/// A place among the requests at the same time, and no more than one.
const ONE_AT_ONCE: &str = "\n[concurrency_limits.one]\nlimit = 1\n";

fn one_at_once(url: &str, more: &str) -> (Upstream, Gateway, tempfile::TempDir) {
    let (upstream, folder) = (Upstream::start(), tempfile::tempdir().unwrap());
    let text = shared(upstream.address, folder.path(), url, &format!("{more}{ONE_AT_ONCE}"));
    let text = text.replace("path = \"/limited\"", "path = \"/{*limited}\"\nconcurrency_limit = \"one\"");
    (upstream, crate::support::start(&text), folder)
}

#[test]
fn a_client_that_leaves_while_the_store_is_asked_gives_its_place_back() {
    let fake = Fake::start("");
    let (_upstream, gateway, _folder) = one_at_once(&fake.url(), "when_away = \"closed\"\ntimeout = \"1s\"");
    let address = gateway.listening().gateway;
    let mut leaving = Client::connect(address);
    leaving.send(&request(GET, b""));
    wait_until(|| fake.asked() > 0);
    // Its place is taken.
    assert_eq!(ask(address, GET, b"").status, 429);
    drop(leaving);
    fake.answers(GRANTED);
    wait_until(|| ask(address, GET, b"").status == 200);
}

#[test]
fn requests_at_the_same_time_are_limited_also_while_the_store_is_away() {
    for when_away in ["open", "local"] {
        let more = format!("when_away = \"{when_away}\"");
        let (upstream, gateway, _folder) = one_at_once("redis://127.0.0.1:1/", &more);
        let address = gateway.listening().gateway;
        let mut first = Client::connect(address);
        first.send(&request("GET /soon HTTP/1.1", b""));
        wait_until(|| upstream.requests.load(Ordering::SeqCst) > 0);
        assert_eq!(in_turn(&[address], GET, 1), [429], "{when_away}");
        assert_eq!(first.answer(false).unwrap().status, 200);
        drop(first);
        wait_until(|| ask(address, GET, b"").status == 200);
    }
}
