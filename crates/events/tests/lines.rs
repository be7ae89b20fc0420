//! The wire form, read back by another reader of JSON.

#![cfg(test)]

use std::time::{Duration, SystemTime};

use corsac_events::{
    Address, AddressDetail, Event, Guard, IdentityKey, MAX_TEXT, PrincipalId, SCHEMA, Secret, Text, Verdict,
    write_line,
};
use http::{Method, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

fn event() -> Event {
    Event::new(
        SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_262_400_123_456),
        Guard::RateLimit,
        Verdict::Denied,
        "quota-exceeded",
    )
}

fn line(event: &Event) -> String {
    let mut out = Vec::new();
    write_line(&mut out, event);
    String::from_utf8(out).unwrap()
}

fn read(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

#[test]
fn a_line_says_what_the_document_says() {
    let mut full = event();
    full.request_id = "bae115a0f59960cd".into();
    full.route = Some("/api/{*rest}".into());
    full.client = Address::of("2001:db8::7".parse().unwrap(), AddressDetail::Network);
    full.method = Method::POST;
    full.path = Text::path("/api/sign-in?token=hunter2");
    full.origin = Some(Text::of_bytes(b"https://app.example.com"));
    full.principal = Some(PrincipalId::hashed(&IdentityKey::new([1; 16]), "idp", "alice"));
    full.status = Some(StatusCode::TOO_MANY_REQUESTS);
    full.duration = Some(Duration::from_micros(16));
    full.detail = Some(Text::format(format_args!("limit `burst`, key {}", Secret::new("hunter2"))));
    let expected = json!({
        "schema": SCHEMA,
        "time": "2026-11-21T12:00:00.123456Z",
        "request_id": "bae115a0f59960cd",
        "guard": "rate-limit",
        "verdict": "denied",
        "reason": "quota-exceeded",
        "method": "POST",
        "path": "/api/sign-in",
        "route": "/api/{*rest}",
        "origin": "https://app.example.com",
        "client": "2001:db8::/64",
        "principal": full.principal.as_ref().unwrap().to_string(),
        "status": 429,
        "duration_us": 16,
        "detail": "limit `burst`, key [redacted]",
    });
    assert_eq!(read(&line(&full)), expected);
    let documented = include_str!("../../../docs/events.md");
    for member in expected.as_object().unwrap().keys() {
        assert!(documented.contains(&format!("| `{member}` |")), "docs/events.md lacks `{member}`");
    }
}

#[test]
fn what_is_not_known_is_absent() {
    let line = read(&line(&event()));
    let members: Vec<&String> = line.as_object().unwrap().keys().collect();
    assert_eq!(members, ["guard", "method", "path", "reason", "request_id", "schema", "time", "verdict"]);
}

#[test]
fn every_name_is_in_the_document() {
    let documented = include_str!("../../../docs/events.md");
    let guards = [
        Guard::Authn,
        Guard::Authz,
        Guard::Cors,
        Guard::Csrf,
        Guard::Limits,
        Guard::Preflight,
        Guard::RateLimit,
        Guard::Request,
        Guard::Routing,
        Guard::Signaling,
    ];
    let verdicts = [Verdict::Allowed, Verdict::Denied, Verdict::Error, Verdict::ReportOnly];
    for name in guards.map(Guard::name).into_iter().chain(verdicts.map(Verdict::name)) {
        assert!(documented.contains(&format!("`{name}`")), "docs/events.md lacks `{name}`");
    }
}

#[test]
fn no_request_makes_a_second_line_or_a_second_member() {
    for attack in [
        "/a\n{\"schema\":\"corsac.event/1\",\"verdict\":\"allowed\"}",
        "/a\r\nb",
        "/a\",\"verdict\":\"allowed",
        "/a\\",
        "/\u{0}\u{1b}[2J\u{7f}",
        "/\u{2028}\u{2029}\u{85}",
        "/\u{202e}gnp.exe\u{2066}",
        "/\u{1f98a}",
    ] {
        let mut event = event();
        event.path = Text::path(attack);
        event.origin = Some(Text::of_bytes(attack.as_bytes()));
        event.method = Method::from_bytes(b"X").unwrap();
        let line = line(&event);
        assert!(line.trim_end_matches('\n').bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
        assert_eq!((line.matches('\n').count(), line.ends_with("}\n")), (1, true), "{line}");
        let read = read(&line);
        assert_eq!((&read["path"], &read["verdict"]), (&json!(attack), &json!("denied")), "{line}");
    }
}

#[test]
fn a_line_has_a_bound() {
    let mut event = event();
    let long = "\u{1}".repeat(1 << 20);
    event.path = Text::path(&long);
    event.request_id = Text::new(&long);
    event.detail = Some(Text::new(&long));
    event.origin = Some(Text::of_bytes(&vec![0xff; 1 << 20]));
    assert!(line(&event).len() < 4 * (6 * MAX_TEXT + 32) + 512);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]
    #[test]
    fn any_text_is_read_back_as_it_was(text in "\\PC{0,40}|[\\x00-\\x7f]{0,40}|.{0,40}") {
        let mut event = event();
        event.path = Text::new(&text);
        event.detail = Some(Text::new(&text));
        let line = line(&event);
        prop_assert!(line.bytes().filter(|byte| *byte == b'\n').count() == 1 && line.is_ascii());
        let read = read(&line);
        prop_assert_eq!(read["path"].as_str(), Some(text.as_str()));
        prop_assert_eq!(read["detail"].as_str(), Some(text.as_str()));
    }
}
