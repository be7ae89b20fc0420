//! The ledger: what is written, and every way in which it can break.

use corsac_signaling::Digest;
use corsac_signaling::ledger::{
    BreakReason, Event, Head, Ledger, MAX_LINE_BYTES, Record, Verifier, verify, verify_consent_record,
};
use corsac_signaling::{Code, Kind, Reason};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::minting::{NOW, Signer};

const AT: u64 = NOW.as_secs() * 1_000;

/// One of each, with `text` in every member that is a text.
fn events(text: &str) -> Vec<Event> {
    let of = || text.to_owned();
    let (room, sub, id) = (of, of, of);
    vec![
        Event::Join { room: room(), sub: sub(), id: id(), jti: of() },
        Event::Leave { room: room(), sub: sub(), id: id(), refused: 3 },
        Event::Consent { room: room(), sub: sub(), id: id(), jws: of(), jwk: of() },
        Event::Revoke { room: room(), sub: sub(), id: id(), jws: of(), jwk: of() },
        Event::Accept { room: room(), sub: sub(), id: id() },
        Event::Refusal { room: room(), sub: sub(), id: id(), code: of() },
        Event::Eviction { room: room(), sub: sub(), id: id(), code: of() },
        Event::Kick { room: room(), sub: sub(), id: id(), by: of() },
        Event::Lock { room: room(), sub: sub() },
        Event::Unlock { room: room(), sub: sub() },
        Event::Mute {
            room: room(),
            sub: sub(),
            id: id(),
            by: of(),
            scope: [Kind::Audio, Kind::Data].into_iter().collect(),
        },
    ]
}

fn written(events: Vec<Event>) -> (Vec<Record>, String) {
    let mut ledger = Ledger::default();
    let records: Vec<Record> = events.into_iter().map(|event| ledger.append(event, AT).unwrap()).collect();
    let text = records.iter().map(|record| record.line() + "\n").collect();
    (records, text)
}

fn break_of(text: &str) -> Option<(u64, BreakReason)> {
    verify(text.as_bytes(), Head::START, &[]).err().map(|broken| (broken.line, broken.reason))
}

/// Written by Python: `json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)`
/// without `hash`, hashed with `hashlib.sha256`, then with it.
const FOREIGN: &str = concat!(
    r#"{"event":"join","hash":"WRTXtaYIyhy4maQqFhCJliMiq18Tb0fEFFdVsNV4yLU","id":"c1","jti":"j"#,
    "\u{2028}",
    r#"","n":1,"prev":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","room":"sa\"lon","schema":"corsac.ledger/1","sub":"zoë","ts":1800000000124}"#,
    "\n",
    r#"{"by":"ada","event":"mute","hash":"mkSzYiv76RdZcQQJj3-lGF8mO5ZQ_LZy3XIrra1pkTg","id":"c1","n":2,"prev":"WRTXtaYIyhy4maQqFhCJliMiq18Tb0fEFFdVsNV4yLU","room":"sa\"lon","schema":"corsac.ledger/1","scope":["audio","data"],"sub":"zoë","ts":1800000000125}"#,
    "\n",
    r#"{"event":"leave","hash":"CwXMygu0lXJgWemDOJ-pvxBr-ZQFUb2StV2mhpiR-Jg","id":"c1","n":3,"prev":"mkSzYiv76RdZcQQJj3-lGF8mO5ZQ_LZy3XIrra1pkTg","refused":3,"room":"sa\"lon","schema":"corsac.ledger/1","sub":"zoë","ts":1800000000126}"#,
    "\n",
);

#[test]
fn other_software_writes_the_same_lines() {
    let mut ledger = Ledger::default();
    let (room, sub, id) = (|| "sa\"lon".to_owned(), || "zoë".to_owned(), || "c1".to_owned());
    let scope = [Kind::Audio, Kind::Data].into_iter().collect();
    let events = [
        Event::Join { room: room(), sub: sub(), id: id(), jti: "j\u{2028}".into() },
        Event::Mute { room: room(), sub: sub(), id: id(), by: "ada".into(), scope },
        Event::Leave { room: room(), sub: sub(), id: id(), refused: 3 },
    ];
    let lines: String = events
        .into_iter()
        .enumerate()
        .map(|(index, event)| ledger.append(event, 1_800_000_000_124 + index as u64).unwrap().line() + "\n")
        .collect();
    assert_eq!(lines, FOREIGN);
    assert_eq!(verify(FOREIGN.as_bytes(), Head::START, &[]), Ok(ledger.head()));
    assert_eq!(ledger.head().hash.to_string(), "CwXMygu0lXJgWemDOJ-pvxBr-ZQFUb2StV2mhpiR-Jg");
}

