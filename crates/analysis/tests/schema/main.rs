//! The exchange format, three times: the schemas in `docs/`, the reader and writer, and
//! the page that explains them. They say the same.

#![cfg(test)]

mod validator;

use std::collections::BTreeSet;

use corsac_analysis::explain::{RecordedExchange, judge_line};
use corsac_browser::{Engine, Outcome};
use serde_json::{Value, json};

use validator::Schema;

const CASES: &str = include_str!("../data/cases.jsonl");
const PAGE: &str = include_str!("../../../../docs/exchange-format.md");

fn exchange_schema() -> Schema {
    Schema::parse(include_str!("../../../../docs/exchange.schema.json"))
}

fn verdict_schema() -> Schema {
    Schema::parse(include_str!("../../../../docs/verdict.schema.json"))
}

/// An exchange with every key that there is.
fn whole() -> Value {
    let answer = json!({ "status": 204, "headers": [["Vary", "Origin"]], "network_error": false });
    json!({
        "id": "whole",
        "page": {
            "origin": "https://app.example.com",
            "kind": "window",
            "secure_context": true,
            "address_space": "public"
        },
        "request": {
            "url": "https://api.example.com/items",
            "method": "PUT",
            "headers": [["X-Trace", "1"]],
            "mode": "cors",
            "credentials": "include",
            "redirect": "follow",
            "cache": "default",
            "body": { "kind": "blob", "type": "text/plain", "value": "a" }
        },
        "hops": [{ "preflight": answer, "actual": answer }]
    })
}

/// Every value that differs from `value` in one place, with `others` in turn there.
fn mutations(value: &Value, others: &[Value]) -> Vec<Value> {
    let mut all = others.to_vec();
    match value {
        Value::Object(object) => {
            all.push(object.values().cloned().collect());
            let with = |key: &str, value: Option<Value>| {
                let mut changed = object.clone();
                match value {
                    Some(value) => changed.insert(key.to_owned(), value),
                    None => changed.remove(key),
                };
                Value::Object(changed)
            };
            all.push(with("unknown", Some(Value::Null)));
            for (key, inner) in object {
                all.push(with(key, None));
                all.extend(mutations(inner, others).into_iter().map(|inner| with(key, Some(inner))));
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                all.extend(mutations(inner, others).into_iter().map(|inner| {
                    let mut changed = items.clone();
                    changed[index] = inner;
                    Value::Array(changed)
                }));
            }
        }
        Value::String(word) => all.push(json!({ word: null })),
        _ => {}
    }
    all
}

/// Words of all `enum`s below `schema`.
fn words(schema: &Value, found: &mut BTreeSet<String>) {
    if let Some(list) = schema.get("enum").and_then(Value::as_array) {
        found.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
    }
    match schema {
        Value::Object(object) => object.values().for_each(|inner| words(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| words(inner, found)),
        _ => {}
    }
}

/// Keys of all `properties` below `schema`.
fn keys(schema: &Value, found: &mut BTreeSet<String>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        found.extend(properties.keys().cloned());
    }
    match schema {
        Value::Object(object) => object.values().for_each(|inner| keys(inner, found)),
        Value::Array(items) => items.iter().for_each(|inner| keys(inner, found)),
        _ => {}
    }
}

fn is_read(value: &Value) -> bool {
    RecordedExchange::read(value.to_string().as_bytes()).is_ok()
}

#[test]
fn schema_and_reader_accept_the_same() {
    let schema = exchange_schema();
    let mut enumerated = BTreeSet::new();
    words(schema.root(), &mut enumerated);
    let words: Vec<Value> = enumerated.into_iter().map(Value::String).collect();
    let shapes = [
        json!(null),
        json!(true),
        json!(1),
        json!(-1),
        json!(65_536),
        json!(1.5),
        json!("Window"),
        json!(""),
        json!("null"),
        json!("https://[::1]:8101"),
        json!("https://app.example.com/"),
        json!(" https://app.example.com"),
        json!("a:b"),
        json!("a\r\nb"),
        json!("\u{2603}"),
        json!("\u{ff}"),
        json!(0),
        json!(101),
        json!(200),
        json!(999),
        json!(1_000),
    ];
    let lists =
        [json!([]), json!({}), json!(["a"]), json!([["a", "b"]]), json!([["a", "b", "c"]]), json!([["a"]])];
    let others = [&words[..], &shapes, &lists].concat();
    let (mut accepted, mut refused) = (0, 0);
    let mut unanswered = whole();
    unanswered["hops"][0]["actual"] = json!({ "status": 0, "headers": [], "network_error": true });
    let wholes = [whole(), unanswered];
    for exchange in wholes.iter().flat_map(|whole| mutations(whole, &others)).chain(wholes.clone()) {
        let expected = schema.accepts(&exchange);
        assert_eq!(is_read(&exchange), expected, "the schema says {expected}: {exchange}");
        *(if expected { &mut accepted } else { &mut refused }) += 1;
    }
    assert!(accepted > 200 && refused > 500, "{accepted} accepted, {refused} refused");
}

#[test]
fn every_object_refuses_an_unknown_key() {
    let mut pointers = Vec::new();
    objects(&whole(), String::new(), &mut pointers);
    assert_eq!(pointers.len(), 7, "{pointers:?}");
    for pointer in pointers {
        let mut exchange = whole();
        assert!(is_read(&exchange));
        exchange.pointer_mut(&pointer).unwrap()["unknown"] = Value::Null;
        let error = RecordedExchange::read(exchange.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains("unknown field `unknown`"), "{pointer}: {error}");
    }
}

