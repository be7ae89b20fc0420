//! What three real browsers did in each of the designed cases, held against the model.

#![cfg(test)]

mod exchange;

use std::collections::HashMap;

use corsac_browser::{Engine, Outcome, Verdict};
use serde_json::Value;

use exchange::judge;

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
        let found = exchange::requests(verdict);
        let theirs = exchange::normalized(&expected["requests"]);
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
    let exchanges: HashMap<String, Value> =
        lines(cases).map(|case| (case["id"].as_str().unwrap().to_owned(), case)).collect();
    let mut tally = Tally::default();
    for expected in lines(expected).filter(|line| line["engine"] == engine.name()) {
        let Some(case) = exchanges.get(expected["id"].as_str().unwrap()) else { continue };
        compare(&mut tally, &expected, &judge(engine, case));
    }
    tally
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

const CASES: &str = include_str!("../data/cases.jsonl");
const EXPECTED: &str = include_str!("../data/expected.jsonl");

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
