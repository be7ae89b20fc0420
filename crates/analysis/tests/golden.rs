//! What three real browsers did in each of the designed cases, held against the model.

#![cfg(test)]

use std::collections::HashMap;

use corsac_analysis::explain::RecordedExchange;
use corsac_browser::{Engine, Outcome, Sent, SentKind, Verdict};
use serde_json::Value;

/// Lines of JSON by their id; cases that only one engine's behaviour made have several.
fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

#[derive(Default)]
struct Tally {
    judged: usize,
    outcome: Vec<String>,
    code: (usize, Vec<String>),
    preflight: (usize, Vec<String>),
    requests: Vec<String>,
    readable: (usize, Vec<String>),
}

fn compare(tally: &mut Tally, expected: &Value, verdict: &Verdict) {
    let id = expected["id"].as_str().unwrap();
    let note =
        |what: &str, expected: &Value, found: String| format!("{id}: {what} {expected}, model {found}");
    tally.judged += 1;
    let outcome = expected["outcome"].as_str().unwrap();
    if outcome != verdict.outcome.name() {
        tally.outcome.push(note(
            "outcome",
            &expected["outcome"],
            format!("{:?} {:?}", verdict.outcome, verdict.failure),
        ));
        return;
    }
    if outcome == "blocked" && expected["engine"] != "standard" {
        tally.code.0 += 1;
        if expected["code"].as_str() != verdict.code {
            tally.code.1.push(note(
                "code",
                &expected["code"],
                format!("{:?} {:?}", verdict.code, verdict.failure),
            ));
        }
    }
    if let Some(sent) = expected["preflight_sent"].as_bool() {
        tally.preflight.0 += 1;
        if sent != verdict.preflight_sent() {
            tally.preflight.1.push(note("preflight", &expected["preflight_sent"], String::new()));
        }
    }
    if expected["engine"] != "standard" && expected.get("unlogged_hops").is_none() {
        let found = requests(verdict);
        let theirs = normalized(&expected["requests"]);
        if theirs != found && expected.get("repeats_collapsed").is_none() {
            tally.requests.push(format!("{id}: theirs {theirs:?}\n    model {found:?}"));
        }
    }
    if let Some(readable) = expected["readable_headers"].as_array()
        && verdict.outcome == Outcome::Ok
    {
        tally.readable.0 += 1;
        if readable.iter().map(|name| name.as_str().unwrap()).ne(verdict.readable_headers.iter()) {
            let found = format!("{:?}", verdict.readable_headers);
            tally.readable.1.push(note("readable", &expected["readable_headers"], found));
        }
    }
}

fn run(engine: Engine, cases: &str, expected: &str) -> Tally {
    let read = |line: &str| RecordedExchange::read(line.as_bytes()).unwrap();
    let exchanges: HashMap<String, RecordedExchange> =
        cases.lines().map(read).map(|exchange| (exchange.id.clone(), exchange)).collect();
    let mut tally = Tally::default();
    for expected in lines(expected).filter(|line| line["engine"] == engine.name()) {
        let Some(exchange) = exchanges.get(expected["id"].as_str().unwrap()) else { continue };
        compare(&mut tally, &expected, &exchange.judge(engine));
    }
    tally
}

/// What was sent, as lines.
fn requests(verdict: &Verdict) -> Vec<String> {
    let line = |sent: &Sent| match sent.kind {
        SentKind::Actual => format!("{} actual {} {:?}", sent.hop, sent.method, sent.origin.as_deref()),
        SentKind::Preflight => format!(
            "{} preflight {:?} {:?} {:?}",
            sent.hop,
            sent.access_control_request_method.as_deref(),
            sent.access_control_request_headers.as_deref(),
            sent.origin.as_deref()
        ),
    };
    verdict.requests.iter().map(line).collect()
}

/// The same of what a browser sent.
fn normalized(requests: &Value) -> Vec<String> {
    let line = |sent: &Value| match sent["kind"].as_str().unwrap() {
        "actual" => {
            format!(
                "{} actual {} {:?}",
                sent["hop"],
                sent["method"].as_str().unwrap(),
                sent["origin"].as_str()
            )
        }
        _ => format!(
            "{} preflight {:?} {:?} {:?}",
            sent["hop"],
            sent["access_control_request_method"].as_str(),
            sent["access_control_request_headers"].as_str(),
            sent["origin"].as_str()
        ),
    };
    requests.as_array().unwrap().iter().map(line).collect()
}

/// Every case agrees in everything: a difference is a bug of the model, or a new item of
/// an engine's profile.
fn assert_agrees(engine: Engine, cases: &str, expected: &str, at_least: usize) {
    let tally = run(engine, cases, expected);
    let differences = [&tally.outcome, &tally.code.1, &tally.preflight.1, &tally.requests, &tally.readable.1];
    let all: Vec<_> = differences.into_iter().flatten().map(String::as_str).collect();
    assert!(all.is_empty(), "{} of {} differ:\n{}", all.len(), tally.judged, all.join("\n"));
    assert!(tally.judged >= at_least, "{} judged", tally.judged);
    assert!(engine == Engine::Standard || tally.code.0 > 100 && tally.readable.0 > 100);
}

const CASES: &str = include_str!("data/cases.jsonl");
const EXPECTED: &str = include_str!("data/expected.jsonl");

#[test]
fn chromium_did_what_the_model_says() {
    assert_agrees(Engine::Chromium, CASES, EXPECTED, 556);
}

#[test]
fn firefox_did_what_the_model_says() {
    assert_agrees(Engine::Firefox, CASES, EXPECTED, 556);
}

#[test]
fn webkit_did_what_the_model_says() {
    assert_agrees(Engine::WebKit, CASES, EXPECTED, 556);
}

/// The cases of web-platform-tests are not ours to commit; `data/convert.py` writes them
/// into a folder, which `CORSAC_EXCHANGES` names.
#[cfg(feature = "web-platform-tests")]
#[test]
fn the_standard_and_all_engines_meet_web_platform_tests() {
    let folder = std::env::var("CORSAC_EXCHANGES").unwrap();
    let read = |name| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
    for engine in Engine::ALL {
        assert_agrees(engine, &read("wpt.jsonl"), &read("expected.jsonl"), 409);
    }
}