#[test]
fn what_nobody_can_send_is_refused_by_its_key() {
    let refused = |pointer: &str, value: Value| {
        let mut exchange = whole();
        *exchange.pointer_mut(pointer).unwrap() = value;
        RecordedExchange::read(exchange.to_string().as_bytes())
            .map_err(|error| error.to_string())
            .unwrap_err()
    };
    for (pointer, value, expected) in [
        ("/page/origin", json!("https://app.example.com/"), "`page.origin` is \"https://app.example.com/\";"),
        ("/page/origin", json!(""), "`page.origin` is \"\";"),
        ("/hops/0/actual/status", json!(0), "`hops[0].actual.status` is 0 or missing"),
        ("/hops/0/actual/status", json!(101), "`hops[0].actual.status` is 101; an answer has one from 200"),
        ("/hops/0/preflight/status", json!(1_000), "`hops[0].preflight.status` is 1000"),
        ("/hops/0/actual", json!({}), "`hops[0].actual.status` is 0 or missing"),
        ("/hops/0/actual/network_error", json!(true), "`hops[0].actual` is a network error and a response"),
        ("/hops/0/actual/headers", json!([["", "a"]]), "`hops[0].actual.headers[0]` has an empty name"),
        (
            "/hops/0/actual/headers/0/1",
            json!("a\r\nb"),
            "`hops[0].actual.headers[0]` has a NUL or line break",
        ),
        ("/hops/0/preflight/headers/0/1", json!("\u{2603}"), "`hops[0].preflight.headers[0]` has U+2603"),
    ] {
        let error = refused(pointer, value);
        assert!(error.starts_with(expected), "{error}");
    }
    // What a script may pass to `fetch()` is judged, and invalid.
    let mut exchange = whole();
    exchange["request"]["headers"] = json!([["", "\u{2603}\r\n"]]);
    exchange["request"]["method"] = json!("a b");
    let exchange = RecordedExchange::read(exchange.to_string().as_bytes()).unwrap();
    assert_eq!(exchange.judge(Engine::Standard).outcome, Outcome::Invalid);
}

fn objects(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(key, inner)| objects(inner, format!("{at}/{key}"), found));
            found.push(at);
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, inner)| objects(inner, format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn the_designed_cases_and_their_verdicts_are_of_the_schemas() {
    let (exchanges, verdicts) = (exchange_schema(), verdict_schema());
    let (mut judged, mut out, mut outcomes) = (0, Vec::new(), BTreeSet::new());
    for line in CASES.lines() {
        assert!(exchanges.accepts(&serde_json::from_str(line).unwrap()), "{line}");
        out.clear();
        judge_line(line.as_bytes(), &Engine::ALL, &mut out).unwrap();
        for verdict in out.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            let verdict: Value = serde_json::from_slice(verdict).unwrap();
            assert!(verdicts.accepts(&verdict), "{verdict}");
            outcomes.insert(verdict["outcome"].as_str().unwrap().to_owned());
            judged += 1;
        }
    }
    assert_eq!(outcomes.len(), 5);
    assert!(judged >= 556 * 4, "{judged}");
}

#[test]
fn the_verdict_schema_is_closed_and_every_key_is_there() {
    let schema = verdict_schema();
    let mut out = Vec::new();
    judge_line(whole().to_string().as_bytes(), &[Engine::Chromium], &mut out).unwrap();
    let verdict: Value = serde_json::from_slice(&out).unwrap();
    assert!(schema.accepts(&verdict), "{verdict}");
    let mut pointers = Vec::new();
    objects(&verdict, String::new(), &mut pointers);
    assert!(pointers.len() > 3, "{pointers:?}");
    for pointer in pointers {
        let object = verdict.pointer(&pointer).unwrap().as_object().unwrap();
        let refuses = |key: &str, value: Option<Value>| {
            let mut changed = verdict.clone();
            let object = changed.pointer_mut(&pointer).unwrap().as_object_mut().unwrap();
            match value {
                Some(value) => object.insert(key.to_owned(), value),
                None => object.remove(key),
            };
            assert!(!schema.accepts(&changed), "{key}: {changed}");
        };
        refuses("unknown", Some(Value::Null));
        object.keys().for_each(|key| refuses(key, None));
    }
    let names = |pointer| schema.root().pointer(pointer).unwrap().clone();
    assert_eq!(names("/properties/engine/enum"), json!(Engine::ALL.map(Engine::name)));
    let outcomes =
        [Outcome::Blocked, Outcome::Invalid, Outcome::Ok, Outcome::Opaque, Outcome::OpaqueRedirect];
    assert_eq!(names("/properties/outcome/enum"), json!(outcomes.map(Outcome::name)));
}

#[test]
fn the_page_explains_every_key_and_word() {
    let mut named = BTreeSet::new();
    for schema in [exchange_schema(), verdict_schema()] {
        words(schema.root(), &mut named);
        keys(schema.root(), &mut named);
    }
    assert!(named.len() > 50, "{}", named.len());
    let spans: BTreeSet<&str> = PAGE.split('`').flat_map(|span| span.split(['.', '['])).collect();
    for name in named {
        assert!(spans.contains(&*name), "`{name}` is not on the page");
    }
}

#[test]
fn the_examples_of_the_page_are_what_comes_of_them() {
    let mut blocks = PAGE.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let exchange: Value = serde_json::from_str(blocks.next().unwrap()).unwrap();
    let shown: Value = serde_json::from_str(blocks.next().unwrap()).unwrap();
    assert!(exchange_schema().accepts(&exchange) && blocks.next().is_none());
    let mut out = Vec::new();
    judge_line(exchange.to_string().as_bytes(), &[Engine::Chromium], &mut out).unwrap();
    let found: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(found, shown, "{found:#}");
}