#[test]
fn every_event_is_read_as_it_was_written() {
    let (records, text) = written(events("a \"b\" \\ \u{7f} é \u{1f98a} \u{8}\t\n\u{c}\r\u{1}"));
    let mut verifier = Verifier::default();
    for (record, line) in records.iter().zip(text.lines()) {
        assert_eq!(verifier.next(line.as_bytes()).as_ref(), Ok(record));
        let value: Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["event"], record.event.name());
        assert_eq!(value["schema"], "corsac.ledger/1");
    }
    assert_eq!(verifier.head(), records.last().unwrap().head());
    assert_eq!(verify("".as_bytes(), Head::START, &[]), Ok(Head::START));
}

#[test]
fn the_documented_form_is_the_one_that_is_written() {
    let documented = include_str!("../../../../docs/ledger.md");
    let example = documented.split("```json\n").nth(1).and_then(|text| text.split("```").next()).unwrap();
    assert!(verify(example.as_bytes(), Head::START, &[]).is_ok());
    let common = ["schema", "n", "ts", "event", "prev", "hash"];
    for name in common {
        assert!(documented.contains(&format!("\n| `{name}` | ")), "docs/ledger.md lacks `{name}`");
    }
    let (records, _) = written(events("x"));
    for record in records {
        let line: Value = serde_json::from_str(&record.line()).unwrap();
        let row = documented.lines().find(|row| row.starts_with(&format!("| `{}` | ", record.event.name())));
        let members = row.and_then(|row| row.split(" | ").nth(1)).unwrap();
        let mut members: Vec<&str> = members.split(", ").map(|name| name.trim_matches('`')).collect();
        members.extend(common);
        members.sort_unstable();
        let mut own: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        own.sort_unstable();
        assert_eq!(members, own, "{}", record.event.name());
    }
}

#[test]
fn no_member_of_a_record_can_be_changed() {
    let (records, text) = written(events("x"));
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let value: Value = serde_json::from_str(line).unwrap();
        for name in value.as_object().unwrap().keys() {
            let mut changed = value.clone();
            changed[name] = match (&value[name], name.as_str()) {
                (_, "prev" | "hash") => json!(Digest::of(b"another").to_string()),
                (_, "event") => json!("unlock"),
                (Value::Number(number), _) => json!(number.as_u64().unwrap() + 1),
                (Value::Array(_), _) => json!(["audio"]),
                _ => json!("y"),
            };
            if changed == value {
                continue;
            }
            let other = sorted(&changed);
            let text: String = lines
                .iter()
                .enumerate()
                .map(|(at, line)| if at == index { other.clone() } else { (*line).to_owned() } + "\n")
                .collect();
            let broken = verify(text.as_bytes(), Head::START, &[]).unwrap_err();
            assert_eq!(broken.line, index as u64 + 1, "{name}: {other}");
            let expected =
                if name == "schema" || name == "event" { BreakReason::Syntax } else { BreakReason::Hash };
            let lock = value["event"] == "lock" && name == "event";
            assert_eq!(broken.reason, if lock { BreakReason::Hash } else { expected }, "{name}: {other}");
            let before = if index == 0 { Head::START } else { records[index - 1].head() };
            assert_eq!(broken.head, before);
        }
    }
}

/// As the ledger spells it.
fn sorted(value: &Value) -> String {
    let members: std::collections::BTreeMap<&String, &Value> = value.as_object().unwrap().iter().collect();
    serde_json::to_string(&members).unwrap()
}

#[test]
fn a_record_has_one_spelling() {
    let (_, text) = written(events("x"));
    let line = text.lines().next().unwrap();
    let syntax = Some((1, BreakReason::Syntax));
    assert_eq!(break_of(&format!("{line}\n")), None);
    for other in [
        format!(" {line}"),
        format!("{line} "),
        format!("{line}\r"),
        line.replacen(':', ": ", 1),
        line.replacen("join", "\\u006aoin", 1),
        line.replacen('{', r#"{"a":"b","#, 1),
        line.replacen('{', r#"{"event":"join","#, 1),
        line.replace("\"n\":1", "\"n\":1.0"),
        line.replace("\"n\":1", "\"n\":\"1\""),
        line.replace("join", "joins"),
        line.replace("ledger/1", "ledger/2"),
        line.replace(r#""jti":"x","#, ""),
        "{}".into(),
        String::new(),
        "x".into(),
    ] {
        assert_eq!(break_of(&format!("{other}\n")), syntax, "{other}");
    }
}

#[test]
fn records_stay_in_their_places() {
    let (_, text) = written(events("x"));
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    let without_second: Vec<&str> = [&lines[..1], &lines[2..]].concat();
    assert_eq!(break_of(&joined(&without_second)), Some((2, BreakReason::Number(3))));
    let without_first = &lines[1..];
    assert_eq!(break_of(&joined(without_first)), Some((1, BreakReason::Number(2))));
    let twice: Vec<&str> = [&lines[..1], lines.as_slice()].concat();
    assert_eq!(break_of(&joined(&twice)), Some((2, BreakReason::Number(1))));
    let mut swapped = lines.clone();
    swapped.swap(3, 4);
    assert_eq!(break_of(&joined(&swapped)), Some((4, BreakReason::Number(5))));
    // A record of another chain, with the right number and a right hash.
    let (_, other) = written(events("y"));
    let mut mixed = lines.clone();
    mixed[5] = other.lines().nth(5).unwrap();
    assert_eq!(break_of(&joined(&mixed)), Some((6, BreakReason::Previous)));
}

#[test]
fn a_torn_end_is_no_tampering() {
    let (records, text) = written(events("é"));
    let mut ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    ends.insert(0, 0);
    for length in 0..=text.len() {
        let verified = verify(&text.as_bytes()[..length], Head::START, &[]);
        let whole = ends.iter().filter(|end| **end <= length).count() - 1;
        let head = if whole == 0 { Head::START } else { records[whole - 1].head() };
        if ends.contains(&length) {
            assert_eq!(verified, Ok(head));
        } else {
            let broken = verified.unwrap_err();
            let place = (broken.line, broken.bytes, broken.head);
            assert_eq!(place, (whole as u64 + 1, ends[whole] as u64, head), "{length}");
            assert_eq!(broken.reason, BreakReason::Torn);
        }
    }
    // What was torn in the middle of a ledger is not its end.
    let mut bytes = text.clone().into_bytes();
    bytes.remove(ends[3] - 2);
    assert_eq!(verify(bytes.as_slice(), Head::START, &[]).unwrap_err().reason, BreakReason::Syntax);
}

#[test]
fn a_receipt_shows_a_chain_that_was_cut_or_written_anew() {
    let (records, text) = written(events("x"));
    let check = |text: &str, receipts: &[Head]| {
        verify(text.as_bytes(), Head::START, receipts).err().map(|broken| (broken.line, broken.reason))
    };
    let receipts: Vec<Head> = records.iter().map(Record::head).collect();
    assert_eq!(check(&text, &receipts), None);
    let (shorter, _) = text.trim_end().rsplit_once('\n').unwrap();
    let shorter = format!("{shorter}\n");
    assert_eq!(check(&shorter, &[]), None);
    assert_eq!(check(&shorter, &receipts), Some((11, BreakReason::Missing(11))));
    let (_, anew) = written(events("y"));
    assert_eq!(check(&anew, &[]), None);
    assert_eq!(check(&anew, &receipts[4..5]), Some((5, BreakReason::Receipt)));
}

#[test]
fn a_ledger_goes_on_where_it_ended() {
    let (records, text) = written(events("x"));
    let head = verify(text.as_bytes(), Head::START, &[]).unwrap();
    let mut ledger = Ledger::resume(head);
    let next = ledger.append(Event::Lock { room: "x".into(), sub: "x".into() }, AT + 1).unwrap();
    assert_eq!((next.n, next.prev), (12, records[10].hash));
    let more = format!("{}\n", next.line());
    assert_eq!(verify(format!("{text}{more}").as_bytes(), Head::START, &[]), Ok(ledger.head()));
    assert_eq!(verify(more.as_bytes(), head, &[]), Ok(ledger.head()));
    let other = Head { n: head.n, hash: Digest::of(b"another") };
    assert_eq!(verify(more.as_bytes(), other, &[]).unwrap_err().reason, BreakReason::Previous);
}

#[test]
fn lines_are_bounded() {
    let mut ledger = Ledger::default();
    let lock = |length: usize| Event::Lock { room: "x".repeat(length), sub: String::new() };
    let bare = ledger.clone().append(lock(0), AT).unwrap().line().len();
    assert!(ledger.append(lock(MAX_LINE_BYTES - bare), AT).is_ok());
    let head = ledger.head();
    let refused = ledger.append(lock(MAX_LINE_BYTES - bare + 1), AT).unwrap_err();
    assert_eq!(refused.bytes, MAX_LINE_BYTES + 1);
    assert_eq!(ledger.head(), head);
    let long = "x".repeat(MAX_LINE_BYTES + 1);
    assert_eq!(break_of(&long), Some((1, BreakReason::TooLong)));
    assert_eq!(break_of(&format!("{long}\n")), Some((1, BreakReason::TooLong)));
    assert_eq!(break_of(&"x".repeat(MAX_LINE_BYTES)), Some((1, BreakReason::Torn)));
    assert_eq!(break_of(&format!("{}\n", "x".repeat(MAX_LINE_BYTES))), Some((1, BreakReason::Syntax)));
    assert_eq!(Verifier::default().next(long.as_bytes()), Err(BreakReason::TooLong));
}

#[test]
fn a_consent_in_a_ledger_is_evidence() {
    let peer = Signer::es256();
    let sign = |decision: &str, iat: u64| {
        peer.sign(
            "corsac-consent+jwt",
            &json!({
                "v": 1, "room": "r1", "sub": "ada", "sid": "s1", "scope": ["video"], "decision": decision,
                "purpose": "lesson", "notice": Digest::of(b"").to_string(), "iat": iat,
            }),
        )
    };
    let now = NOW.as_secs();
    let record = |event: Event| Ledger::default().append(event, AT + 999).unwrap();
    let jwk = || peer.key().jwk().to_owned();
    let consent = |room: &str, sub: &str, jws: String, jwk: String| {
        record(Event::Consent { room: room.into(), sub: sub.into(), id: "c1".into(), jws, jwk })
    };
    let (evidence, key) =
        verify_consent_record(&consent("r1", "ada", sign("grant", now), jwk())).unwrap().unwrap();
    assert_eq!((evidence.purpose.as_str(), evidence.scope.contains(Kind::Video)), ("lesson", true));
    assert_eq!(key.to_string(), peer.jkt());
    let reason = |record: &Record| {
        let denial = verify_consent_record(record).unwrap().unwrap_err();
        assert_eq!(denial.code, Code::ConsentSignature);
        denial.reason
    };
    assert_eq!(reason(&consent("r2", "ada", sign("grant", now), jwk())), Reason::Mismatch("room"));
    assert_eq!(reason(&consent("r1", "eve", sign("grant", now), jwk())), Reason::Mismatch("sub"));
    assert_eq!(reason(&consent("r1", "ada", sign("revoke", now), jwk())), Reason::Mismatch("decision"));
    assert_eq!(reason(&consent("r1", "ada", sign("grant", now - 61), jwk())), Reason::Old(61));
    let other = Signer::es256().key().jwk().to_owned();
    let signature = Reason::from(corsac_credentials::KeyRefusal::Signature);
    assert_eq!(reason(&consent("r1", "ada", sign("grant", now), other)), signature);
    assert!(matches!(reason(&consent("r1", "ada", sign("grant", now), "{}".into())), Reason::Key(_)));
    let revoke = |jws| {
        record(Event::Revoke { room: "r1".into(), sub: "ada".into(), id: "c1".into(), jws, jwk: jwk() })
    };
    assert!(verify_consent_record(&revoke(sign("revoke", now))).unwrap().is_ok());
    assert_eq!(reason(&revoke(sign("grant", now))), Reason::Mismatch("decision"));
    assert!(verify_consent_record(&record(Event::Lock { room: "r1".into(), sub: "ada".into() })).is_none());
}

proptest! {
    #[test]
    fn any_text_is_written_and_read(texts in proptest::collection::vec(".{0,40}", 1..4), at in 0_u64..1 << 52) {
        let mut ledger = Ledger::default();
        let mut lines = String::new();
        for event in texts.iter().flat_map(|text| events(text)) {
            lines += &(ledger.append(event, at).unwrap().line() + "\n");
        }
        prop_assert_eq!(verify(lines.as_bytes(), Head::START, &[]), Ok(ledger.head()));
    }

    #[test]
    fn any_changed_byte_breaks_the_chain(at in 0_usize..2_000, byte in any::<u8>()) {
        let (records, text) = written(events("x"));
        let mut bytes = text.into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let last = records.last().unwrap().head();
        prop_assert_ne!(verify(bytes.as_slice(), Head::START, &[]), Ok(last));
        prop_assert!(verify(bytes.as_slice(), Head::START, &[last]).is_err());
    }

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let verified = verify(bytes.as_slice(), Head::START, &[]);
        prop_assert_eq!(verified.is_ok(), bytes.is_empty());
    }
}
